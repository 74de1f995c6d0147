/* fix: a verified patch with its proof, as it travels to where it is published.
 * Layer: model. Its JSON is the one that heal prints (SPEC 11), so that a result, a bundle and the
 * journal are one form. Read from outside it is a claim: what can be derived again from the diff
 * is. Strings and arrays live in an arena. */
#pragma once

#include "base/arena.h"
#include "model/diagnosis.h"
#include "model/failure.h"
#include "model/verdict.h"

struct json_t;

enum { FIX_FAILURES_MAX = 200 };

struct fix {
	enum outcome outcome;
	struct str why, session, command;
	const struct failure *failures;
	size_t n_failures;
	struct diagnosis diagnosis; /* root_cause empty: none */
	struct str diff; /* unified, -p1, relative to the project's folder; empty: none */
	struct verdict verdict;
	struct str source, origin, note;
	size_t attempts, candidates, rivals;
	int runs, red_runs;
	double seconds, cost_usd;
};

/* Members that are missing or of another type are empty; what is over a cap is left out. */
void fix_from_json(struct fix *fix, const struct json_t *j, struct arena *mem);

/* The smallest fingerprint of its failures, or "". */
const char *fix_fingerprint(const struct fix *fix);
/* "AssertionError in test_mean" and the like: what failed, for a title. */
struct str fix_subject(const struct fix *fix, struct arena *mem);
