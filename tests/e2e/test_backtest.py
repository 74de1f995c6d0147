"""What the bot would have done with the red runs of the past: the real binary against a scripted GitHub."""
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from stories import GREEN, RED, TEST, World  # noqa: E402

RED_LOG = '''##[group]Run python3 -m unittest -q test_stats
======================================================================
FAIL: test_spread (test_stats.Spread.test_spread)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/home/runner/work/shop/shop/test_stats.py", line 8, in test_spread
    self.assertEqual(spread([4, 9, 6]), 5)
AssertionError: 13 != 5

----------------------------------------------------------------------
Ran 1 test in 0.000s

FAILED (failures=1)
##[error]Process completed with exit code 1.
'''
LOST_LOG = "##[error]The runner has received a shutdown signal. This can happen when the runner service is stopped.\n"


class Case(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.__exit__)
        self.shop, self.gh = self.world.shop, self.world.gh
        # A token that may read and nothing else.
        self.world.env["GITHUB_TOKEN"] = self.shop.actions_token(contents="read", actions="read")

    def history(self):
        """Three red runs: a bug that people healed an hour later, a lost machine, a log that is gone."""
        self.bug = self.shop.run_finished(jobs={"test": RED_LOG})
        self.lost = self.shop.run_finished(jobs={"test": LOST_LOG})
        self.gone = self.shop.run_finished(jobs={"test": RED_LOG})
        self.gone.logs_gone = True
        self.gh.advance(3600)
        self.shop.person_pushes("bob", {"stats.py": GREEN, "README.md": "# Shop, mended\n"}, message="Mend the spread")
        self.green = self.shop.run_finished("success")

    def backtest(self, *args, cwd=None, **env):
        run = self.world.run("backtest", "--test", TEST, "--sandbox", "off", "--format", "json", *args,
                             cwd=cwd or self.world.clone(), **env)
        self.assertEqual(run.code, 0, str(run))
        self.only_reads()
        return run.json

    def only_reads(self):
        self.assertTrue(self.gh.log)
        self.assertEqual([str(e) for e in self.gh.log if e.method != "GET"], [])
        self.gh.assert_no_token_elsewhere()

    def by_id(self, result):
        return {run["id"]: run for run in result["runs"]}

    def test_three_runs(self):
        self.history()
        path = self.world.clone()
        before = self.whole(path)
        result = self.backtest(cwd=path)
        self.assertEqual(self.whole(path), before)
        runs = self.by_id(result)
        bug, lost, gone = (runs[r.id] for r in (self.bug, self.lost, self.gone))
        self.assertEqual((bug["kind"], bug["reason"], bug["bot"]["outcome"]), ("would_repair", "", "healed"), bug)
        self.assertIn("+    return max(values) - min(values)", bug["bot"]["patch"])
        self.assertEqual(bug["bot"]["place"], "same_lines")
        self.assertEqual((bug["people"]["commit"], sorted(bug["people"]["files"]), bug["people"]["tests_pass"]),
                         (self.shop.sha(), ["README.md", "stats.py"], True))
        self.assertIn("test_spread", bug["failure"])
        self.assertEqual((lost["kind"], lost["reason"], lost["bot"]), ("infrastructure", "infrastructure", None))
        self.assertEqual((gone["kind"], gone["reason"]), ("not_readable", "log_gone"))
        self.assertEqual(result["skips"], {"infrastructure": 1, "log_gone": 1})
        summary = result["summary"]
        self.assertEqual((summary["runs"], summary["tried"], summary["proposed"], summary["places"]["same_lines"]), (3, 1, 1, 1))
        self.assertGreaterEqual(summary["median_seconds_to_people"], 3600)

    def whole(self, path):
        return (subprocess.run(["git", "-C", path, "status", "--porcelain", "--ignored"], capture_output=True, check=True).stdout,
                sorted(str(p.relative_to(path)) for p in path.rglob("*")))

    def test_explains_only(self):
        self.history()
        result = self.backtest("--no-heal")
        self.assertEqual(self.by_id(result)[self.bug.id]["reason"], "no_checkout")
        self.assertEqual(result["summary"]["proposed"], 0)
        elsewhere = self.backtest("--repo", "alice/shop", cwd=self.world.folder)
        self.assertEqual(self.by_id(elsewhere)[self.bug.id]["reason"], "no_checkout")

    def test_same_failure_is_tried_once(self):
        runs = [self.shop.run_finished(jobs={"test": RED_LOG}) for _ in range(3)]
        result = self.backtest()
        self.assertEqual(result["skips"], {"same_failure": 2})
        self.assertEqual([r["same_as"] for r in result["runs"]], [None, runs[2].id, runs[2].id])
        self.assertIsNone(result["summary"]["median_seconds_to_people"])

    def test_flaky(self):
        red = self.shop.run_finished(jobs={"test": RED_LOG})
        self.shop.run_finished("success")
        result = self.backtest("--no-heal")
        self.assertEqual((self.by_id(result)[red.id]["kind"], result["skips"]), ("flaky", {"flaky": 1}))

    def test_commit_that_is_not_here(self):
        path = self.world.clone()
        self.shop.person_pushes("bob", {"README.md": "later\n"})
        self.shop.run_finished(jobs={"test": RED_LOG})
        self.assertEqual(self.backtest(cwd=path)["skips"], {"commit_not_here": 1})

    def test_filters_and_count(self):
        self.shop.person_pushes("bob", {"stats.py": RED + "\n"}, branch="side")
        side = self.shop.run_finished(jobs={"test": RED_LOG}, branch="side")
        for _ in range(3):
            self.shop.run_finished(jobs={"test": LOST_LOG})
        self.assertEqual([r["id"] for r in self.backtest("--no-heal", "--branch", "side")["runs"]], [side.id])
        self.assertEqual(len(self.backtest("--no-heal", "--runs", "2")["runs"]), 2)
        self.assertEqual(len(self.backtest("--no-heal", "--workflow", "ci.yml")["runs"]), 4)

    def test_for_people(self):
        self.history()
        for form, said in (("text", ["3 red runs: 1 would_repair", "GitHub does not have its log any more", "green again at"]),
                           ("markdown", ["## selfheal: backtest", "- 3 red runs"])):
            run = self.world.run("backtest", "--no-heal", "--format", form, cwd=self.world.clone())
            for part in said:
                self.assertIn(part, run.out)
        empty = World()
        self.addCleanup(empty.__exit__)
        self.assertIn("there is no red run", empty.run("backtest", cwd=empty.clone()).out)

    def test_without_a_token(self):
        run = self.world.run("backtest", cwd=self.world.clone(), GITHUB_TOKEN="")
        self.assertEqual(run.code, 2, str(run))
        self.assertIn("no token", run.err)


if __name__ == "__main__":
    unittest.main()
