/* responding: the state of one job while it is done, and its parts.
 * Layer: heal, private to respond_*.c. */
#pragma once

#include "heal/respond.h"
#include "heal/workplace.h"
#include "kit/bundle/bundle.h"
#include "port/forge/forge.h"

struct json_t;

struct responding {
	const struct job *job;
	const struct respond_options *o;
	struct publish_options publish;
	struct forge_user me;
	struct workplace place;
	struct json_t *document; /* the bundle's */
	struct bundle bundle;
	struct fix fix; /* its first */
	struct arena *mem;
};

/* Heals commit in a child: fills bundle and fix. avoid: diffs not to propose again. log_run: the
 * workflow run whose logs say what failed; 0: none. */
struct heal_job {
	struct str commit;
	int64_t pull;
	int64_t log_run;
	const struct str *avoid;
	size_t n_avoid;
	bool untrusted; /* a fork's head: its settings do not count */
	bool dry_run;
};
int responding_heal(struct responding *r, const struct heal_job *job, struct err *err) MUST_CHECK;
/* Publishes what was healed there; *out is the first of it. */
int responding_publish(struct responding *r, struct published *out, struct err *err) MUST_CHECK;
/* Our own pull request of that number: FORGE_NONE when there is none, or it is not ours. */
int responding_own_pull(struct responding *r, int64_t number, struct forge_pull *pull,
	struct marker *marker, struct err *err) MUST_CHECK;
/* What a pull request of ours changes, as the diffs of its files. */
int responding_pull_diff(
	struct responding *r, int64_t number, struct str *diff, struct err *err) MUST_CHECK;
/* One answer in the thread for each key, whatever is repeated. */
int responding_answer(struct responding *r, int64_t number, struct str key, struct str text,
	struct err *err) MUST_CHECK;
/* Writes the marker of a pull request of ours anew. */
int responding_mark(struct responding *r, const struct forge_pull *pull,
	const struct marker *marker, struct err *err) MUST_CHECK;
/* A refusal or red CI ends GitHub's auto-merge, where it was asked for. */
void responding_stop_merge(struct responding *r, const struct forge_pull *pull);
int responding_label(
	struct responding *r, int64_t number, const char *label, struct err *err) MUST_CHECK;

int respond_red_run(struct responding *r, struct err *err) MUST_CHECK;
int respond_own_red(struct responding *r, struct err *err) MUST_CHECK;
int respond_review(struct responding *r, struct err *err) MUST_CHECK;
int respond_command(struct responding *r, struct err *err) MUST_CHECK;
int respond_pull_closed(struct responding *r, struct err *err) MUST_CHECK;
int respond_base_green(struct responding *r, struct err *err) MUST_CHECK;
int respond_catch_up(struct responding *r, struct err *err) MUST_CHECK;
