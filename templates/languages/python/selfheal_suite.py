"""The warm server: in the process that has collected the failing tests, candidates become changes of
living functions and the tests run in forked children, several candidates each."""
import gc
import json
import os
import signal
import struct
import sys
import time

import selfheal_boot
from selfheal_baseline import import_all, run_once
from selfheal_budget import Budget
from selfheal_front import foreign_modules
from selfheal_patched import Patches, hook_spawn
from selfheal_pool import Job, Loop, Pool
from selfheal_source import Misfit, Plan, Sources
from selfheal_state import State
from selfheal_warm import Applied, Live
from selfheal_wire import (
    ARRIVED,
    DONE,
    FAILED,
    INVALID,
    MORE,
    NOTHING,
    PASSED,
    READY,
    RESULT,
    SERVE,
    SLOWLY,
    TIMEOUT,
    TRY,
    UNSUPPORTED,
    Closed,
    Outcome,
    unpack_edits,
)

FLOOR_S = 0.02
EXTENSION_S = 1.0
CONFIRM_EXTRA_S = 0.2  # for the runner around the tests
BATCH = 128
TARGETS_MAX = 200
BASELINE_ALL_S = 20.0
_ASIDE = 100  # status between child and server: not for the warm process


class Test:
    """One test as an adapter gives it. run(alone) gives None or the Outcome of its failure; alone:
    as its runner would, else as fast as can be. repeatable: may run again in one process."""

    def __init__(self, ident, file, repeatable, run):
        self.ident, self.file = ident, os.path.realpath(file)
        self.repeatable, self.run = repeatable, run
        self.failed_at = 0  # line of the unpatched failure


def arrive(tests, uncollected, settle=None):
    """The adapter's tests are there: serves for ever if failing targets are among them. Otherwise
    gives back, and the program goes on as usual. uncollected: not all could be loaded. settle()
    is called before serving, to let go of what children must not share."""
    link = selfheal_boot.link
    if selfheal_boot.calls:
        selfheal_boot.calls.stop()
    try:
        link.send(ARRIVED)
        kind, _, body = link.wait()
    except Closed:
        return
    if kind == SERVE:
        _Server(link, tests, uncollected, json.loads(body.decode("utf-8"))).serve(settle)


