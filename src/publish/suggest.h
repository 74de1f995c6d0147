/* suggest: a fix as suggestion comments on the pull request that failed, where the lines it changes
 * are lines that pull request shows.
 * Layer: publish. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/fix.h"
#include "model/udiff.h"

struct forge;
struct forge_file;
struct forge_line_note;

/* The fix's hunks as notes on a pull request's files (their hunks in patch). SUGGEST_OUTSIDE when a
 * hunk lies in lines that its diff does not show, or adds or removes a file: then none is made. */
enum { SUGGEST_OUTSIDE = 1 };
int suggest_notes(struct forge_line_note **notes, size_t *n, const struct udiff *fix,
	struct str folder, const struct forge_file *files, size_t n_files,
	struct arena *mem) MUST_CHECK;

struct suggest_options {
	struct str repo, sha; /* the head the fix was proved on */
	struct str folder, instance;
	int64_t pull;
};
/* A review with the notes, once for one change; SUGGEST_OUTSIDE as above, or when the head moved.
 */
int suggest_review(struct forge *forge, const struct fix *fix,
	const struct suggest_options *options, struct arena *mem, struct err *err) MUST_CHECK;
