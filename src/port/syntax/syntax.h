/* syntax: source text as a flat tree of nodes.
 * Layer: port; the only folder that includes tree-sitter. A tree is an array of nodes in preorder:
 * node 0 is the root, the subtree of node i is [i, i + v[i].count), its first child i + 1. It
 * borrows its text. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

struct syntax_language;

enum syntax_flag {
	SYNTAX_NAMED = 1,   /* not a keyword or punctuation mark */
	SYNTAX_EXTRA = 2,   /* a comment and the like */
	SYNTAX_ERROR = 4,   /* text that does not fit the grammar */
	SYNTAX_MISSING = 8, /* of no text: the parser put it in to go on */
};

enum { SYNTAX_NONE = 0xffffffff, SYNTAX_DEPTH_MAX = 4000 };

struct syntax_node {
	uint32_t start, end; /* bytes */
	uint32_t parent;     /* SYNTAX_NONE for the root */
	uint32_t count;      /* nodes of the subtree, this one included */
	uint32_t line;       /* of the start, 1-based */
	uint16_t symbol;     /* equal for equal kinds of one language */
	uint8_t field;       /* 0: no field */
	uint8_t flags;
};

struct syntax_tree {
	const struct syntax_language *language;
	struct str text;
	struct syntax_node *v;
	size_t n;
	size_t errors; /* ERROR and MISSING nodes */
	void *handle;  /* the parser's own tree */
};

/* "python", "c", "cpp", or NULL. Lives for ever. */
const struct syntax_language *syntax_language(struct str name);
const char *syntax_language_name(const struct syntax_language *language);

/* Parses at most LIMIT_SOURCE_BYTES; text that does not fit the grammar still gives a tree.
 * ERR_LIMIT when it is too big, too deep. */
int syntax_parse(struct syntax_tree **out, const struct syntax_language *language, struct str text,
	struct err *err) MUST_CHECK;
void syntax_tree_free(struct syntax_tree *tree);
DEFINE_CLEANUP(struct syntax_tree *, syntax_tree_free)

/* A parser kept warm for many small texts: the tree is valid until the next call. */
struct syntax_parser;
struct syntax_parser *syntax_parser_new(const struct syntax_language *language);
void syntax_parser_free(struct syntax_parser *parser);
DEFINE_CLEANUP(struct syntax_parser *, syntax_parser_free)
/* NULL when the text is too big or too deep. No queries on it. */
const struct syntax_tree *syntax_parser_run(struct syntax_parser *parser, struct str text);

const char *syntax_kind(const struct syntax_tree *tree, uint32_t node);
/* Name of a node's field, "" without one. */
const char *syntax_field(const struct syntax_tree *tree, uint32_t node);
struct str syntax_text(const struct syntax_tree *tree, uint32_t node);

/* Walking; SYNTAX_NONE when there is no such node. Named children skip punctuation, comments. */
uint32_t syntax_next_sibling(const struct syntax_tree *tree, uint32_t node);
uint32_t syntax_previous_sibling(const struct syntax_tree *tree, uint32_t node);
uint32_t syntax_child(const struct syntax_tree *tree, uint32_t node, const char *field);
size_t syntax_named_count(const struct syntax_tree *tree, uint32_t node);
uint32_t syntax_named_child(const struct syntax_tree *tree, uint32_t node, size_t i);
/* The leaf before node's first byte, the leaf behind its last byte; comments are not leaves. */
uint32_t syntax_leaf_before(const struct syntax_tree *tree, uint32_t node);
uint32_t syntax_leaf_after(const struct syntax_tree *tree, uint32_t node);
/* The smallest node that covers [start, end). */
uint32_t syntax_covering(const struct syntax_tree *tree, size_t start, size_t end);
bool syntax_is_leaf(const struct syntax_tree *tree, uint32_t node);
#define syntax_each_child(child, tree, node)                                                       \
	for (uint32_t child = (tree)->v[node].count > 1 ? (node) + 1 : SYNTAX_NONE;                \
		child != SYNTAX_NONE; child = syntax_next_sibling((tree), child))

/* Sets of kinds, for quick tests. */
enum { SYNTAX_KINDS_MAX = 1024 };
struct syntax_kinds {
	uint64_t bits[SYNTAX_KINDS_MAX / 64];
	bool any; /* at least one kind is in it */
};
/* Adds a kind by name (named or punctuation); false when the language has none of that name. */
bool syntax_kinds_add(
	struct syntax_kinds *set, const struct syntax_language *language, struct str name);
static inline bool syntax_kinds_has(const struct syntax_kinds *set, const struct syntax_node *node)
{
	return node->symbol < SYNTAX_KINDS_MAX &&
	       (set->bits[node->symbol / 64] >> (node->symbol % 64) & 1);
}
/* The nearest ancestor in the set (node itself included if or_self), or SYNTAX_NONE. */
uint32_t syntax_enclosing(const struct syntax_tree *tree, uint32_t node,
	const struct syntax_kinds *set, bool or_self);
