"""Clone, fetch and push by libgit2 against git's own http-backend: tokens, refusals, limits, TLS, proxies."""
import http.server
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from github import GitHub  # noqa: E402

TOOL = os.path.join(os.path.dirname(os.environ["SELFHEAL"]), "tests", "selfheal-test")
FILES = {"a.py": "x = 1\n", "doc/b.txt": "hello\n"}


class Case(unittest.TestCase):
    def setUp(self):
        self.gh = GitHub()
        self.addCleanup(self.gh.close)
        self.shop = self.gh.repository("alice/shop", files=FILES, private=True)
        self.bot = self.shop.token("alice", permissions={"contents": "write"})
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.url = self.shop.clone_url

    def path(self, name="clone"):
        return os.path.join(self.folder.name, name)

    def tool(self, *args, token=None, ok=True, **env):
        run = subprocess.run([TOOL, "git", *args], capture_output=True, text=True, timeout=60, env={
            "PATH": "/usr/bin:/bin", "HOME": self.folder.name, **({"TOKEN": token} if token else {}), **env})
        self.assertEqual(run.returncode, 0 if ok else 1, run)
        if token:
            self.assertNotIn(token, run.stderr + run.stdout)
        return run.stderr

    def clone(self, *args, **env):
        return self.tool("clone", env.pop("url", self.url), self.path(), token=env.pop("token", self.bot), **env)

    def git(self, *args, at="clone"):
        return subprocess.run(["git", "-C", self.path(at), *args], capture_output=True, text=True, check=True, env={
            "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t",
            "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@t"}).stdout.strip()

    def commit(self, at="clone", text="x = 2\n"):
        with open(os.path.join(self.path(at), "a.py"), "w") as f:
            f.write(text)
        self.git("commit", "-qam", "change", at=at)
        return self.git("rev-parse", "HEAD", at=at)


class Clone(Case):
    def test_checked_out(self):
        self.clone()
        self.assertEqual(self.git("status", "--porcelain"), "")
        self.assertEqual(self.git("rev-parse", "--abbrev-ref", "@{u}"), "origin/main")
        with open(os.path.join(self.path(), "doc/b.txt")) as f:
            self.assertEqual(f.read(), "hello\n")
        self.assertEqual(self.git("fsck", "--strict"), "")
        for folder, _, names in os.walk(self.path()):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    self.assertNotIn(self.bot.encode(), f.read(), name)

    def test_mirror_follows(self):
        self.tool("mirror", self.url, self.path("m"), token=self.bot)
        self.assertEqual(self.git("rev-parse", "main", at="m"), self.shop.sha())
        self.shop.person_pushes("alice", {"a.py": "x = 3\n"}, branch="other")
        self.tool("fetch", self.url, self.path("m"), token=self.bot)
        self.assertEqual(self.git("rev-parse", "other", at="m"), self.shop.sha("other"))
        self.shop.repo.disk.set_ref("refs/heads/other", None)
        self.tool("fetch", self.url, self.path("m"), token=self.bot)
        self.assertIn("other", self.git("branch", at="m"))
        self.tool("prune", self.url, self.path("m"), token=self.bot)
        self.assertNotIn("other", self.git("branch", at="m"))

    def test_one_ref(self):
        self.clone()
        self.shop.person_pushes("alice", {"a.py": "x = 3\n"}, branch="other")
        self.tool("fetch", self.url, self.path(), "+refs/heads/other:refs/selfheal/head", token=self.bot)
        self.assertEqual(self.git("rev-parse", "refs/selfheal/head"), self.shop.sha("other"))

    def test_empty(self):
        self.shop.repo.disk.git("update-ref", "-d", "refs/heads/main")
        self.clone()
        self.assertEqual(self.git("branch", "-a"), "")

    def test_there_already(self):
        os.mkdir(self.path())
        self.assertIn("it is there already", self.clone(ok=False))


