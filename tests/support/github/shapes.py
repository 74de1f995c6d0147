"""What answers look like: records of state.py as GitHub's JSON. Each function is named after the schema
of GitHub's published OpenAPI description that it fills."""
import base64
import urllib.parse

from .state import ACTIONS_APP_ID


def node_id(kind, number):
    return base64.b64encode(f"{kind}:{number}".encode()).decode().rstrip("=")


def simple_user(gh, login):
    if login is None:
        return None
    user = gh.users[login]
    api = f"{gh.api_url}/users/{urllib.parse.quote(login)}"
    html = f"{gh.url}/apps/{login.removesuffix('[bot]')}" if user.type == "Bot" else f"{gh.url}/{login}"
    return {
        "login": login, "id": user.id, "node_id": node_id("User", user.id),
        "avatar_url": f"{gh.url}/avatars/u/{user.id}?v=4", "gravatar_id": "", "url": api, "html_url": html,
        "followers_url": api + "/followers", "following_url": api + "/following{/other_user}",
        "gists_url": api + "/gists{/gist_id}", "starred_url": api + "/starred{/owner}{/repo}",
        "subscriptions_url": api + "/subscriptions", "organizations_url": api + "/orgs",
        "repos_url": api + "/repos", "events_url": api + "/events{/privacy}",
        "received_events_url": api + "/received_events", "type": user.type, "user_view_type": "public",
        "site_admin": False,
    }


def public_user(gh, login):
    user = gh.users[login]
    return {
        **simple_user(gh, login), "name": user.name or login, "company": None, "blog": "", "location": None,
        "email": user.email, "hireable": None, "bio": None, "public_repos": 1, "public_gists": 0, "followers": 0,
        "following": 0, "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
        "twitter_username": None,
    }


def private_user(gh, login):
    return {
        **public_user(gh, login), "private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0, "disk_usage": 1,
        "collaborators": 0, "two_factor_authentication": True, "notification_email": gh.users[login].email,
    }


REPO_URLS = {
    "archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}", "commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}", "contributors_url": "/contributors", "deployments_url": "/deployments",
    "downloads_url": "/downloads", "events_url": "/events", "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks", "issue_comment_url": "/issues/comments{/number}", "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}", "labels_url": "/labels{/name}",
    "languages_url": "/languages", "merges_url": "/merges", "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}", "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}", "stargazers_url": "/stargazers", "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers", "subscription_url": "/subscription", "tags_url": "/tags",
    "teams_url": "/teams", "trees_url": "/git/trees{/sha}",
}


def minimal_repository(gh, repo):
    api, html = f"{gh.api_url}/repos/{repo.full_name}", f"{gh.url}/{repo.full_name}"
    return {
        "id": repo.id, "node_id": node_id("Repository", repo.id), "name": repo.name, "full_name": repo.full_name,
        "private": repo.private, "owner": simple_user(gh, repo.owner), "html_url": html, "description": None,
        "fork": repo.parent is not None, "url": api, **{k: api + v for k, v in REPO_URLS.items()},
    }


def repository(gh, repo):
    html = f"{gh.url}/{repo.full_name}"
    issues = sum(i.state == "open" for i in repo.issues.values())
    return {
        **minimal_repository(gh, repo), "created_at": repo.created, "updated_at": repo.pushed, "pushed_at": repo.pushed,
        "git_url": html.replace("http:", "git:") + ".git", "ssh_url": f"git@{gh.host}:{repo.full_name}.git",
        "clone_url": html + ".git", "svn_url": html, "homepage": None, "size": 1, "stargazers_count": 0,
        "watchers_count": 0, "language": None, "has_issues": True, "has_projects": True, "has_downloads": True,
        "has_wiki": True, "has_pages": False, "has_discussions": False, "forks_count": 0, "mirror_url": None,
        "archived": repo.archived, "disabled": False, "open_issues_count": issues, "license": None,
        "allow_forking": True, "is_template": False, "web_commit_signoff_required": False, "topics": [],
        "visibility": "private" if repo.private else "public", "forks": 0, "open_issues": issues, "watchers": 0,
        "default_branch": repo.default_branch,
    }


