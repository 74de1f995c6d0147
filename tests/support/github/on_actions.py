"""Calls about checks, statuses, workflow runs, their jobs, logs and artifacts."""
import json

from . import shapes
from .api import Refused, invalid, missing, route
from .on_repos import commit_of
from .state import Check, Status
from .web import Reply

ANNOTATIONS_MAX = 50
LEVELS = ("notice", "warning", "failure")
CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out")


# Checks.
def app_only(call):
    if not call.token.is_bot:
        raise Refused(403, "You must authenticate via a GitHub App.", doc="/checks/runs#create-a-check-run")


def output_of(sent):
    """The output of a check, its annotations counted and looked at."""
    output = sent.get("output")
    if output is None:
        return {}
    for name in ("title", "summary"):
        if name not in output and not ("annotations" not in output and name == "title"):
            raise Refused(422, f"Invalid request.\n\n\"{name}\" wasn't supplied.")
    for name in ("summary", "text"):
        if len(output.get(name) or "") > 65535:
            raise Refused(422, "Validation Failed", [{"resource": "CheckRun", "code": "custom", "field": name,
                                                      "message": f"{name} exceeds a maximum bytesize of 65535"}])
    notes = output.get("annotations") or []
    if len(notes) > ANNOTATIONS_MAX:
        raise Refused(422, f"Invalid request.\n\nNo more than 50 items are allowed; {len(notes)} were supplied.")
    for note in notes:
        for name in ("path", "start_line", "end_line", "annotation_level", "message"):
            if name not in note:
                raise Refused(422, f"Invalid request.\n\n\"{name}\" wasn't supplied.")
        if note["annotation_level"] not in LEVELS:
            raise Refused(422, f"Invalid request.\n\n{note['annotation_level']} is not a member of {list(LEVELS)}.")
        if note["start_line"] != note["end_line"] and ("start_column" in note or "end_column" in note):
            raise invalid("CheckRun", "annotations")
    return output


def change_check(call, one, sent):
    output = output_of(sent)
    if sent.get("conclusion") not in (None, *CONCLUSIONS):
        raise Refused(422, f"Invalid request.\n\n{sent['conclusion']} is not a member of {list(CONCLUSIONS)}.")
    if sent.get("status") == "completed" and not sent.get("conclusion"):
        raise Refused(422, "Invalid request.\n\n\"conclusion\" wasn't supplied.")
    one.status = "completed" if sent.get("conclusion") else sent.get("status") or one.status
    one.conclusion = sent.get("conclusion") or (one.conclusion if one.status == "completed" else None)
    for name in ("external_id", "details_url", "name"):
        if sent.get(name) is not None:
            setattr(one, name, sent[name])
    for name in ("title", "summary", "text"):
        if name in output:
            setattr(one, name, output[name])
    one.annotations += output.get("annotations") or []
    if one.status == "completed":
        one.completed = sent.get("completed_at") or one.completed or call.gh.time_text()


@route("POST", "/repos/{owner}/{repo}/check-runs", "checks:write")
def check_create(call):
    app_only(call)
    sent = call.body(("name", "head_sha"), kinds={"name": str, "head_sha": str})
    if not call.repo.disk.has(sent["head_sha"], "commit"):
        raise Refused(422, f"No commit found for SHA: {sent['head_sha']}", doc="/checks/runs#create-a-check-run")
    app = call.token.app
    suite = next((c.suite for c in call.repo.checks if c.head_sha == sent["head_sha"] and c.app is app), None)
    one = Check(0, sent["name"], sent["head_sha"], app, suite or call.gh.next_id(), started=call.gh.time_text(),
                login=call.login)
    change_check(call, one, sent)
    one.id = call.gh.next_id()
    call.repo.checks.append(one)
    call.gh.event("check_run", "completed" if one.status == "completed" else "created", call.repo, call.login, check=one)
    return call.reply(201, shapes.check_run(call.gh, call.repo, one))


