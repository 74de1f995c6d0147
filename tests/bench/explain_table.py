#!/usr/bin/env python3
"""How well `selfheal explain` reads a corpus of reports and logs.

usage: explain_table.py SELFHEAL BENCH [--only NAME] [--misses] [--jobs N]

BENCH holds runner-outputs/ and ci-logs/ (its README tells their form). Each sample is explained on its
own, as a file whose name says nothing, and compared with what is expected of it:

  names     expected failing tests whose exact name was given   exact  names given that were expected
  places    expected file and line among those given            issues  expected diagnostics found in place
  counts    reports whose totals are right

and for labelled logs the share of labels that lie whole in the excerpt, and how much longer the excerpt is.
With --predictions DIR the answers are also written in the form that the corpus's own judge reads.
"""
import argparse
import collections
import concurrent.futures
import gzip
import html
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile


def read_lines(path):
    opened = gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")
    with opened as f:
        return [json.loads(line) for line in f if line.strip()]


def read_bytes(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        return f.read()


class Bot:
    def __init__(self, program):
        self.program = program
        self.empty = tempfile.mkdtemp(prefix="explain-")

    def explain(self, content, suffix=".txt"):
        with tempfile.NamedTemporaryFile(suffix=suffix, dir=self.empty) as f:
            f.write(content)
            f.flush()
            p = subprocess.run([self.program, "explain", "--format", "json", f.name], cwd=self.empty,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
        if p.returncode != 0:
            sys.exit("explain failed (%d): %s" % (p.returncode, p.stderr.decode("utf-8", "replace")))
        return json.loads(p.stdout)


def tests_of(answer):
    return [f for f in answer["failures"] if f["kind"] in ("test", "crash", "timeout")]


def base(path):
    return (path or "").replace("\\", "/").split("/")[-1]


def alike(wanted, given):
    wanted, given = (wanted or "").strip(), (given or "").strip()
    return wanted == given or bool(wanted and given and (wanted in given or given in wanted))


def full_names(f):
    """The ways in which people join suite and name."""
    names = {f["name"], f["id"], "%s (%s)" % (f["name"], f["suite"])}
    for glue in (".", "::", " ", "#", "/", " > ", " › "):
        names.add((f["suite"] or "") + glue + (f["name"] or ""))
    return names


def judge_report(expected, answer, row, misses, label):
    failures = tests_of(answer)
    counts = expected.get("counts")
    if counts:
        want = {k: counts[k] for k in ("tests", "passed", "skipped") if counts.get(k) is not None}
        red = (counts.get("failed") or 0) + (counts.get("errors") or 0)
        got = answer["counts"]
        row["counts_n"] += 1
        # as the corpus's judge has it: failed and errors together
        told = counts.get("failed") is not None or counts.get("errors") is not None
        right = (not told or (got.get("failed") or 0) + (got.get("errors") or 0) == red) and \
            all((got.get(k) or 0) == v for k, v in want.items())
        row["counts"] += right
        if not right:
            misses.append((label, "counts", want, red, got))
    wanted = expected.get("failed") or expected.get("failures") or []
    if isinstance(wanted, list):
        # titles are those of annotations: how it ended stands behind the name
        names = {w.get("name") or re.sub(" (failed|with error)$", "", w.get("title") or "") for w in wanted} - {""}
        given = [f for f in failures]
        row["names_n"] += len(names)
        for name in names:
            exact = any(name in full_names(f) for f in given)
            row["names"] += exact
            row["alike"] += exact or any(alike(name, f["name"]) for f in given)
            if not exact:
                misses.append((label, "name", name, [f["name"] for f in given][:8]))
        if "failed" in expected or "failures" in expected:
            row["given"] += len(given)
            good = [f for f in given if full_names(f) & names or
                    (not (f["name"] or "") and "" in {w.get("name") or "" for w in wanted})]
            row["given_right"] += len(good)
            if len(good) < len(given):
                misses.append((label, "extra", [f["name"] for f in given if f not in good][:8], sorted(names)[:8]))
        for w in wanted:
            if not (w.get("file") and w.get("line")):
                continue
            row["places_n"] += 1
            found = any(base(f["file"]) == base(w["file"]) and f["line"] == w["line"] or
                        any(base(s["file"]) == base(w["file"]) and s["line"] == w["line"] for s in f["stack"])
                        for f in failures)
            row["places"] += found
            if not found:
                misses.append((label, "place", w["file"], w["line"], [(f["file"], f["line"]) for f in failures][:6]))


def plain_text(message):
    """analysis-model writes messages as a page of HTML holds them."""
    text = re.sub(r"<br/?>|</p>", "\n", message or "")
    return html.unescape(re.sub(r"</?(?:a|p|code|b|i|strong|em|pre)\b[^>]*>", "", text))


def judge_issues(expected, answer, row, misses, label):
    given = answer["failures"]
    wanted = expected["issues"]
    row["issues_n"] += len(wanted)
    row["issues_given"] += len(given)
    for w in wanted:
        # analysis-model writes "-" for no file
        file = "" if w.get("file") == "-" else base(w.get("file"))
        here = [f for f in given if (not w.get("file") or base(f["file"]) == file) and
                (w.get("line") in (None, f["line"]))]
        head = plain_text(w.get("message")).strip().split("\n")[0][:40]
        row["located"] += bool(here)
        row["issues"] += any(head in (f["message"] or "") for f in here)
        if not any(head in (f["message"] or "") for f in here):
            misses.append((label, "issue", w.get("file"), w.get("line"), head,
                           [(f["file"], f["line"], (f["message"] or "")[:40]) for f in given][:4]))
    if isinstance(expected.get("count"), int):
        row["total_n"] += 1
        row["total"] += len(given) == expected["count"]


def judge_sample(record, answer, row, misses):
    expected, label = record["expected"], record["id"]
    row["n"] += 1
    if "issues" in expected and isinstance(expected["issues"], list):
        judge_issues(expected, answer, row, misses, label)
    elif "first_error" in expected and expected["first_error"]:
        judge_issues({"issues": [expected["first_error"]]}, answer, row, misses, label)
    elif "frames" in expected:
        row["names_n"] += 1
        types = [f["type"] for f in answer["failures"]]
        hit = any(alike(expected["exception"], t) for t in types)
        row["names"] += hit
        row["alike"] += hit
        top = (expected["frames"] or [None])[0]
        if top:
            row["places_n"] += 1
            row["places"] += any(base(s["file"]) == top["file"] and s["line"] == top["line"]
                                 for f in answer["failures"] for s in f["stack"])
        if not hit:
            misses.append((label, "exception", expected["exception"], types))
    else:
        judge_report(expected, answer, row, misses, label)


def runner_samples(folder, only):
    for source in sorted(os.listdir(folder)):
        here = os.path.join(folder, source)
        for name in sorted(os.listdir(here)):
            if not (name == "expected.jsonl" or name.endswith(".jsonl.gz")):
                continue
            for r in read_lines(os.path.join(here, name)):
                if only and only not in source + "/" + r["tool"] and only not in r["id"]:
                    continue
                content = r["text"].encode() if "text" in r else read_bytes(os.path.join(here, r["input"]))
                yield source, r, content


def ratio(row, part, whole):
    return "%5.3f" % (row[part] / row[whole]) if row[whole] else "    -"


def runner_table(bot, args):
    rows, misses, predictions = collections.defaultdict(collections.Counter), [], collections.defaultdict(list)
    samples = list(runner_samples(os.path.join(args.bench, "runner-outputs"), args.only))
    if not samples:
        return
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        answers = list(pool.map(lambda s: bot.explain(s[2]), samples))
    for (source, record, _), answer in zip(samples, answers):
        judge_sample(record, answer, rows[source, record["tool"]], misses)
        predictions[source].append({
            "id": record["id"], "counts": answer["counts"],
            "failed": [{"name": f["name"]} for f in tests_of(answer)],
            "issues": [{k: f[k] for k in ("file", "line", "message")} for f in answer["failures"]]})
    print("%-52s %5s %6s %6s %6s %6s %6s %6s %6s" %
          ("format", "n", "names", "alike", "exact", "places", "issues", "locatd", "counts"))
    totals = collections.defaultdict(collections.Counter)
    for (source, tool), row in sorted(rows.items()):
        totals[source].update(row)
        totals["all"].update(row)
        print_row(source + "/" + tool, row)
    for name, row in sorted(totals.items()):
        print_row("= " + name, row)
    for source, lines in predictions.items():
        write_predictions(args, "runner-" + source, lines)
    if args.misses:
        for miss in misses:
            print(*miss)


def print_row(name, row):
    print("%-52s %5d %6s %6s %6s %6s %6s %6s %6s" % (
        name, row["n"], ratio(row, "names", "names_n"), ratio(row, "alike", "names_n"),
        ratio(row, "given_right", "given"), ratio(row, "places", "places_n"), ratio(row, "issues", "issues_n"),
        ratio(row, "located", "issues_n"), ratio(row, "counts", "counts_n")))


def write_predictions(args, name, lines):
    if args.predictions:
        os.makedirs(args.predictions, exist_ok=True)
        with open(os.path.join(args.predictions, name + ".jsonl"), "w", encoding="utf-8") as f:
            for line in lines:
                f.write(json.dumps(line) + "\n")


def line_set(ranges):
    return {i for a, b in ranges for i in range(a, b + 1)}


def chunk_table(bot, args):
    """Labelled failure chunks: wholly in the excerpt, and the excerpt's length as a multiple of the label's."""
    here = os.path.join(args.bench, "ci-logs", "logchunks")
    labels = [r for r in read_lines(os.path.join(here, "labels.jsonl")) if not args.only or args.only in r["id"] or
              args.only == "logchunks"]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        answers = list(pool.map(lambda r: bot.explain(read_bytes(os.path.join(here, r["log"]))), labels))
    row, lengths, lines = collections.defaultdict(collections.Counter), [], []
    for r, answer in zip(labels, answers):
        given = line_set(answer["excerpt"])
        truth = max((line_set([a]) for a in (r.get("all_matches") or [r["chunk_lines"]])),
                    key=lambda t: len(t & given))
        whole, some = truth <= given, bool(truth & given)
        for key in (r["language"], "= all"):
            row[key].update(n=1, whole=whole, some=some, empty=not given,
                            share=len(truth & given) / len(truth))
        lengths.append(len(given) / len(truth))
        lines.append({"id": r["id"], "lines": answer["excerpt"]})
        if args.misses and not whole:
            print(r["id"], "wanted", sorted(truth)[0], sorted(truth)[-1], "given", answer["excerpt"], "of", r["lines"])
    print("%-20s %5s %6s %6s %6s %6s" % ("logchunks", "n", "whole", "some", "recall", "empty"))
    for key in sorted(row):
        c = row[key]
        print("%-20s %5d %6.3f %6.3f %6.3f %6d" % (key, c["n"], c["whole"] / c["n"], c["some"] / c["n"],
                                                  c["share"] / c["n"], c["empty"]))
    if lengths:
        print("excerpt / label: median %.2f, mean %.1f" % (statistics.median(lengths), statistics.mean(lengths)))
    write_predictions(args, "logchunks", lines)


def cidiff_table(bot, args):
    here = os.path.join(args.bench, "ci-logs", "cidiff")
    lines = []
    for name in sorted(os.listdir(here)):
        log = os.path.join(here, name, "fail.log.gz")
        if not os.path.exists(log):
            continue
        with open(os.path.join(here, name, "labels.json"), encoding="utf-8") as f:
            label = json.load(f)
        answer = bot.explain(read_bytes(log))
        lines.append({"id": label["id"], "lines": answer["excerpt"]})
        given = line_set(answer["excerpt"])
        row = []
        for who in ("rater1", "rater2"):
            if label.get(who):
                truth = line_set(label[who]["error"])
                row.append("%.2f of %d" % (len(truth & given) / max(len(truth), 1), len(truth)))
        print("cidiff %-24s given %4d  found %s" % (name, len(given), ", ".join(row)))
    write_predictions(args, "cidiff", lines)


def bugswarm_table(bot, args):
    here = os.path.join(args.bench, "ci-logs", "bugswarm")
    total, lines, misses = collections.Counter(), [], []
    records = read_lines(os.path.join(here, "expected.jsonl"))
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        answers = list(pool.map(lambda r: bot.explain(read_bytes(os.path.join(here, r["log"]))), records))
    for r, answer in zip(records, answers):
        want = r["expected"]
        got = answer["counts"]
        red = (got.get("failed") or 0) + (got.get("errors") or 0)
        for key, value in (("num_run", got.get("tests") or 0), ("num_failed", red),
                           ("num_skipped", got.get("skipped") or 0)):
            if isinstance(want.get(key), int):
                total[key + "_n"] += 1
                total[key] += value == want[key]
        names = {n for f in tests_of(answer) for n in full_names(f)}
        wanted = set(want.get("failed_tests") or [])
        total["tests_n"] += len(wanted)
        total["tests"] += len(wanted & names)
        lines.append({"id": r["id"], "num_run": got.get("tests"), "num_failed": red, "num_skipped": got.get("skipped"),
                      "failed_tests": sorted(wanted & names)})
        if wanted - names or (isinstance(want.get("num_failed"), int) and red != want["num_failed"]):
            misses.append((r["id"], want.get("analyzer"), "failed", want.get("num_failed"), red,
                           sorted(wanted - names)[:3], [f["name"] for f in tests_of(answer)][:4]))
    for key in ("num_run", "num_failed", "num_skipped", "tests"):
        print("bugswarm %-12s %d of %d" % (key, total[key], total[key + "_n"]))
    write_predictions(args, "bugswarm", lines)
    if args.misses:
        for miss in misses:
            print(*miss)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("selfheal")
    parser.add_argument("bench")
    parser.add_argument("--table", choices=["runner", "logchunks", "cidiff", "bugswarm"], action="append")
    parser.add_argument("--only")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--predictions")
    args = parser.parse_args()
    bot = Bot(os.path.abspath(args.selfheal))
    tables = {"runner": runner_table, "logchunks": chunk_table, "cidiff": cidiff_table, "bugswarm": bugswarm_table}
    for name in args.table or tables:
        tables[name](bot, args)


if __name__ == "__main__":
    main()
