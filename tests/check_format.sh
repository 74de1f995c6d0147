#!/usr/bin/env bash
# Every C file of ours is as .clang-format says.
set -euo pipefail
cd "$(dirname "$0")/.."
find src tests -name node_modules -prune -o -name '*.[ch]' -not -path '*/corpus/*' -not -path '*/golden/*' -print0 |
	xargs -0 clang-format --dry-run --Werror
echo "format holds"
