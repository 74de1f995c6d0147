"""The scripted GitHub of tests/support/github refuses what GitHub refuses: asked with urllib and git."""
import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from github import FAULTS, GitHub  # noqa: E402

ENV = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent",
       "GIT_TERMINAL_PROMPT": "0", "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t", "GIT_COMMITTER_NAME": "t",
       "GIT_COMMITTER_EMAIL": "t@t"}
FILES = {"a.py": "x = 1\ny = 2\nz = 3\n", "doc/b.txt": "hello\n"}


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect)


class Answer:
    def __init__(self, status, raw, headers):
        self.status, self.raw, self.headers = status, raw, headers

    @property
    def json(self):
        return json.loads(self.raw)

    def __eq__(self, status):
        return self.status == status

    def __repr__(self):
        return f"{self.status} {self.raw[:300]}"


class Case(unittest.TestCase):
    def setUp(self):
        self.gh = GitHub()
        self.addCleanup(self.gh.close)
        self.shop = self.gh.repository("alice/shop", files=FILES, collaborators={"bob": "write", "tria": "triage"})
        self.gh.user("mallory")
        self.alice = self.gh.token("alice")
        self.bot = self.shop.token("heal-bot", permissions={"contents": "write", "pull_requests": "write", "issues": "write"})
        self.shop.collaborators["heal-bot"] = "write"

    def ask(self, method, path, body=None, token=None, timeout=5, **headers):
        token = self.alice if token is None else token
        send = {"User-Agent": "test", "Accept": "application/vnd.github+json", **headers}
        if token:
            send["Authorization"] = "Bearer " + token
        url = path if path.startswith("http") else self.gh.api_url + path.replace("~", "/repos/alice/shop")
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {k.replace("_", "-"): v for k, v in send.items()}, method=method)
        try:
            with OPENER.open(request, timeout=timeout) as answer:
                return Answer(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, refused.read(), dict(refused.headers))

    def pull(self, branch="fix", files=None, **more):
        self.shop.person_pushes("bob", files or {"a.py": "x = 1\ny = 20\nz = 3\n"}, branch=branch)
        answer = self.ask("POST", "~/pulls", {"title": "Fix", "head": branch, "base": "main", **more})
        self.assertEqual(answer.status, 201, answer)
        return answer.json

    def refused(self, answer, status, text):
        self.assertEqual(answer.status, status, answer)
        self.assertIn(text, answer.raw.decode())


class WhoMay(Case):
    def test_credentials(self):
        self.refused(self.ask("GET", "/user", token="ghp_wrong"), 401, "Bad credentials")
        self.refused(self.ask("GET", "/user", token=""), 401, "Requires authentication")
        self.assertEqual(self.ask("GET", "/user").json["login"], "alice")
        self.assertEqual(self.ask("GET", "/user", Authorization="token " + self.alice, token="").json["login"], "alice")
        self.assertEqual(self.ask("GET", "~", token="").status, 200)
        self.refused(self.ask("POST", "~/issues", {"title": "t"}, token=""), 401, "Requires authentication")

    def test_actions_token(self):
        token = self.shop.actions_token(contents="read")
        self.refused(self.ask("GET", "/user", token=token), 403, "Resource not accessible by integration")
        answer = self.ask("POST", "~/issues", {"title": "t"}, token=token)
        self.refused(answer, 403, "Resource not accessible by integration")
        self.assertEqual(answer.headers["X-Accepted-GitHub-Permissions"], "issues=write")
        self.assertEqual(self.ask("GET", "~", token=token).headers["X-RateLimit-Limit"], "1000")

    def test_actions_may_not_create_pulls(self):
        self.shop.person_pushes("bob", {"a.py": "x = 9\n"}, branch="fix")
        self.shop.repo.actions_may_create_pulls = False
        sent = {"title": "t", "head": "fix", "base": "main"}
        self.refused(self.ask("POST", "~/pulls", sent, token=self.shop.actions_token()), 403,
                     "GitHub Actions is not permitted to create or approve pull requests.")

    def test_fine_grained(self):
        token = self.shop.token("bob", permissions={"issues": "read"})
        self.refused(self.ask("POST", "~/issues", {"title": "t"}, token=token), 403,
                     "Resource not accessible by personal access token")
        stranger = self.shop.token("mallory", permissions={"issues": "write"})
        self.refused(self.ask("POST", "~/labels", {"name": "x"}, token=stranger), 403, "not accessible")

    def test_private(self):
        self.gh.repository("alice/secret", files=FILES, private=True)
        self.refused(self.ask("GET", "/repos/alice/secret", token=self.gh.token("mallory")), 404, "Not Found")
        self.refused(self.ask("GET", "/repos/alice/secret", token=""), 404, "Not Found")
        self.refused(self.ask("GET", "/repos/alice/secret", token=self.bot), 404, "Not Found")
        self.assertEqual(self.ask("GET", "/repos/alice/secret").status, 200)

    def test_permission_of(self):
        for login, wanted, role in (("alice", "admin", "admin"), ("bob", "write", "write"), ("tria", "read", "triage"),
                                    ("mallory", "read", "read")):
            answer = self.ask("GET", f"~/collaborators/{login}/permission").json
            self.assertEqual((answer["permission"], answer["role_name"]), (wanted, role))
        self.refused(self.ask("GET", "~/collaborators/nobody/permission"), 404, "nobody is not a user")

    def test_manners(self):
        self.refused(self.ask("GET", "~", User_Agent=""), 403, "make sure your request has a User-Agent header")
        self.refused(self.ask("GET", "~", X_GitHub_Api_Version="1999-01-01"), 400, "not a supported version")
        self.refused(self.ask("POST", "~/issues", b"{nope"), 400, "Problems parsing JSON")
        self.refused(self.ask("POST", "~/issues", {"body": "x"}), 422, "wasn't supplied")
        self.assertEqual(self.ask("GET", "~/nothing/of/this").status, 404)
        self.assertTrue(self.ask("GET", "~").headers["X-GitHub-Request-Id"])


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(app, now, life=540, alg="RS256", issuer=None):
    text = base64url(json.dumps({"alg": alg, "typ": "JWT"}).encode()) + "." + base64url(
        json.dumps({"iat": int(now) - 60, "exp": int(now) + life, "iss": issuer or app.client_id}).encode())
    signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", app.key_file], input=text.encode(), capture_output=True,
                            check=True).stdout
    return text + "." + base64url(signed)


