"""From a red run to a pull request, and what becomes of it: the program against a scripted GitHub."""
import hashlib
import json
import os
import re
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from stories import GREEN, RED, WHEN, World, make_bundle  # noqa: E402

FOLDER = tempfile.TemporaryDirectory()


def bundle(name, files=None):
    """The path of a bundle, made when it is first asked for."""
    path = os.path.join(FOLDER.name, name + ".json")
    if not os.path.exists(path):
        make_bundle(path, files)
    return path


def red():
    return bundle("red")


def green():
    return bundle("green", {"stats.py": GREEN})


class Case(unittest.TestCase):
    maxDiff = 4000

    def world(self, *args, **more):
        world = World(*args, **more)
        self.addCleanup(world.__exit__)
        return world

    def pr(self, world, path, operation, *args, **env):
        """One run of pr, whose first publication must have been that."""
        run = world.pr(path, *args, **env)
        self.assertEqual(run.code, 0, str(run))
        done = run.json["pull_requests"][0]
        self.assertEqual(done["operation"], operation, str(run))
        return done

    def sound(self, world):
        world.gh.assert_sound()
        for secret in [world.env.get("GITHUB_TOKEN")] + list(world.gh.tokens):
            for issue in world.shop.issues.values():
                self.assertNotIn(secret or "no token", issue.title + (issue.body or ""))


class RedRun(Case):
    def test_becomes_a_pull_request(self):
        world = self.world()
        self.pr(world, red(), "created")
        [pull] = world.own_pulls()
        self.assertRegex(pull.title, r"^\[Auto-Fix\] ")
        self.assertRegex(pull.pull.head_ref, r"^selfheal/test-[0-9a-f]{12}$")
        self.assertEqual(sorted(pull.labels), ["auto-fix", "self-healing"])
        self.assertEqual(world.shop.file("stats.py", pull.pull.head_ref).decode(), GREEN)
        self.assertEqual(world.shop.file("stats.py").decode(), RED)
        self.assertEqual(len(world.shop.disk.log(f"main..{pull.pull.head_ref}")), 1)
        for part in ("### Problem", "### Root cause", "### Change", "### Evidence", "### Confidence", "<!-- selfheal:"):
            self.assertIn(part, pull.body)
        self.assertLessEqual(len(pull.body), 60000)
        self.sound(world)

    def test_an_executable_file_stays_one(self):
        world = self.world(files={"stats.py": "#!/usr/bin/env python3\n" + RED})
        run = world.heal("--pr")
        self.assertEqual(run.json["pull_request"]["operation"], "created", str(run))
        [pull] = world.own_pulls()
        self.assertRegex(world.shop.disk.git("ls-tree", pull.pull.head_ref, "stats.py"), "^100755 ")
        self.sound(world)

    def test_of_the_head_that_is_named(self):
        world = self.world()
        run = world.pr(red(), "--head", "alice/shop@" + "0" * 40)
        self.assertEqual(run.code, 4, str(run))
        self.assertIn("another commit", run.err)
        self.assertEqual(world.own_pulls(), [])
        self.pr(world, red(), "created", "--head", "mallory/shop@" + world.shop.sha())
        [pull] = world.own_pulls()
        self.assertTrue(pull.pull.draft)

    def test_twice_is_once(self):
        world = self.world()
        self.pr(world, red(), "created")
        before = len(world.gh.writes())
        self.pr(world, red(), "kept")
        self.assertEqual(len(world.own_pulls()), 1)
        written = [e for e in world.gh.writes()[before:] if e.kind == "api"]
        self.assertTrue(all("/check-runs/" in e.path for e in written), [str(e) for e in written])
        self.sound(world)

    def test_heal_does_it_in_one_go(self):
        world = self.world()
        run = world.heal("--pr")
        self.assertEqual(run.json["pull_request"]["operation"], "created", str(run))
        run = world.heal("--pr")
        self.assertEqual(run.json["pull_request"]["operation"], "kept", str(run))
        self.assertEqual(len(world.own_pulls()), 1)
        self.sound(world)

    def test_on_a_new_commit_updates(self):
        world = self.world()
        self.assertEqual(world.heal("--pr").json["pull_request"]["operation"], "created")
        world.shop.person_pushes("bob", {"README.md": "# Other\n"})
        run = world.heal("--pr")
        self.assertIn(run.json["pull_request"]["operation"], ("updated", "kept"), str(run))
        [pull] = world.own_pulls()
        self.assertEqual(world.shop.file("stats.py", pull.pull.head_ref).decode(), GREEN)
        self.assertEqual(world.gh.mergeability(world.shop.repo, pull)[0], True)
        self.sound(world)

    def test_dry_run_writes_nothing(self):
        world = self.world()
        run = world.pr(red(), "--dry-run")
        self.assertEqual(run.code, 0, str(run))
        self.assertEqual([e for e in world.gh.writes() if e.kind != "graphql"], [])
        self.assertEqual(world.own_pulls(), [])

    def test_a_stranger_with_the_marker_is_not_us(self):
        world = self.world()
        self.pr(world, red(), "created")
        body = world.own_pulls()[0].body
        world.shop.person_closes("alice", 1)
        other = self.world()
        other.shop.person_pushes("bob", {"README.md": "x\n"}, branch="b")
        other.shop.person_opens_pull("bob", "b", body=body)
        other.shop.person_closes("alice", 1)
        self.pr(other, red(), "created")


