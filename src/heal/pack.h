/* pack: heal's results as a bundle, with what is known of where they were made.
 * Layer: heal. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct json_t;

/* What the caller knows of the run; the rest is read from the repository. */
struct pack_options {
	const char *root;       /* the project's folder */
	const char *store_path; /* NULL: the repository's own */
	bool no_store;
	int64_t since; /* what was learned at that time or later goes along */
	struct str repository, event, run_url, branch; /* may be empty */
	int64_t run_id, run_attempt, pull;
	bool trusted;
};

/* Appends the bundle of these results (heal_result_to_json). */
int pack_results(struct buf *out, const struct pack_options *options, struct json_t *const *results,
	size_t n, struct err *err) MUST_CHECK;
