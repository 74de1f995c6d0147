/* pack: what the engine must know of a language, as data (templates/languages/<name>.yml).
 * Layer: kit. Names of node kinds, operators with their binding, definitions and types by query,
 * tables of siblings. Lives in the arena it was loaded into; queries are freed by pack_release. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/strmap.h"
#include "port/format/yaml.h"
#include "port/syntax/query.h"

/* Node kinds by what they mean to the engine. */
enum pack_kind {
	PACK_FUNCTION,   /* a region candidates are made for */
	PACK_SCOPE,      /* holds names of its own */
	PACK_STATEMENT,  /* stands on its own in a block */
	PACK_BLOCK,      /* holds statements */
	PACK_EXPRESSION, /* has a value: may be copied from elsewhere */
	PACK_GROUP,      /* an operator with its operands */
	PACK_PARENS,     /* ( expression ) */
	PACK_COMPARISON, /* a operator b */
	PACK_NOT,        /* logical negation */
	PACK_AUGMENTED,  /* a += b */
	PACK_STRING,     /* a text literal, with its quotes */
	PACK_NAME,       /* an identifier */
	PACK_COMMA_LIST, /* commas inside say nothing that the elements do not say */
	PACK_IMPORT,     /* makes names of elsewhere known */
	PACK_COMMENT,    /* not code, but may lie where statements lie */
	PACK_KIND_COUNT,
};

enum value_type {
	TYPE_UNKNOWN,
	TYPE_INT,
	TYPE_REAL,
	TYPE_BOOL,
	TYPE_STRING,
	TYPE_LIST,
	TYPE_TUPLE,
	TYPE_MAP,
	TYPE_SET,
	TYPE_FUNCTION,
	TYPE_MODULE,
	TYPE_POINTER,
	TYPE_NONE,
	TYPE_COUNT,
};
const char *value_type_to_string(enum value_type type);
bool value_type_from_string(struct str s, enum value_type *out);

/* A text with its likelihood among its alternatives. */
struct weighted {
	struct str text;
	double weight;
};

struct weighted_list {
	struct weighted *v;
	size_t n;
};

struct pack_operator {
	struct str text;
	int level;           /* loosest 1 */
	bool prefix;         /* stands before its one operand */
	bool associative;    /* (a op b) op c == a op (b op c) */
	struct str negated;  /* p NULL: none */
	struct str mirrored; /* a op b == b mirrored a */
};

/* An atom (a name, a call, a bracket) binds tighter than any operator. */
enum { PACK_LEVEL_ATOM = 1000 };

struct pack {
	struct str name;
	const struct syntax_language *language;
	bool indent;                                /* block structure by indentation */
	bool quotes_alike;                          /* 'a' and "a" are the same */
	struct str empty;                           /* a statement that does nothing */
	struct str stub;                            /* a block without statements */
	struct str fragment_before, fragment_after; /* make a statement in a block parse alone */
	struct str comment;                         /* starts a comment */
	struct syntax_kinds kinds[PACK_KIND_COUNT];
	struct syntax_kinds decisions; /* each is one more way through its function */
	struct {
		struct pack_operator *v;
		size_t n;
	} operators;
	struct strmap tables; /* "table/text" -> struct weighted_list */
	struct strmap known;  /* builtins */
	struct str *builtins, *keywords;
	size_t n_builtins, n_keywords;
	/* Captures: the class of the name (param, local, function, class, import, member). */
	struct syntax_query *definitions;
	/* Pattern i says that @it has types_of[i]; @to takes the type of @from. */
	struct syntax_query *types;
	enum value_type *types_of;
	struct str import_name; /* how to import {name} from {module}, a file of the project */
	struct strmap modules;  /* name -> struct str: the statement that imports it */
};

/* From YAML text; the language's name says which grammar. */
int pack_load(struct pack *pack, struct str yaml, const char *name, struct arena *mem,
	struct err *err) MUST_CHECK;
void pack_release(struct pack *pack);

static inline bool pack_is(
	const struct pack *pack, enum pack_kind kind, const struct syntax_tree *tree, uint32_t node)
{
	return syntax_kinds_has(&pack->kinds[kind], &tree->v[node]);
}
/* The operator with that text, or NULL. */
const struct pack_operator *pack_operator(const struct pack *pack, struct str text, bool prefix);
/* The siblings of a text in a table, or an empty list. */
struct weighted_list pack_siblings(const struct pack *pack, struct str table, struct str text);
/* Reads a list of texts, each alone (weight 1) or as {text: weight}. */
int weighted_read(struct weighted_list *out, const struct yaml_node *node, struct arena *mem,
	struct err *err) MUST_CHECK;
