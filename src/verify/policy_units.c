#include "verify/policy_units.h"

#include <ctype.h>
#include <limits.h>

#include "base/buf.h"
#include "base/limits.h"

/* --- one side of a hunk as one text --- */

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

static void side_text(struct side *s, const struct change_hunk *hunk, char mark)
{
	size_t total = 0, at = 0;
	char *text;

	s->starts = arena_array(s->mem, hunk->n + 1, sizeof(*s->starts));
	s->lines = arena_array(s->mem, hunk->n + 1, sizeof(*s->lines));
	for (size_t i = 0; i < hunk->n; i++)
		total += hunk->v[i].text.n + 1;
	text = arena_alloc(s->mem, total + 1);
	for (size_t i = 0; i < hunk->n; i++) {
		const struct change_line *line = &hunk->v[i];

		if (line->mark != ' ' && line->mark != mark)
			continue;
		s->starts[s->n] = (uint32_t)at;
		s->lines[s->n++] = line;
		if (line->text.n)
			memcpy(text + at, line->text.p, line->text.n);
		at += line->text.n;
		text[at++] = '\n';
	}
	s->text = str_make(text, at);
}

/* --- tokens --- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static bool starts_at(struct str text, size_t at, struct str what)
{
	return what.n && text.n - at >= what.n && !memcmp(text.p + at, what.p, what.n);
}

static struct token *add_token(struct side *s, enum token_kind kind, size_t from, size_t to)
{
	struct token *t;

	if (s->n_tokens == s->cap_tokens) {
		size_t cap = s->cap_tokens ? s->cap_tokens * 2 : 256;
		struct token *v = arena_array(s->mem, cap, sizeof(*v));

		if (s->n_tokens)
			memcpy(v, s->tokens, s->n_tokens * sizeof(*v));
		s->tokens = v;
		s->cap_tokens = cap;
	}
	t = &s->tokens[s->n_tokens++];
	*t = (struct token){.kind = kind, .text = str_slice(s->text, from, to)};
	t->hash = str_hash(t->text) ^ (kind == TOKEN_STRING ? 0x9e3779b97f4a7c15u : 0);
	return t;
}

/* Offset behind a string that opens at `at`; open-ended ones stop at the line's end (triple ones
 * at the end of the text). */
static size_t string_end(const struct side *s, size_t at, struct str *content)
{
	struct str text = s->text;
	char quote = text.p[at];
	bool triple = s->lexis->triple_quotes && at + 2 < text.n && text.p[at + 1] == quote &&
		      text.p[at + 2] == quote;
	size_t from = at + (triple ? 3 : 1), i = from;
	bool raw = quote == '`';

	for (; i < text.n; i++) {
		if (text.p[i] == '\\' && i + 1 < text.n && !(raw && !s->lexis->regex_literals)) {
			i++;
			continue;
		}
		if (text.p[i] == '\n' && !triple && !raw)
			break;
		if (text.p[i] != quote)
			continue;
		if (!triple)
			break;
		if (i + 2 < text.n && text.p[i + 1] == quote && text.p[i + 2] == quote)
			break;
	}
	i = i < text.n ? i : text.n;
	*content = str_slice(text, from, i);
	if (i < text.n && text.p[i] != '\n')
		i += triple ? 3 : 1;
	else if (i < text.n && (triple || raw))
		i++;
	return i < text.n ? i : text.n;
}

/* A division or the start of a regular expression? The token before tells. */
static bool regex_may_start(const struct side *s)
{
	const struct token *last = s->n_tokens ? &s->tokens[s->n_tokens - 1] : NULL;

	if (!last)
		return true;
	if (last->kind == TOKEN_WORD)
		return str_eq_c(last->text, "return") || str_eq_c(last->text, "typeof") ||
		       str_eq_c(last->text, "case");
	return last->kind == TOKEN_PUNCT && !strchr(")]}", last->text.p[last->text.n - 1]);
}

static size_t regex_end(struct str text, size_t at)
{
	bool in_class = false;

	for (size_t i = at + 1; i < text.n && text.p[i] != '\n'; i++) {
		if (text.p[i] == '\\')
			i++;
		else if (text.p[i] == '[')
			in_class = true;
		else if (text.p[i] == ']')
			in_class = false;
		else if (text.p[i] == '/' && !in_class)
			return i + 1;
	}
	return 0;
}

