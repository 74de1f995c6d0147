"""Repositories on disk: what the API tells of branches, commits and differences comes from git."""
import base64
import os
import re
import subprocess
import sys
from pathlib import Path

ENV = {
    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null", "TZ": "UTC",
}
SHA = re.compile(r"[0-9a-f]{40}$")
FIELDS = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x01"
HOOK = Path(__file__).with_name("proc_receive.py")


class GitError(Exception):
    pass


class Disk:
    def __init__(self, path, default_branch="main"):
        self.path = Path(path)
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["git", "init", "-q", "--bare", "-b", default_branch, str(self.path)],
                           env=ENV, check=True)
            self.settle()

    def settle(self):
        """Settings and the hook that decides over each ref of a push, as GitHub does."""
        for key, value in (("http.receivepack", "true"), ("receive.hideRefs", "refs/pull"),
                           ("receive.procReceiveRefs", "refs"), ("uploadpack.allowAnySHA1InWant", "true"),
                           ("uploadpack.allowFilter", "true"), ("gc.auto", "0"), ("receive.advertiseAtomic", "true")):
            self.git("config", key, value)
        hook = self.path / "hooks" / "proc-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nexec {sys.executable} -E -S {HOOK}\n")
        hook.chmod(0o755)

    def clone(self, path):
        subprocess.run(["git", "clone", "-q", "--bare", "--no-hardlinks", str(self.path), str(path)],
                       env=ENV, check=True)
        other = Disk(path)
        other.settle()
        return other

    def git(self, *args, data=None, env=None, ok=(0,), raw=False):
        run = subprocess.run(["git", "--git-dir", str(self.path), *args], input=data, env={**ENV, **(env or {})},
                             capture_output=True)
        if run.returncode not in ok:
            raise GitError(f"git {' '.join(args)}: {run.stderr.decode('utf-8', 'replace')}")
        return run.stdout if raw else run.stdout.decode("utf-8", "replace").rstrip("\n")

    # Refs.
    def refs(self, prefix="refs/"):
        out = self.git("for-each-ref", "--format=%(refname) %(objectname)", prefix)
        return dict(line.split(" ") for line in out.splitlines())

    def resolve(self, name, kinds=("heads", "tags")):
        """The commit of a branch, tag or (short) sha; None."""
        if not name or name.startswith("-") or ".." in name or "@{" in name:
            return None
        tries = [f"refs/{kind}/{name}" for kind in kinds] + ([name] if name.startswith("refs/") else [])
        if re.fullmatch("[0-9a-f]{7,40}", name):
            tries.append(name)
        for one in tries:
            out = self.git("rev-parse", "-q", "--verify", one + "^{commit}", ok=(0, 1, 128))
            if SHA.match(out):
                return out
        return None

    def branch(self, name):
        return self.resolve(name, ("heads",)) if not SHA.match(name or "") else None

    def set_ref(self, ref, sha):
        self.git("update-ref", ref, sha) if sha else self.git("update-ref", "-d", ref)

    def has(self, sha, kind=None):
        if not SHA.match(sha or ""):
            return False
        out = self.git("cat-file", "-t", sha, ok=(0, 128))
        return bool(out) and (kind is None or out == kind)

    # Objects.
    def blob(self, sha):
        return self.git("cat-file", "blob", sha, raw=True)

    def put_blob(self, data):
        return self.git("hash-object", "-w", "--stdin", data=data)

    def tree(self, sha, recursive=False):
        args = ["-r", "-t"] if recursive else []
        rows = []
        for line in self.git("ls-tree", "-z", "-l", *args, sha, raw=True).decode("utf-8", "replace").split("\0"):
            if line:
                meta, path = line.split("\t", 1)
                mode, kind, oid, size = meta.split()
                rows.append({"path": path, "mode": mode, "type": kind, "sha": oid,
                             "size": None if size == "-" else int(size)})
        return rows

    def put_tree(self, base, entries):
        """A tree from a base (or None) and [(path, mode, sha or None)]."""
        env = {"GIT_INDEX_FILE": str(self.path / f"index.{os.getpid()}.{id(entries)}")}
        try:
            self.git("read-tree", base or "--empty", env=env)
            info = "".join(f"{mode} {sha}\t{path}\0" if sha else f"0 {'0' * 40}\t{path}\0"
                           for path, mode, sha in entries)
            if info:
                self.git("update-index", "-z", "--index-info", data=info.encode(), env=env)
            return self.git("write-tree", env=env)
        finally:
            Path(env["GIT_INDEX_FILE"]).unlink(missing_ok=True)

    def put_commit(self, tree, parents, message, author, committer=None):
        """author: (name, email, ISO time)."""
        committer = committer or author
        env = {"GIT_AUTHOR_NAME": author[0], "GIT_AUTHOR_EMAIL": author[1], "GIT_AUTHOR_DATE": author[2],
               "GIT_COMMITTER_NAME": committer[0], "GIT_COMMITTER_EMAIL": committer[1],
               "GIT_COMMITTER_DATE": committer[2]}
        args = [part for parent in parents for part in ("-p", parent)]
        return self.git("commit-tree", tree, *args, data=message.encode(), env=env)

    def commit_files(self, parent, files, message, author):
        """files: path -> text, bytes or None (removed)."""
        entries = []
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            mode = "100755" if data is not None and data.startswith(b"#!") else "100644"
            entries.append((path, mode, None if data is None else self.put_blob(data)))
        tree = self.put_tree(parent and parent + "^{tree}", entries)
        return self.put_commit(tree, [parent] if parent else [], message, author)

    # History.
    def log(self, *args):
        rows = []
        for record in self.git("log", f"--format={FIELDS}", *args).split("\x01"):
            record = record.lstrip("\n")
            if record:
                sha, tree, parents, an, ae, at, cn, ce, ct, message = record.split("\0")
                rows.append({"sha": sha, "tree": tree, "parents": parents.split(), "author": (an, ae, at),
                             "committer": (cn, ce, ct), "message": message.rstrip("\n")})
        return rows

    def commit(self, sha):
        return self.log("-1", sha)[0]

    def count(self, what):
        return int(self.git("rev-list", "--count", what))

    def merge_base(self, a, b):
        return self.git("merge-base", a, b, ok=(0, 1)) or None

    def is_ancestor(self, a, b):
        return self.merge_base(a, b) == a

    def merge(self, base, head):
        """The tree of a merge, or None: it conflicts."""
        out = self.git("merge-tree", "--write-tree", base, head, ok=(0, 1))
        tree, _, conflicts = out.partition("\n")
        return None if conflicts.strip() else tree

    def diff(self, base, head):
        """What changed between two commits, as GitHub's diff entries without the addresses."""
        base = base or self.git("hash-object", "-t", "tree", "-w", "--stdin", data=b"")
        raw = self.git("diff-tree", "-r", "-M", "--raw", "-z", "--abbrev=40", base, head, raw=True)
        fields = raw.decode("utf-8", "replace").split("\0")
        rows, at = [], 0
        while at < len(fields) and fields[at]:
            _, _, old, new, status = fields[at].lstrip(":").split()
            renamed = status[0] in "RC"
            paths = fields[at + 1:at + (3 if renamed else 2)]
            at += 3 if renamed else 2
            rows.append(self.diff_entry(base, head, paths, old, new, status[0]))
        return rows

    def diff_entry(self, base, head, paths, old, new, letter):
        text = self.git("diff-tree", "-r", "-M", "-p", base, head, "--", *paths)
        hunks = text[text.index("\n@@") + 1:] if "\n@@" in text else None
        lines = hunks.split("\n") if hunks else []
        entry = {
            "sha": old if letter == "D" else new, "filename": paths[-1],
            "status": {"A": "added", "D": "removed", "R": "renamed", "C": "copied"}.get(letter, "modified"),
            "additions": sum(line.startswith("+") for line in lines),
            "deletions": sum(line.startswith("-") for line in lines),
        }
        entry["changes"] = entry["additions"] + entry["deletions"]
        if hunks is not None:
            entry["patch"] = hunks
        if letter in "RC":
            entry["previous_filename"] = paths[0]
        return entry


def lines_of_patch(patch):
    """The lines a review comment may be put on: {"LEFT": {...}, "RIGHT": {...}}."""
    sides = {"LEFT": set(), "RIGHT": set()}
    old = new = 0
    for line in (patch or "").split("\n"):
        if head := re.match(r"@@ -(\d+)(?:,\d+)? \+(\d+)", line):
            old, new = int(head[1]), int(head[2])
        elif line.startswith("+"):
            sides["RIGHT"].add(new)
            new += 1
        elif line.startswith("-"):
            sides["LEFT"].add(old)
            old += 1
        elif line.startswith(" "):
            sides["LEFT"].add(old)
            sides["RIGHT"].add(new)
            old, new = old + 1, new + 1
    return sides


def as_base64(data):
    """Base64 in lines of 60 with a newline at the end, as GitHub writes it."""
    text = base64.b64encode(data).decode()
    return "".join(text[at:at + 60] + "\n" for at in range(0, len(text), 60))