class Apps(Case):
    def setUp(self):
        super().setUp()
        self.app = self.gh.app("myapp", {"contents": "write", "issues": "write"}, account="alice")
        self.installation = next(iter(self.app.installations))
        self.tokens = f"/app/installations/{self.installation}/access_tokens"

    def test_jwt(self):
        now, good = time.time(), jwt(self.app, time.time())
        self.assertEqual(self.ask("GET", "/app", token=good).json["slug"], "myapp")
        self.assertEqual(self.ask("GET", "/app", token=jwt(self.app, now, issuer=str(self.app.id))).status, 200)
        for token, text in ((jwt(self.app, now, 700), "too far in the future"), (jwt(self.app, now, -5), "must be a numeric"),
                            (good[:-8] + "AAAAAAAA", "could not be decoded"),
                            (jwt(self.app, now, alg="none"), "could not be decoded")):
            self.refused(self.ask("GET", "/app", token=token), 401, text)
        self.refused(self.ask("GET", "/app", token=jwt(self.app, now, issuer="999")), 404, "Integration not found")
        self.refused(self.ask("GET", "/app"), 401, "JSON web token")
        self.assertEqual(self.ask("GET", "~/installation", token=good).json["id"], self.installation)
        self.refused(self.ask("GET", "~", token=good), 401, "Bad credentials")

    def test_installation_token(self):
        token = jwt(self.app, time.time())
        self.refused(self.ask("POST", self.tokens, {"permissions": {"checks": "write"}}, token=token), 422, "not granted")
        self.refused(self.ask("POST", self.tokens, {"repositories": ["nope"]}, token=token), 422, "not accessible")
        narrowed = self.ask("POST", self.tokens, {"repositories": ["shop"], "permissions": {"issues": "write"}}, token=token).json
        self.assertEqual(narrowed["permissions"], {"metadata": "read", "issues": "write"})
        issue = self.ask("POST", "~/issues", {"title": "t"}, token=narrowed["token"])
        self.assertEqual((issue.status, issue.json["user"]["login"], issue.json["user"]["type"]), (201, "myapp[bot]", "Bot"))
        self.refused(self.ask("POST", "~/git/blobs", {"content": "x"}, token=narrowed["token"]), 403, "by integration")
        self.gh.advance(3601)
        self.refused(self.ask("GET", "~", token=narrowed["token"]), 401, "Bad credentials")


