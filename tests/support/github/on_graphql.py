"""The GraphQL interface, as far as REST has no call: drafts, auto-merge, commits GitHub signs. Queries
are parsed, their variables checked, and only what was selected is answered."""
import base64
import json
import re

from . import shapes
from .api import Refused, authenticate
from .web import Reply

TOKEN = re.compile(r'(?:\s|,|#[^\n]*)*("""(?:.|\n)*?"""|"(?:[^"\\]|\\.)*"|\.\.\.|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|[!$(){}:=@\[\]|])')


class Bad(Exception):
    """An error in GraphQL's own sense: the answer is 200 and tells of it."""

    def __init__(self, message, kind=None, path=None):
        super().__init__(message)
        self.kind, self.path = kind, path


class Parser:
    def __init__(self, text):
        self.words, at, text = [], 0, text.rstrip(" \t\r\n,")
        while at < len(text):
            found = TOKEN.match(text, at)
            if not found:
                raise Bad(f"Expected one of SCHEMA, SCALAR, ..., actual: UNKNOWN_CHAR at {at}")
            self.words.append(found[1])
            at = found.end()
        self.at = 0

    def peek(self):
        return self.words[self.at] if self.at < len(self.words) else None

    def take(self, wanted=None):
        word = self.peek()
        if word is None or (wanted and word != wanted):
            raise Bad(f"Parse error on {json.dumps(word)}, expected {wanted or 'more'}")
        self.at += 1
        return word

    def skip(self, word):
        if self.peek() == word:
            self.at += 1
            return True
        return False

    def document(self):
        """(kind, variables with their types, selection)."""
        kind, variables = "query", {}
        if self.peek() != "{":
            kind = self.take()
            if self.peek() not in ("(", "{"):
                self.take()
            if self.skip("("):
                while not self.skip(")"):
                    self.take("$")
                    name = self.take()
                    self.take(":")
                    variables[name] = self.type()
        selection = self.selection()
        if self.peek() is not None:
            raise Bad(f"Parse error on {json.dumps(self.peek())}")
        return kind, variables, selection

    def type(self):
        if self.skip("["):
            inner = f"[{self.type()}]"
            self.take("]")
        else:
            inner = self.take()
        inner += "!" if self.skip("!") else ""
        if self.skip("="):
            self.value({})
        return inner

    def selection(self):
        self.take("{")
        fields = []
        while not self.skip("}"):
            if self.skip("..."):
                self.take("on")
                self.take()
                fields += self.selection()
                continue
            name = alias = self.take()
            if self.skip(":"):
                name = self.take()
            args = {}
            if self.skip("("):
                while not self.skip(")"):
                    key = self.take()
                    self.take(":")
                    args[key] = self.raw_value()
            fields.append((alias, name, args, self.selection() if self.peek() == "{" else None))
        return fields

    def raw_value(self):
        word = self.take()
        if word == "$":
            return ("$", self.take())
        if word == "{":
            value = {}
            while not self.skip("}"):
                key = self.take()
                self.take(":")
                value[key] = self.raw_value()
            return value
        if word == "[":
            value = []
            while not self.skip("]"):
                value.append(self.raw_value())
            return value
        if word.startswith('"'):
            return json.loads(word) if not word.startswith('"""') else word[3:-3]
        return {"true": True, "false": False, "null": None}.get(word, int(word) if re.fullmatch(r"-?\d+", word) else word)


def fill(value, variables):
    if isinstance(value, tuple):
        return variables.get(value[1])
    if isinstance(value, dict):
        return {k: fill(v, variables) for k, v in value.items()}
    return [fill(v, variables) for v in value] if isinstance(value, list) else value


def select(value, selection, typename):
    """Only what was asked for of a value; what is not there is an error, as with a schema."""
    if selection is None or value is None:
        return value
    if isinstance(value, list):
        return [select(v, selection, typename) for v in value]
    out = {}
    for alias, name, _, inner in selection:
        if name == "__typename":
            out[alias] = value.get("__typename", typename)
        elif name not in value:
            raise Bad(f"Field '{name}' doesn't exist on type '{value.get('__typename', typename)}'")
        else:
            out[alias] = select(value[name], inner, name[:1].upper() + name[1:])
    return out


