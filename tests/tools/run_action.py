#!/usr/bin/python3
"""Runs composite actions, and whole workflows that are made of them, on this machine in an environment
like a GitHub runner's: its variables, its files for outputs, paths and summaries, its expressions.
Actions of others (checkout, cache, artifacts) are done by local copies with the same rules.

    run_action.py actions/setup --workspace DIR [--input NAME=VALUE]... [--set GITHUB_REPOSITORY=o/n]...

prints the action's outputs as JSON. As a module: Runner(...).action(...) and Runner(...).workflow(...)."""
import argparse
import fnmatch
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from expressions import as_text, condition, expand  # noqa: E402


class Failed(Exception):
    """A step that went red."""


def load(path):
    """YAML, in which 'on' is a word and no truth."""
    document = yaml.safe_load(pathlib.Path(path).read_text())
    if True in document:
        document["on"] = document.pop(True)
    return document


def read_pairs(path):
    """What a step wrote to GITHUB_OUTPUT or GITHUB_ENV: NAME=VALUE, or NAME<<END ... END."""
    pairs, lines = {}, iter(pathlib.Path(path).read_text().split("\n"))
    for line in lines:
        name, mark, end = line.partition("<<")
        if mark and "=" not in name:
            value = []
            for line in lines:
                if line == end:
                    break
                value.append(line)
            else:
                raise Failed(f"'{name}' does not end with its delimiter")
            pairs[name] = "\n".join(value)
        elif line:
            name, mark, value = line.partition("=")
            if not mark:
                raise Failed(f"not a pair: '{line[:80]}'")
            pairs[name] = value
    return pairs


