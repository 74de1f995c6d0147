#!/usr/bin/env bash
# What is released at the end of its scope is set up before the first return: a BUF_AUTO, ARENA_AUTO
# or CHILD_RESULT_AUTO without an initialiser, whose first use comes behind a return, frees garbage.
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 - <<'END'
import glob
import re
import sys

bad = 0
for path in sorted(glob.glob("src/**/*.c", recursive=True)):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for body in re.finditer(r"\n\{\n(.*?)\n\}\n", text, re.S):
        for made in re.finditer(r"(?:BUF|ARENA|CHILD_RESULT)_AUTO (\w+);", body.group(1)):
            rest = body.group(1)[made.end():]
            used, left = rest.find("&" + made.group(1)), rest.find("return")
            if left >= 0 and (used < 0 or left < used):
                line = text.count("\n", 0, body.start() + made.start()) + 3
                print("%s:%d: '%s' is released before it is set up" % (path, line, made.group(1)))
                bad = 1
if not bad:
    print("cleanups hold")
sys.exit(bad)
END
