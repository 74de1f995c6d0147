/* respond: one job of the queue, from the event to what is said on GitHub.
 * Layer: heal. A job can be cut off anywhere and done again: whatever it writes it looks for first.
 * Code of the repository runs in a child of this program that has no token (SPEC 12). */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/job.h"
#include "publish/publish.h"

struct forge;
struct policy_options;

struct respond_options {
	const char *store_path;
	const char *program;   /* this program, for its children */
	const char *cache_dir; /* mirrors and checkouts */
	int64_t cache_bytes;   /* of mirrors; 0: no limit */
	int budget_s;          /* of one heal */
	int max_attempts;      /* corrections of one pull request */
	struct forge *forge;
	const struct publish_options *publish; /* from the settings; repo is the job's */
	const struct policy_options *policy;
};

/* Does the job. 0 it is done (also when there was nothing to do); < 0 it is not: err_is_retryable
 * says whether it is worth trying again. */
int respond_run(const struct job *job, const struct respond_options *options, struct arena *mem,
	struct err *err) MUST_CHECK;
