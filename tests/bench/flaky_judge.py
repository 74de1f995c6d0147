#!/usr/bin/env python3
"""Heals each project of a flaky set and judges the outcomes: flaky_judge.py SELFHEAL SET [--only KIND] [--jobs N]

Right: no patch, and an outcome that says why (flaky, infrastructure, configuration). A project that is green at
first by chance is healed again, ten times at most. Prints what was judged wrong, recall by kind, reruns.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import shutil
import subprocess
import tempfile


def heal(program, case, root):
    for _ in range(10):
        p = subprocess.run([program, "heal", "--format", "json", "--no-remember", "--budget", "60", "--jobs", "1", "--test",
                            case["test_command"]], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           check=False)
        try:
            result = json.loads(p.stdout)
        except ValueError:
            return {"outcome": "error", "why": p.stderr.strip(), "patch": None, "runs": 0, "seconds": 0}
        if result["outcome"] != "nothing_to_do":
            break
    return result


def judge(program, folder, name):
    with open(os.path.join(folder, name, "case.json"), encoding="utf-8") as f:
        case = json.load(f)
    scratch = tempfile.mkdtemp(prefix="flaky-")
    try:
        root = os.path.join(scratch, "repo")
        shutil.copytree(os.path.join(folder, name, "repo"), root)
        subprocess.run("git init -q && git add -A && git -c user.name=t -c user.email=t@example.org commit -qm first",
                       shell=True, cwd=root, check=True)
        return case, heal(program, case, root)
    finally:
        shutil.rmtree(scratch, True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("set")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    args.program = os.path.abspath(args.program)
    names = sorted(n for n in os.listdir(args.set) if args.only in n)
    totals, patches, reruns, polluters = collections.defaultdict(collections.Counter), 0, [], 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for case, r in pool.map(lambda n: judge(args.program, args.set, n), names):
            right = r["outcome"] in ("flaky", "infrastructure", "configuration") and not r["patch"]
            green = r["outcome"] == "nothing_to_do"
            totals[case["kind"]].update(n=not green, right=right, green=green)
            patches += bool(r["patch"])
            reruns.append(r["runs"] - 1)
            polluters += "fails after '" in r["why"]
            if not right and not green:
                print(case["id"], r["outcome"], r["runs"], r["why"][:200], (r["patch"] or "")[:300], flush=True)
    for kind, c in sorted(totals.items()):
        print("%-8s right %d of %d (green ten times: %d)" % (kind, c["right"], c["n"], c["green"]))
    n, right = (sum(c[k] for c in totals.values()) for k in ("n", "right"))
    print("recall %.3f, patches %d, polluter named %d, reruns mean %.1f most %d" % (
        right / max(n, 1), patches, polluters, sum(reruns) / max(len(reruns), 1), max(reruns or [0])))


if __name__ == "__main__":
    main()
