"""Which lines of the project each test runs: a tracer, and records of JSON, one a line, in a file per
process. {"base": F} is what ran outside of tests, {"id", "passed", "files": F} one test; F is
[[path, "3-5,9"]] with paths relative to the project."""
import json
import os
import signal
import sys
import threading
import time

import selfheal_boot

OUTPUT_MAX = 48 << 20
CODES_MAX = 200000
TEST_S = 5.0  # CPU time a traced test may take: it runs some ten times slower
_NONE = object()


class Hang(BaseException):
    """Raised in a test that does not end."""


class Tracer:
    def __init__(self, root):
        self.root = root
        self.codes = {}  # id -> None or (local trace function, lines, path, code)
        self.kept = []
        self.names = {}

    def start(self):
        if hasattr(sys, "monitoring"):
            self._start_monitoring()
        else:
            threading.settrace(self._on_call)
            sys.settrace(self._on_call)

    def resume(self):
        """A test begins: whoever else traces is put aside."""
        if hasattr(sys, "monitoring"):
            sys.monitoring.restart_events()
        elif sys.gettrace() is not self._on_call:
            sys.settrace(self._on_call)

    def take(self):
        """{path: lines} since the last time."""
        files = {}
        for entry in list(self.codes.values()):
            if entry and entry[1]:
                files.setdefault(entry[2], set()).update(entry[1])
                entry[1].clear()
        return files

    def _on_call(self, frame, event, arg):
        entry = self.codes.get(id(frame.f_code), _NONE)
        if entry is _NONE:
            entry = self._add(frame.f_code)
        return entry[0] if entry else None

    def _add(self, code):
        path = self._path(code.co_filename)
        if len(self.codes) > CODES_MAX:
            return None
        if path is None:
            self.kept.append(code)  # or its id might be another's one day
            self.codes[id(code)] = None
            return None
        lines = set()
        add = lines.add

        def local(frame, event, arg):
            if event == "line":
                add(frame.f_lineno)
            return local

        entry = self.codes[id(code)] = (local, lines, path, code)
        return entry

    def _path(self, name):
        if name not in self.names:
            real = os.path.realpath(name)
            generated = name.startswith("<")  # "<string>", "<attrs generated ...>": no file
            inside = not generated and real.startswith(self.root) and "site-packages" not in real
            self.names[name] = real[len(self.root) :] if inside else None
        return self.names[name]

    def _start_monitoring(self):
        monitoring = sys.monitoring
        tool = next(i for i in (4, 3, 5) if monitoring.get_tool(i) is None)
        monitoring.use_tool_id(tool, "selfheal")

        def on_line(code, line):
            entry = self.codes.get(id(code), _NONE)
            if entry is _NONE:
                entry = self._add(code)
            if entry:
                entry[1].add(line)
            return monitoring.DISABLE

        monitoring.register_callback(tool, monitoring.events.LINE, on_line)
        monitoring.set_events(tool, monitoring.events.LINE)


class Recorder:
    def __init__(self, folder, tracer):
        self.folder, self.tracer = folder, tracer
        self.pid = os.getpid()
        self.file = None
        self.written = 0
        self.current = None
        self.program = None  # what to call the process itself, as a test
        self.tests = 0
        self.limit_s = TEST_S

    def begin(self, ident):
        """False when a test is under way already (or this is a forked child)."""
        if self.current is not None or os.getpid() != self.pid:
            return False
        self.emit({"base": rows_of(self.tracer.take())})
        self.current = ident
        self.tracer.resume()
        signal.signal(signal.SIGPROF, self._over)
        signal.setitimer(signal.ITIMER_PROF, self.limit_s, self.limit_s)
        return True

    def _over(self, *args):
        raise Hang("over %g s of CPU time, traced" % self.limit_s)

    def end(self, passed):
        """passed: None for a test that was skipped."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        ident, self.current = self.current, None
        files = self.tracer.take()
        if passed is not None:
            self.record(ident, passed, files)

    def record(self, ident, passed, files):
        self.tests += 1
        self.emit({"id": ident, "passed": passed, "files": rows_of(files)})

    def emit(self, row):
        if row.get("base") == [] or self.written > OUTPUT_MAX:
            return
        if self.file is None:
            path = os.path.join(self.folder, "%d.jsonl" % self.pid)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self.file = os.open(path, flags, 0o666)
        data = (json.dumps(row) + "\n").encode("utf-8", "replace")
        self.written += len(data)
        if self.written <= OUTPUT_MAX:
            while data:
                data = data[os.write(self.file, data) :]


def rows_of(files):
    return [[path, ranges_of(sorted(lines))] for path, lines in sorted(files.items())]


def ranges_of(lines):
    spans = []
    for line in lines:
        if spans and spans[-1][1] == line - 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return ",".join("%d" % a if a == b else "%d-%d" % (a, b) for a, b in spans)


# The one of this process; the pytest plugin looks here.
recorder = None


def start(folder):
    """Called at interpreter start."""
    global recorder
    import selfheal_script
    import selfheal_unittest

    # The machine's monotonic clock: how long the command as a whole has is known only outside.
    seconds = float(os.environ["SELFHEAL_SPECTRUM_UNTIL"]) - time.monotonic()
    recorder = Recorder(folder, Tracer(selfheal_boot.root()))
    recorder.limit_s = min(TEST_S, seconds / 4)
    options = os.environ.get("PYTEST_ADDOPTS", "")
    if "selfheal_pytest_spectrum" not in options:
        os.environ["PYTEST_ADDOPTS"] = ("-p selfheal_pytest_spectrum " + options).strip()
    selfheal_unittest.on_runner(_wrap_cases)
    command = selfheal_script.this_command()
    if command is not None and command.is_ours(selfheal_boot.root()):
        _watch_program(command)
    _guard(max(0.1, seconds))
    recorder.tracer.start()


def _guard(seconds):
    """Keeps what there is of a process that does not end in time."""

    def wait():
        time.sleep(seconds)
        sys.settrace(None)
        if recorder.current or recorder.program and not recorder.tests:
            files = recorder.tracer.take()
            recorder.record(recorder.current or recorder.program, False, files)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _watch_program(command):
    """A program without tests of a known kind is one test: its exit status is the result."""
    import atexit

    here = selfheal_boot.root()
    path = os.path.realpath(command.path) if command.path else command.module
    ident = path[len(here) :] if path.startswith(here) else path
    status_file = os.path.join(recorder.folder, "%d.status" % os.getpid())
    pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        with open(status_file, "w") as file:
            file.write("%d" % status)
        _end_like(status)
    recorder.pid = os.getpid()
    recorder.program = ident

    def finish():
        sys.settrace(None)
        if os.getpid() == recorder.pid and not recorder.tests:
            files = rows_of(recorder.tracer.take())
            name = os.path.basename(status_file)
            recorder.emit({"id": ident, "status": name, "files": files})

    atexit.register(finish)


def _end_like(status):
    if os.WIFSIGNALED(status):
        signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.WEXITSTATUS(status))


def _wrap_cases(runner):
    import unittest

    plain = unittest.TestCase.run

    def run(self, result=None):
        if result is None or not hasattr(result, "failures") or not recorder.begin(self.id()):
            return plain(self, result)
        before = _counts(result)
        try:
            return plain(self, result)
        finally:
            bad, skipped = _counts(result)
            skip = skipped > before[1] and bad == before[0]
            recorder.end(None if skip else bad == before[0])

    unittest.TestCase.run = run


def _counts(result):
    bad = len(result.failures) + len(result.errors) + len(getattr(result, "unexpectedSuccesses", ()))
    return bad, len(getattr(result, "skipped", ()))
