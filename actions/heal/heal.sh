#!/usr/bin/env bash
# heal.sh: the heal action's one step. Runs 'selfheal heal' (or 'fix', when issues are handed in)
# with no token in its environment, and says where its result lies.
set -euo pipefail

temp=${RUNNER_TEMP:?not on a runner: RUNNER_TEMP is not set}
home=$temp/selfheal-heal

# The program strips its children's environment; these it does not get itself.
tokens=(
	GITHUB_TOKEN GH_TOKEN GH_ENTERPRISE_TOKEN GITHUB_ENTERPRISE_TOKEN
	ACTIONS_RUNTIME_TOKEN ACTIONS_RUNTIME_URL ACTIONS_RESULTS_URL ACTIONS_CACHE_URL
	ACTIONS_ID_TOKEN_REQUEST_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL INPUT_GITHUB-TOKEN INPUT_TOKEN
)

output() {
	echo "$1=$2" >>"$GITHUB_OUTPUT"
}

usage() {
	echo "::error title=selfheal heal::$1"
	exit 2
}

check_inputs() {
	case $HEAL_FAIL_ON in never | flaky | unhealed) ;; *) usage "fail-on takes never, flaky or unhealed" ;; esac
	case $HEAL_SANDBOX in auto | require | off) ;; *) usage "sandbox takes auto, require or off" ;; esac
	case $HEAL_NETWORK in true | false) ;; *) usage "network takes true or false" ;; esac
	case $HEAL_DRY_RUN in true | false) ;; *) usage "dry-run takes true or false" ;; esac
	command -v selfheal >/dev/null || usage "no selfheal on the PATH: put actions/setup before this step"
	[ -d "$HEAL_DIRECTORY" ] || usage "working-directory names no folder of the workspace"
	[ -z "$HEAL_ISSUES" ] || [ -f "$HEAL_ISSUES" ] || usage "issues names no file of the workspace"
}

# A checkout that kept its token lets every test read it.
warn_of_credentials() {
	if git -C "$HEAL_DIRECTORY" config --name-only --get-regexp '^http\..*\.extraheader$' >/dev/null 2>&1; then
		echo "::warning title=selfheal heal::actions/checkout left its token in the git configuration: set 'persist-credentials: false'"
	fi
}

# The checkout may be a stranger's, and so may its .selfheal.yml: flags and environment go first.
build_arguments() {
	arguments=("--sandbox=$HEAL_SANDBOX")
	export SELFHEAL_SANDBOX_NETWORK=$HEAL_NETWORK
	[ -z "$HEAL_TEST" ] || arguments+=("--test=$HEAL_TEST")
	[ -z "$HEAL_TIMEOUT" ] || arguments+=("--timeout=$HEAL_TIMEOUT")
	[ -z "$HEAL_BUDGET" ] || arguments+=("--budget=$HEAL_BUDGET")
	[ -z "$HEAL_JOBS" ] || arguments+=("--jobs=$HEAL_JOBS")
	[ -z "$HEAL_MAX_ATTEMPTS" ] || arguments+=("--max-attempts=$HEAL_MAX_ATTEMPTS")
	[ "$HEAL_DRY_RUN" = false ] || arguments+=(--dry-run)
	[ -z "${RUNNER_DEBUG:-}" ] || arguments+=(--verbose)
	if [ -n "$HEAL_ISSUES" ]; then
		arguments=(fix "--issues=$HEAL_ISSUES" "--out=$home/bundle.json" "${arguments[@]}")
	else
		arguments=(heal "--bundle=$home/bundle.json" "--patch=$home/fix.patch" "${arguments[@]}")
	fi
}

# The program learns what it looks at from the event; another run than the event's stands in for it.
name_run() {
	[ -n "$HEAL_RUN" ] || return 0
	case $HEAL_RUN in '{'*'}') ;; *) usage "run takes a JSON object" ;; esac
	printf '{"workflow_run": %s}\n' "$HEAL_RUN" >"$home/event.json"
	export GITHUB_EVENT_PATH=$home/event.json GITHUB_EVENT_NAME=workflow_run
}

run() {
	local unset=() name
	for name in "${tokens[@]}"; do
		unset+=(-u "$name")
	done
	env "${unset[@]}" selfheal "${arguments[@]}" "--fail-on=$HEAL_FAIL_ON" --format=json \
		-- "$HEAL_DIRECTORY" >"$home/report.json"
}

# What the program wrote about itself; nothing of it is an outsider's text.
outcome() {
	sed -n 's/^  "outcome": "\([a-z_]*\)".*/\1/p' "$home/report.json" | head -n 1
}

tell() {
	local code=$1 status
	status=$(outcome)
	output status "${status:-error}"
	output fixed "$([ -s "$home/fix.patch" ] && [ "$status" = healed ] && echo true || echo false)"
	output report "$home/report.json"
	[ ! -s "$home/fix.patch" ] || output patch-file "$home/fix.patch"
	[ ! -s "$home/bundle.json" ] || output bundle "$home/bundle.json"
	echo "selfheal: ${status:-no result} (exit code $code)"
}

# Advisory: what the bot could not do does not make anybody's job red.
finish() {
	local code=$1
	if [ "$code" != 0 ] && [ "$HEAL_FAIL_ON" = never ]; then
		echo "::warning title=selfheal heal::ended with exit code $code ($(meaning "$code")); fail-on is never, so this step stays green"
		code=0
	fi
	exit "$code"
}

meaning() {
	case $1 in
	1) echo "failures that were not healed" ;;
	2) echo "a mistake in the settings" ;;
	3) echo "infrastructure" ;;
	4) echo "refused by policy" ;;
	*) echo "interrupted" ;;
	esac
}

rm -rf "$home"
mkdir -p "$home"
check_inputs
warn_of_credentials
name_run
build_arguments
code=0
run || code=$?
tell "$code"
finish "$code"