class People(Case):
    def test_base_healed_by_a_person(self):
        world = self.world()
        self.pr(world, red(), "created")
        world.shop.person_pushes("bob", {"stats.py": GREEN}, when=WHEN)
        self.pr(world, green(), "closed")
        [pull] = world.own_pulls()
        self.assertEqual((pull.state, pull.closed_by, len(pull.comments)), ("closed", world.login, 1))
        self.assertTrue(world.pr(green()).code == 0)
        self.assertEqual(len(pull.comments), 1)
        self.sound(world)

    def test_base_healed_before_the_push(self):
        world = self.world()
        world.shop.person_pushes("bob", {"stats.py": GREEN})
        done = self.pr(world, red(), "none")
        self.assertTrue(done["reason"], done)
        self.assertEqual(world.own_pulls(), [])

    def test_closed_by_a_person_is_never_again(self):
        world = self.world()
        self.pr(world, red(), "created")
        world.shop.person_closes("alice", 1)
        world.shop.person_deletes_branch("alice", world.own_pulls()[0].pull.head_ref)
        done = self.pr(world, red(), "none")
        self.assertTrue(done["reason"], done)
        self.assertEqual(len(world.own_pulls()), 1)

    def test_closed_by_the_bot_does_not_count(self):
        world = self.world()
        self.pr(world, red(), "created")
        good = world.shop.person_pushes("bob", {"stats.py": GREEN}, when=WHEN)
        self.pr(world, green(), "closed")
        self.assertEqual(world.shop.sha(), good)
        with world.gh.lock, world.gh.pushing(world.shop.repo, None, "bob"):
            world.shop.disk.set_ref("refs/heads/main", world.shop.disk.commit(good)["parents"][0])
        self.pr(world, red(), "created")
        self.assertEqual([p.state for p in world.own_pulls()], ["closed", "open"])

    def test_merged_by_a_person(self):
        world = self.world()
        self.pr(world, red(), "created")
        world.own_pulls()[0].pull.draft = False
        world.shop.person_merges("alice", 1)
        self.assertEqual(world.shop.file("stats.py").decode(), GREEN)
        done = self.pr(world, red(), "none")
        self.assertTrue(done["reason"], done)
        self.assertEqual(len(world.own_pulls()), 1)

    def test_a_label_keeps_it_away(self):
        world = self.world()
        self.pr(world, red(), "created")
        world.shop.person_labels("alice", 1, "no-auto-fix")
        world.shop.person_pushes("bob", {"README.md": "# Other\n"})
        before = world.shop.sha(world.own_pulls()[0].pull.head_ref)
        world.pr(red())
        self.assertEqual(world.shop.sha(world.own_pulls()[0].pull.head_ref), before)

    def test_nobody_looks_at_it(self):
        world = self.world()
        self.pr(world, red(), "created")
        [pull] = world.own_pulls()
        pull.updated = world.gh.time_text(time.time() - 40 * 86400)
        run = world.pr(red(), SELFHEAL_PUBLISH_DASHBOARD="true")
        self.assertEqual(run.code, 0, str(run))
        self.assertEqual([p["reason"] for p in run.json["pull_requests"]][1:], ["expired"], str(run))
        self.assertEqual((pull.state, len(pull.comments)), ("closed", 1))
        self.sound(world)

    def test_a_persons_pull_request_from_its_branch_is_theirs(self):
        world = self.world()
        self.pr(world, red(), "created")
        [ours] = world.own_pulls()
        world.shop.repo.issues.pop(ours.number)
        theirs = world.shop.person_opens_pull("bob", ours.pull.head_ref, title="By hand", body="My words")
        done = self.pr(world, red(), "kept")
        self.assertEqual(done["number"], theirs.number)
        self.assertEqual((theirs.title, theirs.body, theirs.labels and list(theirs.labels)), ("By hand", "My words", theirs.labels and []))

    def test_its_commit_amended_by_a_person_is_theirs(self):
        world = self.world()
        self.assertEqual(world.heal("--pr").json["pull_request"]["operation"], "created")
        branch, disk = world.own_pulls()[0].pull.head_ref, world.shop.disk
        ours, bob = disk.commit(world.shop.sha(branch)), world.gh.users["bob"]
        other = disk.commit(world.shop.person_pushes("bob", {"note.txt": "mine\n"}, branch="elsewhere"))
        with world.gh.lock, world.gh.pushing(world.shop.repo, None, "bob"):
            theirs = disk.put_commit(other["tree"], ours["parents"], ours["message"], ours["author"], (bob.login, bob.noreply, WHEN))
            disk.set_ref("refs/heads/" + branch, theirs)
        world.shop.person_pushes("bob", {"README.md": "# Other\n"})
        run = world.heal("--pr")
        self.assertEqual(world.shop.sha(branch), theirs, str(run))

    def test_a_persons_commit_on_the_branch_is_kept(self):
        world = self.world()
        self.assertEqual(world.heal("--pr").json["pull_request"]["operation"], "created")
        branch = world.own_pulls()[0].pull.head_ref
        theirs = world.shop.person_pushes("bob", {"note.txt": "mine\n"}, branch=branch)
        world.shop.person_pushes("bob", {"README.md": "# Other\n"})
        world.heal("--pr")
        self.assertTrue(world.shop.disk.is_ancestor(theirs, world.shop.sha(branch)))


