"""Who is told what behind heal and pr: the real binary against receivers on loopback."""
import base64
import email
import hashlib
import hmac
import http.server
import json
import os
import socketserver
import sys
import threading
import unittest
from email.policy import default

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from stories import GREEN, World  # noqa: E402

PATH = "/services/T0/B0/s3cr3tp4th"
KEY = "R0UT1NGK3YR0UT1NGK3Y"
# A repair that no template knows: the outcome is not_healed at once.
HOPELESS = "def spread(values):\n    raise RuntimeError('never')\n"


class Receiver:
    """Answers POSTs as the three services do, in turn what .answers says; keeps what came."""

    def __init__(self):
        self.got, self.answers = [], []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers), body))
                status, text = receiver.answers.pop(0) if receiver.answers else (
                    (202, '{"status":"success"}') if b"routing_key" in body else (200, "ok"))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def bodies(self):
        return [json.loads(body) for _, _, body in self.got]


class Smtp(socketserver.ThreadingTCPServer):
    """As much of SMTP as one message needs. refuse: what RCPT TO answers."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, refuse=None):
        self.mails, self.talk, self.refuse = [], [], refuse
        super().__init__(("127.0.0.1", 0), SmtpTalk)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class SmtpTalk(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.say("220 test")
        for line in self.rfile:
            line = line.decode().rstrip("\r\n")
            self.server.talk.append(line)
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                self.say("250-test\r\n250 AUTH PLAIN")
            elif verb == "AUTH":
                if line == "AUTH PLAIN":
                    self.say("334 ")
                    line += " " + self.rfile.readline().decode().strip()
                self.server.login = base64.b64decode(line.split(" ")[2])
                self.say("235 fine")
            elif verb == "RCPT" and self.server.refuse:
                self.say(self.server.refuse)
            elif verb == "DATA":
                self.say("354 go")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part)
                self.server.mails.append(b"".join(lines))
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")


class Case(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.__exit__)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.world.env["GITHUB_REPOSITORY"] = "alice/shop"
        self.slack = {"SLACK_WEBHOOK_URL": self.receiver.url + PATH}

    def heal(self, *args, outcome="healed", **env):
        run = self.world.heal(*args, **env)
        self.assertEqual(run.json["outcome"], outcome, str(run))
        self.silent(run)
        return run

    def silent(self, run):
        for secret in ("s3cr3t", KEY):
            self.assertNotIn(secret, run.out + run.err, str(run))

    def test_slack(self):
        trace = str(self.world.folder / "trace")
        self.heal(**self.slack, SELFHEAL_TRACE=trace)
        [(path, headers, body)] = self.receiver.got
        self.assertEqual((path, headers["Content-Type"]), (PATH, "application/json"))
        said = json.loads(body)
        self.assertEqual(said["blocks"][0]["text"]["text"], "Self-Healing Fix Deployed")
        self.assertIn("test_spread", said["text"])
        for label in ("*Error*", "*Root cause*", "*Attempts*", "*Status*"):
            self.assertTrue(any(f["text"].startswith(label) for f in said["blocks"][1]["fields"]), label)
        with open(trace) as file:
            text = file.read()
        self.assertIn("127.0.0.1", text)
        self.assertNotIn("s3cr3t", text)

    def test_once(self):
        self.heal(**self.slack)
        self.heal(**self.slack)
        self.assertEqual(len(self.receiver.got), 1)
        self.heal(**self.slack, SELFHEAL_NOTIFY_REPEAT_AFTER="1", SELFHEAL_NOW="4000000000")
        self.assertEqual(len(self.receiver.got), 2)

    def test_nobody(self):
        self.heal("--no-notify", **self.slack)
        self.heal("--dry-run", **self.slack)
        self.heal(**self.slack, SELFHEAL_NOTIFY_ON="flaky,escalated")
        self.world.shop.person_pushes("bob", {"stats.py": GREEN})
        self.heal(**self.slack, outcome="nothing_to_do")
        self.assertEqual(self.receiver.got, [])

    def test_failure_changes_nothing(self):
        for answers in ([(404, "no_service")], [(200, "<html>" + PATH)], [(500, "")] * 3):
            self.receiver.answers = list(answers)
            run = self.heal(**self.slack)
            self.assertEqual(run.code, 0)
            self.assertIn("cannot tell slack", run.err)
            self.assertEqual(self.receiver.answers, [])
        # What failed is no notice that was sent: it goes out the next time.
        self.heal(**self.slack)
        self.assertEqual(self.receiver.got[-1][0], PATH)

    def test_unreachable(self):
        run = self.heal(SLACK_WEBHOOK_URL="http://127.0.0.1:1" + PATH)
        self.assertEqual(run.code, 0)
        self.assertIn("cannot tell slack", run.err)

    def test_children_do_not_have_it(self):
        seen = self.world.folder / "seen"
        self.heal(**self.slack, SELFHEAL_SANDBOX_ENV="SLACK_WEBHOOK_URL,OTHER",
                  SELFHEAL_SETUP=f"sh -c 'env > {seen}'")
        self.assertIn("PATH=", seen.read_text())
        self.assertNotIn("s3cr3t", seen.read_text())

    def test_pagerduty(self):
        env = {"PD": KEY, "SELFHEAL_NOTIFY_PAGERDUTY": "PD", "SELFHEAL_PAGERDUTY_URL": self.receiver.url + "/v2/enqueue"}
        self.world.shop.person_pushes("bob", {"stats.py": HOPELESS})
        self.heal("--budget", "20", outcome="not_healed", **env)
        [red] = self.receiver.bodies()
        self.assertEqual((red["event_action"], red["routing_key"]), ("trigger", KEY))
        self.assertRegex(red["dedup_key"], "^[0-9a-f]{64}$")
        self.assertIn("RuntimeError", red["payload"]["summary"])
        self.receiver.answers = [(400, json.dumps({"status": "invalid event", "errors": [f"bad key {KEY}"]}))]
        run = self.heal("--budget", "20", outcome="not_healed", SELFHEAL_NOTIFY_REPEAT_AFTER="1", SELFHEAL_NOW="4000000000", **env)
        self.assertIn("cannot tell pagerduty", run.err)

    def test_pagerduty_resolves(self):
        env = {"PD": KEY, "SELFHEAL_NOTIFY_PAGERDUTY": "PD", "SELFHEAL_PAGERDUTY_URL": self.receiver.url + "/v2/enqueue"}
        self.heal(**env)
        [event] = self.receiver.bodies()
        self.assertEqual(event["event_action"], "resolve")

    def test_webhook_is_signed(self):
        self.heal(HOOK=self.receiver.url + PATH, HOOK_KEY="s3cr3t-key", SELFHEAL_NOTIFY_WEBHOOK="HOOK",
                  SELFHEAL_NOTIFY_WEBHOOK_SECRET="HOOK_KEY")
        [(_, headers, body)] = self.receiver.got
        wanted = "sha256=" + hmac.new(b"s3cr3t-key", body, hashlib.sha256).hexdigest()
        self.assertEqual(headers["X-Selfheal-Signature"], wanted)
        said = json.loads(body)
        self.assertEqual((said["outcome"], said["pull_request"]), ("healed", None))

    def test_smtp(self):
        smtp = Smtp()
        self.addCleanup(smtp.server_close)
        self.heal(SELFHEAL_NOTIFY_MAIL="MAIL",
                  MAIL=f"smtp://bot:s3cr3t%40@127.0.0.1:{smtp.server_address[1]}/?from=bot@x.org&to=a@x.org,b@x.org")
        [raw] = smtp.mails
        mail = email.message_from_bytes(raw, policy=default)
        self.assertIn("Self-Healing Fix Deployed", mail["Subject"])
        self.assertEqual(mail["To"], "a@x.org, b@x.org")
        self.assertIn("test_spread", mail.get_content())
        self.assertEqual([line for line in smtp.talk if line.startswith("RCPT")], ["RCPT TO:<a@x.org>", "RCPT TO:<b@x.org>"])
        self.assertEqual(smtp.login, b"\0bot\0s3cr3t@")

    def test_smtp_refuses(self):
        smtp = Smtp(refuse="550 no s3cr3t here")
        self.addCleanup(smtp.server_close)
        run = self.heal(SELFHEAL_NOTIFY_MAIL="MAIL", MAIL=f"smtp://127.0.0.1:{smtp.server_address[1]}/?from=bot@x.org&to=a@x.org")
        self.assertIn("cannot tell mail", run.err)

    def test_sendmail(self):
        program, took = self.world.folder / "sendmail", self.world.folder / "took"
        program.write_text(f"#!/bin/sh\necho \"$@\" > {took}\nenv >> {took}\ncat >> {took}\n")
        program.chmod(0o755)
        self.heal(SELFHEAL_NOTIFY_MAIL="MAIL", MAIL=f"sendmail:{program}?from=bot@x.org&to=a@x.org")
        text = took.read_text()
        self.assertTrue(text.startswith("-t -i\n"), text)
        self.assertIn("To: <a@x.org>\n", text)
        self.assertNotIn("GITHUB_TOKEN", text)

    def test_settings_that_are_wrong(self):
        path = self.world.clone()
        for setting, value, said in (("slack", "https://hooks.slack.com/services/s3cr3t", "takes the name of an environment variable"),
                                     ("on", "[healt]", "knows no 'healt'")):
            (path / ".selfheal.yml").write_text(f"notify:\n  {setting}: {value}\n")
            run = self.world.heal(path=path)
            self.assertEqual(run.code, 2, str(run))
            self.assertIn(said, run.err)
            self.silent(run)
        (path / ".selfheal.yml").unlink()
        for name, value in (("SLACK_WEBHOOK_URL", "http://example.com/s3cr3t"), ("SLACK_WEBHOOK_URL", "s3cr3t"), ("MAIL", "s3cr3t")):
            run = self.world.heal(path=path, **{name: value}, SELFHEAL_NOTIFY_MAIL="MAIL")
            self.assertEqual(run.code, 2, str(run))
            self.assertIn(name, run.err)
            self.silent(run)

    def test_pr(self):
        bundle = self.world.folder / "red.json"
        self.heal("--bundle", bundle)
        store = ("SELFHEAL_STORE", str(self.world.folder / "pr.db"))
        self.assertEqual(self.world.pr(bundle, "--dry-run", **dict([store]), **self.slack).code, 0)
        self.assertEqual(self.receiver.got, [])
        run = self.world.pr(bundle, **dict([store]), **self.slack)
        self.assertEqual(run.json["pull_requests"][0]["operation"], "created", str(run))
        [said] = self.receiver.bodies()
        self.assertIn("|Pull request #1>", said["blocks"][2]["text"]["text"])
        run = self.world.pr(bundle, **dict([store]), **self.slack)
        self.assertEqual((run.json["pull_requests"][0]["operation"], len(self.receiver.got)), ("kept", 1))
        self.world.shop.person_closes("alice", 1)
        run = self.world.pr(bundle, **dict([store]), **self.slack)
        self.assertEqual((run.json["pull_requests"][0]["operation"], len(self.receiver.got)), ("none", 1))

    def test_heal_with_pr_tells_once(self):
        self.heal("--pr", **self.slack)
        self.heal("--pr", **self.slack)
        [said] = self.receiver.bodies()
        self.assertIn("|Pull request #1>", said["blocks"][2]["text"]["text"])


if __name__ == "__main__":
    unittest.main()