def find_check(call, ident):
    one = next((c for c in call.repo.checks if c.id == ident), None)
    if one is None:
        raise missing()
    return one


@route("PATCH", "/repos/{owner}/{repo}/check-runs/{ident:int}", "checks:write")
def check_update(call, ident):
    app_only(call)
    one, sent = find_check(call, ident), call.body()
    if one.app is not call.token.app:
        raise Refused(403, "Invalid app_id `" + str(call.token.app.id if call.token.app else 15368)
                      + "` - check run can only be modified by the GitHub App that created it.")
    change_check(call, one, sent)
    return call.reply(200, shapes.check_run(call.gh, call.repo, one))


@route("GET", "/repos/{owner}/{repo}/check-runs/{ident:int}", "checks:read")
def check_get(call, ident):
    return call.reply(200, shapes.check_run(call.gh, call.repo, find_check(call, ident)))


@route("GET", "/repos/{owner}/{repo}/check-runs/{ident:int}/annotations", "checks:read")
def check_annotations(call, ident):
    one = find_check(call, ident)
    return call.paged(one.annotations, lambda a: shapes.check_annotation(call.gh, call.repo, one.head_sha, a))


def checks_of(call, sha):
    call.allow(("checks", "read"))
    rows = [c for c in call.repo.checks if c.head_sha == sha]
    for name, field in (("check_name", "name"), ("status", "status")):
        rows = [c for c in rows if call.query.get(name) in (None, getattr(c, field))]
    if call.query.get("app_id"):
        rows = [c for c in rows if str(c.app.id if c.app else 15368) == call.query["app_id"]]
    if call.query.get("filter", "latest") == "latest":
        rows = list({(c.suite, c.name): c for c in rows}.values())
    return call.paged(rows[::-1], lambda c: shapes.check_run(call.gh, call.repo, c), "check_runs")


def suites_of(call, sha):
    call.allow(("checks", "read"))
    suites = {}
    for one in call.repo.checks:
        if one.head_sha == sha:
            suites.setdefault(one.suite, []).append(one)
    return call.paged(list(suites.items()), lambda s: shapes.check_suite(call.gh, call.repo, *s), "check_suites")


def statuses_of(call, sha, combined):
    call.allow(("statuses", "read"))
    rows = [s for s in call.repo.statuses if s.sha == sha][::-1]
    if not combined:
        return call.paged(rows, lambda s: shapes.status(call.gh, call.repo, s))
    latest = list({s.context: s for s in rows[::-1]}.values())
    states = {s.state for s in latest}
    state = "failure" if states & {"failure", "error"} else "pending" if "pending" in states or not states else "success"
    api = f"{call.gh.api_url}/repos/{call.repo.full_name}/commits/{sha}"
    return call.paged(latest, lambda s: shapes.simple_status(call.gh, call.repo, s), "statuses", {
        "state": state, "sha": sha, "repository": shapes.minimal_repository(call.gh, call.repo), "commit_url": api,
        "url": api + "/status"})


SUBS = {"/check-runs": checks_of, "/check-suites": suites_of, "/statuses": lambda c, s: statuses_of(c, s, False),
        "/status": lambda c, s: statuses_of(c, s, True)}


def commit_sub(call, ref):
    """/commits/{ref}/check-runs and its like; None: it is the commit itself that is asked for."""
    for ending, function in SUBS.items():
        if ref.endswith(ending):
            return function(call, commit_of(call, ref.removesuffix(ending)))
    return None


