#include "kit/rewrite/evidence.h"

#include <math.h>

static const char *const names[RELATION_COUNT] = {"off-by-one", "negated", "smaller", "larger",
	"case", "space", "reversed", "reordered", "missing", "extra", "duplicates", "type", "none",
	"fraction", "string"};

const char *relation_to_string(enum relation relation)
{
	return names[relation];
}

bool relation_from_string(struct str s, enum relation *out)
{
	for (int i = 0; i < RELATION_COUNT; i++)
		if (str_eq_c(s, names[i])) {
			*out = (enum relation)i;
			return true;
		}
	return false;
}

#define BIT(relation) (1u << (relation))

enum value_kind {
	VALUE_NUMBER,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_TUPLE,
	VALUE_BRACES,
	VALUE_FLAG,
	VALUE_NOTHING,
	VALUE_OTHER
};

enum { ITEMS_MAX = 256 };

struct value {
	enum value_kind kind;
	double number;
	bool is_real, flag;
	struct str text; /* inside the quotes or brackets */
};

static bool is_word(struct str s, const char *a, const char *b, const char *c)
{
	return str_eq_c(s, a) || str_eq_c(s, b) || str_eq_c(s, c);
}

static struct value value_of(struct str s)
{
	struct value v = {.kind = VALUE_OTHER, .text = s = str_trim(s)};
	char first = s.n ? s.p[0] : 0, last = s.n ? s.p[s.n - 1] : 0;

	if (is_word(s, "None", "null", "nullptr")) {
		v.kind = VALUE_NOTHING;
	} else if (is_word(s, "True", "true", "TRUE") || is_word(s, "False", "false", "FALSE")) {
		v.kind = VALUE_FLAG;
		v.flag = first == 'T' || first == 't';
	} else if (str_to_double(s, &v.number)) {
		v.kind = VALUE_NUMBER;
		v.is_real = str_find_char(s, '.') >= 0;
	} else if (s.n >= 2 && (first == '\'' || first == '"') && last == first) {
		v.kind = VALUE_TEXT;
	} else if (s.n >= 2 && first == '[' && last == ']') {
		v.kind = VALUE_LIST;
	} else if (s.n >= 2 && first == '(' && last == ')') {
		v.kind = VALUE_TUPLE;
	} else if (s.n >= 2 && first == '{' && last == '}') {
		v.kind = VALUE_BRACES;
	}
	if (v.kind >= VALUE_TEXT && v.kind <= VALUE_BRACES && v.kind != VALUE_FLAG)
		v.text = str_slice(s, 1, s.n - 1);
	return v;
}

/* Elements at the top level of a list's inside. */
static size_t split(struct str s, struct str items[ITEMS_MAX])
{
	size_t n = 0, from = 0;
	int depth = 0;
	char quote = 0;

	for (size_t i = 0; i <= s.n; i++) {
		char c = i < s.n ? s.p[i] : ',';

		if (quote) {
			i += c == '\\';
			quote = c == quote ? 0 : quote;
			continue;
		}
		if (c == '\'' || c == '"')
			quote = c;
		depth += (c == '[' || c == '(' || c == '{') - (c == ']' || c == ')' || c == '}');
		if (c != ',' || (depth > 0 && i < s.n) || n == ITEMS_MAX)
			continue;
		items[n] = str_trim(str_slice(s, from, i));
		n += items[n].n > 0;
		from = i + 1;
	}
	return n;
}

static unsigned number_relations(const struct value *e, const struct value *a)
{
	double d = a->number - e->number;
	unsigned bits = d < 0 ? BIT(RELATION_SMALLER) : d > 0 ? BIT(RELATION_LARGER) : 0;

	if (fabs(fabs(d) - 1) < 1e-9)
		bits |= BIT(RELATION_OFF_BY_ONE);
	if (d != 0 && fabs(a->number + e->number) < 1e-9)
		bits |= BIT(RELATION_NEGATED);
	if (e->is_real != a->is_real)
		bits |= BIT(RELATION_FRACTION);
	return bits;
}

static bool is_reverse(struct str a, struct str b)
{
	for (size_t i = 0; i < a.n; i++)
		if (a.n != b.n || a.p[i] != b.p[b.n - 1 - i])
			return false;
	return a.n > 1 && a.n == b.n;
}

static bool eq_without_space(struct str a, struct str b)
{
	size_t i = 0, k = 0;

	for (;;) {
		while (i < a.n && (a.p[i] == ' ' || a.p[i] == '\n' || a.p[i] == '\t'))
			i++;
		while (k < b.n && (b.p[k] == ' ' || b.p[k] == '\n' || b.p[k] == '\t'))
			k++;
		if (i == a.n || k == b.n)
			return i == a.n && k == b.n;
		if (a.p[i++] != b.p[k++])
			return false;
	}
}

