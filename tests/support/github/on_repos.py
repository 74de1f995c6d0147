"""Calls about accounts, repositories, branches, refs, git objects, commits and contents."""
import base64

from . import shapes
from .api import Refused, missing, route
from .disk import as_base64
from .web import Reply

REFS_DOC = "/git/refs"


@route("GET", "/user", "user")
def user_get(call):
    return call.reply(200, shapes.private_user(call.gh, call.login))


@route("GET", "/users/{login}", "anyone")
def users_get(call, login):
    if login not in call.gh.users:
        raise missing()
    return call.reply(200, shapes.public_user(call.gh, login))


@route("GET", "/meta", "anyone")
def meta(call):
    return call.reply(200, {"verifiable_password_authentication": False, **(
        {"installed_version": "3.17.0"} if call.gh.ghes else {})})


@route("GET", "/rate_limit", "anyone")
def rate_limit(call):
    call.gh.refund(call.entry)
    core = call.gh.limit_of(call.entry)
    row = {"limit": core["limit"], "used": core["used"], "remaining": core["limit"] - core["used"], "reset": core["reset"]}
    search = {"limit": 30, "used": 0, "remaining": 30, "reset": core["reset"]}
    return call.reply(200, {"resources": {"core": row, "search": search, "graphql": dict(row)}, "rate": row})


@route("GET", "/repos/{owner}/{repo}")
def repos_get(call):
    return call.reply(200, shapes.full_repository(call.gh, call.repo, call.token))


@route("GET", "/repos/{owner}/{repo}/collaborators/{login}/permission")
def permission_get(call, login):
    if call.token is None:
        raise Refused(401, "Requires authentication")
    user = call.gh.users.get(login)
    if user is None:
        raise Refused(404, f"{login} is not a user")
    role = call.repo.role_of(login) if user.type == "User" else "none"
    simple = {"triage": "read", "maintain": "write"}.get(role, role)
    has = {"admin": role == "admin", "maintain": role in ("admin", "maintain"), "push": simple in ("write", "admin"),
           "triage": role not in ("none", "read"), "pull": role != "none"}
    return call.reply(200, {"permission": simple, "role_name": role, "user": {
        **shapes.simple_user(call.gh, login), "permissions": has, "role_name": role}})


@route("GET", "/repos/{owner}/{repo}/collaborators")
def collaborators(call):
    call.allow(("contents", "write"))
    logins = [call.repo.owner, *call.repo.collaborators]
    return call.paged(logins, lambda login: {**shapes.simple_user(call.gh, login), "role_name": call.repo.role_of(login),
                                             "permissions": {"pull": True, "push": True, "admin": False}})


# Branches and refs.
def has_commits(repo):
    if not repo.disk.refs("refs/heads/"):
        raise Refused(409, "Git Repository is empty.")


def short_branch(call, name, sha):
    return {"name": name, "commit": {"sha": sha, "url": f"{call.gh.api_url}/repos/{call.repo.full_name}/commits/{sha}"},
            "protected": call.gh.is_protected(call.repo, name)}


@route("GET", "/repos/{owner}/{repo}/branches", "contents:read")
def branches(call):
    rows = [(ref.removeprefix("refs/heads/"), sha) for ref, sha in sorted(call.repo.disk.refs("refs/heads/").items())]
    return call.paged(rows, lambda row: short_branch(call, *row))


@route("GET", "/repos/{owner}/{repo}/branches/{branch*}", "contents:read")
def branch(call, branch):
    if branch.endswith("/protection"):
        return call.gh.protection_answer(call, branch.removesuffix("/protection"))
    sha = call.repo.disk.branch(branch)
    if sha is None:
        raise Refused(404, "Branch not found", doc="/branches/branches#get-a-branch")
    api = f"{call.gh.api_url}/repos/{call.repo.full_name}/branches/{branch}"
    on = call.gh.is_protected(call.repo, branch)
    return call.reply(200, {
        "name": branch, "commit": shapes.commit(call.gh, call.repo, call.repo.disk.commit(sha)),
        "_links": {"self": api, "html": f"{call.gh.url}/{call.repo.full_name}/tree/{branch}"}, "protected": on,
        "protection": {"enabled": on, "required_status_checks": {
            "enforcement_level": "off", "contexts": [], "checks": []}}, "protection_url": api + "/protection"})


def git_ref(call, ref, sha):
    api = f"{call.gh.api_url}/repos/{call.repo.full_name}/git"
    return {"ref": ref, "node_id": shapes.node_id("Ref", ref), "url": f"{api}/{ref}",
            "object": {"sha": sha, "type": "commit", "url": f"{api}/commits/{sha}"}}


