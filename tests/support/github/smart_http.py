"""Clone, fetch and push over HTTP: git's own http-backend behind GitHub's rules of who may."""
import base64
import json
import re
import subprocess

from .disk import ENV
from .web import Reply

BACKEND = "/usr/lib/git-core/git-http-backend"
WHO = {
    "classic": ("a Personal Access Token", "`workflow` scope"),
    "oauth": ("an OAuth App", "`workflow` scope"),
    "fine-grained": ("a Personal Access Token", "`workflows` permission"),
    "actions": ("a GitHub App", "`workflows` permission"),
    "installation": ("a GitHub App", "`workflows` permission"),
}


def text(status, message, **headers):
    return Reply(status, message.encode(), {"Content-Type": "text/plain; charset=utf-8",
                                            **{k.replace("_", "-"): v for k, v in headers.items()}})


def token_of(entry):
    kind, _, value = entry.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            user, _, secret = base64.b64decode(value).decode().partition(":")
        except ValueError:
            return ""
        return secret if secret and secret != "x-oauth-basic" else user
    return value


def serve(gh, entry):
    """Answers one request of git's; the state of pull requests follows what was pushed."""
    owner, name, rest = re.match(r"/([^/]+)/([^/]+)\.git(/.*)?$", entry.path).groups()
    repo = gh.find_repo(f"{owner}/{name}")
    secret = token_of(entry)
    token = gh.tokens.get(secret)
    pushes = "git-receive-pack" in (entry.query + (rest or ""))
    wants = text(401, "Repository not found.\n" if not repo else "Authentication required\n",
                 WWW_Authenticate='Basic realm="GitHub"')
    if secret and (token is None or token.expired(gh)):
        return text(401, "Invalid username or token. Password authentication is not supported for Git operations.\n",
                    WWW_Authenticate='Basic realm="GitHub"')
    if token is None and (repo is None or repo.private or pushes):
        return wants
    if repo is None or not (token is None or token.sees(gh, repo)):
        return text(404, "Repository not found.\n")
    entry.login = token.login if token else None
    if pushes and not token.may(gh, repo, "contents", "write"):
        return text(403, f"Permission to {repo.full_name}.git denied to {token.login}.\n")
    if pushes and repo.archived:
        return text(403, "This repository was archived so it is read-only.\n")
    before = repo.disk.refs("refs/heads/") if pushes else None
    reply = run_backend(gh, entry, repo, rest or "/", token)
    if before is not None:
        gh.after_push(repo, before, token)
    return reply


def rules_of(gh, repo, token):
    who, lacks = WHO.get(token.kind if token else "classic", WHO["classic"])
    return {"workflows": token is not None and token.may_write_workflows(gh, repo), "who": who, "lacks": lacks,
            "protected": [b for b, rule in repo.protection.items() if rule.get("pushes_refused") and not (
                token and token.may(gh, repo, "administration", "write"))],
            "default": repo.default_branch}


def run_backend(gh, entry, repo, rest, token):
    env = {
        **ENV, "GIT_PROJECT_ROOT": str(repo.disk.path), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": rest,
        "REQUEST_METHOD": entry.method, "QUERY_STRING": entry.query, "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": entry.headers.get("content-type", ""), "CONTENT_LENGTH": str(len(entry.body)),
        "HTTP_CONTENT_ENCODING": entry.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": entry.headers.get("git-protocol", ""), "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_USER": token.login if token else "",
        "FAKE_PUSH_RULES": json.dumps(rules_of(gh, repo, token)),
    }
    run = subprocess.run([BACKEND], input=entry.body, env=env, capture_output=True)
    head, _, body = run.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200 OK").split()[0])
    if run.returncode and not run.stdout:
        status, body = 500, run.stderr
    return Reply(status, body, {**headers, "X-GitHub-Request-Id": f"FAKE:{entry.n:04X}"})
