"""The real binary on real repositories: heal, proof, memory, kills, bad input."""
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SELFHEAL = os.environ["SELFHEAL"]
ENV = {
    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t", "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@t",
}

STATS_PY = '''"""Statistics of samples."""


def spread(values):
    """The distance between the largest and the smallest value."""
    return max(values) + min(values)


def middle(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
'''

TEST_STATS_PY = '''from stats import middle, spread


def test_middle():
    assert middle([3, 1, 2]) == 2


def test_spread():
    assert spread([4, 9, 6]) == 5
    assert spread([2]) == 0
    assert spread([-1, 1]) == 2
'''

RING_C = '''#include "ring.h"

int ring_next(int at, int size)
{
	at = at + 1;
	if (at > size)
		at = 0;
	return at;
}
'''

RING_TEST_C = '''#undef NDEBUG
#include <assert.h>
#include "ring.h"

int main(void)
{
	assert(ring_next(0, 3) == 1);
	assert(ring_next(1, 3) == 2);
	assert(ring_next(2, 3) == 0);
	assert(ring_next(0, 1) == 0);
	return 0;
}
'''

RING_MAKE = '''CFLAGS = -g -Wall

test: ring_test
	./ring_test

ring_test: ring_test.c ring.c ring.h
	$(CC) $(CFLAGS) -o $@ ring_test.c ring.c

.PHONY: test
'''

STATS = {"stats.py": STATS_PY, "test_stats.py": TEST_STATS_PY}
RING = {"ring.c": RING_C, "ring.h": "int ring_next(int at, int size);\n", "ring_test.c": RING_TEST_C,
        "Makefile": RING_MAKE}


def digest(folder):
    """Every file of the tree but .git, with its mode and content."""
    h = hashlib.sha256()
    for top, dirs, files in os.walk(folder):
        dirs[:] = sorted(d for d in dirs if d != ".git")
        for name in sorted(files):
            path = os.path.join(top, name)
            h.update(repr((os.path.relpath(path, folder), os.lstat(path).st_mode)).encode())
            with open(path, "rb") as f:
                h.update(f.read())
    return h.hexdigest()