class Pulls(Case):
    def test_what_cannot_be_opened(self):
        self.pull()
        for sent, text in (({"head": "fix"}, "A pull request already exists for alice:fix."), ({"head": "main"}, "No commits between"),
                           ({"head": "nope"}, '"field": "head"'), ({"head": "fix", "base": "nope"}, '"field": "base"'),
                           ({"head": "fix", "title": ""}, "missing_field"), ({"head": "fix", "title": 3}, "is not a string"),
                           ({"head": "fix", "body": "x" * 65537}, "body is too long")):
            self.refused(self.ask("POST", "~/pulls", {"title": "t", "base": "main", **sent}), 422, text)
        self.refused(self.ask("POST", "~/pulls", {"title": "t", "base": "main"}), 422, "wasn't supplied")

    def test_shape_of_list_and_one(self):
        number = self.pull(draft=True)["number"]
        one, listed = self.ask("GET", f"~/pulls/{number}").json, self.ask("GET", "~/pulls").json[0]
        self.assertTrue(one["draft"] and one["mergeable"] and one["changed_files"] == 1)
        self.assertNotIn("mergeable", listed)
        self.assertNotIn("merged", listed)
        self.assertEqual(self.ask("GET", "~/pulls?head=alice:fix").json[0]["number"], number)
        self.assertEqual(self.ask("GET", "~/pulls?head=alice:other").json, [])
        self.assertEqual(self.ask("GET", "~/issues").json[0]["pull_request"]["merged_at"], None)

    def test_follows_its_branch(self):
        number = self.pull()["number"]
        sha = self.shop.person_pushes("bob", {"new.txt": "1\n"}, branch="fix")
        self.assertEqual(self.ask("GET", f"~/pulls/{number}").json["head"]["sha"], sha)
        self.assertEqual(self.shop.disk.refs("refs/pull/")[f"refs/pull/{number}/head"], sha)
        self.shop.person_deletes_branch("bob", "fix")
        self.assertEqual(self.ask("GET", f"~/issues/{number}").json["closed_by"]["login"], "bob")
        self.refused(self.ask("PATCH", f"~/pulls/{number}", {"state": "open"}), 422, "force-pushed or recreated")

    def test_merge_is_a_merge(self):
        number = self.pull()["number"]
        self.shop.person_pushes("alice", {"doc/b.txt": "other\n"})
        sha = self.shop.person_merges("alice", number)
        self.assertEqual(self.shop.file("a.py"), b"x = 1\ny = 20\nz = 3\n")
        self.assertEqual(self.shop.file("doc/b.txt"), b"other\n")
        one = self.ask("GET", f"~/pulls/{number}").json
        self.assertEqual((one["merged"], one["merge_commit_sha"], one["merged_by"]["login"]), (True, sha, "alice"))
        self.refused(self.ask("PUT", f"~/pulls/{number}/merge"), 405, "not mergeable")

    def test_conflict(self):
        number = self.pull()["number"]
        self.shop.person_pushes("alice", {"a.py": "x = 1\ny = 99\nz = 3\n"})
        one = self.ask("GET", f"~/pulls/{number}").json
        self.assertEqual((one["mergeable"], one["mergeable_state"]), (False, "dirty"))

    def test_base_that_contains_the_head(self):
        number = self.pull()["number"]
        with self.gh.lock, self.gh.pushing(self.shop.repo, None, "alice"):
            self.shop.disk.set_ref("refs/heads/main", self.shop.sha("fix"))
        self.assertTrue(self.ask("GET", f"~/pulls/{number}").json["merged"])

    def test_fork(self):
        fork = self.shop.person_forks("mallory")
        fork.person_pushes("mallory", {"a.py": "evil\n"}, branch="x")
        self.shop.person_opens_pull("mallory", "x", head=fork)
        one = self.ask("GET", "~/pulls/1").json
        self.assertEqual((one["head"]["label"], one["head"]["repo"]["fork"], one["author_association"]), ("mallory:x", True, "NONE"))
        self.assertEqual(self.ask("GET", f"~/commits/{one['head']['sha']}/pulls").json[0]["number"], 1)
        run = self.shop.run_finished(head=fork, branch="x", event="pull_request", actor="mallory")
        self.assertEqual(self.ask("GET", f"~/actions/runs/{run.id}").json["pull_requests"], [])

    def test_reviewers(self):
        number = self.pull()["number"]
        for who, text in ((["alice"], "from pull request author"), (["mallory"], "only be requested from collaborators")):
            self.refused(self.ask("POST", f"~/pulls/{number}/requested_reviewers", {"reviewers": who}), 422, text)
        answer = self.ask("POST", f"~/pulls/{number}/requested_reviewers", {"reviewers": ["bob"]})
        self.assertEqual(answer.json["requested_reviewers"][0]["login"], "bob")

    def test_reviews(self):
        number = self.pull()["number"]
        path = f"~/pulls/{number}/reviews"
        self.refused(self.ask("POST", path, {"event": "APPROVE"}), 422, "Can not approve your own pull request")
        self.refused(self.ask("POST", path, {"event": "COMMENT"}), 422, "Body is required")
        note = {"path": "a.py", "line": 2, "body": "```suggestion\ny = 3\n```"}
        for change, text in (({"line": 99}, "Line could not be resolved"), ({"path": "no.py"}, "Path could not be resolved"),
                             ({"start_line": 2}, "Start line must precede")):
            self.refused(self.ask("POST", path, {"event": "COMMENT", "comments": [{**note, **change}]}), 422, text)
        answer = self.ask("POST", path, {"event": "COMMENT", "comments": [note]})
        self.assertEqual(answer.json["state"], "COMMENTED")
        comment = self.ask("GET", f"~/pulls/{number}/comments").json[0]
        self.assertEqual((comment["line"], comment["pull_request_review_id"]), (2, answer.json["id"]))
        reply = self.ask("POST", f"~/pulls/{number}/comments/{comment['id']}/replies", {"body": "no"}).json
        self.assertEqual(reply["in_reply_to_id"], comment["id"])
        self.assertEqual(self.ask("POST", f"~/pulls/comments/{comment['id']}/reactions", {"content": "eyes"}).status, 201)
        self.assertEqual(self.ask("POST", f"~/pulls/comments/{comment['id']}/reactions", {"content": "eyes"}).status, 200)