class Places(Case):
    def test_app(self):
        world = self.world("app")
        self.pr(world, red(), "created")
        [pull] = world.own_pulls()
        self.assertEqual(pull.login, "healer[bot]")
        self.assertIn(world.shop.sha(pull.pull.head_ref), world.shop.signed)
        [asked] = world.gh.requests("POST", "/access_tokens")
        self.assertEqual(asked.json["repositories"], ["shop"])
        self.pr(world, red(), "kept")
        self.sound(world)

    def test_classic_token(self):
        world = self.world("classic")
        self.pr(world, red(), "created")
        self.assertEqual(len(world.own_pulls()), 1)
        self.pr(world, red(), "kept")

    def test_enterprise(self):
        for kind in ("actions", "app"):
            world = self.world(kind, ghes=True)
            self.pr(world, red(), "created")
            self.assertEqual(len(world.own_pulls()), 1)
            self.sound(world)

    def test_private(self):
        world = self.world(private=True)
        self.pr(world, red(), "created")
        self.sound(world)

    def test_actions_files(self):
        for way in ("heal", "pr"):
            world = self.world()
            output, summary = world.folder / "output", world.folder / "summary"
            for file in (output, summary):
                file.touch()
            env = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary),
                   "GITHUB_REPOSITORY": "alice/shop"}
            run = world.heal("--pr", **env) if way == "heal" else world.pr(red(), **env)
            self.assertEqual(run.code, 0, str(run))
            self.assertRegex(output.read_text(), r"pull-request-number<<(\S+)\n1\n\1\n")
            self.assertRegex(output.read_text(), r"pull-request-operation<<(\S+)\ncreated\n\1\n")
            self.assertTrue(summary.read_text())
            self.assertNotIn(world.env["GITHUB_TOKEN"], output.read_text() + summary.read_text() + run.out + run.err)


