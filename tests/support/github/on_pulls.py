"""Calls about pull requests, their files, reviewers, reviews and comments on lines."""
from . import shapes
from .api import Refused, invalid, missing, route
from .disk import lines_of_patch
from .on_issues import body_of, check_text, own_or_writer, react
from .state import Comment, Review
from .web import Reply

CREATE_DOC = "/pulls/pulls#create-a-pull-request"
REVIEWERS_DOC = "/pulls/review-requests#request-reviewers-for-a-pull-request"


def find_pull(call, number):
    one = call.repo.issues.get(number)
    if one is None or one.pull is None:
        raise missing()
    return one


@route("GET", "/repos/{owner}/{repo}/pulls", "pull_requests:read")
def pulls(call):
    state, head, base = call.query.get("state", "open"), call.query.get("head"), call.query.get("base")
    if state not in ("open", "closed", "all"):
        raise invalid("PullRequest", "state")

    def fits(one):
        owner = one.pull.head_repo.owner if one.pull.head_repo else "unknown"
        # A head without its owner filters nothing: that is how GitHub behaves.
        return (state in ("all", one.state) and (not head or ":" not in head or head == f"{owner}:{one.pull.head_ref}")
                and (not base or base == one.pull.base_ref))
    rows = [i for i in call.repo.pulls if fits(i)]
    by = {"updated": lambda i: i.updated}.get(call.query.get("sort"), lambda i: i.number)
    rows.sort(key=by, reverse=call.query.get("direction", "desc" if call.query.get("sort", "created") == "created"
                                             else "asc") == "desc")
    return call.paged(rows, lambda i: shapes.pull_request_simple(call.gh, call.repo, i))


def find_head(call, head):
    """(repository, branch) of a head: "branch" or "owner:branch"."""
    owner, colon, ref = head.partition(":")
    if not colon or owner == call.repo.owner:
        return call.repo, ref if colon else head
    forks = [r for r in call.gh.repos.values() if r.owner == owner and r.parent is call.repo]
    return (forks[0], ref) if forks else (None, ref)


@route("POST", "/repos/{owner}/{repo}/pulls", "pull_requests:comment")
def pull_create(call):
    sent = call.body(("head", "base"), kinds={"title": str, "body": str, "head": str, "base": str, "draft": bool,
                                              "maintainer_can_modify": bool})
    check_text("PullRequest", sent, title="issue" not in sent)
    gh, repo = call.gh, call.repo
    if call.token.kind == "actions" and not repo.actions_may_create_pulls:
        raise Refused(403, "GitHub Actions is not permitted to create or approve pull requests.", doc=CREATE_DOC)
    head_repo, ref = find_head(call, sent["head"])
    sha, base = head_repo and head_repo.disk.branch(ref), repo.disk.branch(sent["base"])
    if not base:
        raise invalid("PullRequest", "base", doc=CREATE_DOC)
    if not sha:
        raise invalid("PullRequest", "head", doc=CREATE_DOC)
    for one in repo.pulls:
        pull = one.pull
        if one.state == "open" and (pull.head_repo, pull.head_ref, pull.base_ref) == (head_repo, ref, sent["base"]):
            raise invalid("PullRequest", None, "custom",
                          f"A pull request already exists for {head_repo.owner}:{ref}.", CREATE_DOC)
    gh.bring(repo, head_repo, sha)
    if sha == base or repo.disk.is_ancestor(sha, base):
        raise invalid("PullRequest", None, "custom", f"No commits between {sent['base']} and {ref}", CREATE_DOC)
    if repo.disk.merge_base(sha, base) is None:
        raise invalid("PullRequest", None, "custom", f"The {ref} branch has no history in common with {sent['base']}",
                      CREATE_DOC)
    if sent.get("draft") and not repo.drafts:
        raise Refused(422, "Draft pull requests are not supported in this repository.", doc=CREATE_DOC)
    one = gh.new_pull(repo, call.token, sent["title"], sent.get("body"), head_repo, ref, sent["base"],
                      bool(sent.get("draft")))
    one.pull.maintainer_can_modify = head_repo is not repo and sent.get("maintainer_can_modify", True)
    value = shapes.pull_request(gh, repo, one)
    return call.reply(201, value, Location=value["url"])


