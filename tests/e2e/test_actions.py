"""The composite actions and the workflows that 'selfheal init' writes, run as a runner would
(tests/tools/run_action.py), from a tarball that scripts/release made and a server on loopback serves."""
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/tools"), str(ROOT / "tests/support")]
from github import GitHub  # noqa: E402
from run_action import Job, Runner  # noqa: E402

SELFHEAL = os.environ["SELFHEAL"]
TOKEN = "ghs_TOKENTHATNOTESTMAYSEE"
WORLD = {}

RED = {
    "queue.txt": "",
    "total.py": "def total(prices):\n    result = 0\n    for price in prices:\n        result -= price\n    return result\n",
    "test_total.py": "from total import total\n\n\ndef test_some():\n    assert total([1, 2]) == 3\n\n\n"
                     "def test_none():\n    assert total([]) == 0\n",
    ".github/workflows/ci.yml": "name: CI\non: [push, pull_request]\njobs:\n  test:\n    runs-on: ubuntu-latest\n"
                                "    steps:\n      - run: python3 -m pytest -q\n",
}
# What a hostile suite would do with a token within reach.
THIEF = """
import glob, os


def test_thief():
    seen = dict(os.environ)
    for path in glob.glob('/proc/[0-9]*/environ'):
        try:
            seen[path] = open(path, 'rb').read().decode(errors='replace')
        except OSError:
            pass
    found = [key for key, value in seen.items() if 'TOKENTHATNOTESTMAYSEE' in value]
    assert not found, 'LEAK ' + repr(found)
    print('::error::commands from a test')
"""


class Releases(http.server.BaseHTTPRequestHandler):
    """The releases of octo/selfheal, and who asked for what."""
    asked, spoiled = [], False

    def do_GET(self):
        self.asked.append(self.path)
        path = WORLD["dist"] / pathlib.Path(self.path).name
        if not self.path.startswith("/octo/selfheal/releases/download/v") or not path.exists():
            self.send_error(404)
            return
        data = path.read_bytes()
        if Releases.spoiled:
            data = data[:-1] + bytes([data[-1] ^ 1])
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def setUpModule():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="selfheal-actions-"))
    unittest.addModuleCleanup(shutil.rmtree, folder)
    dist = folder / "dist"
    subprocess.run([ROOT / "scripts/release", "--binary", SELFHEAL, "--out", dist], check=True, stdout=subprocess.DEVNULL)
    # What a tag holds: the actions with the hashes of that release.
    tagged = folder / "tagged"
    for part in ("actions", "scripts"):
        shutil.copytree(ROOT / part, tagged / part)
    subprocess.run([tagged / "scripts/release", "--record", dist], check=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Releases)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    unittest.addModuleCleanup(server.server_close)
    unittest.addModuleCleanup(server.shutdown)
    WORLD.update(folder=folder, dist=dist, tagged=tagged, url=f"http://127.0.0.1:{server.server_port}")


def git(folder, *arguments):
    return subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-C", folder, *arguments],
                          check=True, capture_output=True, text=True).stdout.strip()


def repository(folder, files):
    for path, text in files.items():
        full = pathlib.Path(folder, path)
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return git(folder, "rev-parse", "HEAD")


@contextlib.contextmanager
def temporary():
    with tempfile.TemporaryDirectory(dir=WORLD["folder"]) as folder:
        yield pathlib.Path(folder)


def program(folder, name, text):
    path = pathlib.Path(folder, name)
    path.write_text(text)
    path.chmod(0o755)
    return path


