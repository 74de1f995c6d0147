"""Memory from the outside: stores that cannot be used stay as they are, knowledge travels."""
import hashlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import unittest

SELFHEAL = os.environ["SELFHEAL"]
DIFF = "--- a/{0}\n+++ b/{0}\n@@ -1 +1 @@\n-a\n+{1}\n"


def fix(path="m.py", new="b", **changes):
    record = {
        "v": 1, "fp_version": "fp1", "source": "template", "origin": "operator",
        "id": hashlib.sha256(f"{len(path)} {path}\n@@\n-a\n+{new}".encode()).hexdigest()[:40],
        "patch": DIFF.format(path, new), "note": "change 'a'", "error_type": "AssertionError",
        "failures": [{"fingerprint": "a" * 64, "cause": "b" * 64}],
        "proof": [{"passed": True, "rung": "suite"}], "environment": {},
        "attempts": 3, "successes": 1, "failed": 0, "created_at": 5, "updated_at": 6,
    }
    return json.dumps({**record, **changes}) + "\n"


class Memory(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="selfheal-memory-")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name).resolve()
        self.repo = self.clone("repo")

    def clone(self, name):
        repo = self.dir / name
        subprocess.run(["git", "init", "-q", repo], check=True)
        return repo

    def store(self, repo=None):
        return (repo or self.repo) / ".git" / "selfheal" / "store.db"

    def run_in(self, repo, *args, stdin=""):
        env = {k: v for k, v in os.environ.items() if not k.startswith("SELFHEAL_")}
        return subprocess.run([SELFHEAL, "knowledge", *args], cwd=repo, input=stdin, env=env,
                              capture_output=True, text=True, timeout=60)

    def knowledge(self, *args, stdin=""):
        return self.run_in(self.repo, *args, stdin=stdin)

    def make_store(self):
        self.assertEqual(self.knowledge("import", "-", stdin=fix()).returncode, 0)

    def test_nothing_known_is_no_error_and_makes_no_file(self):
        run = self.knowledge("list")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertFalse(self.store().exists())

    def spoil(self, what):
        path = self.store()
        if what == "text":
            path.write_text("my notes\n")
        elif what == "empty":
            path.write_bytes(b"")
        elif what == "short":
            path.write_bytes(path.read_bytes()[:5000])
        elif what == "torn":
            path.write_bytes(path.read_bytes()[:100] + os.urandom(4000)
                             + path.read_bytes()[4100:])
        elif what == "newer":
            with sqlite3.connect(path) as db:
                db.execute("PRAGMA user_version = 999")
            db.close()
        elif what == "foreign":
            path.unlink()
            with sqlite3.connect(path) as db:
                db.execute("CREATE TABLE bookmarks(url)")
            db.close()

    def test_unusable_stores_are_refused_and_left_alone(self):
        says = {"text": "not a selfheal store", "empty": "not a selfheal store",
                "short": "damaged", "torn": "damaged", "newer": "newer selfheal",
                "foreign": "another program"}
        for what, message in says.items():
            self.store().unlink(missing_ok=True)
            self.make_store()
            self.spoil(what)
            before = self.store().read_bytes()
            for command in (["list"], ["export"], ["import", "-"]):
                with self.subTest(what=what, command=command):
                    run = self.knowledge(*command, stdin=fix("n.py"))
                    self.assertNotEqual(run.returncode, 0)
                    self.assertIn(message, run.stderr)
                    self.assertIn(str(self.store()), run.stderr)
                    self.assertEqual(self.store().read_bytes(), before)

    def test_locked_store_is_a_conflict_for_writers_only(self):
        self.make_store()
        holder = sqlite3.connect(self.store(), isolation_level=None)
        self.addCleanup(holder.close)
        holder.execute("BEGIN IMMEDIATE")
        self.assertEqual(self.knowledge("list").returncode, 0)
        run = self.knowledge("import", "-", stdin=fix("n.py"))
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("another process", run.stderr)

    def test_other_file_with_store_option(self):
        other = self.dir / "elsewhere" / "s.db"
        run = self.knowledge("import", "-", "--store", str(other), stdin=fix())
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertTrue(other.exists())
        self.assertFalse(self.store().exists())

    def test_worktrees_share_what_is_known(self):
        self.make_store()
        git = ["git", "-C", self.repo, "-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
        subprocess.run([*git, "worktree", "add", "-q", self.dir / "linked"], check=True)
        run = self.run_in(self.dir / "linked", "export")
        self.assertEqual(len(run.stdout.splitlines()), 1, run.stderr)

    def test_clones_that_exchange_end_alike(self):
        other = self.clone("other")
        for repo, path in ((self.repo, "a.py"), (other, "b.py")):
            self.run_in(repo, "import", "-", stdin=fix("m.py", successes=len(str(repo))))
            self.run_in(repo, "import", "-", stdin=fix(path))
        for _ in range(2):
            for source, target in ((self.repo, other), (other, self.repo)):
                run = self.run_in(target, "import", "-",
                                  stdin=self.run_in(source, "export").stdout)
                self.assertEqual(run.returncode, 0, run.stderr)
        here, there = (self.run_in(r, "export").stdout for r in (self.repo, other))
        self.assertEqual(here, there)
        lines = here.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines, sorted(lines, key=lambda line: json.loads(line)["id"]))

    def test_hostile_lines_are_counted_and_the_rest_is_kept(self):
        evil = [fix(patch="--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n"), fix(id="0" * 40),
                fix(source="me"), "[" * 100000 + "\n", "\0\n", '{"v":1,"v":1}\n']
        run = self.knowledge("import", "-", stdin="".join(evil) + fix())
        self.assertIn("6 lines refused (line 1:", run.stdout + run.stderr)
        self.assertEqual(len(self.knowledge("export").stdout.splitlines()), 1)


