/* generate: all candidates of all templates, scored, not yet checked.
 * Layer: kit. Generation is cheap (a match, a text); whether a candidate parses and is new is found
 * out when it is asked for. */
#pragma once

#include "base/vec.h"
#include "kit/rewrite/site.h"

/* A stretch of a file that candidates are made for: an outermost function, or a statement outside
 * of functions. */
struct region {
	uint32_t source; /* index */
	uint32_t node;
	size_t start, end; /* bytes */
	double suspicion;  /* of its most suspicious line */
	uint64_t group;
};

struct candidate {
	const struct template *template;
	const struct edit *edits;
	uint32_t n_edits, source;
	uint32_t region;
	int line;
	double prior, score;
};

/* How suspicious each line of a file is, 1-based. */
struct suspicion {
	float *line;
	size_t n;
};

struct generator {
	const struct rewrite_options *options;
	const struct source *sources; /* the files, then the context */
	size_t n_files, n_sources;
	const struct template_set *const *sets; /* by source */
	struct suspicion *suspicions;           /* by file */
	vec(struct region) regions;
	struct strmap region_of; /* while they are gathered */
	vec(struct candidate) candidates;
	size_t max;
	struct arena *mem;
};

/* Fills suspicions and regions from the diagnosis, or takes every function without one. */
void generate_regions(struct generator *g);
/* Fills candidates, region by region, until max. */
void generate_candidates(struct generator *g);
/* Adds candidates of several edits out of those of one: the same edit at several places of a
 * function, and exchanges between two places. */
void generate_combinations(struct generator *g);
/* For files that do not parse: templates over tokens near the errors (tokens.c). */
void generate_from_tokens(struct generator *g, uint32_t source);

/* Adds one; line and score follow from the edits. False when max is reached. */
bool generate_add(struct generator *g, const struct template *t, uint32_t source, uint32_t region,
	const struct edit *edits, size_t n, double prior);
/* The evidence of one template: calls visit with the site's groups bound for each failure that
 * selects it (once for a template that needs none). */
void generate_with_evidence(const struct generator *g, struct site *site, int line,
	void (*visit)(void *data, struct site *site), void *data);
/* Factor on a template's prior. */
double generate_boost(
	const struct generator *g, const struct template *t, struct str path, int line);
