"""Every published example of a webhook, signed as GitHub signs it, to a running `selfheal serve`: accepted
or ignored as it should be, and none stops the server. The folder is $SELFHEAL_WEBHOOKS (EVENT/NAME.json),
without it the examples of npm's @octokit/webhooks-examples."""
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / ".." / "support"))
from github.hooks import post  # noqa: E402

SELFHEAL = os.environ["SELFHEAL"]
EXAMPLES = HERE / "../contract/node_modules/@octokit/webhooks-examples"
SECRET = "It's a Secret to Everybody"
RED = {"failure", "timed_out", "startup_failure"}


def payloads():
    """(event, name, payload) of every example there is."""
    folder = os.environ.get("SELFHEAL_WEBHOOKS")
    if folder:
        for path in sorted(pathlib.Path(folder).rglob("*.json")):
            yield path.parent.name, path.stem, json.loads(path.read_text(encoding="utf-8"))
        return
    for index in sorted(EXAMPLES.glob("*/index.json")):
        for event in json.loads(index.read_text(encoding="utf-8")):
            for n, payload in enumerate(event["examples"]):
                yield event["name"], f"{index.parent.name}-{event['name']}-{n}", payload


def has_command(text):
    return any(re.match(r"\s*/selfheal(\s|$)", line, re.I) for line in (text or "").split("\n"))


def asks_for_work(event, payload):
    """Whether the bot has something to do then, by what GitHub says that the event means."""
    action, repository = payload.get("action"), payload.get("repository") or {}
    sender = payload.get("sender") or {}
    said = payload.get("comment") or payload.get("review") or {}
    pull = payload.get("pull_request") or {}
    own = (pull.get("head") or {}).get("ref", "").startswith("selfheal/")
    if event == "workflow_run":
        run = payload["workflow_run"]
        green = run["conclusion"] == "success" and run["head_branch"] == repository.get("default_branch")
        return action == "completed" and bool(run["head_branch"]) and (run["conclusion"] in RED or (
            green and not run["event"].startswith("pull_request")))
    if event in ("check_suite", "check_run"):
        check = payload[event]
        suite = check.get("check_suite", check)
        app = (check.get("app") or suite.get("app") or {}).get("slug")
        return action == "completed" and check["conclusion"] in RED and app != "github-actions" and bool(suite["head_branch"])
    if event == "pull_request":
        return action == "closed" and own
    if event in ("issue_comment", "pull_request_review", "pull_request_review_comment"):
        right = action == ("submitted" if event == "pull_request_review" else "created")
        bot = sender.get("type") == "Bot" or (said.get("user") or {}).get("type") == "Bot"
        return right and not bot and (has_command(said.get("body")) or own)
    if event == "push":
        return payload["ref"].startswith("refs/heads/")
    return event in ("installation", "installation_repositories")


class Server:
    def __init__(self, folder):
        self.store = folder / "serve.db"
        self.process = subprocess.Popen(
            [SELFHEAL, "serve", "--listen", "127.0.0.1:0", "--store", str(self.store), "--jobs", "0"], stderr=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "WEBHOOK_SECRET": SECRET}, text=True, cwd=folder)
        self.lines, self.url = [], None
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(r"http://\S+", line):
                self.url = found[0]
                break
        threading.Thread(target=lambda: self.lines.extend(self.process.stderr), daemon=True).start()
        assert self.url, "".join(self.lines)

    def results(self, n):
        """delivery id -> what was made of it, when there are n."""
        until, rows = time.monotonic() + 60, []
        while time.monotonic() < until and len(rows) < n:
            time.sleep(0.1)
            try:
                with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True) as store:
                    rows = store.execute("SELECT id, result FROM deliveries").fetchall()
            except sqlite3.OperationalError:
                pass
        return dict(rows)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def serves():
    return subprocess.run([SELFHEAL, "serve", "--help"], capture_output=True).returncode == 0


@unittest.skipUnless(serves(), "selfheal serve is not built yet")
class Payloads(unittest.TestCase):
    def setUp(self):
        self.all = list(payloads())
        if not self.all:
            self.skipTest("scripts/setup installs tests/contract")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = Server(pathlib.Path(folder.name))
        self.addCleanup(self.server.process.stderr.close)
        self.addCleanup(self.server.process.wait)
        self.addCleanup(self.server.process.kill)

    def alive(self):
        self.assertIsNone(self.server.process.poll(), "".join(self.server.lines))

    def test_accepted_or_ignored(self):
        wanted = {}
        for n, (event, name, payload) in enumerate(self.all):
            ident = f"d{n}"
            status, answer = post(self.server.url, event, payload, SECRET, guid=ident)
            self.assertIn(status, (200, 202), f"{event} {name}: {answer}")
            wanted[ident] = (event, name, asks_for_work(event, payload))
        results = self.server.results(len(self.all))
        self.assertEqual(len(results), len(self.all))
        for ident, (event, name, work) in wanted.items():
            # An example that is there twice, or with an older commit, is known already.
            well = {"noted" if event == "push" else "job", "duplicate", "outdated"} if work else {"ignored", "duplicate"}
            self.assertIn(results[ident], well, f"{event} {name}")
        self.assertGreater(list(results.values()).count("ignored"), 10)
        self.alive()
        self.assertEqual(self.server.stop(), 0)

    def test_none_is_let_in_unsigned(self):
        for n, (event, name, payload) in enumerate(self.all[::5]):
            for secret, headers in (("wrong", {}), (None, {}), (SECRET, {"X-Hub-Signature-256": "sha256=" + "0" * 64}),
                                    (None, {"X-Hub-Signature-256": "sha1=" + "0" * 40})):
                status, _ = post(self.server.url, event, payload, secret, guid=f"d{n}", headers=headers)
                self.assertIn(status, (401, 403), f"{event} {name}")
        self.alive()
        self.assertEqual(self.server.results(0), {})

    def test_damaged_payloads_stop_nothing(self):
        """Signed rightly, but cut, of other types, or of another event."""
        n = 0
        for event, name, payload in self.all[::7]:
            text = json.dumps(payload).encode()
            for body in (text[:len(text) // 2], b"", b"[]", b"null", b"[" * 5000, text.replace(b'": "', b'": ["x"], "y": "'),
                         text.replace(b"{", b"[").replace(b"}", b"]"), b"\xff\xfe" + text, text.replace(b"true", b"1e999")):
                status, _ = post(self.server.url, event, None, SECRET, guid=f"d{n}", body=body)
                self.assertIn(status, (200, 202, 400), f"{event} {name}")
                n += 1
            status, _ = post(self.server.url, "workflow_run", payload, SECRET, guid=f"d{n}")
            self.assertIn(status, (200, 202, 400), f"{event} {name}")
            n += 1
        self.alive()
        self.assertEqual(post(self.server.url, "ping", {"zen": "Keep it logically awesome."}, SECRET)[0], 200)
        self.assertEqual(self.server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
