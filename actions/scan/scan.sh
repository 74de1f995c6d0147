#!/usr/bin/env bash
# scan.sh: the scan action's one step. Runs 'selfheal scan' with no token in its environment.
set -euo pipefail

temp=${RUNNER_TEMP:?not on a runner: RUNNER_TEMP is not set}
issues=$temp/selfheal-scan/issues.json
tokens=(
	GITHUB_TOKEN GH_TOKEN GH_ENTERPRISE_TOKEN GITHUB_ENTERPRISE_TOKEN
	ACTIONS_RUNTIME_TOKEN ACTIONS_RUNTIME_URL ACTIONS_RESULTS_URL ACTIONS_CACHE_URL
	ACTIONS_ID_TOKEN_REQUEST_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL
)

output() {
	echo "$1=$2" >>"$GITHUB_OUTPUT"
}

usage() {
	echo "::error title=selfheal scan::$1"
	exit 2
}

check_inputs() {
	case $SCAN_FAIL_ON in never | issues) ;; *) usage "fail-on takes never or issues" ;; esac
	command -v selfheal >/dev/null || usage "no selfheal on the PATH: put actions/setup before this step"
	[ -d "$SCAN_DIRECTORY" ] || usage "working-directory names no folder of the workspace"
	[ -z "$SCAN_SARIF" ] || [ -e "$SCAN_SARIF" ] || usage "sarif names nothing in the workspace"
	[ -z "$SCAN_COVERAGE" ] || [ -f "$SCAN_COVERAGE" ] || usage "coverage names no file of the workspace"
}

run() {
	local unset=() arguments=() name
	for name in "${tokens[@]}"; do
		unset+=(-u "$name")
	done
	[ -z "$SCAN_TEST" ] || arguments+=("--test=$SCAN_TEST")
	[ -z "$SCAN_SARIF" ] || arguments+=("--sarif=$SCAN_SARIF")
	[ -z "$SCAN_COVERAGE" ] || arguments+=("--coverage=$SCAN_COVERAGE")
	env "${unset[@]}" selfheal scan "${arguments[@]}" --format=json -- "$SCAN_DIRECTORY" >"$issues"
}

# Each issue has one "id" line of its own in what the program writes.
tell() {
	local code=$1 count status=clean
	count=$(grep -c '^ *"id": ' "$issues" || true)
	[ "$count" = 0 ] || status=issues
	[ "$code" -le 1 ] || status=error
	output issues "$issues"
	output count "$count"
	output status "$status"
	echo "selfheal: $count issues (exit code $code)"
}

rm -rf "$(dirname "$issues")"
mkdir -p "$(dirname "$issues")"
check_inputs
code=0
run || code=$?
tell "$code"
if [ "$SCAN_FAIL_ON" = never ]; then
	[ "$code" -le 1 ] || echo "::warning title=selfheal scan::ended with exit code $code; fail-on is never, so this step stays green"
	exit 0
fi
[ "$code" -gt 1 ] && exit "$code"
[ "$(grep -c '^ *"id": ' "$issues" || true)" = 0 ]