class Setup(unittest.TestCase):
    def setUp(self):
        Releases.asked.clear()
        Releases.spoiled = False

    def runner(self, folder, **more):
        return Runner(folder, github={"server_url": WORLD["url"]}, actions={"octo/selfheal": WORLD["tagged"]}, **more)

    def uses(self, runner, inputs=None):
        job = Job(runner, "job", "")
        try:
            return job, runner.uses(job, "octo/selfheal/actions/setup@v1", inputs or {}, {})
        except Exception as failure:
            job.log += str(failure)
            return job, None

    def test_a_release_is_fetched_once_and_runs(self):
        with temporary() as folder:
            runner = self.runner(folder)
            job, outputs = self.uses(runner)
            self.assertIsNotNone(outputs, job.log)
            self.assertEqual((outputs["origin"], outputs["reason"]), ("released", ""))
            wanted = subprocess.run([SELFHEAL, "version"], capture_output=True, text=True).stdout.split()[1]
            self.assertEqual(outputs["version"], wanted)
            self.assertEqual(len(Releases.asked), 1)
            job, outputs = self.uses(runner)
            self.assertEqual(len(Releases.asked), 1, "the second job has it from the cache")
            libraries = subprocess.run([outputs["path"] + "/selfheal"], capture_output=True, text=True,
                                       env={"LD_TRACE_LOADED_OBJECTS": "1"}).stdout
            for line in libraries.splitlines():
                if "=>" in line and not line.strip().startswith(("libc.so", "libm.so", "libresolv.so")):
                    self.assertIn(str(job.temp), line, "each library is the release's own")

    def test_another_hash_is_not_used(self):
        with temporary() as folder:
            Releases.spoiled = True
            runner = self.runner(folder)
            job, outputs = self.uses(runner)
            self.assertIsNone(outputs)
            self.assertIn("another SHA-256", job.log)
            self.assertEqual((job.paths, job.last_code), ([], 4))
            self.assertEqual(list(runner.cache.iterdir()), [])

    def test_a_spoiled_cache_is_fetched_again(self):
        with temporary() as folder:
            runner = self.runner(folder)
            self.uses(runner)
            tarball = next(runner.cache.rglob("*.tar.gz"))
            tarball.write_bytes(b"hostile")
            job, outputs = self.uses(runner)
            self.assertIsNotNone(outputs, job.log)
            self.assertIn("what the cache holds is not the release", job.log)
            self.assertEqual(len(Releases.asked), 2)

    def test_a_mirror(self):
        with temporary() as folder:
            runner = self.runner(folder)
            runner.github["server_url"] = "http://127.0.0.1:9"
            _, outputs = self.uses(runner, {"releases-url": WORLD["url"] + "/octo/selfheal/releases/download/"})
            self.assertEqual(outputs["origin"], "released")

    def test_why_there_is_no_release(self):
        rows = [("getconf", "echo glibc 2.31", "need glibc 2.36, and this machine has 2.31"),
                ("getconf", "exit 1", "this machine has another C library"),
                ("uname", "[ $1 = -m ] && echo riscv64 || echo Linux", "is recorded for riscv64"),
                ("uname", "[ $1 = -m ] && echo x86_64 || echo Darwin", "released binaries are for Linux")]
        for name, body, wanted in rows:
            with self.subTest(wanted), temporary() as folder:
                program(folder, name, f"#!/bin/sh\n{body}\n")
                job, outputs = self.uses(self.runner(folder, paths=[str(folder)]), {"build": "never"})
                self.assertIsNone(outputs)
                self.assertIn(wanted, job.log)
                self.assertIn("build: never", job.log)

    def test_namespaces_are_allowed_on_githubs_machines_alone(self):
        rows = [("github-hosted", "true", "1", True), ("self-hosted", "true", "1", False),
                ("github-hosted", "false", "1", False), ("github-hosted", "true", "0", False)]
        for where, wanted, setting, done in rows:
            with self.subTest(where=where, wanted=wanted, setting=setting), temporary() as folder:
                program(folder, "sysctl", f"#!/bin/sh\necho {setting}\n")
                program(folder, "sudo", f"#!/bin/sh\necho \"$@\" >{folder}/asked\n")
                runner = self.runner(folder / "runner", paths=[str(folder)], env={"RUNNER_ENVIRONMENT": where})
                _, outputs = self.uses(runner, {"namespaces": wanted})
                self.assertIsNotNone(outputs)
                self.assertEqual((folder / "asked").exists(), done)

    def test_built_when_there_is_none(self):
        with temporary() as folder:
            tools = folder / "tools"
            tools.mkdir()
            program(tools, "getconf", "#!/bin/sh\necho glibc 2.31\n")
            # The build itself is scripts/test's business; here only what is made of it.
            program(tools, "cmake", f"#!/bin/sh\nmkdir -p build/release\ncp {SELFHEAL} build/release/selfheal\necho built >>{folder}/count\n")
            tagged = folder / "source"
            shutil.copytree(WORLD["tagged"], tagged)
            for name in ("src", "cmake", "templates", "sql"):
                (tagged / name).mkdir()
            for name in ("CMakeLists.txt", "CMakePresets.json", "package-lock.json"):
                (tagged / name).write_text("")
            program(tagged, "scripts/setup", "#!/bin/sh\n")
            runner = Runner(folder, actions={"octo/selfheal": tagged}, paths=[str(tools)])
            for _ in range(2):
                job, outputs = self.uses(runner)
                self.assertIsNotNone(outputs, job.log)
                self.assertEqual(outputs["origin"], "built")
                self.assertIn("this machine has 2.31", outputs["reason"])
            self.assertEqual((folder / "count").read_text(), "built\nbuilt\n", "configured and built once")


