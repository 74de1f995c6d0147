/* round: the search from one base: the original tree, or it with a partial fix in place.
 * Layer: repair, used by search.c alone. Owns what must be made anew when the base changes: the
 * scene, the candidates' stream, the accelerator. */
#pragma once

#include "repair/search.h"

struct round_options {
	const struct search_options *search;
	const struct patch *base; /* relative to the original; NULL: the original itself */
	int depth;                /* candidates already in the base */
};

struct round;

/* Puts the base into the trial, looks at it, opens stream and accelerator. */
int round_open(struct round **out, const struct round_options *options, struct err *err) MUST_CHECK;
void round_free(struct round *round);
/* Up to max further candidates, best first; 0 at the end. */
size_t round_next(struct round *round, struct patch *out, size_t max);
/* Tries n candidates, results by index. */
int round_try(struct round *round, const struct patch *patches, size_t n, struct observed *out,
	struct arena *mem, struct err *err) MUST_CHECK;
/* The same by the accelerator alone; without one, or where it cannot, OBSERVED_UNSUPPORTED. */
int round_try_fast(struct round *round, const struct patch *patches, size_t n, struct observed *out,
	struct arena *mem, struct err *err) MUST_CHECK;
/* base and candidate together, relative to the original; lives in mem. */
struct patch round_compose(
	const struct round *round, const struct patch *candidate, struct arena *mem);
/* What the base itself shows, as the accelerator sees it. */
const struct observed *round_baseline(const struct round *round);
int round_depth(const struct round *round);
size_t round_generated(const struct round *round);
/* Candidates tried by a whole run of the command. */
size_t round_slow(const struct round *round);
struct str round_accel(const struct round *round);
struct str round_no_accel(const struct round *round);

/* Whether a came closer to passing than b: > 0, 0 as close, < 0. Compiling beats not compiling,
 * fewer failing tests beat more, and in one failing test a later line beats an earlier one. */
int observed_progress(const struct observed *a, const struct observed *b);
