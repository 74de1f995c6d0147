#!/usr/bin/env python3
"""What `selfheal explain` reads: files, folders, globs, archives, packed files, several at once; what several of
them tell is one record."""
import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import tarfile
import tempfile
import time
import unittest
import xml.etree.ElementTree
import zipfile

SELFHEAL = os.environ["SELFHEAL"]

CONSOLE = """============================= test session starts ==============================
collected 2 items

tests/test_shop.py .F                                                    [100%]

=================================== FAILURES ===================================
_________________________________ test_total ___________________________________

    def test_total():
>       assert total([1, 2]) == 3
E       assert 4 == 3

tests/test_shop.py:5: AssertionError
=========================== short test summary info ============================
FAILED tests/test_shop.py::test_total - assert 4 == 3
========================= 1 failed, 1 passed in 0.02s ==========================
"""
XML = """<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" errors="0" failures="1" skipped="0"
 tests="2" time="0.02"><testcase classname="tests.test_shop" name="test_empty" time="0.001" /><testcase
 classname="tests.test_shop" name="test_total" time="0.001"><failure message="assert 4 == 3">def test_total():
&gt;       assert total([1, 2]) == 3
E       assert 4 == 3

tests/test_shop.py:5: AssertionError</failure></testcase></testsuite></testsuites>
"""


def github(text):
    return "".join("2024-03-01T12:00:00.1234567Z %s\n" % line for line in text.split("\n"))


