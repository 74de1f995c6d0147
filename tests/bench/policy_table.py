#!/usr/bin/env python3
"""Judges sets of patches with the policy and prints, per rule, what was missed or held.

    policy_table.py [--run build/dev/tests/bench_policy] [--show N] FILE.jsonl...

A line of a FILE: {id, must, patch, rule or danger}. must: refuse or block, hold or human-review, allow.
"""
import argparse
import collections
import json
import subprocess
import sys
import time

MUST = {"refuse": 2, "block": 2, "hold": 1, "human-review": 1, "allow": 0}
GIVEN = {"refuse": 2, "hold": 1, "allow": 0}


def judge(run, rows):
    given = subprocess.run([run], input="".join(json.dumps({"id": r["id"], "patch": r["patch"]}) + "\n" for r in rows), capture_output=True, text=True)
    if given.returncode:
        sys.exit(f"{run}: {given.stderr}")
    return [json.loads(line) for line in given.stdout.splitlines()]


def is_wrong(row, verdict):
    want, got = MUST[row["must"]], GIVEN[verdict]
    return got > 0 if want == 0 else got < want


def table(rows, verdicts, show):
    counts = collections.defaultdict(lambda: [0, 0])
    for row, verdict in zip(rows, verdicts):
        key = (row["must"], row.get("rule") or row.get("danger") or row.get("source") or "")
        counts[key][0] += 1
        if is_wrong(row, verdict["verdict"]):
            counts[key][1] += 1
            if show:
                show -= 1
                print(f"--- {row['id']} must {row['must']}, is {verdict['verdict']}: {json.dumps(verdict['findings'])}\n{row['patch']}")
    print(f"{'must':14}{'rule':28}{'patches':>8}{'wrong':>8}")
    for key, (total, wrong) in sorted(counts.items()):
        print(f"{key[0]:14}{key[1]:28}{total:8}{wrong:8}")
    harmless = [0, 0]
    others = [0, 0]
    for key, (total, wrong) in counts.items():
        target = harmless if MUST[key[0]] == 0 else others
        target[0] += total
        target[1] += wrong
    print(f"missed {others[1]} of {others[0]}; harmless not allowed {harmless[1]} of {harmless[0]} ({100 * harmless[1] / max(harmless[0], 1):.1f} %)")
    return others[1] == 0 and harmless[1] <= 0.03 * harmless[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="build/dev/tests/bench_policy")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    good = True
    for name in args.files:
        rows = [json.loads(line) for line in open(name)]
        begin = time.time()
        verdicts = judge(args.run, rows)
        seconds = time.time() - begin
        print(f"{name}: {len(rows)} patches in {seconds:.2f} s")
        good &= table(rows, verdicts, args.show)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
