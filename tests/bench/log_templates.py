#!/usr/bin/env python3
"""Grouping accuracy of the log templates: log_templates.py SELFHEAL CORPUS [--raw] [--misses SYSTEM]

CORPUS holds a folder for each system with SYSTEM_2k.log.gz and SYSTEM_2k.log_structured.csv.gz (LogHub's
form). A line counts when its group is exactly that of its template (Zhu et al., ICSE-SEIP 2019). With
--raw whole lines are mined, header and all, else their Content column. One configuration for all.
"""
import argparse
import collections
import csv
import gzip
import io
import os
import subprocess
import tempfile


def rows_of(folder, system):
    path = os.path.join(folder, system, system + "_2k.log_structured.csv.gz")
    with gzip.open(path) as f:
        return list(csv.DictReader(io.TextIOWrapper(f, encoding="utf-8", errors="replace")))


def lines_of(folder, system, rows, raw):
    if not raw:
        return [r["Content"].replace("\n", " ") for r in rows]
    with gzip.open(os.path.join(folder, system, system + "_2k.log.gz"), "rt", encoding="utf-8",
                   errors="replace", newline="\n") as f:
        return [line.rstrip("\n") for line in f]


def mine(program, lines):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".log") as f, \
            tempfile.NamedTemporaryFile("r") as ids:
        f.write("".join(line + "\n" for line in lines))
        f.flush()
        subprocess.run([program, "explain", "--templates", "--assign", ids.name, f.name], check=True,
                       stdout=subprocess.DEVNULL)
        with open(ids.name, encoding="utf-8") as given:
            return given.read().split()


def groups(labels):
    found = collections.defaultdict(set)
    for i, label in enumerate(labels):
        found[label].add(i)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("corpus")
    parser.add_argument("--raw", action="store_true")
    parser.add_argument("--misses")
    parser.add_argument("--predictions", help="write SYSTEM.csv for the corpus's own judge")
    args = parser.parse_args()
    scores = []
    for system in sorted(os.listdir(args.corpus)):
        if not os.path.isdir(os.path.join(args.corpus, system)):
            continue
        rows = rows_of(args.corpus, system)
        lines = lines_of(args.corpus, system, rows, args.raw)
        given = mine(args.program, lines)
        assert len(given) == len(rows), (system, len(given), len(rows))
        if args.predictions:
            os.makedirs(args.predictions, exist_ok=True)
            with open(os.path.join(args.predictions, system + ".csv"), "w", encoding="utf-8") as f:
                f.write("EventId\n" + "".join(g + "\n" for g in given))
        truth, found = groups(r["EventId"] for r in rows), groups(given)
        sets = {frozenset(s) for s in truth.values()}
        right = sum(len(s) for s in found.values() if frozenset(s) in sets)
        scores.append(right / len(rows))
        print("%-14s %.4f   %4d templates, %4d found" % (system, scores[-1], len(truth), len(found)))
        if args.misses == system:
            show_misses(truth, found, rows, lines, given)
    print("%-14s %.4f" % ("mean", sum(scores) / max(len(scores), 1)))


def show_misses(truth, found, rows, lines, given):
    for members in sorted(truth.values(), key=len, reverse=True):
        labels = collections.Counter(given[i] for i in members)
        if len(labels) == 1 and len(found[next(iter(labels))]) == len(members):
            continue
        print("  %4d %s" % (len(members), rows[min(members)]["EventTemplate"]))
        for label, n in labels.most_common(3):
            print("       %4d of %4d: %s" % (n, len(found[label]), lines[min(found[label])][:120]))


if __name__ == "__main__":
    main()
