/* scan: free text as tokens, in any state of repair.
 * Layer: kit. For text that has no tree: pieces of templates, files with syntax errors. */
#pragma once

#include "kit/rewrite/pack.h"

enum scan_kind {
	SCAN_END,
	SCAN_WORD, /* names and keywords */
	SCAN_NUMBER,
	SCAN_STRING,
	SCAN_OPEN, /* ( [ { */
	SCAN_CLOSE,
	SCAN_MARK, /* operators and other punctuation */
	SCAN_NEWLINE,
	SCAN_COMMENT,
};

struct scan_token {
	enum scan_kind kind;
	struct str text; /* view of the text given */
	bool unclosed;   /* a string whose line or text ends before its quote */
};

/* Takes the next token off *rest; blanks are skipped. */
struct scan_token scan_next(const struct pack *pack, struct str *rest);

/* The binding of the loosest operator at the top level of an expression's text: 0 with a comma,
 * PACK_LEVEL_ATOM without an operator. */
int scan_level(const struct pack *pack, struct str text);

/* What stands beside an expression. */
struct neighbours {
	const struct pack_operator *left, *right; /* NULL: no operator */
	bool tight;                               /* a bracket or a dot follows at once */
};
/* From the text before and behind. */
struct neighbours scan_neighbours(const struct pack *pack, struct str before, struct str behind);
/* Whether an expression of that level must be put in brackets there. */
bool scan_needs_parens(int level, const struct neighbours *beside);
