"""Stories of pull requests with every outside call failing in turn, and with the program killed at every
call: after the same run once more the story ends as it does without. By default one seeded point of each
fault and story and every lost answer of the first; with SELFHEAL_TEST_ALL=1 every point."""
import os
import random
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from stories import GREEN, RED, WHEN, World, make_bundle  # noqa: E402

ALL = bool(os.environ.get("SELFHEAL_TEST_ALL"))
FOLDER = tempfile.TemporaryDirectory()
KINDS = ["timeout", "reset", "lost", "lost-timeout", "cut", "malformed", "empty", "slow", "401", "403", "primary", "secondary",
         "404", "409", "422", "429", "500", "502", "503"]
# What a step of a story may answer with a fault in it: found, usage, infrastructure, refused; never a crash.
CODES = {0, 1, 2, 3, 4}
FEATURE = {"stats.py": RED.replace("max(values) +", "max(values)  +")}


def bundle(name):
    path = os.path.join(FOLDER.name, name + ".json")
    if not os.path.exists(path):
        make_bundle(path, {"green": {"stats.py": GREEN}}.get(name), FEATURE if name == "feature" else None)
    return path


# The stories: go(bundle) is one run of the program.
def a_pull_request(world, go):
    go("red")


def by_an_app(world, go):
    go("red")
    go("red")


def on_a_newer_base(world, go):
    go("red")
    world.shop.person_pushes("bob", {"README.md": "# Other\n"}, when=WHEN)
    go("red")


def healed_by_a_person(world, go):
    go("red")
    world.shop.person_pushes("bob", {"stats.py": GREEN}, when=WHEN)
    go("green")


def closed_by_a_person(world, go):
    go("red")
    world.shop.person_closes("alice", 1)
    go("red")


def on_somebodys_pull(world, go):
    world.shop.person_pushes("bob", FEATURE, branch="feature", when=WHEN)
    world.shop.person_opens_pull("bob", "feature")
    go("feature")


STORIES = {a_pull_request: "actions", by_an_app: "app", on_a_newer_base: "actions", healed_by_a_person: "actions",
           closed_by_a_person: "classic", on_somebodys_pull: "actions"}


class Told:
    """One telling of a story, disturbed or not."""

    def __init__(self, story, disturb=None):
        self.world = World(STORIES[story])
        self.world.gh.hold_seconds = 8
        self.world.env["SELFHEAL_HTTP_TIMEOUT_MS"] = "1500"
        self.process = None
        self.codes, self.errors = [], []
        with self.world:
            self.fault = disturb(self) if disturb else None
            story(self.world, self.go)
            self.fired = self.fault.fired if self.fault else 0
            self.calls = len(self.world.gh.log)
            self.state = self.world.state()
            self.said = len([c for i in self.world.shop.issues.values() for c in i.comments]), len(
                [c for i in self.world.shop.pulls for c in i.pull.comments])
            self.world.gh.assert_no_duplicates()
            self.world.gh.assert_never_approves()
            self.world.gh.assert_no_token_elsewhere()
            self.world.gh.assert_no_force_push_of_others()
            assert not self.world.gh.crashes, self.world.gh.crashes[0]

    def go(self, name):
        """Runs until it is done; once more than that when it was disturbed, as the next job would."""
        for _ in range(4):
            disturbed = self.fault.fired if self.fault else 0
            self.process = self.world.start("pr", "--fixes", bundle(name), "--repo", "alice/shop", "--format", "json")
            _, err = self.process.communicate(timeout=120)
            self.codes.append(self.process.returncode)
            self.errors.append(err)
            if self.process.returncode == 0 and disturbed == (self.fault.fired if self.fault else 0):
                return

    def kill(self):
        self.process.kill()
        self.process.wait()


def points(story, calls, kind):
    """The calls of a story that are disturbed: all, or one that the names choose."""
    if ALL:
        return range(1, calls + 1)
    return [random.Random(f"{story.__name__} {kind}").randint(1, calls)]


class Disturbed(unittest.TestCase):
    def undisturbed(self, story):
        told = Told(story)
        self.assertEqual(set(told.codes), {0}, told.errors)
        return told

    def same(self, story, clean, disturb, what, codes):
        with self.subTest(what):
            told = Told(story, disturb)
            self.assertTrue(told.fired, "nothing was disturbed")
            self.assertLessEqual(set(told.codes), codes, told.errors)
            self.assertEqual(told.codes[-1], 0, told.errors)
            self.assertEqual(told.state, clean.state, told.errors)
            self.assertEqual(told.said, clean.said, told.errors)


class EachCallFails(Disturbed):
    def fails(self, story, kinds, at=None):
        clean = self.undisturbed(story)
        for kind in kinds:
            for n in at(clean) if at else points(story, clean.calls, kind):
                self.same(story, clean, lambda told, n=n, kind=kind: told.world.gh.fail(kind, at=n), f"{kind} at {n}", CODES)

    def test_a_pull_request(self):
        self.fails(a_pull_request, KINDS)

    def test_every_lost_answer_of_a_write(self):
        def writes(clean):
            return [e.n for e in clean.world.gh.log if e.is_write and e.kind == "api"]
        self.fails(a_pull_request, ["lost", "cut"], writes)

    def test_by_an_app(self):
        self.fails(by_an_app, KINDS if ALL else KINDS[::4])

    def test_on_a_newer_base(self):
        self.fails(on_a_newer_base, KINDS if ALL else KINDS[1::4])

    def test_healed_by_a_person(self):
        self.fails(healed_by_a_person, KINDS if ALL else KINDS[2::4])

    def test_closed_by_a_person(self):
        self.fails(closed_by_a_person, KINDS if ALL else KINDS[3::4])

    def test_on_somebodys_pull(self):
        self.fails(on_somebodys_pull, KINDS if ALL else KINDS[::5])


class Killed(Disturbed):
    def test_at_each_call(self):
        for story in STORIES:
            clean = self.undisturbed(story)
            for after in (False, True):
                for n in points(story, clean.calls, after):
                    self.same(story, clean, lambda told, n=n, after=after: told.world.gh.fail(
                        "call", at=n, act=told.kill, after=after), f"{story.__name__}: killed {'after' if after else 'before'} {n}",
                        CODES | {-9})


if __name__ == "__main__":
    unittest.main()
