/* pattern: reads tree-sitter's query language. Why not the runtime's own compiler: it analyses each
 * pattern against the whole grammar, which costs a second for the templates of a large one. */
#include "port/syntax/pattern.h"

#include <ctype.h>

#include <tree_sitter/api.h>

#include "base/buf.h"
#include "base/limits.h"
#include "port/syntax/grammar.h"

struct reader {
	struct syntax_query *q;
	struct str text;
	size_t at;
	int depth;
	struct err *err;
	vec(struct pattern *) stack; /* children of the patterns being read */
	vec(struct predicate) predicates;
};

static int fail(struct reader *r, const char *why)
{
	return err_set(r->err, ERR_PARSE, "bad query: %s", why);
}

static char peek(struct reader *r)
{
	while (r->at < r->text.n) {
		char c = r->text.p[r->at];

		if (c == ';') {
			while (r->at < r->text.n && r->text.p[r->at] != '\n')
				r->at++;
		} else if (isspace((unsigned char)c)) {
			r->at++;
		} else {
			return c;
		}
	}
	return 0;
}

static bool take(struct reader *r, char c)
{
	if (peek(r) != c)
		return false;
	r->at++;
	return true;
}

static struct str take_word(struct reader *r)
{
	size_t from = r->at;

	while (r->at < r->text.n &&
		(isalnum((unsigned char)r->text.p[r->at]) || memchr("_-.?!", r->text.p[r->at], 5)))
		r->at++;
	return str_slice(r->text, from, r->at);
}

static int take_string(struct reader *r, struct str *out)
{
	BUF_AUTO text;

	buf_init(&text, LIMIT_LINE_BYTES);
	if (!take(r, '"'))
		return fail(r, "expected a text in quotes");
	while (r->at < r->text.n && r->text.p[r->at] != '"') {
		char c = r->text.p[r->at++];

		if (c == '\\' && r->at < r->text.n) {
			c = r->text.p[r->at++];
			c = (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c);
		}
		buf_char(&text, c);
	}
	if (!take(r, '"'))
		return fail(r, "text without end");
	*out = arena_str(&r->q->mem, buf_view(&text));
	return 0;
}

static uint32_t capture_id(struct syntax_query *q, struct str name)
{
	struct str *grown;

	for (uint32_t i = 0; i < q->n_captures; i++)
		if (str_eq(q->captures[i], name))
			return i;
	grown = arena_array(&q->mem, q->n_captures + 1, sizeof(*grown));
	if (q->n_captures)
		memcpy(grown, q->captures, q->n_captures * sizeof(*grown));
	grown[q->n_captures] = arena_str(&q->mem, name);
	q->captures = grown;
	return (uint32_t)q->n_captures++;
}

static int read_captures(struct reader *r, struct pattern *p)
{
	while (peek(r) == '@') {
		struct str name;

		r->at++;
		name = take_word(r);
		if (name.n == 0 || p->n_captures == PATTERN_CAPTURES_MAX)
			return fail(r, "bad capture");
		p->captures[p->n_captures++] = capture_id(r->q, name);
	}
	return 0;
}

static int read_suffix(struct reader *r, struct pattern *p)
{
	if (take(r, '?'))
		p->quantifier = QUANTIFIER_OPTIONAL;
	else if (take(r, '*'))
		p->quantifier = QUANTIFIER_ANY;
	else if (take(r, '+'))
		p->quantifier = QUANTIFIER_SOME;
	return read_captures(r, p);
}

static bool add_symbol(struct reader *r, struct pattern *p, struct str name, bool named)
{
	const TSLanguage *grammar = syntax_grammar(r->q->language);
	bool found = false;

	for (uint32_t i = 0; i < r->q->n_symbols; i++) {
		bool is_named =
			ts_language_symbol_type(grammar, (TSSymbol)i) == TSSymbolTypeRegular;
		bool is_mark =
			ts_language_symbol_type(grammar, (TSSymbol)i) == TSSymbolTypeAnonymous;

		if (!(named ? is_named : is_mark) ||
			!str_eq_c(name, ts_language_symbol_name(grammar, (TSSymbol)i)))
			continue;
		p->symbols.bits[i / 64] |= (uint64_t)1 << (i % 64);
		found = p->symbols.any = true;
	}
	return found;
}