class Job:
    """One job's machine: a workspace, a temporary folder, an environment that grows."""

    def __init__(self, runner, name, token):
        self.runner, self.name, self.token = runner, name, token
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=runner.folder))
        self.workspace = self.folder / "work"
        self.temp = self.folder / "temp"
        for folder in (self.workspace, self.temp, self.folder / "home"):
            folder.mkdir()
        self.paths, self.env, self.summary, self.log = [], {}, "", ""
        (self.folder / "event.json").write_text(json.dumps(runner.event))

    def environment(self):
        runner = self.runner
        env = {
            "PATH": ":".join([*self.paths, *runner.paths, "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]),
            "HOME": str(self.folder / "home"), "LANG": "C.UTF-8", "CI": "true", "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace), "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_EVENT_NAME": runner.github["event_name"], "GITHUB_REPOSITORY": runner.github["repository"],
            "GITHUB_RUN_ID": runner.github["run_id"], "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": self.name,
            "GITHUB_SHA": runner.github["sha"], "GITHUB_REF_NAME": runner.github["ref_name"],
            "GITHUB_SERVER_URL": runner.github["server_url"], "GITHUB_API_URL": runner.github["api_url"],
            "GITHUB_ACTOR": runner.github["actor"], "GITHUB_TRIGGERING_ACTOR": runner.github["actor"],
            "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64", "RUNNER_TEMP": str(self.temp),
        }
        return {**env, **runner.env, **self.env}

    def contexts(self, **more):
        github = {**self.runner.github, "event": self.runner.event, "token": self.token,
                  "workspace": str(self.workspace)}
        return {"github": github, "runner": {"temp": str(self.temp), "os": "Linux"},
                "inputs": self.runner.inputs, "needs": {}, "matrix": {}, "cancelled()": lambda: False, **more}


class Steps:
    """The steps of a job or of a composite action, one after the other."""

    def __init__(self, job, contexts, action=None):
        self.job, self.action = job, action
        self.done, self.red = {}, False
        self.contexts = {**contexts, "steps": self.done,
                         "success()": lambda: not self.red, "failure()": lambda: self.red}

    def run(self, steps):
        for step in steps:
            if not condition(step.get("if"), self.contexts):
                continue
            result = {"outputs": {}, "outcome": "success"}
            if "id" in step:
                self.done[step["id"]] = result
            try:
                result["outputs"].update(self.one(step))
            except Failed as failure:
                result["outcome"] = "failure"
                self.job.log += f"{failure}\n"
                self.red = self.red or not step.get("continue-on-error")
        return not self.red

    def one(self, step):
        env = {key: as_text(value) for key, value in expand(step.get("env", {}), self.contexts).items()}
        if "run" in step:
            return self.shell(expand(step["run"], self.contexts), env)
        inputs = {key: as_text(value) for key, value in expand(step.get("with", {}), self.contexts).items()}
        return self.job.runner.uses(self.job, step["uses"], inputs, env)

    def shell(self, script, env):
        job = self.job
        files = {name: job.folder / name for name in ("OUTPUT", "ENV", "PATH", "STEP_SUMMARY")}
        for path in files.values():
            path.write_text("")
        body = job.folder / "step.sh"
        body.write_text(script)
        whole = {**job.environment(), **env, **{f"GITHUB_{name}": str(path) for name, path in files.items()}}
        if self.action:
            whole["GITHUB_ACTION_PATH"] = str(self.action)
        ran = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", body], cwd=job.workspace,
                             env=whole, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace")
        job.log += ran.stdout
        job.summary += files["STEP_SUMMARY"].read_text()
        job.env.update(read_pairs(files["ENV"]))
        job.paths[:0] = files["PATH"].read_text().split()
        outputs = read_pairs(files["OUTPUT"])
        if ran.returncode:
            self.job.last_code = ran.returncode
            raise Failed(f"step ended with exit code {ran.returncode}")
        return outputs


class Runner:
    """What stays from job to job: repositories to check out, the cache, the artifacts, the event.
    actions: {"OWNER/NAME": folder} of repositories whose actions are run for real."""

    def __init__(self, folder, github=None, event=None, inputs=None, repositories=None, actions=None, env=None,
                 paths=(), tokens=None):
        self.folder = pathlib.Path(folder)
        self.github = {"event_name": "workflow_dispatch", "repository": "octo/project", "run_id": "1000",
                       "sha": "", "ref_name": "main", "actor": "octo", "server_url": "https://github.com",
                       "api_url": "https://api.github.com", "action_repository": "", **(github or {})}
        self.event, self.inputs = event or {}, inputs or {}
        self.repositories, self.actions = repositories or {}, actions or {}
        self.env, self.paths = env or {}, list(paths)
        self.tokens = tokens or {}  # of a job by name: what GITHUB_TOKEN would be there
        self.cache, self.artifacts = self.folder / "cache", self.folder / "artifacts"
        for path in (self.cache, self.artifacts):
            path.mkdir(parents=True, exist_ok=True)
        self.jobs = {}

    # --- entries ---

    def action(self, path, inputs=None, job=None, env=None):
        """Runs one action; gives (job, outputs, green)."""
        job = job or Job(self, "job", self.tokens.get("job", ""))
        try:
            return job, self.composite(job, pathlib.Path(path).resolve(), inputs or {}, env or {}), True
        except Failed as failure:
            job.log += f"{failure}\n"
            return job, {}, False

    def workflow(self, path):
        """Runs every job whose conditions hold, in order; gives {name: "success", "failure", "skipped"}."""
        document, needs = load(path), {}
        for name, job in document["jobs"].items():
            wanted = job.get("needs", [])
            wanted = {one: needs[one] for one in ([wanted] if isinstance(wanted, str) else wanted)}
            machine = Job(self, name, self.tokens.get(name, ""))
            contexts = machine.contexts(needs=wanted, **{
                "success()": lambda wanted=wanted: all(one["result"] == "success" for one in wanted.values()),
                "failure()": lambda wanted=wanted: any(one["result"] == "failure" for one in wanted.values())})
            needs[name] = {"result": "skipped", "outputs": {}}
            if not condition(job.get("if"), contexts):
                continue
            self.jobs[name] = machine
            steps = Steps(machine, contexts)
            needs[name]["result"] = "success" if steps.run(job["steps"]) else "failure"
            needs[name]["outputs"] = {key: as_text(value) for key, value in
                                      expand(job.get("outputs", {}), steps.contexts).items()}
        return {name: one["result"] for name, one in needs.items()}

    # --- actions ---

    def uses(self, job, uses, inputs, env):
        name, _, ref = uses.partition("@")
        emulated = {"actions/checkout": self.checkout, "actions/cache/restore": self.cache_restore,
                    "actions/cache/save": self.cache_save, "actions/upload-artifact": self.upload,
                    "actions/download-artifact": self.download}
        if name in emulated:
            return emulated[name](job, inputs) or {}
        if name.startswith("./"):
            return self.composite(job, job.workspace / name, inputs, env)
        owner, repository, rest = name.split("/", 2)
        source = self.actions.get(f"{owner}/{repository}")
        if not source:
            raise Failed(f"no action '{uses}' here")
        home = self.folder / "_actions" / owner / repository / ref
        if not home.exists():
            shutil.copytree(source, home, symlinks=True, ignore=shutil.ignore_patterns(".git", "build"))
        return self.composite(job, home / rest, inputs, env)

    def composite(self, job, folder, given, env):
        action = load(folder / "action.yml")
        unknown = set(given) - set(action.get("inputs", {}))
        if unknown:
            raise Failed(f"unknown inputs {sorted(unknown)} of {folder.name}")
        contexts = job.contexts()
        contexts["inputs"] = {name: given.get(name, as_text(expand(one.get("default", ""), contexts)))
                              for name, one in action.get("inputs", {}).items()}
        steps = Steps(job, contexts, folder)
        before = dict(job.env)
        job.env.update(env)
        green = steps.run(action["runs"]["steps"])
        for key in env:
            job.env.pop(key, None)
        job.env.update({key: before[key] for key in env if key in before})
        if not green:
            raise Failed(f"action {folder.name} failed")
        return {name: as_text(expand(one["value"], steps.contexts)) for name, one in action.get("outputs", {}).items()}

    # --- what others' actions do ---

    def checkout(self, job, inputs):
        repository = inputs.get("repository") or self.github["repository"]
        if repository not in self.repositories:
            raise Failed(f"checkout: no repository '{repository}'")
        target = job.workspace / inputs.get("path", "")
        ref = inputs.get("ref") or self.github["sha"] or self.github["ref_name"]
        for command in (["git", "clone", "-q", "--no-local", self.repositories[repository], target],
                        ["git", "-C", target, "checkout", "-q", "--detach", ref]):
            ran = subprocess.run(command, capture_output=True, text=True)
            if ran.returncode:
                raise Failed(f"checkout: {ran.stderr}")
        if inputs.get("persist-credentials") != "false":
            subprocess.run(["git", "-C", target, "config", "http.https://github.com/.extraheader",
                            f"AUTHORIZATION: basic {job.token}"], check=True)

    def cache_restore(self, job, inputs):
        kept = self.cache / hashlib.sha256(inputs["key"].encode()).hexdigest()
        if not kept.exists():
            return {"cache-hit": ""}
        shutil.copytree(kept, inputs["path"], dirs_exist_ok=True, symlinks=True)
        return {"cache-hit": "true"}

    def cache_save(self, job, inputs):
        kept = self.cache / hashlib.sha256(inputs["key"].encode()).hexdigest()
        if not kept.exists():  # a key is written once
            shutil.copytree(inputs["path"], kept, symlinks=True)

    def upload(self, job, inputs):
        kept = self.artifacts / inputs["name"]
        shutil.rmtree(kept, ignore_errors=True)
        found = [pathlib.Path(path) for path in inputs["path"].split("\n") if path and os.path.exists(path)]
        if not found:
            if inputs.get("if-no-files-found") == "error":
                raise Failed("upload-artifact: no files found")
            return {}
        kept.mkdir()
        for path in found:
            if path.is_dir():
                shutil.copytree(path, kept, dirs_exist_ok=True)
            else:
                shutil.copy(path, kept)
        digest = hashlib.sha256(b"".join(one.read_bytes() for one in sorted(kept.rglob("*")) if one.is_file()))
        return {"artifact-id": str(len(list(self.artifacts.iterdir()))), "artifact-digest": digest.hexdigest()}

    def download(self, job, inputs):
        wanted = inputs.get("name") or inputs.get("pattern", "*")
        found = [one for one in self.artifacts.iterdir() if fnmatch.fnmatch(one.name, wanted)]
        if not found:
            raise Failed(f"download-artifact: no artifact '{wanted}'")
        flat = "name" in inputs or inputs.get("merge-multiple") == "true"
        for one in found:
            shutil.copytree(one, pathlib.Path(inputs["path"], "" if flat else one.name), dirs_exist_ok=True)
        return {"download-path": inputs["path"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("action", help="the folder of an action.yml")
    parser.add_argument("--workspace", default=".", help="copied, so that it stays as it is")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--set", action="append", default=[], metavar="VARIABLE=VALUE", help="in the environment")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(folder, env=dict(one.split("=", 1) for one in args.set), paths=os.environ["PATH"].split(":"))
        job = Job(runner, "job", "")
        shutil.copytree(args.workspace, job.workspace, dirs_exist_ok=True, symlinks=True)
        job, outputs, green = runner.action(args.action, dict(one.split("=", 1) for one in args.input), job)
        print(job.log, end="", file=sys.stderr)
        print(json.dumps(outputs, indent=2))
    return 0 if green else 1


if __name__ == "__main__":
    sys.exit(main())
