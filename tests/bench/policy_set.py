#!/usr/bin/env python3
"""Writes the generated evaluation set of the policy: JSON lines {id, must, rule, language, patch}.

Every rule x 5 languages and Rust x at least 10 spellings, and 500 harmless patches. Names, values, context
width and header style come from the seed, which is chosen at run time and printed on stderr.

    policy_set.py [--seed N] [--out FILE] [--harmless N]
"""
import argparse
import difflib
import json
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from policy import bases, code, harmless, repo, weaken  # noqa: E402

LANGUAGES = {"python": "py", "c": "c", "js": "js", "go": "go", "java": "java", "rust": "rs"}
WORDS = "amber birch cedar delta ember flint grove hazel ivory jasper kelp lotus maple north ocean pearl quartz river slate topaz umber violet willow yarrow zephyr".split()
VERBS = "sum_up merge_all count_of rank_by fold_in scale_to widen trim_off split_at pick_one shift_by round_up".split()
ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class World:
    """The values of the slots in one patch."""

    def __init__(self, rng):
        self.rng = rng
        w = rng.sample(WORDS, 6)
        f, g = rng.sample(VERBS, 2)
        numbers = rng.sample(range(12, 990), 4)
        inputs = rng.sample(range(3, 12), 4)
        x1, x2 = rng.sample([round(n / 8, 3) for n in range(9, 99)], 2)
        camel = lambda s: "".join(part.capitalize() for part in s.split("_"))
        self.slots = {"mod": w[0], "obj": w[1], "Cls": w[0].capitalize(), "f": f, "g": g, "F": camel(f), "G": camel(g)}
        for i in range(4):
            self.slots.update({f"w{i+1}": w[i + 2], f"W{i+1}": w[i + 2].capitalize(), f"n{i+1}": str(numbers[i]), f"a{i+1}": str(inputs[i])})
        self.slots.update({"x1": str(x1), "x2": str(x2), "v1": "1.%d.%d" % (inputs[0], inputs[1]), "v2": "1.%d.%d" % (inputs[0], inputs[1] + 1)})

    def value(self, match):
        key = match.group(1)
        if key in self.slots:
            return self.slots[key]
        kind, count = key[0], key[1:]
        if count.isdigit() and kind in "rRd":
            letters = {"r": ALNUM, "R": ALNUM[:26] + ALNUM[52:], "d": "0123456789"}[kind]
            self.slots[key] = "".join(self.rng.choice(letters) for _ in range(int(count)))
            return self.slots[key]
        return match.group(0)

    def fill(self, text):
        return None if text is None else re.sub(r"\{(\w+)\}", self.value, text)


def unified(world, path, old, new, width=0):
    """A patch of one file, in one of the shapes tools write."""
    lines = lambda text: text.splitlines(keepends=True)
    width = max(width, world.rng.choice([1, 2, 3, 3, 3, 5, 8]))
    body = list(difflib.unified_diff(lines(old or ""), lines(new or ""), "a/" + path, "b/" + path, n=width))
    text = "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in body)
    if old is None:
        text = text.replace("--- a/" + path, "--- /dev/null", 1)
    if new is None:
        text = text.replace("+++ b/" + path, "+++ /dev/null", 1)
    if not text or world.rng.random() < 0.6:
        head = f"diff --git a/{path} b/{path}\n"
        head += "new file mode 100644\n" if old is None else "deleted file mode 100644\n" if new is None else ""
        text = head + "index %07x..%07x%s\n" % (world.rng.getrandbits(28), world.rng.getrandbits(28), "" if old is None or new is None else " 100644") + text
    return text


def edited(world, text, old, new, where):
    """text with old replaced by new; an edit that changes nothing is a mistake of this file."""
    if isinstance(old, tuple):
        for one, other in zip(old, new):
            text = edited(world, text, one, other, where)
        return text
    if old == "FILE":
        return world.fill(new)
    if old.startswith("re:"):
        out = re.sub(world.fill(old[3:]), world.fill(new), text, count=1, flags=re.S)
    elif "rename-helper" in where and re.fullmatch(r"[\w{}]+", old):
        out = re.sub(r"\b%s\b" % re.escape(world.fill(old)), world.fill(new), text)
    else:
        out = text.replace(world.fill(old), world.fill(new), 1)
    if out == text:
        raise SystemExit(f"{where}: {old!r} is not in the base")
    return out


