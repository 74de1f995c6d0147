#!/usr/bin/python3
"""What selfheal itself costs: overhead.py [SELFHEAL]

Prints the median wall time of `selfheal version`, of a passing test command alone and under
`selfheal heal` (the nothing-to-do path), and the peak memory of the bot's own process. Figures, no
assertions: compare them within one run.
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SELFHEAL = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SELFHEAL", "build/release/selfheal"))
RUNS = 21


def timed(argv, cwd):
    begin = time.perf_counter()
    p = subprocess.Popen(argv, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    return (time.perf_counter() - begin) * 1000, usage.ru_maxrss, p.returncode


def median(argv, cwd):
    runs = [timed(argv, cwd) for _ in range(RUNS + 1)][1:]
    return statistics.median(r[0] for r in runs), max(r[1] for r in runs), runs[-1][2]


def main():
    base = tempfile.mkdtemp(prefix="selfheal-bench-")
    try:
        subprocess.run(["git", "init", "-q", base], check=True)
        for i in range(2000):
            folder = os.path.join(base, "d%d" % (i % 50))
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, "f%d.txt" % i), "w") as f:
                f.write("text %d\n" % i)
        version, rss, _ = median([SELFHEAL, "version"], base)
        print("version             %8.1f ms   peak %5.1f MiB" % (version, rss / 1024))
        alone, _, _ = median(["sh", "-c", "true"], base)
        print("test command alone  %8.1f ms" % alone)
        healed, rss, rc = median([SELFHEAL, "heal", "--test", "true"], base)
        print("heal, nothing to do %8.1f ms   peak %5.1f MiB   exit %d" % (healed, rss / 1024, rc))
        print("added by heal       %8.1f ms" % (healed - alone))
    finally:
        shutil.rmtree(base, ignore_errors=True)


main()
