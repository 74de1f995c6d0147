#!/usr/bin/env bash
# The layers of docs/TOUR.md, read from the include lines: a folder may include only what is below
# it, a stage never another stage, and each third-party header is included by exactly one folder.
set -euo pipefail
cd "$(dirname "$0")/.."
exec awk '
function layer(path,   p) {
	split(path, p, "/")
	return p[1]
}
function port(path,   p) {
	split(path, p, "/")
	return p[2]
}
BEGIN {
	rank["base"] = 0; rank["json"] = 1; rank["model"] = 2; rank["port"] = 3; rank["kit"] = 4
	n = split("detect diagnose repair verify learn publish", stages, " ")
	for (i = 1; i <= n; i++) { rank[stages[i]] = 5; stage[stages[i]] = 1 }
	rank["heal"] = 6; rank["app"] = 7
	m = split("child store syntax format git http crypto regex", low, " ")
	for (i = 1; i <= m; i++) portrank[low[i]] = 1
	m = split("httpd forge llm notify", high, " ")
	for (i = 1; i <= m; i++) portrank[high[i]] = 2
	owner["git2.h"] = "port/git"; owner["curl/curl.h"] = "port/http"; owner["jansson.h"] = "json"
	owner["sqlite3.h"] = "port/store"; owner["libpq-fe.h"] = "port/store"; owner["yaml.h"] = "port/format"
	owner["expat.h"] = "port/format"; owner["archive.h"] = "port/format"; owner["archive_entry.h"] = "port/format"; owner["microhttpd.h"] = "port/httpd"
	owner["lz4.h"] = "port/store"; owner["pcre2.h"] = "port/regex"; owner["tree_sitter/api.h"] = "port/syntax"
	owner["seccomp.h"] = "port/child"; owner["linux/landlock.h"] = "port/child"
}
FNR == 1 { file = FILENAME; sub(/^src\//, "", file); from = layer(file); folder = file; sub(/\/[^\/]*$/, "", folder) }
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, q, "\""); to = layer(q[2])
	if (!(to in rank)) { print FILENAME ":" FNR ": include by full path from src/: " q[2]; bad = 1; next }
	if (rank[to] > rank[from] || (to != from && stage[to] && stage[from])) {
		print FILENAME ":" FNR ": " from " must not include " q[2]; bad = 1
	}
	if (from == "port" && to == "port" && port(file) != port(q[2]) && portrank[port(q[2])] >= portrank[port(file)] &&
	    !(portrank[port(file)] == 1 && portrank[port(q[2])] == 1)) {
		print FILENAME ":" FNR ": port/" port(file) " must not include " q[2]; bad = 1
	}
	next
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	split($0, q, /[<>]/)
	for (h in owner) if (q[2] == h && folder !~ "^" owner[h] "(/|$)") {
		print FILENAME ":" FNR ": <" h "> belongs to src/" owner[h]; bad = 1
	}
	if (q[2] ~ /^git2\// && folder != "port/git") { print FILENAME ":" FNR ": <" q[2] "> belongs to src/port/git"; bad = 1 }
	if (q[2] ~ /^openssl\// && folder !~ /^port\/crypto/) { print FILENAME ":" FNR ": <" q[2] "> belongs to src/port/crypto"; bad = 1 }
}
END { if (!bad) print "layers hold"; exit bad }
' $(find src -name '*.c' -o -name '*.h' | sort)
