/* comment: one comment of a kind in a thread, found again and kept up to date.
 * Layer: publish. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct forge;

struct comment_place {
	struct str repo;
	int64_t issue;
	const char *what; /* of the marker: "status", "answer"; with key it is one of several */
	struct str instance, key;
};

/* Writes body (without marker) there: a new comment, or the one of ours with that marker, changed
 * if it says something else. *id is the comment's. */
int comment_ensure(struct forge *forge, const struct comment_place *place, struct str body,
	int64_t *id, struct arena *mem, struct err *err) MUST_CHECK;
/* Whether it is there. */
int comment_find(struct forge *forge, const struct comment_place *place, int64_t *id,
	struct str *body, struct arena *mem, struct err *err) MUST_CHECK;
