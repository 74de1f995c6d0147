"""Running this process's own command line ourselves: from a child that tries a candidate, whose main
script the interpreter would read from disk."""
import os
import sys
import traceback

import selfheal_boot
from selfheal_wire import FAILED, PASSED, Outcome

_WITH_VALUE = "cmWX"  # options of the interpreter that take a value


class Command:
    """A script (path) or a module (name) with its arguments."""

    def __init__(self, path, module, argv):
        self.path, self.module, self.argv = path, module, argv

    def is_ours(self, root):
        """Whether it runs the project's code and is not pytest (which has its own way)."""
        if self.module:
            first = self.module.split(".")[0]
            if first in ("pytest", "py", "pip", "venv", "ensurepip", "tox", "build"):
                return False
            return self.module in ("unittest", "doctest") or self._names_project(root)
        if os.path.basename(self.path) == "setup.py":
            return "test" in self.argv
        return self._inside(self.path, root) or self._names_project(root)

    def _names_project(self, root):
        if self.module:
            place = os.path.join(os.getcwd(), *self.module.split("."))
            if os.path.isfile(place + ".py") or os.path.isfile(os.path.join(place, "__main__.py")):
                return self._inside(place, root)
        coverage = "coverage" in (self.module or self.path or "")
        return coverage and "pytest" not in self.argv

    @staticmethod
    def _inside(path, root):
        path = os.path.realpath(path)
        parts = path.split(os.sep)
        return path.startswith(root) and "site-packages" not in parts and "bin" not in parts

    def run(self, candidate):
        """Runs it as the candidate's test: its exit status decides. Never returns."""
        try:
            self._run_main(candidate.patches)
            outcome = Outcome(PASSED, passed=1, failed=0)
        except SystemExit as stop:
            code = exit_status(stop)
            outcome = Outcome(PASSED, passed=1, failed=0)
            if code:
                outcome = Outcome(FAILED, "SystemExit: %d" % code, passed=0, failed=1)
        except BaseException as error:
            outcome = failure_of(error, os.path.realpath(self.path or ""))
        candidate.finish(outcome)

    def run_and_exit(self, patches):
        """Runs it as the interpreter would, in a process of its own."""
        code = 0
        try:
            self._run_main(patches)
        except SystemExit as stop:
            code = exit_status(stop)
        except BaseException:
            traceback.print_exc()
            code = 1
        _finish_threads()
        import atexit

        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (AttributeError, OSError, ValueError):
                pass
        os._exit(code)

    def _run_main(self, patches):
        sys.argv = list(self.argv)  # older versions have none yet at this point
        if self.module:
            import runpy

            sys.path.insert(0, os.getcwd())
            runpy._run_module_as_main(self.module)
            return
        sys.path.insert(0, os.path.dirname(os.path.realpath(self.path)))
        data = patches.get(self.path)
        if data is None:
            with open(self.path, "rb") as file:
                data = file.read()
        space = sys.modules["__main__"].__dict__
        space["__file__"] = self.path
        space.setdefault("__builtins__", __builtins__)
        exec(compile(data, self.path, "exec", 0, True), space)
        _finish_threads()


def exit_status(stop):
    if stop.code is None:
        return 0
    if not isinstance(stop.code, int):
        sys.stderr.write(str(stop.code) + "\n")
        return 1
    return stop.code & 0xFF


def _finish_threads():
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()


def failure_of(error, test_file):
    """The Outcome of a test that raised: where in the test's file, and what."""
    line = 0
    where = ""
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_filename == test_file or os.path.realpath(code.co_filename) == test_file:
            line = step.tb_lineno
        if not os.path.basename(code.co_filename).startswith("selfheal_"):
            where = "%s:%d" % (code.co_name, step.tb_lineno)
        step = step.tb_next
    try:
        text = str(error)
    except BaseException:
        text = "?"
    message = "%s: %s" % (type(error).__name__, text) if text else type(error).__name__
    return Outcome(FAILED, message[:4000], line, passed=0, failed=1, where=where)


def this_command():
    """What this interpreter was started to run, or None: nothing, standard input, -c."""
    line = _command_line()
    at = 1
    while at < len(line) and line[at].startswith("-") and line[at] != "-":
        word = line[at]
        at += 1
        if word.startswith("--"):
            at += word == "--check-hash-based-pycs"
            continue
        value_at = next((i for i, letter in enumerate(word) if letter in _WITH_VALUE), None)
        if value_at is None:
            continue
        value = word[value_at + 1 :]
        if not value:
            value = line[at] if at < len(line) else ""
            at += 1
        if word[value_at] == "c":
            return None
        if word[value_at] == "m":
            return Command(None, value, [value] + line[at:])
    if at >= len(line) or line[at] == "-" or not os.path.isfile(line[at]):
        return None
    return Command(line[at], None, line[at:])


def _command_line():
    if hasattr(sys, "orig_argv"):
        return list(sys.orig_argv)
    try:
        with open("/proc/self/cmdline", "rb") as file:
            return [os.fsdecode(word) for word in file.read().split(b"\0")[:-1]]
    except OSError:
        return []
