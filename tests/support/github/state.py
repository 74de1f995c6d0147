"""What the scripted GitHub remembers: people, tokens, apps, repositories, issues, pull requests, runs."""
import dataclasses
from dataclasses import dataclass, field

ROLES = ["none", "read", "triage", "write", "maintain", "admin"]
BOT_IDS = {"github-actions[bot]": 41898282, "dependabot[bot]": 49699333, "renovate[bot]": 29139614}
ACTIONS_APP_ID = 15368


@dataclass
class User:
    login: str
    id: int
    type: str = "User"
    email: str = None
    name: str = None

    @property
    def noreply(self):
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass
class App:
    id: int
    slug: str
    client_id: str
    key: tuple
    key_file: str
    permissions: dict
    owner: str
    events: list = field(default_factory=list)
    installations: dict = field(default_factory=dict)   # id -> {"account", "repos" or None, "permissions"}

    @property
    def login(self):
        return self.slug + "[bot]"


@dataclass
class Token:
    value: str
    login: str
    kind: str               # classic, oauth, fine-grained, actions, installation
    permissions: dict = None
    scopes: list = None
    repos: list = None      # full names; None: all of the account
    expires: float = None
    app: App = None
    installation: int = None
    account: str = None

    def expired(self, gh):
        return self.expires is not None and gh.now() >= self.expires

    @property
    def is_bot(self):
        return self.kind in ("actions", "installation")

    def covers(self, repo):
        if self.kind in ("classic", "oauth"):
            return True
        if self.repos is not None:
            return repo.full_name in self.repos
        return self.account is None or repo.owner == self.account

    def role(self, repo):
        return repo.role_of(self.login)

    def sees(self, gh, repo):
        if not repo.private:
            return True
        return self.covers(repo) and (self.is_bot or self.role(repo) != "none")

    def may(self, gh, repo, permission, level):
        """level: read, comment (anyone who sees the repository may), write."""
        if not self.sees(gh, repo):
            return False
        if self.kind in ("classic", "oauth"):
            scoped = "repo" in self.scopes or ("public_repo" in self.scopes and not repo.private)
            if level != "read" and not scoped:
                return False
        elif not self.covers(repo):
            return level == "read" and not repo.private and permission not in ("administration", "actions_admin")
        elif permission != "metadata":
            rank = {"read": 1, "write": 2, "admin": 3}
            has = rank.get((self.permissions or {}).get(permission), 0)
            open_reading = level == "read" and not repo.private and permission != "administration"
            if has < (1 if level == "read" else 2) and not open_reading:
                return False
        if self.is_bot:
            return True
        needed = "admin" if permission == "administration" else {"read": "read", "comment": "read", "write": "write"}[level]
        return ROLES.index(self.role(repo)) >= ROLES.index(needed)

    def may_write_workflows(self, gh, repo):
        if self.kind in ("classic", "oauth"):
            return "workflow" in self.scopes
        return (self.permissions or {}).get("workflows") == "write"


@dataclass
class Comment:
    id: int
    login: str
    body: str
    created: str
    updated: str
    app: App = None
    reactions: list = field(default_factory=list)
    # Of a diff's line:
    review: int = None
    path: str = None
    line: int = None
    start_line: int = None
    side: str = "RIGHT"
    start_side: str = None
    commit_id: str = None
    reply_to: int = None
    hunk: str = ""


@dataclass
class Review:
    id: int
    login: str
    body: str
    state: str
    submitted: str
    commit_id: str


@dataclass
class Pull:
    head_repo: object       # Repository, or None: the fork is gone
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    merged_at: str = None
    merged_by: str = None
    merge_sha: str = None
    reviewers: list = field(default_factory=list)
    teams: list = field(default_factory=list)
    reviews: list = field(default_factory=list)
    comments: list = field(default_factory=list)
    auto_merge: dict = None
    maintainer_can_modify: bool = False


@dataclass
class Issue:
    id: int
    number: int
    login: str
    title: str
    body: str
    created: str
    updated: str
    state: str = "open"
    state_reason: str = None
    closed: str = None
    closed_by: str = None
    labels: list = field(default_factory=list)
    assignees: list = field(default_factory=list)
    comments: list = field(default_factory=list)
    reactions: list = field(default_factory=list)
    locked: bool = False
    app: App = None
    pull: Pull = None


@dataclass
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str = None


@dataclass
class Check:
    id: int
    name: str
    head_sha: str
    app: object             # App; None: GitHub Actions
    suite: int
    status: str = "queued"
    conclusion: str = None
    external_id: str = ""
    details_url: str = None
    started: str = None
    completed: str = None
    title: str = None
    summary: str = None
    text: str = None
    annotations: list = field(default_factory=list)
    login: str = None


@dataclass
class Status:
    id: int
    sha: str
    state: str
    context: str
    description: str
    target_url: str
    login: str
    created: str


@dataclass
class Job:
    id: int
    name: str
    conclusion: str
    log: str
    steps: list
    check: int
    attempt: int = 1
    runner: str = "GitHub Actions 1"


@dataclass
class Run:
    id: int
    name: str
    path: str
    workflow: int
    number: int
    event: str
    branch: str
    sha: str
    head_repo: object
    actor: str
    created: str
    updated: str
    status: str = "completed"
    conclusion: str = "failure"
    attempt: int = 1
    suite: int = 0
    title: str = ""
    triggering_actor: str = None
    jobs: list = field(default_factory=list)
    logs_zip: bytes = None
    logs_gone: bool = False
    reruns: list = field(default_factory=list)


@dataclass
class Artifact:
    id: int
    name: str
    data: bytes
    run: Run
    created: str
    digest: str
    expired: bool = False


@dataclass
class Repository:
    gh: object = dataclasses.field(repr=False)
    id: int
    owner: str
    name: str
    disk: object
    default_branch: str = "main"
    private: bool = False
    archived: bool = False
    parent: object = None
    collaborators: dict = field(default_factory=dict)    # login -> role
    issues: dict = field(default_factory=dict)           # number -> Issue (pull requests too)
    labels: dict = field(default_factory=dict)           # lower-case name -> Label
    checks: list = field(default_factory=list)
    statuses: list = field(default_factory=list)
    runs: list = field(default_factory=list)
    artifacts: list = field(default_factory=list)
    workflows: dict = field(default_factory=dict)        # path -> {"id", "name"}
    protection: dict = field(default_factory=dict)       # branch -> rules, see on_policy.py
    rulesets: list = field(default_factory=list)
    allow_auto_merge: bool = False
    drafts: bool = True
    actions_enabled: bool = True
    actions_may_create_pulls: bool = True
    actions_default: str = "read"
    created: str = ""
    pushed: str = ""
    former_names: list = field(default_factory=list)
    signed: set = field(default_factory=set)
    webhooks: list = field(default_factory=list)

    @property
    def full_name(self):
        return f"{self.owner}/{self.name}"

    def role_of(self, login):
        if login == self.owner:
            return "admin"
        return self.collaborators.get(login) or ("none" if self.private else "read")

    def association(self, login):
        if login == self.owner:
            return "OWNER"
        if login in self.collaborators:
            return "MEMBER" if self.gh.users[self.owner].type == "Organization" else "COLLABORATOR"
        merged = any(i.pull and i.pull.merged_at and i.login == login for i in self.issues.values())
        return "CONTRIBUTOR" if merged else "NONE"

    @property
    def pulls(self):
        return [i for i in self.issues.values() if i.pull]
