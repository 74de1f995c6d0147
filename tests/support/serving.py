"""`selfheal serve` beside a scripted GitHub that tells it everything by webhook."""
import re
import signal
import sqlite3
import threading
import time

from stories import World

SECRET = "It's a Secret to Everybody"
SETTINGS = "test: python3 -B -m unittest -q test_stats\n"


class ServedWorld(World):
    """A world with a server in it that knows of all that happens. kind: as World's."""

    def __init__(self, kind="app", **more):
        super().__init__(kind, files={".selfheal.yml": SETTINGS}, **more)
        self.store = self.folder / "serve.db"
        self.servers, self.lines = [], []
        self.env.update(WEBHOOK_SECRET=SECRET, SELFHEAL_SERVE_LOGIN=self.login, SELFHEAL_SERVE_CACHE=str(self.folder / "cache"),
                        XDG_STATE_HOME=str(self.folder / "state"), XDG_CACHE_HOME=str(self.folder / "xdg"))
        self.port = 0
        self.serve()
        self.gh.webhook(f"http://127.0.0.1:{self.port}/webhooks/github", SECRET)

    def serve(self):
        """Starts the server, on the port that it had."""
        process = self.start("serve", "--listen", f"127.0.0.1:{self.port}", "--store", self.store, "--jobs", "1")
        for line in process.stderr:
            self.lines.append(line)
            if found := re.search(r"listening on http://[^ ]*:(\d+)/", line):
                self.port = int(found[1])
                break
        reader = threading.Thread(target=self.read, args=(process.stderr,), daemon=True)
        reader.start()
        assert process.poll() is None, "".join(self.lines)
        self.servers.append(process)

    def read(self, pipe):
        with pipe:
            self.lines.extend(pipe)

    def kill(self):
        self.servers[-1].kill()
        self.servers[-1].wait()

    def __exit__(self, *_):
        for process in self.servers:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except Exception:  # noqa: BLE001 - whatever it was, it goes
                    process.kill()
                    process.wait()
            process.stdout.close()
        super().__exit__()

    def rows(self, query):
        try:
            with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True) as store:
                return store.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []

    def settle(self, seconds=120):
        """Waits until everything that happened was told, and nothing is left to do."""
        until = time.monotonic() + seconds
        calm = 0
        while time.monotonic() < until:
            self.gh.deliveries_done()
            told = {d.guid for d in self.gh.deliveries if 200 <= d.status < 300}
            known = self.rows("SELECT COUNT(*) FROM deliveries")
            busy = self.rows("SELECT COUNT(*) FROM jobs WHERE state NOT IN ('done', 'dead', 'dropped')")
            still = known and known[0][0] >= len(told) and busy and busy[0][0] == 0
            calm = calm + 1 if still else 0
            if calm >= 3:
                return
            time.sleep(0.1)
        raise AssertionError(f"not settled: {self.jobs()}\n{self.said()}")

    def jobs(self):
        return self.rows("SELECT kind, state, error FROM jobs ORDER BY id")

    def said(self):
        return "".join(line for line in self.lines if not line.startswith("{"))[-4000:]