@route("GET", "/repos/{owner}/{repo}/git/ref/{ref*}", "contents:read")
def ref_get(call, ref):
    has_commits(call.repo)
    sha = call.repo.disk.refs("refs/").get("refs/" + ref)
    if sha is None:
        raise missing()
    return call.reply(200, git_ref(call, "refs/" + ref, sha))


@route("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref*}", "contents:read")
def refs_matching(call, ref):
    rows = [(n, s) for n, s in sorted(call.repo.disk.refs("refs/").items()) if n.startswith("refs/" + ref)]
    return call.reply(200, [git_ref(call, *row) for row in rows])


def guard_workflows(call, old, new):
    """A commit that touches a workflow needs the permission for it, through the API too."""
    known = old or call.repo.disk.branch(call.repo.default_branch)
    base = call.repo.disk.merge_base(known, new) if known else None
    touched = [f["filename"] for f in call.repo.disk.diff(base, new) if f["filename"].startswith(".github/workflows/")]
    if touched and not call.token.may_write_workflows(call.gh, call.repo):
        if call.token.is_bot:
            raise Refused(403, "Resource not accessible by integration")
        raise missing()


@route("POST", "/repos/{owner}/{repo}/git/refs", "contents:write")
def ref_create(call):
    sent = call.body(("ref", "sha"), kinds={"ref": str, "sha": str})
    disk, ref, sha = call.repo.disk, sent["ref"], sent["sha"]
    if not ref.startswith("refs/") or ref.count("/") < 2:
        raise Refused(422, "Reference name must start with 'refs/' and contain at least two slashes.", doc=REFS_DOC)
    if ref in disk.refs("refs/"):
        raise Refused(422, "Reference already exists", doc=REFS_DOC + "#create-a-reference")
    if not disk.has(sha):
        raise Refused(422, "Object does not exist", doc=REFS_DOC + "#create-a-reference")
    guard_workflows(call, None, sha)
    with call.gh.pushing(call.repo, call.token):
        disk.set_ref(ref, sha)
    return call.reply(201, git_ref(call, ref, sha), Location=git_ref(call, ref, sha)["url"])


@route("PATCH", "/repos/{owner}/{repo}/git/refs/{ref*}", "contents:write")
def ref_update(call, ref):
    sent = call.body(("sha",), kinds={"sha": str, "force": bool})
    disk, name = call.repo.disk, "refs/" + ref
    old = disk.refs("refs/").get(name)
    if old is None:
        raise Refused(422, "Reference does not exist", doc=REFS_DOC + "#update-a-reference")
    if not disk.has(sent["sha"], "commit"):
        raise Refused(422, "Object does not exist", doc=REFS_DOC + "#update-a-reference")
    if not sent.get("force") and not disk.is_ancestor(old, sent["sha"]):
        raise Refused(422, "Update is not a fast forward", doc=REFS_DOC + "#update-a-reference")
    refuse_protected(call, name)
    guard_workflows(call, old, sent["sha"])
    with call.gh.pushing(call.repo, call.token):
        disk.set_ref(name, sent["sha"])
    return call.reply(200, git_ref(call, name, sent["sha"]))


def refuse_protected(call, ref):
    rule = call.repo.protection.get(ref.removeprefix("refs/heads/"), {})
    if rule.get("pushes_refused") and not call.token.may(call.gh, call.repo, "administration", "write"):
        raise Refused(422, "Protected branch update failed for " + ref, doc=REFS_DOC)


@route("DELETE", "/repos/{owner}/{repo}/git/refs/{ref*}", "contents:write")
def ref_delete(call, ref):
    if "refs/" + ref not in call.repo.disk.refs("refs/"):
        raise Refused(422, "Reference does not exist", doc=REFS_DOC + "#delete-a-reference")
    refuse_protected(call, "refs/" + ref)
    with call.gh.pushing(call.repo, call.token):
        call.repo.disk.set_ref("refs/" + ref, None)
    return call.reply(204)


# Git objects.
@route("GET", "/repos/{owner}/{repo}/git/blobs/{sha}", "contents:read")
def blob_get(call, sha):
    if not call.repo.disk.has(sha, "blob"):
        raise missing()
    data = call.repo.disk.blob(sha)
    if "raw" in call.accept:
        return Reply(200, data, {"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    return call.reply(200, {"sha": sha, "node_id": shapes.node_id("Blob", sha), "size": len(data), "encoding": "base64",
                            "url": f"{call.gh.api_url}/repos/{call.repo.full_name}/git/blobs/{sha}",
                            "content": as_base64(data)})