static unsigned text_relations(struct str e, struct str a)
{
	unsigned bits = BIT(RELATION_STRING);

	if (str_eq_nocase(e, a))
		bits |= BIT(RELATION_CASE);
	if (eq_without_space(e, a))
		bits |= BIT(RELATION_SPACE);
	if (is_reverse(e, a))
		bits |= BIT(RELATION_REVERSED);
	if (a.n < e.n && str_find(e, a) >= 0)
		bits |= BIT(RELATION_MISSING);
	if (a.n > e.n && str_find(a, e) >= 0)
		bits |= BIT(RELATION_EXTRA);
	return bits;
}

static size_t count(const struct str *items, size_t n, struct str what)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += str_eq(items[i], what);
	return found;
}

/* Every element of a is in b, at least as often. */
static bool within(const struct str *a, size_t n_a, const struct str *b, size_t n_b)
{
	for (size_t i = 0; i < n_a; i++)
		if (count(a, n_a, a[i]) > count(b, n_b, a[i]))
			return false;
	return true;
}

static bool has_duplicates(const struct str *a, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (count(a, n, a[i]) > 1)
			return true;
	return false;
}

static unsigned list_relations(struct str expected, struct str actual)
{
	struct str e[ITEMS_MAX], a[ITEMS_MAX];
	size_t n_e = split(expected, e), n_a = split(actual, a), same = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < n_e && n_e == n_a; i++)
		same += str_eq(e[i], a[n_e - 1 - i]);
	if (n_e > 1 && same == n_e)
		bits |= BIT(RELATION_REVERSED);
	if (n_e == n_a && within(a, n_a, e, n_e))
		bits |= BIT(RELATION_REORDERED);
	if (n_a < n_e && within(a, n_a, e, n_e))
		bits |= BIT(RELATION_MISSING);
	if (n_a > n_e && within(e, n_e, a, n_a))
		bits |= BIT(RELATION_EXTRA);
	if (has_duplicates(a, n_a) && !has_duplicates(e, n_e))
		bits |= BIT(RELATION_DUPLICATES);
	for (size_t i = 0; i < n_e && n_e == n_a && n_e > 0; i++) {
		if (!str_eq(e[i], a[i]))
			return bits | relations_between(e[i], a[i]);
	}
	return bits;
}

unsigned relations_between(struct str expected, struct str actual)
{
	struct value e = value_of(expected), a = value_of(actual);

	if (a.kind == VALUE_NOTHING && e.kind != VALUE_NOTHING)
		return BIT(RELATION_NONE);
	if (e.kind == VALUE_OTHER || a.kind == VALUE_OTHER)
		return 0;
	if (e.kind != a.kind)
		return BIT(RELATION_TYPE);
	switch (e.kind) {
	case VALUE_NUMBER:
		return number_relations(&e, &a);
	case VALUE_TEXT:
		return text_relations(e.text, a.text);
	case VALUE_FLAG:
		return e.flag != a.flag ? BIT(RELATION_NEGATED) : 0;
	case VALUE_LIST:
	case VALUE_TUPLE:
	case VALUE_BRACES:
		return list_relations(e.text, a.text);
	default:
		return 0;
	}
}

/* "assert ACTUAL == EXPECTED" as test runners print it. */
static bool split_assertion(struct str message, struct str *expected, struct str *actual)
{
	struct str line, left;

	while (str_next_line(&message, &line)) {
		ptrdiff_t at = str_find_c(line, "assert ");

		if (at < 0)
			continue;
		line = str_from(line, (size_t)at + 7);
		if (!str_cut(&line, " == ", &left))
			continue;
		*actual = left;
		*expected = line;
		return true;
	}
	return false;
}

unsigned failure_relations(const struct failure *failure)
{
	struct str expected = failure->expected, actual = failure->actual;

	if (expected.p && actual.p)
		return relations_between(expected, actual);
	if (split_assertion(failure->message, &expected, &actual))
		return relations_between(expected, actual);
	return 0;
}

static bool is_within(struct str path, int line, struct str at_path, int at_line, int near)
{
	return str_eq(path, at_path) && line - at_line <= near && at_line - line <= near;
}

bool failure_is_near(const struct failure *failure, struct str path, int line, int near)
{
	if (is_within(path, line, failure->file, failure->line, near))
		return true;
	for (size_t i = 0; i < failure->stack.n; i++) {
		const struct frame *frame = &failure->stack.v[i];

		if (is_within(path, line, frame->path, frame->line, near))
			return true;
	}
	return false;
}
