/* template: one way of changing code, as read from data (templates/repair/FORMAT.md).
 * Layer: kit. A set is all templates of one language, their patterns in one query. It lives in the
 * arena it was loaded into; what is not memory is freed by template_set_release. */
#pragma once

#include "kit/rewrite/evidence.h"
#include "kit/rewrite/pack.h"
#include "port/regex/regex.h"

/* What a capture must be, all of it. */
struct condition {
	struct str capture;
	struct str *text, *not_text;
	size_t n_text, n_not_text;
	struct regex *matches, *not_matches;
	struct syntax_kinds kind, not_kind, parent, not_parent, inside, not_inside, has, lacks;
	struct str *same_as, *differs; /* other captures */
	size_t n_same_as, n_differs;
	struct str *field, *not_field;
	size_t n_field, n_not_field;
	unsigned types, not_types;      /* bits of enum value_type */
	unsigned names, not_names;      /* bits of enum name_class; of a name as it is known here */
	int min_children, max_children; /* named ones */
	int defines;                    /* > 0: the name is made known there; < 0: it is used */
	int member; /* > 0: it stands behind a dot or names an argument; < 0: not */
	int last;   /* > 0: last statement of its block; < 0: not the last */
};

enum { TYPES_ANY = 0, CHILDREN_MAX = 1 << 20 };

enum ingredient_kind {
	INGREDIENT_LIST,        /* the texts given */
	INGREDIENT_SIBLINGS,    /* of a text, from the pack's tables */
	INGREDIENT_NAMES,       /* known here */
	INGREDIENT_MEMBERS,     /* a.MEMBER, used in the file or its context */
	INGREDIENT_NUMBERS,     /* near an integer */
	INGREDIENT_LITERALS,    /* of kinds, found nearby */
	INGREDIENT_EXPRESSIONS, /* of kinds, found nearby, as they are or with one name changed */
	INGREDIENT_STATEMENTS,  /* the same for whole statements */
	INGREDIENT_PARTS,       /* expressions inside a capture */
	INGREDIENT_ELEMENTS,    /* a list's inside, with elements swapped, dropped, doubled */
	INGREDIENT_WORDS,    /* of the failing test's expected value, message, the file's tests */
	INGREDIENT_IMPORTS,  /* statements that make a name known */
	INGREDIENT_KEYWORDS, /* of the language */
	INGREDIENT_KIND_COUNT,
};

struct ingredient {
	struct str name;
	enum ingredient_kind kind;
	struct weighted_list list;
	struct str of;   /* template text the generator works on: usually "{capture}" */
	struct str like; /* template text: only texts within `distance` of it */
	int distance;
	struct str in;      /* table of siblings */
	unsigned names;     /* classes */
	struct str type_of; /* capture: same type first */
	unsigned types;     /* of the values; 0: any */
	struct syntax_kinds kinds;
	struct str from; /* function, file, context, outer */
	struct str *changes;
	size_t n_changes;
	struct str *not_texts; /* template texts that are left out */
	size_t n_not_texts;
	struct regex *matches;
	int max, max_length;
	bool rename, as_is; /* expressions: with one name changed; unchanged */
	double weight;
};

enum edit_kind {
	EDIT_REPLACE,
	EDIT_BEFORE,
	EDIT_AFTER,
	EDIT_STATEMENT_BEFORE,
	EDIT_STATEMENT_AFTER,
	EDIT_BLOCK_START,
	EDIT_BLOCK_END,
	EDIT_IMPORT,
	EDIT_DELETE,
	EDIT_SWAP,
	EDIT_INDENT, /* at, with the indentation of to */
};

struct edit_rule {
	enum edit_kind kind;
	struct str at, to; /* captures; to: end of the range, or the other one of a swap */
	struct str text;
};

/* One piece of a failure that selects a template or changes its prior. */
struct evidence_rule {
	unsigned kinds; /* bits of enum failure_kind, 0: any */
	struct regex *type, *message;
	unsigned relations; /* any of these bits, 0: any */
	int near;           /* lines from a place of the failure, < 0: anywhere */
	double times;       /* factor on the prior */
};

/* Tokens near a syntax error: pattern texts, "name", "keyword", "number", "string", "newline". */
struct token_pattern {
	struct str text; /* literally this; p NULL: of that class */
	struct str class_;
	struct str capture;
	struct regex *matches;
};

struct template
{
	struct str name, note;
	double prior;
	size_t first_pattern, n_patterns; /* in the set's query */
	struct token_pattern *tokens;     /* instead of a query */
	size_t n_tokens;
	struct condition *where;
	size_t n_where;
	struct evidence_rule *when, *boost;
	size_t n_when, n_boost;
	struct ingredient *ingredients;
	size_t n_ingredients;
	struct edit_rule *edits;
	size_t n_edits;
	bool same_sites; /* also the same edit at several places of a function at once */
	bool swap_sites; /* also a -> b here and b -> a there */
	bool alone;      /* never one of two edits */
	bool anywhere;   /* the distance to suspicious lines says little */
	bool is_user;    /* a rule of the repository or learned: source "rule" */
};

struct template_set {
	struct pack *pack;
	struct template *v;
	size_t n;
	struct syntax_query *query;
	uint32_t *of_pattern; /* template index by pattern */
};

/* One YAML text of templates, to be added to a set. */
struct template_text {
	struct str text;
	const char *name; /* for messages */
	bool is_user;
};

/* Loads the templates of the pack's language out of n texts (others are skipped). */
int template_set_load(struct template_set *set, struct pack *pack,
	const struct template_text *texts, size_t n, struct arena *mem, struct err *err) MUST_CHECK;
void template_set_release(struct template_set *set);
