"""Many deliveries, good and bad, with kills in between: nothing answered 2xx is lost, nothing bad is
let in, memory stays flat.

    python3 tests/bench/webhook_soak.py SELFHEAL BENCH_WEBHOOKS [--deliveries 100000] [--kills 3]

A million takes about ten minutes. Beside the load of good deliveries there are, all the time: wrong
signatures, wrong types, bodies of 25 MB, the same deliveries again, and clients that send a byte now
and then. Prints one JSON line and exits 1 when something is not as it should be.
"""
import argparse
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import random
import re
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time

SECRET = "It's a Secret to Everybody"


def sign(body):
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


class Server:
    def __init__(self, selfheal, folder):
        self.command = [selfheal, "serve", "--listen", "127.0.0.1:0", "--store", f"{folder}/s.db",
                        "--jobs", "0", "--no-access-log", "--idle-timeout", "5"]
        self.peak_kib = self.samples = 0
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["taskset", "-c", "1", *self.command], text=True, stderr=subprocess.PIPE,
            env={**os.environ, "WEBHOOK_SECRET": SECRET})
        line = self.process.stderr.readline()
        self.port = int(re.search(r":(\d+)/", line).group(1))
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def resident_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))


class Nasty:
    """Traffic that is not to get in, and some that is to get in once."""

    def __init__(self, server):
        self.server, self.stop = server, threading.Event()
        self.let_in, self.answered = [], []
        self.counts = {}

    def post(self, body, ident, signature=None, kind="application/json", event="workflow_run"):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.request("POST", "/webhooks/github", body, {
                "X-Hub-Signature-256": signature or sign(body), "X-GitHub-Event": event,
                "X-GitHub-Delivery": ident, "Content-Type": kind})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def bad(self, dice):
        body = b"x" * dice.choice([0, 2, 1000, 70000])
        what = dice.choice(["signature", "type", "name"])
        status = {"signature": lambda: self.post(body, "bad", "sha256=" + "0" * 64),
                  "type": lambda: self.post(body, "bad", kind="text/plain"),
                  "name": lambda: self.post(body, "bad bad")}[what]()
        self.counts[status] = self.counts.get(status, 0) + 1
        if 200 <= status < 300:
            self.let_in.append(what)

    def large(self, dice):
        body = b'{"pad":"' + dice.randbytes(8).hex().encode() * (25 * 65536 - 2) + b'"}'
        good = dice.random() < 0.5
        ident = f"large-{dice.random()}"
        status = self.post(body[:25 << 20], ident, None if good else "sha256=" + "1" * 64)
        self.counts[status] = self.counts.get(status, 0) + 1
        if status == 202:
            (self.answered if good else self.let_in).append(ident)

    def again(self, dice):
        ident = f"again-{dice.randrange(20)}"
        if self.post(b"{}", ident) == 202:
            self.answered.append(ident)

    def slow(self, dice):
        try:
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as s:
                s.sendall(b"POST /webhooks/github HTTP/1.1\r\nHost: x\r\n")
                while not self.stop.is_set():
                    time.sleep(0.5)
                    s.sendall(b"a")
        except OSError:
            pass

    def run(self, what, pause, seed):
        dice = random.Random(seed)
        while not self.stop.is_set():
            try:
                what(dice)
            except OSError:
                pass
            self.stop.wait(pause)

    def start(self):
        plan = [(self.bad, 0.01), (self.bad, 0.01), (self.large, 1.0), (self.again, 0.05),
                (self.slow, 0.2), (self.slow, 0.2), (self.slow, 0.2)]
        self.threads = [threading.Thread(target=self.run, args=(what, pause, i))
                        for i, (what, pause) in enumerate(plan)]
        for t in self.threads:
            t.start()

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join()


def missing(folder, answered):
    db = sqlite3.connect(f"file:{folder}/s.db?mode=ro", uri=True, timeout=30)
    try:
        return answered - {row[0] for row in db.execute("SELECT id FROM deliveries")}
    finally:
        db.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("selfheal")
    parser.add_argument("generator")
    parser.add_argument("--deliveries", type=int, default=100000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--size", type=int, default=4000)
    parser.add_argument("--slice", type=int, default=5)
    options = parser.parse_args()
    dice = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="selfheal-soak-") as folder:
        server = Server(options.selfheal, folder)
        nasty = Nasty(server)
        nasty.start()
        answered, samples, statuses, done, slices = set(), [], {}, 0, 0
        begin = time.monotonic()
        try:
            while done < options.deliveries:
                ids = f"{folder}/ids"
                load = subprocess.Popen(
                    ["taskset", "-c", "0", options.generator, str(server.port), SECRET,
                     str(options.slice), "16", str(options.size), "good", "/webhooks/github", ids],
                    stdout=subprocess.PIPE, text=True)
                slices += 1
                if options.kills and slices % 3 == 2:
                    time.sleep(dice.uniform(0.2, options.slice - 0.5))
                    server.process.kill()
                    server.process.wait()
                    options.kills -= 1
                    server.start()
                figures = json.loads(load.communicate()[0])
                answered.update(pathlib.Path(ids).read_text().split())
                for status, n in figures["status"].items():
                    statuses[status] = statuses.get(status, 0) + n
                done += figures["requests"]
                samples.append(server.resident_kib())
        finally:
            nasty.end()
        answered.update(nasty.answered)
        # What waits in the spool is on disk: it is lost only when the reading of it stands still.
        lost, moved = missing(folder, answered), time.monotonic()
        while lost and time.monotonic() < moved + 30:
            time.sleep(1)
            left = missing(folder, lost)
            moved = time.monotonic() if len(left) < len(lost) else moved
            lost = left
        late = samples[len(samples) // 2:] or samples
        print(json.dumps({
            "answered_2xx": len(answered), "lost": len(lost), "let_in": len(nasty.let_in),
            "status": statuses, "nasty": nasty.counts, "resident_kib": samples[-12:],
            "peak_kib": max(samples), "seconds": round(time.monotonic() - begin)}))
        server.process.terminate()
        server.process.wait()
        flat = max(late) < 24 * 1024
        return 0 if not lost and not nasty.let_in and flat else 1


if __name__ == "__main__":
    raise SystemExit(main())