class Workflows(unittest.TestCase):
    """Red run -> heal -> artifact, by the workflows as init writes them."""

    def world(self, folder, files, event=None, **more):
        origin = folder / "origin"
        origin.mkdir()
        sha = repository(origin, files)
        subprocess.run([SELFHEAL, "init", "--github", "--actions", "octo/selfheal", "-w", "after-ci", "-w", "scheduled",
                        "-w", "on-comment", origin], check=True, stdout=subprocess.DEVNULL)
        github = {"server_url": WORLD["url"], "sha": sha, "event_name": "workflow_run", "api_url": WORLD["url"]}
        runner = Runner(folder / "runner", github=github, actions={"octo/selfheal": WORLD["tagged"]},
                        event=event(sha) if event else {}, repositories={"octo/project": origin},
                        env={"GITHUB_TOKEN": TOKEN, "ACTIONS_RUNTIME_TOKEN": TOKEN, "GH_TOKEN": TOKEN}, **more)
        return runner, origin / ".github/workflows"

    def run_event(self, repository_="octo/project", conclusion="failure", branch="main"):
        return lambda sha: {"workflow_run": {
            "id": 77, "run_attempt": 1, "html_url": "https://github.com/octo/project/actions/runs/77",
            "conclusion": conclusion, "head_branch": branch, "head_sha": sha, "pull_requests": [],
            "head_repository": {"full_name": repository_}, "triggering_actor": {"login": "octo"}}}

    def no_token_anywhere(self, runner):
        for name, job in runner.jobs.items():
            self.assertNotIn(TOKEN, job.log, name)
            self.assertNotIn("LEAK", job.log, name)
            if name != "publish":
                for path in [*job.temp.rglob("*"), *job.workspace.rglob("*")]:
                    if path.is_file() and not path.is_symlink():
                        self.assertNotIn(TOKEN.encode(), path.read_bytes(), path)
        for path in runner.artifacts.rglob("*.json"):
            self.assertNotIn(TOKEN, path.read_text())
            self.assertNotIn("LEAK", path.read_text())

    def test_a_red_run_becomes_a_bundle(self):
        with temporary() as folder:
            runner, workflows = self.world(folder, {**RED, "test_thief.py": THIEF}, self.run_event())
            results = runner.workflow(workflows / "selfheal.yml")
            heal = runner.jobs["heal"]
            self.assertEqual(results["heal"], "success", heal.log)
            self.assertIn("selfheal: healed (exit code 0)", heal.log)
            self.assertIn("result += price", heal.summary)
            bundle = json.loads((runner.artifacts / "selfheal/bundle.json").read_text())
            self.assertIn("result += price", json.dumps(bundle))
            self.assertIn("actions/runs/77", json.dumps(bundle))
            self.assertIn("publish", runner.jobs)
            self.no_token_anywhere(runner)
            self.assertNotIn("\n::error::commands from a test", heal.log)

    def test_green_and_own_branches_start_nothing(self):
        for event in (self.run_event(conclusion="success"), self.run_event(branch="selfheal/test-0123456789ab")):
            with temporary() as folder:
                runner, workflows = self.world(folder, RED, event)
                self.assertEqual(runner.workflow(workflows / "selfheal.yml"), {"heal": "skipped", "publish": "skipped"})

    def test_a_fork_is_healed_without_anything_secret(self):
        with temporary() as folder:
            runner, workflows = self.world(folder, RED)
            fork = folder / "fork"
            fork.mkdir()
            sha = repository(fork, {**RED, "test_thief.py": THIEF})
            runner.repositories["mallory/project"] = fork
            runner.event = self.run_event("mallory/project")(sha)
            results = runner.workflow(workflows / "selfheal.yml")
            self.assertEqual(results["heal"], "success", runner.jobs["heal"].log)
            self.assertIn("selfheal: healed", runner.jobs["heal"].log)
            self.no_token_anywhere(runner)

    def test_a_strangers_settings_open_nothing(self):
        with temporary() as folder:
            port = WORLD["url"].rpartition(":")[2]
            knocks = (f"import socket\n\n\ndef test_outside():\n    with socket.socket() as s:\n"
                      f"        assert s.connect_ex(('127.0.0.1', {port})) != 0, 'OPEN'\n")
            files = {**RED, ".selfheal.yml": "sandbox:\n  mode: off\n  network: true\n", "test_thief.py": THIEF}
            # Where no network of its own can be had, loopback is everybody's.
            if subprocess.run(["unshare", "-Urn", "true"], stderr=subprocess.DEVNULL).returncode == 0:
                files["test_outside.py"] = knocks
            runner, workflows = self.world(folder, files, self.run_event())
            runner.workflow(workflows / "selfheal.yml")
            self.assertIn("selfheal: healed (exit code 0)", runner.jobs["heal"].log)
            self.no_token_anywhere(runner)

    def test_on_demand_by_the_number_of_a_run(self):
        with temporary() as folder:
            tools = folder / "tools"
            tools.mkdir()
            runner, workflows = self.world(folder, RED, paths=[str(tools)])
            runner.inputs = {"run-id": "77", "dry-run": True}
            run = json.dumps(self.run_event()(runner.github["sha"])["workflow_run"])
            program(tools, "gh", f"#!/bin/sh\n[ $2 = repos/octo/project/actions/runs/77 ] && cat <<'E'\n{run}\nE\n")
            results = runner.workflow(workflows / "selfheal-scheduled.yml")
            self.assertEqual(results, {"find": "success", "heal": "success", "publish": "skipped"}, runner.jobs["heal"].log)
            self.assertIn("selfheal: healed", runner.jobs["heal"].log)
            self.assertEqual(list(runner.artifacts.iterdir()), [], "a dry run leaves nothing")
            runner.inputs = {"run-id": "7;id", "dry-run": True}
            self.assertEqual(runner.workflow(workflows / "selfheal-scheduled.yml")["find"], "failure")

    def test_the_clock_looks_at_the_default_branch(self):
        with temporary() as folder:
            green = {**RED, "total.py": RED["total.py"].replace("-=", "+=")}
            runner, workflows = self.world(folder, green)
            runner.github["event_name"] = "schedule"
            results = runner.workflow(workflows / "selfheal-scheduled.yml")
            self.assertEqual(results["find"], "skipped")
            self.assertIn("selfheal: nothing_to_do (exit code 0)", runner.jobs["heal"].log)