class Inputs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="explain-inputs-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, path, content):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content.encode() if isinstance(content, str) else content)
        return path

    def zip(self, path, entries):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            for name, content in entries:
                z.writestr(name, content)
        return self.write(path, out.getvalue())

    def explain(self, *args, stdin=b"", code=0):
        run = subprocess.run([SELFHEAL, "explain", "--format", "json", *args], cwd=self.folder, input=stdin,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(run.returncode, code, run.stderr)
        self.stderr = run.stderr.decode()
        return json.loads(run.stdout) if code == 0 else None

    def check_one(self, answer, **wanted):
        self.assertEqual([f["name"] for f in answer["failures"]], ["test_total"])
        for key, value in wanted.items():
            self.assertEqual(answer["failures"][0][key], value)
        return answer["failures"][0]

    def test_console_and_xml_are_one_record(self):
        self.write("ci/build.log", CONSOLE)
        self.write("ci/report.xml", XML)
        for args in (["ci"], ["ci/build.log", "ci/report.xml"], ["ci/report.xml", "ci/build.log"]):
            answer = self.explain(*args)
            f = self.check_one(answer, attempts=1, line=5)
            self.assertEqual(f["file"], "tests/test_shop.py")
            self.assertEqual(answer["counts"]["tests"], 2)
            self.assertEqual(answer["counts"]["failed"], 1)

    def test_jobs_of_a_matrix_are_attempts(self):
        for name in "abc":
            self.write("logs/%s.log" % name, CONSOLE)
        answer = self.explain("logs")
        self.check_one(answer, attempts=3)
        self.assertEqual(answer["counts"]["tests"], 6)

    def test_tests_of_one_name_in_other_suites_stay_apart(self):
        self.write("a.xml", XML)
        self.write("b.xml", XML.replace("test_shop", "test_bar"))
        self.assertEqual(len(self.explain("a.xml", "b.xml")["failures"]), 2)

    def test_packed_files(self):
        for name, pack in (("a.log.gz", gzip.compress), ("a.log.xz", lzma.compress), ("a.log.bz2", bz2.compress)):
            path = self.write(name, pack(CONSOLE.encode()))
            f = self.check_one(self.explain(path))
            self.assertEqual(f["source"]["file"], path)
        self.check_one(self.explain(stdin=gzip.compress(CONSOLE.encode())))

    def test_archive_of_github(self):
        path = self.zip("logs.zip", [
            ("0_build (ubuntu).txt", github("##[group]Run pytest\n" + CONSOLE +
                                            "##[error]Process completed with exit code 1.")),
            ("build (ubuntu)/1_Set up job.txt", github("Current runner version: '2.300.0'")),
            ("build (ubuntu)/2_Run pytest.txt", github("##[group]Run pytest\n" + CONSOLE)),
        ])
        f = self.check_one(self.explain(path), attempts=1)
        self.assertEqual(f["source"]["file"], path + "/0_build (ubuntu).txt")
        with open(path, "rb") as archive:
            self.check_one(self.explain("-", stdin=archive.read()), attempts=1)

    def test_archive_of_artifacts(self):
        path = self.zip("results.zip", [("a/TEST-shop.xml", XML), ("a/shop.class", b"\xca\xfe" * 99),
                                        ("../../etc/passwd.log", CONSOLE), ("a/", b"")])
        self.check_one(self.explain(path))
        self.assertEqual(os.listdir(self.folder), ["results.zip"])
        self.check_one(self.explain(self.folder))

    def test_tar(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as t:
            info = tarfile.TarInfo("run/report.xml")
            info.size = len(XML)
            t.addfile(info, io.BytesIO(XML.encode()))
            link = tarfile.TarInfo("run/link.log")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            t.addfile(link)
        self.check_one(self.explain(self.write("logs.tgz", out.getvalue())))

    def test_damaged_archives_keep_what_was_read(self):
        entries = [("1_a.txt", CONSOLE), ("2_b.txt", os.urandom(50000).hex())]
        with open(self.zip("x.zip", entries), "rb") as f:
            whole = f.read()
        path = self.write("cut.zip", whole[:len(whole) // 2])
        self.check_one(self.explain(path))
        self.assertIn("cannot unpack all of it", self.stderr)
        for start in range(0, len(whole) - 700, len(whole) // 50):
            self.explain(self.write("bad.zip", whole[:start] + os.urandom(600) + whole[start + 600:]))

    def test_bombs_end(self):
        path = self.write("bomb.log.xz", lzma.compress(b"x" * (200 << 20), preset=0))
        start = time.monotonic()
        self.explain(path)
        self.assertLess(time.monotonic() - start, 20)
        self.assertIn("grows too much", self.stderr)
        many = self.zip("many.zip", [("%d.log" % i, "x\n") for i in range(25000)])
        self.explain(many)
        self.assertIn("too many entries", self.stderr)

    def test_globs(self):
        for i in range(3):
            self.write("target/m%d/TEST-shop.xml" % i, XML.replace("test_total", "test_%d" % i))
        self.write("target/other.xml", XML)
        names = lambda answer: sorted(f["name"] for f in answer["failures"])
        self.assertEqual(names(self.explain("target/*/TEST-*.xml")), ["test_0", "test_1", "test_2"])
        self.assertEqual(names(self.explain("target/**/TEST-*.xml")), ["test_0", "test_1", "test_2"])
        self.assertEqual(names(self.explain("**/TEST-*.xml")), ["test_0", "test_1", "test_2"])
        self.explain("nothing/*.xml", code=2)
        self.assertIn("no file fits", self.stderr)
        self.explain("nothing/**/*.xml", code=2)
        self.write("odd[1].log", CONSOLE)
        self.check_one(self.explain("odd[1].log"))

    def test_standard_input_once(self):
        self.write("b.log", "all is well\n")
        self.check_one(self.explain("b.log", "-", stdin=CONSOLE.encode()))
        self.explain("-", "-", stdin=b"", code=2)
        self.assertIn("can be read once", self.stderr)

    def output(self, form, log):
        run = subprocess.run([SELFHEAL, "explain", "--format", form], input=log, stdout=subprocess.PIPE, check=True,
                             timeout=60)
        return run.stdout

    def test_lines_that_matter_are_shown(self):
        log = ("$ ./a\nfine\n\nError: the hat is lost\n  in the wood\n\nThe command \"./a\" exited with 1.\n").encode()
        path = self.write("a.log", log)
        texts = [self.output("text", log).decode(), self.output("markdown", log).decode(),
                 subprocess.run([SELFHEAL, "explain", path], stdout=subprocess.PIPE, check=True).stdout.decode()]
        for text in texts:
            self.assertIn("lines that matter", text)
            self.assertIn("4  Error: the hat is lost\n", text)
            self.assertNotIn("fine", text)

    def test_lines_that_matter_are_shown_of_what_is_packed(self):
        for path in (self.zip("logs.zip", [("0_lint.txt", github("fine\n")), ("1_build.txt", github(CONSOLE))]),
                     self.write("a.log.gz", gzip.compress(CONSOLE.encode()))):
            text = subprocess.run([SELFHEAL, "explain", path], stdout=subprocess.PIPE, check=True).stdout.decode()
            self.assertIn("the lines that matter", text)
            self.assertRegex(text, r"(?m)^ *\d+  E +assert 4 == 3$")
            self.assertNotIn("fine", text)

    def test_sarif_and_junit_whatever_the_log_holds(self):
        hostile = CONSOLE.replace("4 == 3", "'<&\"\0\x01\x1b[1m]]>' == '\ufffe\U0001f40d'").encode()
        for log in (b"", CONSOLE.encode(), hostile, hostile.replace(b"test_total", b"test_\xff\xc0\xaf"),
                    b"a.c:1:2: error: no\nC:\\x y\\b.c:3:4: error: 100%\n"):
            sarif = json.loads(self.output("sarif", log))
            self.assertEqual(sarif["version"], "2.1.0")
            run = sarif["runs"][0]
            for result in run["results"]:
                self.assertEqual(run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"], result["ruleId"])
                self.assertTrue(result["message"]["text"])
                for place in result["locations"]:
                    uri = place.get("physicalLocation", {}).get("artifactLocation", {}).get("uri", "a")
                    self.assertRegex(uri, r"^([A-Za-z0-9._~/+@,=:-]|%[0-9A-F]{2})+$")
            suites = xml.etree.ElementTree.fromstring(self.output("junit", log))
            cases = suites.findall("testsuite/testcase")
            self.assertEqual(len(cases), len(run["results"]))
            self.assertEqual(int(suites.get("failures")) + int(suites.get("errors")), len(cases))
            self.assertTrue(all(c.get("name") and c.get("classname") for c in cases))

    def test_junit_is_read_back(self):
        first = self.explain(stdin=CONSOLE.encode())["failures"][0]
        again = self.explain(self.write("again.xml", self.output("junit", CONSOLE.encode())))["failures"][0]
        for key in ("name", "type", "message", "line", "file"):
            self.assertEqual(again[key], first[key])

    def test_folders_hold_more_than_reports(self):
        self.write("src/main.py", CONSOLE)
        self.write(".git/old.log", CONSOLE)
        self.write("node_modules/x/build.log", CONSOLE)
        os.symlink("/etc", os.path.join(self.folder, "linked"))
        os.symlink("loop", os.path.join(self.folder, "loop"))
        self.assertEqual(self.explain(".")["failures"], [])


if __name__ == "__main__":
    unittest.main()
