/* scope: one file with the names it knows and the types they seem to have.
 * Layer: kit. Everything is a guess from the syntax alone, good enough to order candidates. */
#pragma once

#include "kit/rewrite/normal.h"
#include "kit/rewrite/pack.h"
#include "kit/rewrite/rewrite.h"

enum name_class {
	NAME_LOCAL,
	NAME_PARAM,
	NAME_GLOBAL, /* a variable outside of functions */
	NAME_FUNCTION,
	NAME_CLASS,
	NAME_IMPORT,
	NAME_MEMBER, /* a field, known behind a dot only */
	NAME_BUILTIN,
	NAME_UNKNOWN, /* known nowhere */
	NAME_CLASS_COUNT,
};
const char *name_class_to_string(enum name_class class);
bool name_class_from_string(struct str s, enum name_class *out);

struct name {
	struct str text;
	enum name_class class;
	enum value_type type;
	uint32_t node;  /* where it is defined; SYNTAX_NONE for builtins */
	uint32_t scope; /* the node it is known in */
};

struct source {
	struct str path;
	const struct pack *pack;
	struct syntax_tree *tree;
	struct normal *normal;
	struct {
		struct name *v;
		size_t n, cap;
	} names;
	struct strmap by_scope; /* scope and text -> index + 1 of the first such name */
	uint8_t *types;         /* enum value_type by node */
	bool *is_definition;    /* by node: a name that is made known there */
	bool *is_member;        /* by node: a name behind a dot or before '=' in a call */
	struct str indent;      /* one step of indentation */
};

/* Parses the file (content is borrowed) and reads its names. */
int source_open(struct source *source, const struct rewrite_file *file, const struct pack *pack,
	struct err *err) MUST_CHECK;
void source_release(struct source *source);
/* The names known at a node, nearest scope first, each text once; of a crowded scope those defined
 * nearest to the node. The array is in mem. */
size_t source_names_at(
	const struct source *source, uint32_t node, struct name **out, struct arena *mem);
/* The name as it is known at the node, or NULL (builtins are not looked at). */
const struct name *source_name(const struct source *source, uint32_t node, struct str text);
/* What class the text is of at the node, builtins and unknown included. */
enum name_class source_class(const struct source *source, uint32_t node, struct str text);
/* The type an expression seems to have. */
enum value_type source_type(const struct source *source, uint32_t node);
/* The nearest function (or the root) around a node. */
uint32_t source_function(const struct source *source, uint32_t node);
