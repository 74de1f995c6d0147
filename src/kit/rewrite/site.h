/* site: one match of a template in a file, and what its variables stand for.
 * Layer: kit. */
#pragma once

#include "base/buf.h"
#include "kit/rewrite/scope.h"
#include "kit/rewrite/template.h"

struct binding {
	struct str name, text;
	uint32_t node;     /* SYNTAX_NONE for what is not in the tree */
	size_t start, end; /* bytes of the file, of a node or a token; both 0 for other texts */
};

enum { BINDINGS_MAX = 96 };

struct site {
	const struct source *source;
	const struct template *template;
	const struct rewrite_options *options;
	const struct source *context; /* other files to take from, the source itself left out */
	size_t n_context;
	struct binding v[BINDINGS_MAX];
	size_t n;
};

/* Adds a variable; silently full past BINDINGS_MAX. */
void site_bind(struct site *site, struct str name, struct str text, uint32_t node);
void site_bind_range(struct site *site, struct str name, size_t start, size_t end);
const struct binding *site_get(const struct site *site, struct str name);
/* The node of a capture, or SYNTAX_NONE. */
uint32_t site_node(const struct site *site, struct str name);
/* Whether the match meets all of its template's conditions. */
bool site_holds(const struct site *site);

/* "{var}" and "{var|filter}" replaced, "{{" and "}}" for braces. Expressions are put in brackets
 * where the operators beside them ask for it. False when a variable has no value. */
bool site_render(const struct site *site, struct str text, struct buf *out);
/* The template's edits for the variables bound now; texts in mem. At most LIMIT_CANDIDATE_EDITS;
 * 0 when they cannot be made here. */
size_t site_edits(const struct site *site, struct edit *edits, struct arena *mem);
