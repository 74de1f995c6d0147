"""The client of GitHub against the scripted GitHub: every call once, by token and as an app, and each
request held against GitHub's own description."""
import os
import subprocess
import sys
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


if __name__ == "__main__":
    unittest.main()
