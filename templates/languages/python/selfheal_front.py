"""The front: the process that stays behind at the fork point. It speaks with the accelerator, passes
candidates to the warm process that it split off, and tries those that need the project imported
anew in children of its own, which take the natural course from the fork point."""
import importlib
import json
import os
import signal
import struct
import sys
import time

import selfheal_boot
from selfheal_patched import Patches
from selfheal_pool import Job, Loop, Pool, stdin_start
from selfheal_source import Plan, Sources, compile_error
from selfheal_wire import (
    ARRIVED,
    FAILED,
    HELLO,
    INVALID,
    MODULES,
    NOTHING,
    PASS,
    PASSED,
    READY,
    RESULT,
    SERVE,
    SLOWLY,
    TIMEOUT,
    TRY,
    UNSUPPORTED,
    VERSION,
    Closed,
    Outcome,
    connect,
    pair,
    unpack_edits,
)

BASELINE_S = 5.0
FLOOR_S = 0.05


def split(path):
    """(link, None) in the process that goes on, (None, Candidate) in a child that tries one; the
    front itself never comes back from here."""
    ours, theirs = pair()
    stdin = stdin_start()
    pid = os.fork()
    if pid == 0:
        ours.close()
        return theirs, None
    theirs.close()
    return None, Front(path, ours, pid, stdin).run()


class Candidate:
    """In a child of the front: what to try, and where to say how it went."""

    def __init__(self, job, results, settings, budget_s):
        self.job, self.results, self.settings = job, results, settings
        self.budget_s = budget_s
        self.patches = Patches(job.extra or {})
        self.began = time.monotonic()

    @property
    def is_baseline(self):
        return self.job.body is None

    def enter(self):
        """Arms the budget and has imports give the patched sources."""
        self.patches.install()
        signal.signal(signal.SIGPROF, self._over)
        signal.setitimer(signal.ITIMER_PROF, self.budget_s)

    def _over(self, *args):
        self.finish(Outcome(TIMEOUT, "over its budget of %d ms" % (self.budget_s * 1000)))

    def finish(self, outcome):
        """Answers and ends the process."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        if outcome.status == FAILED and self.patches.unseen():
            outcome = Outcome(UNSUPPORTED, "not loaded: " + ", ".join(self.patches.unseen()))
        outcome.wall_us = int((time.monotonic() - self.began) * 1e6)
        try:
            if self.is_baseline:
                self.results.send(MODULES, 0, "\n".join(foreign_modules()).encode())
            self.results.send(RESULT, self.job.ident, outcome.pack())
        finally:
            os._exit(0)


def foreign_modules():
    """Names of the loaded modules that are not the project's, in the order of their import."""
    root = selfheal_boot.root()
    names = []
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if name == "__main__" or name.startswith("selfheal_") or not path:
            continue
        if not os.path.realpath(path).startswith(root) or "site-packages" in path:
            names.append(name)
    return names