class Refusals(Case):
    def told(self, text, *args, **more):
        said = self.clone(*args, ok=False, **more)
        self.assertIn(text, said)
        self.assertFalse(os.path.exists(self.path()), "a failed clone leaves nothing")
        self.assertFalse(os.path.exists(self.path("clone.part")))
        return said

    def test_credentials(self):
        self.assertTrue(self.told("set GITHUB_TOKEN", token=None).startswith("auth: "))
        self.told("refuses the token", token="ghp_wrong")
        self.assertLess(len(self.gh.requests(kind="git")), 6, "a wrong token is not tried again and again")

    def test_not_seen(self):
        self.told("no such repository, or the token may not see it", url=self.url.replace("shop", "nothing"))

    def test_addresses(self):
        for url, text in (("ssh://git@h/a/b", "https://HOST/OWNER"), ("https://u:p@h/a/b.git", "holds a user"),
                          ("https://h", "no address"), ("https://h:0/a", "port"), ("https:///a", "no host"),
                          ("file:///etc", "https://HOST"), ("http://github.invalid/a/b.git", "by https only")):
            self.assertIn(text, self.clone(url=url, ok=False), url)
        self.assertEqual(self.gh.requests(kind="git"), [])

    def test_public_needs_no_token(self):
        public = self.gh.repository("alice/open", files=FILES)
        self.clone(url=public.clone_url)
        self.assertNotIn("authorization", {n for r in self.gh.requests(kind="git") for n in r.headers})

    def test_limits(self):
        self.told("larger than may be fetched", MAX_BYTES="10")
        self.told("more than may be written", MAX_FILES="1")

    def test_a_tree_that_grows_without_end(self):
        disk = self.shop.repo.disk
        oid = disk.git("hash-object", "-w", "--stdin", data=b"x")
        kind, mode = "blob", "100644"
        for _ in range(10):
            oid = disk.git("mktree", data="".join(f"{mode} {kind} {oid}\t{i}\n" for i in range(10)).encode())
            kind, mode = "tree", "040000"
        commit = disk.git("commit-tree", "-m", "bomb", oid, env={
            "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t", "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@t"})
        disk.set_ref("refs/heads/main", commit)
        begin = time.monotonic()
        self.told("more than may be written")
        self.assertLess(time.monotonic() - begin, 20)

    def test_faults(self):
        self.gh.hold_seconds = 20
        for kind, text, more in (("500", "answers 500", {}), ("429", "rate: ", {}), ("403", "answers 403", {}),
                                 ("timeout", "the peer says nothing", {"STALL_MS": "300"}), ("reset", "net: ", {}),
                                 ("cut", "cannot fetch", {}), ("empty", "cannot fetch", {}),
                                 ("slow", "longer than it may", {"TIMEOUT_MS": "700"})):
            for path in ("info/refs", "git-upload-pack"):
                with self.subTest(kind=kind, path=path):
                    self.gh.fail(kind, path=path, seconds=5, nth=2 if path == "info/refs" else 1)
                    begin = time.monotonic()
                    self.told(text, **more)
                    self.assertLess(time.monotonic() - begin, 5)
        self.gh.faults.clear()
        self.clone()


class Push(Case):
    def setUp(self):
        super().setUp()
        self.clone()
        self.base = self.git("rev-parse", "HEAD")
        self.new = self.commit()

    def push(self, commit, branch, *expected, **more):
        return self.tool("push", self.url, self.path(), commit, branch, *expected, token=more.pop("token", self.bot), **more)

    def test_new_forward_and_again(self):
        self.push(self.base, "selfheal/test-1", "")
        self.push(self.new, "selfheal/test-1")
        self.push(self.new, "selfheal/test-1")
        self.assertEqual(self.shop.sha("selfheal/test-1"), self.new)
        self.push("-", "selfheal/test-1", self.new)
        self.assertNotIn("refs/heads/selfheal/test-1", self.shop.repo.disk.refs())

    def test_only_what_was_seen_is_replaced(self):
        self.push(self.new, "b", "")
        self.assertIn("moved meanwhile", self.push(self.base, "b", "", ok=False))
        self.assertTrue(self.push(self.base, "b", self.base, ok=False).startswith("conflict: "))
        self.assertIn("conflict: ", self.push(self.base, "b", ok=False))
        self.assertEqual(self.shop.sha("b"), self.new)
        self.push(self.base, "b", self.new)
        self.assertEqual(self.shop.sha("b"), self.base)

    def test_what_a_person_pushed_stays(self):
        self.shop.person_pushes("alice", {"a.py": "x = 9\n"}, branch="b")
        theirs = self.shop.sha("b")
        self.assertIn("conflict: ", self.push(self.new, "b", ok=False))
        self.assertEqual(self.shop.sha("b"), theirs)

    def test_refused(self):
        reader = self.shop.token("alice", permissions={"contents": "read"})
        self.assertIn("auth: ", self.push(self.new, "b", token=reader, ok=False))
        self.assertIn("set GITHUB_TOKEN", self.push(self.new, "b", token=None, ok=False))
        self.assertIn("cannot be a branch's name", self.push(self.new, "b..c", ok=False))
        os.makedirs(os.path.join(self.path(), ".github/workflows"))
        with open(os.path.join(self.path(), ".github/workflows/ci.yml"), "w") as f:
            f.write("on: push\n")
        self.git("add", "-A")
        said = self.push(self.commit(text="x = 5\n"), "b", ok=False)
        self.assertTrue(said.startswith("policy: "), said)
        self.assertIn("workflow", said)

    def test_silent_server(self):
        self.gh.hold_seconds = 20
        self.gh.fail("timeout", path="git-receive-pack")
        self.assertIn("the peer says nothing", self.push(self.new, "b", STALL_MS="300", ok=False))