BROKEN = "def double(x):\n    return x - x\n"
TEST = ("import unittest\nfrom m import double\n\n\nclass T(unittest.TestCase):\n"
        "    def test_double(self):\n        self.assertEqual(double(2), 4)\n"
        "        self.assertEqual(double(5), 10)\n")


class CutOffApply(unittest.TestCase):
    """heal --apply killed at each step it makes durable; the next heal there ends it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="selfheal-apply-")
        self.addCleanup(folder.cleanup)
        self.repo = pathlib.Path(folder.name).resolve() / "repo"
        subprocess.run(["git", "init", "-q", self.repo], check=True)
        (self.repo / "m.py").write_text(BROKEN)
        (self.repo / "test_m.py").write_text(TEST)

    def heal(self, *args, step=None):
        env = {k: v for k, v in os.environ.items() if not k.startswith("SELFHEAL_")}
        if step:
            env["SELFHEAL_TEST_KILL_AT_STEP"] = str(step)
        return subprocess.run([SELFHEAL, "heal", "--test", "python3 -m unittest", "--budget", "40",
                               "--format", "json", *args], cwd=self.repo, env=env,
                              capture_output=True, text=True, timeout=300)

    def cut_off(self, step):
        run = self.heal("--apply", step=step)
        self.assertEqual(run.returncode, -signal.SIGKILL, run.stdout + run.stderr)

    def test_completed_by_the_next_heal(self):
        for step in (1, 2, 3):
            with self.subTest(step=step):
                (self.repo / "m.py").write_text(BROKEN)
                self.cut_off(step)
                self.assertEqual((self.repo / "m.py").read_text() == BROKEN, step < 3)
                run = self.heal()
                self.assertEqual(json.loads(run.stdout)["outcome"], "nothing_to_do", run.stdout)
                self.assertNotEqual((self.repo / "m.py").read_text(), BROKEN)
                self.assertEqual(sorted(os.listdir(self.repo)), [".git", "m.py", "test_m.py"])
                self.assertEqual(list((self.repo / ".git").rglob("*.apply*")), [])

    def test_what_someone_changed_meanwhile_is_left_alone_and_named(self):
        self.cut_off(1)
        mine = "def double(x):\n    return x * 2\n"
        (self.repo / "m.py").write_text(mine)
        run = self.heal()
        self.assertEqual(json.loads(run.stdout)["outcome"], "nothing_to_do", run.stdout)
        self.assertIn("m.py", json.dumps(json.loads(run.stdout)["notices"]))
        self.assertEqual((self.repo / "m.py").read_text(), mine)
        self.assertEqual(sorted(os.listdir(self.repo)), [".git", "m.py", "test_m.py"])


if __name__ == "__main__":
    unittest.main()
