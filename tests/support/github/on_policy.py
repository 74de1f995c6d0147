"""Calls about apps and installations, rules of branches, settings of Actions, deliveries of webhooks."""
from . import shapes
from .api import Refused, missing, route
from .state import Token

PROTECTION_DOC = "/branches/branch-protection#get-branch-protection"


# Apps.
@route("GET", "/app", "app")
def app_get(call):
    app = call.claims["app"]
    return call.reply(200, {**shapes.integration(call.gh, app), "installations_count": len(app.installations)})


@route("GET", "/app/installations", "app")
def app_installations(call):
    app = call.claims["app"]
    return call.paged(list(app.installations), lambda i: shapes.installation(call.gh, app, i))


@route("GET", "/app/installations/{ident:int}", "app")
def app_installation(call, ident):
    if ident not in call.claims["app"].installations:
        raise missing()
    return call.reply(200, shapes.installation(call.gh, call.claims["app"], ident))


@route("GET", "/repos/{owner}/{repo}/installation", "app")
def repo_installation(call):
    app = call.claims["app"]
    for ident, row in app.installations.items():
        if row["account"] == call.repo.owner and (row["repos"] is None or call.repo.full_name in row["repos"]):
            return call.reply(200, shapes.installation(call.gh, app, ident))
    raise missing()


@route("POST", "/app/installations/{ident:int}/access_tokens", "app")
def token_create(call, ident):
    """A token of the installation, narrowed when that is asked for."""
    gh, app = call.gh, call.claims["app"]
    row = app.installations.get(ident)
    if row is None:
        raise missing()
    sent = call.body(kinds={"repositories": list, "repository_ids": list, "permissions": dict})
    own = [r for r in gh.repos.values() if r.owner == row["account"] and (row["repos"] is None or r.full_name in row["repos"])]
    chosen = own
    if sent.get("repositories") is not None or sent.get("repository_ids") is not None:
        names, ids = sent.get("repositories") or [], sent.get("repository_ids") or []
        chosen = [r for r in own if r.name in names or r.id in ids]
        if len(chosen) < len(set(names)) + len(set(ids)):
            raise Refused(422, "There is at least one repository that does not exist or is not accessible to the "
                          "parent installation.")
    has = {"metadata": "read", **row["permissions"]}
    wanted = sent.get("permissions") or has
    rank = {"read": 1, "write": 2, "admin": 3}
    if any(rank.get(level, 9) > rank.get(has.get(name), 0) for name, level in wanted.items()):
        raise Refused(422, "The permissions requested are not granted to this installation.")
    until = gh.now() + 3600
    token = gh.add_token(Token(f"ghs_{gh.random(36)}", app.login, "installation", {"metadata": "read", **wanted},
                               repos=[r.full_name for r in chosen], expires=until, app=app, installation=ident,
                               account=row["account"]))
    value = {"token": token.value, "expires_at": gh.time_text(until), "permissions": token.permissions,
             "repository_selection": "selected" if chosen is not own or row["repos"] is not None else "all"}
    if chosen is not own:
        value["repositories"] = [shapes.repository(gh, r) for r in chosen]
    return call.reply(201, value)


@route("GET", "/installation/repositories", "anyone")
def installation_repositories(call):
    if call.token is None or call.token.kind != "installation":
        raise Refused(403, "You must authenticate with an installation access token in order to list repositories "
                      "for an installation.")
    rows = [r for r in call.gh.repos.values() if call.token.covers(r)]
    return call.paged(rows, lambda r: shapes.repository(call.gh, r), "repositories", {"repository_selection": "selected"})


# Deliveries of the app's webhook.
def delivery_item(one):
    return {"id": one.id, "guid": one.guid, "delivered_at": one.delivered, "redelivery": one.redelivery,
            "duration": one.seconds, "status": one.status_text, "status_code": one.status, "event": one.event,
            "action": one.action, "installation_id": one.installation, "repository_id": one.repository,
            "throttled_at": None}


@route("GET", "/app/hook/deliveries", "app")
def deliveries(call):
    """Newest first; pages by cursor, not by number."""
    rows = call.gh.deliveries[::-1]
    if call.query.get("status") in ("success", "failure"):
        rows = [d for d in rows if (200 <= d.status < 400) == (call.query["status"] == "success")]
    cursor = call.query.get("cursor", "")
    if cursor:
        rows = [d for d in rows if d.id <= int(cursor.removeprefix("v1_") or 0)]
    size = call.number("per_page", 30, 100)
    if len(rows) > size:
        status = f"&status={call.query['status']}" if call.query.get("status") else ""
        call.headers["Link"] = (f'<{call.gh.api_url}/app/hook/deliveries?per_page={size}&cursor=v1_{rows[size].id}'
                                f'{status}>; rel="next"')
    return call.reply(200, [delivery_item(d) for d in rows[:size]])