class Case(unittest.TestCase):
    def setUp(self):
        self.base = tempfile.mkdtemp(prefix="selfheal-e2e-")
        self.addCleanup(shutil.rmtree, self.base, True)
        self.env = dict(ENV, HOME=self.base, XDG_STATE_HOME=self.base + "/state")

    def make(self, files, name="repo", git=True):
        root = os.path.join(self.base, name)
        os.makedirs(root, exist_ok=True)
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w") as f:
                f.write(text)
        if git:
            self.git(root, "init", "-q", "-b", "main")
            self.git(root, "add", "-A")
            self.git(root, "commit", "-q", "-m", "first")
        return root

    def git(self, root, *args):
        return subprocess.run(["git", *args], cwd=root, env=self.env, check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def run_bot(self, root, command, *args, env=None):
        return subprocess.run([SELFHEAL, command, *args], cwd=root, env=dict(self.env, **(env or {})),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)

    def heal(self, root, *args, rc=0):
        p = self.run_bot(root, "heal", "--format", "json", "--budget", "120", *args)
        self.assertEqual(p.returncode, rc, p.stdout + p.stderr)
        return json.loads(p.stdout)


class Heals(Case):
    def check(self, root, source):
        before = digest(root)
        r = self.heal(root)
        self.assertEqual(r["outcome"], "healed")
        self.assertEqual(digest(root), before)
        self.assertIn("--- a/" + source, r["patch"])
        rungs = {p["rung"]: p["passed"] for p in r["proof"]}
        for rung in ("parse", "policy", "suite", "rerun", "revert"):
            self.assertTrue(rungs.get(rung), r["proof"])
        self.assertGreater(r["confidence"], 0)
        patch = os.path.join(self.base, "p.patch")
        with open(patch, "w") as f:
            f.write(r["patch"])
        self.git(root, "apply", "--check", patch)
        return r

    def test_python(self):
        self.check(self.make(STATS), "stats.py")

    def test_c(self):
        self.check(self.make(RING), "ring.c")

    def test_compilers_own_fix(self):
        files = dict(RING, **{"ring.c": RING_C.replace("at > size", "at >= size").replace("return at;", "return at")})
        r = self.heal(self.make(files))
        self.assertEqual((r["outcome"], r["source"]), ("healed", "fixit"))
        self.assertIn("+\treturn at;", r["patch"])

    def test_plain_folder(self):
        r = self.heal(self.make(STATS, git=False))
        self.assertEqual(r["outcome"], "healed")
        self.assertTrue(any("git" in n for n in r["notices"]), r["notices"])

    def test_a_service_beside_the_tests(self):
        fetch = TEST_STATS_PY + """

def test_page():
    import time
    import urllib.request
    for _ in range(100):
        try:
            urllib.request.urlopen("http://127.0.0.1:8765/stats.py", timeout=5).read()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("no server")
"""
        service = "services: [\"python3 -m http.server 8765 --bind 127.0.0.1\"]\n"
        r = self.heal(self.make(dict(STATS, **{"test_stats.py": fetch, ".selfheal.yml": service})))
        self.assertEqual(r["outcome"], "healed")
        self.assertIn("+    return max(values) - min(values)", r["patch"])

    def test_apply_makes_it_green(self):
        root = self.make(STATS)
        self.assertTrue(self.heal(root, "--apply")["applied"])
        self.assertEqual(self.git(root, "status", "--porcelain").split(), ["M", "stats.py"])
        self.assertEqual(self.heal(root)["outcome"], "nothing_to_do")

    def test_branch_leaves_tree_alone(self):
        root = self.make(STATS)
        before, head = digest(root), self.git(root, "rev-parse", "HEAD")
        r = self.heal(root, "--branch", "fix/stats")
        self.assertEqual((digest(root), self.git(root, "rev-parse", "HEAD")), (before, head))
        self.assertEqual(r["branch"], "fix/stats")
        self.assertEqual(self.git(root, "status", "--porcelain"), "")
        message = self.git(root, "log", "-1", "--format=%B", "fix/stats")
        self.assertIn("Selfheal-Fingerprint: ", message)
        self.assertEqual(self.git(root, "diff", "--name-only", "main", "fix/stats"), "stats.py\n")

    def test_branch_from_a_folder_of_the_repository(self):
        root = self.make({f"services/api/{name}": text for name, text in STATS.items()})
        r = self.heal(os.path.join(root, "services/api"), "--branch", "fix/stats")
        self.assertEqual(r["branch"], "fix/stats")
        self.assertEqual(self.git(root, "diff", "--name-only", "main", "fix/stats"), "services/api/stats.py\n")

    def test_dry_run_keeps_nothing(self):
        root = self.make(STATS)
        store = os.path.join(root, ".git/selfheal")
        self.assertEqual(self.heal(root, "--dry-run")["outcome"], "healed")
        self.assertFalse(os.path.exists(store))
        self.heal(root)
        before = {n: open(os.path.join(store, n), "rb").read() for n in sorted(os.listdir(store))}
        r = self.heal(root, "--dry-run")
        self.assertEqual((r["outcome"], r["source"]), ("healed", "knowledge"))
        after = {n: open(os.path.join(store, n), "rb").read() for n in before}
        self.assertEqual(before["store.db"], after["store.db"])

    def outcome_of(self, root, *args):
        p = self.run_bot(root, "heal", "--format", "json", *args)
        return json.loads(p.stdout)

    def test_time_given_for_a_run_is_kept(self):
        root = self.make({"Makefile": "test:\n\tsleep 3\n"})
        r = self.outcome_of(root, "--budget", "12", "--timeout", "8")
        self.assertEqual(r["outcome"], "nothing_to_do")
        shutil.rmtree(os.path.join(root, ".git/selfheal"))
        p = self.run_bot(root, "heal", "--budget", "12")
        self.assertEqual(p.returncode, 1)
        self.assertIn("stopped after 2 s", p.stdout)
        self.assertIn("--timeout", p.stdout)

    def test_a_build_may_take_longer_than_the_last_green_run(self):
        root = self.make({"Makefile": "test:\n\ttrue\n"})
        self.assertEqual(self.outcome_of(root)["outcome"], "nothing_to_do")
        with open(os.path.join(root, "Makefile"), "w") as f:
            f.write("test:\n\tsleep 3\n")
        self.assertEqual(self.outcome_of(root)["outcome"], "nothing_to_do")

    def test_branch_is_checked_before_anything_is_spent(self):
        root = self.make(STATS)
        for name, told in (("main", "main"), ("a..b", "git allows no such name")):
            begin = time.time()
            p = self.run_bot(root, "heal", "--branch", name)
            self.assertEqual((p.returncode, p.stdout), (2, ""))
            self.assertIn(told, p.stderr)
            self.assertLess(time.time() - begin, 5)

    def test_a_fix_is_shown_though_the_last_step_fails(self):
        root, patch = self.make(dict(STATS, **{"stats.py": "# nothing yet\n"})), os.path.join(self.base, "p.patch")
        with open(os.path.join(root, "stats.py"), "w") as f:
            f.write(STATS_PY)
        p = self.run_bot(root, "heal", "--format", "json", "--budget", "120", "--branch", "fix", "--patch", patch)
        self.assertNotEqual(p.returncode, 0)
        self.assertIn("not committed", p.stderr)
        self.assertEqual(json.loads(p.stdout)["outcome"], "healed")
        with open(patch) as f:
            self.assertIn("+    return max(values) - min(values)", f.read())

    def test_resume_knows_where_the_patch_goes(self):
        root = self.make(STATS)
        p = self.run_bot(root, "heal", "--patch", "out.patch", env={"SELFHEAL_TEST_KILL_AFTER_ROW": "2"})
        self.assertEqual(p.returncode, -signal.SIGKILL)
        q = self.run_bot(self.base, "resume", root)
        self.assertEqual(q.returncode, 0, q.stdout + q.stderr)
        self.assertTrue(os.path.exists(os.path.join(root, "out.patch")))

    def test_no_candidate_is_told(self):
        r = self.heal(self.make({"t.sh": "exit 1\n"}), "--test", "sh t.sh", "--budget", "20", rc=1)
        self.assertEqual(r["skips"].get("no_candidate"), 1, r["skips"])

    def test_patch_file(self):
        root = self.make(STATS)
        patch = os.path.join(self.base, "out.patch")
        self.heal(root, "--patch", patch)
        subprocess.run(["patch", "-p1", "-s", "-i", patch], cwd=root, check=True)
        self.assertEqual(self.heal(root)["outcome"], "nothing_to_do")

    def test_alike_failure_from_memory(self):
        root = self.make(STATS)
        first = self.heal(root)
        exported = self.run_bot(root, "knowledge", "export")
        self.assertEqual(exported.returncode, 0, exported.stderr)
        self.assertNotIn(self.base, exported.stdout)
        known = os.path.join(self.base, "known.jsonl")
        with open(known, "w") as f:
            f.write(exported.stdout)
        clone = os.path.join(self.base, "clone")
        self.git(self.base, "clone", "-q", root, clone)
        imported = self.run_bot(clone, "knowledge", "import", known)
        self.assertEqual(imported.returncode, 0, imported.stderr)
        again = self.heal(clone)
        self.assertEqual((again["outcome"], again["source"]), ("healed", "knowledge"))
        self.assertEqual(again["candidates"], 1)
        self.assertEqual(again["patch"], first["patch"])


class Refuses(Case):
    def test_nothing_to_do(self):
        r = self.heal(self.make(dict(STATS, **{"stats.py": STATS_PY.replace(") + min", ") - min")})))
        self.assertEqual(r["outcome"], "nothing_to_do")
        self.assertEqual(r["skips"], {"no_failure": 1})

    def test_no_test_command(self):
        p = self.run_bot(self.make({"README": "nothing here\n"}), "heal")
        self.assertEqual(p.returncode, 2)
        self.assertIn("--test", p.stderr)

    def test_command_not_found(self):
        r = self.heal(self.make(STATS), "--test", "no-such-runner-at-all", rc=3)
        self.assertEqual(r["outcome"], "infrastructure")

    def test_no_such_folder(self):
        p = self.run_bot(self.base, "heal", os.path.join(self.base, "missing"))
        self.assertEqual(p.returncode, 2)
        self.assertIn("missing", p.stderr)

    def test_never_ending(self):
        root = self.make({"spin.sh": "while :; do :; done\n"}) # no template is for this language
        begin = time.time()
        r = self.heal(root, "--test", "sh spin.sh", "--timeout", "1", "--budget", "20", rc=1)
        self.assertEqual(r["outcome"], "not_healed")
        self.assertLess(time.time() - begin, 60)

    def test_flood_of_output(self):
        root = self.make({"t.sh": "yes abcdefgh | head -c 300000000; exit 1\n"})
        r = self.heal(root, "--test", "sh t.sh", "--budget", "30", rc=1)
        self.assertEqual(r["outcome"], "not_healed")

    def test_binary_output(self):
        root = self.make({"t.sh": "head -c 100000 /dev/urandom; exit 1\n"})
        self.assertEqual(self.heal(root, "--test", "sh t.sh", "--budget", "20", rc=1)["outcome"], "not_healed")

    def test_flaky_is_not_repaired(self):
        root = self.make({"test_coin.py": "import time\n\n\ndef test_coin():\n"
                                          "    assert time.time_ns() // 1000 % 2\n"})
        for _ in range(8):
            r = self.heal(root)
            self.assertIn(r["outcome"], ("flaky", "nothing_to_do"))
            self.assertIsNone(r["patch"])
            if r["outcome"] == "flaky":
                return
        self.fail("eight runs of a coin all passed at first")

    def test_tests_that_edit_and_delete(self):
        hostile = TEST_STATS_PY + "\n\ndef test_edit():\n    import os\n" \
            "    open('stats.py', 'a').write('# more')\n    os.unlink(__file__)\n"
        root = self.make(dict(STATS, **{"test_stats.py": hostile}))
        before = digest(root)
        self.run_bot(root, "heal", "--budget", "20")
        self.assertEqual(digest(root), before)

    def test_wrong_type_in_configuration(self):
        p = self.run_bot(self.make(dict(STATS, **{".selfheal.yml": "budget: soon\n"})), "heal")
        self.assertEqual(p.returncode, 2)
        self.assertIn("line 1", p.stderr)

    def test_settings_in_ci_are_the_base_branchs(self):
        """A head's own settings would choose the command that judges it, and what holds that command."""
        root = self.make(STATS)
        self.git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
        self.git(root, "remote", "add", "origin", "https://github.com/a/shop.git")
        with open(root + "/.selfheal.yml", "w") as f:
            f.write("test: 'true'\nsandbox:\n  mode: 'off'\n")
        event = os.path.join(self.base, "event.json")
        with open(event, "w") as f:
            json.dump({"pull_request": {"number": 3, "base": {"ref": "main"},
                                        "head": {"ref": "evil", "sha": "0" * 40, "repo": {"full_name": "m/shop"}}},
                       "repository": {"default_branch": "main"}}, f)
        actions = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "a/shop", "GITHUB_EVENT_NAME": "pull_request",
                   "GITHUB_EVENT_PATH": event}
        self.assertEqual(self.heal(root)["outcome"], "nothing_to_do")
        p = self.run_bot(root, "heal", "--format", "json", "--budget", "120", env=actions)
        self.assertEqual(json.loads(p.stdout)["outcome"], "healed", p.stdout + p.stderr)
        self.git(root, "update-ref", "-d", "refs/remotes/origin/main")
        p = self.run_bot(root, "heal", "--format", "json", "--budget", "120", env=actions)
        self.assertEqual(json.loads(p.stdout)["outcome"], "healed", p.stdout + p.stderr)
        self.assertIn("fetch-depth: 0", p.stderr)

        # The fork's own checkout: its main is a stranger's, too, and an event may not name the base.
        self.git(root, "add", ".selfheal.yml")
        self.git(root, "commit", "-qm", "mine")
        self.git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
        self.git(root, "remote", "set-url", "origin", "https://github.com/m/shop.git")
        for more in ({"repository": {"default_branch": "main"}}, {}):
            with open(event, "w") as f:
                json.dump({"workflow_run": {"id": 5, "head_branch": "main", "head_sha": "0" * 40,
                                            "head_repository": {"full_name": "m/shop"}}, **more}, f)
            p = self.run_bot(root, "heal", "--format", "json", "--budget", "120", env=actions)
            self.assertEqual(json.loads(p.stdout)["outcome"], "healed", p.stdout + p.stderr)
            self.assertIn("of another repository", p.stderr)

    def test_policy_of_the_settings(self):
        rules = "policy:\n  protected: [stats.py]\n"
        r = self.heal(self.make(dict(STATS, **{".selfheal.yml": rules})), rc=4)
        self.assertEqual(r["outcome"], "refused")
        self.assertIsNone(r["patch"])

    def test_strange_path(self):
        self.assertEqual(self.heal(self.make(STATS, name="a 'b'\n\"c\" $d"))["outcome"], "healed")

    def test_syntax_error(self):
        broken = STATS_PY.replace(") + min", ") - min").replace("def middle(values):", "def middle(values)")
        r = self.heal(self.make(dict(STATS, **{"stats.py": broken})))
        self.assertEqual(r["outcome"], "healed")
        self.assertIn("+def middle(values):", r["patch"])

    def test_long_file(self):
        filler = "".join("def f%d(x):\n    return x + %d\n\n\n" % (i, i) for i in range(50000 if os.environ.get("SELFHEAL_TEST_ALL") else 2000))
        r = self.heal(self.make(dict(STATS, **{"stats.py": STATS_PY + "\n\n" + filler})))
        self.assertEqual(r["outcome"], "healed")


