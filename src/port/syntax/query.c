#include "port/syntax/query.h"

#include <tree_sitter/api.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "port/regex/regex.h"
#include "port/syntax/grammar.h"

/* One predicate of one pattern: a capture's text against texts, another capture or a pattern. */
struct predicate {
	uint32_t pattern, capture;
	bool negated;
	struct regex *regex;
	vec(struct str) texts;
	bool has_other;
	uint32_t other;
};

struct syntax_query {
	TSQuery *query;
	vec(struct predicate) predicates; /* by pattern */
};

static int bad_predicate(
	struct syntax_query *q, uint32_t pattern, size_t *error_at, struct err *err)
{
	*error_at = ts_query_start_byte_for_pattern(q->query, pattern);
	return err_set(err, ERR_PARSE, "predicate not understood");
}

static struct str string_of(const struct syntax_query *q, uint32_t id)
{
	uint32_t n;
	const char *p = ts_query_string_value_for_id(q->query, id, &n);

	return str_make(p, n);
}

static int read_arguments(struct syntax_query *q, struct predicate *p,
	const TSQueryPredicateStep *steps, uint32_t n, bool is_match, struct err *err)
{
	for (uint32_t i = 0; i < n; i++) {
		if (steps[i].type == TSQueryPredicateStepTypeCapture) {
			p->has_other = true;
			p->other = steps[i].value_id;
		} else if (is_match) {
			if (!p->regex &&
				regex_new(&p->regex, string_of(q, steps[i].value_id), err) < 0)
				return -1;
		} else {
			vec_push(&p->texts, string_of(q, steps[i].value_id));
		}
	}
	return 0;
}

static int read_predicate(struct syntax_query *q, uint32_t pattern,
	const TSQueryPredicateStep *steps, uint32_t n, size_t *error_at, struct err *err)
{
	struct predicate *p = vec_add(&q->predicates);
	struct str name;

	if (n < 3 || steps[0].type != TSQueryPredicateStepTypeString ||
		steps[1].type != TSQueryPredicateStepTypeCapture)
		return bad_predicate(q, pattern, error_at, err);
	name = string_of(q, steps[0].value_id);
	p->pattern = pattern;
	p->capture = steps[1].value_id;
	p->negated = str_skip(&name, "not-");
	if (!str_eq_c(name, "eq?") && !str_eq_c(name, "any-of?") && !str_eq_c(name, "match?"))
		return bad_predicate(q, pattern, error_at, err);
	*error_at = ts_query_start_byte_for_pattern(q->query, pattern);
	return read_arguments(q, p, steps + 2, n - 2, str_eq_c(name, "match?"), err);
}

static int read_predicates(struct syntax_query *q, size_t *error_at, struct err *err)
{
	for (uint32_t i = 0; i < ts_query_pattern_count(q->query); i++) {
		uint32_t n, from = 0;
		const TSQueryPredicateStep *steps =
			ts_query_predicates_for_pattern(q->query, i, &n);

		for (uint32_t at = 0; at < n; at++) {
			if (steps[at].type != TSQueryPredicateStepTypeDone)
				continue;
			if (read_predicate(q, i, steps + from, at - from, error_at, err) < 0)
				return -1;
			from = at + 1;
		}
	}
	return 0;
}

static const char *why(TSQueryError error)
{
	static const char *const reasons[] = {"", "bad syntax", "no such kind of node",
		"no such field", "no such capture", "impossible structure", "bad language"};

	return error < ARRAY_LEN(reasons) ? reasons[error] : "refused";
}

int syntax_query_new(struct syntax_query **out, const struct syntax_language *language,
	struct str text, size_t *error_at, struct err *err)
{
	CLEANUP(syntax_query_freep) struct syntax_query *q = xcalloc(1, sizeof(*q));
	TSQueryError error = TSQueryErrorNone;
	uint32_t at = 0;

	q->query = ts_query_new(
		syntax_grammar(language), text.p ? text.p : "", (uint32_t)text.n, &at, &error);
	*error_at = at;
	if (!q->query)
		return err_set(err, ERR_PARSE, "bad query: %s", why(error));
	if (read_predicates(q, error_at, err) < 0)
		return err_wrap(err, "bad query");
	*out = TAKE(q);
	return 0;
}