static int field_id(struct reader *r, struct str name, uint8_t *out)
{
	TSFieldId id = ts_language_field_id_for_name(
		syntax_grammar(r->q->language), name.p, (uint32_t)name.n);

	if (id == 0)
		return fail(r, "no such field");
	*out = (uint8_t)id;
	return 0;
}

static int read_pattern(struct reader *r, struct pattern **out);

static int read_regex(struct reader *r, struct predicate *p)
{
	struct str pattern = STR_NULL;

	if (peek(r) != '"' || take_string(r, &pattern) < 0)
		return fail(r, "#match? needs a pattern");
	if (regex_new(&p->regex, pattern, r->err) < 0)
		return err_wrap(r->err, "bad query");
	return 0;
}

static int read_texts(struct reader *r, struct predicate *p)
{
	struct str texts[64];

	while (peek(r) == '"' || peek(r) == '@') {
		if (take(r, '@')) {
			p->has_other = true;
			p->other = capture_id(r->q, take_word(r));
			continue;
		}
		if (p->n_texts == ARRAY_LEN(texts))
			return fail(r, "too many texts");
		if (take_string(r, &texts[p->n_texts]) < 0)
			return -1;
		p->n_texts++;
	}
	p->texts = arena_array(&r->q->mem, p->n_texts, sizeof(*p->texts));
	if (p->n_texts)
		memcpy(p->texts, texts, p->n_texts * sizeof(*texts));
	return 0;
}

/* Behind "(#". */
static int read_predicate(struct reader *r)
{
	struct predicate *p = vec_add(&r->predicates);
	struct str name = take_word(r);

	p->negated = str_skip(&name, "not-");
	if (!take(r, '@'))
		return fail(r, "a predicate is about a capture");
	p->capture = capture_id(r->q, take_word(r));
	if (str_eq_c(name, "match?")) {
		if (read_regex(r, p) < 0)
			return -1;
	} else if (str_eq_c(name, "eq?") || str_eq_c(name, "any-of?")) {
		if (read_texts(r, p) < 0)
			return -1;
	} else {
		return fail(r, "predicate not understood");
	}
	return take(r, ')') ? 0 : fail(r, "bad predicate");
}

static bool starts_predicate(struct reader *r)
{
	if (peek(r) != '(' || r->at + 1 >= r->text.n || r->text.p[r->at + 1] != '#')
		return false;
	r->at += 2;
	return true;
}

/* "name: pattern" or a pattern. */
static int read_child(struct reader *r, struct pattern **out)
{
	size_t from = r->at;
	uint8_t field = 0;

	if (isalpha((unsigned char)peek(r)) || peek(r) == '_') {
		struct str word;

		from = r->at;
		word = take_word(r);
		if (take(r, ':')) {
			if (field_id(r, word, &field) < 0)
				return r->at = from, -1;
		} else {
			r->at = from;
		}
	}
	if (read_pattern(r, out) < 0)
		return -1;
	(*out)->field = field;
	return 0;
}

static int read_without(struct reader *r, struct pattern *p)
{
	if (p->n_without == ARRAY_LEN(p->without))
		return fail(r, "too many '!'");
	return field_id(r, take_word(r), &p->without[p->n_without++]);
}

