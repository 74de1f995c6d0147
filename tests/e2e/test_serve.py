"""The webhook server over real sockets: what is let in, what is kept, what survives."""
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import random
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

SELFHEAL = os.environ["SELFHEAL"]
SECRET = "It's a Secret to Everybody"
SHA = "1" * 40
# A sanitizer's own memory is not ours to bound.
SANITIZED = any(mark in pathlib.Path(SELFHEAL).read_bytes() for mark in (b"__asan_version_mismatch", b"__tsan_func_entry"))


def sign(body, secret=SECRET):
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def red_run(number, repo="acme/app", branch="topic", sha=SHA, **more):
    return json.dumps({
        "action": "completed", "repository": {"full_name": repo, "default_branch": "main"},
        "workflow_run": {"id": number, "run_attempt": 1, "name": "CI", "conclusion": "failure",
                         "head_branch": branch, "head_sha": sha,
                         "head_repository": {"full_name": repo},
                         "created_at": "2026-01-02T03:04:05Z"}, **more}).encode()


class Server:
    def __init__(self, folder, *args, env=None, secret=SECRET, limits=None,
                 drain=True):
        self.store = folder / "s.db"
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **(env or {})}
        if secret is not None:
            environment["WEBHOOK_SECRET"] = secret
        self.process = subprocess.Popen(
            [SELFHEAL, "serve", "--listen", "127.0.0.1:0", "--store", str(self.store), *args],
            env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=limits)
        self.lines = []
        line = self.process.stderr.readline()
        while line and "listening on" not in line:
            self.lines.append(line)
            line = self.process.stderr.readline()
        if not line:
            raise RuntimeError("".join(self.lines))
        self.port = int(re.search(r":(\d+)/", line).group(1))
        if drain:
            threading.Thread(target=self.drain, daemon=True).start()

    def drain(self):
        for line in self.process.stderr:
            self.lines.append(line)

    def connect(self, timeout=20):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path):
        connection = self.connect()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metric(self, name):
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        return 0.0

    def post(self, body, event="workflow_run", ident="d-1", connection=None, drop=(), **headers):
        send = {"X-Hub-Signature-256": sign(body), "X-GitHub-Event": event,
                "X-GitHub-Delivery": ident, "Content-Type": "application/json",
                **{k.replace("_", "-"): v for k, v in headers.items()}}
        for name in drop:
            del send[name]
        own = connection is None
        connection = connection or self.connect()
        try:
            connection.request("POST", "/webhooks/github", body, send)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            if own:
                connection.close()

    def rows(self, sql):
        db = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=10)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def wait_rows(self, sql, n, timeout=20):
        until = time.time() + timeout
        while time.time() < until:
            rows = self.rows(sql)
            if len(rows) >= n:
                return rows
            time.sleep(0.02)
        raise AssertionError(f"{len(rows)} of {n} rows: {sql}")

    def stop(self, signo=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(signo)
        return self.process.wait(timeout=30)


class ServeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="selfheal-serve-")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name).resolve()

    def serve(self, *args, **how):
        server = Server(self.dir, *args, **how)
        self.addCleanup(server.process.stderr.close)
        self.addCleanup(server.process.wait)
        self.addCleanup(server.process.kill)
        return server

    def run_cli(self, *args):
        return subprocess.run([SELFHEAL, *args, "--store", str(self.dir / "s.db")], text=True,
                              capture_output=True, timeout=60,
                              env={"PATH": os.environ["PATH"], "HOME": str(self.dir)})


