/* prefilter: which formats can be interested in a line, in one pass over its bytes.
 * Layer: kit, inside report/. Four bytes of each literal, its rarest ones, are hashed into a bitmap
 * (after Rabin, Karp 1987); the line's bytes are looked up in it four at a time at every place, and
 * only where that hits are literals compared. The looked-up places do not wait for one another,
 * unlike an automaton's states. */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "base/str.h"

struct prefilter;

enum { PREFILTER_GROUPS = 128 };

/* A set of groups. */
struct prefilter_set {
	uint64_t bits[PREFILTER_GROUPS / 64];
};

static inline bool prefilter_has(const struct prefilter_set *set, size_t group)
{
	return set->bits[group / 64] >> (group % 64) & 1;
}

static inline void prefilter_put(struct prefilter_set *set, size_t group, bool on)
{
	uint64_t bit = UINT64_C(1) << (group % 64);

	set->bits[group / 64] = on ? set->bits[group / 64] | bit : set->bits[group / 64] & ~bit;
}

/* The first group in the set from the given one on, or -1. */
static inline long prefilter_next(const struct prefilter_set *set, size_t from)
{
	for (size_t word = from / 64; word < PREFILTER_GROUPS / 64; word++) {
		uint64_t bits = set->bits[word];

		if (word == from / 64)
			bits &= UINT64_MAX << from % 64;
		if (bits)
			return (long)(word * 64) + __builtin_ctzll(bits);
	}
	return -1;
}

/* groups[i] is a NULL-terminated list of literals, at most PREFILTER_GROUPS lists. A literal that
 * starts (ends) with a line feed is found at the start (end) of a line only. Besides line feeds it
 * has a byte at least; under three of them cost time in every line. */
struct prefilter *prefilter_new(const char *const *const *groups, size_t n);
void prefilter_free(struct prefilter *p);
DEFINE_CLEANUP(struct prefilter *, prefilter_free)
/* The groups that have a literal which the line (without its line feed) holds. */
struct prefilter_set prefilter_scan(const struct prefilter *p, struct str line);