class Published(unittest.TestCase):
    """The same to its end: a pull request at a scripted GitHub."""

    def setUp(self):
        self.gh = GitHub()
        self.addCleanup(self.gh.close)
        self.gh.user("octo")
        self.shop = self.gh.repository("octo/project", files=RED)
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=WORLD["folder"]))
        with temporary() as folder:
            repository(folder, RED)
            subprocess.run([SELFHEAL, "init", "--github", "--actions", "octo/selfheal", folder], check=True,
                           stdout=subprocess.DEVNULL)
            self.workflow = self.folder / "selfheal.yml"
            shutil.copy(folder / ".github/workflows/selfheal.yml", self.workflow)

    def run_after_ci(self, head=None):
        """CI goes red on main, of the repository or of a fork; then what GitHub would start."""
        source = head or self.shop
        run = self.shop.run_finished("failure", head=head)
        sha = source.disk.branch("main")
        event = {"id": run.id, "run_attempt": 1, "html_url": f"{self.gh.url}/octo/project/actions/runs/{run.id}",
                 "conclusion": "failure", "head_branch": "main", "head_sha": sha, "pull_requests": [],
                 "head_repository": {"full_name": source.repo.full_name}, "triggering_actor": {"login": "octo"}}
        runner = Runner(self.folder / f"run-{run.id}", event={"workflow_run": event}, env={"SELFHEAL_WRITE_GAP_MS": "0"},
                        github={"event_name": "workflow_run", "server_url": WORLD["url"], "api_url": self.gh.api_url,
                                "sha": self.shop.disk.branch("main")},
                        repositories={"octo/project": self.shop.disk.path, source.repo.full_name: source.disk.path},
                        actions={"octo/selfheal": WORLD["tagged"]}, tokens={"publish": self.shop.actions_token()})
        self.assertEqual(runner.workflow(self.workflow)["heal"], "success", runner.jobs["heal"].log)
        return runner

    def pulls(self):
        return self.shop.repo.pulls

    def test_red_run_to_pull_request_and_again(self):
        runner = self.run_after_ci()
        publish = runner.jobs["publish"]
        self.assertEqual(len(self.pulls()), 1, publish.log)
        one = self.pulls()[0]
        self.assertIn(f"/octo/project/pull/{one.number}", publish.log)
        self.assertIn("result += price", one.body)
        self.assertTrue(one.pull.head_ref.startswith("selfheal/"))
        self.assertEqual(one.pull.base_ref, "main")
        again = self.run_after_ci()
        self.assertEqual(len(self.pulls()), 1, again.jobs["publish"].log)
        self.gh.assert_sound()
        for job in (runner.jobs["heal"], again.jobs["heal"]):
            self.assertNotIn("ghs_", job.log)

    def test_a_forks_failure_is_a_draft_at_most(self):
        fork = self.gh.repository("mallory/project", files={**RED, "test_thief.py": THIEF})
        runner = self.run_after_ci(fork)
        self.assertEqual([one.number for one in self.pulls() if not one.pull.draft], [], runner.jobs["publish"].log)
        self.assertNotIn("LEAK", runner.jobs["heal"].log)
        self.gh.assert_sound()

    def test_a_setting_of_the_repository_is_explained(self):
        self.shop.repo.actions_may_create_pulls = False
        runner = self.run_after_ci()
        self.assertEqual(self.pulls(), [])
        self.assertIn("Allow GitHub Actions to create", runner.jobs["publish"].log)
        self.assertIn("::warning", runner.jobs["publish"].log)