def full_repository(gh, repo, token):
    may = {name: token is not None and token.may(gh, repo, *how) for name, how in {
        "admin": ("administration", "write"), "maintain": ("administration", "write"),
        "push": ("contents", "write"), "triage": ("issues", "write"), "pull": ("contents", "read")}.items()}
    value = {**repository(gh, repo), "temp_clone_token": None, "network_count": 0, "subscribers_count": 0}
    if token is not None:
        value["permissions"] = may
    if may["push"]:
        value.update({
            "allow_squash_merge": True, "allow_merge_commit": True, "allow_rebase_merge": True,
            "allow_auto_merge": repo.allow_auto_merge, "delete_branch_on_merge": False, "allow_update_branch": False,
            "use_squash_pr_title_as_default": False, "squash_merge_commit_message": "COMMIT_MESSAGES",
            "squash_merge_commit_title": "COMMIT_OR_PR_TITLE", "merge_commit_message": "PR_TITLE",
            "merge_commit_title": "MERGE_MESSAGE"})
    if gh.users[repo.owner].type == "Organization":
        value["organization"] = simple_user(gh, repo.owner)
    if repo.parent:
        value["parent"] = value["source"] = repository(gh, repo.parent)
    return value


def integration(gh, app):
    """app None: GitHub Actions itself."""
    if app is None:
        ident, slug, name, owner, permissions = ACTIONS_APP_ID, "github-actions", "GitHub Actions", "github", {}
    else:
        ident, slug, name, owner, permissions = app.id, app.slug, app.slug, app.owner, app.permissions
    return {
        "id": ident, "slug": slug, "node_id": node_id("Integration", ident),
        "client_id": app.client_id if app else "Iv1.05c79e9ad1f6bdfa", "owner": simple_user(gh, owner), "name": name,
        "description": "", "external_url": gh.url, "html_url": f"{gh.url}/apps/{slug}",
        "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
        "permissions": {"metadata": "read", **permissions}, "events": list(app.events) if app else [],
    }


def label(gh, repo, one):
    return {
        "id": one.id, "node_id": node_id("Label", one.id),
        "url": f"{gh.api_url}/repos/{repo.full_name}/labels/{one.name}", "name": one.name, "color": one.color,
        "default": False, "description": one.description,
    }


def labels(gh, repo, issue):
    return [label(gh, repo, repo.labels[name]) for name in issue.labels if name in repo.labels]