/* 'a in Rust: a lifetime unless a quote closes it soon. */
static bool is_lifetime(const struct side *s, size_t at)
{
	struct str text = s->text;

	return s->lexis->lifetimes && text.p[at] == '\'' && at + 2 < text.n &&
	       text.p[at + 1] != '\\' && text.p[at + 2] != '\'';
}

static size_t punct_length(struct str text, size_t at)
{
	static const char *const OPERATORS[] = {"===", "!==", ">>=", "<<=", "**=", "...",
		"..=", "==", "!=", "<=", ">=", "&&", "||", "=>", "->",
		"::", ":=", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=", "<<", ">>", "++", "--",
		"**", "//", "??", "?.", ".."};

	for (size_t i = 0; i < ARRAY_LEN(OPERATORS); i++)
		if (starts_at(text, at, str_of(OPERATORS[i])))
			return strlen(OPERATORS[i]);
	return 1;
}

static size_t skip_comment(const struct side *s, size_t at)
{
	const struct lexis *lx = s->lexis;
	struct str text = s->text;

	for (size_t c = 0; c < ARRAY_LEN(lx->line_comment); c++)
		if (starts_at(text, at, lx->line_comment[c])) {
			ptrdiff_t end = str_find_char(str_from(text, at), '\n');

			return end < 0 ? text.n : at + (size_t)end;
		}
	if (starts_at(text, at, lx->block_open)) {
		size_t from = at + lx->block_open.n;
		ptrdiff_t end = str_find(str_from(text, from), lx->block_close);

		return end < 0 ? text.n : from + (size_t)end + lx->block_close.n;
	}
	return at;
}

static size_t read_word(struct side *s, size_t at)
{
	struct str text = s->text, content;
	bool number = isdigit((unsigned char)text.p[at]);
	size_t i = at;
	struct token *t;

	while (i < text.n &&
		(is_word(text.p[i]) ||
			(number && text.p[i] == '.' && i + 1 < text.n &&
				isdigit((unsigned char)text.p[i + 1])) ||
			(number && strchr("+-", text.p[i]) && strchr("eE", text.p[i - 1]) &&
				!starts_at(text, at, STR("0x")))))
		i++;
	/* r"..." f'...': a prefix belongs to its string */
	if (!number && i - at <= 3 && i < text.n && s->lexis->triple_quotes &&
		str_find_char(s->lexis->quotes, text.p[i]) >= 0) {
		i = string_end(s, i, &content);
		t = add_token(s, TOKEN_STRING, at, i);
		t->text = content;
		t->hash = str_hash(content) ^ 0x9e3779b97f4a7c15u;
		return i;
	}
	add_token(s, number ? TOKEN_NUMBER : TOKEN_WORD, at, i);
	return i;
}

static size_t read_string(struct side *s, size_t at)
{
	struct str content;
	size_t end = string_end(s, at, &content);
	struct token *t = add_token(s, TOKEN_STRING, at, end);

	t->text = content;
	t->hash = str_hash(content) ^ 0x9e3779b97f4a7c15u;
	return end;
}

static size_t read_token(struct side *s, size_t at)
{
	struct str text = s->text;
	size_t end;

	if (is_word(text.p[at]))
		return read_word(s, at);
	if (str_find_char(s->lexis->quotes, text.p[at]) >= 0 && !is_lifetime(s, at))
		return read_string(s, at);
	if (s->lexis->regex_literals && text.p[at] == '/' && regex_may_start(s) &&
		(end = regex_end(text, at))) {
		add_token(s, TOKEN_STRING, at, end);
		return end;
	}
	end = at + punct_length(text, at);
	add_token(s, TOKEN_PUNCT, at, end);
	return end;
}

/* Whether no changed line before offset `end` could be code: only then may a hunk be taken to start
 * inside a comment or a long string. */
static bool is_prose_until(const struct side *s, size_t end)
{
	for (size_t i = 0; i < s->n && s->starts[i] < end; i++) {
		struct str line = str_trim(s->lines[i]->text);

		if (s->lines[i]->mark == ' ' || str_starts(line, "*"))
			continue;
		for (size_t k = 0; k < line.n; k++)
			if (strchr("()[]{}=;@#", line.p[k]))
				return false;
		if (str_starts(line, "import ") || str_starts(line, "return") ||
			str_starts(line, "assert ") || str_starts(line, "raise ") ||
			str_eq_c(line, "pass"))
			return false;
	}
	return true;
}