@route("POST", "/repos/{owner}/{repo}/statuses/{sha}", "statuses:write")
def status_create(call, sha):
    sent = call.body(("state",), kinds={"state": str, "description": str, "context": str})
    if sent["state"] not in ("error", "failure", "pending", "success"):
        raise invalid("Status", "state", "custom", "state is not included in the list")
    if not call.repo.disk.has(sha, "commit"):
        raise Refused(422, f"No commit found for SHA: {sha}")
    if len(sent.get("description") or "") > 140:
        raise invalid("Status", "description", "custom", "description is too long (maximum is 140 characters)")
    one = Status(call.gh.next_id(), sha, sent["state"], sent.get("context", "default"), sent.get("description"),
                 sent.get("target_url"), call.login, call.gh.time_text())
    call.repo.statuses.append(one)
    return call.reply(201, shapes.status(call.gh, call.repo, one))


# Workflow runs.
def runs_matching(call, rows):
    query = call.query
    for name, field in (("branch", "branch"), ("event", "event"), ("head_sha", "sha"), ("actor", "actor")):
        rows = [r for r in rows if query.get(name) in (None, getattr(r, field))]
    if query.get("status"):
        rows = [r for r in rows if query["status"] in (r.status, r.conclusion)]
    if (created := query.get("created", "")).startswith(">="):
        rows = [r for r in rows if r.created >= created[2:]]
    rows = sorted(rows, key=lambda r: r.id, reverse=True)
    return call.paged(rows, lambda r: shapes.workflow_run(call.gh, call.repo, r), "workflow_runs")


@route("GET", "/repos/{owner}/{repo}/actions/runs", "actions:read")
def runs(call):
    return runs_matching(call, call.repo.runs)


@route("GET", "/repos/{owner}/{repo}/actions/workflows", "actions:read")
def workflows(call):
    return call.paged(list(call.repo.workflows), lambda path: shapes.workflow(call.gh, call.repo, path), "workflows")


@route("GET", "/repos/{owner}/{repo}/actions/workflows/{workflow}/runs", "actions:read")
def workflow_runs(call, workflow):
    rows = {path: row for path, row in call.repo.workflows.items()
            if workflow in (str(row["id"]), path.rsplit("/", 1)[-1])}
    if not rows:
        raise missing()
    return runs_matching(call, [r for r in call.repo.runs if r.path in rows])


def find_run(call, ident):
    one = next((r for r in call.repo.runs if r.id == ident), None)
    if one is None:
        raise missing()
    return one


@route("GET", "/repos/{owner}/{repo}/actions/runs/{ident:int}", "actions:read")
@route("GET", "/repos/{owner}/{repo}/actions/runs/{ident:int}/attempts/{attempt:int}", "actions:read")
def run_get(call, ident, attempt=None):
    return call.reply(200, shapes.workflow_run(call.gh, call.repo, find_run(call, ident)))


@route("GET", "/repos/{owner}/{repo}/actions/runs/{ident:int}/jobs", "actions:read")
@route("GET", "/repos/{owner}/{repo}/actions/runs/{ident:int}/attempts/{attempt:int}/jobs", "actions:read")
def run_jobs(call, ident, attempt=None):
    run = find_run(call, ident)
    rows = [j for j in run.jobs if j.attempt == (attempt or run.attempt)]
    if attempt is None and call.query.get("filter") == "all":
        rows = run.jobs
    return call.paged(rows, lambda j: shapes.job(call.gh, call.repo, run, j), "jobs")


def stored(call, data, name, kind):
    """A redirect to the storage, where the file lies for a minute under a signed address."""
    return call.redirect(call.gh.store(data, name, kind))


@route("GET", "/repos/{owner}/{repo}/actions/runs/{ident:int}/logs", "actions:read")
@route("GET", "/repos/{owner}/{repo}/actions/runs/{ident:int}/attempts/{attempt:int}/logs", "actions:read")
def run_logs(call, ident, attempt=None):
    run = find_run(call, ident)
    if call.token is None:
        raise Refused(403, "Must have admin rights to Repository.")
    if run.logs_gone:
        raise Refused(410, "Server Error")
    if run.logs_zip is None:
        raise missing()
    return stored(call, run.logs_zip, f"logs_{run.id}.zip", "application/zip")