def language_of(base):
    return {"pytest": "python", "unittest": "python", "gtest": "c", "cmocka": "c", "cassert": "c", "jest": "js", "mocha": "js", "gotest": "go", "testify": "go",
            "junit5": "java", "junit4": "java", "rust": "rust", "rustinline": "rust"}[base]


class Set:
    def __init__(self, seed):
        self.seed = seed
        self.rows = []

    def world(self, name):
        return World(random.Random(f"{self.seed}/{name}"))

    def add(self, rule, must, language, n, patch):
        self.rows.append({"id": f"{rule}/{language}/{n}", "must": must, "rule": rule, "language": language, "patch": patch})

    def of_base(self, rule, must, language, n, base, old, new, swap=False):
        world = self.world(f"{rule}/{language}/{n}")
        path, text = bases.BASES[base]
        path, text = world.fill(path), world.fill(text)
        after = edited(world, text, old, new, f"{rule}/{language}/{n}")
        before = text
        if swap:
            before, after = after, before
        # What a hunk cannot show cannot be judged: that code beside Rust's product code is a test,
        # that another test has the same name.
        width = 8 if base == "rustinline" or new == "def test_{f}_of_{w1}" else 0
        self.add(rule, must, language, n, unified(world, path, before, after, width))

    def of_source(self, rule, must, language, n, old, new, path=None):
        world = self.world(f"{rule}/{language}/{n}/{path}")
        for key in ([language, "cpp"] if language == "c" else [language]):
            source_path, text = bases.SOURCES[key]
            text = world.fill(text)
            if world.fill(old) in text:
                break
        after = edited(world, text, old, new, f"{rule}/{language}/{n}")
        self.add(rule, must, language, n, unified(world, world.fill(path or source_path), text, after))

    def of_file(self, rule, must, language, n, path, old, new):
        world = self.world(f"{rule}/{language}/{n}")
        before = None if old is None else world.fill(bases.FILES[path])
        after = world.fill(new) if old is None else edited(world, before, old, new, f"{rule}/{language}/{n}")
        self.add(rule, must, language, n, unified(world, world.fill(path), before, after))

    def of_path(self, rule, must, language, n, path, old, new):
        world = self.world(f"{rule}/{language}/{n}")
        world.slots["ext"] = LANGUAGES[language]
        self.add(rule, must, language, n, unified(world, world.fill(path), world.fill(old), world.fill(new)))


def weakened(out):
    for rule, by_language in list(weaken.WEAKEN.items()) + [("changed-test", weaken.CHANGED)]:
        for language, spellings in by_language.items():
            for n, (base, old, new) in enumerate(spellings):
                out.of_base(rule, "hold" if rule == "changed-test" else "refuse", language, n, base, old, new)


def coded(out):
    for rule, (must, by_language) in code.CODE.items():
        for language, spellings in by_language.items():
            for n, (old, new) in enumerate(spellings):
                out.of_source(rule, must, language, n, old, new)
    for language, forms in code.SECRET_FORMS.items():
        texts = [form.replace("{secret}", secret) for secret in code.SECRETS for form in forms] + code.SECRET_NAMED[language]
        for n, text in enumerate(texts):
            out.of_path("secret", "refuse", language, n, "src/{w1}.{ext}", "\n", "\n" + text)


def configured(out):
    for rule, by_language in (("noop-command", repo.NOOP), ("deselected", repo.DESELECT)):
        for language, spellings in by_language.items():
            for n, (path, old, new) in enumerate(spellings):
                out.of_file(rule, "refuse", language, n, path, old, new)
    for n, (old, new) in enumerate(repo.HARNESS["python"]):
        out.of_file("harness-patched", "refuse", "python", n, "conftest.py", old, new)
    for language in LANGUAGES:
        for n, (old, new) in enumerate(repo.WORKFLOW):
            out.of_file("workflow-edit", "refuse", language, n, ".github/workflows/ci.yml", old, new)
        for rule, (must, spellings) in repo.PATHS.items():
            for n, (path, old, new) in enumerate(spellings):
                out.of_path(rule, must, language, n, path, old, new)