def find_delivery(call, ident):
    one = next((d for d in call.gh.deliveries if d.id == ident), None)
    if one is None:
        raise missing()
    return one


@route("GET", "/app/hook/deliveries/{ident:int}", "app")
def delivery_get(call, ident):
    one = find_delivery(call, ident)
    return call.reply(200, {**delivery_item(one), "url": one.url,
                            "request": {"headers": one.headers, "payload": one.payload},
                            "response": {"headers": {}, "payload": one.answer}})


@route("POST", "/app/hook/deliveries/{ident:int}/attempts", "app")
def delivery_again(call, ident):
    call.gh.deliver_again(find_delivery(call, ident))
    return call.reply(202, {})


# Rules of branches.
@route("GET", "/repos/{owner}/{repo}/rulesets")
def rulesets(call):
    rows = [{k: v for k, v in row.items() if k not in ("rules", "conditions", "bypass_actors")} for row in call.repo.rulesets]
    return call.paged(rows)


@route("GET", "/repos/{owner}/{repo}/rulesets/{ident:int}")
def ruleset(call, ident):
    row = next((r for r in call.repo.rulesets if r["id"] == ident), None)
    if row is None:
        raise missing()
    return call.reply(200, row)


@route("GET", "/repos/{owner}/{repo}/rules/branches/{branch*}")
def branch_rules(call, branch):
    rows = []
    for row in call.repo.rulesets:
        if row["enforcement"] == "active" and covers(call.repo, row, branch):
            rows += [{**rule, "ruleset_source_type": "Repository", "ruleset_source": call.repo.full_name,
                      "ruleset_id": row["id"]} for rule in row["rules"]]
    return call.paged(rows)


def covers(repo, row, branch):
    names = row["conditions"]["ref_name"]["include"]
    return bool({"~ALL", "refs/heads/" + branch} & set(names)) or (
        "~DEFAULT_BRANCH" in names and branch == repo.default_branch)


def is_protected(repo, branch):
    return branch in repo.protection or any(r["enforcement"] == "active" and covers(repo, r, branch) for r in repo.rulesets)


def protection_answer(call, branch):
    call.allow(("administration", "read"))
    if call.repo.disk.branch(branch) is None:
        raise Refused(404, "Branch not found", doc=PROTECTION_DOC)
    rule = call.repo.protection.get(branch)
    if rule is None:
        raise Refused(404, "Branch not protected", doc=PROTECTION_DOC)
    url = f"{call.gh.api_url}/repos/{call.repo.full_name}/branches/{branch}/protection"
    value = {"url": url, "enforce_admins": {"url": url + "/enforce_admins", "enabled": rule.get("admins", False)},
             "required_signatures": {"url": url + "/required_signatures", "enabled": False},
             **{name: {"enabled": False} for name in (
                 "required_linear_history", "allow_force_pushes", "allow_deletions", "block_creations",
                 "required_conversation_resolution", "lock_branch", "allow_fork_syncing")}}
    if "reviews" in rule:
        value["required_pull_request_reviews"] = {
            "url": url + "/required_pull_request_reviews", "dismiss_stale_reviews": False,
            "require_code_owner_reviews": False, "require_last_push_approval": False,
            "required_approving_review_count": rule["reviews"]}
    if rule.get("checks"):
        value["required_status_checks"] = {
            "url": url + "/required_status_checks", "strict": False, "contexts": rule["checks"],
            "contexts_url": url + "/required_status_checks/contexts",
            "checks": [{"context": name, "app_id": None} for name in rule["checks"]]}
    if "pushers" in rule:
        value["restrictions"] = {
            "url": url + "/restrictions", "users_url": url + "/restrictions/users", "apps": [], "teams": [],
            "teams_url": url + "/restrictions/teams", "apps_url": url + "/restrictions/apps",
            "users": [shapes.simple_user(call.gh, login) for login in rule["pushers"]]}
    return call.reply(200, value)


# Settings of Actions: for administrators.
@route("GET", "/repos/{owner}/{repo}/actions/permissions", "administration:read")
def actions_permissions(call):
    return call.reply(200, {"enabled": call.repo.actions_enabled, "allowed_actions": "all", "sha_pinning_required": False})


@route("GET", "/repos/{owner}/{repo}/actions/permissions/workflow", "administration:read")
def actions_workflow_permissions(call):
    return call.reply(200, {"default_workflow_permissions": call.repo.actions_default,
                            "can_approve_pull_request_reviews": call.repo.actions_may_create_pulls})
