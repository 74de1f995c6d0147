"""Forked children that try candidates: a few per child, none of them believed to come back."""
import collections
import os
import select
import signal
import stat
import struct
import sys
import time

from selfheal_wire import (
    CRASHED,
    DONE,
    FAILED,
    MORE,
    PASSED,
    RESULT,
    TIMEOUT,
    Channel,
    Closed,
    Outcome,
)

TAIL_BYTES = 2000
MEMORY_GROWTH = 512 << 20
STARVED_S = 20.0
SLACK_S = 0.4  # wall time a child may take beyond its CPU budget: sleeps, a busy machine


class Loop:
    """poll() with a handler per descriptor. A handler that gives a value ends run() with it."""

    def __init__(self):
        self.poll = select.poll()
        self.handlers = {}
        self.ticks = []

    def watch(self, fd, handler):
        self.handlers[fd] = handler
        self.poll.register(fd, select.POLLIN)

    def unwatch(self, fd):
        if self.handlers.pop(fd, None):
            self.poll.unregister(fd)

    def run(self):
        while True:
            for fd, _ in self.poll.poll(20):
                handler = self.handlers.get(fd)
                value = handler() if handler else None
                if value is not None:
                    return value
            for tick in self.ticks:
                value = tick()
                if value is not None:
                    return value


class Job:
    """What to try. alone: in a child of its own; else with others of its kind."""

    __slots__ = ("ident", "body", "alone", "extra", "kind")

    def __init__(self, ident, body, alone=False, extra=None, kind=None):
        self.ident, self.body, self.alone, self.extra = ident, body, alone, extra
        self.kind = kind


class _Child:
    def __init__(self, pid, results, out, jobs):
        self.pid, self.results, self.out, self.jobs = pid, results, out, jobs
        self.cpu_s = 0.0  # what it had used when its current job began
        self.tail = b""
        self.killed = self.done = False

    def allow(self, seconds):
        """Wall time for the next job; while it lacks a processor, up to last."""
        self.deadline = time.monotonic() + seconds
        self.last = self.deadline + STARVED_S