class Issues(Case):
    def test_comments(self):
        number = self.ask("POST", "~/issues", {"title": "t", "labels": ["new one"]}).json["number"]
        path = f"~/issues/{number}/comments"
        self.refused(self.ask("POST", path, {"body": " "}), 422, "Body cannot be blank")
        made = self.ask("POST", path, {"body": "hi"}, token=self.bot).json
        stranger = self.gh.token("mallory")
        self.refused(self.ask("PATCH", f"~/issues/comments/{made['id']}", {"body": "x"}, token=stranger), 403, "Must have push")
        self.assertEqual(self.ask("PATCH", f"~/issues/comments/{made['id']}", {"body": "x"}, token=self.bot).json["body"], "x")
        self.assertEqual(self.ask("DELETE", f"~/issues/comments/{made['id']}", token=self.bot).status, 204)
        self.assertEqual(self.ask("GET", path).json, [])

    def test_labels(self):
        self.assertEqual(self.ask("POST", "~/labels", {"name": "A", "color": "d93f0b"}).status, 201)
        self.refused(self.ask("POST", "~/labels", {"name": "a", "color": "d93f0b"}), 422, "already_exists")
        self.refused(self.ask("POST", "~/labels", {"name": "b", "color": "red"}), 422, "color")
        self.refused(self.ask("POST", "~/labels", {"name": "c"}, token=self.gh.token("mallory")), 404, "Not Found")
        self.ask("POST", "~/issues", {"title": "t"})
        self.assertEqual(self.ask("POST", "~/issues/1/labels", {"labels": ["A", "b/c"]}).json[1]["name"], "b/c")
        self.refused(self.ask("DELETE", "~/issues/1/labels/zz"), 404, "Label does not exist")
        self.assertEqual(len(self.ask("DELETE", "~/issues/1/labels/b%2Fc").json), 1)
        self.assertEqual(len(self.ask("GET", "~/issues?labels=a").json), 1)

    def test_pages(self):
        for n in range(7):
            self.shop.person_opens_issue("bob", f"issue {n}")
        answer = self.ask("GET", "~/issues?per_page=3&state=open")
        self.assertIn(f"/repositories/{self.shop.id}/issues?per_page=3&state=open&page=2>; rel=\"next\"", answer.headers["Link"])
        seen, url = [i["number"] for i in answer.json], answer
        while 'rel="next"' in url.headers.get("Link", ""):
            link = next(p for p in url.headers["Link"].split(", ") if 'rel="next"' in p)
            url = self.ask("GET", link[1:link.index(">")])
            seen += [i["number"] for i in url.json]
        self.assertEqual(seen, [7, 6, 5, 4, 3, 2, 1])


