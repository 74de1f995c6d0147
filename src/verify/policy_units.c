#include "verify/policy_units.h"

#include <ctype.h>
#include <limits.h>

#include "base/buf.h"

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
	return token_is_one_of(t, ",;{");
}

/* assert (a == b): whether brackets that hold no list are around all but the first word. */
static bool is_wrapped(const struct unit *u, size_t end)
{
	int depth = 0;

	if (end < 4 || u->tokens[0].kind != TOKEN_WORD || !token_is(&u->tokens[1], "(") ||
		(!token_is(&u->tokens[0], "assert") && !token_is(&u->tokens[0], "return")))
		return false;
	for (size_t i = 1; i < end; i++) {
		if (token_is_one_of(&u->tokens[i], "([{"))
			depth++;
		else if (token_is_one_of(&u->tokens[i], ")]}") && !--depth && i + 1 < end)
			return false;
		else if (token_is_one_of(&u->tokens[i], ",") && depth == 1)
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
		if (token_is_one_of(t, ",") && i + 1 < end && token_is_one_of(&t[1], ")]}"))
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
		if (token_is_one_of(&s->tokens[k], ";{"))
			return false;
		if (token_is_one_of(&s->tokens[k], "}"))
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

/* Where a walk over the tokens of a language with braces is. */
struct walk {
	int brackets[NEST_MAX]; /* open ones since each enclosing block's start */
	int blocks;
	bool is_block[NEST_MAX]; /* what each open brace is */
	int braces;
	size_t from; /* first token of the unit at hand */
};

static void open_brace(struct builder *b, struct walk *w, size_t i)
{
	int *open = &w->brackets[w->blocks - 1];
	bool block = opens_block(b->side, i, *open);

	if (w->braces < NEST_MAX - 1)
		w->is_block[w->braces++] = block;
	if (!block) {
		++*open;
		return;
	}
	emit(b, w->from, i + 1, true);
	w->from = i + 1;
	b->depth++;
	w->blocks += w->blocks < NEST_MAX;
	w->brackets[w->blocks - 1] = 0;
}

/* Whether the brace ended a block: it is then a unit of its own. */
static bool close_brace(struct builder *b, struct walk *w, size_t i)
{
	int *open = &w->brackets[w->blocks - 1];

	if (w->braces && !w->is_block[--w->braces]) {
		*open -= *open > 0;
		return false;
	}
	emit(b, w->from, i, false);
	w->from = i;
	b->depth--;
	w->blocks -= w->blocks > 1;
	return true;
}

/* Whether the unit at hand ends with token i, brackets and braces up to it counted. */
static bool ends_unit(const struct side *s, const struct walk *w, size_t i)
{
	const struct token *t = &s->tokens[i];
	bool line_ends = i + 1 == s->n_tokens || s->tokens[i + 1].line != t->line;

	if (w->brackets[w->blocks - 1])
		return false;
	if (token_is_one_of(t, ";"))
		return true;
	/* A chained call goes on in the next line. */
	if (!line_ends || (i + 1 < s->n_tokens && token_is_one_of(&s->tokens[i + 1], ".")))
		return false;
	return token_is_one_of(t, ",") /* a row of a table */ || s->lexis->newline_ends ||
	       ends_with_line(s, w->from);
}

static void split_braces(struct builder *b)
{
	struct side *s = b->side;
	struct walk w = {.blocks = 1};

	for (size_t i = 0; i < s->n_tokens; i++) {
		const struct token *t = &s->tokens[i];
		int *open = &w.brackets[w.blocks - 1];
		bool ends = false;

		if (token_is_one_of(t, "{")) {
			open_brace(b, &w, i);
			if (w.from > i)
				continue;
		} else if (token_is_one_of(t, "([")) {
			++*open;
		} else if (token_is_one_of(t, ")]")) {
			*open -= *open > 0;
		} else if (token_is_one_of(t, "}")) {
			ends = close_brace(b, &w, i);
		}
		if (ends || ends_unit(s, &w, i)) {
			emit(b, w.from, i + 1, false);
			w.from = i + 1;
		}
	}
	emit(b, w.from, s->n_tokens, false);
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

		if (token_is_one_of(t, "([{"))
			open++;
		else if (token_is_one_of(t, ")]}"))
			open -= open > 0;
		/* A backslash or a long string goes on to the next token's line. */
		line_ends = last || s->tokens[i + 1].line > end;
		if (line_ends && !last && !open) {
			struct str rest = s->lines[s->tokens[i + 1].line - 1]->text;

			line_ends = !str_ends(rest, "\\") || t->kind == TOKEN_STRING;
		}
		if (!open && (line_ends || token_is_one_of(t, ";"))) {
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
	struct arena *mem = b->side->mem;
	struct side head;
	struct change_line *line = arena_new(mem, struct change_line);
	struct change_hunk one = {.v = line, .n = 1};
	struct unit *u;

	*line = (struct change_line){' ', hunk->heading, hunk->n ? hunk->v[0].number : 0};
	side_read(&head, &one, ' ', b->side->lexis, mem);
	if (!head.n_tokens)
		return;
	u = add_unit(b->out, mem);
	u->tokens = head.tokens;
	u->n = head.n_tokens;
	u->hunk = b->hunk;
	u->opens = true;
	u->indent = INT_MIN; /* around whatever the hunk shows */
	u->number = line->number;
	finish_unit(u, false);
	canonical(u, mem);
	u->filler = true;
}

void units_read(struct units *out, const struct change_file *file, char side,
	const struct lexis *lexis, struct arena *mem)
{
	for (size_t h = 0; h < file->n; h++) {
		struct side s;
		struct builder b = {out, &s, (int)h, out->n, 0};
		size_t from;

		side_read(&s, &file->hunks[h], side, lexis, mem);
		if (file->hunks[h].heading.n && lexis->blocks != BLOCKS_LINES)
			add_heading(&b, &file->hunks[h]);
		from = out->n;
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
