"""selfheal review: a bot's pull request looked at, on a scripted GitHub with real git."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from github import GitHub  # noqa: E402

SELFHEAL = os.environ["SELFHEAL"]
RED = "def mean(v):\n    return sum(v) / (len(v) - 1)\n"
GREEN = "def mean(v):\n    return sum(v) / len(v)\n"
TESTS = """from mean import mean

def test_two():
    assert mean([1, 3]) == 2

def test_type():
    assert isinstance(mean([1, 2]), float)
"""


class Review(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.gh = GitHub()
        self.addCleanup(self.gh.close)
        self.shop = self.gh.repository("alice/shop", files={"mean.py": RED, "test_mean.py": TESTS})
        self.gh.user("dependabot[bot]", "Bot")
        self.token = self.shop.actions_token()

    def propose(self, files):
        self.shop.person_pushes("alice", files, branch="bump")
        return self.shop.person_opens_pull("dependabot[bot]", "bump").number

    def review(self, number, *args, rc=0):
        done = subprocess.run(
            [SELFHEAL, "review", str(number), "--repo", "alice/shop", "--format", "json", *args],
            cwd=self.folder.name, capture_output=True, text=True, timeout=200,
            env={"PATH": "/usr/bin:/bin", "HOME": self.folder.name, "GITHUB_API_URL": self.gh.api_url,
                 "GITHUB_TOKEN": self.token, "SELFHEAL_WRITE_GAP_MS": "0"})
        self.assertEqual(done.returncode, rc, done.stdout + done.stderr)
        self.assertNotIn(self.token, done.stdout + done.stderr)
        return json.loads(done.stdout) if rc == 0 else done.stderr

    def test_it_heals(self):
        number = self.propose({"mean.py": GREEN})
        seen = self.review(number)
        self.assertEqual(seen["verdict"], "heals the failing tests and breaks none")
        self.assertEqual(len(seen["healed"]), 1)
        self.assertEqual(seen["policy"], "allow")
        self.assertFalse(seen["posted"])
        self.assertEqual(self.shop.pull(number).pull.reviews, [])

    def test_said_once_for_a_head_and_never_an_approval(self):
        number = self.propose({"mean.py": GREEN})
        self.assertTrue(self.review(number, "--post")["posted"])
        self.assertFalse(self.review(number, "--post")["posted"])
        [said] = self.shop.pull(number).pull.reviews
        self.assertEqual(said.state, "COMMENTED")
        self.assertIn("This is no approval", said.body)
        self.gh.assert_sound()

    def test_it_weakens_the_tests(self):
        number = self.propose({"test_mean.py": TESTS.replace("== 2", "> 0")})
        seen = self.review(number)
        self.assertEqual(seen["policy"], "refuse")
        self.assertIn("| refuse |", seen["text"])

    def test_it_breaks_another(self):
        number = self.propose({"mean.py": "def mean(v):\n    return sum(v) // len(v)\n"})
        seen = self.review(number)
        self.assertEqual(seen["verdict"], "breaks tests that passed")
        self.assertEqual(len(seen["broken"]), 1)

    def test_a_strangers_settings_do_not_count(self):
        self.gh.user("mallory")
        fork = self.shop.person_forks("mallory")
        leak = os.path.join(self.folder.name, "leak")
        fork.person_pushes("mallory", {
            "mean.py": GREEN,
            ".selfheal.yml": f"test: 'env > {leak}; python3 -m pytest'\nsandbox:\n  mode: 'off'\n"}, branch="evil")
        number = self.shop.person_opens_pull("mallory", "evil", head=fork).number
        seen = self.review(number)
        self.assertFalse(os.path.exists(leak))
        self.assertEqual(seen["verdict"], "heals the failing tests and breaks none")

    def test_no_such_pull_request(self):
        self.assertIn("no open pull request #99", self.review(99, rc=2))


if __name__ == "__main__":
    unittest.main()
