"""The scripted GitHub itself: setting it up, and what persons and CI do there."""
import hashlib

from .disk import Disk
from .keys import make_key
from .model import Model, zip_of
from .state import App, Artifact, Check, Comment, Job, Repository, Review, Run, Token, User

CI_PATH = ".github/workflows/ci.yml"


class Shop:
    """A repository with what persons do in it; the record is .repo (state.Repository)."""

    def __init__(self, gh, repo):
        self.gh, self.repo = gh, repo

    def __getattr__(self, name):
        return getattr(self.repo, name)

    @property
    def clone_url(self):
        return f"{self.gh.url}/{self.repo.full_name}.git"

    def sha(self, branch=None):
        return self.repo.disk.branch(branch or self.repo.default_branch)

    def pull(self, number):
        return self.repo.issues[number]

    def open_pulls(self, login=None):
        return [i for i in self.repo.pulls if i.state == "open" and login in (None, i.login)]

    def file(self, path, ref=None):
        """A file's bytes on a branch or commit; None: it is not there."""
        sha = self.repo.disk.resolve(ref or self.repo.default_branch)
        oid = self.repo.disk.git("rev-parse", "-q", "--verify", f"{sha}:{path}", ok=(0, 1, 128))
        return self.repo.disk.blob(oid) if oid else None

    def token(self, login, kind="fine-grained", permissions=None, **more):
        return self.gh.token(login, kind, permissions, repos=[self.repo.full_name], **more)

    def actions_token(self, **permissions):
        """A GITHUB_TOKEN, as a job with these permissions gets it."""
        return self.gh.token("github-actions[bot]", "actions", permissions or {"contents": "write", "pull_requests": "write",
                             "issues": "write", "checks": "write", "actions": "write", "statuses": "write"},
                             repos=[self.repo.full_name])

    # What persons do.
    def person_pushes(self, login, files, branch=None, message="Change", base=None, force=False, when=None):
        """A commit with files (path -> text, bytes, None: removed) on a branch, new from base if need be."""
        gh, repo, branch = self.gh, self.repo, branch or self.repo.default_branch
        with gh.lock:
            who = gh.users[login]
            parent = repo.disk.branch(branch) if not force else None
            parent = parent or repo.disk.resolve(base or repo.default_branch)
            sha = repo.disk.commit_files(parent, files, message, (login, who.email or who.noreply, when or gh.time_text()))
            with gh.pushing(repo, None, login):
                repo.disk.set_ref("refs/heads/" + branch, sha)
            return sha

    def person_deletes_branch(self, login, branch):
        with self.gh.lock, self.gh.pushing(self.repo, None, login):
            self.repo.disk.set_ref("refs/heads/" + branch, None)

    def person_opens_pull(self, login, branch, title="A change", body="", base=None, draft=False, head=None):
        """head: the fork (a Shop) that the branch is in."""
        with self.gh.lock:
            source = head.repo if head else self.repo
            self.gh.bring(self.repo, source, source.disk.branch(branch))
            token = Token("", login, "classic")
            return self.gh.new_pull(self.repo, token, title, body, source, branch, base or self.repo.default_branch, draft)

    def person_opens_issue(self, login, title, body="", labels=()):
        with self.gh.lock:
            one = self.gh.new_issue(self.repo, Token("", login, "classic"), title, body)
            self.gh.event("issues", "opened", self.repo, login, issue=one)
        for name in labels:
            self.person_labels(login, one.number, name)
        return one

    def person_comments(self, login, number, body):
        with self.gh.lock:
            return self.gh.new_comment(self.repo, self.repo.issues[number], login, body)

    def person_edits_body(self, login, number, body):
        """Ticks a checkbox, say."""
        with self.gh.lock:
            one = self.repo.issues[number]
            one.body, one.updated = body, self.gh.time_text()
            self.gh.event("pull_request" if one.pull else "issues", "edited", self.repo, login, issue=one)

    def person_comments_line(self, login, number, path, line, body):
        with self.gh.lock:
            one, now = self.repo.issues[number], self.gh.time_text()
            patch = next((f.get("patch", "") for f in self.gh.pull_diff(self.repo, one.pull) if f["filename"] == path), "")
            made = Comment(self.gh.next_id(), login, body, now, now, path=path, line=line, commit_id=one.pull.head_sha,
                           review=self.gh.next_id(), hunk=patch[:400])
            one.pull.comments.append(made)
            self.gh.event("pull_request_review_comment", "created", self.repo, login, issue=one, comment=made)
            return made

    def person_reviews(self, login, number, state="CHANGES_REQUESTED", body=""):
        with self.gh.lock:
            one = self.repo.issues[number]
            made = Review(self.gh.next_id(), login, body, state, self.gh.time_text(), one.pull.head_sha)
            one.pull.reviews.append(made)
            self.gh.event("pull_request_review", "submitted", self.repo, login, issue=one, review=made)
            return made

    def person_closes(self, login, number):
        with self.gh.lock:
            self.gh.set_state(self.repo, self.repo.issues[number], "closed", login)

    def person_reopens(self, login, number):
        with self.gh.lock:
            self.gh.set_state(self.repo, self.repo.issues[number], "open", login)

    def person_merges(self, login, number, method="merge"):
        with self.gh.lock:
            return self.gh.merge_pull(self.repo, self.repo.issues[number], login, method)

    def person_labels(self, login, number, name):
        with self.gh.lock:
            from .state import Label
            self.repo.labels.setdefault(name.lower(), Label(self.gh.next_id(), name))
            one = self.repo.issues[number]
            if name.lower() not in one.labels:
                one.labels.append(name.lower())
                self.gh.event("pull_request" if one.pull else "issues", "labeled", self.repo, login, issue=one)

    def person_forks(self, login, name=None):
        with self.gh.lock:
            name = name or self.repo.name
            disk = self.repo.disk.clone(self.gh.folder / login / (name + ".git"))
            return self.gh.add_repo(login, name, disk, parent=self.repo, private=self.repo.private)

    # What CI does.
    def run_finished(self, conclusion="failure", jobs=None, logs=None, branch=None, sha=None, event="push", workflow="CI",
                     path=CI_PATH, actor=None, head=None, artifacts=None, started=False):
        """A workflow run that ended. jobs: name -> log, or {"log", "conclusion", "steps": {name: log}};
        logs: the zip's files instead; head: the fork (a Shop) of a pull request's run."""
        with self.gh.lock:
            gh, repo = self.gh, self.repo
            source = head.repo if head else repo
            branch = branch or repo.default_branch
            sha = sha or source.disk.branch(branch)
            row = repo.workflows.setdefault(path, {"id": gh.next_id(), "name": workflow})
            now = gh.time_text()
            run = Run(gh.next_id(), workflow, path, row["id"], len(repo.runs) + 1, event, branch, sha, source,
                      actor or source.owner, now, now, conclusion=conclusion, suite=gh.next_id(),
                      title=source.disk.commit(sha)["message"].split("\n")[0])
            self.fill_run(run, jobs or {"test": "red\n" if conclusion == "failure" else "green\n"}, logs)
            repo.runs.append(run)
            for name, data in (artifacts or {}).items():
                self.add_artifact(run, name, data)
            if started:
                gh.event("workflow_run", "requested", repo, run.actor, run=run)
            gh.event("workflow_run", "completed", repo, run.actor, run=run)
            return run

    def fill_run(self, run, jobs, logs):
        files = {}
        for at, (name, job) in enumerate(jobs.items()):
            job = {"log": job} if isinstance(job, str) else dict(job)
            steps = job.get("steps") or {"Set up job": "", "Run tests": job.get("log", ""), "Complete job": ""}
            ended = job.get("conclusion", run.conclusion)
            text = stamped("".join(steps.values()))
            files[f"{at}_{name}.txt"] = text
            files.update({f"{name}/{n}_{step}.txt": stamped(log) for n, (step, log) in enumerate(steps.items(), 1)})
            now = self.gh.time_text()
            check = Check(self.gh.next_id(), name, run.sha, None, run.suite, "completed", ended, started=now, completed=now,
                          login="CI")
            self.repo.checks.append(check)
            last = [s for s, log in steps.items() if log] or list(steps)
            rows = [{"name": s, "conclusion": "failure" if s == last[-1] and ended == "failure" else "success"} for s in steps]
            run.jobs.append(Job(check.id, name, ended, text, rows, check.id, run.attempt))
        run.logs_zip = zip_of(logs or files)

    def add_artifact(self, run, name, data):
        """data: bytes of a zip, or files path -> content."""
        data = data if isinstance(data, bytes) else zip_of(data)
        one = Artifact(self.gh.next_id(), name, data, run, self.gh.time_text(), "sha256:" + hashlib.sha256(data).hexdigest())
        self.repo.artifacts.append(one)
        return one

    def check_finished(self, name, conclusion, sha, app=None):
        with self.gh.lock:
            now = self.gh.time_text()
            suite = next((c.suite for c in self.repo.checks if c.head_sha == sha and c.app is app), None) or self.gh.next_id()
            one = Check(self.gh.next_id(), name, sha, app, suite, "completed", conclusion, started=now, completed=now, login="CI")
            self.repo.checks.append(one)
            self.gh.event("check_run", "completed", self.repo, "github-actions[bot]", check=one)
            return one


