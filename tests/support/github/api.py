"""Routing of the REST interface: who asks, may they, which page, in what shape errors are told."""
import hashlib
import json
import re
import urllib.parse

from . import keys
from .web import Reply

DOCS = "https://docs.github.com/rest"
VERSIONS = {"2022-11-28", "2026-03-10"}
ROUTES = []
AGENT_WANTED = ("\r\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header "
                "(https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). Check "
                "https://developer.github.com for other possible causes.\r\n")


class Refused(Exception):
    """An answer that says no."""

    def __init__(self, status, message, errors=None, doc="", headers=None):
        super().__init__(message)
        self.status, self.message, self.errors, self.doc = status, message, errors, doc
        self.headers = headers or {}

    def body(self):
        body = {"message": self.message, "documentation_url": DOCS + self.doc, "status": str(self.status)}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


def missing():
    return Refused(404, "Not Found")


def invalid(resource, field=None, code="invalid", message=None, doc=""):
    error = {"resource": resource, "code": code}
    if field:
        error["field"] = field
    if message:
        error["message"] = message
    return Refused(422, "Validation Failed", [error], doc)


def route(method, pattern, needs="metadata:read"):
    """Registers a call. needs: "permission|or another:level" (state.Token.may), "anyone", "app" (a JWT)
    or "user". {name} is one segment, {name:int} a number, {name*} the rest."""
    numbers = set(re.findall(r"\{(\w+):int\}", pattern))
    regex = re.sub(r"\{(\w+):int\}", r"(?P<\1>\\d+)", pattern)
    regex = re.sub(r"\{(\w+)\*\}", r"(?P<\1>.+)", regex)
    regex = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", regex)

    def register(function):
        ROUTES.append((method, re.compile(regex + "$"), numbers, needs, function))
        return function
    return register