@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}", "pull_requests:read")
def pull_get(call, number):
    one = find_pull(call, number)
    if "diff" in call.accept or "patch" in call.accept:
        base = call.repo.disk.merge_base(one.pull.base_sha, one.pull.head_sha)
        text = call.repo.disk.git("diff", "-M", base, one.pull.head_sha) + "\n"
        return Reply(200, text.encode(), {"Content-Type": "application/vnd.github.diff; charset=utf-8"})
    return call.reply(200, shapes.pull_request(call.gh, call.repo, one))


@route("PATCH", "/repos/{owner}/{repo}/pulls/{number:int}", "pull_requests:comment")
def pull_update(call, number):
    one = find_pull(call, number)
    own_or_writer(call, one.login, "pull_requests")
    sent = call.body(kinds={"title": str, "body": str, "state": str, "base": str, "maintainer_can_modify": bool})
    check_text("PullRequest", sent)
    if sent.get("state") not in (None, "open", "closed"):
        raise invalid("PullRequest", "state")
    if sent.get("base") and not call.repo.disk.branch(sent["base"]):
        raise invalid("PullRequest", "base")
    if sent.get("state") == "open" and one.state == "closed":
        refuse_reopening(call, one)
    for name in ("title", "body"):
        if sent.get(name) is not None:
            setattr(one, name, sent[name])
    if sent.get("base"):
        one.pull.base_ref, one.pull.base_sha = sent["base"], call.repo.disk.branch(sent["base"])
    one.updated = call.gh.time_text()
    if sent.get("state"):
        call.gh.set_state(call.repo, one, sent["state"], call.login)
    if {"title", "body", "base"} & set(sent):
        call.gh.event("pull_request", "edited", call.repo, call.login, issue=one)
    return call.reply(200, shapes.pull_request(call.gh, call.repo, one))


def refuse_reopening(call, one):
    pull = one.pull
    if pull.merged_at:
        raise invalid("PullRequest", "state", "custom", "state cannot be changed. The pull request cannot be reopened.")
    if pull.head_repo is None or pull.head_repo.disk.branch(pull.head_ref) is None:
        raise invalid("PullRequest", "state", "custom",
                      f"state cannot be changed. The {pull.head_ref} branch was force-pushed or recreated.")
    for other in call.repo.pulls:
        if other.state == "open" and (other.pull.head_ref, other.pull.base_ref) == (pull.head_ref, pull.base_ref):
            raise invalid("PullRequest", "state", "custom", "state cannot be changed. There is already an open pull "
                          f"request from {call.repo.owner}:{pull.head_ref} to {call.repo.owner}:{pull.base_ref}.")


@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/files", "pull_requests:read")
def pull_files(call, number):
    pull = find_pull(call, number).pull
    return call.paged(call.gh.pull_diff(call.repo, pull)[:3000],
                      lambda f: shapes.diff_entry(call.gh, call.repo, pull.head_sha, f))


@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/commits", "pull_requests:read")
def pull_commits(call, number):
    rows = call.gh.pull_commits(call.repo, find_pull(call, number).pull)
    return call.paged(rows[:250], lambda row: shapes.commit(call.gh, call.repo, row))


@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/merge", "pull_requests:read")
def pull_is_merged(call, number):
    if not find_pull(call, number).pull.merged_at:
        raise missing()
    return call.reply(204)