def moded(out):
    """Changes that have no lines: modes, links, submodules, binaries, renames."""
    for language, ext in LANGUAGES.items():
        world = out.world("mode/" + language)
        path = world.fill("src/{w1}.") + ext
        test = world.fill(bases.BASES[{"python": "pytest", "c": "gtest", "js": "jest", "go": "gotest", "java": "junit5", "rust": "rust"}[language]][0])
        folder, _, name = test.rpartition("/")
        head = f"diff --git a/{path} b/{path}\n"
        sha = "0123456789abcdef0123456789abcdef01234567"
        link = f"index 0000000..1234567\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+%s\n\\ No newline at end of file\n"
        modes = [f"old mode 100644\nnew mode 100755\n", "old mode 100755\nnew mode 100644\n", "old mode 100644\nnew mode 104755\n", "old mode 100644\nnew mode 100777\n", "old mode 100644\nnew mode 100755\nindex 1..2\n--- a/%s\n+++ b/%s\n@@ -1 +1 @@\n-a\n+b\n" % (path, path),
                 "new file mode 104755\n" + link % "a", "old mode 100644\nnew mode 100600\n", "old mode 100644\nnew mode 040000\n", "old mode 100644\nnew mode 102755\n", "old mode 100755\nnew mode 100644\nsimilarity index 90%\nrename from " + path + "\nrename to x." + ext + "\n"]
        links = ["new file mode 120000\n" + link % target for target in ("/etc/passwd", "../../secrets", "/proc/self/environ", "other." + ext, "../.git/config", "/dev/null", "~/.ssh")] + ["old mode 100644\nnew mode 120000\n", "deleted file mode 120000\nindex 1..0\n--- a/%s\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n" % path, "index 1..2 120000\n--- a/%s\n+++ b/%s\n@@ -1 +1 @@\n-x\n+/etc\n" % (path, path)]
        modules = ["new file mode 160000\nindex 0000000..1234567\n--- /dev/null\n+++ b/%s\n@@ -0,0 +1 @@\n+Subproject commit %s\n" % (path, sha), "index 1234567..7654321 160000\n--- a/%s\n+++ b/%s\n@@ -1 +1 @@\n-Subproject commit %s\n+Subproject commit %s\n" % (path, path, sha, sha[::-1]), "deleted file mode 160000\n--- a/%s\n+++ /dev/null\n@@ -1 +0,0 @@\n-Subproject commit %s\n" % (path, sha)]
        for rule, bodies in (("mode", modes), ("link", links), ("submodule", modules)):
            for n, body in enumerate(bodies):
                out.add(rule, "refuse", language, n, head + body)
        for n, old_new in enumerate([(None, "[submodule \"a\"]\n"), ("[submodule \"a\"]\n", "[submodule \"b\"]\n"), ("[submodule \"a\"]\n", None)] + [("url = https://%s.example\n" % w, "url = https://evil.example\n") for w in WORDS[:4]]):
            out.of_path("submodule-file", "refuse", language, n, ".gitmodules", *old_new)
        binaries = ["new file mode 100644\nindex 0..1\nGIT binary patch\nliteral 4\nLcmZQzWMT#Y01f~L\n\nliteral 0\nHcmV?d00001\n", "index 1..2 100644\nBinary files a/%s and b/%s differ\n" % (path, path), "index 1..2 100644\nGIT binary patch\ndelta 4\nLcmZQzWMT#Y01f~L\n\ndelta 4\nLcmZQzWMT#Y01f~L\n", "deleted file mode 100644\nBinary files a/%s and /dev/null differ\n" % path]
        for n, body in enumerate(binaries):
            out.add("binary", "hold", language, n, head + body)
        for n, name in enumerate(("lib/{w1}.so", "{w1}.jar", "bin/{w2}.exe", "img/{w1}.png", "data/{w1}.db", "{w1}.whl"), len(binaries)):
            file = world.fill(name)
            out.add("binary", "hold", language, n, f"diff --git a/{file} b/{file}\nnew file mode 100644\nindex 0000000..1234567\nBinary files /dev/null and b/{file} differ\n")
        names = [name + ".bak", "_" + name, name + ".off", "disabled/" + name, "old_" + name.replace("test", "tst").replace("Test", "Tst"), "README.txt", "notes/" + name + ".orig", name.replace("test", "check").replace("Test", "Check"), name + ".txt", "docs.md", name + "~"]
        if folder == "" or language == "rust":
            names = [n for n in names if not n.startswith("disabled/")]
        for n, new_name in enumerate(names):
            target = ("archive/" if language in ("js", "rust", "c") else folder + "/" if folder else "") + new_name
            out.add("uncollected-file", "refuse", language, n, f"diff --git a/{test} b/{target}\nsimilarity index 100%\nrename from {test}\nrename to {target}\n")
        for n, target in enumerate(["../outside." + ext, "/etc/x." + ext, ".git/hooks/pre-commit", "a/../../x." + ext, ".GIT/config", "src/.git/config", "..\\x." + ext, "a/\u200b.git/x", ".git/info/attributes", "./.git/config"]):
            out.add("outside", "refuse", language, n, f"--- /dev/null\n+++ b/{target}\n@@ -0,0 +1 @@\n+x\n")
    for n, lines in enumerate((3000, 5000)):
        out.of_path("size", "hold", "python", n, "src/{w1}.{ext}", "a = 0\n", "".join(f"a = {i}\n" for i in range(lines)))
    many = "".join(unified(out.world(f"many/{i}"), f"src/part{i}.py", "a = 1\n", "a = 2\n") for i in range(90))
    out.add("size", "hold", "python", 2, many)


