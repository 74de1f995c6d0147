"""Webhooks: what happens is told to a receiver, signed as GitHub signs it, one after the other."""
import hashlib
import hmac
import http.client
import json
import queue
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field

from . import shapes

GIVE_UP_SECONDS = 10


def sign(secret, body):
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def post(url, event, payload, secret, guid=None, installation=None, headers=None, body=None, timeout=GIVE_UP_SECONDS):
    """Delivers one webhook; (status, answer), (0, reason) when nobody answers. body: sent instead of payload."""
    body = json.dumps(payload).encode() if body is None else body
    send = {
        "Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/2a5a2b5", "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid or str(uuid.uuid4()), "X-GitHub-Hook-ID": "1",
        "X-GitHub-Hook-Installation-Target-Type": "integration" if installation else "repository",
        "X-GitHub-Hook-Installation-Target-ID": "1", "Accept": "*/*"}
    if secret is not None:
        send["X-Hub-Signature-256"] = sign(secret, body)
        send["X-Hub-Signature"] = "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    send.update(headers or {})
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)
    try:
        connection.request("POST", parts.path or "/", body, send)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as failed:
        return 0, str(failed)
    finally:
        connection.close()


@dataclass
class Delivery:
    id: int
    guid: str
    event: str
    action: str
    payload: dict
    url: str
    secret: str
    delivered: str = ""
    status: int = 0
    answer: str = ""
    seconds: float = 0.0
    redelivery: bool = False
    installation: int = None
    repository: int = None
    headers: dict = field(default_factory=dict)

    @property
    def status_text(self):
        return "OK" if 200 <= self.status < 300 else "failed to connect to host" if not self.status else "Invalid HTTP Response"


class Hooks:
    """Part of GitHub: tell() what happens, deliver it in order, remember how it went."""

    def set_up_hooks(self):
        self.hooks, self.deliveries, self.events = [], [], []
        self.waiting = queue.Queue()
        threading.Thread(target=self.post_all, daemon=True).start()

    def webhook(self, url, secret, events=None, repo=None):
        """From now on what happens is posted to url; events: their names, None: all; repo: None: all."""
        self.hooks.append({"url": url, "secret": secret, "events": events, "repo": repo})

    def event(self, name, action, repo, sender, **about):
        """Something happened: every hook that wants it is told."""
        self.events.append((name, action, repo.full_name, sender))
        wanted = [h for h in self.hooks if (h["events"] is None or name in h["events"]) and h["repo"] in (None, repo)]
        if not wanted:
            return
        payload = self.payload(name, action, repo, sender, **about)
        for hook in wanted:
            self.waiting.put(Delivery(self.next_id(), str(uuid.uuid4()), name, action, payload, hook["url"], hook["secret"],
                                      installation=(payload.get("installation") or {}).get("id"), repository=repo.id))

    def payload(self, name, action, repo, sender, issue=None, comment=None, review=None, check=None, run=None, push=None):
        value = {"action": action} if action else {}
        if issue is not None and name in ("issues", "issue_comment"):
            value["issue"] = shapes.issue(self, repo, issue)
        elif issue is not None:
            value["number"] = issue.number
            value["pull_request"] = shapes.pull_request(self, repo, issue)
        if comment is not None:
            shape = shapes.review_comment if name == "pull_request_review_comment" else shapes.issue_comment
            value["comment"] = shape(self, repo, issue.number, comment)
        if review is not None:
            value["review"] = {**shapes.pull_request_review(self, repo, issue.number, review), "state": review.state.lower()}
        if check is not None:
            value["check_run"] = shapes.check_run(self, repo, check)
        if run is not None:
            value["workflow_run"] = shapes.workflow_run(self, repo, run)
            value["workflow"] = shapes.workflow(self, repo, run.path)
        value.update(push or {})
        value["repository"] = shapes.repository(self, repo)
        value["sender"] = shapes.simple_user(self, sender)
        for app in self.apps.values():
            for ident, row in app.installations.items():
                if row["account"] == repo.owner:
                    value["installation"] = {"id": ident, "node_id": shapes.node_id("Installation", ident)}
        return value

    def post_all(self):
        while True:
            one = self.waiting.get()
            if one is not None:
                self.post_one(one)
            self.waiting.task_done()
            if one is None:
                return

    def post_one(self, one):
        begun = time.monotonic()
        one.status, one.answer = post(one.url, one.event, one.payload, one.secret, one.guid, one.installation)
        one.seconds, one.delivered = time.monotonic() - begun, self.time_text()
        with self.lock:
            self.deliveries.append(one)

    def deliver_again(self, one):
        """The same delivery once more: its guid stays."""
        again = Delivery(self.next_id(), one.guid, one.event, one.action, one.payload, one.url, one.secret,
                         redelivery=True, installation=one.installation, repository=one.repository)
        self.waiting.put(again)

    def deliveries_done(self):
        """Waits until everything that happened has been posted."""
        self.waiting.join()
        return self.deliveries