class Door(ServeTest):
    def test_no_start_without_a_secret(self):
        with self.assertRaisesRegex(RuntimeError, "WEBHOOK_SECRET"):
            self.serve(secret=None)
        with self.assertRaisesRegex(RuntimeError, "WEBHOOK_SECRET"):
            self.serve(secret="")
        with self.assertRaisesRegex(RuntimeError, "loopback"):
            self.serve("--no-webhook-secret", "--listen", "0.0.0.0:0", secret=None)
        server = self.serve("--no-webhook-secret", secret=None)
        self.assertEqual(server.post(b"{}", drop=["X-Hub-Signature-256"])[0], 202)

    def test_wrong_starts_say_why(self):
        for args, says in ((["--listen", "nowhere"], "cannot listen on 'nowhere'"),
                           (["--listen", "127.0.0.1:99999"], "cannot listen"),
                           (["--store", "postgresql://h/d"], "postgresql://"),
                           (["--store", "/dev/null"], "not a file")):
            with self.subTest(args=args), self.assertRaisesRegex(RuntimeError, says):
                self.serve(*args)

    def test_who_is_let_in(self):
        server = self.serve("--jobs", "0")
        body = b'{"zen":"Design for failure."}'
        rows = [
            (200, dict(event="ping")),
            (202, {}),
            (202, dict(event="star")),
            (202, dict(X_Hub_Signature_256=sign(body).upper().replace("SHA", "sha"))),
            (202, dict(Content_Type="application/json; charset=utf-8")),
            (401, dict(drop=["X-Hub-Signature-256"])),
            (403, dict(X_Hub_Signature_256=sign(body, "other"))),
            (403, dict(X_Hub_Signature_256=sign(body + b" "))),
            (403, dict(X_Hub_Signature_256=sign(body)[:-1])),
            (403, dict(X_Hub_Signature_256=sign(body).replace("sha256", "sha1"))),
            (403, dict(X_Hub_Signature_256="sha256=" + "0" * 64)),
            (400, dict(drop=["X-GitHub-Event"])),
            (400, dict(drop=["X-GitHub-Delivery"])),
            (400, dict(ident="a b")),
            (400, dict(ident="x" * 65)),
            (400, dict(event="a/b")),
            (415, dict(Content_Type="text/plain")),
            (415, dict(drop=["Content-Type"])),
        ]
        connection = server.connect()  # one: refusals leave it usable
        for status, how in rows:
            with self.subTest(how=how):
                got, text = server.post(body, connection=connection, **how)
                self.assertEqual(got, status, text)
                if status >= 400:
                    answer = json.loads(text)
                    self.assertEqual(answer["status"], status)
                    self.assertTrue(answer["request"])
        self.assertEqual(server.get("/webhooks/github")[0], 405)
        self.assertEqual(server.get("/nothing")[0], 404)
        server.wait_rows("SELECT * FROM deliveries", 1)
        self.assertNotIn("Design for failure", "".join(server.lines))

    def test_githubs_own_example_of_a_signature(self):
        body = b"Hello, World!"
        want = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        server = self.serve("--jobs", "0")
        self.assertEqual(server.post(body, X_Hub_Signature_256=want)[0], 202)

    def test_sizes(self):
        server = self.serve("--jobs", "0")
        for n in (0, 1, 65535, 65536, 65537, 25 << 20):
            with self.subTest(n=n):
                body = b"x" * n
                self.assertEqual(server.post(body, event="star", ident=f"n{n}")[0], 202)
        self.assertEqual(server.post(b"x" * 300000, X_Hub_Signature_256="sha256=" + "0" * 64)[0],
                         403)
        try:
            self.assertEqual(server.post(b"x" * ((25 << 20) + 1))[0], 413)
        except (BrokenPipeError, ConnectionResetError):
            pass  # told, and cut, before all was sent
        self.assertEqual(server.get("/healthz")[0], 200)
        rows = server.wait_rows("SELECT bytes FROM deliveries ORDER BY bytes", 6)
        self.assertEqual([r[0] for r in rows], [0, 1, 65535, 65536, 65537, 25 << 20])
        self.assertEqual(list((self.dir / "s.db.spool").glob("*.part")), [])

    def test_chunks_and_too_many_of_them(self):
        server = self.serve("--jobs", "0")
        body = red_run(1, pad="y" * 100000)
        headers = {"X-Hub-Signature-256": sign(body), "X-GitHub-Event": "workflow_run",
                   "X-GitHub-Delivery": "c", "Content-Type": "application/json"}
        connection = server.connect()
        connection.request("POST", "/webhooks/github",
                           iter([body[i:i + 7000] for i in range(0, len(body), 7000)]), headers,
                           encode_chunked=True)
        self.assertEqual(connection.getresponse().status, 202)
        self.assertEqual(server.wait_rows("SELECT kind FROM jobs", 1), [("heal_run",)])
        with self.assertRaises((ConnectionError, http.client.HTTPException, OSError)):
            connection.request("POST", "/webhooks/github", (b"z" * 65536 for _ in range(500)),
                               {**headers, "Transfer-Encoding": "chunked"}, encode_chunked=True)
            if connection.getresponse().status == 413:
                raise ConnectionError
        self.assertEqual(server.get("/healthz")[0], 200)

    def test_forms(self):
        from urllib.parse import quote_plus
        server = self.serve("--jobs", "0")
        for i, size in enumerate((10, 90000)):
            body = ("payload=" + quote_plus(red_run(i + 1, pad="ü&=+%" * size).decode())).encode()
            self.assertEqual(server.post(body, ident=f"f{i}",
                                         Content_Type="application/x-www-form-urlencoded")[0], 202)
        self.assertEqual(len(server.wait_rows("SELECT id FROM jobs", 2)), 2)

    def test_headers_without_end(self):
        server = self.serve("--jobs", "0")
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as s:
            s.sendall(b"POST /webhooks/github HTTP/1.1\r\nHost: x\r\n")
            answer = b""
            try:
                for i in range(3000):
                    s.sendall(b"X-%d: " % i + b"y" * 100 + b"\r\n")
                answer = s.recv(100)
            except OSError:
                answer = b"HTTP/1.1 431"
        self.assertRegex(answer, rb"HTTP/1.[01] (431|400)|^$")
        self.assertEqual(server.get("/healthz")[0], 200)

    def test_slow_peers_lose_their_connection(self):
        server = self.serve("--jobs", "0", "--idle-timeout", "1", "--request-timeout", "1")
        head = b"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n" \
               b"X-GitHub-Event: push\r\nX-GitHub-Delivery: 1\r\nContent-Type: application/json" \
               b"\r\nX-Hub-Signature-256: sha256=" + b"0" * 64 + b"\r\n\r\n"
        for text in (b"", head[:30], head, head + b"abc"):
            with self.subTest(text=text), \
                    socket.create_connection(("127.0.0.1", server.port), timeout=8) as s:
                s.sendall(text)
                begin = time.time()
                with self.assertRaises((BrokenPipeError, ConnectionResetError, StopIteration)):
                    while time.time() - begin < 8:  # a byte now and then
                        time.sleep(0.3)
                        s.sendall(b"z" if text else b"G")
                        s.settimeout(0.01)
                        try:
                            if s.recv(1) == b"":
                                raise StopIteration
                        except TimeoutError:
                            pass
                self.assertLess(time.time() - begin, 5)
        self.assertEqual(server.post(b"{}")[0], 202)

    def test_connections_are_limited(self):
        server = self.serve("--jobs", "0", "--max-connections", "4")
        held = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(12)]
        time.sleep(0.3)
        for s in held:
            s.close()
        time.sleep(0.3)
        self.assertEqual(server.post(b"{}")[0], 202)

    def test_health_metrics_and_the_access_log(self):
        server = self.serve("--jobs", "0")
        self.assertEqual(json.loads(server.get("/healthz")[1])["status"], "ok")
        self.assertEqual(server.get("/readyz")[0], 200)
        server.post(red_run(1))
        server.post(b"{}", X_Hub_Signature_256="sha256=" + "0" * 64)
        server.wait_rows("SELECT * FROM deliveries", 1)
        time.sleep(0.1)
        text = server.get("/metrics")[1]
        for line in ('selfheal_deliveries_total{event="workflow_run",result="stored"} 1',
                     'selfheal_deliveries_total{event="workflow_run",result="forged"} 1',
                     'selfheal_ingested_total{event="workflow_run",result="job"} 1'):
            self.assertIn(line, text)
        self.assertGreater(server.metric("selfheal_last_delivery_timestamp_seconds"), 1e9)
        self.assertEqual(server.stop(), 0)
        log = [json.loads(l) for l in server.lines if l.startswith("{")]
        self.assertEqual({l["status"] for l in log if l["path"] == "/webhooks/github"}, {202, 403})