class Heal(unittest.TestCase):
    """heal.sh with a stand-in for the program: what it is given, and what becomes of its end."""

    def heal(self, folder, code=0, report='{\n  "outcome": "not_healed"\n}\n', inputs=None, files=None):
        tools = folder / "tools"
        tools.mkdir(exist_ok=True)
        program(tools, "selfheal", f"#!/bin/sh\nenv >{folder}/env\nprintf '%s\\n' \"$@\" >{folder}/arguments\n"
                                   f"cat <<'E'\n{report}E\nexit {code}\n")
        tokens = {name: TOKEN for name in ("GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN",
                                           "ACTIONS_ID_TOKEN_REQUEST_TOKEN")}
        runner = Runner(folder / "runner", env=tokens, paths=[str(tools)])
        job = Job(runner, "job", "")
        for path, text in (files or {}).items():
            (job.workspace / path).write_text(text)
        return runner.action(ROOT / "actions/heal", inputs, job)

    def test_no_token_reaches_the_program(self):
        with temporary() as folder:
            self.heal(folder)
            self.assertNotIn(TOKEN, (folder / "env").read_text())

    def test_exit_codes(self):
        rows = [(0, "never", True), (1, "never", True), (2, "never", True), (3, "never", True), (4, "never", True),
                (1, "unhealed", False), (3, "flaky", False), (0, "unhealed", True)]
        for code, fail_on, green in rows:
            with self.subTest(code=code, fail_on=fail_on), temporary() as folder:
                job, outputs, ran = self.heal(folder, code, inputs={"fail-on": fail_on})
                self.assertEqual(ran, green, job.log)
                self.assertEqual("::warning" in job.log, green and code != 0)
                if green:
                    self.assertEqual((outputs["status"], outputs["fixed"]), ("not_healed", "false"))

    def test_no_result_is_an_error_not_a_success(self):
        with temporary() as folder:
            _, outputs, _ = self.heal(folder, 3, report="")
            self.assertEqual((outputs["status"], outputs["fixed"], outputs["bundle"]), ("error", "false", ""))

    def test_inputs_become_arguments_and_nothing_else(self):
        hostile = "make; touch $(pwd)/owned `id` ${{ x }} 'a b'"
        with temporary() as folder:
            job, _, _ = self.heal(folder, inputs={"test": hostile, "budget": "5m", "jobs": "2", "timeout": "9s"})
            arguments = (folder / "arguments").read_text().splitlines()
            for wanted in (f"--test={hostile}", "--budget=5m", "--jobs=2", "--timeout=9s", "--fail-on=never"):
                self.assertIn(wanted, arguments)
            self.assertEqual(arguments[0], "heal")
            self.assertEqual(list(job.workspace.iterdir()), [])

    def test_issues_are_fixed_instead(self):
        with temporary() as folder:
            self.heal(folder, inputs={"issues": "i.json"}, files={"i.json": "{}"})
            arguments = (folder / "arguments").read_text().splitlines()
            self.assertEqual(arguments[:2], ["fix", "--issues=i.json"])

    def test_a_setting_of_the_checkout_comes_second(self):
        with temporary() as folder:
            self.heal(folder)
            self.assertIn("--sandbox=auto", (folder / "arguments").read_text().splitlines())
            self.assertIn("SELFHEAL_SANDBOX_NETWORK=false", (folder / "env").read_text().splitlines())

    def test_mistakes_are_red_even_so(self):
        for inputs, wanted in (({"fail-on": "x"}, "fail-on takes"), ({"working-directory": "none"}, "names no folder"),
                               ({"dry-run": "1"}, "dry-run takes"), ({"run": "x"}, "run takes a JSON object"),
                               ({"sandbox": "no"}, "sandbox takes"), ({"network": ""}, "network takes")):
            with self.subTest(wanted), temporary() as folder:
                job, _, green = self.heal(folder, inputs=inputs)
                self.assertFalse(green)
                self.assertIn(wanted, job.log)

    def test_a_token_left_by_the_checkout_is_told(self):
        with temporary() as folder:
            tools = folder / "tools"
            tools.mkdir()
            program(tools, "selfheal", "#!/bin/sh\necho '{'\n")
            (folder / "origin").mkdir()
            repository(folder / "origin", {"a": ""})
            runner = Runner(folder / "runner", paths=[str(tools)], repositories={"octo/project": folder / "origin"})
            for keep, told in (("true", True), ("false", False)):
                job = Job(runner, "job", TOKEN)
                runner.checkout(job, {"persist-credentials": keep})
                runner.action(ROOT / "actions/heal", {}, job)
                self.assertEqual("persist-credentials: false" in job.log, told)


