/* query: finds patterns in a flat tree by backtracking. What is still to be matched is a chain of
 * continuations on the stack, so that every way of matching is found, each once. */
#include "port/syntax/query.h"

#include <tree_sitter/api.h>

#include "base/alloc.h"
#include "port/syntax/grammar.h"
#include "port/syntax/pattern.h"

static bool may_start_at(const struct pattern *p, uint32_t symbol, bool named)
{
	switch (p->type) {
	case PATTERN_KIND:
		return symbol < SYNTAX_KINDS_MAX &&
		       (p->symbols.bits[symbol / 64] >> (symbol % 64) & 1);
	case PATTERN_NAMED:
		return named;
	case PATTERN_ANY:
		return true;
	case PATTERN_ERROR:
		return false;
	case PATTERN_EITHER:
		for (size_t i = 0; i < p->n; i++)
			if (may_start_at(p->v[i], symbol, named))
				return true;
		return false;
	case PATTERN_SEQUENCE:
		return p->n > 0 && may_start_at(p->v[0], symbol, named);
	}
	return false;
}

/* For each symbol the roots that may start there. */
static void index_roots(struct syntax_query *q)
{
	const TSLanguage *grammar = syntax_grammar(q->language);
	vec(uint32_t) all = {0};

	q->begins = arena_array(&q->mem, q->n_symbols + 1, sizeof(*q->begins));
	for (uint32_t symbol = 0; symbol < q->n_symbols; symbol++) {
		bool named =
			ts_language_symbol_type(grammar, (TSSymbol)symbol) == TSSymbolTypeRegular;

		q->begins[symbol] = (uint32_t)all.n;
		for (uint32_t i = 0; i < q->n_roots; i++)
			if (may_start_at(q->roots[i].pattern, symbol, named))
				vec_push(&all, i);
	}
	q->begins[q->n_symbols] = (uint32_t)all.n;
	q->by_symbol = arena_array(&q->mem, all.n, sizeof(*q->by_symbol));
	if (all.n)
		memcpy(q->by_symbol, all.v, all.n * sizeof(*all.v));
	vec_free(&all);
	q->anywhere = arena_array(&q->mem, q->n_roots, sizeof(*q->anywhere));
	for (uint32_t i = 0; i < q->n_roots; i++)
		if (q->roots[i].pattern->type == PATTERN_ERROR)
			q->anywhere[q->n_anywhere++] = i;
}

int syntax_query_new(struct syntax_query **out, const struct syntax_language *language,
	struct str text, size_t *error_at, struct err *err)
{
	CLEANUP(syntax_query_freep) struct syntax_query *q = xcalloc(1, sizeof(*q));

	q->language = language;
	q->n_symbols = ts_language_symbol_count(syntax_grammar(language));
	if (q->n_symbols > SYNTAX_KINDS_MAX)
		q->n_symbols = SYNTAX_KINDS_MAX;
	if (pattern_parse(q, text, error_at, err) < 0)
		return -1;
	index_roots(q);
	*out = TAKE(q);
	return 0;
}

void syntax_query_free(struct syntax_query *q)
{
	if (!q)
		return;
	for (size_t i = 0; i < q->n_roots; i++)
		for (size_t k = 0; k < q->roots[i].n_predicates; k++)
			regex_free(q->roots[i].predicates[k].regex);
	arena_release(&q->mem);
	free(q);
}

size_t syntax_query_patterns(const struct syntax_query *q)
{
	return q->n_roots;
}

size_t syntax_query_pattern_at(const struct syntax_query *q, size_t pattern)
{
	return q->roots[pattern].at;
}

const char *syntax_query_capture(const struct syntax_query *q, uint32_t id)
{
	return id < q->n_captures ? q->captures[id].p : NULL;
}

bool syntax_query_find(const struct syntax_query *q, struct str name, uint32_t *id)
{
	for (uint32_t i = 0; i < q->n_captures; i++)
		if (str_eq(q->captures[i], name)) {
			*id = i;
			return true;
		}
	return false;
}

struct matcher {
	const struct syntax_query *q;
	const struct syntax_tree *tree;
	const struct root_pattern *root;
	uint32_t root_index;
	struct syntax_capture captures[SYNTAX_CAPTURES_MAX];
	size_t n;
	int steps; /* left for this root node: a long list must not cost squares of its length */
	bool (*visit)(void *data, const struct syntax_match *match);
	void *data;
	bool more;
};

/* Steps from one root node; nodes of an ancestor of the range that is still looked at. */
enum { STEPS_MAX = 100000, AROUND_MAX = 50000 };

