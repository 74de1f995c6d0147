#!/usr/bin/env python3
"""How fast `selfheal explain` reads a large JUnit XML, beside Python's xml.etree in the same run.

usage: junit_bench.py SELFHEAL [--megabytes N] [--rounds N] [--seed N] [--keep FILE]

The file is made here: suites of test cases, most passing, captured output in CDATA and escaped, some failures
with a stack. Printed: seconds of both (the best of the rounds, each a process of its own that does nothing but
parse), their ratio, peak memory of both, and whether the failures found are those that were written.
Exit 1 below --ratio or above --mebibytes.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from xml.sax.saxutils import escape, quoteattr

WORDS = ("INFO", "connection", "opened", "request", "user=42", "[worker-3]", "took", "12ms", "cache", "miss", "->",
         "GET", "/api/v1/items", "status=200", "DEBUG", "retry", "a<b", "R&D", "{\"ok\": true}", "done")

ETREE = """
import sys, time, xml.etree.ElementTree as t
start = time.perf_counter()
tree = t.parse(sys.argv[1])
print(time.perf_counter() - start)
"""


def log_text(rng, lines):
    return "\n".join("2024-05-01 12:%02d:%02d.%03d %s" % (
        rng.randrange(60), rng.randrange(60), rng.randrange(1000), " ".join(rng.choices(WORDS, k=9)))
        for _ in range(lines)) + "\n"


def stack(rng, suite, message):
    frames = ["\tat org.example.%s.test%d(%s.java:%d)" % (suite, i, suite, rng.randrange(1, 900)) for i in range(12)]
    return "java.lang.AssertionError: %s\n%s" % (message, "\n".join(frames))


def write_case(out, rng, suite, i, failed):
    name = "test_%s_%d" % (rng.choice(("parses", "stores", "sends", "keeps")), i)
    out.write("    <testcase name=%s classname=%s time=\"%.3f\"" % (
        quoteattr(name), quoteattr("org.example." + suite), rng.random()))
    if not failed and rng.random() < 0.7:
        out.write("/>\n")
        return None
    out.write(">\n")
    if failed:
        message = "expected <%d> but was <%d>" % (i, i + 1)
        out.write("      <failure message=%s type=\"java.lang.AssertionError\">%s</failure>\n" % (
            quoteattr(message), escape(stack(rng, suite, message))))
    text = log_text(rng, rng.randrange(1, 30))
    if rng.random() < 0.8:
        out.write("      <system-out><![CDATA[%s]]></system-out>\n" % text)
    else:
        out.write("      <system-err>%s</system-err>\n" % escape(text))
    out.write("    </testcase>\n")
    return name if failed else None


def generate(path, size, seed):
    """Returns how many cases there are and (suite, name) of those that failed."""
    rng, cases, failures = random.Random(seed), 0, []
    with open(path, "w", encoding="utf-8") as out:
        out.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n")
        number = 0
        while out.tell() < size:
            suite, number = "Suite%dTest" % number, number + 1
            out.write("  <testsuite name=\"org.example.%s\" hostname=\"ci\" timestamp=\"2024-05-01T12:00:00\">\n" % suite)
            out.write("    <properties>\n      <property name=\"java.version\" value=\"17\"/>\n    </properties>\n")
            for i in range(200):
                name = write_case(out, rng, suite, i, rng.random() < 0.002)
                cases += 1
                if name:
                    failures.append(("org.example." + suite, name))
            out.write("    <system-out><![CDATA[%s]]></system-out>\n  </testsuite>\n" % log_text(rng, 50))
        out.write("</testsuites>\n")
    return cases, failures


def measured(command):
    """Seconds, peak KiB and output of a child."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit("%s failed" % command[0])
    return time.perf_counter() - start, usage.ru_maxrss, out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("selfheal")
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep")
    parser.add_argument("--ratio", type=float, default=5)
    parser.add_argument("--mebibytes", type=float, default=64)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="junit-bench-") as folder:
        path = args.keep or os.path.join(folder, "report.xml")
        cases, failures = generate(path, args.megabytes * 1000000, args.seed)
        command = [os.path.abspath(args.selfheal), "explain", "--root", folder, "--format", "json", path]
        ours = [measured(command) for _ in range(args.rounds)]
        theirs = [measured([sys.executable, "-c", ETREE, path]) for _ in range(args.rounds)]
    answer = json.loads(ours[0][2])
    right = answer["counts"]["tests"] == cases and \
        sorted((f["suite"], f["name"]) for f in answer["failures"]) == sorted(failures)
    etree, own = min(float(r[2]) for r in theirs), min(r[0] for r in ours)
    peak = max(r[1] for r in ours) / 1024
    print("seed %d, %d MB, %d cases, %d failed: %s" % (
        args.seed, args.megabytes, cases, len(failures), "all found" if right else "NOT ALL FOUND"))
    print("etree %.3f s (%.0f MiB), selfheal %.3f s with its start (%.1f MiB): %.1f x" % (
        etree, max(r[1] for r in theirs) / 1024, own, peak, etree / own))
    return 0 if right and etree / own >= args.ratio and peak < args.mebibytes else 1


if __name__ == "__main__":
    sys.exit(main())