def harmless_kinds(out):
    """(kind, add function) of every harmless patch that is written down."""
    kinds = []
    for kind, spellings in list(harmless.TESTS.items()) + [("stricter", harmless.STRICTER)]:
        for base, old, new in spellings:
            kinds.append((kind, lambda k, n, b=base, o=old, w=new: out.of_base(k, "allow", language_of(b), n, b, o, w)))
    for rule in harmless.UNDO:
        for language, spellings in weaken.WEAKEN[rule].items():
            added = [s for s in spellings if s[2] and s[1] in s[2]]
            for base, old, new in spellings[:2] if rule == "skipped-test" else added[:2]:
                kinds.append(("undo", lambda k, n, b=base, o=old, w=new: out.of_base(k, "allow", language_of(b), n, b, o, w, swap=True)))
    for language, spellings in harmless.SOURCE.items():
        for i, (old, new) in enumerate(spellings):
            kinds.append(("source", lambda k, n, l=language, o=old, w=new: out.of_source(k, "allow", l, n, o, w)))
            look = harmless.LOOKALIKES[i % len(harmless.LOOKALIKES)].replace("{ext}", LANGUAGES[language])
            kinds.append(("lookalike", lambda k, n, l=language, o=old, w=new, p=look: out.of_source(k, "allow", l, n, o, w, p)))
    for path, old, new in harmless.REPO:
        kinds.append(("repo", lambda k, n, p=path, o=old, w=new: out.of_file(k, "allow", "python", n, p, o, w)))
    for path, old, new in harmless.OTHER:
        kinds.append(("other", lambda k, n, p=path, o=old, w=new: out.of_path(k, "allow", "python", n, p, o, w)))
    return kinds


def harmed(out, count):
    kinds = harmless_kinds(out)
    order = random.Random(f"{out.seed}/order")
    for n in range(max(count, len(kinds))):
        kind, add = kinds[n] if n < len(kinds) else order.choice(kinds)
        add("ok-" + kind, n)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--out", default="-")
    parser.add_argument("--harmless", type=int, default=500)
    args = parser.parse_args()
    print("seed", args.seed, file=sys.stderr)
    out = Set(args.seed)
    for fill in (weakened, coded, configured, moded):
        fill(out)
    harmed(out, args.harmless)
    with (sys.stdout if args.out == "-" else open(args.out, "w")) as handle:
        for row in out.rows:
            handle.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
