"""What story tests share: a project that is red, its bundle made once, and the program run as a job of
CI runs it, against a scripted GitHub."""
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from github import GitHub

SELFHEAL = os.environ.get("SELFHEAL", "selfheal")
WHEN = "2026-01-02T03:04:05Z"
TEST = "python3 -B -m unittest -q test_stats"
RED = '''def spread(values):
    """The distance between the largest and the smallest value."""
    return max(values) + min(values)
'''
GREEN = RED.replace("+", "-")
FILES = {
    "stats.py": RED, "README.md": "# Shop\n",
    "test_stats.py": '''import unittest

from stats import spread


class Spread(unittest.TestCase):
    def test_spread(self):
        self.assertEqual(spread([4, 9, 6]), 5)
        self.assertEqual(spread([2]), 0)
        self.assertEqual(spread([-1, 1]), 2)
''',
}
PERMISSIONS = {"contents": "write", "pull_requests": "write", "issues": "write", "checks": "write", "actions": "read",
               "statuses": "read"}


class Run:
    """One run of the program that has ended."""

    def __init__(self, process, out, err):
        self.code, self.out, self.err = process.returncode, out, err

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"exit {self.code}\n{self.out[-3000:]}\n{self.err[-3000:]}"


class World:
    """A GitHub with the red project in it, and a job's token. kind: "actions", "app", "classic"."""

    def __init__(self, kind="actions", ghes=False, private=False, files=None):
        self.gh = GitHub(ghes=ghes)
        self.gh.user("alice")
        self.shop = self.gh.repository("alice/shop", files={**FILES, **(files or {})}, collaborators={"bob": "write"}, when=WHEN, private=private)
        self.folder = Path(tempfile.mkdtemp(prefix="story-"))
        self.env = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(self.folder / "home"),
                    "GIT_CONFIG_NOSYSTEM": "1", "SELFHEAL_WRITE_GAP_MS": "0", "GITHUB_API_URL": self.gh.api_url,
                    "GITHUB_SERVER_URL": self.gh.url, "PYTHONDONTWRITEBYTECODE": "1"}
        (self.folder / "home").mkdir()
        self.login = self.identify(kind)

    def identify(self, kind):
        """The login under which the program appears."""
        if kind == "app":
            app = self.gh.app("healer", PERMISSIONS, account="alice")
            self.env.update(APP_ID=str(app.id), PRIVATE_KEY_PATH=app.key_file)
            return app.login
        if kind == "actions":
            self.env["GITHUB_TOKEN"] = self.shop.actions_token(**PERMISSIONS)
            return "github-actions[bot]"
        self.shop.collaborators["heal-bot"] = "write"
        self.env["GITHUB_TOKEN"] = self.shop.token("heal-bot", kind, PERMISSIONS if kind == "fine-grained" else None)
        return "heal-bot"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gh.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def clone(self, branch="main", shop=None):
        """A checkout, as actions/checkout leaves it but with all its history."""
        path = Path(tempfile.mkdtemp(dir=self.folder))
        subprocess.run(["git", "clone", "-q", "-b", branch, str((shop or self.shop).disk.path), str(path)], check=True, env=self.env)
        subprocess.run(["git", "-C", str(path), "remote", "set-url", "origin", self.shop.clone_url], check=True, env=self.env)
        return path

    def start(self, *args, cwd=None, **env):
        return subprocess.Popen([SELFHEAL, *map(str, args)], cwd=cwd or self.folder, env={**self.env, **env}, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *args, cwd=None, timeout=120, **env):
        process = self.start(*args, cwd=cwd, **env)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return Run(process, out, err)

    def heal(self, *args, branch="main", path=None, **env):
        """heal on a fresh checkout."""
        path = path or self.clone(branch)
        store = self.folder / "store.db"
        return self.run("heal", ".", "--test", TEST, "--sandbox", "off", "--format", "json", "--store", store, *args, cwd=path, **env)

    def pr(self, bundle, *args, **env):
        return self.run("pr", "--fixes", bundle, "--repo", "alice/shop", "--format", "json", *args, **env)

    def own_pulls(self):
        return [i for i in self.shop.pulls if i.login == self.login]

    def state(self):
        """What a person sees in the end, without numbers and times: for comparing two ways there."""
        repo = self.shop.repo
        return {
            "pulls": [(i.title, i.state, i.pull.draft, sorted(i.labels), i.pull.head_ref, len(i.comments), len(i.pull.reviews),
                       i.body.split("<!-- selfheal")[0]) for i in self.own_pulls()],
            "issues": [(i.title, i.state) for i in repo.issues.values() if not i.pull],
            "checks": sorted((c.name, c.conclusion or "", len(c.annotations)) for c in repo.checks if c.login == self.login),
            "branches": sorted((ref, repo.disk.commit(sha)["tree"]) for ref, sha in repo.disk.refs("refs/heads/").items()),
        }


def make_bundle(path, files=None, feature=None):
    """The bundle of the red project (or of main with these files over it, or of a branch "feature" with
    those): heal's work, done once."""
    with World() as world:
        if files:
            world.shop.person_pushes("bob", files, when=WHEN)
        if feature:
            world.shop.person_pushes("bob", feature, branch="feature", when=WHEN)
        run = world.heal("--bundle", path, branch="feature" if feature else "main")
        assert os.path.exists(path), str(run)
        return run