def stamped(text):
    """Lines with the time before them, as runners write them."""
    return "".join(f"2026-01-02T03:04:05.{n % 10000000:07d}Z {line}\n" for n, line in enumerate(text.splitlines()))


class GitHub(Model):
    """See the package. One object is one GitHub, or with ghes=True one GitHub Enterprise Server."""

    def user(self, login, kind="User", email=None, bot=False):
        """bot: an account of type User that only the program uses."""
        self.users[login] = User(login, self.next_id(), kind, email or f"{login.lower()}@example.com")
        if bot:
            self.bots.add(login)
        return self.users[login]

    def organization(self, login, teams=()):
        self.teams[login] = set(teams)
        return self.user(login, "Organization")

    def add_repo(self, owner, name, disk, **more):
        repo = Repository(self, self.next_id(), owner, name, disk, created=self.time_text(), pushed=self.time_text(), **more)
        self.repos[repo.full_name.lower()] = repo
        return Shop(self, repo)

    def repository(self, full_name, files=None, private=False, collaborators=None, message="Begin", when=None):
        """files: the first commit's; None: an empty repository. when: its time, which with the same files and
        owner makes it the same commit each time."""
        owner, name = full_name.split("/")
        if owner not in self.users:
            self.user(owner)
        for login in collaborators or {}:
            if login not in self.users:
                self.user(login)
        shop = self.add_repo(owner, name, Disk(self.folder / owner / (name + ".git")), private=private,
                             collaborators=dict(collaborators or {}))
        if files is not None:
            who = self.users[owner]
            sha = shop.disk.commit_files(None, files, message, (owner, who.email, when or self.time_text()))
            shop.disk.set_ref("refs/heads/main", sha)
        return shop

    def rename(self, shop, name):
        repo = shop.repo
        repo.former_names.append(repo.full_name.lower())
        del self.repos[repo.full_name.lower()]
        repo.name = name
        self.repos[repo.full_name.lower()] = repo

    def token(self, login, kind="classic", permissions=None, scopes=("repo",), repos=None, expires_in=None):
        """The text of a new token. kind: classic, oauth, fine-grained, actions (see Shop.actions_token)."""
        if login not in self.users:
            self.user(login, bot=True)
        prefix = {"classic": "ghp_", "oauth": "gho_", "fine-grained": "github_pat_", "actions": "ghs_"}[kind]
        return self.add_token(Token(
            prefix + self.random(36), login, kind, {"metadata": "read", **permissions} if permissions else None, list(scopes),
            repos, self.now() + expires_in if expires_in else None, account=None)).value

    def app(self, slug, permissions, owner="alice", account=None, repos=None, events=()):
        """An app with a key of its own (app.key_file), installed at account when that is given."""
        ident = self.next_id()
        key_file = self.folder / f"{slug}.pem"
        one = App(ident, slug, f"Iv23{self.random(16)}", make_key(key_file), str(key_file), dict(permissions), owner, list(events))
        if owner not in self.users:
            self.user(owner)
        self.users[one.login] = User(one.login, self.next_id(), "Bot")
        self.apps[slug] = one
        if account:
            one.installations[self.next_id()] = {"account": account, "repos": repos, "permissions": dict(permissions)}
        return one