class Queue(ServeTest):
    def test_once_whatever_is_sent_again(self):
        server = self.serve("--jobs", "0")
        body = red_run(7)
        for ident in ("a", "a", "b", "c"):
            self.assertEqual(server.post(body, ident=ident)[0], 202)
        self.assertEqual(server.post(red_run(7, extra=1), ident="d")[0], 202)
        rows = server.wait_rows("SELECT id, result FROM deliveries ORDER BY id", 4)
        self.assertEqual(rows, [("a", "job"), ("b", "duplicate"), ("c", "duplicate"),
                                ("d", "duplicate")])
        self.assertEqual(len(server.rows("SELECT id FROM jobs")), 1)

    def test_allowed_repositories_alone(self):
        server = self.serve("--jobs", "0", "--allow", "acme/*", "--allow", "me/x")
        for i, repo in enumerate(("acme/a", "evil/a", "me/x", "me/xy")):
            server.post(red_run(i + 1, repo=repo), ident=f"i{i}")
        rows = server.wait_rows("SELECT repo, result FROM deliveries ORDER BY id", 4)
        self.assertEqual(rows, [("acme/a", "job"), ("evil/a", "refused"), ("me/x", "job"),
                                ("me/xy", "refused")])

    def test_jobs_are_taken_on(self):
        server = self.serve("--jobs", "2")
        for i in range(6):
            server.post(red_run(i + 1, repo=f"acme/r{i % 3}", branch=f"b{i}"), ident=f"i{i}")
        # What a job does is other tests' matter; without a GitHub to ask it may fail.
        server.wait_rows("SELECT repo FROM jobs WHERE state IN ('done', 'dead')", 6)

    def test_an_outdated_commit_is_dropped(self):
        server = self.serve("--jobs", "0")
        server.post(red_run(1), ident="1")
        server.post(json.dumps({"ref": "refs/heads/topic", "after": "2" * 40, "repository": {
            "full_name": "acme/app", "pushed_at": 1800000000}}).encode(), event="push", ident="2")
        server.post(red_run(2), ident="3")
        server.wait_rows("SELECT * FROM deliveries", 3)
        self.assertEqual(server.rows("SELECT state FROM jobs"), [("dropped",)])
        self.assertEqual(server.rows("SELECT result FROM deliveries WHERE id = '2'"), [("noted",)])
        self.assertEqual(server.rows("SELECT result FROM deliveries WHERE id = '3'"),
                         [("outdated",)])

    def test_the_secret_leaves_the_environment(self):
        server = self.serve("--jobs", "0")
        try:
            environ = pathlib.Path(f"/proc/{server.process.pid}/environ").read_bytes()
        except PermissionError:
            return  # closed to all but root: better still
        self.assertNotIn(SECRET.encode(), environ)

    def test_dead_jobs_are_looked_at_and_requeued(self):
        server = self.serve("--jobs", "0")
        server.post(red_run(1))
        ident = server.wait_rows("SELECT id FROM jobs", 1)[0][0]
        self.assertEqual(server.stop(), 0)
        with sqlite3.connect(self.dir / "s.db") as db:
            db.execute("UPDATE jobs SET state = 'dead', error = 'exit 2: no \x1b[31m luck'")
        db.close()
        run = self.run_cli("work", "dead")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("heal_run  acme/app", run.stdout)
        self.assertNotIn("\x1b", run.stdout)
        dead = json.loads(self.run_cli("work", "dead", "--format", "json").stdout)
        self.assertEqual([d["id"] for d in dead], [ident])
        self.assertEqual(json.loads(self.run_cli("work", "show", str(ident)).stdout)["run_id"], 1)
        self.assertEqual(self.run_cli("work", "requeue", str(ident)).returncode, 0)
        self.assertEqual(self.run_cli("work", "requeue", str(ident)).returncode, 2)
        self.assertEqual(self.run_cli("work", "show", "99").returncode, 2)
        run = self.run_cli("work", "run", "--once")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn(server.rows("SELECT state, tries FROM jobs"), ([("done", 1)], [("dead", 1)]))

    def test_a_lease_of_a_killed_server_is_taken_over(self):
        server = self.serve("--jobs", "0")
        server.post(red_run(1))
        server.wait_rows("SELECT id FROM jobs", 1)
        server.stop(signal.SIGKILL)
        with sqlite3.connect(self.dir / "s.db") as db:
            db.execute("UPDATE jobs SET state='running', owner='gone', tries=1, lease_until=1")
        db.close()
        again = self.serve("--jobs", "1")
        self.assertEqual(again.wait_rows(
            "SELECT tries FROM jobs WHERE state IN ('done', 'dead')", 1), [(2,)])


