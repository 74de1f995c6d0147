"""'selfheal scan' on real projects: tests, SARIF, coverage, complexity, logs, a clone of a repository."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/support")]
from github import GitHub  # noqa: E402
from support.schema import problems  # noqa: E402

SELFHEAL = os.environ["SELFHEAL"]
SCHEMA = json.loads((ROOT / "templates/schemas/scan.schema.json").read_text())
LISTS = ("vulnerabilities", "failures", "findings", "complexity_issues", "low_coverage_files")

CALC = '''def grade(x):
    if x > 3 and x < 5 or x == 9:
        return 1
    for i in range(3):
        while i:
            i -= 1
    return 0


def mean(values):
    return sum(values) / (len(values) - 1)
'''
TESTS = '''import unittest
from calc import mean

class Mean(unittest.TestCase):
    def test_two(self):
        self.assertEqual(mean([2, 4]), 3)
    def test_one(self):
        self.assertEqual(mean([3, 3, 3]), 3)
'''
FILES = {"calc.py": CALC, "test_calc.py": TESTS}
COMMAND = "python3 -m unittest -q"


def result(rule, line, path="calc.py", **more):
    return {"ruleId": rule, "message": {"text": f"about {rule}"}, "locations": [{"physicalLocation": {
        "artifactLocation": {"uri": path}, "region": {"startLine": line}}}], **more}


def edit(line, column, end, text):
    return {"deletedRegion": {"startLine": line, "startColumn": column, "endColumn": end}, "insertedContent": {"text": text}}


SARIF = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "CodeQL", "rules": [
    {"id": "py/sql", "properties": {"tags": ["security", "external/cwe/cwe-089"], "security-severity": "9.8"}},
    {"id": "py/weak", "properties": {"security-severity": "5.0"}, "relationships": [
        {"target": {"id": "327", "toolComponent": {"name": "CWE"}}}]},
    {"id": "CVE-2021-44228"},
    {"id": "py/style", "defaultConfiguration": {"level": "note"}}]}}, "results": [
        result("py/style", 9), result("py/weak", 4, partialFingerprints={"primaryLocationLineHash": "abc:1"}),
        result("py/sql", 2, fixes=[{"artifactChanges": [{"artifactLocation": {"uri": "calc.py"}, "replacements": [
            edit(11, 26, 43, "len(values)"), edit(1, 1, 1, "# mean\n")]}]}]),
        result("CVE-2021-44228", 1, "requirements.txt"),
        result("py/sql", 3, suppressions=[{"kind": "inSource", "status": "accepted"}])]}]}
LCOV = "SF:calc.py\nDA:1,1\nDA:2,0\nDA:3,0\nDA:10,1\nDA:11,0\nend_of_record\nSF:test_calc.py\nDA:1,0\nend_of_record\n"


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for name, text in FILES.items():
            self.write(name, text)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as f:
            f.write(text if isinstance(text, str) else json.dumps(text))
        return self.path(name)

    def run_scan(self, *args, code=0, folder=True, **env):
        run = subprocess.run([SELFHEAL, "scan", *args, *([self.folder.name] if folder else [])], capture_output=True,
                             text=True, timeout=120, env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **env})
        self.assertEqual(run.returncode, code, run)
        return run

    def scan(self, *args, **more):
        document = json.loads(self.run_scan("--format=json", *args, **more).stdout)
        self.assertEqual(problems(document, SCHEMA), [])
        return document

    def counts(self, document):
        return {name: len(document[name]) for name in LISTS if document[name]}


class Sources(Case):
    def test_tests(self):
        document = self.scan(f"--test={COMMAND}")
        self.assertEqual(self.counts(document), {"failures": 2})
        self.assertTrue(document["tests"]["ran"])
        first = document["failures"][0]
        self.assertEqual(first["severity"], "high")
        self.assertIn("AssertionError", first["root_cause"])
        self.assertEqual(first["file"], "test_calc.py")
        self.assertEqual(len(first["fingerprint"]), 64)

    def test_green(self):
        self.write("calc.py", CALC.replace(" - 1)", ")"))
        document = self.scan(f"--test={COMMAND}")
        self.assertEqual((self.counts(document), document["tests"]["outcome"]), ({}, "nothing_to_do"))

    def test_no_command(self):
        os.remove(self.path("test_calc.py"))
        document = self.scan()
        self.assertFalse(document["tests"]["ran"])
        self.assertIn("no test command found", document["notices"][0])

    def test_log(self):
        log = self.write("ci.log", "Traceback (most recent call last):\n  File \"calc.py\", line 3, in grade\n    x()\n"
                                   "NameError: name 'x' is not defined: ghp_" + "a" * 36 + "\n")
        document = self.scan("--log", log)
        self.assertEqual(self.counts(document), {"failures": 1})
        self.assertFalse(document["tests"]["ran"])
        self.assertEqual(document["failures"][0]["root_cause"], "NameError in grade at calc.py:3")
        self.assertNotIn("ghp_a", json.dumps(document))

    def test_sarif(self):
        document = self.scan("--no-tests", "--sarif", self.write("out/r.sarif", SARIF))
        self.assertEqual(self.counts(document), {"vulnerabilities": 3, "findings": 1})
        told = [(v["symbol"], v["severity"], v["security_severity"], v.get("tags"), v["line"]) for v in document["vulnerabilities"]]
        self.assertEqual(told, [("py/sql", "critical", 9.8, "CWE-89", 2), ("py/weak", "medium", 5.0, "CWE-327", 4),
                                ("CVE-2021-44228", "medium", 0.0, "CVE-2021-44228", 1)])
        self.assertEqual(document["vulnerabilities"][1]["fingerprint"], "abc:1")
        self.assertEqual([e["text"] for e in document["vulnerabilities"][0]["fix"]], ["len(values)", "# mean\n"])
        self.assertEqual(document["findings"][0]["severity"], "low")
        folder = self.scan("--no-tests", "--sarif", self.path("out"))
        self.assertEqual(folder["vulnerabilities"], document["vulnerabilities"])

    def test_complexity(self):
        self.write("deep/x.c", "int f(int a)\n{\n" + "\tif (a)\n\t\ta++;\n" * 40 + "\treturn a;\n}\n")
        self.write("tests/helper.py", CALC)
        document = self.scan("--no-tests", SELFHEAL_SCAN_COMPLEXITY="4")
        told = [(c["file"], c["symbol"], c["line"], c["complexity"], c["severity"]) for c in document["complexity_issues"]]
        self.assertEqual(told, [("deep/x.c", "f", 1, 41, "medium"), ("calc.py", "grade", 1, 6, "low")])
        self.assertEqual(len(self.scan("--no-tests")["complexity_issues"]), 1)
        self.assertEqual(self.counts(self.scan("--no-tests", SELFHEAL_SCAN_COMPLEXITY="0")), {})

    def test_coverage(self):
        for name in ("lcov.info", "elsewhere.info"):
            document = self.scan("--no-tests", *(["--coverage", self.path(name)] if name != "lcov.info" else []),
                                 **({} if not self.write(name, LCOV) else {}))
            told = [(c["file"], c["coverage"], c["line"], c["description"]) for c in document["low_coverage_files"]]
            self.assertEqual(told, [("calc.py", 40.0, 2, "2 of 5 lines ran; not: 2-3, 11")], name)
            os.remove(self.path(name))
        self.write("coverage.xml", "<coverage/>")
        self.assertEqual(self.counts(self.scan("--no-tests")), {})
        self.write("coverage.xml", "no xml")
        self.assertIn("tells no coverage", self.scan("--no-tests")["notices"][0])
        self.run_scan("--no-tests", "--coverage", self.path("calc.py"), code=2)
        self.write("lcov.info", LCOV)
        self.assertEqual(self.counts(self.scan("--no-tests", SELFHEAL_SCAN_COVERAGE="40")), {})

    def test_hostile_names(self):
        self.write("r.sarif", {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [
            result("a|b\x1b[31m", 1, "../../etc/passwd", level="error"), result("::error::x", 2, "::set-output::")]}]})
        text = self.run_scan("--no-tests", "--sarif", self.path("r.sarif")).stdout
        self.assertNotIn("\x1b", text)
        text = self.run_scan("--no-tests", "--sarif", self.path("r.sarif"), "--format=markdown").stdout
        self.assertIn("a\\|b", text)


class Ids(Case):
    def ids(self, **more):
        document = self.scan(f"--test={COMMAND}", "--sarif", self.write("r.sarif", SARIF), SELFHEAL_SCAN_COMPLEXITY="3", **more)
        return {i["id"]: i["symbol"] for name in LISTS for i in document[name]}

    def test_stable_under_moved_lines(self):
        before = self.ids()
        self.assertEqual(len(before), 7)
        self.write("calc.py", "# a comment\n\n" + CALC)
        self.assertEqual(self.ids(), before)
        self.write("calc.py", CALC.replace("grade", "mark"))
        self.assertEqual(len(set(self.ids()) - set(before)), 1)

    def test_alike_are_counted(self):
        sarif = {**SARIF, "runs": [{**SARIF["runs"][0], "results": [result("r", n) for n in (9, 2, 5)]}]}
        document = self.scan("--no-tests", "--sarif", self.write("r.sarif", sarif))
        self.assertEqual(len({i["id"] for i in document["findings"]}), 3)
        self.assertEqual([i["line"] for i in document["findings"]], [2, 5, 9])


class Output(Case):
    def test_forms(self):
        out = self.path("issues.json")
        args = ("--no-tests", "--sarif", self.write("r.sarif", SARIF), "--out", out)
        text = self.run_scan(*args).stdout
        self.assertIn("critical security: py/sql: about py/sql\n    calc.py:2  CWE-89\n", text)
        self.assertIn("3 vulnerabilities, 1 finding (tests: not run)", text)
        self.assertIn("| critical | security | py/sql: about py/sql \\(CWE-89\\) | calc.py:2 |".replace("\\(", "(").replace("\\)", ")"),
                      self.run_scan(*args, "--format=markdown").stdout.replace("\\", ""))
        with open(out) as f:
            self.assertEqual(problems(json.load(f), SCHEMA), [])

    def test_one_id_line_each(self):
        """What actions/scan counts."""
        text = self.run_scan("--no-tests", "--sarif", self.write("r.sarif", SARIF), "--format=json").stdout
        self.assertEqual(sum(line.lstrip().startswith('"id": ') for line in text.splitlines()), 4)

    def test_wrong_use(self):
        self.assertIn("OWNER/NAME", self.run_scan("--repo", "x", folder=False, code=2).stderr)
        self.assertIn("OWNER/NAME", self.run_scan("--repo", "../etc/passwd", folder=False, code=2).stderr)
        self.assertIn("exclude each other", self.run_scan("--repo", "a/b", code=2).stderr)


class Repo(Case):
    def test_clone(self):
        with GitHub() as gh:
            shop = gh.repository("alice/shop", private=True, files={
                **FILES, ".selfheal.yml": f"test: {COMMAND}\nsandbox:\n  mode: 'off'\n"})
            token = shop.token("alice", permissions={"contents": "read"})
            temp = self.path("temp")
            os.mkdir(temp)
            more = {"GITHUB_SERVER_URL": gh.url, "TMPDIR": temp}
            document = self.scan("--repo", "alice/shop", folder=False, GITHUB_TOKEN=token, **more)
            self.assertEqual(self.counts(document), {"failures": 2})
            self.assertEqual((document["repository"], document["commit"]), ("alice/shop", shop.sha()))
            said = self.run_scan("--repo", "alice/shop", folder=False, code=3, **more).stderr
            self.assertIn("set GITHUB_TOKEN", said)
            self.assertEqual(os.listdir(temp), [], "the clone is gone")


if __name__ == "__main__":
    unittest.main()
