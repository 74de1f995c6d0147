"""SARIF as its official schema wants it, JUnit XML with nothing in it that its readers do not know."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
SELFHEAL = os.environ["SELFHEAL"]
HOSTILE = b"""a.c:1:2: error: '<&"\x00\x01\x1b[1m]]>' \xff\xc0\xaf \xef\xbf\xbe
C:\\x y\\b.c:3:4: warning: 100% [-Wunused]
../../etc/passwd:0:0: error: up
FAILED t.py::test_\xf0\x9f\x90\x8d - AssertionError: \x7f
==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1 at pc 0x2
    #0 0x1 in f /src/a b.c:9:2
Error: connect ECONNREFUSED 127.0.0.1:5432
"""

# jenkinsci/xunit-plugin's junit-10.xsd, and what Surefire, pytest and GitLab's readers know beyond
# it: a case's file and line, the skipped ones of all suites.
CASE = {"name", "classname", "time", "group", "status", "file", "line"}
JUNIT = {
    "testsuites": ({"name", "time", "tests", "failures", "errors", "skipped"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id",
                   "package", "file", "group", "log", "url", "version"},
                  {"testcase", "properties", "system-out", "system-err"}),
    "testcase": (CASE, {"failure", "error", "skipped", "system-out", "system-err", "properties"}),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
}


def logs():
    """Everything that our own cases show to the readers, and worse."""
    for path in sorted((ROOT / "tests/golden/report").glob("*/input")):
        yield str(path.parent.name), path.read_bytes()
    yield "empty", b""
    yield "hostile", HOSTILE


def explain(form, log):
    run = subprocess.run([SELFHEAL, "explain", "--format", form], input=log, capture_output=True, check=True)
    return run.stdout


def sarif_problems(paths):
    environment = dict(os.environ, NODE_PATH=str(ROOT / "node_modules"))
    run = subprocess.run(["node", str(ROOT / "tests/support/sarif_problems.js"), *paths], env=environment,
                         capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def junit_problems(element, inside=None):
    """Unknown elements and attributes, as a list of texts."""
    if inside is not None and element.tag not in inside:
        return [f"<{element.tag}> is unknown there"]
    attributes, children = JUNIT[element.tag]
    found = [f"{element.tag} {name}" for name in set(element.keys()) - attributes]
    for name in {"tests", "failures", "errors", "skipped", "line"} & set(element.keys()):
        if not element.get(name).isdigit():
            found.append(f"{element.tag} {name}={element.get(name)}")
    for child in element:
        found += junit_problems(child, children)
    return found


class Formats(unittest.TestCase):
    def test_sarif(self):
        with tempfile.TemporaryDirectory(prefix="sarif-") as folder:
            paths = []
            for name, log in logs():
                paths.append(os.path.join(folder, name + ".sarif"))
                pathlib.Path(paths[-1]).write_bytes(explain("sarif", log))
            self.assertGreater(len(paths), 50)
            self.assertEqual(sarif_problems(paths), [])

    def test_what_is_no_sarif_is_refused(self):
        good = json.loads(explain("sarif", HOSTILE))
        self.assertTrue(good["runs"][0]["results"])
        spoil = [
            lambda d: d.update(version="2.0.0"),
            lambda d: d["runs"][0].pop("tool"),
            lambda d: d["runs"][0]["results"][0].update(level="fatal"),
            lambda d: d["runs"][0]["results"][0].pop("message"),
            lambda d: d["runs"][0]["results"][0].update(colour="red"),
        ]
        for i, change in enumerate(spoil):
            with self.subTest(i=i), tempfile.NamedTemporaryFile("w", suffix=".sarif") as file:
                document = json.loads(json.dumps(good))
                change(document)
                json.dump(document, file)
                file.flush()
                self.assertNotEqual(sarif_problems([file.name]), [])

    def test_junit(self):
        for name, log in logs():
            with self.subTest(name=name):
                root = xml.etree.ElementTree.fromstring(explain("junit", log))
                self.assertEqual(root.tag, "testsuites")
                self.assertEqual(junit_problems(root), [])
                for suite in root:
                    self.assertEqual(int(suite.get("tests")), len(suite.findall("testcase")))

    def test_junit_is_read_back(self):
        """By our own reader: as many failures, by the same names."""
        for name, log in logs():
            with self.subTest(name=name):
                written = explain("junit", log)
                cases = xml.etree.ElementTree.fromstring(written).iter("testcase")
                read = json.loads(explain("json", written))["failures"]
                self.assertEqual(sorted({c.get("name").strip() for c in cases}),
                                 sorted({f["name"].strip() for f in read}))

    def test_what_is_no_junit_is_refused(self):
        for text in ("<testsuites><case/></testsuites>", "<testsuites colour='red'/>",
                     "<testsuites><testsuite tests='many'/></testsuites>"):
            self.assertNotEqual(junit_problems(xml.etree.ElementTree.fromstring(text)), [])


if __name__ == "__main__":
    unittest.main()
