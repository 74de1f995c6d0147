"""What GitHub does by itself: pull requests follow their branches, merges, limits, the clock."""
import contextlib
import random
import shutil
import tempfile
import threading
import time
import zipfile
from datetime import datetime, timezone
from io import BytesIO
from pathlib import Path

from . import api, on_actions, on_graphql, on_issues, on_policy, on_pulls, on_repos, smart_http
from .api import Refused
from .checks import Checks
from .hooks import Hooks
from .state import BOT_IDS, Comment, Issue, Pull, User
from .web import Web

LOADED = (on_issues, on_pulls)      # registered by being imported
ZERO = "0" * 40


class Model(Web, Hooks, Checks):
    def __init__(self, folder=None, ghes=False):
        super().__init__()
        self.lock = threading.RLock()
        self.own_folder = folder is None
        self.folder = Path(folder or tempfile.mkdtemp(prefix="github-"))
        self.ghes = ghes
        self.api_url = self.url + ("/api/v3" if ghes else "")
        self.graphql_url = self.url + ("/api/graphql" if ghes else "/graphql")
        self.host = "127.0.0.1"
        self.users, self.tokens, self.apps, self.repos, self.teams = {}, {}, {}, {}, {}
        self.leaks, self.moves, self.stored = [], [], {}
        self.bots = set()           # accounts of type User that a bot uses
        self.clock_offset, self.last_id = 0.0, 1000
        self.chance = random.Random(7)
        self.write_gap = None       # seconds; writes that come sooner meet a secondary limit
        self.last_write = {}
        self.set_up_hooks()
        for login, ident in BOT_IDS.items():
            self.users[login] = User(login, ident, "Bot")
        for login in ("github", "web-flow"):
            self.users[login] = User(login, self.next_id(), "Organization" if login == "github" else "User")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.waiting.put(None)
        super().close()
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    # Small things.
    def next_id(self):
        self.last_id += 1
        return self.last_id

    def random(self, n):
        return "".join(self.chance.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") for _ in range(n))

    def now(self):
        return time.time() + self.clock_offset

    def time_text(self, at=None):
        return datetime.fromtimestamp(self.now() if at is None else at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def advance(self, seconds):
        """Moves the clock: tokens and limits run out."""
        self.clock_offset += seconds

    def find_repo(self, full_name):
        return self.repos.get(full_name.lower())

    def add_token(self, token):
        self.tokens[token.value] = token
        return token

    def token_of(self, entry):
        return self.tokens.get(entry.headers.get("authorization", "").partition(" ")[2].strip())

    def login_of_email(self, email):
        for user in self.users.values():
            if email.lower() in ((user.email or "").lower(), user.noreply.lower(), f"{user.login}@users.noreply.github.com".lower()):
                return user.login
        return "web-flow" if email == "noreply@github.com" else None

    # Requests.
    def answer(self, entry):
        with self.lock:
            if entry.kind == "storage":
                return on_actions.serve_stored(self, entry)
            if entry.kind == "git":
                return smart_http.serve(self, entry)
            entry.path = entry.path or "/"
            return (on_graphql if entry.kind == "graphql" else api).answer(self, entry)

    def limit_of(self, entry):
        token = self.token_of(entry)
        row = self.limits.setdefault(token.value if token else "", {
            "limit": {"actions": 1000}.get(token.kind, 5000) if token else 60, "used": 0, "reset": int(self.now()) + 3600})
        if self.now() >= row["reset"]:
            row.update(used=0, reset=int(self.now()) + 3600)
        return row

    def set_limit(self, token, left, reset_in):
        """As if the token had so many requests left, for so many seconds."""
        limit = 5000
        self.limits[token] = {"limit": limit, "used": limit - left, "reset": int(self.now() + reset_in)}

    def spend(self, entry, token):
        """Counts the request against the limits; refuses over them."""
        row = self.limit_of(entry)
        if row["used"] >= row["limit"] and entry.path != "/rate_limit":
            who = f"user ID {self.users[token.login].id}" if token else "127.0.0.1"
            raise Refused(403, f"API rate limit exceeded for {who}.", doc="/overview/rate-limits-for-the-rest-api")
        row["used"] += 1
        if self.write_gap and entry.is_write and token:
            since, self.last_write[token.value] = self.now() - self.last_write.get(token.value, 0), self.now()
            if since < self.write_gap:
                raise Refused(403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try "
                              "again.", headers={"Retry-After": "1"})

    def refund(self, entry):
        self.limit_of(entry)["used"] = max(0, self.limit_of(entry)["used"] - 1)

    def limit_headers(self, entry):
        row = self.limit_of(entry)
        return {"X-RateLimit-Limit": str(row["limit"]), "X-RateLimit-Remaining": str(max(0, row["limit"] - row["used"])),
                "X-RateLimit-Used": str(row["used"]), "X-RateLimit-Reset": str(row["reset"]),
                "X-RateLimit-Resource": "graphql" if entry.kind == "graphql" else "core"}

    def store(self, data, name, kind):
        """The signed address of a file on the storage host."""
        path, sig = f"/storage/{self.next_id()}/{name}", self.random(32)
        self.stored[path] = {"data": data, "name": name, "kind": kind, "sig": sig}
        return f"{self.storage_url}{path}?se={int(self.now()) + 60}&sig={sig}"

    def commit_sub(self, call, ref):
        return on_actions.commit_sub(call, ref)

    def protection_answer(self, call, branch):
        return on_policy.protection_answer(call, branch)

    def is_protected(self, repo, branch):
        return on_policy.is_protected(repo, branch)

    # Issues and comments.
    def new_issue(self, repo, token, title, body):
        number, now = max(repo.issues, default=0) + 1, self.time_text()
        one = Issue(self.next_id(), number, token.login, title, body, now, now, app=token.app)
        repo.issues[number] = one
        return one

    def new_comment(self, repo, issue, login, body, app=None):
        now = self.time_text()
        one = Comment(self.next_id(), login, body, now, now, app)
        issue.comments.append(one)
        issue.updated = now
        self.event("issue_comment", "created", repo, login, issue=issue, comment=one)
        return one

    def set_state(self, repo, one, state, login, reason=None):
        if one.state == state:
            return
        one.state, one.updated = state, self.time_text()
        one.closed = one.updated if state == "closed" else None
        one.closed_by = login if state == "closed" else None
        if not one.pull:
            one.state_reason = (reason or "completed") if state == "closed" else "reopened"
        elif state == "closed":
            one.pull.auto_merge = None
        else:
            self.follow_head(repo, one)
        self.event("pull_request" if one.pull else "issues", "closed" if state == "closed" else "reopened", repo, login, issue=one)

    # Pull requests.
    def new_pull(self, repo, token, title, body, head_repo, ref, base, draft):
        one = self.new_issue(repo, token, title, body)
        one.pull = Pull(head_repo, ref, head_repo.disk.branch(ref), base, repo.disk.branch(base), draft)
        repo.disk.set_ref(f"refs/pull/{one.number}/head", one.pull.head_sha)
        self.event("pull_request", "opened", repo, token.login, issue=one)
        return one

    def bring(self, repo, other, sha):
        """Makes a fork's commit known to the repository: on GitHub they share their objects."""
        if other is not repo and not repo.disk.has(sha):
            repo.disk.git("fetch", "-q", str(other.disk.path), sha)

    def foreign(self, repo, name):
        """The commit of "branch", "sha" or "owner:branch"."""
        owner, colon, ref = name.partition(":")
        if not colon or owner == repo.owner:
            return repo.disk.resolve(ref or name)
        fork = next((r for r in self.repos.values() if r.owner == owner and (r.parent is repo or repo.parent is r)), None)
        sha = fork and fork.disk.resolve(ref)
        if sha:
            self.bring(repo, fork, sha)
        return sha

    def pull_base(self, repo, pull):
        return repo.disk.merge_base(pull.base_sha, pull.head_sha) or pull.base_sha

    def pull_diff(self, repo, pull):
        return repo.disk.diff(self.pull_base(repo, pull), pull.head_sha)

    def pull_commits(self, repo, pull):
        return repo.disk.log("--reverse", "--topo-order", f"{self.pull_base(repo, pull)}..{pull.head_sha}")

    def mergeability(self, repo, one):
        pull = one.pull
        if one.state != "open":
            return None, "unknown"
        tree = repo.disk.merge(pull.base_sha, pull.head_sha)
        pull.merge_sha = pull.merge_sha or (tree and repo.disk.put_commit(
            tree, [pull.base_sha, pull.head_sha], "Merge", ("GitHub", "noreply@github.com", self.time_text())))
        if tree is None:
            return False, "dirty"
        if pull.draft:
            return True, "draft"
        rule = repo.protection.get(pull.base_ref, {})
        green = {c.name for c in repo.checks if c.head_sha == pull.head_sha and c.conclusion in ("success", "neutral", "skipped")}
        approvals = len({r.login for r in pull.reviews if r.state == "APPROVED"})
        if set(rule.get("checks", ())) - green or approvals < rule.get("reviews", 0):
            return True, "blocked"
        red = any(c.head_sha == pull.head_sha and c.conclusion == "failure" for c in repo.checks)
        return True, "unstable" if red else "clean"

    def merge_into(self, repo, ours, theirs, login, message):
        tree = repo.disk.merge(ours, theirs)
        who = self.users[login]
        return tree and repo.disk.put_commit(tree, [ours, theirs], message, (who.login, who.noreply, self.time_text()),
                                             ("GitHub", "noreply@github.com", self.time_text()))

    def merge_pull(self, repo, one, login, method="merge", expected=None):
        """Merges; the sha on the base branch. Refuses as GitHub does."""
        pull = one.pull
        able, state = self.mergeability(repo, one)
        if pull.merged_at or one.state != "open" or not able or state in ("draft", "blocked"):
            raise Refused(405, "Pull Request is not mergeable" if state != "blocked" else
                          "At least 1 approving review is required by reviewers with write access.")
        if expected not in (None, pull.head_sha):
            raise Refused(409, "Head branch was modified. Review and try the merge again.")
        message = f"Merge pull request #{one.number} from {repo.owner}/{pull.head_ref}\n\n{one.title}"
        sha = self.merge_into(repo, pull.base_sha, pull.head_sha, login, message)
        if method in ("squash", "rebase"):
            who = self.users[login]
            tree = repo.disk.commit(sha)["tree"]
            sha = repo.disk.put_commit(tree, [pull.base_sha], f"{one.title} (#{one.number})",
                                       (who.login, who.noreply, self.time_text()))
        self.set_merged(repo, one, login, sha)
        with self.pushing(repo, None, login):
            repo.disk.set_ref("refs/heads/" + pull.base_ref, sha)
        return sha

    def set_merged(self, repo, one, login, sha):
        one.state, one.closed_by, one.closed = "closed", login, self.time_text()
        one.updated = one.pull.merged_at = one.closed
        one.pull.merged_by, one.pull.merge_sha = login, sha
        self.event("pull_request", "closed", repo, login, issue=one)

    # Pushes.
    @contextlib.contextmanager
    def pushing(self, repo, token, login=None):
        """Around a change of refs that the API makes."""
        before = repo.disk.refs("refs/heads/")
        yield
        self.after_push(repo, before, token, login)

    def after_push(self, repo, before, token, login=None):
        login = login or token.login
        after = repo.disk.refs("refs/heads/")
        for ref in sorted({**before, **after}):
            old, new = before.get(ref), after.get(ref)
            if old == new:
                continue
            repo.pushed = self.time_text()
            branch = ref.removeprefix("refs/heads/")
            forced = bool(old and new and not repo.disk.is_ancestor(old, new))
            self.moves.append({"repo": repo.full_name, "branch": branch, "old": old, "new": new, "login": login, "forced": forced})
            self.event("push", None, repo, login, push=self.push_payload(repo, ref, old, new, forced, login))
            for base in [repo] + ([repo.parent] if repo.parent else []):
                for one in base.pulls:
                    self.follow(base, one, repo, branch, new, login)

    def push_payload(self, repo, ref, old, new, forced, login):
        rows = repo.disk.log("--reverse", "-20", f"{old}..{new}" if old and not forced else new)[-20:] if new else []
        user = self.users[login]
        def told(row):
            files = repo.disk.diff(row["parents"][0] if row["parents"] else None, row["sha"])
            person = {"name": row["author"][0], "email": row["author"][1], "username": self.login_of_email(row["author"][1])}
            return {"id": row["sha"], "tree_id": row["tree"], "message": row["message"], "author": person,
                    "timestamp": row["committer"][2], "committer": person, "distinct": True,
                    "url": f"{self.url}/{repo.full_name}/commit/{row['sha']}",
                    **{kind: [f["filename"] for f in files if f["status"] == kind] for kind in ("added", "removed", "modified")}}
        commits = [told(row) for row in rows] if self.hooks else []
        return {"ref": ref, "before": old or ZERO, "after": new or ZERO, "base_ref": None, "created": old is None,
                "deleted": new is None, "forced": forced, "commits": commits, "head_commit": commits[-1] if commits else None,
                "compare": f"{self.url}/{repo.full_name}/compare/{(old or ZERO)[:12]}...{(new or ZERO)[:12]}",
                "pusher": {"name": login, "email": user.email or user.noreply}}

    def follow(self, base, one, repo, branch, new, login):
        """A pull request after a push to its head or its base."""
        pull = one.pull
        if one.state != "open":
            return
        if pull.head_repo is repo and pull.head_ref == branch:
            if new is None:
                self.set_state(base, one, "closed", login)
                return
            self.follow_head(base, one)
            one.updated = self.time_text()
            self.event("pull_request", "synchronize", base, login, issue=one)
            if base.disk.is_ancestor(new, pull.base_sha):
                self.set_state(base, one, "closed", login)
        elif base is repo and pull.base_ref == branch and new:
            pull.base_sha, pull.merge_sha = new, None
            if base.disk.is_ancestor(pull.head_sha, new):
                self.set_merged(base, one, login, new)

    def follow_head(self, base, one):
        pull = one.pull
        sha = pull.head_repo and pull.head_repo.disk.branch(pull.head_ref)
        if sha:
            self.bring(base, pull.head_repo, sha)
            pull.head_sha, pull.merge_sha = sha, None
            base.disk.set_ref(f"refs/pull/{one.number}/head", sha)


def zip_of(files):
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()