/* What is to be matched once this part is: next is the sibling behind it. */
struct continuation {
	bool (*run)(struct matcher *m, const struct continuation *k, uint32_t next);
	const struct pattern *parent; /* whose child i comes next */
	size_t i;
	const struct continuation *outer;
	uint32_t behind; /* the sibling behind the parent, for when it is done */
};

static uint32_t captured(const struct matcher *m, uint32_t id)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->captures[i].id == id)
			return m->captures[i].node;
	return SYNTAX_NONE;
}

static bool predicate_is_met(const struct matcher *m, const struct predicate *p)
{
	uint32_t node = captured(m, p->capture), other;
	struct str text;
	bool met = false;

	if (node == SYNTAX_NONE) /* an optional capture that took no part */
		return true;
	text = syntax_text(m->tree, node);
	if (p->regex)
		met = regex_match(p->regex, text, NULL);
	other = p->has_other ? captured(m, p->other) : SYNTAX_NONE;
	if (other != SYNTAX_NONE)
		met = str_eq(text, syntax_text(m->tree, other));
	for (size_t i = 0; i < p->n_texts && !met; i++)
		met = str_eq(text, p->texts[i]);
	return met != p->negated;
}

/* The whole pattern is matched. True: something was found here. */
static bool finish(struct matcher *m, const struct continuation *k, uint32_t next)
{
	struct syntax_match match = {.pattern = m->root_index, .captures = m->captures, .n = m->n};

	for (size_t i = 0; i < m->root->n_predicates; i++)
		if (!predicate_is_met(m, &m->root->predicates[i]))
			return false;
	m->more = m->visit(m->data, &match);
	return true;
}

static bool node_fits(const struct matcher *m, const struct pattern *p, uint32_t node)
{
	const struct syntax_node *n = &m->tree->v[node];

	if (p->field && n->field != p->field)
		return false;
	switch (p->type) {
	case PATTERN_KIND:
		return syntax_kinds_has(&p->symbols, n);
	case PATTERN_NAMED:
		return (n->flags & SYNTAX_NAMED) && !(n->flags & SYNTAX_EXTRA);
	case PATTERN_ERROR:
		return n->flags & SYNTAX_ERROR;
	default:
		return true;
	}
}

static bool has_field(const struct syntax_tree *tree, uint32_t node, uint8_t field)
{
	syntax_each_child(child, tree, node)
	{
		if (tree->v[child].field == field)
			return true;
	}
	return false;
}

static bool match_at(
	struct matcher *m, const struct pattern *p, uint32_t node, const struct continuation *k);

/* Whether an anchored pattern may look past this sibling. */
static bool is_passed_by(const struct matcher *m, const struct pattern *p, uint32_t node)
{
	uint8_t flags = m->tree->v[node].flags;

	return (flags & SYNTAX_EXTRA) || (p->named && !(flags & SYNTAX_NAMED));
}

static bool is_end(const struct matcher *m, uint32_t node)
{
	for (; node != SYNTAX_NONE; node = syntax_next_sibling(m->tree, node))
		if ((m->tree->v[node].flags & (SYNTAX_NAMED | SYNTAX_EXTRA)) == SYNTAX_NAMED)
			return false;
	return true;
}

static bool match_rest(struct matcher *m, const struct continuation *k, uint32_t next);

/* One or more nodes in a row, as many as fit. */
static bool match_many(
	struct matcher *m, const struct pattern *p, uint32_t node, const struct continuation *k)
{
	size_t own = m->n;
	uint32_t next = node;
	bool found;

	while (next != SYNTAX_NONE && p->n == 0 && node_fits(m, p, next)) {
		for (size_t i = 0; i < p->n_captures && m->n < SYNTAX_CAPTURES_MAX; i++)
			m->captures[m->n++] = (struct syntax_capture){p->captures[i], next};
		next = syntax_next_sibling(m->tree, next);
		while (next != SYNTAX_NONE && is_passed_by(m, p, next))
			next = syntax_next_sibling(m->tree, next);
	}
	found = next != node && match_rest(m, k, next);
	m->n = own;
	return found;
}

