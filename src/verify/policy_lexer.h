/* policy_lexer: one side of a hunk as tokens, in whatever language.
 * Layer: verify. Knows strings, comments, words, numbers and operators; what a language has of them
 * is data (templates/policy/languages.table). All lives in the caller's arena. */
#pragma once

#include "base/arena.h"
#include "verify/policy_diff.h"

enum unit_blocks { BLOCKS_LINES, BLOCKS_INDENT, BLOCKS_BRACES };

/* How a language is read: a line of templates/policy/languages.table. */
struct lexis {
	struct str name;
	enum unit_blocks blocks;
	bool newline_ends; /* a line end ends a statement outside brackets */
	struct str line_comment[2], block_open, block_close;
	struct str quotes;   /* characters that open and close a string */
	bool triple_quotes;  /* three of them do, too */
	bool regex_literals; /* /.../ where an operand stands */
	bool lifetimes;      /* 'a may be no string */
};

enum token_kind { TOKEN_WORD, TOKEN_NUMBER, TOKEN_STRING, TOKEN_PUNCT };

struct token {
	struct str text; /* of a string: its content */
	enum token_kind kind;
	uint32_t line; /* index of the line in the side */
	uint64_t hash;
};

/* The lines of one side of a hunk as one text, and its tokens. */
struct side {
	const struct lexis *lexis;
	struct arena *mem;
	struct str text;
	uint32_t *starts; /* offset of each line */
	const struct change_line **lines;
	size_t n;
	struct token *tokens;
	size_t n_tokens, cap_tokens;
};

/* The old ('-') or the new ('+') side; a hunk may begin inside a comment or a long string. */
void side_read(struct side *out, const struct change_hunk *hunk, char mark,
	const struct lexis *lexis, struct arena *mem);
/* Whether a token that is no string says exactly that; is one of these single characters. */
bool token_is(const struct token *t, const char *text);
bool token_is_one_of(const struct token *t, const char *chars);