void syntax_query_free(struct syntax_query *q)
{
	if (!q)
		return;
	vec_each (p, &q->predicates) {
		regex_free(p->regex);
		vec_free(&p->texts);
	}
	vec_free(&q->predicates);
	if (q->query)
		ts_query_delete(q->query);
	free(q);
}

size_t syntax_query_patterns(const struct syntax_query *q)
{
	return ts_query_pattern_count(q->query);
}

size_t syntax_query_pattern_at(const struct syntax_query *q, size_t pattern)
{
	return ts_query_start_byte_for_pattern(q->query, (uint32_t)pattern);
}

const char *syntax_query_capture(const struct syntax_query *q, uint32_t id)
{
	uint32_t n;

	if (id >= ts_query_capture_count(q->query))
		return NULL;
	return ts_query_capture_name_for_id(q->query, id, &n);
}

bool syntax_query_find(const struct syntax_query *q, struct str name, uint32_t *id)
{
	for (uint32_t i = 0; i < ts_query_capture_count(q->query); i++)
		if (str_eq_c(name, syntax_query_capture(q, i))) {
			*id = i;
			return true;
		}
	return false;
}

/* The index of the parser's node: preorder is sorted by start, outer nodes first. */
static uint32_t index_of(const struct syntax_tree *tree, TSNode node)
{
	uint32_t start = ts_node_start_byte(node), end = ts_node_end_byte(node);
	TSSymbol symbol = ts_node_symbol(node);
	size_t low = 0, high = tree->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (tree->v[middle].start < start)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < tree->n && tree->v[low].start == start; low++)
		if (tree->v[low].end == end && tree->v[low].symbol == symbol)
			return (uint32_t)low;
	return SYNTAX_NONE;
}

static uint32_t captured(const struct syntax_match *match, uint32_t id)
{
	for (size_t i = 0; i < match->n; i++)
		if (match->captures[i].id == id)
			return match->captures[i].node;
	return SYNTAX_NONE;
}

static bool predicate_is_met(
	const struct predicate *p, const struct syntax_tree *tree, const struct syntax_match *match)
{
	uint32_t node = captured(match, p->capture);
	struct str text;
	bool met = false;

	if (node == SYNTAX_NONE) /* an optional capture that took no part */
		return true;
	text = syntax_text(tree, node);
	if (p->regex)
		met = regex_match(p->regex, text, NULL);
	if (p->has_other && captured(match, p->other) != SYNTAX_NONE)
		met = str_eq(text, syntax_text(tree, captured(match, p->other)));
	vec_each (t, &p->texts)
		met = met || str_eq(text, *t);
	return met != p->negated;
}

static bool predicates_are_met(const struct syntax_query *q, const struct syntax_tree *tree,
	const struct syntax_match *match)
{
	vec_each (p, &q->predicates)
		if (p->pattern == match->pattern && !predicate_is_met(p, tree, match))
			return false;
	return true;
}

void syntax_query_run(const struct syntax_query *q, const struct syntax_tree *tree, size_t start,
	size_t end, unsigned depth, bool (*visit)(void *data, const struct syntax_match *match),
	void *data)
{
	TSQueryCursor *cursor = ts_query_cursor_new();
	TSQueryMatch found;
	bool more = true;

	ts_query_cursor_set_byte_range(cursor, (uint32_t)start, (uint32_t)end);
	if (depth)
		ts_query_cursor_set_max_start_depth(cursor, depth);
	ts_query_cursor_exec(cursor, q->query, ts_tree_root_node(tree->handle));
	while (more && ts_query_cursor_next_match(cursor, &found)) {
		struct syntax_capture captures[SYNTAX_CAPTURES_MAX];
		struct syntax_match match = {.pattern = found.pattern_index, .captures = captures};

		for (uint16_t i = 0; i < found.capture_count && match.n < SYNTAX_CAPTURES_MAX;
			i++) {
			uint32_t node = index_of(tree, found.captures[i].node);

			if (node != SYNTAX_NONE)
				captures[match.n++] =
					(struct syntax_capture){found.captures[i].index, node};
		}
		if (predicates_are_met(q, tree, &match))
			more = visit(data, &match);
	}
	ts_query_cursor_delete(cursor);
}
