/* field: where in a record something is, as the files of shapes say it.
 * Layer: kit, inside report/. A field is a list of texts: the first that has everything it asks for
 * gives the value. A text is a path of node.h, or text with paths in braces: "{a/b} in {c}". A path
 * may end in "@" for the node's own name (a key that is data), or in "*" behind a name for all of
 * that name, joined by " > ", in "+" for the same joined by line feeds. In a condition a path may
 * be followed by "=x|y" or "!=x|y", or stand behind "!": there is no such thing. */
#pragma once

#include "base/arena.h"
#include "kit/report/document/node.h"

struct field_part {
	const char *path; /* or NULL: a literal */
	struct str literal;
	struct str wanted; /* "x|y" of a condition, p NULL without */
	const char *glue;  /* of all of that name, or NULL */
	bool own_name, not_;
};

struct field {
	struct field_text {
		struct field_part *parts;
		size_t n;
	} * texts;
	size_t n;
};

/* The parts are in mem. */
void field_compile(struct field *f, const struct str *texts, size_t n, struct arena *mem);
bool field_is_set(const struct field *f);
/* "" when no text has all that it asks for. Borrowed from the nodes, or from mem. */
struct str field_eval(const struct field *f, const struct node *item, struct arena *mem);
/* As a condition: every text is there. */
bool field_holds(const struct field *f, const struct node *item);
