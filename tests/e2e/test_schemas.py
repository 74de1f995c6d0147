"""The JSON that selfheal prints is what templates/schemas says, and the schemas do refuse."""
import copy
import json
import os
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from support.schema import problems  # noqa: E402

SELFHEAL = os.environ["SELFHEAL"]


def schema(name):
    return json.loads((ROOT / f"templates/schemas/{name}.schema.json").read_text())


class Schemas(unittest.TestCase):
    def check(self, name, document):
        self.assertEqual(problems(document, schema(name)), [])

    def test_heal(self):
        for path in sorted((ROOT / "tests/golden/render").glob("*.json")):
            name = "explain" if path.stem == "failures" else "heal"
            with self.subTest(path=path.name):
                self.check(name, json.loads(path.read_text()))

    def test_explain(self):
        log = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\n    x()\n' \
              "NameError: name 'x' is not defined\n"
        run = subprocess.run([SELFHEAL, "explain", "--format", "json"], input=log, text=True,
                             capture_output=True, check=True)
        document = json.loads(run.stdout)
        self.check("explain", document)
        self.assertEqual(document["failures"][0]["type"], "NameError")

    def test_config(self):
        self.check("config", {"test": "make", "timeout": "10m", "sandbox": {"mode": "off"}})
        self.check("config", {"test": ["a", "b"], "timeout": 3, "setup": "x"})

    def test_what_is_wrong_is_refused(self):
        good = json.loads((ROOT / "tests/golden/render/healed.json").read_text())
        spoil = [
            lambda d: d.pop("outcome"),
            lambda d: d.update(outcome="fixed"),
            lambda d: d.update(confidence=1.5),
            lambda d: d.update(extra=1),
            lambda d: d.update(applied="no"),
            lambda d: d["failures"][0].update(line=-1),
            lambda d: d["failures"][0]["class"].pop(),
            lambda d: d["proof"][0].update(rung="ladder"),
            lambda d: d["skips"].update(x="many"),
        ]
        for i, change in enumerate(spoil):
            with self.subTest(i=i):
                document = copy.deepcopy(good)
                change(document)
                self.assertNotEqual(problems(document, schema("heal")), [])
        for document in ({"tset": 1}, {"jobs": "many"}, {"sandbox": {"mode": "of"}}):
            self.assertNotEqual(problems(document, schema("config")), [])


if __name__ == "__main__":
    unittest.main()
