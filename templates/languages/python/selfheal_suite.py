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
from selfheal_patched import Patches, compile_all, hook_spawn, project_modules
from selfheal_pool import Job, Loop, Pool
from selfheal_script import failure_of
from selfheal_source import Misfit, Plan, Sources, compile_error
from selfheal_state import State
from selfheal_tests import is_target
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


def arrive(suite):
    """The adapter's tests are there: serves for ever if failing targets are among them. Otherwise
    gives back, and the program goes on as usual."""
    link = selfheal_boot.link
    if selfheal_boot.calls:
        selfheal_boot.calls.stop()
    try:
        link.send(ARRIVED)
        kind, _, body = link.wait()
    except Closed:
        return
    if kind == SERVE:
        _Server(link, suite, json.loads(body.decode("utf-8"))).serve()


class _Server:
    def __init__(self, link, suite, settings):
        self.link, self.suite, self.settings = link, suite, settings
        self.loop = Loop()
        self.sources = Sources()
        self.current = self.plan = None
        self.others = None
        self.spent_s = self.wall_s = 0.0
        self.forget = self.codes = None

    def serve(self):
        if not self._choose_targets():
            return
        hook_spawn(self._spawn_under)
        os.environ.pop(selfheal_boot.ENV_SOCKET, None)
        self.suite.settle()
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

    def _spawn_under(self):
        """The patches for a process that a candidate's tests start."""
        if self.current is None and self.plan is not None:
            self.current = Patches(self.plan.patched(self.sources))
        return self.current

    def _choose_targets(self):
        """The given failures among the tests, or whatever fails; all must fail here and now."""
        named = [t for t in self.suite.tests if is_target(self.settings, t.ident)]
        lost = [t for t in self.suite.lost if is_target(self.settings, t.ident)]
        targets = self._failing(named[:TARGETS_MAX]) + lost
        if not targets:
            targets = self.suite.lost
        if not targets:
            targets = self._failing([t for t in self.suite.tests if t not in named])
        self.warm = all(t.run for t in targets)
        self.anew = self.suite.can_renew()
        if not targets or not (self.warm or self.anew):
            self.link.send(SLOWLY if targets else NOTHING)
            return False
        self.targets = targets
        return True

    def _baseline_s(self):
        """CPU time for one unpatched test: what the project allows a whole run is a hint."""
        return min(1.5, max(0.2, self.settings.get("command_ms", 60000) / 4000.0))

    def _failing(self, tests):
        """Those that fail unpatched; self.spent_s becomes the time they took. What they import
        from elsewhere is kept."""
        rows, modules = run_once(tests, self._baseline_s(), BASELINE_ALL_S)
        import_all(modules)
        failed = [t for t, row in zip(tests, rows) if not row["passed"]]
        for test, row in zip(tests, rows):
            test.failed_at = row["line"]
        self.spent_s += sum(row["spent_s"] for row in rows if not row["passed"])
        self.wall_s += sum(row["wall_s"] for row in rows if not row["passed"])
        return failed

    def _prepare(self):
        gc.collect()
        root = selfheal_boot.root()
        self.live = Live(root, selfheal_boot.calls)
        self.state = State([sys.modules[name] for name in project_modules()], root)
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
        self.pool.idle_s = 5 * max(0, self.wall_s - self.spent_s)
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
            self._reply(ident, Outcome(UNSUPPORTED, str(error)))
            return
        if plan.warm and self.warm:
            self.pool.submit(Job(ident, plan, extra=self.targets))
        else:
            self._submit_anew(ident, plan)

    def _reply(self, ident, outcome):
        self.link.send(RESULT, ident, outcome.pack())

    def _submit_anew(self, ident, plan):
        """For a child that imports the project again, if there can be one."""
        if not self.anew:
            self.link.send(SLOWLY, ident)
            return
        files = plan.patched(self.sources)
        why = compile_error(files)
        if why:
            self._reply(ident, Outcome(INVALID, why))
        else:
            self._prepare_anew()
            plan.anew = Patches(files)
            self.pool.submit(Job(ident, plan, extra=self.targets, kind="anew"))

    def _prepare_anew(self):
        """Once: what a new import need not find out again each time."""
        if self.forget is not None:
            return
        loaded = project_modules()
        kept = self.suite.kept_modules()
        self.forget = [name for name in loaded if name not in kept]
        own = self.suite.own_loading()
        self.codes = compile_all(set(loaded.values()) - own)

    def _answer(self, job, body):
        (status,) = struct.unpack_from("<I", body)
        if status == _ASIDE:
            self._submit_anew(job.ident, job.body)
        elif status == PASSED and not job.alone:
            self._find_others()
            self.pool.submit(Job(job.ident, job.body, True, job.extra, job.kind), first=True)
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
            rest = [t for t in self.suite.tests if t not in self.targets]
            began = time.monotonic()
            rows, _ = run_once(rest, self._baseline_s(), BASELINE_ALL_S)
            self.others = [t for t, row in zip(rest, rows) if row["passed"]]
            self.confirm_s += 10 * (time.monotonic() - began)
            self.pool.budget_alone_s = self.confirm_s

    # In a child.

    def _work(self, jobs, results):
        for job in list(jobs):
            began = time.monotonic()
            outcome = (self._renew if job.body.anew else self._attempt)(job, results)
            outcome.wall_us = int((time.monotonic() - began) * 1e6)
            results.send(RESULT, job.ident, outcome.pack())
            if outcome.status == TIMEOUT or not self._is_clean(job):
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
        self.current, self.plan = None, job.body
        self.live.clear_caches()
        tests = job.extra + (self.others or [] if job.alone else [])
        with Applied(rows):
            return self._judge(tests, job.alone, results)

    def _is_clean(self, job):
        """Whether the next candidate may follow in this process."""
        if job.body.anew is None:
            return self.state.restore()
        return self.state.restore_surroundings()

    def _renew(self, job, results):
        """The project and the tests imported again, with the patched files."""
        self.current = job.body.anew
        for name in set(self.forget).union(self.state.new_project_modules()):
            sys.modules.pop(name, None)
        with self.current.imports(self.codes):
            outcome = self._judge_anew(job, results)
        if self.current.unseen() and outcome.status == FAILED:
            return Outcome(UNSUPPORTED, "not loaded: " + ", ".join(self.current.unseen()))
        return outcome

    def _judge_anew(self, job, results):
        tests = []
        with Budget(self.confirm_s, "") as budget:
            try:
                tests = self.suite.renew(job.extra)
            except BaseException as error:
                if not budget.over:
                    return failure_of(error, "")
        if budget.over:
            return Outcome(TIMEOUT, "the import is over its budget")
        outcome = self._judge(tests, False, results)
        if job.alone and outcome.status == PASSED:
            tests += self.suite.renew(self.others) if self.others else []
            outcome = self._judge(tests, True, results)
        return outcome

    def _judge(self, tests, alone, results):
        """Runs the tests up to the first failure. Who is out of time beyond the line where the
        unpatched test failed is worth more time."""
        passed = 0
        seconds = self.confirm_s if alone else self.budget_s
        outcome = None if tests else Outcome(FAILED, "no tests")
        for test in tests:
            with Budget(seconds, test.file, lambda line: self._extend(test, line, results)) as time_:
                outcome = test.run(alone)
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
