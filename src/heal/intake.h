/* intake: which of GitHub's events ask for which job.
 * Layer: heal. Pure: the same event gives the same job. Payloads are of outsiders (a signature says
 * that GitHub sent them, not who wrote what is in them): a value of the wrong type or form is as
 * good as none, and a job that lacks what its kind needs is no job. */
#pragma once

#include "base/arena.h"
#include "model/job.h"

struct json_t;

/* Webhook events and payloads: https://docs.github.com/webhooks/webhook-events-and-payloads */
enum event {
	EVENT_OTHER,
	EVENT_PING,
	EVENT_WORKFLOW_RUN,
	EVENT_CHECK_SUITE,
	EVENT_CHECK_RUN,
	EVENT_PULL_REQUEST,
	EVENT_REVIEW,
	EVENT_REVIEW_COMMENT,
	EVENT_ISSUE_COMMENT,
	EVENT_PUSH,
	EVENT_INSTALLATION,
	EVENT_INSTALLATION_REPOSITORIES,
	EVENT_COUNT,
};
/* EVENT_OTHER for what is not known. "other" for EVENT_OTHER. */
enum event event_from_name(struct str name);
const char *event_to_name(enum event event);

/* The members at the top of a payload that are ever looked at; NULL-terminated. A payload may be
 * cut down to these before it is parsed. */
extern const char *const intake_members[];

struct intake_context {
	struct str me;            /* the bot's login; empty: not known, then any bot may be it */
	struct str branch_prefix; /* of the bot's own branches: "selfheal/" */
};

enum intake {
	INTAKE_JOB,
	INTAKE_SKIP,      /* *why says which of the reasons below */
	INTAKE_MALFORMED, /* *why names what is missing */
};
/* Strings of *out borrow from payload or live in mem; out->delivery is kept as it was given, and a
 * part of some keys. *why is a literal: "green", "not_completed", "own", "bot", "no_command",
 * "actions"... */
enum intake intake_read(struct job *out, const char **why, enum event event,
	const struct json_t *payload, const struct intake_context *context, struct arena *mem);