/* Child k->i of k->parent and those behind it, at or behind the sibling next. */
static bool match_rest(struct matcher *m, const struct continuation *k, uint32_t next)
{
	const struct pattern *parent = k->parent, *p;
	struct continuation after = *k;
	bool found = false;

	if (k->i == parent->n) {
		if (parent->anchored_end && !is_end(m, next))
			return false;
		return k->outer->run(
			m, k->outer, parent->type == PATTERN_SEQUENCE ? next : k->behind);
	}
	p = parent->v[k->i];
	after.i++;
	for (uint32_t at = next; at != SYNTAX_NONE && m->more && m->steps-- > 0;
		at = syntax_next_sibling(m->tree, at)) {
		if (p->quantifier >= QUANTIFIER_ANY)
			found = match_many(m, p, at, &after) || found;
		else
			found = match_at(m, p, at, &after) || found;
		if (p->quantifier >= QUANTIFIER_ANY && found)
			break;
		if (p->anchored && !is_passed_by(m, p, at))
			break;
	}
	if (!found && m->more &&
		(p->quantifier == QUANTIFIER_OPTIONAL || p->quantifier == QUANTIFIER_ANY))
		found = match_rest(m, &after, next);
	return found;
}

static bool match_children(
	struct matcher *m, const struct pattern *p, uint32_t node, const struct continuation *k)
{
	uint32_t first = m->tree->v[node].count > 1 ? node + 1 : SYNTAX_NONE;
	struct continuation inner = {.run = match_rest,
		.parent = p,
		.outer = k,
		.behind = syntax_next_sibling(m->tree, node)};

	for (size_t i = 0; i < p->n_without; i++)
		if (has_field(m->tree, node, p->without[i]))
			return false;
	if (p->n == 0 && !p->anchored_end)
		return k->run(m, k, inner.behind);
	return match_rest(m, &inner, first);
}

static bool match_either(
	struct matcher *m, const struct pattern *p, uint32_t node, const struct continuation *k)
{
	bool found = false;

	for (size_t i = 0; i < p->n && m->more; i++)
		found = match_at(m, p->v[i], node, k) || found;
	return found;
}

static bool match_sequence(
	struct matcher *m, const struct pattern *p, uint32_t node, const struct continuation *k)
{
	struct continuation inner = {.run = match_rest, .parent = p, .i = 1, .outer = k};

	return p->n > 0 && match_at(m, p->v[0], node, &inner);
}

static bool match_at(
	struct matcher *m, const struct pattern *p, uint32_t node, const struct continuation *k)
{
	size_t own = m->n;
	bool found;

	if (!node_fits(m, p, node))
		return false;
	for (size_t i = 0; i < p->n_captures && m->n < SYNTAX_CAPTURES_MAX; i++)
		m->captures[m->n++] = (struct syntax_capture){p->captures[i], node};
	if (p->type == PATTERN_EITHER)
		found = match_either(m, p, node, k);
	else if (p->type == PATTERN_SEQUENCE)
		found = match_sequence(m, p, node, k);
	else
		found = match_children(m, p, node, k);
	m->n = own;
	return found;
}

static void match_root(struct matcher *m, uint32_t root, uint32_t node)
{
	static const struct continuation end = {.run = finish};

	m->root_index = root;
	m->root = &m->q->roots[root];
	m->steps = STEPS_MAX;
	match_at(m, m->root->pattern, node, &end);
}

static void match_node(struct matcher *m, uint32_t node)
{
	uint16_t symbol = m->tree->v[node].symbol;

	if (m->tree->v[node].flags & SYNTAX_ERROR)
		for (size_t i = 0; i < m->q->n_anywhere && m->more; i++)
			match_root(m, m->q->anywhere[i], node);
	if (symbol >= m->q->n_symbols)
		return;
	for (uint32_t i = m->q->begins[symbol]; i < m->q->begins[symbol + 1] && m->more; i++)
		match_root(m, m->q->by_symbol[i], node);
}

void syntax_query_run(const struct syntax_query *q, const struct syntax_tree *tree, size_t start,
	size_t end, bool (*visit)(void *data, const struct syntax_match *match), void *data)
{
	struct matcher m = {.q = q, .tree = tree, .visit = visit, .data = data, .more = true};
	uint32_t top = syntax_covering(tree, start, end), path[SYNTAX_DEPTH_MAX];
	size_t depth = 0;

	for (uint32_t up = tree->v[top].parent; up != SYNTAX_NONE; up = tree->v[up].parent)
		if (tree->v[up].count <= AROUND_MAX)
			path[depth++] = up;
	while (depth > 0 && m.more)
		match_node(&m, path[--depth]);
	for (uint32_t before = syntax_previous_sibling(tree, top); before != SYNTAX_NONE && m.more;
		before = syntax_previous_sibling(tree, before)) {
		if (!(tree->v[before].flags & SYNTAX_NAMED) ||
			(tree->v[before].flags & SYNTAX_EXTRA))
			continue;
		match_node(&m, before); /* a sequence may start there */
		break;
	}
	for (uint32_t i = top; i < top + tree->v[top].count && m.more; i++)
		if (tree->v[i].start < end && tree->v[i].end >= start)
			match_node(&m, i);
}
