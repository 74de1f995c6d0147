"""The server below: connections, the request log, and the faults that are asked for."""
import dataclasses
import gzip
import json
import re
import socket
import struct
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_MAX = 64 << 20

# What a fault answers instead; None: it is done to the connection (see Handler.spoil).
LIMIT_DOC = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
FAULTS = {
    "timeout": None, "reset": None, "slow": None, "cut": None, "malformed": None,
    "lost": None, "lost-timeout": None, "empty": None, "call": None,
    "401": (401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}, {}),
    "403": (403, {"message": "Forbidden", "documentation_url": "https://docs.github.com/rest"}, {}),
    "primary": (403, {"message": "API rate limit exceeded for user ID 1. If you reach out to GitHub Support "
                      "for help, please include the request ID.", "documentation_url": LIMIT_DOC}, {}),
    "secondary": (403, {"message": "You have exceeded a secondary rate limit. Please wait a few minutes "
                        "before you try again. If you reach out to GitHub Support for help, please include "
                        "the request ID.", "documentation_url": LIMIT_DOC + "#about-secondary-rate-limits"}, {}),
    "404": (404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}, {}),
    "409": (409, {"message": "Conflict", "documentation_url": "https://docs.github.com/rest"}, {}),
    "422": (422, {"message": "Validation Failed", "documentation_url": "https://docs.github.com/rest",
                  "errors": [{"resource": "Fault", "code": "custom", "message": "asked for"}]}, {}),
    "429": (429, {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before "
                  "you try again.", "documentation_url": LIMIT_DOC}, {}),
    "500": (500, {"message": "Server Error"}, {}),
    "502": (502, b"<html><head><title>502 Bad Gateway</title></head><body>Unicorn!</body></html>",
            {"Content-Type": "text/html"}),
    "503": (503, b"<html><body>No server is currently available to service your request.</body></html>",
            {"Content-Type": "text/html"}),
}
# Those after which the write has happened all the same.
DONE_ALL_THE_SAME = {"lost", "lost-timeout", "cut", "malformed", "slow", "empty", "call"}


@dataclasses.dataclass
class Fault:
    kind: str
    method: str = None
    path: str = None        # a regular expression, searched in the path (without /api/v3)
    nth: int = 1            # the nth request that matches
    times: int = 1          # and so many after it
    at: int = None          # instead: the request's number in the log
    seconds: float = 1.0    # retry-after of limits, pause of slow
    act: object = None      # of "call": a function, called before the request is done or, with after, then
    after: bool = False
    seen: int = 0
    fired: int = 0

    def wants(self, entry):
        if self.at is not None:
            hit = self.at <= entry.n < self.at + self.times
        else:
            if self.method and self.method != entry.method:
                return False
            if self.path and not re.search(self.path, entry.path):
                return False
            self.seen += 1
            hit = self.nth <= self.seen < self.nth + self.times
        self.fired += hit
        return hit


@dataclasses.dataclass
class Entry:
    """One request and what became of it."""
    n: int
    kind: str               # "api", "graphql", "git", "storage"
    method: str
    path: str               # as the API knows it: without /api/v3, without the query
    query: str
    headers: dict           # names in lower case
    body: bytes
    started: float
    ended: float = None
    status: int = None
    answer_headers: dict = None
    answer: bytes = b""
    fault: str = None
    login: str = None

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def is_write(self):
        if self.kind == "graphql":
            return "mutation" in (self.json or {}).get("query", "")
        if self.kind == "git":
            return self.path.endswith("/git-receive-pack") and self.method == "POST"
        return self.method not in ("GET", "HEAD")

    def __str__(self):
        return f"{self.n} {self.method} {self.path} -> {self.status}" + (f" ({self.fault})" if self.fault else "")


