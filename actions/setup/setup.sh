#!/usr/bin/env bash
# setup.sh plan|install: the two halves of the setup action, with the cache between them.
#   plan      decides released or built, and under which key the cache holds it
#   install   takes it from the store (what the cache gave back), else fetches or builds it; checks it
# What the store holds is never believed: a tarball is checked against the SHA-256 in ./release.
set -euo pipefail

action=${GITHUB_ACTION_PATH:-$(cd "$(dirname "$0")" && pwd)}
source=$(cd "$action/../.." && pwd)
temp=${RUNNER_TEMP:?not on a runner: RUNNER_TEMP is not set}
home=$temp/selfheal

recorded() {
	awk -v key="$1" '$1 == key { print $2 }' "$action/release"
}

output() {
	echo "$1=$2" >>"$GITHUB_OUTPUT"
}

# One line on the summary's own terms: the message is ours alone, never an outsider's.
fail() {
	echo "::error title=selfheal setup::$1"
	exit "${2:-3}"
}

machine() {
	uname -m | sed 's/^amd64$/x86_64/; s/^arm64$/aarch64/'
}

# "2.36" or empty where the C library is another.
glibc() {
	getconf GNU_LIBC_VERSION 2>/dev/null | awk '$1 == "glibc" { print $2 }'
}

older() {
	[ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

# Why there is no released binary for this machine, or nothing.
why_not_released() {
	local here needed
	here=$(glibc)
	needed=$(recorded glibc)
	if [ "$(uname -s)" != Linux ]; then
		echo "released binaries are for Linux, this is $(uname -s)"
	elif [ -z "$here" ]; then
		echo "released binaries need glibc $needed, and this machine has another C library"
	elif older "$here" "$needed"; then
		echo "released binaries need glibc $needed, and this machine has $here"
	elif [ -z "$(recorded "$(machine)")" ]; then
		echo "no binary of version $(recorded version) is recorded for $(machine)"
	fi
}

# What identifies the source: the same source need not be built twice.
source_key() {
	(cd "$source" && find src cmake templates sql CMakeLists.txt CMakePresets.json package-lock.json \
		-type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-32)
}

plan() {
	local mode=${SETUP_BUILD:-auto} reason
	reason=$(why_not_released)
	case $mode in
	always) reason='build: always' ;;
	never) [ -z "$reason" ] || fail "$reason, and building is switched off (build: never)" ;;
	auto) ;;
	*) fail "build takes auto, always or never, not '${mode//[^a-z]/?}'" 2 ;;
	esac
	[ "$(uname -s)" = Linux ] || fail "selfheal runs on Linux: its sandbox is made of Linux's own means"
	output reason "$reason"
	output store "$home/store"
	if [ -z "$reason" ]; then
		output origin released
		output key "selfheal-$(recorded "$(machine)")"
	else
		echo "selfheal: building from source: $reason"
		output origin built
		output key "selfheal-built-$(machine)-$(glibc)-$(source_key)"
	fi
}

# The releases of the repository that the action was fetched from: .../_actions/OWNER/REPO/REF/...
releases_url() {
	local rest owner repository
	if [ -n "${SETUP_RELEASES_URL:-}" ]; then
		echo "${SETUP_RELEASES_URL%/}"
		return
	fi
	rest=${action#*/_actions/}
	owner=${rest%%/*}
	repository=${rest#*/}
	repository=$owner/${repository%%/*}
	[ "$rest" != "$action" ] || repository=$GITHUB_REPOSITORY
	echo "${GITHUB_SERVER_URL:-https://github.com}/$repository/releases/download"
}

matches() {
	echo "$2  $1" | sha256sum --check --status 2>/dev/null
}

fetch() {
	local tarball=$1 url
	url=$(releases_url)/v$(recorded version)/$(basename "$tarball")
	echo "selfheal: fetching $url"
	curl --fail --silent --show-error --location --retry 3 --retry-all-errors --max-time 300 \
		--max-filesize 100000000 --output "$tarball" "$url" ||
		fail "cannot fetch $url"
}

install_released() {
	local hash tarball
	hash=$(recorded "$(machine)")
	tarball=$SETUP_STORE/selfheal-$(recorded version)-linux-$(machine).tar.gz
	mkdir -p "$SETUP_STORE" "$home/released"
	if [ -f "$tarball" ] && ! matches "$tarball" "$hash"; then
		echo "selfheal: what the cache holds is not the release: fetching it again"
		rm -f "$tarball"
	fi
	[ -f "$tarball" ] || fetch "$tarball"
	matches "$tarball" "$hash" ||
		fail "$(basename "$tarball") has another SHA-256 than this action records: not used" 4
	tar -xzf "$tarball" --strip-components=1 --no-same-owner -C "$home/released"
	bin=$home/released/bin
}

install_built() {
	bin=$SETUP_STORE/bin
	if [ ! -x "$bin/selfheal" ]; then
		(
			cd "$source"
			scripts/setup
			cmake --preset release -G Ninja -DSELFHEAL_TESTS=OFF
			cmake --build build/release --target selfheal
		) >&2 || fail "the build failed: see the log above"
		mkdir -p "$bin"
		cp "$source/build/release/selfheal" "$bin/selfheal"
	fi
}

# Without them the sandbox has fewer layers: it says which, and this is no reason to stop.
allow_namespaces() {
	local setting=kernel.apparmor_restrict_unprivileged_userns
	[ "${SETUP_NAMESPACES:-true}" = true ] || return 0
	[ "${RUNNER_ENVIRONMENT:-}" = github-hosted ] || return 0
	[ "$(sysctl -n "$setting" 2>/dev/null)" = 1 ] || return 0
	sudo -n sysctl -q -w "$setting=0" 2>/dev/null || echo "selfheal: user namespaces stay forbidden here"
}

install() {
	local bin version
	rm -rf "$home/released"
	case ${SETUP_ORIGIN:?} in
	released) install_released ;;
	*) install_built ;;
	esac
	version=$("$bin/selfheal" version) || fail "the program does not start here"
	allow_namespaces
	echo "$bin" >>"$GITHUB_PATH"
	output path "$bin"
	output version "${version#selfheal }"
	output origin "$SETUP_ORIGIN"
	echo "$version, $SETUP_ORIGIN, in $bin"
}

case ${1:-} in
plan | install) "$1" ;;
*)
	echo "usage: setup.sh plan|install" >&2
	exit 2
	;;
esac
