/* diagnose: where and why, from evidence.
 * Layer: diagnose. Suspicious lines by Ochiai over the coverage spectrum (Abreu et al., "An
 * Evaluation of Similarity Coefficients for Software Fault Localization", PRDC 2006), stack frames
 * of the failures as tie-break and, where no spectrum can be had, alone. */
#pragma once

#include "base/err.h"
#include "kit/trial/spectrum.h"
#include "model/diagnosis.h"
#include "model/failure.h"

struct diagnose_options {
	const struct failure_list *failures;
	const struct spectrum *spectrum; /* NULL: none could be had */
	/* Whether a path holds test code, which is never suspected; data is the caller's. */
	bool (*is_test)(void *data, struct str path);
	void *data;
};

/* Suspects are ordered by suspiciousness, then path, then line. Everything lives in mem. */
void diagnose(struct diagnosis *out, const struct diagnose_options *options, struct arena *mem);

/* failed(line) / sqrt(all failed x (failed(line) + passed(line))); 0 when no failing test ran it.
 */
double ochiai(int failed_here, int passed_here, int failed_all);
