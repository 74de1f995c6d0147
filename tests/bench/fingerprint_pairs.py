#!/usr/bin/env python3
"""Are fingerprints stable, and do they tell causes apart? fingerprint_pairs.py SELFHEAL BENCH [--seed S] [--misses]

Every report of BENCH/runner-outputs/generated is explained as it is and again with other line numbers, paths,
addresses, durations, dates, process numbers and seeds: the
fingerprints must be the same. Over all different failures (other test, message or place in the code) the share
of pairs that have one fingerprint is counted: they are merged. The seed is chosen at run time and printed.
"""
import argparse
import collections
import concurrent.futures
import gzip
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

ROOT = "/home/runner/work/app/app"
SOURCES = r"\.(?:py|c|cc|cpp|h|hpp|js|mjs|ts|go|rs|java|rb)"


def explain(program, text):
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as f:
        f.write(text)
        f.flush()
        out = subprocess.run([program, "explain", "--format", "json", f.name], stdout=subprocess.PIPE, check=True, cwd="/",
                             timeout=60).stdout
    return json.loads(out)["failures"]


def digits_like(rng, text, alphabet="0123456789"):
    return "".join(rng.choice(alphabet) if c.isalnum() else c for c in text)


def other_lines(rng, text):
    shift = rng.randint(1, 400)

    def moved(match):
        return match.group(1) + str(int(match.group(2)) + shift)

    text = re.sub("(" + SOURCES + r"[:(])(\d+)", moved, text)
    text = re.sub(r'(", line )(\d+)', moved, text)
    return re.sub(r"(?m)^(\s*>?\s*)(\d+)(?= \|)", moved, text)


def other_paths(rng, text):
    return text.replace(ROOT, "/builds/%s/%s" % (rng.choice("abcdef") * 3, rng.choice(["w", "src-2", "checkout"])))


def other_addresses(rng, text):
    return re.sub(r"0x[0-9a-f]{6,16}\b", lambda m: "0x" + digits_like(rng, m.group()[2:], "0123456789abcdef"), text)


def other_durations(rng, text):
    return re.sub(r"(?<![\w.])\d+(?:\.\d+)?(?= ?(?:ms|s|sec|seconds)\b)", lambda m: digits_like(rng, m.group()), text)


def other_dates(rng, text):
    return re.sub(r"\b20\d\d-\d\d-\d\d(?=[T ])", lambda m: "20%02d-%02d-%02d" % (
        rng.randint(10, 40), rng.randint(1, 12), rng.randint(1, 28)), text)


def other_numbers(rng, text):
    text = re.sub(r"(?<=seed[ =:])\d+", lambda m: digits_like(rng, m.group()), text)
    return re.sub(r"(?<===)\d+(?===)", lambda m: digits_like(rng, m.group()), text)


CHANGES = [other_lines, other_paths, other_addresses, other_durations, other_dates, other_numbers]


def identity(f):
    """What makes a failure another one, for this judge."""
    return f["kind"], f["id"] or (f["suite"], f["name"]), f["type"], f["message"], f["file"]


def cause(f):
    """The failure without its place: what a merged pair must differ in to be a mistake."""
    return f["kind"], f["id"] or f["name"], f["type"], re.sub(r"\d+", "#", f["message"] or "")


def samples(bench):
    folder = os.path.join(bench, "runner-outputs", "generated")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".gz"):
            with gzip.open(os.path.join(folder, name), "rt", encoding="utf-8") as f:
                for line in f:
                    yield json.loads(line)


def judge(program, seed, sample):
    rng = random.Random("%d %s" % (seed, sample["id"]))
    text = sample["text"]
    for change in CHANGES:
        text = change(rng, text)
    return explain(program, sample["text"]), explain(program, text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("bench")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--misses", action="store_true")
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    print("seed", args.seed)
    everything = list(samples(args.bench))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda s: judge(program, args.seed, s), everything))
    by_tool, groups, n = collections.defaultdict(collections.Counter), collections.defaultdict(set), 0
    for sample, (before, after) in zip(everything, results):
        left = collections.Counter(f["fingerprint"] for f in after)
        for f in before:
            same = left[f["fingerprint"]] > 0
            left[f["fingerprint"]] -= same
            by_tool[sample["tool"]].update(pairs=1, equal=same)
            groups[f["fingerprint"]].add((sample["case"],) + cause(f))
            if not same and args.misses:
                print(sample["id"], identity(f), [identity(g) for g in after][:2])
    for tool, c in sorted(by_tool.items()):
        print("%-12s %5d of %5d equal" % (tool, c["equal"], c["pairs"]))
    pairs, equal = (sum(c[k] for c in by_tool.values()) for k in ("pairs", "equal"))
    different, merged = set(), set()
    for members in groups.values():
        # One project's failure in the several styles of a runner is one failure.
        tests = {(case,) + tuple(what[:2]) for case, *what in members}
        different |= tests
        alike = {tuple(what) for _, *what in members}
        if len({case for case, *_ in members}) > 1 and len(alike) > 1 or len({t[1:] for t in tests}) > 1:
            merged |= tests
            if args.misses:
                print("merged", sorted(members, key=str)[:3])
    print("equal %.4f of %d pairs; different failures %d, merged with another %.4f" % (
        equal / max(pairs, 1), pairs, len(different), len(merged) / max(len(different), 1)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
