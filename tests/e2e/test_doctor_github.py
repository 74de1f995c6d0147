"""'selfheal doctor --github' against a scripted GitHub: what it finds, what it leaves alone."""
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from github import GitHub  # noqa: E402

SELFHEAL = os.environ["SELFHEAL"]
REVIEWED = {"required_pull_request_reviews": {"required_approving_review_count": 1},
            "required_status_checks": {"strict": False, "contexts": ["test"], "checks": []}}
RULESET = {"id": 1, "name": "main", "target": "branch", "source_type": "Repository", "source": "alice/shop",
           "enforcement": "active", "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
           "rules": [{"type": "pull_request", "parameters": {"required_approving_review_count": 1}},
                     {"type": "required_status_checks", "parameters": {}}]}
PERMISSIONS = {"contents": "write", "pull_requests": "write", "issues": "write", "checks": "write", "actions": "read"}


def doctor(env, *arguments, form="json"):
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GH_"))}
    ran = subprocess.run([SELFHEAL, "doctor", "--github", "--repo", "alice/shop", "--format", form, *arguments],
                         env={**clean, "SELFHEAL_WRITE_GAP_MS": "0", **env}, capture_output=True, text=True)
    if form != "json" or not ran.stdout:
        return ran
    checks = json.loads(ran.stdout)["github"]["checks"]
    return ran.returncode, {(one["check"], one["state"]): one for one in checks}


