/* ingredient: texts to build candidates from, taken from the code at hand.
 * Layer: kit. Which generator gives what: templates/repair/FORMAT.md. */
#pragma once

#include "kit/rewrite/site.h"

struct value {
	struct str text;
	double weight;
};

/* The values of one ingredient at a site, each text once, in mem; most likely ones first. */
size_t ingredient_values(const struct site *site, const struct ingredient *in, struct value **out,
	struct arena *mem);