class Graph:
    """The mutations and queries that are known."""

    def __init__(self, gh, token):
        self.gh, self.token = gh, token

    def find(self, ident):
        for repo in self.gh.repos.values():
            for one in repo.pulls:
                if shapes.node_id("PullRequest", one.id) == ident:
                    if not self.token.sees(self.gh, repo):
                        break
                    return repo, one
        raise Bad(f"Could not resolve to a node with the global id of '{ident}'", "NOT_FOUND")

    def writable(self, given, permission="pull_requests"):
        repo, one = self.find(given.get("pullRequestId"))
        own = one.login == self.token.login and not self.token.is_bot
        if not own and not self.token.may(self.gh, repo, permission, "write"):
            raise Bad("Resource not accessible by integration" if self.token.is_bot else
                      f"{self.token.login} does not have the correct permissions to execute this mutation", "FORBIDDEN")
        return repo, one

    def pull(self, repo, one):
        pull = one.pull
        auto = pull.auto_merge
        return {"__typename": "PullRequest", "id": shapes.node_id("PullRequest", one.id), "number": one.number,
                "isDraft": pull.draft, "state": "MERGED" if pull.merged_at else one.state.upper(), "title": one.title,
                "url": f"{self.gh.url}/{repo.full_name}/pull/{one.number}", "headRefOid": pull.head_sha,
                "headRefName": pull.head_ref, "baseRefName": pull.base_ref,
                "autoMergeRequest": auto and {"__typename": "AutoMergeRequest", "mergeMethod": auto["method"].upper(),
                                              "enabledAt": auto["at"]}}

    def set_draft(self, given, draft):
        repo, one = self.writable(given)
        if one.state != "open":
            raise Bad("Pull request is closed", "UNPROCESSABLE")
        if draft and not repo.drafts:
            raise Bad("Draft pull requests are not supported in this repository", "UNPROCESSABLE")
        if one.pull.draft != draft:
            one.pull.draft = draft
            one.updated = self.gh.time_text()
            self.gh.event("pull_request", "converted_to_draft" if draft else "ready_for_review", repo, self.token.login,
                          issue=one)
        return {"pullRequest": self.pull(repo, one)}

    def convertPullRequestToDraft(self, given):
        return self.set_draft(given, True)

    def markPullRequestReadyForReview(self, given):
        return self.set_draft(given, False)

    def enablePullRequestAutoMerge(self, given):
        repo, one = self.writable(given, "contents")
        method = given.get("mergeMethod", "MERGE")
        if method not in ("MERGE", "SQUASH", "REBASE"):
            raise Bad(f"Argument 'mergeMethod' on InputObject has an invalid value ({method})")
        if not repo.allow_auto_merge:
            raise Bad("Pull request Auto merge is not allowed for this repository", "UNPROCESSABLE")
        if one.pull.draft:
            raise Bad("Pull request is in draft state", "UNPROCESSABLE")
        if self.gh.mergeability(repo, one)[1] == "clean":
            raise Bad("Pull request is in clean status", "UNPROCESSABLE")
        one.pull.auto_merge = {"by": self.token.login, "method": method.lower(), "at": self.gh.time_text()}
        self.gh.event("pull_request", "auto_merge_enabled", repo, self.token.login, issue=one)
        return {"pullRequest": self.pull(repo, one), "actor": {"login": self.token.login}}

    def disablePullRequestAutoMerge(self, given):
        repo, one = self.writable(given, "contents")
        if one.pull.auto_merge is None:
            raise Bad("Can't disable auto-merge for this pull request.", "UNPROCESSABLE")
        one.pull.auto_merge = None
        self.gh.event("pull_request", "auto_merge_disabled", repo, self.token.login, issue=one)
        return {"pullRequest": self.pull(repo, one), "actor": {"login": self.token.login}}

    def createCommitOnBranch(self, given):
        gh, branch = self.gh, given["branch"]
        repo = gh.find_repo(branch.get("repositoryNameWithOwner", ""))
        if repo is None:
            raise Bad("Could not resolve to a Repository", "NOT_FOUND")
        if not self.token.may(gh, repo, "contents", "write"):
            raise Bad("Resource not accessible by integration", "FORBIDDEN")
        ref = "refs/heads/" + branch["branchName"].removeprefix("refs/heads/")
        head = repo.disk.refs("refs/heads/").get(ref)
        if head != given["expectedHeadOid"]:
            raise Bad(f"Expected branch to point to \"{given['expectedHeadOid']}\" but it did not. Pull and try again.",
                      "STALE_DATA")
        changes, message = given.get("fileChanges") or {}, given["message"]
        files = {c["path"]: base64.b64decode(c["contents"]) for c in changes.get("additions") or []}
        files.update({c["path"]: None for c in changes.get("deletions") or []})
        if any(p.startswith(".github/workflows/") for p in files) and not self.token.may_write_workflows(gh, repo):
            raise Bad("Resource not accessible by integration", "FORBIDDEN")
        who = gh.users[self.token.login]
        text = message["headline"] + ("\n\n" + message["body"] if message.get("body") else "")
        sha = repo.disk.commit_files(head, files, text, (who.login, who.noreply, gh.time_text()))
        repo.signed.add(sha)
        with gh.pushing(repo, self.token):
            repo.disk.set_ref(ref, sha)
        return {"commit": {"oid": sha, "url": f"{gh.url}/{repo.full_name}/commit/{sha}"}, "ref": {"name": ref}}

    def viewer(self, _):
        user = self.gh.users[self.token.login]
        return {"login": user.login, "databaseId": user.id, "__typename": user.type}

    def node(self, given):
        return self.pull(*self.find(given.get("id")))