@route("PUT", "/repos/{owner}/{repo}/pulls/{number:int}/merge", "contents:write")
def pull_merge(call, number):
    one = find_pull(call, number)
    sent = call.body()
    sha = call.gh.merge_pull(call.repo, one, call.login, sent.get("merge_method", "merge"), sent.get("sha"))
    return call.reply(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@route("PUT", "/repos/{owner}/{repo}/pulls/{number:int}/update-branch", "pull_requests:write")
def pull_update_branch(call, number):
    pull = find_pull(call, number).pull
    sent = call.body(kinds={"expected_head_sha": str})
    if sent.get("expected_head_sha") not in (None, pull.head_sha):
        raise Refused(422, "expected head sha didn't match current head ref.")
    sha = call.gh.merge_into(call.repo, pull.head_sha, pull.base_sha, call.login,
                             f"Merge branch '{pull.base_ref}' into {pull.head_ref}")
    if sha is None:
        raise Refused(422, "merge conflict between base and head")
    with call.gh.pushing(call.repo, call.token):
        call.repo.disk.set_ref("refs/heads/" + pull.head_ref, sha)
    return call.reply(202, {"message": "Updating pull request branch.",
                            "url": f"{call.gh.url}/{call.repo.full_name}/pull/{number}"})


# Reviewers.
@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/requested_reviewers", "pull_requests:read")
def reviewers(call, number):
    pull = find_pull(call, number).pull
    return call.reply(200, {"users": [shapes.simple_user(call.gh, login) for login in pull.reviewers],
                            "teams": [shapes.team(call.gh, call.repo, slug) for slug in pull.teams]})


@route("POST", "/repos/{owner}/{repo}/pulls/{number:int}/requested_reviewers", "pull_requests:write")
def reviewers_request(call, number):
    one = find_pull(call, number)
    sent = call.body(kinds={"reviewers": list, "team_reviewers": list})
    wanted, teams = sent.get("reviewers") or [], sent.get("team_reviewers") or []
    if one.login in wanted:
        raise Refused(422, "Review cannot be requested from pull request author.", doc=REVIEWERS_DOC)
    strangers = [login for login in wanted if login != call.repo.owner and login not in call.repo.collaborators]
    strangers += [slug for slug in teams if slug not in call.gh.teams.get(call.repo.owner, ())]
    if strangers:
        raise Refused(422, "Reviews may only be requested from collaborators. One or more of the users or teams you "
                      f"specified is not a collaborator of the {call.repo.full_name} repository.", doc=REVIEWERS_DOC)
    one.pull.reviewers += [login for login in wanted if login not in one.pull.reviewers]
    one.pull.teams += [slug for slug in teams if slug not in one.pull.teams]
    call.gh.event("pull_request", "review_requested", call.repo, call.login, issue=one)
    return call.reply(201, shapes.pull_request_simple(call.gh, call.repo, one))


# Reviews.
@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/reviews", "pull_requests:read")
def reviews(call, number):
    one = find_pull(call, number)
    rows = [r for r in one.pull.reviews if r.state != "PENDING" or r.login == call.login]
    return call.paged(rows, lambda r: shapes.pull_request_review(call.gh, call.repo, number, r))


def line_comment(call, one, sent, commit, review):
    """A comment on a line of the diff, or a refusal when the line is not in it."""
    files = {f["filename"]: f for f in call.gh.pull_diff(call.repo, one.pull)}
    if sent.get("path") not in files:
        raise Refused(422, "Unprocessable Entity", ["Path could not be resolved"])
    patch = files[sent["path"]].get("patch", "")
    sides = lines_of_patch(patch)
    side = sent.get("side", "RIGHT")
    if sent.get("line") is None and sent.get("position") is None and sent.get("subject_type") != "file":
        raise Refused(422, "Invalid request.\n\nNo subschema in \"oneOf\" matched.\n\"position\" wasn't supplied.\n"
                      "\"in_reply_to\" wasn't supplied.\n\"line\" wasn't supplied.")
    start = sent.get("start_line")
    for line, on in ((sent.get("line"), side), (start, sent.get("start_side") or side)):
        if line is not None and line not in sides.get(on, ()):
            raise Refused(422, "Unprocessable Entity", ["Line could not be resolved"])
    if start is not None and start >= sent["line"]:
        raise Refused(422, "Unprocessable Entity", ["Start line must precede the end line."])
    now = call.gh.time_text()
    return Comment(call.gh.next_id(), call.login, sent["body"], now, now, call.token.app, review=review,
                   path=sent["path"], line=sent.get("line"), start_line=start, side=side, commit_id=commit,
                   start_side=(sent.get("start_side") or side) if start else None, hunk=patch[:400])


@route("POST", "/repos/{owner}/{repo}/pulls/{number:int}/reviews", "pull_requests:comment")
def review_create(call, number):
    one = find_pull(call, number)
    sent = call.body(kinds={"body": str, "event": str, "commit_id": str, "comments": list})
    event, notes = sent.get("event") or "PENDING", sent.get("comments") or []
    if event not in ("PENDING", "APPROVE", "REQUEST_CHANGES", "COMMENT"):
        raise Refused(422, f"Variable $event of type PullRequestReviewEvent was provided invalid value: {event}")
    if event in ("APPROVE", "REQUEST_CHANGES") and call.login == one.login:
        raise Refused(422, "Unprocessable Entity", [
            "Can not " + ("approve" if event == "APPROVE" else "request changes on") + " your own pull request"])
    if event in ("REQUEST_CHANGES", "COMMENT") and not (sent.get("body") or "").strip() and not notes:
        raise Refused(422, "Unprocessable Entity", [f"Body is required for {event} reviews"])
    if event == "APPROVE" and call.token.kind == "actions" and not call.repo.actions_may_create_pulls:
        raise Refused(422, "Unprocessable Entity", ["GitHub Actions is not permitted to approve pull requests."])
    check_text("PullRequestReview", sent)
    commit = sent.get("commit_id") or one.pull.head_sha
    if not call.repo.disk.has(commit, "commit"):
        raise Refused(422, "Unprocessable Entity", ["The commit_id is not part of the pull request"])
    ident = call.gh.next_id()
    made = [line_comment(call, one, note, commit, ident) for note in notes]
    one.pull.comments += made
    state = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}.get(event, "PENDING")
    review = Review(ident, call.login, sent.get("body") or "", state,
                    None if state == "PENDING" else call.gh.time_text(), commit)
    one.pull.reviews.append(review)
    if state != "PENDING":
        call.gh.event("pull_request_review", "submitted", call.repo, call.login, issue=one, review=review)
    return call.reply(200, shapes.pull_request_review(call.gh, call.repo, number, review))


