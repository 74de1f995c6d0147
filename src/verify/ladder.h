/* ladder: the checks that turn a plausible patch into a verdict.
 * Layer: verify. Cheap rungs first; the last ones by the project's own command in a clean sandbox
 * (a fresh trial: no accelerator, fresh layer): green with the patch, green again, red again
 * without it, green once more with it (SPEC 5). */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "kit/trial/trial.h"
#include "model/failure.h"
#include "model/patch.h"
#include "model/verdict.h"

struct report_tables;
struct policy_options;

struct ladder_options {
	const struct trial_options *trial; /* how to make the clean sandbox */
	const char *command;
	const char *const *setup;
	struct report_tables *tables; /* for reports (report.h); NULL: those built in */
	int timeout_ms;
	int reruns;        /* green runs wanted beyond the first: 1; 0: it held before */
	bool green_before; /* the command was green without the patch: it need not be red again */
	const struct failure_list *failures; /* what was red before the patch */
	const struct policy_options *policy; /* NULL: the defaults */
	int64_t deadline_ms; /* clock_mono_ms(); rungs not reached are said as not done */
};

/* Climbs until a rung fails; out->holds tells whether all passed. < 0 only when a rung could not be
 * carried out at all. Strings live in mem. */
int ladder_climb(struct verdict *out, const struct patch *patch,
	const struct ladder_options *options, struct arena *mem, struct err *err) MUST_CHECK;

/* What confidence is computed from, beyond the rungs (SPEC 3 "measured, not claimed"). */
struct confidence_evidence {
	struct str source; /* of the patch */
	double prior;      /* of its origin, 0..1 */
	size_t rivals;     /* other candidates that passed the target tests too */
	size_t changed_lines, changed_files;
	int red_runs; /* runs of the unpatched code that failed alike */
	size_t tests; /* tests of the suite, 0 unknown */
	int depth;    /* candidates taken together */
};

/* Fills confidence and confidence_why of a verdict that holds. */
void confidence_of(
	struct verdict *v, const struct confidence_evidence *evidence, struct arena *mem);
