#!/usr/bin/env bash
# docs/selfheal.1 is what the option tables say. UPDATE_GOLDEN=1 rewrites it.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${UPDATE_GOLDEN:-}" = 1 ]; then
	"$SELFHEAL" help --man > docs/selfheal.1
elif ! "$SELFHEAL" help --man | diff -u docs/selfheal.1 -; then
	echo "the options changed: selfheal help --man > docs/selfheal.1"
	exit 1
fi
echo "man page holds"
