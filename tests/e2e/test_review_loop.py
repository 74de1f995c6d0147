"""Webhooks, the queue and what follows: the real server, a scripted GitHub with real git, people who answer."""
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from github import GitHub  # noqa: E402

SELFHEAL = os.environ["SELFHEAL"]
SECRET = "what GitHub and we know"
RED = "def mean(v):\n    return sum(v) / (len(v) - 1)\n"
GREEN = "def mean(v):\n    return sum(v) / len(v)\n"
TESTS = """from mean import mean

def test_two():
    assert mean([1, 3]) == 2

def test_three():
    assert mean([4, 4, 4]) == 4

def test_four():
    assert mean([1, 2, 3, 4]) == 2.5
"""
PERMISSIONS = {"contents": "write", "pull_requests": "write", "issues": "write", "checks": "write", "actions": "read",
               "metadata": "read"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.gh = GitHub()
        self.shop = self.gh.repository("alice/shop", files={"mean.py": RED, "test_mean.py": TESTS},
                                       collaborators={"bob": "write"})
        self.gh.user("mallory")
        self.app = self.gh.app("healer", PERMISSIONS, account="alice")
        self.port = free_port()
        self.serve()
        self.gh.webhook(f"http://127.0.0.1:{self.port}/webhooks/github", SECRET)

    def tearDown(self):
        self.stop()
        self.gh.close()
        self.folder.cleanup()

    def serve(self):
        env = {"PATH": "/usr/bin:/bin", "HOME": self.folder.name, "GITHUB_API_URL": self.gh.api_url, "LC_ALL": "C.UTF-8",
               "APP_ID": str(self.app.id), "PRIVATE_KEY_PATH": self.app.key_file, "SELFHEAL_WRITE_GAP_MS": "0",
               "WEBHOOK_SECRET": SECRET, "SELFHEAL_SERVE_LOGIN": "healer[bot]", "SELFHEAL_BUDGET": "60"}
        self.log = open(os.path.join(self.folder.name, "log"), "ab")
        self.server = subprocess.Popen(
            [SELFHEAL, "serve", "--listen", f"127.0.0.1:{self.port}", "--store", self.store], env=env,
            stdout=self.log, stderr=self.log, start_new_session=True)
        self.until(self.listens, "the server listens")

    @property
    def store(self):
        return os.path.join(self.folder.name, "serve.db")

    def listens(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, how=signal.SIGTERM):
        if self.server.poll() is None:
            self.server.send_signal(how)
            self.server.wait(60)
        self.log.close()

    def until(self, happened, what, seconds=90):
        end = time.time() + seconds
        while time.time() < end:
            if happened():
                return
            time.sleep(0.1)
        with open(os.path.join(self.folder.name, "log"), errors="replace") as log:
            self.fail(f"did not happen: {what}\n" + "\n".join(log.read().splitlines()[-15:]))

    def idle(self):
        """No job waits or runs any more."""
        text = subprocess.run([SELFHEAL, "work", "waiting", "--store", self.store], capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin", "HOME": self.folder.name}).stdout
        return "no job is waiting" in text

    def red(self, **more):
        return self.shop.run_finished("failure", logs={"0_test.txt": "FAILED test_mean.py::test_two - assert 4.0 == 2\n"},
                                      **more)

    def proposed(self):
        self.red()
        self.until(lambda: self.shop.open_pulls("healer[bot]"), "a pull request")
        [pull] = self.shop.open_pulls("healer[bot]")
        return pull

    def answers(self, number):
        return [c.body for c in self.shop.pull(number).comments
                if c.login == "healer[bot]" and "selfheal:v1 what=answer" in c.body]

    def answered(self, number, count):
        self.until(lambda: len(self.answers(number)) >= count, f"answer {count}")
        return self.answers(number)[-1]

    def outcomes(self):
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True) as db:
            return sorted(db.execute("SELECT result, actor FROM outcomes").fetchall())

    def attempts(self, number):
        found = re.search(r"attempts=(\d+)", self.shop.pull(number).body)
        return int(found.group(1)) if found else 0


class Loop(Case):
    def test_from_red_to_green(self):
        pull = self.proposed()
        first = self.shop.file("mean.py", pull.pull.head_ref)

        # Not everybody may ask; quotes do not count.
        self.shop.person_comments("mallory", pull.number, "/selfheal ignore")
        self.shop.person_comments("bob", pull.number, "> /selfheal ignore\nwhat does that do?")
        self.shop.person_comments("bob", pull.number, "/selfheal explain")
        self.assertIn("test\\_two", self.answered(pull.number, 1))
        self.assertEqual(pull.state, "open")
        self.assertEqual(len(self.answers(pull.number)), 1)

        # A review that asks for changes: another change, on the same branch, counted.
        self.shop.person_reviews("bob", pull.number, "CHANGES_REQUESTED", "not like this")
        self.answered(pull.number, 2)
        self.assertEqual(self.attempts(pull.number), 1)
        self.assertNotEqual(self.shop.file("mean.py", pull.pull.head_ref), first)
        self.assertEqual(len(self.shop.open_pulls("healer[bot]")), 1)

        # Another workflow that is green says nothing of the one that is red.
        self.shop.run_finished("success", workflow="Docs", path=".github/workflows/docs.yml")
        self.until(self.idle, "done")
        time.sleep(1)
        self.until(self.idle, "done")
        self.assertEqual(pull.state, "open")

        # And once more: neither of the two that were turned down.
        second = self.shop.file("mean.py", pull.pull.head_ref)
        self.shop.person_reviews("bob", pull.number, "CHANGES_REQUESTED", "nor like this")
        self.answered(pull.number, 3)
        self.assertEqual(self.attempts(pull.number), 2)
        self.assertNotIn(self.shop.file("mean.py", pull.pull.head_ref), (first,))
        self.assertTrue(self.shop.file("mean.py", pull.pull.head_ref) != second or "needs-human" in pull.labels)

        # A person heals the base: nothing is left to do.
        self.shop.person_pushes("alice", {"mean.py": GREEN})
        self.shop.run_finished("success")
        self.until(lambda: pull.state == "closed", "closed")
        self.assertEqual(pull.closed_by, "healer[bot]")
        self.gh.assert_sound()

    def test_red_on_the_bots_own_branch_is_bounded(self):
        pull = self.proposed()
        for turn in range(4):
            self.red(branch=pull.pull.head_ref)
            # The same commit red again is answered once; each turn is one attempt more, and three are the most.
            self.until(lambda: self.attempts(pull.number) >= min(turn + 1, 3) and self.idle(), f"turn {turn}")
        self.assertEqual(self.attempts(pull.number), 3)
        self.assertIn("needs-human", pull.labels)
        self.assertEqual(len(self.answers(pull.number)), 1)
        self.gh.assert_sound()

    def test_what_a_person_closed_or_ignores(self):
        pull = self.proposed()
        self.shop.person_closes("bob", pull.number)
        self.red()
        self.until(self.idle, "nothing to do")
        self.assertEqual(self.shop.open_pulls("healer[bot]"), [])

        # retry lifts it.
        self.shop.person_comments("bob", pull.number, "/selfheal retry")
        self.answered(pull.number, 1)
        self.until(lambda: self.shop.open_pulls("healer[bot]"), "proposed again")
        again = self.shop.open_pulls("healer[bot]")[0]
        self.shop.person_comments("bob", again.number, "/selfheal ignore")
        self.until(lambda: again.state == "closed", "closed")
        self.answered(again.number, 1)
        self.red()
        self.until(self.idle, "nothing to do")
        self.assertEqual(self.shop.open_pulls("healer[bot]"), [])
        self.gh.assert_sound()


class Revert(Case):
    def test_a_merged_fix_is_taken_back(self):
        pull = self.proposed()
        healed = self.shop.file("mean.py", pull.pull.head_ref)
        pull.pull.draft = False
        self.shop.person_merges("bob", pull.number)
        self.assertEqual(self.shop.file("mean.py"), healed)
        self.shop.person_comments("bob", pull.number, "/selfheal revert")
        self.assertRegex(self.answered(pull.number, 1), r"Proposed: #\d+")
        [revert] = self.shop.open_pulls("healer[bot]")
        self.assertEqual(self.shop.file("mean.py", revert.pull.head_ref).decode(), RED)
        self.until(lambda: self.outcomes() == [("merged", "bob"), ("reverted", "bob")], "both are remembered")
        self.gh.assert_sound()


class Fork(Case):
    def test_a_forks_settings_and_secrets(self):
        fork = self.shop.person_forks("mallory")
        leak = os.path.join(self.folder.name, "leak")
        fork.person_pushes("mallory", {
            ".selfheal.yml": f"setup: 'env > {leak}'\nsandbox:\n  mode: 'off'\n  network: true\n",
            "test_more.py": "import os\n\ndef test_env():\n    text = open('/proc/self/environ').read()\n"
                            "    assert 'PRIVATE' not in text and 'TOKEN' not in text\n"}, branch="evil")
        made = self.shop.person_opens_pull("mallory", "evil", head=fork)
        self.red(branch="evil", event="pull_request", head=fork, sha=made.pull.head_sha)
        self.until(self.idle, "done")
        self.until(lambda: made.comments or made.pull.reviews, "a suggestion or a comment")
        self.assertFalse(os.path.exists(leak))
        self.assertEqual(self.shop.open_pulls("healer[bot]"), [])
        self.assertEqual(fork.sha("evil"), made.pull.head_sha)

        # Asked for by somebody who may, they are a stranger's all the same.
        self.shop.person_comments("bob", made.number, "/selfheal explain")
        self.answered(made.number, 1)
        self.assertFalse(os.path.exists(leak))
        self.gh.assert_sound()


class Killed(Case):
    def test_the_story_ends_the_same(self):
        """The server and its jobs die again and again; what was answered 2xx is done in the end, once."""
        self.red()
        for _ in range(4):
            time.sleep(1.2)
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()
            self.log.close()
            self.serve()
        self.until(lambda: self.shop.open_pulls("healer[bot]"), "a pull request", 150)
        self.assertEqual(len(self.shop.open_pulls("healer[bot]")), 1)
        self.gh.assert_sound()


if __name__ == "__main__":
    unittest.main()
