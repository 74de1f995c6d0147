/* clues: how much a line by itself looks like the reason of a failure.
 * Layer: kit, inside report/. Data: clues.c has the words and their weights. */
#pragma once

#include "base/cleanup.h"
#include "base/str.h"

struct clues;

struct clues *clues_new(void);
void clues_free(struct clues *c);
DEFINE_CLEANUP(struct clues *, clues_free)
/* > 0: speaks of trouble; < 0: says that all is well; 0: nothing known. */
int clues_weigh(const struct clues *c, struct str line);
/* The i-th literal of those that speak of trouble, NULL behind the last. */
const char *clues_literal(const struct clues *c, size_t i);