static struct str line_at(const struct side *s, size_t offset, char *mark)
{
	size_t i = 0;

	while (i + 1 < s->n && s->starts[i + 1] <= offset)
		i++;
	*mark = s->lines[i]->mark;
	return s->lines[i]->text;
}

/* A block comment's end before any start, on a line of its own making. */
static size_t comment_tail(const struct side *s)
{
	struct str close = s->lexis->block_close, line;
	ptrdiff_t end = str_find(s->text, close), open = str_find(s->text, s->lexis->block_open);
	char mark;

	if (end < 0 || (open >= 0 && open < end))
		return 0;
	line = str_rtrim(line_at(s, (size_t)end, &mark));
	if (!str_ends(line, close.n == 2 ? "*/" : "-->") || str_find_char(line, '"') >= 0 ||
		str_find_char(line, '\'') >= 0 || !is_prose_until(s, (size_t)end))
		return 0;
	return (size_t)end + close.n;
}

/* An odd number of triple quotes: the first closes if it stands alone on a line of context and no
 * def or "=" leads to it. */
static size_t string_tail(const struct side *s)
{
	size_t count = 0, first = 0;
	struct str head;
	char mark;

	for (size_t i = 0; i + 2 < s->text.n; i++)
		if (starts_at(s->text, i, STR("\"\"\"")) || starts_at(s->text, i, STR("'''"))) {
			first = count++ ? first : i;
			i += 2;
		}
	if (count % 2 == 0 || str_trim(line_at(s, first, &mark)).n != 3 || mark != ' ')
		return 0;
	head = str_rtrim(str_slice(s->text, 0, first));
	if (!head.n || strchr(":=(,", head.p[head.n - 1]) || !is_prose_until(s, first))
		return 0;
	return first + 3;
}

/* Where the code of a hunk starts: it may begin inside a comment or a long string. */
static size_t first_offset(const struct side *s)
{
	if (s->lexis->block_close.n)
		return comment_tail(s);
	return s->lexis->triple_quotes ? string_tail(s) : 0;
}

static void read_tokens(struct side *s)
{
	size_t at = s->lexis->blocks == BLOCKS_LINES ? 0 : first_offset(s);
	size_t last = (size_t)-1;
	uint32_t line = 0;

	while (at < s->text.n) {
		size_t behind = skip_comment(s, at), before;

		if (behind != at) {
			at = behind;
			continue;
		}
		if (isspace((unsigned char)s->text.p[at]) ||
			(s->text.p[at] == '\\' && at + 1 < s->text.n &&
				s->text.p[at + 1] == '\n')) {
			at++;
			continue;
		}
		while (line + 1 < s->n && s->starts[line + 1] <= at)
			line++;
		before = s->n_tokens;
		behind = read_token(s, at);
		s->tokens[before].line = line;
		s->tokens[before].glued = at == last;
		at = last = behind;
	}
}

/* --- units --- */

static bool token_is(const struct token *t, const char *text)
{
	return t->kind != TOKEN_STRING && str_eq_c(t->text, text);
}

static bool is_one_of(const struct token *t, const char *chars)
{
	return t->kind == TOKEN_PUNCT && t->text.n == 1 && strchr(chars, t->text.p[0]);
}

static void canonical(struct unit *u, struct arena *mem)
{
	size_t room = 1;
	char *code, *text, *c, *t;

	for (size_t i = 0; i < u->n; i++)
		room += u->tokens[i].text.n + 3;
	code = c = arena_alloc(mem, room);
	text = t = arena_alloc(mem, room);
	for (size_t i = 0; i < u->n; i++) {
		const struct token *tok = &u->tokens[i], *last = i ? tok - 1 : NULL;
		bool wordy = tok->kind != TOKEN_PUNCT;

		if (last && wordy && last->kind != TOKEN_PUNCT)
			*c++ = *t++ = ' ';
		if (tok->kind == TOKEN_STRING) {
			*c++ = *t++ = '"';
			*c++ = '"';
			memcpy(t, tok->text.p, tok->text.n);
			t += tok->text.n;
			*t++ = '"';
		} else {
			memcpy(c, tok->text.p, tok->text.n);
			memcpy(t, tok->text.p, tok->text.n);
			c += tok->text.n;
			t += tok->text.n;
		}
	}
	u->code = str_make(code, (size_t)(c - code));
	u->text = str_make(text, (size_t)(t - text));
}

static bool is_separator(const struct token *t)
{
	return is_one_of(t, ",;{");
}

