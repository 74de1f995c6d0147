"""The contract with GitHub: requests and answers of whole stories against GitHub's published OpenAPI
description and GraphQL schema, through a third party's validating proxy (tests/contract)."""
import base64
import json
import os
import re
import sys
import time
import unittest
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "contract")]
import contract  # noqa: E402
from github import GitHub, api  # noqa: E402
from github.web import Entry  # noqa: E402
import test_github_faults  # noqa: E402
from serving import ServedWorld  # noqa: E402
from stories import World  # noqa: E402
from test_support_github import jwt  # noqa: E402

# Calls of the scripted GitHub that the story below leaves out, and why.
NOT_TOLD = {
    "/meta": "its lists of addresses are no business of a test's",
    "contents/?": "the root's list: in the description the path is not optional",
}


def installed(test):
    return unittest.skipUnless(contract.is_installed(), "scripts/setup installs tests/contract")(test)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Client:
    """Asks as a good client does; a refusal is an error unless it was expected."""

    def __init__(self, gh, token):
        self.gh, self.token = gh, token
        self.opener = urllib.request.build_opener(NoRedirect)

    def __call__(self, method, path, sent=None, expect=None, token=None, **headers):
        headers = {"User-Agent": "story", "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28",
                   "Authorization": "Bearer " + (token or self.token), **headers}
        data = None if sent is None else json.dumps(sent).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        url = path if path.startswith("http") else self.gh.api_url + path.replace("~", "/repos/acme/shop")
        try:
            with self.opener.open(urllib.request.Request(url, data, headers, method=method)) as answer:
                status, raw = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            status, raw = refused.code, refused.read()
        if status not in (expect or (200, 201, 202, 204, 302)):
            raise AssertionError(f"{method} {path}: {status} {raw[:300]}")
        return json.loads(raw) if raw[:1] in (b"{", b"[") else raw