def reaction_rollup(url, reactions):
    count = {name: sum(r["content"] == name for r in reactions)
             for name in ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")}
    return {"url": url + "/reactions", "total_count": len(reactions), **count}


def reaction(gh, one):
    return {"id": one["id"], "node_id": node_id("Reaction", one["id"]), "user": simple_user(gh, one["login"]),
            "content": one["content"], "created_at": one["created"]}


def issue(gh, repo, one):
    api, html = f"{gh.api_url}/repos/{repo.full_name}", f"{gh.url}/{repo.full_name}"
    url = f"{api}/issues/{one.number}"
    kind = "pull" if one.pull else "issues"
    value = {
        "url": url, "repository_url": api, "labels_url": url + "/labels{/name}", "comments_url": url + "/comments",
        "events_url": url + "/events", "html_url": f"{html}/{kind}/{one.number}", "id": one.id,
        "node_id": node_id("Issue", one.id), "number": one.number, "title": one.title,
        "user": simple_user(gh, one.login), "labels": labels(gh, repo, one), "state": one.state, "locked": one.locked,
        "assignee": simple_user(gh, one.assignees[0]) if one.assignees else None,
        "assignees": [simple_user(gh, login) for login in one.assignees], "milestone": None,
        "comments": len(one.comments), "created_at": one.created, "updated_at": one.updated, "closed_at": one.closed,
        "author_association": repo.association(one.login), "active_lock_reason": None, "body": one.body,
        "closed_by": simple_user(gh, one.closed_by), "reactions": reaction_rollup(url, one.reactions),
        "timeline_url": url + "/timeline", "state_reason": one.state_reason,
        "performed_via_github_app": integration(gh, one.app) if one.app else None,
    }
    if one.pull:
        value["draft"] = one.pull.draft
        value["pull_request"] = {
            "url": f"{api}/pulls/{one.number}", "html_url": f"{html}/pull/{one.number}",
            "diff_url": f"{html}/pull/{one.number}.diff", "patch_url": f"{html}/pull/{one.number}.patch",
            "merged_at": one.pull.merged_at}
    return value


def issue_comment(gh, repo, number, one):
    api = f"{gh.api_url}/repos/{repo.full_name}"
    url = f"{api}/issues/comments/{one.id}"
    kind = "pull" if repo.issues[number].pull else "issues"
    return {
        "url": url, "html_url": f"{gh.url}/{repo.full_name}/{kind}/{number}#issuecomment-{one.id}",
        "issue_url": f"{api}/issues/{number}", "id": one.id, "node_id": node_id("IssueComment", one.id),
        "user": simple_user(gh, one.login), "created_at": one.created, "updated_at": one.updated, "body": one.body,
        "author_association": repo.association(one.login), "reactions": reaction_rollup(url, one.reactions),
        "performed_via_github_app": integration(gh, one.app) if one.app else None,
    }


def side(gh, repo, ref, sha):
    """head or base of a pull request; repo None: the fork is gone."""
    return {"label": f"{repo.owner}:{ref}" if repo else f"unknown repository:{ref}", "ref": ref, "sha": sha,
            "user": simple_user(gh, repo.owner) if repo else None, "repo": repository(gh, repo) if repo else None}


def pull_request_simple(gh, repo, one):
    api, html = f"{gh.api_url}/repos/{repo.full_name}", f"{gh.url}/{repo.full_name}/pull/{one.number}"
    url, pull = f"{api}/pulls/{one.number}", one.pull
    links = {"self": url, "html": html, "issue": f"{api}/issues/{one.number}",
             "comments": f"{api}/issues/{one.number}/comments", "review_comments": url + "/comments",
             "review_comment": f"{api}/pulls/comments{{/number}}", "commits": url + "/commits",
             "statuses": f"{api}/statuses/{pull.head_sha}"}
    auto = pull.auto_merge
    return {
        "url": url, "id": one.id, "node_id": node_id("PullRequest", one.id), "html_url": html,
        "diff_url": html + ".diff", "patch_url": html + ".patch", "issue_url": links["issue"], "number": one.number,
        "state": one.state, "locked": one.locked, "title": one.title, "user": simple_user(gh, one.login),
        "body": one.body, "created_at": one.created, "updated_at": one.updated, "closed_at": one.closed,
        "merged_at": pull.merged_at, "merge_commit_sha": pull.merge_sha,
        "assignee": simple_user(gh, one.assignees[0]) if one.assignees else None,
        "assignees": [simple_user(gh, login) for login in one.assignees],
        "requested_reviewers": [simple_user(gh, login) for login in pull.reviewers],
        "requested_teams": [team(gh, repo, slug) for slug in pull.teams], "labels": labels(gh, repo, one),
        "milestone": None, "draft": pull.draft, "commits_url": url + "/commits",
        "review_comments_url": links["review_comments"], "review_comment_url": links["review_comment"],
        "comments_url": links["comments"], "statuses_url": links["statuses"],
        "head": side(gh, pull.head_repo, pull.head_ref, pull.head_sha),
        "base": side(gh, repo, pull.base_ref, pull.base_sha), "_links": {k: {"href": v} for k, v in links.items()},
        "author_association": repo.association(one.login), "active_lock_reason": None,
        "auto_merge": auto and {"enabled_by": simple_user(gh, auto["by"]), "merge_method": auto["method"],
                                "commit_title": one.title, "commit_message": ""},
    }


def pull_request(gh, repo, one):
    pull = one.pull
    files, commits = gh.pull_diff(repo, pull), gh.pull_commits(repo, pull)
    mergeable, state = gh.mergeability(repo, one)
    return {
        **pull_request_simple(gh, repo, one), "merged": pull.merged_at is not None, "mergeable": mergeable,
        "rebaseable": mergeable, "mergeable_state": state, "merged_by": simple_user(gh, pull.merged_by),
        "comments": len(one.comments), "review_comments": len(pull.comments),
        "maintainer_can_modify": pull.maintainer_can_modify, "commits": len(commits),
        "additions": sum(f["additions"] for f in files), "deletions": sum(f["deletions"] for f in files),
        "changed_files": len(files),
    }


def team(gh, repo, slug):
    url = f"{gh.api_url}/organizations/{gh.users[repo.owner].id}/team/{slug}"
    return {"name": slug, "id": 1, "node_id": node_id("Team", 1), "slug": slug, "description": "", "privacy": "closed",
            "notification_setting": "notifications_enabled", "url": url, "permission": "pull", "parent": None,
            "html_url": f"{gh.url}/orgs/{repo.owner}/teams/{slug}", "members_url": url + "/members{/member}",
            "repositories_url": url + "/repos", "type": "organization"}


def pull_request_review(gh, repo, number, one):
    url, html = f"{gh.api_url}/repos/{repo.full_name}/pulls/{number}", f"{gh.url}/{repo.full_name}/pull/{number}"
    value = {
        "id": one.id, "node_id": node_id("PullRequestReview", one.id), "user": simple_user(gh, one.login),
        "body": one.body, "state": one.state, "html_url": f"{html}#pullrequestreview-{one.id}",
        "pull_request_url": url, "author_association": repo.association(one.login),
        "_links": {"html": {"href": f"{html}#pullrequestreview-{one.id}"}, "pull_request": {"href": url}},
        "commit_id": one.commit_id}
    if one.submitted:
        value["submitted_at"] = one.submitted
    return value


def review_comment(gh, repo, number, one):
    url = f"{gh.api_url}/repos/{repo.full_name}/pulls/comments/{one.id}"
    pull_url = f"{gh.api_url}/repos/{repo.full_name}/pulls/{number}"
    html = f"{gh.url}/{repo.full_name}/pull/{number}#discussion_r{one.id}"
    outdated = one.commit_id != repo.issues[number].pull.head_sha
    value = {
        "url": url, "pull_request_review_id": one.review, "id": one.id,
        "node_id": node_id("PullRequestReviewComment", one.id), "diff_hunk": one.hunk, "path": one.path,
        "commit_id": one.commit_id, "original_commit_id": one.commit_id, "user": simple_user(gh, one.login),
        "body": one.body, "created_at": one.created, "updated_at": one.updated, "html_url": html,
        "pull_request_url": pull_url, "author_association": repo.association(one.login),
        "_links": {"self": {"href": url}, "html": {"href": html}, "pull_request": {"href": pull_url}},
        "reactions": reaction_rollup(url, one.reactions), "start_line": None if outdated else one.start_line,
        "original_start_line": one.start_line, "start_side": one.start_side,
        "line": None if outdated else one.line, "original_line": one.line, "side": one.side,
        "original_position": 1, "position": None if outdated else 1, "subject_type": "line",
    }
    if one.reply_to:
        value["in_reply_to_id"] = one.reply_to
    return value


def git_person(who):
    return {"name": who[0], "email": who[1], "date": who[2].replace("+00:00", "Z")}


def verification(signed):
    return {"verified": signed, "reason": "valid" if signed else "unsigned",
            "signature": "-----BEGIN PGP SIGNATURE-----" if signed else None,
            "payload": "tree" if signed else None, "verified_at": "2024-01-01T00:00:00Z" if signed else None}


def git_commit(gh, repo, row):
    api, html = f"{gh.api_url}/repos/{repo.full_name}", f"{gh.url}/{repo.full_name}"
    return {
        "sha": row["sha"], "node_id": node_id("Commit", row["sha"]), "url": f"{api}/git/commits/{row['sha']}",
        "html_url": f"{html}/commit/{row['sha']}", "author": git_person(row["author"]),
        "committer": git_person(row["committer"]), "message": row["message"],
        "tree": {"sha": row["tree"], "url": f"{api}/git/trees/{row['tree']}"},
        "parents": [{"sha": p, "url": f"{api}/git/commits/{p}", "html_url": f"{html}/commit/{p}"}
                    for p in row["parents"]],
        "verification": verification(row["sha"] in repo.signed),
    }


def commit(gh, repo, row, files=None):
    api, html = f"{gh.api_url}/repos/{repo.full_name}", f"{gh.url}/{repo.full_name}"
    url = f"{api}/commits/{row['sha']}"
    value = {
        "sha": row["sha"], "node_id": node_id("Commit", row["sha"]), "url": url,
        "html_url": f"{html}/commit/{row['sha']}", "comments_url": url + "/comments",
        "commit": {
            "author": git_person(row["author"]), "committer": git_person(row["committer"]), "message": row["message"],
            "tree": {"sha": row["tree"], "url": f"{api}/git/trees/{row['tree']}"},
            "url": f"{api}/git/commits/{row['sha']}", "comment_count": 0,
            "verification": verification(row["sha"] in repo.signed)},
        "author": simple_user(gh, gh.login_of_email(row["author"][1])),
        "committer": simple_user(gh, gh.login_of_email(row["committer"][1])),
        "parents": [{"sha": p, "url": f"{api}/commits/{p}", "html_url": f"{html}/commit/{p}"} for p in row["parents"]],
    }
    if files is not None:
        adds, dels = sum(f["additions"] for f in files), sum(f["deletions"] for f in files)
        value["stats"] = {"total": adds + dels, "additions": adds, "deletions": dels}
        value["files"] = [diff_entry(gh, repo, row["sha"], f) for f in files]
    return value


def diff_entry(gh, repo, sha, entry):
    path, html = entry["filename"], f"{gh.url}/{repo.full_name}"
    return {**entry, "blob_url": f"{html}/blob/{sha}/{path}", "raw_url": f"{html}/raw/{sha}/{path}",
            "contents_url": f"{gh.api_url}/repos/{repo.full_name}/contents/{path}?ref={sha}"}


def simple_commit(gh, repo, sha):
    row = repo.disk.commit(sha)
    return {"id": sha, "tree_id": row["tree"], "message": row["message"],
            "timestamp": row["committer"][2].replace("+00:00", "Z"),
            "author": {"name": row["author"][0], "email": row["author"][1]},
            "committer": {"name": row["committer"][0], "email": row["committer"][1]}}


def pull_request_minimal(gh, repo, one):
    pull = one.pull
    return {"id": one.id, "number": one.number, "url": f"{gh.api_url}/repos/{repo.full_name}/pulls/{one.number}",
            "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": repo_minimal(gh, pull.head_repo)},
            "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": repo_minimal(gh, repo)}}


