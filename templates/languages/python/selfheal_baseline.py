"""The unpatched tests, run once each in a forked child: which fail, and in what time."""
import importlib
import json
import os
import select
import signal
import time

from selfheal_budget import Budget
from selfheal_front import foreign_modules
from selfheal_pool import cpu_s, is_starved, limit_memory

TEST_WALL_S = 2.0  # beyond its CPU time: sleeps


def run_once(tests, test_s, limit_s):
    """({"passed", "spent_s", "wall_s", "line"} for each test in order, names of the modules that
    they imported). test_s: CPU time for each. line: where in its file it failed or hung, 0 if that
    is not known. A test that hangs or takes its process down fails in no time; after limit_s the
    rest is not tried and counts as passed."""
    rows = []
    modules = []
    deadline = time.monotonic() + limit_s
    while len(rows) < len(tests) and time.monotonic() < deadline:
        lines = _in_child(tests[len(rows) :], test_s, deadline)
        rows += lines
        if lines and "modules" in lines[-1]:
            modules = rows.pop()["modules"]
        elif len(rows) < len(tests):
            rows.append({"passed": False, "spent_s": 0, "wall_s": 0, "line": 0})
    rows += [{"passed": True, "spent_s": 0, "wall_s": 0, "line": 0}] * (len(tests) - len(rows))
    return rows, modules


def import_all(names):
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException:
            continue


def _in_child(tests, test_s, deadline):
    """Rows of the tests up to the first without an end."""
    mine, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(mine)
            _run_all(tests, test_s, theirs)
        finally:
            os._exit(0)
    os.close(theirs)
    data = _read_rows(mine, pid, test_s, deadline)
    os.close(mine)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return [json.loads(line) for line in data.decode("utf-8").split("\n")[:-1]]


def _run_all(tests, test_s, out):
    limit_memory()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    before = set(foreign_modules())
    for test in tests:
        _say(out, _run_test(test, test_s))
    _say(out, {"modules": [n for n in foreign_modules() if n not in before]})


def _run_test(test, test_s):
    began = time.process_time()
    wall = time.monotonic()
    failure = None
    with Budget(test_s, test.file) as budget:
        failure = test.run(False)
    if budget.over:
        return {"passed": False, "spent_s": 0, "wall_s": 0, "line": budget.line}
    spent = time.process_time() - began
    line = failure.line if failure is not None else 0
    wall = time.monotonic() - wall
    return {"passed": failure is None, "spent_s": spent, "wall_s": wall, "line": line}


def _say(fd, row):
    data = (json.dumps(row) + "\n").encode("utf-8")
    while data:
        data = data[os.write(fd, data) :]


def _read_rows(fd, pid, test_s, deadline):
    """What it writes, up to its end or a test's."""
    data = b""
    began = cpu_s(pid)
    patience = time.monotonic() + test_s + TEST_WALL_S
    while time.monotonic() < deadline:
        if select.select([fd], [], [], 0.05)[0]:
            piece = os.read(fd, 1 << 16)
            if not piece:
                break
            data += piece
            began = cpu_s(pid)
            patience = time.monotonic() + test_s + TEST_WALL_S
        elif cpu_s(pid) - began > 1.5 * test_s + 0.1:
            break
        elif time.monotonic() > patience and not is_starved(pid, test_s):
            break
    return data