/* Children up to the closing bracket, which is taken. */
static int read_children(struct reader *r, struct pattern *p, char close)
{
	size_t from = r->stack.n;
	bool anchored = false;

	while (!take(r, close)) {
		struct pattern *child = NULL;

		if (peek(r) == 0)
			return fail(r, "missing bracket");
		if (take(r, '.')) {
			anchored = true;
			continue;
		}
		if (close == ')' && take(r, '!')) {
			if (read_without(r, p) < 0)
				return -1;
			continue;
		}
		if (close == ')' && starts_predicate(r)) {
			if (read_predicate(r) < 0)
				return -1;
			continue;
		}
		if (read_child(r, &child) < 0)
			return -1;
		child->anchored = anchored;
		anchored = false;
		vec_push(&r->stack, child);
	}
	p->anchored_end = anchored;
	p->n = r->stack.n - from;
	p->v = arena_array(&r->q->mem, p->n, sizeof(*p->v));
	if (p->n)
		memcpy(p->v, r->stack.v + from, p->n * sizeof(*p->v));
	r->stack.n = from;
	return 0;
}

/* Behind "(": a node, or siblings in a row. */
static int read_node(struct reader *r, struct pattern *p)
{
	struct str kind;
	size_t from;
	char c = peek(r);

	if (c == '(' || c == '[' || c == '"' || c == '.') {
		p->type = PATTERN_SEQUENCE;
		return read_children(r, p, ')');
	}
	from = r->at;
	kind = take_word(r);
	p->named = true;
	if (str_eq_c(kind, "_"))
		p->type = PATTERN_NAMED;
	else if (str_eq_c(kind, "ERROR"))
		p->type = PATTERN_ERROR;
	else if (kind.n == 0)
		return fail(r, "bad syntax");
	else if (!add_symbol(r, p, kind, true))
		return r->at = from, fail(r, "no such kind of node");
	return read_children(r, p, ')');
}

static int read_body(struct reader *r, struct pattern *p)
{
	struct str text = STR_NULL;
	size_t from;

	if (take(r, '('))
		return read_node(r, p);
	if (take(r, '[')) {
		p->type = PATTERN_EITHER;
		if (read_children(r, p, ']') < 0)
			return -1;
		for (size_t i = 0; i < p->n; i++)
			p->named = p->named || p->v[i]->named;
		return 0;
	}
	from = r->at;
	if (peek(r) == '"') {
		if (take_string(r, &text) < 0)
			return -1;
		if (!add_symbol(r, p, text, false))
			return r->at = from, fail(r, "no such kind of node");
		return 0;
	}
	if (take(r, '_')) {
		p->type = PATTERN_ANY;
		return 0;
	}
	return fail(r, "bad syntax");
}

static int read_pattern(struct reader *r, struct pattern **out)
{
	struct pattern *p = arena_new(&r->q->mem, struct pattern);
	int rc;

	if (r->depth >= PATTERN_DEPTH_MAX)
		return fail(r, "nested too deep");
	r->depth++;
	rc = read_body(r, p);
	r->depth--;
	if (rc < 0 || read_suffix(r, p) < 0)
		return -1;
	*out = p;
	return 0;
}

static int read_root(struct reader *r, struct root_pattern *root)
{
	size_t from = r->predicates.n = 0;
	int rc;

	root->at = r->at;
	rc = read_pattern(r, &root->pattern);
	root->n_predicates = r->predicates.n - from;
	root->predicates = arena_array(&r->q->mem, root->n_predicates, sizeof(*root->predicates));
	if (root->n_predicates)
		memcpy(root->predicates, r->predicates.v,
			root->n_predicates * sizeof(*root->predicates));
	return rc;
}

int pattern_parse(struct syntax_query *q, struct str text, size_t *error_at, struct err *err)
{
	struct reader r = {.q = q, .text = text, .err = err};
	vec(struct root_pattern) roots = {0};
	int rc = 0;

	while (rc == 0 && peek(&r)) {
		struct root_pattern *root = vec_add(&roots);

		rc = read_root(&r, root);
	}
	*error_at = r.at;
	q->n_roots = roots.n;
	q->roots = arena_array(&q->mem, roots.n, sizeof(*q->roots));
	if (roots.n)
		memcpy(q->roots, roots.v, roots.n * sizeof(*q->roots));
	vec_free(&roots);
	vec_free(&r.stack);
	vec_free(&r.predicates);
	return rc;
}