# Comments on lines.
@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/comments", "pull_requests:read")
def line_comments(call, number):
    return call.paged(find_pull(call, number).pull.comments,
                      lambda c: shapes.review_comment(call.gh, call.repo, number, c))


@route("POST", "/repos/{owner}/{repo}/pulls/{number:int}/comments", "pull_requests:comment")
def line_comment_create(call, number):
    one = find_pull(call, number)
    sent = call.body(("body", "commit_id", "path"), kinds={"body": str, "path": str, "line": int, "start_line": int})
    body_of(call, "PullRequestReviewComment")
    made = line_comment(call, one, sent, sent["commit_id"], call.gh.next_id())
    one.pull.comments.append(made)
    call.gh.event("pull_request_review_comment", "created", call.repo, call.login, issue=one, comment=made)
    return call.reply(201, shapes.review_comment(call.gh, call.repo, number, made))


def find_line_comment(call, ident):
    for one in call.repo.pulls:
        for comment in one.pull.comments:
            if comment.id == ident:
                return one, comment
    raise missing()


@route("POST", "/repos/{owner}/{repo}/pulls/{number:int}/comments/{ident:int}/replies", "pull_requests:comment")
def line_comment_reply(call, number, ident):
    one, above = find_line_comment(call, ident)
    if one.number != number:
        raise missing()
    body, now = body_of(call, "PullRequestReviewComment"), call.gh.time_text()
    made = Comment(call.gh.next_id(), call.login, body, now, now, call.token.app, review=above.review, path=above.path,
                   line=above.line, commit_id=above.commit_id, reply_to=above.reply_to or above.id, hunk=above.hunk)
    one.pull.comments.append(made)
    call.gh.event("pull_request_review_comment", "created", call.repo, call.login, issue=one, comment=made)
    return call.reply(201, shapes.review_comment(call.gh, call.repo, number, made))


@route("GET", "/repos/{owner}/{repo}/pulls/comments/{ident:int}", "pull_requests:read")
def line_comment_get(call, ident):
    one, comment = find_line_comment(call, ident)
    return call.reply(200, shapes.review_comment(call.gh, call.repo, one.number, comment))


@route("PATCH", "/repos/{owner}/{repo}/pulls/comments/{ident:int}", "pull_requests:comment")
def line_comment_update(call, ident):
    one, comment = find_line_comment(call, ident)
    own_or_writer(call, comment.login, "pull_requests")
    comment.body, comment.updated = body_of(call, "PullRequestReviewComment"), call.gh.time_text()
    return call.reply(200, shapes.review_comment(call.gh, call.repo, one.number, comment))


@route("DELETE", "/repos/{owner}/{repo}/pulls/comments/{ident:int}", "pull_requests:comment")
def line_comment_delete(call, ident):
    one, comment = find_line_comment(call, ident)
    own_or_writer(call, comment.login, "pull_requests")
    one.pull.comments.remove(comment)
    return call.reply(204)


@route("POST", "/repos/{owner}/{repo}/pulls/comments/{ident:int}/reactions", "pull_requests:comment")
def line_comment_react(call, ident):
    return react(call, find_line_comment(call, ident)[1].reactions)


@route("GET", "/repos/{owner}/{repo}/pulls/comments/{ident:int}/reactions", "pull_requests:read")
def line_comment_reactions(call, ident):
    rows = find_line_comment(call, ident)[1].reactions
    return call.paged(rows, lambda r: shapes.reaction(call.gh, r))