class _Server:
    def __init__(self, link, tests, uncollected, settings):
        self.link, self.tests, self.settings = link, tests, settings
        self.uncollected = uncollected
        self.loop = Loop()
        self.sources = Sources()
        self.current = None
        self.others = None

    def serve(self, settle):
        if not self._choose_targets():
            return
        hook_spawn(lambda: self.current)
        os.environ.pop(selfheal_boot.ENV_SOCKET, None)
        if settle:
            settle()
        self._prepare()
        try:
            about = {
                "mode": "warm",
                "targets": len(self.targets),
                "cold_s": self.spent_s + time.process_time(),
                "batch": self.pool.batch,
                "modules": "\n".join(foreign_modules()),
            }
            self.link.send(READY, 0, json.dumps(about).encode("utf-8", "replace"))
            self.loop.watch(self.link.fd, self._from_link)
            self.loop.run()
        except Closed:
            self.pool.stop()
        finally:
            os._exit(1)

    def _choose_targets(self):
        """The given failures among the tests, or whatever fails; all must fail here and now."""
        targets = [t for t in self.tests if self._is_named(t)][:TARGETS_MAX]
        failed = self._failing(targets, BASELINE_ALL_S)
        if not failed and not self.uncollected:
            rest = [t for t in self.tests if t not in targets]
            failed = self._failing(rest, BASELINE_ALL_S)
        if not failed:
            self.link.send(SLOWLY if self.uncollected else NOTHING)
        self.targets = failed
        return bool(failed)

    def _is_named(self, test):
        return is_target(self.settings, test.ident)

    def _failing(self, tests, limit_s):
        """Those that fail unpatched; self.spent_s becomes the time they took. What they import
        from elsewhere is kept."""
        rows, modules = run_once(tests, limit_s)
        import_all(modules)
        failed = [t for t, row in zip(tests, rows) if not row["passed"]]
        for test, row in zip(tests, rows):
            test.failed_at = row["line"]
        self.spent_s = sum(row["spent_s"] for row in rows if not row["passed"])
        return failed

    def _prepare(self):
        gc.collect()
        root = selfheal_boot.root()
        self.live = Live(root, selfheal_boot.calls)
        modules = [m for m in list(sys.modules.values()) if _is_ours(m, root)]
        self.state = State(modules, root)
        repeatable = self.state.sound and all(t.repeatable for t in self.targets)
        given_ms = self.settings.get("timeout_ms", 0)
        self.budget_s = given_ms / 1000.0 or max(FLOOR_S, 10 * self.spent_s)
        self.pool = Pool(
            self.loop,
            self._work,
            self._answer,
            size=self.settings.get("jobs", 1),
            batch=BATCH if repeatable else 1,
        )
        self.confirm_s = 2 * self.budget_s + CONFIRM_EXTRA_S
        self.pool.budget_s = self.budget_s
        self.pool.budget_alone_s = self.confirm_s
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (1, 2):
            os.dup2(null, fd)
        os.close(null)
        gc.disable()
        if hasattr(gc, "freeze"):
            gc.freeze()

    def _from_link(self):
        for kind, ident, body in self.link.read():
            if kind != TRY:
                raise Closed()
            self._take(ident, body)
        return self.pool.pump()

    def _take(self, ident, body):
        try:
            plan = Plan(unpack_edits(body, selfheal_boot.root()), self.sources)
        except (OSError, ValueError, struct.error) as error:
            self.link.send(RESULT, ident, Outcome(UNSUPPORTED, str(error)).pack())
            return
        if plan.warm:
            self.pool.submit(Job(ident, plan, extra=self.targets))
        else:
            self.link.send(SLOWLY, ident)

    def _answer(self, job, body):
        (status,) = struct.unpack_from("<I", body)
        if status == _ASIDE:
            self.link.send(SLOWLY, job.ident)
        elif status == PASSED and not job.alone:
            self._find_others()
            self.pool.submit(Job(job.ident, job.body, True, job.extra), first=True)
        else:
            self._learn(job, status, body)
            self.link.send(RESULT, job.ident, body)

    def _learn(self, job, status, body):
        """The test that ended this candidate comes first for the next ones."""
        outcome = Outcome.unpack(body)
        if status != FAILED or not 0 < outcome.passed < len(job.extra):
            return
        killer = job.extra[outcome.passed]
        self.targets = [killer] + [t for t in self.targets if t is not killer]

    def _find_others(self):
        """The tests that pass unpatched, once, if candidates have to keep them so."""
        if self.others is None and self.settings.get("all_tests"):
            rest = [t for t in self.tests if t not in self.targets]
            began = time.monotonic()
            rows, _ = run_once(rest, BASELINE_ALL_S)
            self.others = [t for t, row in zip(rest, rows) if row["passed"]]
            self.confirm_s += 10 * (time.monotonic() - began)
            self.pool.budget_alone_s = self.confirm_s

    # In a child.

    def _work(self, jobs, results):
        hung = False
        for job in list(jobs):
            began = time.monotonic()
            outcome = self._attempt(job, results)
            outcome.wall_us = int((time.monotonic() - began) * 1e6)
            results.send(RESULT, job.ident, outcome.pack())
            hung = outcome.status == TIMEOUT
            if hung or not self.state.restore():
                break
        results.send(DONE)
        os._exit(0)

    def _attempt(self, job, results):
        try:
            rows = [
                row for change in job.body.units for row in self.live.replacements(change)
            ]
        except Misfit:
            return Outcome(_ASIDE)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            return Outcome(INVALID, "%s: %s" % (type(error).__name__, error))
        self.current = Patches(job.body.patched(self.sources))
        self.live.clear_caches()
        with Applied(rows):
            return self._judge(job, results)

    def _judge(self, job, results):
        """Runs the targets, and for a confirmation the rest, up to the first failure. Who is out
        of time beyond the line where the unpatched test failed is worth more time."""
        passed = 0
        tests = job.extra + (self.others or [] if job.alone else [])
        seconds = self.confirm_s if job.alone else self.budget_s
        outcome = None
        for test in tests:
            with Budget(seconds, test.file, lambda line: self._extend(test, line, results)) as time_:
                outcome = test.run(job.alone)
            if time_.over:
                text = "over its budget of %d ms" % (seconds * 1000)
                return Outcome(TIMEOUT, text, time_.line, passed, 1)
            if outcome is not None:
                break
            passed += 1
        if outcome is None:
            return Outcome(PASSED, passed=passed, failed=0)
        outcome.passed, outcome.failed = passed, 1
        return outcome

    def _extend(self, test, line, results):
        if not 0 < test.failed_at < line:
            return 0
        extra = max(EXTENSION_S, 10 * self.budget_s)
        results.send(MORE, 0, struct.pack("<d", extra))
        return extra


def is_target(settings, ident):
    """Whether the unpatched run's failures name this test."""
    names = [target["id"] or target["name"] for target in settings.get("targets", ())]
    return any(name and same_test(name, ident) for name in names)


def judge_cold(settings, rows):
    """Runs the targets among (ident, run) rows, or all when none is named, up to a failure."""
    chosen = [row for row in rows if is_target(settings, row[0])] or rows
    if not chosen:
        return Outcome(FAILED, "no tests", passed=0, failed=1)
    for passed, (_, run) in enumerate(chosen):
        outcome = run(True)
        if outcome is not None:
            outcome.passed, outcome.failed = passed, 1
            return outcome
    return Outcome(PASSED, passed=len(chosen), failed=0)


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


def _is_ours(module, root):
    path = getattr(module, "__file__", None)
    if not isinstance(path, str) or not isinstance(module, type(sys)):
        return False
    return os.path.realpath(path).startswith(root) and "site-packages" not in path
