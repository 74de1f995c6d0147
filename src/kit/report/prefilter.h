/* prefilter: which formats can be interested in a line, in one pass over its bytes.
 * Layer: kit, inside report/. An Aho-Corasick automaton over all formats' literals (Aho, Corasick
 * 1975) with its bytes folded into classes, so that the table stays small. */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "base/str.h"

struct prefilter;

enum { PREFILTER_GROUPS = 64 };

/* groups[i] is a NULL-terminated list of literals, at most PREFILTER_GROUPS lists. A literal that
 * starts (ends) with a line feed is found at the start (end) of a line only. */
struct prefilter *prefilter_new(const char *const *const *groups, size_t n);
void prefilter_free(struct prefilter *p);
DEFINE_CLEANUP(struct prefilter *, prefilter_free)
/* Bit i is set when the line (without its line feed) holds a literal of groups[i]. */
uint64_t prefilter_scan(const struct prefilter *p, struct str line);