class Store(Case):
    def test_damaged_store_is_left_alone(self):
        root = self.make(STATS)
        path = os.path.join(root, ".git", "selfheal", "store.db")
        os.makedirs(os.path.dirname(path))
        for content in (b"this is no database, however long it may be; " * 40, b"x"):
            with open(path, "wb") as f:
                f.write(content)
            p = self.run_bot(root, "heal")
            self.assertNotEqual(p.returncode, 0)
            self.assertIn("store.db", p.stderr)
            with open(path, "rb") as f:
                self.assertEqual(f.read(), content)

    def test_two_at_once(self):
        root = self.make({"t.sh": "sleep 5; exit 1\n"})
        first = subprocess.Popen([SELFHEAL, "heal", "--test", "sh t.sh", "--budget", "60"], cwd=root,
                                 env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1.5)
        p = self.run_bot(root, "heal", "--test", "sh t.sh")
        first.send_signal(signal.SIGINT)
        first.wait(60)
        self.assertNotEqual(p.returncode, 0)
        self.assertIn(str(first.pid), p.stderr)


class Interrupted(Case):
    def test_sigint(self):
        root = self.make({"t.sh": "sleep 30; exit 1\n"})
        before = digest(root)
        p = subprocess.Popen([SELFHEAL, "heal", "--test", "sh t.sh"], cwd=root, env=self.env,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1)
        p.send_signal(signal.SIGINT)
        p.communicate(timeout=20)
        self.assertEqual(p.returncode, 130)
        self.assertEqual(digest(root), before)

    def test_killed_after_every_row(self):
        whole = self.heal(self.make(STATS))
        rows = range(1, 60)
        if not os.environ.get("SELFHEAL_TEST_ALL"):  # scripts/test --all kills after every row
            seed = int(os.environ.get("SELFHEAL_TEST_SEED", time.time()))
            rows = sorted(random.Random(seed).sample(range(1, 9), 3)) + [59]
            print("rows", rows, "of seed", seed)
        for row in rows:
            root = self.make(STATS, name="killed%d" % row)
            before = digest(root)
            p = self.run_bot(root, "heal", env={"SELFHEAL_TEST_KILL_AFTER_ROW": str(row)})
            self.assertEqual(digest(root), before)
            if p.returncode == 0:
                self.assertGreater(row, 4)
                return
            self.assertEqual(p.returncode, -signal.SIGKILL, p.stderr)
            if row % 2:
                again = self.heal(root)
            else:
                q = self.run_bot(root, "resume", "--format", "json")
                self.assertEqual(q.returncode, 0, q.stdout + q.stderr)
                again = json.loads(q.stdout)
            self.assertEqual((again["outcome"], again["patch"]), ("healed", whole["patch"]))
            self.assertEqual(digest(root), before)
        self.fail("never came to the end")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
