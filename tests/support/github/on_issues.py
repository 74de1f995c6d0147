"""Calls about issues, comments, labels and reactions."""
import urllib.parse

from . import shapes
from .api import Refused, invalid, missing, route
from .state import Label

BODY_MAX = 65536
REACTIONS = {"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}


def find_issue(call, number):
    one = call.repo.issues.get(number)
    if one is None:
        raise missing()
    return one


def check_text(resource, sent, title=False):
    if title and (not isinstance(sent.get("title"), str) or not sent["title"].strip()):
        raise invalid(resource, "title", "missing_field")
    if len(sent.get("title") or "") > 256:
        raise invalid(resource, "title", "custom", "title is too long (maximum is 256 characters)")
    if len(sent.get("body") or "") > BODY_MAX:
        raise invalid(resource, "body", "custom", "body is too long (maximum is 65536 characters)")


def ensure_labels(call, names):
    """Labels that are not there are made, for those who may write."""
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise invalid("Label", "name", "missing_field")
        if len(name) > 50:
            raise invalid("Label", "name", "custom", "name is too long (maximum is 50 characters)")
        call.repo.labels.setdefault(name.lower(), Label(call.gh.next_id(), name))
    return [name.lower() for name in names]


@route("GET", "/repos/{owner}/{repo}/issues", "issues:read")
def issues(call):
    wanted = [x.lower() for x in call.query.get("labels", "").split(",") if x]
    state, creator = call.query.get("state", "open"), call.query.get("creator")
    if state not in ("open", "closed", "all"):
        raise invalid("Issue", "state")
    rows = [i for i in sorted(call.repo.issues.values(), key=lambda i: -i.number)
            if state in ("all", i.state) and set(wanted) <= set(i.labels) and creator in (None, i.login)]
    if call.query.get("direction") == "asc":
        rows.reverse()
    return call.paged(rows, lambda i: shapes.issue(call.gh, call.repo, i))


@route("POST", "/repos/{owner}/{repo}/issues", "issues:comment")
def issue_create(call):
    sent = call.body(("title",), kinds={"title": str, "body": str, "labels": list, "assignees": list})
    check_text("Issue", sent, title=True)
    one = call.gh.new_issue(call.repo, call.token, sent["title"], sent.get("body"))
    if call.token.may(call.gh, call.repo, "issues", "write"):
        names = [x["name"] if isinstance(x, dict) else x for x in sent.get("labels") or []]
        one.labels = ensure_labels(call, names)
        one.assignees = [a for a in sent.get("assignees") or [] if a in call.gh.users]
    call.gh.event("issues", "opened", call.repo, call.login, issue=one)
    value = shapes.issue(call.gh, call.repo, one)
    return call.reply(201, value, Location=value["url"])


@route("GET", "/repos/{owner}/{repo}/issues/{number:int}", "issues|pull_requests:read")
def issue_get(call, number):
    return call.reply(200, shapes.issue(call.gh, call.repo, find_issue(call, number)))


@route("PATCH", "/repos/{owner}/{repo}/issues/{number:int}", "issues|pull_requests:comment")
def issue_update(call, number):
    one = find_issue(call, number)
    own_or_writer(call, one.login, "issues")
    sent = call.body(kinds={"title": str, "body": str, "state": str, "labels": list, "assignees": list})
    check_text("Issue", sent)
    if sent.get("state") not in (None, "open", "closed"):
        raise invalid("Issue", "state")
    for name in ("title", "body"):
        if sent.get(name) is not None:
            setattr(one, name, sent[name])
    if "labels" in sent:
        one.labels = ensure_labels(call, [x["name"] if isinstance(x, dict) else x for x in sent["labels"]])
    if sent.get("state"):
        call.gh.set_state(call.repo, one, sent["state"], call.login, sent.get("state_reason"))
    one.updated = call.gh.time_text()
    return call.reply(200, shapes.issue(call.gh, call.repo, one))


def own_or_writer(call, author, permission):
    """What a person wrote may be changed by that person and by those who may write."""
    if call.login != author and not (call.token.may(call.gh, call.repo, permission, "write")
                                     or call.token.may(call.gh, call.repo, "pull_requests", "write")):
        raise Refused(403, "Must have push access to repository.")


# Comments.
@route("GET", "/repos/{owner}/{repo}/issues/{number:int}/comments", "issues|pull_requests:read")
def comments(call, number):
    one = find_issue(call, number)
    rows = [c for c in one.comments if c.updated >= call.query.get("since", "")]
    return call.paged(rows, lambda c: shapes.issue_comment(call.gh, call.repo, number, c))


def body_of(call, resource="IssueComment"):
    sent = call.body(("body",), kinds={"body": str})
    if not sent["body"].strip():
        raise invalid(resource, "body", "missing_field") if resource != "IssueComment" else Refused(
            422, "Validation Failed", [{"resource": "IssueComment", "code": "unprocessable", "field": "data",
                                        "message": "Body cannot be blank"}])
    check_text(resource, sent)
    return sent["body"]


@route("POST", "/repos/{owner}/{repo}/issues/{number:int}/comments", "issues|pull_requests:comment")
def comment_create(call, number):
    issue = find_issue(call, number)
    if issue.locked and not call.token.may(call.gh, call.repo, "issues", "write"):
        raise Refused(403, "Unable to create comment because issue is locked.")
    one = call.gh.new_comment(call.repo, issue, call.login, body_of(call), call.token.app)
    value = shapes.issue_comment(call.gh, call.repo, number, one)
    return call.reply(201, value, Location=value["url"])


def find_comment(call, ident):
    for issue in call.repo.issues.values():
        for one in issue.comments:
            if one.id == ident:
                return issue, one
    raise missing()


@route("GET", "/repos/{owner}/{repo}/issues/comments/{ident:int}", "issues|pull_requests:read")
def comment_get(call, ident):
    issue, one = find_comment(call, ident)
    return call.reply(200, shapes.issue_comment(call.gh, call.repo, issue.number, one))


@route("PATCH", "/repos/{owner}/{repo}/issues/comments/{ident:int}", "issues|pull_requests:comment")
def comment_update(call, ident):
    issue, one = find_comment(call, ident)
    own_or_writer(call, one.login, "issues")
    one.body, one.updated = body_of(call), call.gh.time_text()
    call.gh.event("issue_comment", "edited", call.repo, call.login, issue=issue, comment=one)
    return call.reply(200, shapes.issue_comment(call.gh, call.repo, issue.number, one))


@route("DELETE", "/repos/{owner}/{repo}/issues/comments/{ident:int}", "issues|pull_requests:comment")
def comment_delete(call, ident):
    issue, one = find_comment(call, ident)
    own_or_writer(call, one.login, "issues")
    issue.comments.remove(one)
    call.gh.event("issue_comment", "deleted", call.repo, call.login, issue=issue, comment=one)
    return call.reply(204)


# Reactions.
def react(call, reactions):
    content = call.body(("content",)).get("content")
    if content not in REACTIONS:
        raise Refused(422, "Validation Failed", [{"resource": "Reaction", "code": "invalid", "field": "content"}])
    for one in reactions:
        if one["login"] == call.login and one["content"] == content:
            return call.reply(200, shapes.reaction(call.gh, one))
    one = {"id": call.gh.next_id(), "login": call.login, "content": content, "created": call.gh.time_text()}
    reactions.append(one)
    return call.reply(201, shapes.reaction(call.gh, one))


@route("POST", "/repos/{owner}/{repo}/issues/comments/{ident:int}/reactions", "issues|pull_requests:comment")
def comment_react(call, ident):
    return react(call, find_comment(call, ident)[1].reactions)


@route("GET", "/repos/{owner}/{repo}/issues/comments/{ident:int}/reactions", "issues|pull_requests:read")
def comment_reactions(call, ident):
    return call.paged(find_comment(call, ident)[1].reactions, lambda r: shapes.reaction(call.gh, r))


@route("POST", "/repos/{owner}/{repo}/issues/{number:int}/reactions", "issues|pull_requests:comment")
def issue_react(call, number):
    return react(call, find_issue(call, number).reactions)


@route("GET", "/repos/{owner}/{repo}/issues/{number:int}/reactions", "issues|pull_requests:read")
def issue_reactions(call, number):
    return call.paged(find_issue(call, number).reactions, lambda r: shapes.reaction(call.gh, r))


# Labels.
@route("GET", "/repos/{owner}/{repo}/labels", "issues|pull_requests:read")
def labels(call):
    return call.paged(list(call.repo.labels.values()), lambda one: shapes.label(call.gh, call.repo, one))


@route("POST", "/repos/{owner}/{repo}/labels", "issues|pull_requests:write")
def label_create(call):
    sent = call.body(("name",), kinds={"name": str, "color": str, "description": str})
    name, color = sent["name"], sent.get("color", "ededed")
    if name.lower() in call.repo.labels:
        raise invalid("Label", "name", "already_exists", doc="/issues/labels#create-a-label")
    if len(color) != 6 or not set(color.lower()) <= set("0123456789abcdef"):
        raise invalid("Label", "color")
    if len(sent.get("description") or "") > 100:
        raise invalid("Label", "description", "custom", "description is too long (maximum is 100 characters)")
    ensure_labels(call, [name])
    one = call.repo.labels[name.lower()]
    one.color, one.description = color, sent.get("description")
    return call.reply(201, shapes.label(call.gh, call.repo, one))


@route("GET", "/repos/{owner}/{repo}/labels/{name}", "issues|pull_requests:read")
def label_get(call, name):
    one = call.repo.labels.get(urllib.parse.unquote(name).lower())
    if one is None:
        raise missing()
    return call.reply(200, shapes.label(call.gh, call.repo, one))


@route("GET", "/repos/{owner}/{repo}/issues/{number:int}/labels", "issues|pull_requests:read")
def issue_labels(call, number):
    return call.reply(200, shapes.labels(call.gh, call.repo, find_issue(call, number)))


@route("POST", "/repos/{owner}/{repo}/issues/{number:int}/labels", "issues|pull_requests:write")
def issue_labels_add(call, number):
    one, sent = find_issue(call, number), call.body(("labels",), kinds={"labels": list})
    for name in ensure_labels(call, [x["name"] if isinstance(x, dict) else x for x in sent["labels"]]):
        if name not in one.labels:
            one.labels.append(name)
            call.gh.event("pull_request" if one.pull else "issues", "labeled", call.repo, call.login, issue=one)
    return call.reply(200, shapes.labels(call.gh, call.repo, one))


@route("DELETE", "/repos/{owner}/{repo}/issues/{number:int}/labels/{name}", "issues|pull_requests:write")
def issue_label_remove(call, number, name):
    one = find_issue(call, number)
    if name.lower() not in one.labels:
        raise Refused(404, "Label does not exist", doc="/issues/labels#remove-a-label-from-an-issue")
    one.labels.remove(name.lower())
    return call.reply(200, shapes.labels(call.gh, call.repo, one))
