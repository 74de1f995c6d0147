/* pairs: two changes at once, out of single ones, most promising first.
 * Layer: kit. A fault in two places is mended by no single change; all pairs would be too many, so
 * only the best singles take part, and pairs come in the order of the product of their scores, each
 * after both of its halves. */
#pragma once

#include "kit/rewrite/generate.h"

enum { PAIRS_OF_MAX = 400, PAIRS_MAX = 60000 };

struct pairs {
	const struct candidate *halves[PAIRS_OF_MAX]; /* best first */
	size_t n;
	size_t at[PAIRS_OF_MAX]; /* of each half: the partner that comes next */
	size_t given;
	size_t best;   /* the half whose next pair is best */
	bool is_known; /* best is up to date */
};

/* A single candidate that was given out; the next best after all before it. */
void pairs_add(struct pairs *pairs, const struct candidate *half);
/* The score of the best pair not yet taken, < 0 when there is none. */
double pairs_score(struct pairs *pairs);
/* Takes it: fills candidate and edits (two). False when there is none. */
bool pairs_take(struct pairs *pairs, struct candidate *out, struct edit edits[2]);