class Pool:
    """work(jobs, results) runs in the child and ends it, or gives a value that run() of the loop
    returns there, for the child to go on with its natural course. answer(job, body) runs here
    with the packed Outcome of each job; exit_passes: a silent exit with status 0 is a pass."""

    def __init__(self, loop, work, answer, size=1, batch=1, exit_passes=False, capture=False):
        self.loop, self.work, self.answer = loop, work, answer
        self.size, self.batch = max(1, size), max(1, batch)
        self.exit_passes, self.capture = exit_passes, capture
        self.budget_s = 10.0
        self.budget_alone_s = None
        self.idle_s = 0.0  # wall time that the unpatched run spends waiting, some times over
        self.notice = lambda kind, body: None  # other frames a child sends
        self.stdin = stdin_start()
        self.queue = collections.deque()
        self.children = {}
        self.zombies = []
        loop.ticks.append(self._tick)

    def budget_of(self, jobs):
        """CPU time that the first of the jobs may take."""
        return bool(jobs) and jobs[0].alone and self.budget_alone_s or self.budget_s

    def wall_s(self, jobs):
        return 3 * self.budget_of(jobs) + self.idle_s + SLACK_S

    def submit(self, job, first=False):
        (self.queue.appendleft if first else self.queue.append)(job)

    def pump(self):
        """Starts what there is room for."""
        self.held = False
        while self.queue and len(self.children) < self.size and not self.held:
            value = self._start(self._next_jobs())
            if value is not None:
                return value
        return None

    def stop(self):
        self.queue.clear()
        for child in list(self.children.values()):
            self._kill(child)

    def _next_jobs(self):
        jobs = collections.deque([self.queue.popleft()])
        share = max(1, len(self.queue) // self.size)
        while not jobs[0].alone and len(jobs) < min(self.batch, share):
            if not self.queue or self.queue[0].alone or self.queue[0].kind != jobs[0].kind:
                break
            jobs.append(self.queue.popleft())
        return jobs

    def _start(self, jobs):
        mine, theirs = os.pipe()
        out = os.pipe() if self.capture else (None, None)
        state = _random_state()
        try:
            pid = os.fork()
        except OSError:  # too many processes just now: a later tick tries again
            pid = -1
        if pid == 0:
            _enter_child(self.loop, out[1], state, self.stdin)
            return self.work(jobs, Channel(theirs))
        os.close(theirs)
        if out[1] is not None:
            os.close(out[1])
        if pid < 0:
            return self._put_back(jobs, mine, out[0])
        child = _Child(pid, Channel(mine), out[0], jobs)
        child.allow(self.wall_s(jobs))
        self.children[pid] = child
        self.loop.watch(mine, lambda: self._read(child))
        if child.out is not None:
            self.loop.watch(child.out, lambda: self._drain(child))
        return None

    def _put_back(self, jobs, *fds):
        self.queue.extendleft(reversed(jobs))
        for fd in fds:
            if fd is not None:
                os.close(fd)
        time.sleep(0.02)
        self.held = True

    def _read(self, child):
        try:
            frames = child.results.read()
        except Closed:
            return self._end(child)
        for kind, ident, body in frames:
            if kind == DONE:
                child.done = True
            elif kind == MORE:
                (seconds,) = struct.unpack("<d", body)
                child.cpu_s += seconds
                child.deadline += 3 * seconds
            elif kind == RESULT and child.jobs and child.jobs[0].ident == ident:
                job = child.jobs.popleft()
                child.allow(self.wall_s(child.jobs))
                child.cpu_s = cpu_s(child.pid)
                self.answer(job, body)
            else:
                self.notice(kind, body)
        if child.done or not child.jobs:
            return self._end(child)
        return None

    def _drain(self, child):
        data = os.read(child.out, 1 << 16)
        child.tail = (child.tail + data)[-TAIL_BYTES:]
        if not data:
            self.loop.unwatch(child.out)
            os.close(child.out)
            child.out = None

    def _tick(self):
        now = time.monotonic()
        self.zombies = [pid for pid in self.zombies if not os.waitpid(pid, os.WNOHANG)[0]]
        for child in list(self.children.values()):
            if child.deadline < now < child.last and is_starved(child.pid, self._spawned_s(child)):
                child.deadline = now + SLACK_S
            if now > child.deadline or self._is_over(child):
                child.killed = True
                value = self._end(child)
                if value is not None:
                    return value
        return self.pump()

    def _is_over(self, child):
        """Whether it is so far beyond its CPU budget that its own alarm must have been of no use:
        a long call of C code, or a handler that catches everything."""
        return cpu_s(child.pid) - child.cpu_s > 1.5 * self.budget_of(child.jobs) + 0.02

    def _spawned_s(self, child):
        return 1.5 * self.budget_of(child.jobs) + SLACK_S

    def _kill(self, child):
        """Ends the child with all it started; gives its wait status if that may be the answer."""
        self.loop.unwatch(child.results.fd)
        child.results.close()
        if child.out is not None:
            self._drain_rest(child)
        del self.children[child.pid]
        if child.jobs and not child.done and not child.killed:
            return _reap(child.pid, 0.05)
        _kill_group(child.pid)
        self.zombies.append(child.pid)
        return 0

    def _drain_rest(self, child):
        while child.out is not None and select.select([child.out], [], [], 0)[0]:
            self._drain(child)
        if child.out is not None:
            self.loop.unwatch(child.out)
            os.close(child.out)
            child.out = None

    def _end(self, child):
        status = self._kill(child)
        if child.jobs and not child.done:
            job = child.jobs.popleft()
            self.answer(job, self._verdict(child, status).pack())
        self.queue.extendleft(reversed(child.jobs))
        return self.pump()

    def _verdict(self, child, status):
        tail = child.tail.decode("utf-8", "replace")
        if child.killed:
            return Outcome(TIMEOUT, tail)
        if os.WIFSIGNALED(status):
            name = "signal %d" % os.WTERMSIG(status)
            return Outcome(CRASHED, (tail + "\n" + name).strip())
        code = os.WEXITSTATUS(status)
        if code == 0 and self.exit_passes:
            return Outcome(PASSED, passed=1, failed=0)
        return Outcome(FAILED, (tail + "\nexit status %d" % code).strip())


def is_starved(pid, spent_s):
    """Whether a process, or one it has started, only waits for a processor (time passes, but not
    for it), and those it has started have not had more than spent_s of CPU time."""
    runnable = False
    ticks = 0
    for state, group, used, number in _processes():
        if group == pid:
            runnable = runnable or state == b"R"
            ticks += used if number != pid else 0
    return runnable and ticks / os.sysconf("SC_CLK_TCK") <= spent_s


def _processes():
    """(state, process group, CPU ticks, pid) of each."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, "rb") as stat_file:
                fields = stat_file.read().rpartition(b")")[2].split()
            yield fields[0], int(fields[2]), int(fields[11]) + int(fields[12]), int(name)
        except (OSError, IndexError, ValueError):
            continue


def cpu_s(pid):
    """CPU time of another process (its clock's number is as the kernel's ABI has it)."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except (OSError, OverflowError):
        return 0.0


def _reap(pid, patience_s):
    """The wait status of a child that has nothing more to say, killed if it lingers."""
    deadline = time.monotonic() + patience_s
    status = 0
    done = 0
    while not done and time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if not done:
            time.sleep(0.0002)
    _kill_group(pid)
    if not done:
        _, status = os.waitpid(pid, 0)
    return status


def _kill_group(pid):
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except OSError:
            pass


def _random_state():
    module = sys.modules.get("random")
    return module.getstate() if module is not None else None


def stdin_start():
    """Where standard input stands, if children can be given it anew from there, or None."""
    try:
        return os.lseek(0, 0, os.SEEK_CUR) if stat.S_ISREG(os.fstat(0).st_mode) else None
    except OSError:
        return None


def _fresh_stdin(start):
    try:
        fd = os.open(os.devnull if start is None else "/proc/self/fd/0", os.O_RDONLY)
        if start is not None:
            os.lseek(fd, start, os.SEEK_SET)
        os.dup2(fd, 0)
        os.close(fd)
    except OSError:
        pass


def _enter_child(loop, out, state, stdin):
    """Cuts the child off its parent: own process group, no server descriptors, limits."""
    os.setpgid(0, 0)
    for fd in list(loop.handlers):
        try:
            os.close(fd)
        except OSError:
            pass
    if state is not None:  # fork reseeds the module
        sys.modules["random"].setstate(state)
    _fresh_stdin(stdin)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (1, 2):
        os.dup2(null if out is None else out, fd)
    os.close(null)
    if out is not None:
        os.close(out)
    limit_memory()


def limit_memory():
    """Caps this process at what it has now and MEMORY_GROWTH."""
    try:
        import resource

        with open("/proc/self/statm") as statm:
            pages = int(statm.read().split()[0])
        now = pages * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = now + MEMORY_GROWTH
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        pass