class Refusals(Case):
    def failed(self, run, code, *words):
        self.assertEqual(run.code, code, str(run))
        for word in words:
            self.assertRegex(run.err, word)
        self.assertNotRegex(run.err, r"gh[ps]_\w{20}")

    def test_no_permission(self):
        world = self.world()
        world.env["GITHUB_TOKEN"] = world.shop.actions_token(contents="read", pull_requests="read")
        self.failed(world.pr(red()), 3, "contents", r"request|FAKE:")
        self.assertEqual(world.own_pulls(), [])

    def test_bad_token(self):
        world = self.world()
        world.env["GITHUB_TOKEN"] = "ghs_" + "x" * 36
        self.failed(world.pr(red()), 3, "401|[Bb]ad credentials")

    def test_actions_may_not_open_pulls(self):
        world = self.world()
        world.shop.repo.actions_may_create_pulls = False
        self.failed(world.pr(red()), 3, "Allow GitHub Actions to create")
        world.shop.repo.actions_may_create_pulls = True
        self.pr(world, red(), "created")
        self.assertEqual(len(world.own_pulls()), 1)

    def test_archived(self):
        world = self.world()
        world.shop.repo.archived = True
        self.failed(world.pr(red()), 4, "archived")

    def test_another_repository(self):
        world = self.world()
        world.gh.repository("alice/other", files={"a": "b"})
        self.assertIn(world.run("pr", "--fixes", red(), "--repo", "alice/nothing").code, (2, 3))

    def test_no_labels_may_be_made(self):
        """What is beside the point does not stop it."""
        world = self.world()
        world.gh.fail("403", "POST", "/labels$", times=9)
        done = self.pr(world, red(), "created")
        self.assertTrue(done["notices"], done)

    def test_drafts_are_not_to_be_had(self):
        world = self.world()
        world.shop.repo.drafts = False
        run = world.pr(red())
        self.assertEqual(run.code, 0, str(run))
        self.assertEqual(len(world.own_pulls()), 1)


class OnPulls(Case):
    def failing_pull(self, world, head=None):
        shop = head or world.shop
        files = {"stats.py": RED.replace("max(values) +", "max(values)  +")}
        who = "mallory" if head else "bob"
        shop.person_pushes(who, files, branch="feature", when=WHEN)
        return world.shop.person_opens_pull(who, "feature", head=head)

    def test_own_repositorys(self):
        world = self.world()
        theirs = self.failing_pull(world)
        run = world.heal("--pr", branch="feature")
        self.assertEqual(run.code, 0, str(run))
        notes = [c for c in theirs.pull.comments if c.login == world.login]
        self.assertTrue(any("```suggestion" in c.body for c in notes) or world.own_pulls(), str(run))
        before = len(theirs.pull.comments), len(theirs.comments), len(theirs.pull.reviews)
        world.heal("--pr", branch="feature")
        self.assertEqual((len(theirs.pull.comments), len(theirs.comments), len(theirs.pull.reviews)), before)
        self.sound(world)

    def test_forks(self):
        world = self.world()
        world.gh.user("mallory")
        fork = world.shop.person_forks("mallory")
        theirs = self.failing_pull(world, fork)
        path = world.folder / "fork.json"
        run = world.heal("--bundle", path, path=world.clone("feature", fork))
        self.assertTrue(path.exists(), str(run))
        run = world.pr(path)
        self.assertEqual(run.code, 0, str(run))
        self.assertEqual([m for m in world.gh.moves if m["login"] == world.login], [])
        self.assertEqual(world.own_pulls(), [])
        said = [c for c in theirs.pull.comments + theirs.comments if c.login == world.login]
        self.assertTrue(said, str(run))
        self.sound(world)


