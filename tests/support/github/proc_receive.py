"""git's proc-receive hook of the scripted GitHub: decides over each ref of a push, in GitHub's words.
The rules come in $FAKE_PUSH_RULES; see smart_http.py. The protocol: githooks(5), "proc-receive"."""
import json
import os
import subprocess
import sys

ZERO = "0" * 40


def read_packet():
    size = int(sys.stdin.buffer.read(4) or b"0", 16)
    return sys.stdin.buffer.read(size - 4).decode().rstrip("\n") if size else None


def write_packet(text):
    sys.stdout.buffer.write(b"0000" if text is None else b"%04x%s" % (len(text) + 4, text.encode()))


def git(*args):
    return subprocess.run(["git", *args], capture_output=True, text=True)


def workflow_touched(old, new):
    """The first workflow file that the new commits create or change."""
    if new == ZERO:
        return None
    known = git("for-each-ref", "--format=^%(objectname)").stdout.split()
    shown = git("log", "--format=", "--name-only", "--diff-filter=AMRCT", "-m", new, *known, "--", ".github/workflows")
    names = [line for line in shown.stdout.splitlines() if line]
    return names[0] if names else None


def refusal(ref, old, new, rules):
    if ref.startswith("refs/pull/"):
        return "deny updating a hidden ref"
    name = ref.removeprefix("refs/heads/")
    if not rules["workflows"]:
        if touched := workflow_touched(old, new):
            return f"refusing to allow {rules['who']} to create or update workflow `{touched}` without {rules['lacks']}"
    if name in rules["protected"]:
        print(f"error: GH006: Protected branch update failed for {ref}.\nerror: "
              "Changes must be made through a pull request.", file=sys.stderr)
        return "protected branch hook declined"
    if new == ZERO and name == rules["default"]:
        return "refusing to delete the current branch: " + ref
    return None


def update(ref, old, new):
    done = git("update-ref", "-d", ref, old) if new == ZERO else git("update-ref", ref, new, old)
    return None if done.returncode == 0 else "failed to update ref"


def main():
    rules = json.loads(os.environ["FAKE_PUSH_RULES"])
    read_packet()
    while read_packet() is not None:
        pass
    write_packet("version=1\n")
    write_packet(None)
    sys.stdout.buffer.flush()
    commands = []
    while (line := read_packet()) is not None:
        old, new, ref = line.split(" ", 2)
        commands.append((ref, old, new))
    # Commits that several refs share are judged before any ref is moved.
    verdicts = [refusal(ref, old, new, rules) for ref, old, new in commands]
    for (ref, old, new), reason in zip(commands, verdicts):
        reason = reason or update(ref, old, new)
        write_packet(f"ng {ref} {reason}\n" if reason else f"ok {ref}\n")
    write_packet(None)
    sys.stdout.buffer.flush()


main()
