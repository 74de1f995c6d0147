/* choice: where in a C or C++ file alternatives can stand beside the original text.
 * Layer: kit. Pure. */
#pragma once

#include "port/syntax/syntax.h"

/* Kinds of nodes, by their meaning here. */
struct choice_grammar {
	struct syntax_kinds statement; /* may stand in a block of its own */
	struct syntax_kinds block;     /* { ... } among them */
	struct syntax_kinds barrier;   /* no block of ours within: macro arguments, conditions */
	struct syntax_kinds function;  /* whose specifiers decide whether it runs at run time */
	struct syntax_kinds scope;     /* hold top-level items */
	struct syntax_kinds unwrapped; /* a block that is this kind's child is no statement */
};

void choice_grammar_init(struct choice_grammar *grammar, const struct syntax_language *language);

/* Whether the node is a function that may run at compile time, where nothing can be switched. */
bool choice_is_constant(
	const struct choice_grammar *grammar, const struct syntax_tree *tree, uint32_t node);

/* A statement, and the top-level item (function, class, template) it lies in, before and behind
 * which directives may stand; item_end is 0 when that is not sure. */
struct choice_region {
	size_t start, end, item_start, item_end;
};

/* Each gives false when there is none: outside of functions, in constexpr ones. *out may be r. */
/* The smallest that covers [start, end), both ends included. */
bool choice_statement(const struct choice_grammar *grammar, const struct syntax_tree *tree,
	size_t start, size_t end, struct choice_region *out);
/* The next one around r. */
bool choice_around(const struct choice_grammar *grammar, const struct syntax_tree *tree,
	const struct choice_region *r, struct choice_region *out);
/* The function's whole body that covers [start, end). */
bool choice_body(const struct choice_grammar *grammar, const struct syntax_tree *tree, size_t start,
	size_t end, struct choice_region *out);