def repo_minimal(gh, repo):
    return {"id": repo.id, "url": f"{gh.api_url}/repos/{repo.full_name}", "name": repo.name}


def pulls_of(gh, repo, sha):
    """Open pull requests from this very repository: events do not name those of forks."""
    return [pull_request_minimal(gh, repo, i) for i in repo.pulls
            if i.state == "open" and i.pull.head_sha == sha and i.pull.head_repo is repo]


def check_run(gh, repo, one):
    url = f"{gh.api_url}/repos/{repo.full_name}/check-runs/{one.id}"
    html = f"{gh.url}/{repo.full_name}/runs/{one.id}"
    return {
        "id": one.id, "name": one.name, "node_id": node_id("CheckRun", one.id), "head_sha": one.head_sha,
        "external_id": one.external_id, "url": url, "html_url": html, "details_url": one.details_url or html,
        "status": one.status, "conclusion": one.conclusion, "started_at": one.started, "completed_at": one.completed,
        "output": {"title": one.title, "summary": one.summary, "text": one.text,
                   "annotations_count": len(one.annotations), "annotations_url": url + "/annotations"},
        "check_suite": {"id": one.suite}, "app": integration(gh, one.app),
        "pull_requests": pulls_of(gh, repo, one.head_sha),
    }


def check_annotation(gh, repo, sha, one):
    return {"path": one["path"], "blob_href": f"{gh.url}/{repo.full_name}/blob/{sha}/{one['path']}",
            "start_line": one["start_line"], "end_line": one["end_line"], "start_column": one.get("start_column"),
            "end_column": one.get("end_column"), "annotation_level": one["annotation_level"],
            "title": one.get("title"), "message": one["message"], "raw_details": one.get("raw_details")}


