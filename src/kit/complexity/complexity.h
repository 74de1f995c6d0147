/* complexity: how many ways lead through each function (McCabe, "A Complexity Measure", 1976).
 * Layer: kit. Pure. What decides is data: 'decisions' of templates/languages/NAME.yml. */
#pragma once

#include "base/arena.h"
#include "base/vec.h"
#include "kit/rewrite/pack.h"

struct complexity {
	struct str name; /* "" when it has none */
	int line;        /* 1-based, of its start */
	uint32_t node;   /* of the tree */
	int value;       /* decisions + 1; those of functions inside are theirs */
};

typedef vec(struct complexity) complexity_list_t;

enum { COMPLEXITY_FUNCTIONS_MAX = 100000, COMPLEXITY_NESTED_MAX = 256 };

/* Appends the functions of a tree of the pack's language whose value is above threshold, in the
 * order of the text. Names live in mem. */
void complexity_measure(complexity_list_t *out, const struct pack *pack,
	const struct syntax_tree *tree, int threshold, struct arena *mem);
