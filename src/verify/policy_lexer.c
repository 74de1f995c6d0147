#include "verify/policy_lexer.h"

#include <ctype.h>

#include "base/buf.h"

bool token_is(const struct token *t, const char *text)
{
	return t->kind != TOKEN_STRING && str_eq_c(t->text, text);
}

bool token_is_one_of(const struct token *t, const char *chars)
{
	return t->kind == TOKEN_PUNCT && t->text.n == 1 && strchr(chars, t->text.p[0]);
}

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
		at = behind;
	}
}

void side_read(struct side *out, const struct change_hunk *hunk, char mark,
	const struct lexis *lexis, struct arena *mem)
{
	*out = (struct side){.lexis = lexis, .mem = mem};
	side_text(out, hunk, mark);
	read_tokens(out);
}
