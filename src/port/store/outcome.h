/* outcome: what people decided about what was proposed.
 * Layer: port. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct store;

struct outcome_record {
	struct str repo;        /* "owner/name" */
	int64_t number;         /* of the pull request */
	const char *result;     /* "merged", "closed", "reverted" */
	struct str patch;       /* form of the change */
	struct str fingerprint; /* of the failure; "" when not known */
	struct str actor;
};

/* Kept once a pull request and result: OUTCOME_KNOWN when it is there. */
enum { OUTCOME_KNOWN = 1 };
int outcome_add(
	struct store *store, const struct outcome_record *outcome, struct err *err) MUST_CHECK;
struct outcome_counts {
	int64_t merged, closed, reverted;
};
/* Of a repository, or (empty) of all. */
int outcome_count(struct store *store, struct str repo, struct outcome_counts *out,
	struct err *err) MUST_CHECK;
