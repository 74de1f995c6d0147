/* review_pull: an auto-fix pull request looked at as a careful person would: is the failure real,
 * does the change heal it, what else does it change.
 * Layer: heal. Anyone's pull request: the bot's own, Dependabot's, Renovate's. Says what it saw as
 * a comment; there is no way from here to an approval. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/verdict.h"

struct forge;
struct policy_options;

struct review_pull_options {
	struct str repo;
	int64_t number;
	struct str instance;
	const char *program, *cache_dir;
	int timeout_s; /* of one run of the tests */
	const struct policy_options *policy;
	bool post; /* write the review on GitHub; else only say it */
};

struct review_side {
	bool ran;
	struct str why, command; /* why it did not */
	const struct str *failing;
	size_t n_failing;
	bool steady; /* two runs agree */
};

struct reviewed {
	struct review_side base, head;
	const struct str *healed, *broken, *left; /* tests by id */
	size_t n_healed, n_broken, n_left;
	struct policy_report policy;
	size_t files;
	int64_t additions, deletions;
	const char *verdict; /* static: "heals", "does not heal", ... */
	struct str text;     /* Markdown, without marker */
	bool posted;
	struct str head_sha;
};

/* ERR_CONFIG when there is no such open pull request. */
int review_pull(struct reviewed *out, struct forge *forge,
	const struct review_pull_options *options, struct arena *mem, struct err *err) MUST_CHECK;