class Story:
    """Every call of the scripted GitHub once, with everything in its answers that can be there."""

    def __init__(self):
        self.gh = gh = GitHub()
        gh.organization("acme", teams=["core"])
        self.shop = gh.repository("acme/shop", files={"a.py": "x = 1\ny = 2\n", "doc/b.txt": "hi\n"},
                                  collaborators={"bob": "admin", "carol": "triage"})
        self.app = gh.app("myapp", {"contents": "write", "pull_requests": "write", "issues": "write", "checks": "write",
                                    "actions": "write", "statuses": "write", "administration": "read"}, account="acme")
        self.bob = gh.token("bob")
        self.ask = Client(gh, self.bob)
        self.shop.repo.allow_auto_merge = True
        self.shop.protection["main"] = {"reviews": 1, "checks": ["test"], "pushers": ["bob"]}
        self.shop.rulesets.append({
            "id": 7, "name": "r", "target": "branch", "source_type": "Repository", "source": "acme/shop",
            "enforcement": "active", "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
            "rules": [{"type": "deletion"}, {"type": "non_fast_forward"}, {"type": "pull_request", "parameters": {
                "dismiss_stale_reviews_on_push": False, "require_code_owner_review": False, "require_last_push_approval": False,
                "required_approving_review_count": 1, "required_review_thread_resolution": False}}]})

    def tell(self):
        with self.gh:
            for part in (self.accounts, self.git_data, self.pulls, self.issues, self.actions, self.rules, self.hooks):
                part()
        return self.gh.log

    def accounts(self):
        ask, signed = self.ask, jwt(self.app, time.time())
        for path in ("/user", "/users/bob", "/users/myapp%5Bbot%5D", "/rate_limit", "~", "~/collaborators",
                     "~/collaborators/carol/permission"):
            ask("GET", path)
        ask("GET", "/app", token=signed)
        ask("GET", "/app/installations", token=signed)
        ident = ask("GET", "~/installation", token=signed)["id"]
        ask("GET", f"/app/installations/{ident}", token=signed)
        sent = {"repositories": ["shop"], "permissions": {"contents": "write", "pull_requests": "write", "checks": "write",
                                                          "issues": "write", "statuses": "write", "actions": "write"}}
        self.bot = ask("POST", f"/app/installations/{ident}/access_tokens", sent, token=signed)["token"]
        ask("GET", "/installation/repositories", token=self.bot)

    def git_data(self):
        ask, head = self.ask, self.shop.sha()
        for path in ("branches", "branches/main", "branches/main/protection", "git/ref/heads/main", "git/matching-refs/heads",
                     "commits", "commits/main", f"commits/{head}", f"git/commits/{head}", f"git/trees/{head}?recursive=1",
                     "contents/doc/b.txt?ref=main", "contents/doc", f"git/blobs/{self.shop.disk.tree(head)[0]['sha']}"):
            ask("GET", "~/" + path)
        blob = ask("POST", "~/git/blobs", {"content": base64.b64encode(b"x = 2\n").decode(), "encoding": "base64"})["sha"]
        tree = ask("POST", "~/git/trees", {"base_tree": head, "tree": [
            {"path": "a.py", "mode": "100644", "type": "blob", "sha": blob},
            {"path": "doc/b.txt", "mode": "100644", "type": "blob", "sha": None}]})["sha"]
        made = ask("POST", "~/git/commits", {"message": "m", "tree": tree, "parents": [head]}, token=self.bot)["sha"]
        ask("POST", "~/git/refs", {"ref": "refs/heads/selfheal/test-1", "sha": made}, token=self.bot)
        ask("PATCH", "~/git/refs/heads/selfheal/test-1", {"sha": made, "force": True}, token=self.bot)
        ask("GET", "~/compare/main...selfheal/test-1")
        content = {"message": "m", "content": "eA==", "branch": "selfheal/test-1"}
        put = ask("PUT", "~/contents/n/new.txt", content)["content"]["sha"]
        ask("DELETE", "~/contents/n/new.txt", {"message": "m", "sha": put, "branch": "selfheal/test-1"})
        ask("POST", "~/git/refs", {"ref": "refs/heads/gone", "sha": head})
        ask("DELETE", "~/git/refs/heads/gone")

    def pulls(self):
        ask, bot = self.ask, self.bot
        pull = ask("POST", "~/pulls", {"title": "Fix", "body": "b", "head": "selfheal/test-1", "base": "main", "draft": True}, token=bot)
        path, sha = f"~/pulls/{pull['number']}", pull["head"]["sha"]
        ask("POST", "~/pulls", {"title": "Fix", "head": "selfheal/test-1", "base": "main"}, token=bot, expect=(422,))
        ask("POST", f"{path}/requested_reviewers", {"reviewers": ["bob"], "team_reviewers": ["core"]}, token=bot)
        ask("PATCH", path, {"title": "Fix it", "state": "open"}, token=bot)
        note = {"path": "a.py", "line": 1, "side": "RIGHT", "body": "note"}
        ask("POST", f"{path}/reviews", {"event": "COMMENT", "body": "b", "commit_id": sha, "comments": [note]})
        comment = ask("POST", f"{path}/comments", {**note, "commit_id": sha})["id"]
        ask("POST", f"{path}/comments/{comment}/replies", {"body": "yes"}, token=bot)
        ask("POST", f"~/pulls/comments/{comment}/reactions", {"content": "eyes"}, token=bot)
        ask("PATCH", f"~/pulls/comments/{comment}", {"body": "changed"})
        for one in ("", "/files", "/commits", "/reviews", "/comments", "/requested_reviewers"):
            ask("GET", path + one)
        for one in (f"~/pulls/comments/{comment}", f"~/pulls/comments/{comment}/reactions", f"~/commits/{sha}/pulls",
                    "~/pulls?state=all&head=acme:selfheal/test-1&per_page=100"):
            ask("GET", one)
        ask("DELETE", f"~/pulls/comments/{comment}")
        for name, more in (("markPullRequestReadyForReview", {}), ("enablePullRequestAutoMerge", {"mergeMethod": "SQUASH"}),
                           ("disablePullRequestAutoMerge", {}), ("convertPullRequestToDraft", {}),
                           ("markPullRequestReadyForReview", {})):
            kind = name[0].upper() + name[1:] + "Input!"
            query = f"mutation($input: {kind}) {{ {name}(input: $input) {{ pullRequest {{ number isDraft }} }} }}"
            done = ask("POST", self.gh.graphql_url, {"query": query, "variables": {"input": {"pullRequestId": pull["node_id"], **more}}})
            assert "errors" not in done, done
        self.shop.person_pushes("bob", {"doc/c.txt": "c\n"})
        ask("PUT", f"{path}/update-branch", {}, token=bot)
        ask("GET", f"{path}/merge", expect=(404,))
        self.shop.check_finished("test", "success", self.shop.sha("selfheal/test-1"))
        self.shop.person_reviews("carol", pull["number"], "APPROVED")
        ask("PUT", f"{path}/merge", {"merge_method": "squash"})
        ask("GET", path)

    def issues(self):
        ask, bot = self.ask, self.bot
        ask("POST", "~/labels", {"name": "auto-fix", "color": "0e8a16", "description": "d"}, token=bot)
        number = ask("POST", "~/issues", {"title": "t", "body": "b", "labels": ["auto-fix", "bare"], "assignees": ["bob"]}, token=bot)["number"]
        path = f"~/issues/{number}"
        comment = ask("POST", f"{path}/comments", {"body": "c"}, token=bot)["id"]
        ask("PATCH", f"~/issues/comments/{comment}", {"body": "d"}, token=bot)
        ask("POST", f"~/issues/comments/{comment}/reactions", {"content": "+1"})
        ask("POST", f"{path}/reactions", {"content": "rocket"})
        ask("POST", f"{path}/labels", {"labels": ["needs/review"]}, token=bot)
        for one in ("~/issues?labels=auto-fix&state=all", path, f"{path}/comments", f"{path}/labels", f"{path}/reactions",
                    f"~/issues/comments/{comment}", f"~/issues/comments/{comment}/reactions", "~/labels", "~/labels/auto-fix"):
            ask("GET", one)
        ask("DELETE", f"{path}/labels/needs%2Freview", token=bot)
        ask("DELETE", f"~/issues/comments/{comment}", token=bot)
        ask("PATCH", path, {"state": "closed", "state_reason": "completed"}, token=bot)

    def actions(self):
        ask, bot = self.ask, self.bot
        run = self.shop.run_finished(artifacts={"fixes": {"fixes.json": "{}"}})
        job, artifact = run.jobs[0].id, self.shop.artifacts[0].id
        note = {"path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "m", "title": "t"}
        check = ask("POST", "~/check-runs", {"name": "selfheal", "head_sha": run.sha, "status": "in_progress", "external_id": "e",
                                             "output": {"title": "t", "summary": "s", "annotations": [note]}}, token=bot)["id"]
        ask("PATCH", f"~/check-runs/{check}", {"status": "completed", "conclusion": "neutral"}, token=bot)
        ask("POST", f"~/statuses/{run.sha}", {"state": "success", "context": "c", "description": "d"}, token=bot)
        for one in (f"check-runs/{check}", f"check-runs/{check}/annotations", "commits/main/check-runs", "commits/main/check-suites",
                    "commits/main/status", "commits/main/statuses", "actions/runs?status=failure&per_page=100", "actions/workflows",
                    "actions/workflows/ci.yml/runs", f"actions/runs/{run.id}", f"actions/runs/{run.id}/attempts/1",
                    f"actions/runs/{run.id}/jobs", f"actions/runs/{run.id}/attempts/1/jobs", f"actions/runs/{run.id}/logs",
                    f"actions/runs/{run.id}/attempts/1/logs", f"actions/jobs/{job}", f"actions/jobs/{job}/logs",
                    f"actions/runs/{run.id}/artifacts", "actions/artifacts", f"actions/artifacts/{artifact}",
                    f"actions/artifacts/{artifact}/zip"):
            ask("GET", "~/" + one)
        ask("POST", f"~/actions/runs/{run.id}/rerun-failed-jobs")
        ask("POST", f"~/actions/runs/{self.shop.run_finished().id}/rerun")

    def rules(self):
        for one in ("rulesets", "rulesets/7", "rules/branches/main", "actions/permissions", "actions/permissions/workflow"):
            self.ask("GET", "~/" + one)

    def hooks(self):
        signed = jwt(self.app, time.time())
        self.gh.webhook("http://127.0.0.1:1/nobody", "secret")
        self.shop.person_opens_issue("bob", "t")
        self.gh.deliveries_done()
        ident = self.ask("GET", "/app/hook/deliveries?per_page=100", token=signed)[0]["id"]
        self.ask("GET", f"/app/hook/deliveries/{ident}", token=signed)
        self.ask("POST", f"/app/hook/deliveries/{ident}/attempts", token=signed)


@installed
class OurGitHub(unittest.TestCase):
    def test_every_call_is_one_of_githubs(self):
        description = contract.Description()
        for method, regex, _, _, _ in api.ROUTES:
            if "contents/?" in regex.pattern:
                continue
            path = re.sub(r"\(\?P<\w+>[^)]+\)", "1", regex.pattern.rstrip("$"))
            self.assertIsNotNone(description.match(method, path), f"{method} {path}")

    def test_every_answer_is_like_githubs(self):
        log = Story().tell()
        told = {(m, r.pattern) for m, r, _, _, _ in api.ROUTES for e in log if e.method == m and r.match(e.path)}
        untold = [f"{m} {r.pattern}" for m, r, _, _, _ in api.ROUTES if (m, r.pattern) not in told and
                  not any(skip in r.pattern for skip in NOT_TOLD)]
        self.assertEqual(untold, [])
        self.assertEqual([str(v) for v in contract.check(log)], [])

    def test_the_check_can_fail(self):
        def entry(method, path, body, status, answer):
            return Entry(1, "graphql" if path == "/graphql" else "api", method, path, "", {"content-type": "application/json"},
                         json.dumps(body).encode() if body else b"", 0.0, 1.0, status, {"Content-Type": "application/json"}, json.dumps(answer).encode())
        found = contract.check([
            entry("POST", "/repos/a/b/pulls", {"head": "x", "title": 3}, 404, {"message": "Not Found"}),
            entry("GET", "/repos/a/b/git/ref/heads/x/y", None, 200, {"ref": "x"}),
            entry("GET", "/repos/a/b/no/such", None, 200, {}),
            entry("POST", "/graphql", {"query": "{ viewer { nope } }"}, 200, {})])
        for text in ("must have required property 'base'", "must have required property 'node_id'", "has no such call",
                     "Cannot query field"):
            self.assertTrue(any(text in str(v) for v in found), (text, [str(v) for v in found]))


@installed
class OurClient(unittest.TestCase):
    """Each request of the program, in whole stories, as GitHub's description wants it."""

    def fits(self, log):
        self.assertGreater(len(log), 5)
        self.assertEqual([str(v) for v in contract.check(log)], [])

    def test_stories_of_pull_requests(self):
        log = []
        for story in test_github_faults.STORIES:
            log += test_github_faults.Told(story).world.gh.log
        self.fits(log)

    def test_heal_with_a_pull_request(self):
        with World() as world:
            self.assertEqual(world.heal("--pr").code, 0)
            self.fits(world.gh.log)

    def test_server(self):
        with ServedWorld() as world:
            world.shop.run_finished()
            world.settle()
            for text in ("/selfheal help", "/selfheal stop", "/selfheal ignore"):
                world.shop.person_comments("bob", 1, text)
                world.settle()
            world.shop.run_finished()
            world.settle()
            self.fits(world.gh.log)

    def test_doctor(self):
        for kind in ("actions", "app", "classic", "fine-grained"):
            with World(kind) as world:
                run = world.run("doctor", "--github", "--repo", "alice/shop")
                self.assertIn(run.code, (0, 3), str(run))
                self.fits(world.gh.log)


if __name__ == "__main__":
    unittest.main()