/* assert (a == b): whether brackets that hold no list are around all but the first word. */
static bool is_wrapped(const struct unit *u, size_t end)
{
	int depth = 0;

	if (end < 4 || u->tokens[0].kind != TOKEN_WORD || !token_is(&u->tokens[1], "(") ||
		(!token_is(&u->tokens[0], "assert") && !token_is(&u->tokens[0], "return")))
		return false;
	for (size_t i = 1; i < end; i++) {
		if (is_one_of(&u->tokens[i], "([{"))
			depth++;
		else if (is_one_of(&u->tokens[i], ")]}") && !--depth && i + 1 < end)
			return false;
		else if (is_one_of(&u->tokens[i], ",") && depth == 1)
			return false;
	}
	return !depth;
}

/* Layout that formatters change at will does not count: trailing commas, brackets around a whole
 * expression. */
static void finish_unit(struct unit *u, bool docstrings)
{
	size_t end = u->n;
	bool wrapped;
	uint64_t key = 1469598103934665603u;
	bool words = false;

	while (end && is_separator(&u->tokens[end - 1]))
		end--;
	wrapped = is_wrapped(u, end);
	for (size_t i = 0; i < end; i++) {
		const struct token *t = &u->tokens[i];

		if (wrapped && (i == 1 || i + 1 == end))
			continue;
		if (is_one_of(t, ",") && i + 1 < end && is_one_of(&t[1], ")]}"))
			continue;
		key = (key ^ t->hash) * 1099511628211u;
		words |= t->kind != TOKEN_PUNCT;
	}
	u->key = key;
	u->filler = !words || (docstrings && u->n == 1 && u->tokens[0].kind == TOKEN_STRING);
}

static struct unit *add_unit(struct units *out, struct arena *mem)
{
	if (out->n == out->cap) {
		size_t cap = out->cap ? out->cap * 2 : 64;
		struct unit *v = arena_array(mem, cap, sizeof(*v));

		if (out->n)
			memcpy(v, out->v, out->n * sizeof(*v));
		out->v = v;
		out->cap = cap;
	}
	memset(&out->v[out->n], 0, sizeof(*out->v));
	out->v[out->n].mate = out->v[out->n].pair = out->v[out->n].parent = -1;
	return &out->v[out->n++];
}

struct builder {
	struct units *out;
	struct side *side;
	int hunk;
	size_t base; /* first unit of this hunk */
	int depth;   /* of braces */
};

