#!/usr/bin/env bash
# publish.sh: the publish action's one step. Runs 'selfheal pr' on the bundle and nothing else: no
# code of the repository, no hook, no settings of git that the repository could have brought.
set -euo pipefail

bundle=${PUBLISH_BUNDLE:-${RUNNER_TEMP:?not on a runner: RUNNER_TEMP is not set}/selfheal-publish/bundle.json}

usage() {
	echo "::error title=selfheal publish::$1"
	exit 2
}

case $PUBLISH_FAIL_ON in never | error) ;; *) usage "fail-on takes never or error" ;; esac
case $PUBLISH_DRY_RUN in true | false) ;; *) usage "dry-run takes true or false" ;; esac
case $PUBLISH_RUN_ID in *[!0-9]*) usage "run-id takes a number" ;; esac
command -v selfheal >/dev/null || usage "no selfheal on the PATH: put actions/setup before this step"
if [ ! -f "$bundle" ]; then
	[ -z "$PUBLISH_BUNDLE" ] || usage "bundle names no file of the workspace"
	echo "selfheal: no artifact, so nothing to publish"
	echo "pull-request-operation=none" >>"$GITHUB_OUTPUT"
	exit 0
fi

arguments=("--fixes=$bundle")
[ -z "$PUBLISH_RUN_ID" ] || arguments+=("--run-id=$PUBLISH_RUN_ID")
[ -z "${PUBLISH_HEAD:-}" ] || arguments+=("--head=$PUBLISH_HEAD")
[ "$PUBLISH_DRY_RUN" = false ] || arguments+=(--dry-run)
[ -z "${RUNNER_DEBUG:-}" ] || arguments+=(--verbose)
code=0
selfheal pr "${arguments[@]}" || code=$?
if [ "$code" != 0 ] && [ "$PUBLISH_FAIL_ON" = never ]; then
	echo "::warning title=selfheal publish::ended with exit code $code; fail-on is never, so this step stays green"
	code=0
fi
exit "$code"
