/* query: patterns in tree-sitter's query language over a syntax tree.
 * Layer: port. Kinds, fields, anchors, alternatives, sequences, quantifiers, '!field' and '_' as
 * there; supertypes are not known. A query holds many patterns, so that one walk finds the matches
 * of all. Besides the patterns' own shape, the usual predicates are understood: #eq? #not-eq?
 * #any-of? #not-any-of? #match? #not-match? (the last two: Perl-compatible patterns). */
#pragma once

#include "port/syntax/syntax.h"

struct syntax_query;

enum { SYNTAX_CAPTURES_MAX = 64 };

struct syntax_capture {
	uint32_t id;   /* of the capture's name, see syntax_query_capture */
	uint32_t node; /* index in the tree */
};

struct syntax_match {
	uint32_t pattern; /* 0-based, in the order of the query's text */
	const struct syntax_capture *captures;
	size_t n;
};

/* ERR_PARSE; *error_at is then the offset in text. */
int syntax_query_new(struct syntax_query **out, const struct syntax_language *language,
	struct str text, size_t *error_at, struct err *err) MUST_CHECK;
void syntax_query_free(struct syntax_query *query);
DEFINE_CLEANUP(struct syntax_query *, syntax_query_free)

size_t syntax_query_patterns(const struct syntax_query *query);
/* Offset in the query's text where a pattern starts. */
size_t syntax_query_pattern_at(const struct syntax_query *query, size_t pattern);
/* Name of a capture, NULL past the last. */
const char *syntax_query_capture(const struct syntax_query *query, uint32_t id);
/* Whether any pattern has a capture of that name; its id. */
bool syntax_query_find(const struct syntax_query *query, struct str name, uint32_t *id);

/* Every match whose root touches bytes [start, end) of the tree or lies around them (at no great
 * distance), by root in the order of the text, then by pattern. Stops when the visitor says false.
 */
void syntax_query_run(const struct syntax_query *query, const struct syntax_tree *tree,
	size_t start, size_t end, bool (*visit)(void *data, const struct syntax_match *match),
	void *data);
