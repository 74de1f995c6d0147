#!/usr/bin/env bash
# What the documents name is there: files and folders, other documents, commands.
set -euo pipefail
cd "$(dirname "$0")/.."
bad=0

missing() {
	echo "$1: no $2"
	bad=1
}

for document in README.md CONTRIBUTING.md SECURITY.md docs/*.md docs/*/*.md; do
	[ -f "$document" ] || continue
	for path in $(grep -oE '`(src|tests|templates|sql|docs|scripts|cmake)/[A-Za-z0-9_./-]*`' \
		"$document" | tr -d '`' | sort -u); do
		[ -e "$path" ] || missing "$document" "$path"
	done
	for link in $(grep -oE '\]\([A-Za-z0-9_./-]+\)' "$document" | sed 's/^](//; s/)$//'); do
		[ -e "$(dirname "$document")/$link" ] || missing "$document" "$link"
	done
	for command in $(grep -ohE '(^    |^\$ |`)selfheal [a-z]+' "$document" |
		sed 's/.*selfheal //' | sort -u); do
		"$SELFHEAL" help "$command" >/dev/null 2>&1 ||
			missing "$document" "command 'selfheal $command'"
	done
done
[ $bad = 0 ] && echo "documents hold"
exit $bad
