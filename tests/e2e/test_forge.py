"""The client of GitHub against the scripted GitHub: every call once, by token and as an app, and each
request held against GitHub's own description."""
import http.server
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "contract")]
import contract  # noqa: E402
from github import GitHub  # noqa: E402

TOOL = os.path.join(os.path.dirname(os.environ.get("SELFHEAL", "build/dev/selfheal")), "tests", "selfheal-test")
GRANTED = {"contents": "write", "pull_requests": "write", "issues": "write", "checks": "write", "actions": "write",
           "statuses": "write", "administration": "read", "members": "read"}
SAID = ["compare 1 commits 3 files", "content 12 bytes", "pulls 1", "reviews 1", "issues 1", "checks 1",
        "runs 1 jobs 1 artifacts 1"]


class Story(unittest.TestCase):
    ghes = False

    def setUp(self):
        self.gh = GitHub(ghes=self.ghes)
        self.gh.organization("acme", teams=["core"])
        self.shop = self.gh.repository("acme/shop", files={"a.py": "x = 1\ny = 2\n", "doc/b.txt": "hi\n"},
                                       collaborators={"bob": "admin", "carol": "write"})
        self.shop.repo.allow_auto_merge = True
        self.shop.protection["main"] = {"reviews": 1, "checks": ["test"], "pushers": ["bob"]}
        self.app = self.gh.app("myapp", GRANTED, account="acme")

    def tell(self, **environment):
        with self.gh:
            self.shop.run_finished(artifacts={"fixes": {"fixes.json": "{}"}})
            env = {"PATH": "/usr/bin:/bin", "GITHUB_API_URL": self.gh.api_url, **environment}
            done = subprocess.run([TOOL, "forge", "acme/shop"], env=env, capture_output=True, text=True, timeout=120)
        self.gh.assert_no_token_elsewhere()
        return done

    def tell_as_app(self):
        with open(self.app.key_file) as key:
            return self.tell(APP_ID=self.app.client_id, PRIVATE_KEY=key.read())

    def assert_told(self, done, *more):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = done.stdout.splitlines()
        for line in (*SAID, *more):
            self.assertIn(line, lines)

    def assert_contract(self):
        if not contract.is_installed():
            self.skipTest("scripts/setup installs tests/contract")
        sent = [str(v) for v in contract.check(self.gh.log) if v.side == "request"]
        self.assertEqual(sent, [])


class ByToken(Story):
    def test_of_a_person(self):
        """One may not ask oneself for a review, and checks are apps' alone."""
        token = self.gh.token("bob")
        done = self.tell(GITHUB_TOKEN=token)
        failed = [line.split(":")[0] for line in done.stdout.splitlines() if line.startswith("forge_")]
        self.assertEqual(failed, ["forge_request_reviewers", "forge_check_write", "forge_check_write"])
        self.assertIn("rules known=1 protected=1 pull=1 reviews=1", done.stdout)
        self.assertNotIn(token, done.stdout + done.stderr)
        self.assert_contract()

    def test_of_actions(self):
        """GITHUB_TOKEN: without a setting it opens no pull request, and says which setting."""
        self.shop.repo.actions_may_create_pulls = False
        done = self.tell(GITHUB_TOKEN=self.shop.actions_token())
        self.assertIn("me github-actions[bot] 41898282", done.stdout)
        self.assertIn("access actions 1000", done.stdout)
        self.assertIn("Allow GitHub Actions to create and approve pull requests", done.stdout)

    def test_that_is_none(self):
        done = self.tell(GITHUB_TOKEN="ghp_nonsense")
        self.assertIn("Bad credentials (the token is wrong, has expired or was revoked)", done.stdout)
        self.assertNotIn("ghp_nonsense", done.stdout + done.stderr)


class AsApp(Story):
    def test_every_call(self):
        done = self.tell_as_app()
        self.assert_told(done, "deliveries 0")
        self.assertIn("me myapp[bot] ", done.stdout)
        self.assert_contract()

    def test_clock_that_is_wrong(self):
        """GitHub's clock is two hours ahead of ours: the app's first signature is refused."""
        self.gh.clock_offset = 7200
        self.assert_told(self.tell_as_app())

    def test_renamed_repository(self):
        with self.gh.lock:
            self.gh.rename(self.shop, "market")
        done = self.tell_as_app()
        self.assert_told(done)

    def test_each_kind_of_fault(self):
        """What may be repeated is: one fault in the middle of the reads changes nothing."""
        for kind in ("reset", "cut", "malformed", "502", "500", "secondary", "429", "primary"):
            with self.subTest(kind):
                self.setUp()
                self.gh.fail(kind, method="GET", nth=12, seconds=1)
                done = self.tell_as_app()
                self.assert_told(done)
                self.assertEqual(self.gh.faults[0].fired, 1)


class OnEnterpriseServer(AsApp):
    ghes = True
    test_each_kind_of_fault = None


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"login": "eve", "id": 5}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Certificates(unittest.TestCase):
    """A server whose certificate is of a company's own."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="selfheal-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.cert, key = os.path.join(self.folder, "cert.pem"), os.path.join(self.folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", self.cert, "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def ask(self, host="localhost", **environment):
        env = {"PATH": "/usr/bin:/bin", "GITHUB_API_URL": f"https://{host}:{self.server.server_address[1]}",
               "GITHUB_TOKEN": "ghp_x", **environment}
        return subprocess.run([TOOL, "forge", "o/r"], env=env, capture_output=True, text=True, timeout=120).stdout

    def test_unknown_is_refused(self):
        said = self.ask().splitlines()[0]
        self.assertIn("forge_me: GET 'https://localhost:", said)
        self.assertIn("SSL_CERT_FILE", said)

    def test_named_is_taken(self):
        self.assertIn("me eve 5", self.ask(SSL_CERT_FILE=self.cert))

    def test_of_another_host_is_refused(self):
        self.assertNotIn("me eve", self.ask(host="127.0.0.1", SSL_CERT_FILE=self.cert))


if __name__ == "__main__":
    unittest.main()