class Front:
    def __init__(self, path, link, pid, stdin):
        self.path, self.link, self.pid, self.stdin = path, link, pid, stdin
        self.loop = Loop()
        self.upstream = None
        self.settings = None
        self.sources = Sources()
        self.warm = False
        self.given = {}  # jobs the warm process has
        self.pool = None

    def run(self):
        """Gives a Candidate in a child that tries one."""
        try:
            self.loop.watch(self.link.fd, self._from_link)
            self.loop.ticks.append(self._tick)
            return self.loop.run()
        except Closed:
            self._end(1)

    # Before serving: what the process that goes on comes to.

    def _tick(self):
        if not self.pid:
            return None
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return self._gone(status) if pid else None

    def _gone(self, status):
        """The other process has ended."""
        self.pid = 0
        self.loop.unwatch(self.link.fd)
        if self.warm:
            self.warm = False
            given, self.given = self.given, {}
            for job in given.values():
                self._take_cold(job)
            return self.pool.pump()
        if self.upstream is not None or status == 0 or not self._hello():
            self._end_like(status)
        return self._start_cold(status)

    def _from_link(self):
        try:
            frames = self.link.read()
        except Closed:
            self.loop.unwatch(self.link.fd)
            return None
        for kind, ident, body in frames:
            value = self._on_frame(kind, ident, body)
            if value is not None:
                return value
        return None

    def _on_frame(self, kind, ident, body):
        if kind == ARRIVED:
            self.link.send(*((SERVE, 0, self.settings_text) if self._hello() else (PASS,)))
        elif kind == NOTHING:
            self.upstream.close()
        elif kind == READY:
            return self._ready(body)
        elif kind == SLOWLY and self.pool is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0
            self.loop.unwatch(self.link.fd)
            return self._start_cold(1 << 8)
        elif kind == SLOWLY:
            self._take_cold(self.given.pop(ident))
            return self.pool.pump()
        elif kind == RESULT:
            self.given.pop(ident, None)
            self.upstream.send(RESULT, ident, body)
        return None

    def _hello(self):
        """Whether the accelerator wants this process."""
        self.upstream = connect(self.path)
        if self.upstream is None:
            return False
        about = json.dumps({"argv": sys.argv if hasattr(sys, "argv") else [], "cwd": os.getcwd()})
        try:
            head = struct.pack("<II", VERSION, os.getpid())
            self.upstream.send(HELLO, 0, head + about.encode("utf-8", "replace"))
            kind, _, self.settings_text = self.upstream.wait()
        except Closed:
            kind = PASS
        if kind != SERVE:
            self.upstream.close()
            return False
        self.settings = json.loads(self.settings_text.decode("utf-8"))
        return True

    def _make_pool(self):
        self.pool = Pool(
            self.loop,
            self._work,
            self._answer,
            size=self.settings.get("jobs", 1),
            exit_passes=True,
            capture=True,
        )
        self.pool.notice = self._preload
        self.pool.stdin = self.stdin

    def _start_cold(self, status):
        """Tries the unpatched project first: it must fail there too."""
        self.natural_status = status
        self._make_pool()
        command_s = self.settings.get("command_ms", 60000) / 1000.0
        self.pool.budget_s = min(BASELINE_S, max(0.5, command_s / 2))
        self.pool.submit(Job(0, None))
        return self.pool.pump()

    def _ready(self, body):
        """The warm process has the failing tests."""
        self.warm = True
        about = json.loads(body.decode("utf-8"))
        self._make_pool()
        self.pool.budget_s = self._budget(about["cold_s"])
        self._preload(MODULES, about.pop("modules").encode("utf-8"))
        return self._serve(json.dumps(about).encode("utf-8"))

    def _budget(self, baseline_s):
        return self.settings.get("timeout_ms", 0) / 1000.0 or max(FLOOR_S, 10 * baseline_s)

    def _serve(self, about):
        _quieten()
        self.upstream.send(READY, 0, about)
        self.loop.watch(self.upstream.fd, self._from_accelerator)
        return None

    def _preload(self, kind, body):
        """What the project imports from elsewhere need not be imported once a candidate."""
        for name in body.decode("utf-8", "replace").split("\n"):
            try:
                importlib.import_module(name)
            except BaseException:
                continue

    # Serving.

    def _from_accelerator(self):
        try:
            frames = self.upstream.read()
        except Closed:
            self._end(1)
        for kind, ident, body in frames:
            if kind != TRY:
                self._end(1)
            job = Job(ident, body)
            if self.warm:
                self.given[ident] = job
                self.link.send(TRY, ident, body)
            else:
                self._take_cold(job)
        return self.pool.pump()

    def _take_cold(self, job):
        """To the pool, unless it cannot be compiled: that is seen without a child."""
        try:
            plan = Plan(unpack_edits(job.body, selfheal_boot.root()), self.sources)
            job.extra = plan.patched(self.sources)
        except (OSError, ValueError, struct.error) as error:
            return self._refuse(job, UNSUPPORTED, str(error))
        why = compile_error(job.extra)
        return self._refuse(job, INVALID, why) if why else self.pool.submit(job)

    def _refuse(self, job, status, why):
        self.upstream.send(RESULT, job.ident, Outcome(status, why).pack())

    def _work(self, jobs, results):
        """In a child: the candidate becomes what run() gives."""
        return Candidate(jobs[0], results, self.settings, self.pool.budget_s)

    def _answer(self, job, body):
        if job.body is None:
            return self._baseline(Outcome.unpack(body))
        self.upstream.send(RESULT, job.ident, body)
        return None

    def _baseline(self, outcome):
        if outcome.status in (PASSED, INVALID, UNSUPPORTED):
            self._end_like(self.natural_status)
        spent = 0 if outcome.status == TIMEOUT else outcome.wall_us / 1e6
        self.pool.budget_s = self._budget(spent)
        about = {"mode": "cold", "line": outcome.line, "message": outcome.message}
        self._serve(json.dumps(about).encode("utf-8", "replace"))

    def _end(self, status):
        if self.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except OSError:
                pass
        if self.pool is not None:
            self.pool.stop()
        os._exit(status)

    def _end_like(self, status):
        if os.WIFSIGNALED(status):
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
            os.kill(os.getpid(), os.WTERMSIG(status))
        os._exit(os.WEXITSTATUS(status))


def _quieten():
    """From here on nobody reads what this process prints."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (1, 2):
        os.dup2(null, fd)
    os.close(null)
