#!/usr/bin/env python3
"""How fast `selfheal explain` reads a large CI log, and in how much memory.

usage: explain_speed.py SELFHEAL [--mb N] [--prefix none|github|jenkins] [--keep FILE]

Writes a log of that many megabytes (default 1024) in a temporary folder: what a build and a test suite print,
over and over, with colours and progress bars, and one failure at the end. Prints seconds, MB/s, million lines/s
and the peak of resident memory; exits 1 when a limit (--seconds, --mib) is passed or the failure is not found.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

TESTS = ["orders", "invoices", "customers", "stock", "carts", "prices", "taxes", "letters", "errors", "failures"]
FILES = ["reader", "writer", "parser", "lexer", "table", "queue", "cache", "error", "clock", "timer"]


def piece(n):
    """About forty kilobytes of a log."""
    out = ["$ make -j8 all"]
    for i in range(60):
        name = FILES[i % len(FILES)]
        out.append("[%3d%%] Building C object src/CMakeFiles/core.dir/%s/%s_%d.c.o" % (i, name, name, i + n % 97))
        out.append("gcc -O2 -g -Wall -Wextra -Isrc -Iinclude -DVERSION=\"1.2.%d\" -c -o build/%s_%d.o src/%s/%s_%d.c"
                   % (n % 10, name, i, name, name, i))
        if i % 10 == 3:
            out.append("src/%s/%s_%d.c:%d:12: warning: unused parameter 'context' [-Wunused-parameter]"
                       % (name, name, i, 20 + i))
            out.append("   %d | int %s_open(struct context *context)" % (20 + i, name))
            out.append("      |            ~~~~~~~~~~~~~~~~^~~~~~~")
    out.append("\r".join("Downloading dependencies... %3d%%" % p for p in range(0, 101, 4)))
    out.append("$ ./run-tests --all")
    for i in range(120):
        name = TESTS[i % len(TESTS)]
        out.append("tests/%s/test_%s.py::test_%s_are_counted[%d-%d] \033[32mPASSED\033[0m [%3d%%]"
                   % (name, name, name, i, n % 1000, i * 100 // 120))
        if i % 8 == 0:
            out.append("2024-03-01 12:%02d:%02d,%03d INFO  shop.%s: %d rows in %d ms, cache hit ratio 0.%02d"
                       % (n % 60, i % 60, i, name, 100 + i, 3 + i % 40, i % 100))
        if i % 30 == 7:
            out.append("2024-03-01 12:%02d:%02d,%03d WARN  shop.%s: retrying request %d of 5" %
                       (n % 60, i % 60, i, name, i % 5))
    out.append("The command \"./run-tests --all\" exited with 0.")
    out.append("")
    return out


LAST = """$ ./check-release
checking the table of versions
release.c:17:3: error: 'VERSION_MINOR' undeclared (first use in this function)
   17 |   VERSION_MINOR = 3;
      |   ^~~~~~~~~~~~~
The command "./check-release" exited with 1.

Done. Your build exited with 1.
""".split("\n")


def write_log(path, size, prefix):
    lead = {"none": "", "github": "2024-03-01T12:00:%02d.1234567Z ", "jenkins": "[2024-03-01T12:00:%02d.123Z] "}[prefix]
    pieces = []
    for n in range(64):
        lines = piece(n)
        pieces.append("".join((lead % (i % 60) if lead else "") + line + "\n" for i, line in enumerate(lines)).encode())
    lines = written = n = 0
    with open(path, "wb") as f:
        while written < size:
            written += f.write(pieces[n % 64])
            n += 1
        f.write("".join((lead % 59 if lead else "") + line + "\n" for line in LAST).encode())
    with open(path, "rb") as f:
        while True:
            block = f.read(1 << 20)
            if not block:
                return lines
            lines += block.count(b"\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("selfheal")
    parser.add_argument("--mb", type=int, default=1024)
    parser.add_argument("--prefix", choices=["none", "github", "jenkins"], default="none")
    parser.add_argument("--keep", help="write the log there, and leave it")
    parser.add_argument("--seconds", type=float, help="limit")
    parser.add_argument("--mib", type=float, help="limit")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="explain-speed-") as folder:
        path = args.keep or os.path.join(folder, "build.log")
        lines = write_log(path, args.mb << 20, args.prefix)
        size = os.path.getsize(path)
        start = time.monotonic()
        p = subprocess.run([os.path.abspath(args.selfheal), "explain", "--format", "json", path], cwd=folder,
                           stdout=subprocess.PIPE, check=True)
        seconds = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    mib = used.ru_maxrss / 1024
    cpu = used.ru_utime + used.ru_stime
    print("%.1f MB, %d lines: %.2f s (%.2f s of a core), %.0f MB/s, %.1f M lines/s, peak %.1f MiB" % (
        size / 1e6, lines, seconds, cpu, size / 1e6 / cpu, lines / 1e6 / cpu, mib))
    messages = [f["message"] for f in json.loads(p.stdout)["failures"]]
    if not any("VERSION_MINOR" in m for m in messages):
        sys.exit("the failure was not found among %d: %s" % (len(messages), messages[:3]))
    if (args.seconds and cpu > args.seconds) or (args.mib and mib > args.mib):
        sys.exit("over the limit")


if __name__ == "__main__":
    main()