class Elsewhere(Case):
    """Other hosts, proxies, certificates."""

    def serve(self, handler, cert=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.seen = []
        if cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*cert)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def redirecting(self, to):
        class Redirect(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.server.seen.append(dict(self.headers))
                self.send_response(301)
                self.send_header("Location", to + self.path)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass
        return Redirect

    def test_redirect_to_another_host(self):
        other = self.serve(self.redirecting(self.gh.url.replace("127.0.0.1", "127.0.0.2")))
        said = self.clone(url=f"http://127.0.0.1:{other.server_port}/alice/shop.git", ok=False)
        self.assertIn("net: cannot fetch", said)
        self.assertEqual(self.gh.requests(kind="git"), [])

    def test_insteadof_has_no_say(self):
        other = self.serve(self.redirecting("http://127.0.0.1:1"))
        with open(self.path(".gitconfig"), "w") as f:
            f.write(f'[url "http://127.0.0.1:{other.server_port}/"]\n\tinsteadOf = {self.gh.url}/\n'
                    f'[http]\n\tproxy = http://127.0.0.1:{other.server_port}\n\textraHeader = X-Evil: 1\n')
        self.clone()
        self.assertEqual(other.seen, [])
        self.tool("fetch", self.url, self.path(), token=self.bot)
        self.assertEqual(other.seen, [])

    def certificate(self):
        key, cert = self.path("key.pem"), self.path("cert.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        return cert, key

    @staticmethod
    def join(one, other):
        """Copies both ways until both have ended."""
        def copy(a, b):
            try:
                while data := a.recv(65536):
                    b.sendall(data)
            except OSError:
                pass
        thread = threading.Thread(target=copy, args=(other, one), daemon=True)
        thread.start()
        copy(one, other)

    def secure(self):
        """The scripted GitHub behind TLS."""
        case, cert = self, self.certificate()

        class Tunnel(http.server.BaseHTTPRequestHandler):
            def handle(self):
                with socket.create_connection(("127.0.0.1", case.gh.port)) as up:
                    case.join(self.connection, up)
        return f"https://localhost:{self.serve(Tunnel, cert).server_port}/alice/shop.git", cert[0]

    def test_certificates(self):
        url, cert = self.secure()
        said = self.clone(url=url, ok=False)
        self.assertIn("SSL_CERT_FILE names the certificates", said)
        self.assertEqual(self.gh.requests(kind="git"), [])
        said = self.clone(url=url.replace("localhost", "127.0.0.1"), SSL_CERT_FILE=cert, ok=False)
        self.assertIn("no safe connection", said)
        self.clone(url=url, SSL_CERT_FILE=cert)
        self.assertEqual(self.git("rev-parse", "HEAD"), self.shop.sha())
        self.assertIn("cannot read the certificates", self.tool(
            "fetch", url, self.path(), token=self.bot, ok=False, SSL_CERT_FILE="/nonexistent"))

    def test_proxy(self):
        case, (url, cert) = self, self.secure()

        class Proxy(http.server.BaseHTTPRequestHandler):
            def do_CONNECT(self):
                self.server.seen.append((self.path, dict(self.headers)))
                host, port = self.path.split(":")
                self.send_response(200 if self.server.works else 403)
                self.end_headers()
                self.wfile.flush()
                if self.server.works:
                    with socket.create_connection((host, int(port))) as up:
                        case.join(self.connection, up)

            def log_message(self, *_):
                pass
        proxy = self.serve(Proxy)
        proxy.works = False
        how = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.server_port}", "SSL_CERT_FILE": cert}
        self.assertIn("net: cannot fetch", self.clone(url=url, ok=False, **how))
        proxy.works = True
        self.clone(url=url, **how)
        self.assertEqual(self.git("rev-parse", "HEAD"), self.shop.sha())
        self.assertEqual({p for p, _ in proxy.seen}, {url.split("/")[2]})
        self.assertNotIn("x-access-token", str(proxy.seen))
        n = len(proxy.seen)
        self.tool("fetch", url, self.path(), token=self.bot, NO_PROXY="example.org, localhost", **how)
        self.assertEqual(len(proxy.seen), n)
        self.assertIn("proxy of the kind 'socks5'", self.tool("fetch", url, self.path(), ok=False, HTTPS_PROXY="socks5://h"))


if __name__ == "__main__":
    unittest.main()