def check_suite(gh, repo, suite, checks):
    sha = checks[0].head_sha
    url = f"{gh.api_url}/repos/{repo.full_name}/check-suites/{suite}"
    done = all(c.status == "completed" for c in checks)
    worst = next((c.conclusion for c in checks if c.conclusion not in ("success", "neutral", "skipped")), "success")
    branch = next((n.removeprefix("refs/heads/") for n, s in repo.disk.refs("refs/heads/").items() if s == sha), None)
    return {
        "id": suite, "node_id": node_id("CheckSuite", suite), "head_branch": branch, "head_sha": sha,
        "status": "completed" if done else "in_progress", "conclusion": worst if done else None, "url": url,
        "before": None, "after": sha, "pull_requests": pulls_of(gh, repo, sha), "app": integration(gh, checks[0].app),
        "created_at": checks[0].started, "updated_at": checks[-1].completed or checks[-1].started,
        "rerequestable": True, "runs_rerequestable": True, "latest_check_runs_count": len(checks),
        "check_runs_url": url + "/check-runs", "head_commit": simple_commit(gh, repo, sha),
        "repository": minimal_repository(gh, repo)}


def simple_status(gh, repo, one):
    return {"url": f"{gh.api_url}/repos/{repo.full_name}/statuses/{one.sha}", "avatar_url": gh.url + "/avatar",
            "id": one.id, "node_id": node_id("Status", one.id), "state": one.state, "description": one.description,
            "target_url": one.target_url, "context": one.context, "created_at": one.created, "updated_at": one.created}