class Scan(unittest.TestCase):
    def scan(self, folder, code=0, issues=(), inputs=None):
        tools = folder / "tools"
        tools.mkdir()
        report = json.dumps({"failures": [{"id": one, "title": "t"} for one in issues]}, indent=2)
        program(tools, "selfheal", f"#!/bin/sh\nenv >{folder}/env\nprintf '%s\\n' \"$@\" >{folder}/arguments\n"
                                   f"cat <<'E'\n{report}\nE\nexit {code}\n")
        runner = Runner(folder / "runner", env={"GITHUB_TOKEN": TOKEN}, paths=[str(tools)])
        job = Job(runner, "job", "")
        (job.workspace / "a.sarif").write_text("{}")
        return runner.action(ROOT / "actions/scan", inputs, job)

    def test_what_becomes_of_it(self):
        rows = [(0, (), {}, "clean", "0", True), (1, ("a", "b"), {}, "issues", "2", True), (3, (), {}, "error", "0", True),
                (0, ("a",), {"fail-on": "issues"}, None, None, False), (0, (), {"fail-on": "issues"}, "clean", "0", True),
                (3, (), {"fail-on": "issues"}, None, None, False), (0, (), {"fail-on": "x"}, None, None, False)]
        for code, issues, inputs, status, count, green in rows:
            with self.subTest(code=code, issues=issues, inputs=inputs), temporary() as folder:
                job, outputs, ran = self.scan(folder, code, issues, inputs)
                self.assertEqual(ran, green, job.log)
                if green:
                    self.assertEqual((outputs["status"], outputs["count"]), (status, count))
                    self.assertTrue(pathlib.Path(outputs["issues"]).is_file())

    def test_what_it_is_given(self):
        with temporary() as folder:
            self.scan(folder, inputs={"sarif": "a.sarif", "test": "make x"})
            arguments = (folder / "arguments").read_text().splitlines()
            self.assertEqual(arguments[0], "scan")
            self.assertIn("--sarif=a.sarif", arguments)
            self.assertIn("--test=make x", arguments)
            self.assertNotIn(TOKEN, (folder / "env").read_text())