class Faults(ServeTest):
    def load(self, server, seconds, answered, names, stop):
        """Sends deliveries of its own until the server is gone; notes those answered with 2xx."""
        connection = server.connect(timeout=5)
        while not stop.is_set():
            ident = f"{next(names)}"
            body = red_run(int(ident) + 1, repo=f"acme/r{int(ident) % 7}", branch=ident,
                           pad="p" * (int(ident) % 5 * 20000))
            try:
                if server.post(body, ident=ident, connection=connection)[0] == 202:
                    answered.append(ident)
            except (OSError, http.client.HTTPException):
                return

    def test_killed_under_load_nothing_answered_is_lost(self):
        dice = random.Random(20261)
        names = iter(range(10 ** 9))
        answered = []
        for _ in range(8):
            server = self.serve("--jobs", "0")
            stop = threading.Event()
            threads = [threading.Thread(target=self.load,
                                        args=(server, 1, answered, names, stop))
                       for _ in range(4)]
            for t in threads:
                t.start()
            time.sleep(dice.uniform(0.02, 0.4))
            server.stop(signal.SIGKILL)
            stop.set()
            for t in threads:
                t.join()
        server = self.serve("--jobs", "0")
        self.assertGreater(len(answered), 50)
        until = time.time() + 20
        missing = set(answered)
        while missing and time.time() < until:
            missing = set(answered) - {r[0] for r in server.rows("SELECT id FROM deliveries")}
            time.sleep(0.05)
        self.assertEqual(missing, set())
        keys = [r[0] for r in server.rows("SELECT key FROM jobs")]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertLessEqual(set(f"red:acme/r{int(i) % 7}:run:{int(i) + 1}:1" for i in answered),
                             set(keys) | {None})

    def test_stopped_in_order_under_load(self):
        server = self.serve("--jobs", "1")
        answered, stop = [], threading.Event()
        names = iter(range(10 ** 9))
        threads = [threading.Thread(target=self.load, args=(server, 1, answered, names, stop))
                   for _ in range(3)]
        for t in threads:
            t.start()
        time.sleep(0.5)
        self.assertEqual(server.stop(), 0)
        stop.set()
        for t in threads:
            t.join()
        again = self.serve("--jobs", "0")
        again.wait_rows("SELECT id FROM deliveries", len(answered))
        self.assertEqual(again.rows("SELECT * FROM jobs WHERE state = 'running'"), [])

    def test_a_store_that_is_busy_holds_nothing_up(self):
        server = self.serve("--jobs", "0")
        holder = sqlite3.connect(server.store, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        for i in range(20):
            self.assertEqual(server.post(red_run(i + 1, branch=f"b{i}"), ident=f"i{i}")[0], 202)
        holder.execute("ROLLBACK")
        holder.close()
        server.wait_rows("SELECT id FROM deliveries", 20)

    def test_a_disk_without_room_is_said(self):
        """RLIMIT_FSIZE stands for a full disk: the spool's segment cannot be made."""
        def limits():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, resource.RLIM_INFINITY))
        server = self.serve("--jobs", "0", limits=limits)
        status, text = server.post(red_run(1))
        self.assertEqual(status, 503, text)
        self.assertEqual(server.get("/readyz")[0], 503)
        self.assertEqual(server.get("/healthz")[0], 200)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE,
                         (1 << 30, resource.RLIM_INFINITY))
        self.assertEqual(server.post(red_run(1))[0], 202)
        self.assertEqual(server.get("/readyz")[0], 200)

    def test_a_log_that_nobody_reads_holds_nothing_up(self):
        server = self.serve("--jobs", "0", drain=False)
        connection = server.connect()
        for i in range(1500):  # 300 KB of log
            self.assertEqual(server.post(b"{}", ident=f"i{i}", connection=connection,
                                         X_Hub_Signature_256="sha256=" + "0" * 64)[0], 403)

    def test_memory_is_flat_under_wrong_signatures(self):
        server = self.serve("--jobs", "0", "--no-access-log")
        body = b"x" * 18900
        connection = server.connect()
        sizes = []
        for _ in range(3):
            for i in range(400):
                self.assertEqual(server.post(body, connection=connection,
                                             X_Hub_Signature_256="sha256=" + "0" * 64)[0], 403)
            sizes.append(server.metric("process_resident_memory_bytes"))
        if SANITIZED:
            self.skipTest("a sanitizer keeps memory of its own")
        self.assertLess(sizes[-1], sizes[0] + (1 << 20))
        self.assertLess(sizes[-1], 24 << 20)


if __name__ == "__main__":
    unittest.main()