def run(gh, token, sent):
    kind, _, selection = Parser(sent.get("query") or "").document()
    variables, data, errors = sent.get("variables") or {}, {}, []
    graph = Graph(gh, token)
    for alias, name, args, inner in selection:
        known = getattr(graph, name, None) if (name in ("viewer", "node")) == (kind == "query") and name in (
            "viewer", "node", "createCommitOnBranch", "convertPullRequestToDraft", "markPullRequestReadyForReview",
            "enablePullRequestAutoMerge", "disablePullRequestAutoMerge") else None
        if known is None:
            raise Bad(f"Field '{name}' doesn't exist on type '{kind.capitalize()}'")
        given = fill(args, variables)
        try:
            value = known(given.get("input", given))
            if "input" in given and isinstance(value, dict):
                value["clientMutationId"] = (given["input"] or {}).get("clientMutationId")
            data[alias] = select(value, inner, name[0].upper() + name[1:] + "Payload")
        except KeyError as lacks:
            raise Bad(f"Variable $input was provided invalid value for {lacks.args[0]} (Expected value to not be null)") from lacks
        except Bad as bad:
            data[alias] = None
            errors.append({"type": bad.kind, "path": [alias], "locations": [{"line": 1, "column": 1}], "message": str(bad)})
    return {"data": data, **({"errors": errors} if errors else {})}


def answer(gh, entry):
    try:
        token, claims = authenticate(gh, entry)
        if token is None or claims:
            raise Refused(401, "This endpoint requires you to be authenticated.")
        gh.spend(entry, token)
        status, body = 200, run(gh, token, json.loads(entry.body))
    except Refused as refused:
        status, body = refused.status, refused.body()
    except ValueError:
        status, body = 400, {"message": "Problems parsing JSON", "documentation_url": "https://docs.github.com/graphql"}
    except Bad as bad:
        status, body = 200, {"errors": [{"message": str(bad), "locations": [{"line": 1, "column": 1}]}]}
    return Reply(status, json.dumps(body).encode(), {**gh.common_headers(entry), **gh.limit_headers(entry),
                                                     "Content-Type": "application/json; charset=utf-8"})