GH = """#!/usr/bin/python3
import json, os, sys
with open(os.environ["GH_LOG"], "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
path = next(one for one in sys.argv[1:] if one.startswith("repos/"))
if path.endswith("/permission"):
    print(os.environ["GH_PERMISSION"])
elif "/pulls/" in path:
    print(json.dumps({"id": 0, "head_sha": "1" * 40, "head_repository": {"full_name": "octo/project"}}))
"""


class Command(unittest.TestCase):
    def command(self, body, permission="write", author="alice", number=5):
        with temporary() as folder:
            tools = folder / "tools"
            tools.mkdir()
            program(tools, "gh", GH)
            log = folder / "gh.log"
            log.write_text("")
            event = {"comment": {"body": body, "id": 9, "user": {"login": author}}, "issue": {"number": number}}
            runner = Runner(folder / "runner", event=event, paths=[str(tools)],
                            env={"GH_LOG": str(log), "GH_PERMISSION": permission})
            job, outputs, green = runner.action(ROOT / "actions/command")
            self.assertTrue(green, job.log)
            return outputs, log.read_text()

    def test_who_may_say_what(self):
        rows = [
            ("/selfheal retry", "write", "alice", "retry"),
            ("please look\r\n  /SelfHeal Retry now\r\n", "admin", "alice", "retry"),
            ("/selfheal retry", "read", "alice", ""),
            ("/selfheal retry", "none", "alice", ""),
            ("/selfheal retry", "write", "../../x", ""),
            ("do not /selfheal retry", "write", "alice", ""),
            ("> /selfheal retry", "write", "alice", ""),
            ("/selfhealing retry", "write", "alice", ""),
            ("/selfheal $(id) `id`", "write", "alice", ""),
            ("/selfheal\n", "write", "alice", ""),
        ]
        for body, permission, author, wanted in rows:
            with self.subTest(body=body, permission=permission):
                outputs, log = self.command(body, permission, author)
                self.assertEqual(outputs["command"], wanted)
                self.assertEqual("content=eyes" in log, wanted != "")
                if wanted:
                    self.assertEqual(json.loads(outputs["run"])["head_sha"], "1" * 40)

    def test_an_unknown_verb_is_answered(self):
        _, log = self.command("/selfheal dance")
        self.assertIn("content=confused", log)


class Publish(unittest.TestCase):
    def publish(self, folder, code=0, inputs=None, artifact=True):
        tools = folder / "tools"
        tools.mkdir()
        program(tools, "selfheal", f"#!/bin/sh\nprintf '%s\\n' \"$@\" >{folder}/arguments\necho $GITHUB_TOKEN >{folder}/token\n"
                                   f"echo pull-request-number=7 >>$GITHUB_OUTPUT\nexit {code}\n")
        runner = Runner(folder / "runner", paths=[str(tools)])
        if artifact:
            (runner.artifacts / "selfheal").mkdir()
            (runner.artifacts / "selfheal/bundle.json").write_text("{}")
        return runner.action(ROOT / "actions/publish", inputs, Job(runner, "job", TOKEN))

    def test_the_bundle_goes_to_the_program(self):
        with temporary() as folder:
            job, outputs, green = self.publish(folder, inputs={"run-id": "77"})
            self.assertTrue(green, job.log)
            arguments = (folder / "arguments").read_text().splitlines()
            self.assertEqual(arguments[0], "pr")
            self.assertTrue(arguments[1].endswith("/selfheal-publish/bundle.json"))
            self.assertIn("--run-id=77", arguments)
            self.assertEqual((folder / "token").read_text().strip(), TOKEN)
            self.assertEqual(outputs["pull-request-number"], "7")

    def test_without_an_artifact_there_is_nothing_to_do(self):
        with temporary() as folder:
            job, outputs, green = self.publish(folder, artifact=False)
            self.assertTrue(green, job.log)
            self.assertEqual(outputs["pull-request-operation"], "none")
            self.assertFalse((folder / "arguments").exists())

    def test_advisory_unless_asked(self):
        for inputs, green in (({}, True), ({"fail-on": "error"}, False)):
            with temporary() as folder:
                self.assertEqual(self.publish(folder, 3, inputs)[2], green)
        with temporary() as folder:
            self.assertFalse(self.publish(folder, inputs={"run-id": "7 --x"})[2])


