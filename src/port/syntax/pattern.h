/* pattern: a query as the tree of its parts. Layer: port/syntax, private to the folder. */
#pragma once

#include "base/arena.h"
#include "base/vec.h"
#include "port/regex/regex.h"
#include "port/syntax/query.h"

enum pattern_type {
	PATTERN_KIND,     /* (kind ...) or "text": symbols is set */
	PATTERN_NAMED,    /* (_) */
	PATTERN_ANY,      /* _ */
	PATTERN_ERROR,    /* (ERROR) */
	PATTERN_EITHER,   /* [a b] */
	PATTERN_SEQUENCE, /* (a b): siblings in this order */
};

enum pattern_quantifier { QUANTIFIER_ONE, QUANTIFIER_OPTIONAL, QUANTIFIER_ANY, QUANTIFIER_SOME };

enum { PATTERN_CAPTURES_MAX = 4, PATTERN_DEPTH_MAX = 32 };

struct pattern {
	enum pattern_type type;
	enum pattern_quantifier quantifier;
	struct syntax_kinds symbols;
	bool named;         /* wants a named node: an anchor before it skips punctuation */
	uint8_t field;      /* must be that field of its parent; 0: any */
	uint8_t without[4]; /* fields that must not be there */
	size_t n_without;
	uint32_t captures[PATTERN_CAPTURES_MAX];
	size_t n_captures;
	struct pattern **v; /* children, alternatives, parts of the sequence */
	size_t n;
	bool anchored;     /* follows its predecessor (or the parent's start) at once */
	bool anchored_end; /* nothing named behind the last child */
};

/* One predicate of one pattern: a capture's text against texts, another capture or a regex. */
struct predicate {
	uint32_t capture;
	bool negated;
	struct regex *regex;
	struct str *texts;
	size_t n_texts;
	bool has_other;
	uint32_t other;
};

struct root_pattern {
	struct pattern *pattern;
	size_t at; /* offset in the text */
	struct predicate *predicates;
	size_t n_predicates;
};

struct syntax_query {
	struct arena mem;
	const struct syntax_language *language;
	struct root_pattern *roots;
	size_t n_roots;
	struct str *captures;
	size_t n_captures;
	/* Roots by the symbol of the node they may start at, in order; begins has one more. */
	uint32_t *by_symbol, *begins;
	size_t n_symbols;
	uint32_t *anywhere; /* those that also start at ERROR nodes */
	size_t n_anywhere;
};

/* Reads the text into q->roots and q->captures. */
int pattern_parse(
	struct syntax_query *q, struct str text, size_t *error_at, struct err *err) MUST_CHECK;