class Receiver(http.server.BaseHTTPRequestHandler):
    """A webhook server as it should be, or (trusting) as it should not."""
    secret, trusting, seen = b"s3cret", False, []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        wanted = "sha256=" + hmac.new(self.secret, body, hashlib.sha256).hexdigest()
        given = self.headers.get("X-Hub-Signature-256", "")
        Receiver.seen.append((self.headers["X-GitHub-Event"], self.headers["X-GitHub-Delivery"]))
        self.send_response(202 if Receiver.trusting or hmac.compare_digest(wanted, given) else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Doctor(unittest.TestCase):
    def setUp(self):
        self.gh = GitHub()
        self.addCleanup(self.gh.close)
        self.gh.user("alice")
        self.shop = self.gh.repository("alice/shop", files={"a.py": "x = 1\n"})

    def env(self, token):
        return {"GITHUB_API_URL": self.gh.api_url, "GITHUB_TOKEN": token}

    def app(self, permissions=None):
        app = self.gh.app("healer", permissions or PERMISSIONS, account="alice")
        return {"GITHUB_API_URL": self.gh.api_url, "APP_ID": str(app.id), "PRIVATE_KEY_PATH": app.key_file}

    def protect(self):
        self.shop.repo.rulesets.append(RULESET)

    def test_an_app_as_it_should_be(self):
        self.protect()
        code, found = doctor(self.app())
        self.assertEqual(code, 0, found)
        self.assertIn(("merge", "good"), found)
        self.assertIn(("permissions", "good"), found)
        self.assertIn(("deliveries", "good"), found)
        self.assertEqual([key for key in found if key[1] == "BAD"], [])

    def test_what_an_app_lacks(self):
        self.protect()
        code, found = doctor(self.app({"contents": "write", "issues": "write"}))
        self.assertEqual(code, 3)
        self.assertIn("pull_requests: write", found[("permissions", "BAD")]["text"])
        self.assertIn("accept it", found[("permissions", "BAD")]["advice"])

    def test_an_unprotected_branch_is_bad(self):
        code, found = doctor(self.app())
        self.assertEqual(code, 3)
        self.assertIn("could push", found[("merge", "BAD")]["text"])

    def test_the_token_of_a_job(self):
        self.protect()
        code, found = doctor(self.env(self.shop.actions_token()))
        self.assertEqual(code, 0, found)
        self.assertIn("starts no workflow", found[("CI starts on its pull requests", "warn")]["text"])
        self.assertIn("Allow GitHub Actions", found[("actions may open pull requests", "NOT KNOWN")]["advice"])

    def test_an_owner_is_no_bot(self):
        self.protect()
        self.shop.repo.actions_may_create_pulls = False
        code, found = doctor(self.env(self.gh.token("alice", kind="classic")))
        self.assertEqual(code, 3)
        self.assertIn("administers", found[("role", "BAD")]["text"])
        self.assertIn(("actions may open pull requests", "warn"), found)
        self.assertIn(("token", "warn"), found)

    def test_a_token_that_covers_nothing_here(self):
        self.shop.repo.private = True
        code, found = doctor(self.env(self.gh.token("stranger", permissions=PERMISSIONS, repos=[])))
        self.assertEqual(code, 3)
        self.assertIn("may not see", found[("repository", "BAD")]["advice"])

    def test_a_wrong_token_and_no_server(self):
        for env, wanted in ((self.env("ghp_wrong"), "connection"),
                            ({"GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_TOKEN": "ghp_x"}, "connection")):
            code, found = doctor(env)
            self.assertEqual(code, 3)
            self.assertIn((wanted, "BAD"), found)
            self.assertNotIn(env["GITHUB_TOKEN"], json.dumps(list(found.values())))

    def test_archived(self):
        self.protect()
        self.shop.repo.archived = True
        code, found = doctor(self.env(self.shop.actions_token()))
        self.assertEqual(code, 3)
        self.assertIn("archived", found[("repository", "BAD")]["text"])

    def test_it_writes_nothing(self):
        self.protect()
        doctor(self.app())
        self.assertEqual([one for one in self.gh.writes() if "access_tokens" not in one.path], [])

    def test_usage(self):
        ran = subprocess.run([SELFHEAL, "doctor", "--url", "http://127.0.0.1:1"], capture_output=True, text=True)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("goes with '--github'", ran.stderr)

    def test_text_for_people(self):
        self.protect()
        ran = doctor(self.env(self.shop.actions_token()), form="text")
        self.assertIn("  good      merge: ", ran.stdout)
        self.assertIn("  NOT KNOWN permissions: ", ran.stdout)
        table = doctor(self.env(self.shop.actions_token()), form="markdown").stdout
        self.assertIn("| good | merge | ", table)

    def test_the_webhook_server(self):
        self.protect()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/webhooks/github"
        env = self.env(self.shop.actions_token())
        rows = [("s3cret", False, "good", "a signed delivery is taken (202)"),
                ("other", False, "BAD", "is refused (401)"),
                ("", False, "NOT KNOWN", "not set here"),
                ("s3cret", True, "BAD", "takes deliveries with a wrong signature")]
        for secret, trusting, state, wanted in rows:
            with self.subTest(wanted):
                Receiver.trusting = trusting
                Receiver.seen.clear()
                _, found = doctor({**env, "WEBHOOK_SECRET": secret}, "--url", url)
                self.assertIn(wanted, found[("webhook", state)]["text"])
                self.assertEqual({event for event, _ in Receiver.seen}, {"ping"})
                self.assertEqual(len({guid for _, guid in Receiver.seen}), len(Receiver.seen))
        _, found = doctor({**env, "WEBHOOK_SECRET": "s3cret"}, "--url", "http://127.0.0.1:9/")
        self.assertIn("does not answer", found[("webhook", "BAD")]["text"])

    def test_our_own_server(self):
        with tempfile.TemporaryDirectory() as folder:
            server = subprocess.Popen([SELFHEAL, "serve", "--listen", "127.0.0.1:0", "--store", f"{folder}/s.db", "--jobs", "0"],
                                      env={"PATH": os.environ["PATH"], "HOME": folder, "WEBHOOK_SECRET": "s3cret"},
                                      stderr=subprocess.PIPE, text=True)
            try:
                line = next(line for line in server.stderr if "listening on" in line)
                url = f"http://127.0.0.1:{re.search(r':([0-9]+)/', line).group(1)}/webhooks/github"
                env = self.env(self.shop.actions_token())
                for secret, state in (("s3cret", "good"), ("other", "BAD")):
                    _, found = doctor({**env, "WEBHOOK_SECRET": secret}, "--url", url)
                    self.assertIn(("webhook", state), found)
            finally:
                server.terminate()
                server.stderr.read()
                server.stderr.close()
                self.assertEqual(server.wait(30), 0)


if __name__ == "__main__":
    unittest.main()
