/* job: something to do about one repository, as the queue keeps it.
 * Layer: model. Strings are borrowed (an arena, a store's answer); STR_NULL where a kind has none.
 * All of them come from outside: checked for form by heal/intake, believed by nobody. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct json_t;

enum job_kind {
	JOB_HEAL_RUN,     /* a red run: run_id and run_attempt, or a check suite of another CI */
	JOB_OWN_RED,      /* the same on a branch of the bot's own */
	JOB_BASE_GREEN,   /* a green run of a base branch */
	JOB_COMMAND,      /* "/selfheal text" in a comment */
	JOB_REVIEW,       /* a review, or comments on lines, of the bot's own pull request */
	JOB_PULL_CLOSED,  /* the bot's own pull request was merged or closed */
	JOB_INSTALLATION, /* the app was installed or removed; text is the action */
	JOB_PUSH,         /* a branch moved: makes older jobs of it outdated, runs nothing */
	JOB_CATCH_UP,     /* deliveries that failed are asked for again; from no event */
	JOB_KIND_COUNT,
};
const char *job_kind_to_string(enum job_kind kind);
bool job_kind_from_string(struct str s, enum job_kind *out);

struct job {
	int64_t id; /* the queue's; 0: not queued yet */
	enum job_kind kind;
	struct str repo;     /* "owner/name"; empty for the installation of many */
	struct str delivery; /* GitHub's id of the event it came from */
	struct str event, action, conclusion;
	struct str branch, sha; /* of the head */
	struct str head_repo;   /* other than repo: a fork; empty: a fork that is gone */
	struct str base;        /* the branch a pull request wants to go to; the default branch */
	struct str ci;          /* the name of the workflow, the slug of the app */
	struct str actor;       /* who caused it */
	struct str association; /* what GitHub says the actor is here: OWNER, MEMBER, ... */
	struct str text;        /* what follows "/selfheal" on its line; a review's body */
	int64_t number;         /* pull request or issue */
	int64_t run_id, run_attempt, suite_id, comment_id, review_id, installation_id;
	int64_t at;      /* when it happened, by GitHub's clock; 0: not known */
	bool merged;     /* of JOB_PULL_CLOSED */
	bool of_line;    /* comment_id is one on a diff's line */
	struct str key;  /* two jobs of one key are the same */
	struct str line; /* jobs of a line but for other commits are outdated by a newer one */
	/* The queue's. */
	int64_t tries, created_at;
	struct str error; /* why the last try failed */
};

/* Without the queue's fields. */
struct json_t *job_to_json(const struct job *job);
/* Fills what the object has (unknown members are left out); false without a known kind. */
bool job_from_json(struct job *out, const struct json_t *j, struct arena *mem);
