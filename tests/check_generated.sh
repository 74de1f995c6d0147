#!/usr/bin/env bash
# What the binary writes about itself is what the repository holds: the man page from the option
# tables, the schema of .selfheal.yml from the settings table. UPDATE_GOLDEN=1 rewrites both.
set -euo pipefail
cd "$(dirname "$0")/.."

same() {
	local file=$1
	shift
	if [ "${UPDATE_GOLDEN:-}" = 1 ]; then
		"$SELFHEAL" "$@" > "$file"
	elif ! "$SELFHEAL" "$@" | diff -u "$file" -; then
		echo "a table changed: selfheal $* > $file"
		exit 1
	fi
}

same docs/selfheal.1 help --man
same templates/schemas/config.schema.json config schema

# docs/configuration.md is written by hand: it must name every setting and nothing that is none.
if ! diff <("$SELFHEAL" config show / | awk '{ print $1 }' | sort) \
	<(sed -n 's/^| `\([a-z_.]*\)` |.*/\1/p' docs/configuration.md | sort); then
	echo "docs/configuration.md does not list the settings there are"
	exit 1
fi
echo "generated files hold"