def decoded(text, encoding):
    if encoding != "base64":
        return text.encode()
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        raise Refused(422, "content is not valid Base64", doc="/git/blobs#create-a-blob") from None


@route("POST", "/repos/{owner}/{repo}/git/blobs", "contents:write")
def blob_create(call):
    sent = call.body(("content",), kinds={"content": str, "encoding": str})
    sha = call.repo.disk.put_blob(decoded(sent["content"], sent.get("encoding", "utf-8")))
    return call.reply(201, {"sha": sha, "url": f"{call.gh.api_url}/repos/{call.repo.full_name}/git/blobs/{sha}"})


def git_tree(call, sha, recursive=False):
    api = f"{call.gh.api_url}/repos/{call.repo.full_name}/git"
    rows = []
    for row in call.repo.disk.tree(sha, recursive):
        one = {k: row[k] for k in ("path", "mode", "type", "sha")}
        if row["size"] is not None:
            one["size"] = row["size"]
        one["url"] = f"{api}/{row['type']}s/{row['sha']}"
        rows.append(one)
    return {"sha": sha, "url": f"{api}/trees/{sha}", "tree": rows, "truncated": False}


@route("GET", "/repos/{owner}/{repo}/git/trees/{sha*}", "contents:read")
def tree_get(call, sha):
    disk = call.repo.disk
    found = sha if disk.has(sha, "tree") else (c := disk.resolve(sha)) and disk.commit(c)["tree"]
    if not found:
        raise missing()
    return call.reply(200, git_tree(call, found, "recursive" in call.query))


@route("POST", "/repos/{owner}/{repo}/git/trees", "contents:write")
def tree_create(call):
    sent = call.body(("tree",), kinds={"tree": list, "base_tree": str})
    disk, base, entries = call.repo.disk, sent.get("base_tree"), []
    if base and not (disk.has(base, "tree") or disk.has(base, "commit")):
        raise Refused(404, "base_tree is not a valid tree oid", doc="/git/trees#create-a-tree")
    for row in sent["tree"]:
        mode, kind = row.get("mode"), row.get("type")
        if mode not in ("100644", "100755", "040000", "160000", "120000"):
            raise Refused(422, f"tree.mode {mode} is not a valid mode", doc="/git/trees#create-a-tree")
        if not row.get("path") or row["path"].startswith("/") or ".." in row["path"].split("/"):
            raise Refused(422, "tree.path contains a malformed path component", doc="/git/trees#create-a-tree")
        if "content" in row and "sha" in row:
            raise Refused(422, "Must supply either tree.sha or tree.content, not both.", doc="/git/trees#create-a-tree")
        sha = disk.put_blob(row["content"].encode()) if "content" in row else row.get("sha")
        if sha is not None and kind != "commit" and not disk.has(sha):
            raise Refused(422, f"tree.sha {sha} is not a valid {kind}", doc="/git/trees#create-a-tree")
        entries.append((row["path"], mode, sha))
    tree = disk.put_tree(base and (base if disk.has(base, "tree") else base + "^{tree}"), entries)
    return call.reply(201, git_tree(call, tree))


@route("GET", "/repos/{owner}/{repo}/git/commits/{sha}", "contents:read")
def git_commit_get(call, sha):
    if not call.repo.disk.has(sha, "commit"):
        raise missing()
    return call.reply(200, shapes.git_commit(call.gh, call.repo, call.repo.disk.commit(sha)))


@route("POST", "/repos/{owner}/{repo}/git/commits", "contents:write")
def git_commit_create(call):
    sent = call.body(("message", "tree"), kinds={"message": str, "tree": str, "parents": list})
    disk = call.repo.disk
    if not disk.has(sent["tree"], "tree"):
        raise Refused(422, "Tree SHA does not exist", doc="/git/commits#create-a-commit")
    for parent in sent.get("parents") or []:
        if not disk.has(parent, "commit"):
            raise Refused(422, "Parent SHA does not exist or is not a commit object", doc="/git/commits#create-a-commit")
    who = call.gh.users[call.login]
    default = (who.name or who.login, who.noreply, call.gh.time_text())

    def person(given):
        return (given["name"], given["email"], given.get("date") or default[2]) if given else None
    author = person(sent.get("author"))
    committer = person(sent.get("committer")) or author or ("GitHub", "noreply@github.com", default[2])
    sha = disk.put_commit(sent["tree"], sent.get("parents") or [], sent["message"], author or default, committer)
    if call.token.is_bot and not sent.get("author") and not sent.get("committer"):
        call.repo.signed.add(sha)
    return call.reply(201, shapes.git_commit(call.gh, call.repo, disk.commit(sha)))


