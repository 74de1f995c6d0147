#!/usr/bin/env bash
# command.sh: the command action's one step. All that it reads is anyone's text, so each value is
# held to its form before it becomes part of a request.
set -euo pipefail

verbs=" retry "

# The word behind '/selfheal' where that is the first word of a line.
verb() {
	printf '%s\n' "$COMMAND_BODY" | tr -d '\r' | awk 'tolower($1) == "/selfheal" { print tolower($2); exit }'
}

is_number() {
	case $1 in '' | *[!0-9]*) return 1 ;; esac
}

may_write() {
	local permission
	case $COMMAND_AUTHOR in '' | *[!A-Za-z0-9-]*) return 1 ;; esac
	permission=$(gh api "repos/$GITHUB_REPOSITORY/collaborators/$COMMAND_AUTHOR/permission" --jq .permission) || return 1
	[ "$permission" = admin ] || [ "$permission" = write ]
}

# Only a sign that it was seen: not being allowed to react ends nothing.
react() {
	gh api --silent -X POST "repos/$GITHUB_REPOSITORY/issues/comments/$COMMAND_COMMENT/reactions" \
		-f content="$1" || echo "selfheal: could not react to the comment"
}

say() {
	echo "selfheal: $1"
	exit 0
}

export GH_HOST=${GITHUB_SERVER_URL#https://}
command=$(verb)
[ -n "$command" ] || say "no command at the beginning of a line"
is_number "$COMMAND_COMMENT" || say "not a comment"
is_number "$COMMAND_PULL" || say "not a comment on a pull request"
may_write || say "the author of the comment may not write here: ignored"
if [ "${verbs#* "$command" }" = "$verbs" ]; then
	react confused
	say "not a command of this workflow: it knows$verbs"
fi
react eyes
run=$(gh api "repos/$GITHUB_REPOSITORY/pulls/$COMMAND_PULL" --jq '{id: 0, run_attempt: 1, html_url,
	head_branch: .head.ref, head_sha: .head.sha, head_repository: {full_name: .head.repo.full_name},
	triggering_actor: {login: .user.login}, pull_requests: [{number}]}')
echo "command=$command" >>"$GITHUB_OUTPUT"
echo "run=$(tr -d "\n" <<<"$run")" >>"$GITHUB_OUTPUT"
echo "selfheal: $command of pull request $COMMAND_PULL"