class Release(unittest.TestCase):
    def test_the_same_bytes_again(self):
        with temporary() as folder:
            subprocess.run([ROOT / "scripts/release", "--binary", SELFHEAL, "--out", folder], check=True,
                           stdout=subprocess.DEVNULL, env={**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"})
            first, second = (next(one.glob("*.tar.gz")) for one in (WORLD["dist"], folder))
            self.assertEqual(*(hashlib.sha256(one.read_bytes()).hexdigest() for one in (first, second)))
            subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)

    def test_everything_in_it_is_listed_and_licensed(self):
        with temporary() as folder:
            subprocess.run(["tar", "-xzf", next(WORLD["dist"].glob("*.tar.gz")), "-C", folder], check=True)
            top = next(folder.iterdir())
            spdx = json.loads(next((top / "share").glob("*.spdx.json")).read_text())
            names = {one["name"] for one in spdx["packages"]}
            self.assertEqual(spdx["spdxVersion"], "SPDX-2.3")
            for name in ("selfheal", "libgit2-1.5", "libcurl4", "libarchive13", "tree-sitter-python"):
                self.assertIn(name, names)
            ids = {one["SPDXID"] for one in spdx["packages"]}
            self.assertEqual(len(ids), len(spdx["packages"]))
            for one in spdx["relationships"]:
                self.assertIn(one["relatedSpdxElement"], ids)
            licensed = {one.stem for one in (top / "share/licenses").iterdir()}
            self.assertEqual(names - {"selfheal"} - licensed, set())

    def test_it_needs_glibc_alone(self):
        """In a root with nothing but glibc, as another distribution might have it."""
        with temporary() as folder:
            subprocess.run(["tar", "-xzf", next(WORLD["dist"].glob("*.tar.gz")), "-C", folder], check=True)
            top = next(folder.iterdir())
            libraries = subprocess.run(["ldd", top / "bin/selfheal"], capture_output=True, text=True).stdout.split()
            for path in libraries:
                if path.startswith("/") and str(folder) not in path:
                    (folder / path[1:]).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, folder / path[1:])
            shutil.make_archive(str(folder / "log"), "zip", ROOT / "actions/setup")
            (folder / "proc").mkdir()  # the loader asks it where the program lies
            enter = ["unshare", "-rmpf", "sh", "-c", 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"', folder]
            if subprocess.run([*enter[:-1], folder, "/nothing"], capture_output=True).returncode != 127:
                self.skipTest("no namespaces to make a root of one's own in")
            for arguments in (["version"], ["explain", "/log.zip"]):
                ran = subprocess.run([*enter, f"/{top.name}/bin/selfheal", *arguments], capture_output=True, text=True)
                self.assertEqual(ran.returncode, 0, ran.stderr)
            # libcurl is loaded when GitHub is asked; nobody answers there, and that is what it says.
            ran = subprocess.run([*enter, f"/{top.name}/bin/selfheal", "doctor", "--github", "--repo", "o/n",
                                  "--api-url", "http://127.0.0.1:9"], capture_output=True, text=True)
            self.assertIn("BAD       connection", ran.stdout, ran.stderr)
            self.assertNotIn("libcurl", ran.stdout)

    def test_what_it_loads_by_name_is_its_own(self):
        with temporary() as folder:
            subprocess.run(["tar", "-xzf", next(WORLD["dist"].glob("*.tar.gz")), "-C", folder], check=True)
            top = next(folder.iterdir())
            shutil.make_archive(str(folder / "log"), "zip", ROOT / "actions/setup")
            ran = subprocess.run([top / "bin/selfheal", "explain", folder / "log.zip"], capture_output=True, text=True,
                                 env={"LD_DEBUG": "files"})
            self.assertEqual(ran.returncode, 0, ran.stderr[-2000:])
            self.assertIn(f"calling init: {top}/bin/../lib/libarchive.so.13", ran.stderr)


if __name__ == "__main__":
    unittest.main()