class Call:
    """One request to the API, as its function sees it."""

    def __init__(self, gh, entry, token, claims):
        self.gh, self.entry, self.token, self.claims = gh, entry, token, claims
        self.query = dict(urllib.parse.parse_qsl(entry.query, keep_blank_values=True))
        self.repo = None
        self.headers = {}
        self.args = {}

    @property
    def login(self):
        return self.token.login if self.token else None

    @property
    def accept(self):
        return self.entry.headers.get("accept", "")

    def body(self, required=(), resource="Resource", kinds=None):
        """The JSON sent; its form is checked as GitHub does before anything happens."""
        raw = self.entry.body or b"{}"
        try:
            value = json.loads(raw)
        except ValueError:
            raise Refused(400, "Problems parsing JSON") from None
        if not isinstance(value, dict):
            raise Refused(400, "Body should be a JSON object")
        for name in required:
            if name not in value:
                raise Refused(422, f"Invalid request.\n\n\"{name}\" wasn't supplied.")
        for name, kind in (kinds or {}).items():
            if value.get(name) is not None and not isinstance(value[name], kind):
                what = {str: "a string", int: "an integer", list: "an array", bool: "a boolean"}.get(kind, "valid")
                raise Refused(422, f"Invalid request.\n\nFor 'properties/{name}', {json.dumps(value[name])} is not {what}.")
        return value

    def reply(self, status, value=None, **headers):
        data = b"" if value is None else json.dumps(value).encode()
        kind = {"Content-Type": "application/json; charset=utf-8"} if value is not None else {}
        return Reply(status, data, {**kind, **self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}})

    def redirect(self, url):
        return Reply(302, b"", {"Location": url, "Content-Type": "text/html;charset=utf-8"})

    def number(self, name, default, top):
        try:
            return max(1, min(top, int(self.query.get(name, default))))
        except ValueError:
            return default

    def paged(self, items, shape=lambda x: x, wrap=None, more=None):
        """One page of items in their shape, with the Link header; wrap: the name in a counted list."""
        size, page = self.number("per_page", 30, 100), self.number("page", 1, 10 ** 6)
        last = max(1, -(-len(items) // size))
        links = []
        for rel, there, at in (("prev", page > 1, page - 1), ("next", page < last, page + 1),
                               ("last", page < last, last), ("first", page > 1, 1)):
            if there:
                query = urllib.parse.urlencode({**self.query, "page": at})
                links.append(f'<{self.page_url()}?{query}>; rel="{rel}"')
        if links:
            self.headers["Link"] = ", ".join(links)
        shown = [shape(item) for item in items[(page - 1) * size:page * size]]
        value = {"total_count": len(items), **(more or {}), wrap: shown} if wrap else shown
        return self.reply(200, value)

    def page_url(self):
        """GitHub's own Link headers name the repository by its number."""
        path = self.entry.path
        if self.repo and path.startswith("/repos/"):
            path = f"/repositories/{self.repo.id}/" + path.split("/", 4)[4]
        return self.gh.api_url + path

    def allow(self, *wanted):
        """Refuses unless the token has one of ("permission", "level")."""
        token, gh, repo = self.token, self.gh, self.repo
        if any(token and token.may(gh, repo, permission, level) for permission, level in wanted):
            return
        if token is None:
            if all(level == "read" for _, level in wanted) and not repo.private:
                return
            raise Refused(401, "Requires authentication")
        accepted = "; ".join(f"{p}={'read' if level == 'read' else 'write'}" for p, level in wanted)
        headers = {"X-Accepted-GitHub-Permissions": accepted}
        if token.is_bot:
            raise Refused(403, "Resource not accessible by integration", headers=headers)
        if token.kind == "fine-grained":
            raise Refused(403, "Resource not accessible by personal access token", headers=headers)
        if wanted[0][0] == "administration":
            raise Refused(403, "Must have admin rights to Repository.")
        raise Refused(404, "Not Found")


def authenticate(gh, entry):
    """(token, claims of an app's JWT) of a request; refuses bad credentials."""
    kind, _, value = entry.headers.get("authorization", "").partition(" ")
    if not kind:
        return None, None
    value = value.strip()
    if kind.lower() == "bearer" and value.count(".") == 2:
        return None, check_jwt(gh, value)
    token = gh.tokens.get(value) if kind.lower() in ("bearer", "token") else None
    if token is None or token.expired(gh):
        raise Refused(401, "Bad credentials")
    entry.login = token.login
    return token, None


def check_jwt(gh, value):
    issuer = str(keys.claims_of(value).get("iss"))
    app = next((a for a in gh.apps.values() if issuer in (str(a.id), a.client_id)), None)
    if app is None:
        raise Refused(404, "Integration not found")
    claims = keys.verify(value, app.key)
    if claims is None:
        raise Refused(401, "A JSON web token could not be decoded")
    now = gh.now()
    if not isinstance(claims.get("exp"), int) or claims["exp"] <= now:
        raise Refused(401, "'Expiration time' claim ('exp') must be a numeric value representing the future time "
                      "at which the assertion expires")
    if claims["exp"] > now + 600 + 5:
        raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
    if not isinstance(claims.get("iat"), int) or claims["iat"] > now + 5:
        raise Refused(401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
    return {**claims, "app": app}


def find_route(method, path):
    """(needs, function, arguments); refuses what is not there."""
    for verb, regex, numbers, needs, function in ROUTES:
        found = regex.match(path) if verb == ("GET" if method == "HEAD" else method) else None
        if found:
            args = {k: urllib.parse.unquote(v) for k, v in found.groupdict().items()}
            return needs, function, {k: int(v) if k in numbers else v for k, v in args.items()}
    raise missing()


def by_number(gh, path):
    """/repositories/ID/... is /repos/OWNER/NAME/... ."""
    if found := re.match(r"/repositories/(\d+)(/.*)?$", path):
        repo = next((r for r in gh.repos.values() if r.id == int(found[1])), None)
        if repo is None:
            raise missing()
        return f"/repos/{repo.full_name}{found[2] or ''}"
    return path


def moved(gh, entry, path):
    """A repository of another name now: GitHub redirects to its number."""
    found = re.match(r"/repos/([^/]+/[^/]+)(/.*)?$", path)
    repo = next((r for r in gh.repos.values() if found and found[1].lower() in r.former_names), None)
    if repo is None:
        return None
    url = f"{gh.api_url}/repositories/{repo.id}{found[2] or ''}" + (f"?{entry.query}" if entry.query else "")
    body = {"message": "Moved Permanently", "url": url, "documentation_url": DOCS + "/guides/best-practices-for-using-"
            "the-rest-api#follow-redirects"}
    return Reply(301 if entry.method in ("GET", "HEAD") else 307, json.dumps(body).encode(),
                 {"Location": url, "Content-Type": "application/json; charset=utf-8"})


def admit(call, needs, args):
    """Resolves the repository and refuses who may not."""
    if "owner" in args:
        call.repo = call.gh.find_repo(f"{args.pop('owner')}/{args.pop('repo')}")
        seen = call.repo is not None and (not call.repo.private if call.token is None else
                                          call.token.sees(call.gh, call.repo))
        if call.claims and needs == "app":
            seen = call.repo is not None
        if not seen:
            raise missing()
    if needs == "app":
        if not call.claims:
            raise Refused(401, "A JSON web token could not be decoded")
    elif needs == "user":
        if call.token is None:
            raise Refused(401, "Requires authentication")
        if call.token.is_bot:
            raise Refused(403, "Resource not accessible by integration")
    elif needs != "anyone":
        if call.claims:
            raise Refused(401, "Bad credentials")
        names, level = needs.split(":")
        call.allow(*[(name, level) for name in names.split("|")])
        if level != "read" and call.repo.archived:
            raise Refused(403, "Repository was archived so is read-only.")


def dispatch(gh, entry, token, claims):
    path = by_number(gh, entry.path)
    if reply := moved(gh, entry, path):
        return reply
    needs, function, args = find_route(entry.method, path)
    call = Call(gh, entry, token, claims)
    admit(call, needs, args)
    return function(call, **args)


def checked(gh, entry):
    """The answer without limits and caching."""
    version = entry.headers.get("x-github-api-version")
    if version and version not in VERSIONS:
        raise Refused(400, f"\"{version}\" is not a supported version. Supported versions are: "
                      + ", ".join(sorted(VERSIONS)) + ".")
    token, claims = authenticate(gh, entry)
    gh.spend(entry, token)
    return dispatch(gh, entry, token, claims)


def answer(gh, entry):
    """The whole answer to a REST request."""
    if not entry.headers.get("user-agent"):
        return Reply(403, AGENT_WANTED.encode(), {"Content-Type": "text/html"})
    try:
        reply = checked(gh, entry)
    except Refused as refused:
        reply = Reply(refused.status, json.dumps(refused.body()).encode(),
                      {"Content-Type": "application/json; charset=utf-8", **refused.headers})
    reply.headers = {**gh.common_headers(entry), **gh.limit_headers(entry), **scopes(gh, entry), **reply.headers,
                     "X-GitHub-Api-Version-Selected": entry.headers.get("x-github-api-version", "2022-11-28")}
    return remember(gh, entry, reply)


def scopes(gh, entry):
    token = gh.token_of(entry)
    if token and token.kind in ("classic", "oauth"):
        return {"X-OAuth-Scopes": ", ".join(token.scopes), "X-Accepted-OAuth-Scopes": "repo"}
    return {}


def remember(gh, entry, reply):
    """ETag of what can be asked again; 304, which costs nothing, when it is known already."""
    if entry.method not in ("GET", "HEAD") or reply.status != 200:
        return reply
    key = entry.headers.get("authorization", "").encode() + entry.headers.get("accept", "").encode()
    tag = 'W/"' + hashlib.sha256(key + reply.body).hexdigest() + '"'
    reply.headers.update({"ETag": tag, "Cache-Control": "private, max-age=60, s-maxage=60",
                          "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With"})
    wanted = entry.headers.get("if-none-match", "")
    if tag in wanted or tag.removeprefix("W/") in wanted:
        gh.refund(entry)
        reply.status, reply.body = 304, b""
        reply.headers.update(gh.limit_headers(entry))
        reply.headers.pop("Content-Type", None)
    return reply