static int column_of(const struct side *s, const struct token *t)
{
	struct str line = s->lines[t->line]->text;
	int column = 0;

	for (size_t i = 0; i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'); i++)
		column += line.p[i] == '\t' ? 8 - column % 8 : 1;
	return column;
}

static void emit(struct builder *b, size_t from, size_t to, bool opens)
{
	struct side *s = b->side;
	struct unit *u;

	if (from == to)
		return;
	u = add_unit(b->out, s->mem);
	u->tokens = s->tokens + from;
	u->n = to - from;
	u->hunk = b->hunk;
	u->opens = opens;
	u->number = s->lines[u->tokens[0].line]->number;
	u->indent = s->lexis->blocks == BLOCKS_BRACES ? b->depth : column_of(s, &u->tokens[0]);
	for (size_t i = from; i < to; i++)
		u->changed |= s->lines[s->tokens[i].line]->mark != ' ';
	/* A statement of several lines: also the lines between its tokens. */
	for (uint32_t l = u->tokens[0].line; l < u->tokens[u->n - 1].line; l++)
		u->changed |= s->lines[l]->mark != ' ' && s->lines[l]->text.n;
	finish_unit(u, s->lexis->triple_quotes);
	canonical(u, s->mem);
}

/* {1, 0} in one line of C or Java: a literal, unless it is empty or holds a statement. */
static bool is_flat_literal(const struct side *s, size_t i)
{
	const struct token *open = &s->tokens[i];

	if (s->lexis->newline_ends || s->lexis->lifetimes)
		return false;
	for (size_t k = i + 1; k < s->n_tokens && s->tokens[k].line == open->line; k++) {
		if (is_one_of(&s->tokens[k], ";{"))
			return false;
		if (is_one_of(&s->tokens[k], "}"))
			return k > i + 1;
	}
	return false;
}

/* Whether the brace at i opens a block of statements rather than a literal; open: brackets around
 * it within the statement. */
static bool opens_block(const struct side *s, size_t i, int open)
{
	static const char *const WORDS[] = {"else", "try", "do", "finally", "catch", "loop",
		"unsafe", "default", "struct", "interface", "noexcept", "override", "move", "async",
		"static"};
	const struct token *last = i ? &s->tokens[i - 1] : NULL;

	if (!last || (i + 1 < s->n_tokens && s->tokens[i + 1].line != s->tokens[i].line))
		return true;
	if (is_flat_literal(s, i))
		return false;
	if (token_is(last, ")") || token_is(last, "=>") || token_is(last, "->") ||
		token_is(last, "{") || token_is(last, ";") || token_is(last, "}") ||
		token_is(last, ":"))
		return true;
	for (size_t w = 0; w < ARRAY_LEN(WORDS); w++)
		if (token_is(last, WORDS[w]))
			return true;
	/* if x { return }: the head has a keyword of its own */
	for (size_t k = i; !open && k-- > 0 && s->tokens[k].line == s->tokens[i].line;)
		if (token_is(&s->tokens[k], "if") || token_is(&s->tokens[k], "for") ||
			token_is(&s->tokens[k], "match") || token_is(&s->tokens[k], "switch") ||
			token_is(&s->tokens[k], "class") || token_is(&s->tokens[k], "fn") ||
			token_is(&s->tokens[k], "while") || token_is(&s->tokens[k], "mod"))
			return true;
	return false;
}

/* A statement that its own line ends whatever the language: preprocessor, annotation, attribute. */
static bool ends_with_line(const struct side *s, size_t from)
{
	const struct token *t = &s->tokens[from];

	return token_is(t, "#") || (token_is(t, "@") && s->lexis->blocks == BLOCKS_BRACES) ||
	       (from + 1 < s->n_tokens && token_is(t, "[") && token_is(&t[1], "["));
}

enum { NEST_MAX = 256 };

/* Brackets since the block's start; braces that open blocks save and restore the count. */
struct nesting {
	int brackets[NEST_MAX];
	int n;
};

static void split_braces(struct builder *b)
{
	struct side *s = b->side;
	struct nesting nest = {.n = 1};
	bool block[NEST_MAX] = {false}; /* what each open brace is */
	int braces = 0;
	size_t from = 0;

	for (size_t i = 0; i < s->n_tokens; i++) {
		const struct token *t = &s->tokens[i];
		int *open = &nest.brackets[nest.n - 1];
		bool line_ends = i + 1 == s->n_tokens || s->tokens[i + 1].line != t->line;
		bool ends = false;

		if (is_one_of(t, "([")) {
			++*open;
		} else if (is_one_of(t, ")]")) {
			*open -= *open > 0;
		} else if (is_one_of(t, "{")) {
			bool is_block = opens_block(s, i, *open);

			if (braces < NEST_MAX - 1)
				block[braces++] = is_block;
			if (is_block) {
				emit(b, from, i + 1, true);
				from = i + 1;
				b->depth++;
				nest.n += nest.n < NEST_MAX;
				nest.brackets[nest.n - 1] = 0;
				continue;
			}
			++*open;
		} else if (is_one_of(t, "}")) {
			bool was_block = braces ? block[--braces] : true;

			if (was_block) {
				emit(b, from, i, false);
				from = i;
				b->depth--;
				nest.n -= nest.n > 1;
				ends = true;
			} else {
				*open -= *open > 0;
			}
		} else if (is_one_of(t, ";") && !*open) {
			ends = true;
		} else if (is_one_of(t, ",") && !*open && line_ends) {
			ends = true; /* a row of a table */
		}
		open = &nest.brackets[nest.n - 1];
		if (line_ends && !*open && (s->lexis->newline_ends || ends_with_line(s, from)))
			ends = true;
		/* A chained call goes on in the next line. */
		if (ends && line_ends && i + 1 < s->n_tokens && is_one_of(&s->tokens[i + 1], ".") &&
			!is_one_of(t, ";"))
			ends = false;
		if (ends) {
			emit(b, from, i + 1, false);
			from = i + 1;
		}
	}
	emit(b, from, s->n_tokens, false);
}

static void split_indent(struct builder *b)
{
	struct side *s = b->side;
	int open = 0;
	size_t from = 0;

	for (size_t i = 0; i < s->n_tokens; i++) {
		const struct token *t = &s->tokens[i];
		bool last = i + 1 == s->n_tokens, line_ends;
		size_t end = t->line;

		if (is_one_of(t, "([{"))
			open++;
		else if (is_one_of(t, ")]}"))
			open -= open > 0;
		/* A backslash or a long string goes on to the next token's line. */
		line_ends = last || s->tokens[i + 1].line > end;
		if (line_ends && !last && !open) {
			struct str rest = s->lines[s->tokens[i + 1].line - 1]->text;

			line_ends = !str_ends(rest, "\\") || t->kind == TOKEN_STRING;
		}
		if (!open && (line_ends || is_one_of(t, ";"))) {
			emit(b, from, i + 1, token_is(t, ":"));
			from = i + 1;
		}
	}
	emit(b, from, s->n_tokens, false);
}

static void split_lines(struct builder *b)
{
	struct side *s = b->side;
	size_t from = 0;

	for (size_t i = 0; i < s->n_tokens; i++)
		if (i + 1 == s->n_tokens || s->tokens[i + 1].line != s->tokens[i].line) {
			emit(b, from, i + 1, false);
			from = i + 1;
		}
}

/* Lines are compared as they are written, runs of blanks as one. */
static void canonical_lines(struct units *out, size_t from, const struct side *s)
{
	for (size_t i = from; i < out->n; i++) {
		struct unit *u = &out->v[i];
		const struct token *last = &u->tokens[u->n - 1];
		struct str line = s->lines[u->tokens[0].line]->text;
		size_t offset = s->starts[u->tokens[0].line];
		const char *end = last->text.p + last->text.n;
		char *to;
		size_t n = 0;

		if (last->kind == TOKEN_STRING)
			end++;
		line = str_trim(str_slice(line, 0, (size_t)(end - (s->text.p + offset))));
		to = arena_alloc(s->mem, line.n + 1);
		for (size_t k = 0; k < line.n; k++)
			if (!isspace((unsigned char)line.p[k]))
				to[n++] = line.p[k];
			else if (n && to[n - 1] != ' ')
				to[n++] = ' ';
		u->code = u->text = str_make(to, n);
	}
}

/* The head of the block each unit is in. A hunk's heading is the head of what has none. */
static void find_parents(struct units *out, size_t from, enum unit_blocks blocks)
{
	int stack[NEST_MAX], n = 0;

	for (size_t i = from; i < out->n; i++) {
		struct unit *u = &out->v[i];

		while (n && out->v[stack[n - 1]].indent >= u->indent)
			n--;
		u->parent = n ? stack[n - 1] : -1;
		if ((u->opens || blocks == BLOCKS_INDENT) && n < NEST_MAX)
			stack[n++] = (int)i;
	}
}

static void add_heading(struct builder *b, const struct change_hunk *hunk)
{
	struct side head = {.lexis = b->side->lexis, .mem = b->side->mem};
	struct change_line *line = arena_new(head.mem, struct change_line);
	struct change_hunk one = {.v = line, .n = 1};
	struct unit *u;

	*line = (struct change_line){' ', hunk->heading, hunk->n ? hunk->v[0].number : 0};
	side_text(&head, &one, ' ');
	read_tokens(&head);
	if (!head.n_tokens)
		return;
	u = add_unit(b->out, head.mem);
	u->tokens = head.tokens;
	u->n = head.n_tokens;
	u->hunk = b->hunk;
	u->opens = true;
	u->indent = INT_MIN; /* around whatever the hunk shows */
	u->number = line->number;
	finish_unit(u, false);
	canonical(u, head.mem);
	u->filler = true;
}

void units_read(struct units *out, const struct change_file *file, char side,
	const struct lexis *lexis, struct arena *mem)
{
	for (size_t h = 0; h < file->n; h++) {
		struct side s = {.lexis = lexis, .mem = mem};
		struct builder b = {out, &s, (int)h, out->n, 0};
		size_t from;

		if (file->hunks[h].heading.n && lexis->blocks != BLOCKS_LINES)
			add_heading(&b, &file->hunks[h]);
		from = out->n;
		side_text(&s, &file->hunks[h], side);
		read_tokens(&s);
		if (lexis->blocks == BLOCKS_BRACES)
			split_braces(&b);
		else if (lexis->blocks == BLOCKS_INDENT)
			split_indent(&b);
		else
			split_lines(&b);
		if (lexis->blocks == BLOCKS_LINES)
			canonical_lines(out, from, &s);
		find_parents(out, b.base, lexis->blocks);
	}
}
