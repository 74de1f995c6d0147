"""Tests as the adapters give them to the servers."""
import os

from selfheal_wire import FAILED, PASSED, Outcome


class Test:
    """run(alone) gives None or the Outcome of its failure; alone: as its runner would, else as fast
    as can be. repeatable: may run again in one process. node: the adapter's own. A file that could
    not be loaded is a Test without run."""

    def __init__(self, ident, file, repeatable, run, node=None):
        self.ident, self.file = ident, os.path.realpath(file)
        self.repeatable, self.run, self.node = repeatable, run, node
        self.failed_at = 0  # line of the unpatched failure


class Suite:
    """What a runner has collected. renew(tests): the same tests from modules imported anew, for
    a child whose project modules are forgotten; it raises what the import raises."""

    def __init__(self, tests, lost):
        self.tests, self.lost = tests, lost

    def renew(self, tests):
        raise NotImplementedError

    def can_renew(self):
        return False

    def kept_modules(self):
        """Names of project modules that must not be forgotten: the runner holds them."""
        return ()

    def own_loading(self):
        """Paths of files that the runner loads in a way of its own (it may speed that up now)."""
        return set()

    def settle(self):
        """Called before serving, to let go of what children must not share."""


def is_target(settings, ident):
    """Whether the unpatched run's failures name this test."""
    names = [target["id"] or target["name"] for target in settings.get("targets", ())]
    return any(name and same_test(name, ident) for name in names)


def judge(tests):
    """Runs them up to a failure, first without their runner, as that is faster."""
    if not tests:
        return Outcome(FAILED, "no tests", passed=0, failed=1)
    for alone in (False, True):
        for passed, test in enumerate(tests):
            outcome = test.run(alone)
            if outcome is not None:
                outcome.passed, outcome.failed = passed, 1
                return outcome
    return Outcome(PASSED, passed=len(tests), failed=0)


def judge_cold(settings, tests):
    """The same for the targets among them, or for all when none is named."""
    return judge([t for t in tests if is_target(settings, t.ident)] or tests)


def same_test(one, other):
    """Whether two spellings name one test: each part of the shorter is in the longer's end."""
    one, other = _parts(one), _parts(other)
    short = min(len(one), len(other))
    return one[-short:] == other[-short:]


def _parts(ident):
    name, _, place = ident.partition(" (")
    if place.endswith(")"):  # unittest: "test_a (tests.test_m.TestM)"
        place = place[:-1]
        ident = place if place.endswith("." + name) else place + "." + name
    head, bracket, rest = ident.partition("[")
    head = head.replace(".py::", ".").replace("::", ".").replace("/", ".")
    parts = [p for p in head.split(".") if p and p != "()"]
    if bracket:
        parts[-1] += bracket + rest
    return parts
