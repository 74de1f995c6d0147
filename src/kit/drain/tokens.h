/* tokens: one log line cut and masked.
 * Layer: kit, inside drain/. */
#pragma once

#include "base/arena.h"
#include "kit/drain/drain.h"

enum { TOKENS_MAX = 128 };

enum token_kind { TOKEN_VALUE, TOKEN_WORD, TOKEN_MARK };

struct token {
	uint64_t hash; /* of the text; equal for all values */
	uint16_t at, n;
	uint8_t kind; /* enum token_kind */
	bool plain;   /* a word of small letters only */
};

struct token_line {
	struct token v[TOKENS_MAX];
	size_t n;
	uint64_t shape; /* of the whole line: equal for lines that differ only in values */
};

enum { TOKEN_SLOTS = 256 };

/* templates/logs/masks.yml, ready to use. */
struct token_rules {
	uint8_t class_[256];
	struct token_word {
		uint64_t hash;
		bool value, trouble;
		uint8_t level; /* enum drain_severity, 0: no level */
	} words[TOKEN_SLOTS];  /* open addressing by hash */
	int depth, siblings;
	double similarity;
};

int token_rules_load(struct token_rules *rules, struct err *err) MUST_CHECK;
/* What every value's hash is. */
uint64_t token_value_hash(void);
/* At most DRAIN_LINE_BYTES are looked at. */
void tokens_cut(struct token_line *out, const struct token_rules *rules, struct str line);
/* The word's entry, or NULL. */
const struct token_word *token_rules_find(const struct token_rules *rules, uint64_t hash);
/* The first token of the message: time stamps, host, program[pid] and level stand before it. */
size_t tokens_message(const struct token_line *line, const struct token_rules *rules);