def status(gh, repo, one):
    return {**simple_status(gh, repo, one), "creator": simple_user(gh, one.login)}


def workflow_run(gh, repo, one):
    api, html = f"{gh.api_url}/repos/{repo.full_name}", f"{gh.url}/{repo.full_name}"
    url = f"{api}/actions/runs/{one.id}"
    previous = f"{url}/attempts/{one.attempt - 1}" if one.attempt > 1 else None
    return {
        "id": one.id, "name": one.name, "node_id": node_id("WorkflowRun", one.id), "head_branch": one.branch,
        "head_sha": one.sha, "path": one.path, "display_title": one.title, "run_number": one.number,
        "event": one.event, "status": one.status, "conclusion": one.conclusion, "workflow_id": one.workflow,
        "check_suite_id": one.suite, "check_suite_node_id": node_id("CheckSuite", one.suite), "url": url,
        "html_url": f"{html}/actions/runs/{one.id}", "pull_requests": pulls_of(gh, repo, one.sha),
        "created_at": one.created, "updated_at": one.updated, "actor": simple_user(gh, one.actor),
        "run_attempt": one.attempt, "referenced_workflows": [], "run_started_at": one.created,
        "triggering_actor": simple_user(gh, one.triggering_actor or one.actor), "jobs_url": url + "/jobs",
        "logs_url": url + "/logs", "check_suite_url": f"{api}/check-suites/{one.suite}",
        "artifacts_url": url + "/artifacts", "cancel_url": url + "/cancel", "rerun_url": url + "/rerun",
        "previous_attempt_url": previous, "workflow_url": f"{api}/actions/workflows/{one.workflow}",
        "head_commit": simple_commit(gh, one.head_repo or repo, one.sha), "repository": minimal_repository(gh, repo),
        "head_repository": minimal_repository(gh, one.head_repo or repo),
    }


