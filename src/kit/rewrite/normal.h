/* normal: one number for all texts that say the same.
 * Layer: kit. A tree is read as a sequence of tokens without comments, white space, redundant
 * brackets and commas; comparisons point one way, double negations are gone, blocks and statements
 * are marked. The number is a polynomial over the tokens (Karp and Rabin's fingerprint, modulo
 * 2^61 - 1), so that the form of an edited file follows from the edited statement alone: only
 * that is parsed again. */
#pragma once

#include "base/arena.h"
#include "kit/rewrite/pack.h"
#include "model/patch.h"

struct normal;

/* tree and pack are borrowed. */
struct normal *normal_new(const struct pack *pack, const struct syntax_tree *tree);
void normal_free(struct normal *normal);
DEFINE_CLEANUP(struct normal *, normal_free)
/* The file as it is; whether it parses or not. Never 0. */
uint64_t normal_hash(const struct normal *normal);
/* The file with the edits made (all of this file, not overlapping). 0 when that does not parse,
 * unless the file did not parse before: then 0 only when it has no fewer errors. */
uint64_t normal_after(struct normal *normal, const struct edit *edits, size_t n);
/* Whole text. 0 when it does not parse. */
uint64_t normal_of_text(const struct pack *pack, struct str text);
