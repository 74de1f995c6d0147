#!/usr/bin/env python3
"""Whether `selfheal explain` survives anything: every file below some folders, and damaged forms of them.

usage: explain_robust.py SELFHEAL FOLDER... [--forms N] [--seed N] [--limit-mb N]

Each file is explained as it is and truncated, doubled, joined with another, with bytes changed, lines shuffled,
and as random bytes. Ends with 1 and the names when a run crashed, took over --seconds, used over --mib, gave JSON
that is none, or failed at all.
"""
import argparse
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time


def content_of(path, limit):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        return f.read(limit)


def forms(content, other, rng, n):
    def cut():
        return content[:rng.randrange(len(content) + 1)]

    def tail():
        return content[rng.randrange(len(content) + 1):]

    def joined():
        return cut() + other

    def changed():
        out = bytearray(content)
        for _ in range(max(1, len(out) // 200)):
            if out:
                out[rng.randrange(len(out))] = rng.randrange(256)
        return bytes(out)

    def spliced():
        at = rng.randrange(len(content) + 1)
        return content[:at] + rng.randbytes(rng.randrange(300)) + content[at:]

    def shuffled():
        lines = content.split(b"\n")
        rng.shuffle(lines)
        return b"\n".join(lines)

    def repeated():
        return content * 3

    def one_line():
        return content.replace(b"\n", rng.choice([b"", b"\r", b"\0", b" "]))

    def noise():
        return rng.randbytes(rng.randrange(1 << 16))

    every = [cut, tail, joined, changed, spliced, shuffled, repeated, one_line, noise]
    yield "itself", content
    for make in rng.sample(every, min(n, len(every))):
        yield make.__name__, make()


def run(program, path, folder, args):
    start = time.monotonic()
    with open(os.path.join(folder, "out-%d" % threading.get_ident()), "w+b") as out:
        p = subprocess.Popen([program, "explain", "--format", "json", path], stdout=out, stderr=subprocess.PIPE, cwd=folder)
        timer = threading.Timer(args.seconds * 4, p.send_signal, [signal.SIGKILL])
        timer.start()
        errors = p.stderr.read()
        p.stderr.close()
        _, status, used = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        timer.cancel()
        seconds = time.monotonic() - start
        out.seek(0)
        product = out.read()
    if p.returncode != 0:
        return "ended with %d: %s" % (p.returncode, errors[-300:].decode("utf-8", "replace"))
    if used.ru_utime + used.ru_stime > args.seconds:
        return "took %.1f s (%.1f s of a core)" % (seconds, used.ru_utime + used.ru_stime)
    if used.ru_maxrss > args.mib * 1024:
        return "used %.0f MiB" % (used.ru_maxrss / 1024)
    try:
        answer = json.loads(product)
    except ValueError as e:
        return "gave no JSON: %s" % e
    for first, last in answer["excerpt"]:
        if not 0 < first <= last:
            return "gave the excerpt %d-%d" % (first, last)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("selfheal")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--forms", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--mib", type=float, default=256, help="a list of ten thousand failures as JSON has its size")
    parser.add_argument("--limit-mb", type=int, default=8)
    parser.add_argument("--keep", help="a folder for what failed")
    parser.add_argument("--share", type=float, default=1, help="take this share of the files")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    paths = [os.path.join(root, name) for folder in args.folders for root, _, names in os.walk(folder) for name in names]
    paths = sorted(p for p in paths if os.path.isfile(p) and rng.random() < args.share)
    bad = runs = 0
    other = b""
    with tempfile.TemporaryDirectory(prefix="explain-robust-") as folder:
        path = os.path.join(folder, "input")
        for name in paths:
            content = content_of(name, args.limit_mb << 20)
            for form, changed in forms(content, other, rng, args.forms):
                with open(path, "wb") as f:
                    f.write(changed)
                runs += 1
                problem = run(os.path.abspath(args.selfheal), path, folder, args)
                if not problem:
                    continue
                bad += 1
                print("%s, %s: %s" % (name, form, problem), flush=True)
                if args.keep:
                    os.makedirs(args.keep, exist_ok=True)
                    with open(os.path.join(args.keep, "%d" % bad), "wb") as f:
                        f.write(changed)
            other = content[:1 << 20]
    print("%d runs over %d files, %d bad" % (runs, len(paths), bad))
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
