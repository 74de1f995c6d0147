/* mutants: would the tests notice if the changed lines said something else? (SPEC 5: score 0.8.)
 * Layer: verify. The mutation operators are the repair templates that templates/mutation names,
 * applied to the patched text, only on lines that the patch changed. (DeMillo, Lipton, Sayward:
 * "Hints on test data selection", IEEE Computer 11(4), 1978.) */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "kit/trial/accel.h"
#include "model/patch.h"
#include "model/verdict.h"

enum { MUTANTS_MAX = 60 };
#define MUTANTS_WANTED 0.8

/* A file that the patch touches, as it is without it. */
struct mutant_file {
	struct str path, before;
};

struct mutants {
	struct patch *v; /* each: the patch with one more fault, relative to the unpatched files */
	size_t n;
};

/* Makes at most max mutants (0: MUTANTS_MAX), in a fixed order, no two alike, none of them the
 * unpatched code. Empty when the language has no templates. All in mem. */
int mutants_make(struct mutants *out, const struct patch *patch, const struct mutant_file *files,
	size_t n_files, size_t max, struct arena *mem, struct err *err) MUST_CHECK;

/* Counts what became of them (seen: n results) and records the rung; it passes at MUTANTS_WANTED
 * and does not decide whether the patch holds. Mutants that do not compile or could not be tried
 * do not count; without any that do, nothing is recorded. */
void mutants_record(struct verdict *verdict, const struct observed *seen, size_t n, double seconds,
	struct arena *mem);