# Commits.
def commit_of(call, ref):
    has_commits(call.repo)
    for prefix in ("heads/", "refs/heads/", "tags/"):
        if found := call.repo.disk.resolve(ref.removeprefix(prefix)):
            return found
    raise Refused(422, f"No commit found for SHA: {ref}", doc="/commits/commits#get-a-commit")


@route("GET", "/repos/{owner}/{repo}/commits", "contents:read")
def commits(call):
    has_commits(call.repo)
    start = call.query.get("sha") or call.repo.default_branch
    sha = call.repo.disk.resolve(start)
    if sha is None:
        raise missing()
    args = [f"--{k}={call.query[k]}" for k in ("since", "until", "author") if k in call.query]
    args += [sha, *(["--", call.query["path"]] if call.query.get("path") else [])]
    return call.paged(call.repo.disk.log(*args), lambda row: shapes.commit(call.gh, call.repo, row))


@route("GET", "/repos/{owner}/{repo}/commits/{sha}/pulls", "pull_requests:read")
def commit_pulls(call, sha):
    if not call.repo.disk.has(sha, "commit"):
        raise Refused(422, f"No commit found for SHA: {sha}")
    disk = call.repo.disk

    def holds(one):
        head = one.pull.head_sha
        base = disk.merge_base(one.pull.base_sha, head)
        return disk.is_ancestor(sha, head) and not (base and disk.is_ancestor(sha, base)) or one.pull.merge_sha == sha
    return call.paged([i for i in call.repo.pulls if holds(i)], lambda i: shapes.pull_request_simple(call.gh, call.repo, i))


@route("GET", "/repos/{owner}/{repo}/commits/{ref*}")
def commit_get(call, ref):
    return call.gh.commit_sub(call, ref) or commit_alone(call, commit_of(call, ref))


def commit_alone(call, sha):
    call.allow(("contents", "read"))
    row = call.repo.disk.commit(sha)
    files = call.repo.disk.diff(row["parents"][0] if row["parents"] else None, sha)
    if "diff" in call.accept:
        text = call.repo.disk.git("diff-tree", "-p", "-M", "--root", "--no-commit-id", sha)
        return Reply(200, text.encode(), {"Content-Type": "application/vnd.github.diff; charset=utf-8"})
    if call.accept.endswith(".sha"):
        return Reply(200, sha.encode(), {"Content-Type": "application/vnd.github.sha"})
    return call.reply(200, shapes.commit(call.gh, call.repo, row, files[:300]))


@route("GET", "/repos/{owner}/{repo}/compare/{basehead*}", "contents:read")
def compare(call, basehead):
    gh, repo = call.gh, call.repo
    base, dots, head = basehead.partition("...")
    shas = [gh.foreign(repo, side) for side in (base, head)]
    if not dots or None in shas:
        raise missing()
    fork = repo.disk.merge_base(*shas)
    if fork is None:
        raise Refused(404, f"No common ancestor between {base} and {head}.", doc="/commits/commits#compare-two-commits")
    ahead, behind = repo.disk.count(f"{shas[0]}..{shas[1]}"), repo.disk.count(f"{shas[1]}..{shas[0]}")
    rows = repo.disk.log("--reverse", "--topo-order", f"{shas[0]}..{shas[1]}")
    size, page = call.number("per_page", 250, 250), call.number("page", 1, 1000)
    # Without paging GitHub lists the latest 250; with it, the first page alone has the files.
    shown = rows[(page - 1) * size:page * size] if "page" in call.query or "per_page" in call.query else rows[-250:]
    files = repo.disk.diff(fork, shas[1])[:300] if page == 1 else []
    html = f"{gh.url}/{repo.full_name}/compare/{basehead}"
    if ahead > page * size:
        call.headers["Link"] = f'<{call.page_url()}?per_page={size}&page={page + 1}>; rel="next"'
    return call.reply(200, {
        "url": f"{gh.api_url}/repos/{repo.full_name}/compare/{basehead}", "html_url": html, "permalink_url": html,
        "diff_url": html + ".diff", "patch_url": html + ".patch",
        "base_commit": shapes.commit(gh, repo, repo.disk.commit(shas[0])),
        "merge_base_commit": shapes.commit(gh, repo, repo.disk.commit(fork)),
        "status": "identical" if shas[0] == shas[1] else "diverged" if ahead and behind else "ahead" if ahead else "behind",
        "ahead_by": ahead, "behind_by": behind, "total_commits": ahead,
        "commits": [shapes.commit(gh, repo, row) for row in shown],
        "files": [shapes.diff_entry(gh, repo, shas[1], f) for f in files]})