class GitData(Case):
    def test_commit_made_by_the_api(self):
        head = self.shop.sha()
        self.assertEqual(self.ask("POST", "~/git/trees", {"tree": [{"path": "x", "mode": "100645", "type": "blob"}]}).status, 422)
        tree = self.ask("POST", "~/git/trees", {"base_tree": head, "tree": [
            {"path": "a.py", "mode": "100644", "type": "blob", "content": "x = 5\n"},
            {"path": "doc/b.txt", "mode": "100644", "type": "blob", "sha": None}]}).json["sha"]
        token = self.shop.actions_token()
        made = self.ask("POST", "~/git/commits", {"message": "m", "tree": tree, "parents": [head]}, token=token).json
        self.assertEqual((made["verification"]["verified"], made["author"]["email"]),
                         (True, "41898282+github-actions[bot]@users.noreply.github.com"))
        ref = {"ref": "refs/heads/new", "sha": made["sha"]}
        self.assertEqual(self.ask("POST", "~/git/refs", ref).status, 201)
        self.refused(self.ask("POST", "~/git/refs", ref), 422, "Reference already exists")
        self.refused(self.ask("POST", "~/git/refs", {**ref, "ref": "new"}), 422, "must start with 'refs/'")
        self.refused(self.ask("POST", "~/git/refs", {"ref": "refs/heads/z", "sha": "0" * 40}), 422, "Object does not exist")
        self.refused(self.ask("PATCH", "~/git/refs/heads/new", {"sha": head}), 422, "not a fast forward")
        self.assertEqual(self.ask("PATCH", "~/git/refs/heads/new", {"sha": head, "force": True}).status, 200)
        self.assertEqual(self.ask("DELETE", "~/git/refs/heads/new").status, 204)
        self.refused(self.ask("DELETE", "~/git/refs/heads/new"), 422, "Reference does not exist")
        self.refused(self.ask("GET", "~/branches/new"), 404, "Branch not found")

    def test_workflow_needs_its_permission(self):
        tree = self.ask("POST", "~/git/trees", {"base_tree": self.shop.sha(), "tree": [
            {"path": ".github/workflows/ci.yml", "mode": "100644", "type": "blob", "content": "on: push\n"}]}).json["sha"]
        sha = self.ask("POST", "~/git/commits", {"message": "m", "tree": tree, "parents": [self.shop.sha()]}).json["sha"]
        self.refused(self.ask("POST", "~/git/refs", {"ref": "refs/heads/w", "sha": sha}, token=self.shop.actions_token()), 403,
                     "Resource not accessible by integration")

    def test_compare_and_contents(self):
        self.shop.person_pushes("bob", {"a.py": "x = 7\n"}, branch="f")
        found = self.ask("GET", "~/compare/main...f").json
        self.assertEqual((found["status"], found["ahead_by"], found["files"][0]["filename"]), ("ahead", 1, "a.py"))
        self.assertEqual(self.ask("GET", "~/compare/main...nope").status, 404)
        found = self.ask("GET", "~/contents/a.py?ref=f").json
        self.assertEqual(base64.b64decode(found["content"]), b"x = 7\n")
        self.assertEqual(self.ask("GET", "~/contents/a.py", Accept="application/vnd.github.raw+json").raw, FILES["a.py"].encode())
        self.assertEqual([r["type"] for r in self.ask("GET", "~/contents/").json], ["file", "dir"])
        self.assertEqual(self.ask("GET", "~/contents/none").status, 404)