def find_job(call, ident):
    for run in call.repo.runs:
        for one in run.jobs:
            if one.id == ident:
                return run, one
    raise missing()


@route("GET", "/repos/{owner}/{repo}/actions/jobs/{ident:int}", "actions:read")
def job_get(call, ident):
    return call.reply(200, shapes.job(call.gh, call.repo, *find_job(call, ident)))


@route("GET", "/repos/{owner}/{repo}/actions/jobs/{ident:int}/logs", "actions:read")
def job_logs(call, ident):
    run, one = find_job(call, ident)
    if call.token is None:
        raise Refused(403, "Must have admin rights to Repository.")
    if run.logs_gone:
        raise Refused(410, "Server Error")
    return stored(call, one.log.encode(), "job.log", "text/plain; charset=utf-8")


@route("POST", "/repos/{owner}/{repo}/actions/runs/{ident:int}/rerun", "actions:write")
@route("POST", "/repos/{owner}/{repo}/actions/runs/{ident:int}/rerun-failed-jobs", "actions:write")
def run_again(call, ident):
    run = find_run(call, ident)
    if run.status != "completed":
        raise Refused(403, "This workflow is already running")
    failed_only = call.entry.path.endswith("failed-jobs")
    if failed_only and run.conclusion == "success":
        raise Refused(403, "The workflow run containing this job has no failed jobs to rerun")
    run.reruns.append({"login": call.login, "failed_only": failed_only})
    run.status, run.conclusion, run.attempt, run.triggering_actor = "queued", None, run.attempt + 1, call.login
    return call.reply(201, {})


@route("GET", "/repos/{owner}/{repo}/actions/runs/{ident:int}/artifacts", "actions:read")
def run_artifacts(call, ident):
    run = find_run(call, ident)
    rows = [a for a in call.repo.artifacts if a.run is run and call.query.get("name") in (None, a.name)]
    return call.paged(rows, lambda a: shapes.artifact(call.gh, call.repo, a), "artifacts")


@route("GET", "/repos/{owner}/{repo}/actions/artifacts", "actions:read")
def artifacts(call):
    rows = [a for a in call.repo.artifacts[::-1] if call.query.get("name") in (None, a.name)]
    return call.paged(rows, lambda a: shapes.artifact(call.gh, call.repo, a), "artifacts")


def find_artifact(call, ident):
    one = next((a for a in call.repo.artifacts if a.id == ident), None)
    if one is None:
        raise missing()
    return one


@route("GET", "/repos/{owner}/{repo}/actions/artifacts/{ident:int}", "actions:read")
def artifact_get(call, ident):
    return call.reply(200, shapes.artifact(call.gh, call.repo, find_artifact(call, ident)))


@route("GET", "/repos/{owner}/{repo}/actions/artifacts/{ident:int}/zip", "actions:read")
def artifact_zip(call, ident):
    one = find_artifact(call, ident)
    if call.token is None:
        raise Refused(401, "Requires authentication")
    if one.expired:
        raise Refused(410, "Artifact has expired")
    return stored(call, one.data, one.name + ".zip", "application/zip")


def serve_stored(gh, entry):
    """The storage behind the redirects: another host, which refuses a token that comes along."""
    if "authorization" in entry.headers:
        gh.leaks.append(entry)
        return Reply(400, b"<?xml version=\"1.0\"?><Error><Code>InvalidAuthenticationInfo</Code></Error>",
                     {"Content-Type": "application/xml"})
    found = gh.stored.get(entry.path)
    if found is None or f"sig={found['sig']}" not in entry.query:
        return Reply(403, b"<?xml version=\"1.0\"?><Error><Code>AuthenticationFailed</Code></Error>",
                     {"Content-Type": "application/xml"})
    return Reply(200, found["data"], {"Content-Type": found["kind"], "Content-Disposition":
                                      f"attachment; filename={json.dumps(found['name'])}"})