# Contents.
def content_row(call, row, path, ref):
    api, html = f"{call.gh.api_url}/repos/{call.repo.full_name}", f"{call.gh.url}/{call.repo.full_name}"
    kind = {"tree": "dir", "commit": "submodule"}.get(row["type"], "symlink" if row["mode"] == "120000" else "file")
    url = f"{api}/contents/{path}?ref={ref}"
    git, page = f"{api}/git/{row['type']}s/{row['sha']}", f"{html}/blob/{ref}/{path}"
    raw = f"{html}/raw/{ref}/{path}" if kind in ("file", "symlink") else None
    return {"name": path.rsplit("/", 1)[-1], "path": path, "sha": row["sha"], "size": row["size"] or 0, "url": url,
            "html_url": page, "git_url": git, "download_url": raw, "type": kind,
            "_links": {"self": url, "git": git, "html": page}}


def find_path(call, path, sha):
    if not path:
        return {"type": "tree", "sha": sha, "mode": "040000", "size": None}
    rows = call.repo.disk.git("ls-tree", "-z", "-l", sha, "--", path).split("\0")
    if not rows[0]:
        raise Refused(404, "Not Found", doc="/repos/contents#get-repository-content")
    mode, kind, oid, size = rows[0].split("\t")[0].split()
    return {"mode": mode, "type": kind, "sha": oid, "size": None if size == "-" else int(size)}


@route("GET", "/repos/{owner}/{repo}/contents/?", "contents:read")
@route("GET", "/repos/{owner}/{repo}/contents/{path*}", "contents:read")
def contents_get(call, path=""):
    ref = call.query.get("ref") or call.repo.default_branch
    path = path.strip("/")
    sha = call.repo.disk.resolve(ref.removeprefix("refs/heads/"))
    if sha is None:
        if not call.repo.disk.refs("refs/heads/"):
            raise Refused(404, "This repository is empty.", doc="/repos/contents#get-repository-content")
        raise Refused(404, f"No commit found for the ref {ref}", doc="/repos/contents#get-repository-content")
    row = find_path(call, path, sha)
    if row["type"] == "tree":
        rows = call.repo.disk.tree(f"{sha}:{path}" if path else sha)
        return call.reply(200, [content_row(call, r, f"{path}/{r['path']}" if path else r["path"], ref) for r in rows])
    data = call.repo.disk.blob(row["sha"]) if row["type"] == "blob" else b""
    if "raw" in call.accept:
        return Reply(200, data, {"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    one = content_row(call, row, path, ref)
    if one["type"] == "symlink":
        one["target"] = data.decode()
    elif one["type"] == "submodule":
        one["submodule_git_url"] = None
    else:
        large = len(data) > 1 << 20
        one.update({"content": "" if large else as_base64(data), "encoding": "none" if large else "base64"})
    return call.reply(200, one)


@route("PUT", "/repos/{owner}/{repo}/contents/{path*}", "contents:write")
def contents_put(call, path):
    sent = call.body(("message", "content"), kinds={"message": str, "content": str, "sha": str, "branch": str})
    return change_content(call, path, sent, decoded(sent["content"], "base64"))


@route("DELETE", "/repos/{owner}/{repo}/contents/{path*}", "contents:write")
def contents_delete(call, path):
    return change_content(call, path, call.body(("message", "sha")), None)


def change_content(call, path, sent, data):
    repo, branch = call.repo, sent.get("branch") or call.repo.default_branch
    head = repo.disk.branch(branch)
    if head is None and repo.disk.refs("refs/heads/"):
        raise Refused(404, f"Branch {branch} not found")
    there = repo.disk.git("rev-parse", "-q", "--verify", f"{head}:{path}", ok=(0, 1, 128)) if head else ""
    if there and not sent.get("sha"):
        raise Refused(422, "Invalid request.\n\n\"sha\" wasn't supplied.")
    if sent.get("sha") and sent["sha"] != there:
        raise Refused(409, f"{path} does not match {sent['sha']}", doc="/repos/contents#create-or-update-file-contents")
    refuse_protected(call, "refs/heads/" + branch)
    who = call.gh.users[call.login]
    sha = repo.disk.commit_files(head, {path: data}, sent["message"], (who.login, who.noreply, call.gh.time_text()))
    guard_workflows(call, head, sha)
    with call.gh.pushing(repo, call.token):
        repo.disk.set_ref("refs/heads/" + branch, sha)
    content = None
    if data is not None:
        content = content_row(call, find_path(call, path, sha), path, branch)
    return call.reply(200 if there else 201, {"content": content, "commit": shapes.git_commit(
        call.gh, repo, repo.disk.commit(sha))})
