"""The gate in front of every repair: what passes and fails is told apart and never repaired."""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

SELFHEAL = os.environ["SELFHEAL"]
ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
       "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org"}

STATE = "names = []\n"

TESTS = """import state


%s
def test_y_spoils():
    state.names.append("left")


def test_z_wants_none():
    assert state.names == []
""" % "".join("def test_a%02d():\n    assert True\n\n\n" % i for i in range(20))

UNITTESTS = """import unittest
import state


class Suite(unittest.TestCase):
    def test_a(self):
        self.assertTrue(True)

    def test_b_spoils(self):
        state.names.append("left")

    def test_c(self):
        self.assertEqual(1, 1)

    def test_d_wants_none(self):
        self.assertEqual(state.names, [])
"""

MARKER = """import os


def test_a_leaves_a_file():
    open("left", "w").close()


def test_b_wants_none():
    assert not os.path.exists("left")
"""

CLOCK = """import datetime


def test_day():
    assert datetime.datetime.now().strftime("%Y-%m-%d") != "{today}"
"""

CHANCE = """import random


def test_luck():
    assert random.random() > 0.6
"""

SUM = "def add(a, b):\n    return a - b\n"
TEST_SUM = """import random

from sums import add


def test_add():
    random.seed(1)
    a = random.randint(1, 9)
    assert add(a, 3) == a + 3
"""


class Gate(unittest.TestCase):
    def setUp(self):
        self.base = tempfile.mkdtemp(prefix="selfheal-flaky-")
        self.addCleanup(shutil.rmtree, self.base, True)
        self.env = dict(ENV, HOME=self.base)

    def make(self, files):
        root = os.path.join(self.base, "repo%d" % random.getrandbits(32))
        os.makedirs(root)
        for path, text in files.items():
            with open(os.path.join(root, path), "w") as f:
                f.write(text)
        subprocess.run("git init -q && git add -A && git commit -qm first", shell=True, cwd=root, env=self.env, check=True)
        return root

    def heal(self, root, *args):
        p = subprocess.run([SELFHEAL, "heal", "--format", "json", "--budget", "60", *args], cwd=root, env=self.env,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=200)
        self.assertTrue(p.stdout, p.stderr)
        return json.loads(p.stdout)

    def check_flaky(self, files, *args):
        r = self.heal(self.make(files), *args)
        self.assertEqual((r["outcome"], r["patch"]), ("flaky", None), r["why"])
        self.assertLessEqual(r["runs"], 13)
        return r

    def test_polluter_is_named(self):
        r = self.check_flaky({"state.py": STATE, "test_all.py": TESTS})
        self.assertIn("'test_all.py::test_z_wants_none' passes alone and fails after 'test_all.py::test_y_spoils'", r["why"])

    def test_polluter_of_unittest_is_named(self):
        r = self.check_flaky({"state.py": STATE, "test_all.py": UNITTESTS}, "--test", "python3 -m unittest -q")
        self.assertIn("test_b_spoils'", r["why"])
        self.assertIn("test_d_wants_none", r["why"])

    def test_files_left_behind_are_cleared_between_reruns(self):
        r = self.check_flaky({"test_all.py": MARKER})
        self.assertIn("test_a_leaves_a_file'", r["why"])

    def test_files_left_behind_are_no_chance(self):
        """Only Python's tests can be chosen; elsewhere, too, what an earlier run left decides nothing."""
        once = "test -e left || { touch left; echo 'a.c:1: error: no'; exit 1; }\n"
        r = self.heal(self.make({"check.sh": once}), "--test", "sh check.sh")
        self.assertNotEqual(r["outcome"], "flaky", r["why"])
        self.assertIsNone(r["patch"])

    def test_chance_is_told_in_any_language(self):
        dice = "test $(od -An -N1 -tu1 /dev/urandom) -lt 205 || { echo 'FAIL: dice'; exit 1; }\n"
        root = self.make({"check.sh": dice})
        for _ in range(60):
            r = self.heal(root, "--no-remember", "--test", "sh check.sh")
            if r["outcome"] != "nothing_to_do":
                break
        self.assertEqual((r["outcome"], r["patch"]), ("flaky", None), r["why"])
        self.assertLessEqual(r["runs"], 13)

    def test_clock(self):
        import datetime

        today = datetime.datetime.now().strftime("%Y-%m-%d")
        r = self.check_flaky({"test_clock.py": CLOCK.replace("{today}", today)})
        self.assertIn("at another time", r["why"])

    def test_every_part_of_the_day_is_met(self):
        import datetime

        # Passes only from 15 to 21 hours from now on.
        text = "import datetime\n\n\ndef test_hour():\n" \
               "    assert (datetime.datetime.now().hour - %d) %% 24 in range(15, 21)\n" % datetime.datetime.now().hour
        self.check_flaky({"test_hour.py": text})

    def test_chance(self):
        root = self.make({"test_chance.py": CHANCE})
        for _ in range(12):
            r = self.heal(root)
            self.assertIsNone(r["patch"])
            self.assertIn(r["outcome"], ("flaky", "nothing_to_do"))
            if r["outcome"] == "flaky":
                break
        else:
            self.fail("always green")
        # The store remembers it.
        self.assertGreater(r["runs"], r["red_runs"])

    def test_steady_is_repaired_whatever_it_imports(self):
        r = self.heal(self.make({"sums.py": SUM, "test_sums.py": TEST_SUM}))
        self.assertEqual(r["outcome"], "healed", r["why"])
        self.assertGreater(r["runs"], 5)
        self.assertEqual(r["runs"], r["red_runs"])

    def test_alone_where_the_command_hides_the_runner(self):
        makefile = "check:\n\t@PYTHONPATH=. python3 -m pytest -q\n"
        r = self.check_flaky({"state.py": STATE, "test_all.py": TESTS, "Makefile": makefile}, "--test", "make -s check")
        self.assertIn("fails after 'test_all.py::test_y_spoils'", r["why"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
