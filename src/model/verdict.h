/* verdict: what the ladder of checks says of one patch.
 * Layer: model. Policy verdicts and outcomes as in SPEC 14; rungs in the order climbed. */
#pragma once

#include "base/arena.h"
#include "base/vec.h"

struct json_t;

enum policy_verdict { POLICY_ALLOW, POLICY_HOLD, POLICY_REFUSE };
const char *policy_verdict_to_string(enum policy_verdict v);

/* One thing the policy found in a diff. */
struct policy_finding {
	enum policy_verdict verdict;
	const char *rule; /* static: "weakened-test", "protected-path"... */
	struct str path;
	int line; /* in the new file, 0 when it is of the whole file */
	struct str detail;
};

struct policy_report {
	enum policy_verdict verdict; /* the worst of the findings */
	struct policy_finding *v;    /* arena */
	size_t n, cap;
};

enum rung {
	RUNG_PARSE,
	RUNG_POLICY,
	RUNG_DUPLICATE,
	RUNG_TARGET, /* the failing tests, fast path */
	RUNG_AFFECTED,
	RUNG_SUITE, /* the project's own command in a clean sandbox */
	RUNG_RERUN,
	RUNG_REVERT, /* red again without the patch, green again with it */
	RUNG_MUTANTS,
};
const char *rung_to_string(enum rung rung);
bool rung_from_string(struct str s, enum rung *out);

struct rung_result {
	enum rung rung;
	bool passed;
	double seconds;
	struct str command; /* "" for rungs without one */
	struct str detail;  /* one line: "42/42 tests", "refused: ..." */
};

struct verdict {
	bool holds;
	enum policy_verdict policy;
	struct {
		struct rung_result *v;
		size_t n, cap;
	} rungs;                       /* arena */
	int tests_passed, tests_total; /* of the last suite run, -1 unknown */
	int mutants_killed, mutants_total;
	double confidence; /* 0..1 */
	struct str confidence_why;
};

/* Appends; memory from the arena. */
struct rung_result *verdict_add(struct verdict *v, struct arena *mem, enum rung rung);
/* The rungs alone: heal's "proof". */
struct json_t *verdict_to_json(const struct verdict *v);
/* The same back, into a zeroed verdict: at most VERDICT_RUNGS_MAX rungs, unknown ones left out.
 * holds when there are some and all passed; the tests counted are those of the last suite. */
enum { VERDICT_RUNGS_MAX = 32 };
void verdict_from_json(struct verdict *v, const struct json_t *proof, struct arena *mem);

enum outcome {
	OUTCOME_HEALED,
	OUTCOME_NOTHING_TO_DO,
	OUTCOME_NOT_HEALED,
	OUTCOME_AWAITING_APPROVAL,
	OUTCOME_ESCALATED,
	OUTCOME_FLAKY,
	OUTCOME_INFRASTRUCTURE,
	OUTCOME_CONFIGURATION,
	OUTCOME_NOT_REPRODUCED,
	OUTCOME_REFUSED,
	OUTCOME_ROLLED_BACK,
};
const char *outcome_to_string(enum outcome outcome);
bool outcome_from_string(struct str s, enum outcome *out);
/* SPEC 14: exit code of an outcome under --fail-on unhealed. */
int outcome_exit_code(enum outcome outcome);