def job(gh, repo, run, one):
    api, html = f"{gh.api_url}/repos/{repo.full_name}", f"{gh.url}/{repo.full_name}"
    done = one.conclusion is not None
    return {
        "id": one.id, "name": one.name, "run_id": run.id, "workflow_name": run.name, "head_branch": run.branch,
        "run_url": f"{api}/actions/runs/{run.id}", "run_attempt": one.attempt, "node_id": node_id("CheckRun", one.id),
        "head_sha": run.sha, "url": f"{api}/actions/jobs/{one.id}",
        "html_url": f"{html}/actions/runs/{run.id}/job/{one.id}", "status": "completed" if done else "in_progress",
        "conclusion": one.conclusion, "created_at": run.created, "started_at": run.created,
        "completed_at": run.updated if done else None,
        "steps": [{"name": s["name"], "status": "completed", "conclusion": s["conclusion"], "number": n,
                   "started_at": run.created, "completed_at": run.updated} for n, s in enumerate(one.steps, 1)],
        "check_run_url": f"{api}/check-runs/{one.check}", "labels": ["ubuntu-latest"], "runner_id": 1,
        "runner_name": one.runner, "runner_group_id": 2, "runner_group_name": "GitHub Actions",
    }


def artifact(gh, repo, one):
    url = f"{gh.api_url}/repos/{repo.full_name}/actions/artifacts/{one.id}"
    return {
        "id": one.id, "node_id": node_id("Artifact", one.id), "name": one.name, "size_in_bytes": len(one.data),
        "url": url, "archive_download_url": url + "/zip", "expired": one.expired, "digest": one.digest,
        "created_at": one.created, "updated_at": one.created, "expires_at": "2099-01-01T00:00:00Z",
        "workflow_run": {"id": one.run.id, "repository_id": repo.id, "head_branch": one.run.branch,
                         "head_repository_id": (one.run.head_repo or repo).id, "head_sha": one.run.sha},
    }


def workflow(gh, repo, path):
    row = repo.workflows[path]
    url = f"{gh.api_url}/repos/{repo.full_name}/actions/workflows/{row['id']}"
    return {"id": row["id"], "node_id": node_id("Workflow", row["id"]), "name": row["name"], "path": path,
            "state": "active", "created_at": repo.created, "updated_at": repo.created, "url": url,
            "html_url": f"{gh.url}/{repo.full_name}/blob/{repo.default_branch}/{path}",
            "badge_url": f"{gh.url}/{repo.full_name}/workflows/{row['name']}/badge.svg"}


def installation(gh, app, ident):
    row = app.installations[ident]
    kind = gh.users[row["account"]].type
    return {
        "id": ident, "account": simple_user(gh, row["account"]), "app_id": app.id, "app_slug": app.slug,
        "client_id": app.client_id, "target_id": gh.users[row["account"]].id, "target_type": kind,
        "repository_selection": "all" if row["repos"] is None else "selected",
        "access_tokens_url": f"{gh.api_url}/app/installations/{ident}/access_tokens",
        "repositories_url": f"{gh.api_url}/installation/repositories",
        "html_url": f"{gh.url}/settings/installations/{ident}", "permissions": {"metadata": "read", **row["permissions"]},
        "events": list(app.events), "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
        "single_file_name": None, "has_multiple_single_files": False, "single_file_paths": [],
        "suspended_by": None, "suspended_at": None}