class Actions(Case):
    def test_annotations(self):
        token = self.shop.actions_token()
        note = {"path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "m"}

        def sent(n):
            return {"name": "selfheal", "head_sha": self.shop.sha(), "status": "in_progress",
                    "output": {"title": "t", "summary": "s", "annotations": [note] * n}}
        self.refused(self.ask("POST", "~/check-runs", sent(51), token=token), 422, "No more than 50 items are allowed; 51")
        self.refused(self.ask("POST", "~/check-runs", sent(1)), 403, "must authenticate via a GitHub App")
        ident = self.ask("POST", "~/check-runs", sent(50), token=token).json["id"]
        changed = self.ask("PATCH", f"~/check-runs/{ident}", {**sent(20), "status": "completed", "conclusion": "neutral"}, token=token)
        self.assertEqual(changed.json["output"]["annotations_count"], 70)
        self.assertEqual(self.ask("GET", "~/commits/main/check-runs").json["check_runs"][0]["conclusion"], "neutral")

    def test_logs_lie_on_another_host(self):
        run = self.shop.run_finished(jobs={"test": "FAILED test_x\n"}, artifacts={"fixes": {"fixes.json": "{}"}})
        job = self.ask("GET", f"~/actions/runs/{run.id}/jobs").json["jobs"][0]
        for path in (f"runs/{run.id}/logs", f"jobs/{job['id']}/logs", f"artifacts/{self.shop.artifacts[0].id}/zip"):
            answer = self.ask("GET", "~/actions/" + path)
            self.assertEqual(answer.status, 302)
            self.assertFalse(answer.headers["Location"].startswith(self.gh.url))
            self.assertEqual(self.ask("GET", answer.headers["Location"], token="").status, 200)
        with self.assertRaises(AssertionError):
            self.ask("GET", answer.headers["Location"])
            self.gh.assert_no_token_elsewhere()
        run.logs_gone = True
        self.assertEqual(self.ask("GET", f"~/actions/runs/{run.id}/logs").status, 410)

    def test_runs(self):
        self.shop.run_finished()
        self.shop.run_finished("success")
        for query, count in (("", 2), ("?status=failure", 1), ("?branch=nope", 0), (f"?head_sha={self.shop.sha()}", 2)):
            self.assertEqual(self.ask("GET", "~/actions/runs" + query).json["total_count"], count)
        self.assertEqual(self.ask("GET", "~/actions/workflows/ci.yml/runs").json["total_count"], 2)
        run = self.shop.runs[0].id
        self.refused(self.ask("POST", f"~/actions/runs/{run}/rerun-failed-jobs", token=self.shop.actions_token(actions="read")),
                     403, "by integration")
        self.assertEqual(self.ask("POST", f"~/actions/runs/{run}/rerun-failed-jobs").status, 201)
        self.refused(self.ask("POST", f"~/actions/runs/{run}/rerun-failed-jobs"), 403, "already running")

    def test_rules(self):
        self.shop.protection["main"] = {"reviews": 1, "checks": ["test"], "pushes_refused": True}
        self.refused(self.ask("GET", "~/branches/main/protection", token=self.bot), 403, "not accessible")
        found = self.ask("GET", "~/branches/main/protection").json
        self.assertEqual(found["required_pull_request_reviews"]["required_approving_review_count"], 1)
        self.assertTrue(self.ask("GET", "~/branches/main").json["protected"])
        self.refused(self.ask("GET", "~/actions/permissions/workflow", token=self.bot), 403, "not accessible")
        number = self.pull()["number"]
        self.refused(self.ask("PUT", f"~/pulls/{number}/merge"), 405, "approving review is required")


class Graph(Case):
    def mutate(self, name, pull, extra="", token=None, fields="isDraft"):
        query = f"mutation($id: ID!) {{ {name}(input: {{pullRequestId: $id{extra}}}) {{ pullRequest {{ {fields} }} }} }}"
        return self.ask("POST", self.gh.graphql_url, {"query": query, "variables": {"id": pull["node_id"]}}, token=token).json

    def test_drafts(self):
        pull = self.pull(draft=True)
        done = self.mutate("markPullRequestReadyForReview", pull)
        self.assertEqual(done, {"data": {"markPullRequestReadyForReview": {"pullRequest": {"isDraft": False}}}})
        self.assertFalse(self.shop.pull(1).pull.draft)
        self.assertIn("doesn't exist", str(self.mutate("markPullRequestReadyForReview", pull, fields="nope")))
        self.assertIn("doesn't exist", str(self.mutate("approveEverything", pull)))
        self.assertIn("Could not resolve", str(self.mutate("convertPullRequestToDraft", {"node_id": "x"})))
        self.assertIn("FORBIDDEN", str(self.mutate("convertPullRequestToDraft", pull, token=self.gh.token("mallory"))))

    def test_auto_merge(self):
        pull = self.pull()
        self.assertIn("not allowed for this repository", str(self.mutate("enablePullRequestAutoMerge", pull)))
        self.shop.repo.allow_auto_merge = True
        self.assertIn("clean status", str(self.mutate("enablePullRequestAutoMerge", pull)))
        self.shop.protection["main"] = {"checks": ["test"]}
        self.assertNotIn("errors", self.mutate("enablePullRequestAutoMerge", pull, ", mergeMethod: SQUASH"))
        self.assertEqual(self.ask("GET", "~/pulls/1").json["auto_merge"]["merge_method"], "squash")
        self.assertNotIn("errors", self.mutate("disablePullRequestAutoMerge", pull))


class Limits(Case):
    def test_etag(self):
        answer = self.ask("GET", "~")
        left = answer.headers["X-RateLimit-Remaining"]
        again = self.ask("GET", "~", If_None_Match=answer.headers["ETag"])
        self.assertEqual((again.status, again.raw, again.headers["X-RateLimit-Remaining"]), (304, b"", left))
        self.shop.repo.archived = True
        self.assertEqual(self.ask("GET", "~", If_None_Match=answer.headers["ETag"]).status, 200)

    def test_primary(self):
        self.gh.set_limit(self.alice, 1, 30)
        self.assertEqual(self.ask("GET", "~").status, 200)
        answer = self.ask("GET", "~")
        self.refused(answer, 403, "API rate limit exceeded")
        self.assertEqual(answer.headers["X-RateLimit-Remaining"], "0")
        self.assertEqual(self.ask("GET", "/rate_limit").json["resources"]["core"]["remaining"], 0)
        self.gh.advance(31)
        self.assertEqual(self.ask("GET", "~").status, 200)

    def test_faults(self):
        for kind, (status, *_) in ((k, v) for k, v in FAULTS.items() if v):
            self.gh.fail(kind, "GET", "/shop$")
            answer = self.ask("GET", "~")
            self.assertEqual(answer.status, status, kind)
            self.assertEqual(self.ask("GET", "~").status, 200)
            self.gh.heal_faults()
        self.gh.fail("secondary", seconds=7)
        self.assertEqual(self.ask("GET", "~").headers["Retry-After"], "7")

    def test_broken_answers(self):
        self.gh.hold_seconds = 0.2
        for kind in ("timeout", "reset", "lost", "lost-timeout", "cut"):
            self.gh.heal_faults()
            self.gh.fail(kind, "POST", "/issues$")
            before = len(self.shop.issues)
            with self.assertRaises((OSError, http.client.HTTPException), msg=kind):
                self.ask("POST", "~/issues", {"title": kind})
            self.assertEqual(len(self.shop.issues) - before, kind in ("lost", "lost-timeout", "cut"), kind)
        self.gh.fail("malformed", "GET", "/issues$")
        with self.assertRaises(ValueError):
            self.ask("GET", "~/issues").json  # pylint: disable=expression-not-assigned

    def test_nth(self):
        fault = self.gh.fail("500", path="/shop$", nth=2, times=2)
        self.assertEqual([self.ask("GET", "~").status for _ in range(4)], [200, 500, 500, 200])
        self.assertEqual(fault.fired, 2)

    def test_checks_see(self):
        self.ask("POST", "~/issues", {"title": "same"}, token=self.bot)
        self.gh.assert_sound()
        self.ask("POST", "~/issues", {"title": "same"}, token=self.bot)
        with self.assertRaises(AssertionError):
            self.gh.assert_no_duplicates()
        with self.assertRaises(AssertionError):
            self.gh.assert_writes_serialised(60)
        self.pull()
        self.ask("POST", "~/pulls/3/reviews", {"event": "APPROVE"}, token=self.bot)
        with self.assertRaises(AssertionError):
            self.gh.assert_never_approves()

    def test_record_has_no_token(self):
        self.ask("GET", "~")
        with tempfile.NamedTemporaryFile("r") as out:
            self.gh.record(out.name)
            text = out.read()
        self.assertNotIn(self.alice, text)
        self.assertEqual(json.loads(text)["path"], "/repos/alice/shop")


class Names(Case):
    def test_renamed(self):
        self.gh.rename(self.shop, "store")
        answer = self.ask("GET", "~/pulls")
        self.assertEqual((answer.status, answer.headers["Location"]), (301, f"{self.gh.api_url}/repositories/{self.shop.id}/pulls"))
        self.assertEqual(self.ask("GET", answer.headers["Location"]).status, 200)
        self.assertEqual(self.ask("POST", "~/issues", {"title": "t"}).status, 307)

    def test_enterprise(self):
        with GitHub(ghes=True) as other:
            other.repository("alice/shop", files=FILES)
            self.alice = other.token("alice")
            self.assertEqual(self.ask("GET", f"{other.url}/api/v3/repos/alice/shop").json["url"],
                             f"{other.url}/api/v3/repos/alice/shop")
            query = {"query": "{ viewer { login } }"}
            self.assertEqual(self.ask("POST", f"{other.url}/api/graphql", query).json, {"data": {"viewer": {"login": "alice"}}})


class Git(Case):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def git(self, *args, token=None, ok=True):
        extra = []
        if token:
            basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
            extra = ["-c", f"http.extraHeader=Authorization: Basic {basic}"]
        run = subprocess.run(["git", *extra, *args], cwd=self.folder.name, env=ENV, capture_output=True, text=True)
        self.assertEqual(run.returncode == 0, ok, run.stderr)
        return run.stdout + run.stderr

    def write(self, path, text):
        path = os.path.join(self.folder.name, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)

    def commit(self, path, text):
        self.write(path, text)
        self.git("add", "-A")
        self.git("commit", "-qm", "change")

    def clone(self, **more):
        return self.git("clone", "-q", self.shop.clone_url, ".", **more)

    def test_push(self):
        self.clone()
        self.commit("a.py", "x = 3\n")
        self.git("push", "origin", "HEAD:refs/heads/fix", token=self.bot)
        self.assertEqual(self.shop.file("a.py", "fix"), b"x = 3\n")
        self.assertEqual(self.gh.moves[-1]["login"], "heal-bot")
        self.commit("big.bin", "".join(self.gh.random(76) + "\n" for _ in range(30000)))
        self.git("push", "origin", "HEAD:refs/heads/fix", token=self.bot)
        self.git("push", "origin", ":refs/heads/fix", token=self.bot)
        self.assertIsNone(self.shop.sha("fix"))

    def test_who_may_not(self):
        self.clone()
        self.commit("a.py", "x = 3\n")
        reader = self.shop.token("heal-bot", permissions={"contents": "read"})
        push = ("push", "origin", "HEAD:refs/heads/fix")
        self.assertIn("403", self.git(*push, token=reader, ok=False))
        self.git(*push, token="ghp_wrong", ok=False)
        self.assertEqual(self.gh.requests(kind="git")[-1].status, 401)
        self.assertIn("could not read Username", self.git(*push, ok=False))
        self.assertIsNone(self.shop.sha("fix"))

    def test_workflow_is_refused(self):
        self.clone()
        self.commit(".github/workflows/ci.yml", "on: push\n")
        push = ("push", "origin", "HEAD:refs/heads/fix")
        for token, text in ((self.shop.actions_token(), "refusing to allow a GitHub App to create or update workflow "
                             "`.github/workflows/ci.yml` without `workflows` permission"),
                            (self.alice, "refusing to allow a Personal Access Token to create or update workflow "
                             "`.github/workflows/ci.yml` without `workflow` scope")):
            self.assertIn(text, self.git(*push, token=token, ok=False))
        self.git(*push, token=self.gh.token("alice", scopes=("repo", "workflow")))

    def test_protected(self):
        self.shop.protection["main"] = {"pushes_refused": True}
        self.clone()
        self.commit("a.py", "x = 3\n")
        self.assertIn("protected branch hook declined", self.git("push", "origin", "HEAD:main", token=self.bot, ok=False))
        self.assertIn("hidden ref", self.git("push", "origin", "HEAD:refs/pull/1/head", token=self.bot, ok=False))

    def test_private_and_pull_refs(self):
        self.shop.repo.private = True
        self.clone(ok=False)
        self.clone(token=self.bot)
        number = self.pull()["number"]
        self.git("fetch", "-q", "origin", f"refs/pull/{number}/head", token=self.bot)
        self.assertEqual(self.git("rev-parse", "FETCH_HEAD").strip(), self.shop.sha("fix"))

    def test_lost_push_has_happened(self):
        self.clone()
        self.commit("a.py", "x = 3\n")
        self.gh.fail("lost", "POST", "git-receive-pack")
        self.git("push", "origin", "HEAD:refs/heads/fix", token=self.bot, ok=False)
        self.assertEqual(self.shop.file("a.py", "fix"), b"x = 3\n")


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.headers, body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Webhooks(Case):
    def setUp(self):
        super().setUp()
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
        self.server.got, self.server.status = [], 202
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.gh.webhook(f"http://127.0.0.1:{self.server.server_port}/webhooks/github", "s3cret")

    def test_signed_and_in_order(self):
        self.shop.person_opens_issue("bob", "t")
        self.shop.person_comments("bob", 1, "/selfheal retry")
        run = self.shop.run_finished()
        self.gh.deliveries_done()
        self.assertEqual([h["X-GitHub-Event"] for h, _ in self.server.got], ["issues", "issue_comment", "workflow_run"])
        for headers, body in self.server.got:
            wanted = "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
            self.assertEqual(headers["X-Hub-Signature-256"], wanted)
        self.assertEqual(json.loads(self.server.got[2][1])["workflow_run"]["id"], run.id)

    def test_again(self):
        app = self.gh.app("myapp", {"issues": "write"}, account="alice")
        self.server.status = 500
        self.shop.person_opens_issue("bob", "t")
        self.gh.deliveries_done()
        token = jwt(app, time.time())
        failed = self.ask("GET", "/app/hook/deliveries?status=failure", token=token).json
        self.server.status = 202
        self.assertEqual(self.ask("POST", f"/app/hook/deliveries/{failed[0]['id']}/attempts", token=token).status, 202)
        self.gh.deliveries_done()
        self.assertEqual([h["X-GitHub-Delivery"] for h, _ in self.server.got], [failed[0]["guid"]] * 2)
        self.assertTrue(self.ask("GET", "/app/hook/deliveries", token=token).json[0]["redelivery"])


if __name__ == "__main__":
    unittest.main()
