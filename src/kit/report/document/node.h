/* node: a part of a document as a small tree, and how to ask it.
 * Layer: kit, inside report/. A node is what has a name: an element, an attribute, an object, a
 * member, an array's item; text is what it holds by itself. Parents are what encloses it in the
 * document, with the values that were told before it.
 *
 * A path names children from a node on: "location/start/line" is the first child of that name of
 * the first of that name... "../name" goes to what encloses, "*" is a child of any name, "." the
 * node itself, "name[key=x|y]" the first of that name that has such a key. No "/" in a value. */
#pragma once

#include "base/buf.h"

struct node {
	struct str name, text; /* text is UTF-8, "" when there is none */
	struct node *parent, *next, *first, *last;
	int line;    /* of a record in the text that is read, 1-based */
	int records; /* that ended inside */
	bool parted; /* an element began inside */
};

/* Where nodes live: of fixed size, so that they do not move. Full pools take nothing more. */
struct node_pool {
	struct node *nodes;
	size_t n, room;
	char *text;
	size_t used, text_room;
	bool over; /* something was left out */
};

struct node_mark {
	size_t n, used;
};

void node_pool_init(struct node_pool *p, size_t nodes, size_t text);
void node_pool_release(struct node_pool *p);
struct node_mark node_pool_mark(const struct node_pool *p);
/* Everything since the mark is gone; the caller holds no pointer to it. */
void node_pool_reset(struct node_pool *p, struct node_mark mark);
/* A new last child (parent may be NULL), or NULL when the pool is full. */
struct node *node_add(struct node_pool *p, struct node *parent, struct str name);
/* Sets the text, as UTF-8. What is in it already must be the pool's newest. */
void node_set_text(struct node_pool *p, struct node *node, struct str text);

/* By a path, see above; NULL when there is none, or node is NULL. */
const struct node *node_get(const struct node *node, const char *path);
/* The child behind before (NULL: the first) that one step of a path asks for; NULL without. */
const struct node *node_child(const struct node *node, struct str step, const struct node *before);
/* The next sibling of the same name. */
const struct node *node_again(const struct node *node);
/* The text of node_get(), trimmed of white space; "" without. */
struct str node_text(const struct node *node, const char *path);
/* The first path of these (up to NULL) that has text. */
struct str node_text_any(const struct node *node, const char *const *paths);
/* A number (a fraction is cut off), or none without one. */
int node_int(const struct node *node, const char *path, int none);
double node_seconds(const struct node *node, const char *path);
bool node_is_true(const struct node *node, const char *path);
