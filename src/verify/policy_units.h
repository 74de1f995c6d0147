/* policy_units: one side of a hunk as statements, so that layout, comments and quotes do not count.
 * Layer: verify. A unit is a statement or the head of a block; in formats without statements, a
 * line. Canonical text: tokens without white space but between words, strings in double quotes,
 * comments gone. All lives in the caller's arena. */
#pragma once

#include "base/arena.h"
#include "verify/policy_lexer.h"

struct unit {
	struct str code, text; /* canonical; code has its strings emptied */
	const struct token *tokens;
	size_t n;
	int number; /* of its first line, in the file */
	int indent; /* column or brace depth */
	int parent; /* index of the head of the block it is in, or -1 */
	int hunk;
	bool changed;   /* on a line that was removed or added */
	bool opens;     /* head of a block */
	bool filler;    /* only brackets, separators, or a string that is no value */
	int mate;       /* the equal unit of the other side, or -1 */
	int pair;       /* the unit of the other side it was changed from or into, or -1 */
	uint64_t key;   /* of the tokens, trailing separators aside */
	uint64_t marks; /* enum mark bits */
	int strength;   /* of an assertion; 0: none */
	bool idle;      /* an assertion that always holds */
};

struct units {
	struct unit *v;
	size_t n, cap;
};

/* The units of the old ('-') or the new ('+') side of all hunks of a file. */
void units_read(struct units *out, const struct change_file *file, char side,
	const struct lexis *lexis, struct arena *mem);