@dataclasses.dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: dict = dataclasses.field(default_factory=dict)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "GitHub.com", ""
    timeout = 120
    disable_nagle_algorithm, wbufsize = True, -1

    def log_message(self, *_):
        pass

    def version_string(self):
        return "github.com"

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, socket.timeout, ValueError):
            self.close_connection = True

    def read_body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(parts)
        return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), BODY_MAX))

    def one(self):
        server = self.server
        body = self.read_body()
        entry = server.gh.new_entry(self, body)
        fault = server.gh.pick_fault(entry)
        entry.fault = fault.kind if fault else None
        if fault and fault.kind == "call" and not fault.after:
            fault.act()
            self.drop(hold=False)
            return
        if fault and fault.kind not in DONE_ALL_THE_SAME:
            reply = self.refuse(entry, fault)
        else:
            reply = server.gh.answer(entry)
        entry.ended = time.monotonic()
        if reply is None:
            return
        entry.status, entry.answer_headers, entry.answer = reply.status, reply.headers, reply.body
        self.deliver(entry, reply, fault)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = one

    def refuse(self, entry, fault):
        """The answer of a fault that keeps the request from happening; None: there is none."""
        if fault.kind in ("timeout", "reset"):
            self.drop(hold=fault.kind == "timeout")
            return None
        status, body, headers = FAULTS[fault.kind]
        headers = dict(headers)
        if isinstance(body, dict):
            body = json.dumps({**body, "status": str(status)}).encode()
            headers["Content-Type"] = "application/json; charset=utf-8"
        if fault.kind == "primary":
            headers.update({"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "5000", "X-RateLimit-Used": "5000",
                            "X-RateLimit-Resource": "core",
                            "X-RateLimit-Reset": str(int(self.server.gh.now() + fault.seconds))})
        if fault.kind in ("secondary", "429"):
            headers["Retry-After"] = str(max(1, int(fault.seconds)))
        return Reply(status, body, {**self.server.gh.common_headers(entry), **headers})

    def drop(self, hold):
        """Ends the connection without an answer: after a long silence, or at once by a reset."""
        if hold:
            self.server.gh.closing.wait(self.server.gh.hold_seconds)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def deliver(self, entry, reply, fault):
        kind = fault.kind if fault else None
        if kind == "call":
            fault.act()
        if kind in ("call", "lost", "lost-timeout"):
            self.drop(hold=kind == "lost-timeout")
            return
        body = reply.body
        if kind == "malformed":
            body = body[:-len(body) // 3] + b'{"oops": ' if body else b"{"
        if kind == "empty":
            body = b""
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if entry.method == "HEAD" or reply.status in (204, 304):
            return
        if kind == "cut":
            self.wfile.write(body[:len(body) // 2])
            self.close_connection = True
        elif kind == "slow":
            self.drip(body, fault.seconds)
        else:
            self.wfile.write(body)

    def drip(self, body, seconds):
        step = max(1, len(body) // 5)
        for at in range(0, len(body), step):
            self.wfile.write(body[at:at + step])
            self.wfile.flush()
            self.server.gh.closing.wait(seconds / 5)


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address, gh):
        super().__init__(address, Handler)
        self.gh = gh
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, *_):
        self.gh.crashes.append(__import__("traceback").format_exc())


class Web:
    """Listeners, log, faults. Two addresses: 127.0.0.1 is the API and the git server, 127.0.0.2 (the
    same port where it is free) the storage that downloads are redirected to."""

    def __init__(self):
        self.log, self.faults, self.crashes = [], [], []
        self.log_lock = threading.Lock()
        self.closing = threading.Event()
        self.hold_seconds = 60
        self.limits = {}
        self.main = Listener(("127.0.0.1", 0), self)
        self.port = self.main.server_port
        try:
            self.storage = Listener(("127.0.0.2", self.port), self)
        except OSError:
            self.storage = Listener(("127.0.0.2", 0), self)
        self.storage_url = f"http://127.0.0.2:{self.storage.server_port}"
        self.url = f"http://127.0.0.1:{self.port}"

    def close(self):
        self.closing.set()
        for listener in (self.main, self.storage):
            listener.shutdown()
            listener.server_close()

    def new_entry(self, handler, body):
        path, _, query = handler.path.partition("?")
        kind = "api"
        if handler.server is self.__dict__.get("storage"):
            kind = "storage"
        elif path in ("/graphql", "/api/graphql"):
            kind, path = "graphql", "/graphql"
        elif re.match(r"/[^/]+/[^/]+\.git(/|$)", path):
            kind = "git"
        path = path.removeprefix("/api/v3") if kind == "api" else path
        with self.log_lock:
            entry = Entry(len(self.log) + 1, kind, handler.command, path, query,
                          {k.lower(): v for k, v in handler.headers.items()}, body, time.monotonic())
            self.log.append(entry)
        return entry

    def pick_fault(self, entry):
        with self.log_lock:
            return next((f for f in self.faults if f.wants(entry)), None)

    def fail(self, kind, method=None, path=None, **more):
        """Asks for a fault: fail("lost", "POST", "/pulls$"), fail("500", at=7)."""
        assert kind in FAULTS, kind
        self.faults.append(Fault(kind, method, path, **more))
        return self.faults[-1]

    def heal_faults(self):
        self.faults.clear()

    def now(self):
        return time.time()

    def common_headers(self, entry):
        return {
            "X-GitHub-Request-Id": f"FAKE:{entry.n:04X}:{self.port:X}",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "Date": formatdate(self.now(), usegmt=True), "Server": "github.com",
        }

    def record(self, path):
        """Writes the story so far, a JSON object a line; tokens are left out."""
        with open(path, "w", encoding="utf-8") as out:
            for entry in self.log:
                headers = {k: ("***" if k == "authorization" else v) for k, v in entry.headers.items()}
                body = entry.body
                if entry.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                print(json.dumps({
                    "n": entry.n, "kind": entry.kind, "method": entry.method, "path": entry.path,
                    "query": entry.query, "headers": headers, "body": body.decode("utf-8", "replace"),
                    "status": entry.status, "fault": entry.fault,
                    "answer": entry.answer.decode("utf-8", "replace") if entry.kind != "git" else ""}), file=out)