def forged(world, text, change):
    """A bundle with other words in it, and the hash that goes with them."""
    def write(j):
        return json.dumps(j, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    document = json.loads(text)
    assert hashlib.sha256(write(document["content"]).encode()).hexdigest() == document["sha256"]
    document["content"] = json.loads(change(write(document["content"])))
    document["sha256"] = hashlib.sha256(write(document["content"]).encode()).hexdigest()
    path = world.folder / "forged.json"
    path.write_text(json.dumps(document))
    return path


class Bundles(Case):
    def test_secrets_are_shown_nowhere(self):
        world = self.world()
        secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
        with open(red(), encoding="utf-8") as file:
            path = forged(world, file.read(), lambda t: re.sub(r'"(message|root_cause|note|why|detail)":"', rf'"\1":"{secret} ', t))
        self.pr(world, path, "created")
        [pull] = world.own_pulls()
        branch = world.shop.sha(pull.pull.head_ref)
        shown = [pull.title, pull.body, world.shop.disk.commit(branch)["message"]]
        for check in world.shop.repo.checks:
            shown += [check.title, check.summary] + [str(a) for a in check.annotations]
        self.assertGreater(len(shown), 3)
        self.assertIn("secret", "".join(shown))
        self.assertNotIn(secret, "".join(shown))

    def test_forged_bundle(self):
        """What a fork's job wrote may be anything: workflows and other repositories are refused."""
        world = self.world()
        with open(red(), encoding="utf-8") as file:
            text = file.read()
        self.assertIn("stats.py", text)
        run = world.pr(forged(world, text, lambda t: re.sub(r"(?<!test_)stats\.py", ".github/workflows/ci.yml", t)))
        self.assertNotIn("damaged", run.err)
        self.assertNotEqual(run.code, 130)
        self.assertEqual(world.own_pulls(), [], str(run))
        self.assertEqual(world.gh.moves, [])

    def test_a_change_that_is_less_sure_is_no_longer_ready(self):
        world = self.world()
        with open(red(), encoding="utf-8") as file:
            text = file.read()
        sure = lambda t: re.sub(r'"confidence":[0-9.]+', '"confidence":0.95', t)  # noqa: E731
        unsure = lambda t: re.sub(r'"confidence":[0-9.]+', '"confidence":0.5', t).replace("- min(values)", "- (min(values))")  # noqa: E731
        self.pr(world, forged(world, text, sure), "created")
        [pull] = world.own_pulls()
        self.assertFalse(pull.pull.draft)
        self.pr(world, forged(world, text, unsure), "updated")
        self.assertTrue(pull.pull.draft)

    def test_damaged(self):
        world = self.world()
        with open(red(), "rb") as file:
            data = file.read()
        for name, bad in (("cut", data[:len(data) // 2]), ("empty", b""), ("changed", data.replace(b"max(values)", b"min(values)", 1)),
                          ("list", b"[]"), ("deep", b"[" * 100000)):
            path = world.folder / name
            path.write_bytes(bad)
            run = world.pr(path)
            self.assertIn(run.code, (0, 1, 2, 3, 4), f"{name} {run}")
            self.assertEqual(world.own_pulls(), [], f"{name} {run}")


if __name__ == "__main__":
    unittest.main()
