"""The unpatched tests, run once each in a forked child: which fail, and in what time."""
import importlib
import json
import os
import select
import signal
import time

from selfheal_budget import Budget
from selfheal_front import foreign_modules
from selfheal_pool import limit_memory

TEST_CPU_S = 1.5
TEST_WALL_S = 4.0


def run_once(tests, limit_s):
    """({"passed", "spent_s", "line"} for each test in order, names of the modules that they
    imported). line: where in its file it failed or hung, 0 if that is not known. A test that hangs or takes its process down fails in no time; after limit_s the rest is not
    tried and counts as passed."""
    rows = []
    modules = []
    deadline = time.monotonic() + limit_s
    while len(rows) < len(tests) and time.monotonic() < deadline:
        lines = _in_child(tests[len(rows) :], deadline)
        rows += lines
        if lines and "modules" in lines[-1]:
            modules = rows.pop()["modules"]
        elif len(rows) < len(tests):
            rows.append({"passed": False, "spent_s": 0, "line": 0})
    rows += [{"passed": True, "spent_s": 0, "line": 0}] * (len(tests) - len(rows))
    return rows, modules


def import_all(names):
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException:
            continue


def _in_child(tests, deadline):
    """Rows of the tests up to the first without an end."""
    mine, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(mine)
            _run_all(tests, theirs)
        finally:
            os._exit(0)
    os.close(theirs)
    data = _read_rows(mine, deadline)
    os.close(mine)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return [json.loads(line) for line in data.decode("utf-8").split("\n")[:-1]]


def _run_all(tests, out):
    limit_memory()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    before = set(foreign_modules())
    for test in tests:
        _say(out, _run_test(test))
    _say(out, {"modules": [n for n in foreign_modules() if n not in before]})


def _run_test(test):
    began = time.process_time()
    failure = None
    with Budget(TEST_CPU_S, test.file) as budget:
        failure = test.run(False)
    if budget.over:
        return {"passed": False, "spent_s": 0, "line": budget.line}
    spent = time.process_time() - began
    line = failure.line if failure is not None else 0
    return {"passed": failure is None, "spent_s": spent, "line": line}


def _say(fd, row):
    data = (json.dumps(row) + "\n").encode("utf-8")
    while data:
        data = data[os.write(fd, data) :]


def _read_rows(fd, deadline):
    data = b""
    while True:
        left = min(TEST_WALL_S, deadline - time.monotonic())
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            return data
        piece = os.read(fd, 1 << 16)
        if not piece:
            return data
        data += piece
