/* A statement of a test that became another: does it still check as much? */
#include <ctype.h>

#include "verify/policy_tests.h"

enum {
	STRENGTH_EXACT = 9,
	DELTA_LITERAL = DELTA_NUMBER | DELTA_STRING | DELTA_VALUE,
	DELTA_WORDING = DELTA_STRING | DELTA_WORD | DELTA_LAYOUT,
};

bool unit_is_check(const struct units *units, size_t i)
{
	const struct unit *u = &units->v[i], *next = i + 1 < units->n ? u + 1 : NULL;

	if (u->strength || !(u->marks & MARK_GUARD))
		return u->strength > 0;
	/* if got != want { t.Error... }: the head checks for what follows, also out of sight */
	return !next || next->hunk != u->hunk || (next->parent == (int)i && next->strength);
}

bool unit_mentions(const struct unit *u, struct str word)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->tokens[i].kind == TOKEN_WORD && str_eq(u->tokens[i].text, word))
			return true;
	return false;
}

/* --- renames --- */

/* Whether the unit brings the word at i into being: def x, let x, int x =, x =, for x. */
static bool declares(const struct unit *u, size_t i)
{
	static const char *const WORDS[] = {"def", "function", "func", "fn", "let", "const", "var",
		"val", "mut", "class", "struct", "for", "auto", "type", "as", "static"};
	const struct token *last = i ? &u->tokens[i - 1] : NULL;
	const struct token *next = i + 1 < u->n ? &u->tokens[i + 1] : NULL;

	if (last && last->kind == TOKEN_WORD)
		for (size_t w = 0; w < ARRAY_LEN(WORDS); w++)
			if (str_eq_c(last->text, WORDS[w]))
				return true;
	if (!next)
		return false;
	if (token_is(next, ":=") || (token_is(next, "=") && (!last || token_is(last, ","))))
		return true;
	/* a type stands in front: int x = ..., static int x[] = ... */
	if ((u->marks & MARK_FUNCTION) && last && last->kind == TOKEN_WORD && token_is(next, "("))
		return true;
	return last && (last->kind == TOKEN_WORD || token_is(last, "*") || token_is(last, "&")) &&
	       !token_is(last, "return") && !token_is(last, "assert") &&
	       (token_is(next, "=") || token_is(next, "["));
}

static bool side_has_word(const struct units *units, struct str word)
{
	for (size_t i = 0; i < units->n; i++)
		for (size_t k = 0; k < units->v[i].n; k++)
			if (units->v[i].tokens[k].kind == TOKEN_WORD &&
				str_eq(units->v[i].tokens[k].text, word))
				return true;
	return false;
}

/* The words that stand where others stood, one for one; false when that is not all the change. */
static bool next_swap(
	const struct unit *o, const struct unit *n, const struct delta *d, size_t *i, size_t *k)
{
	while (*i < o->n && d->kept_old[*i] && *k < n->n && d->kept_new[*k])
		++*i, ++*k;
	return *i < o->n && *k < n->n && !d->kept_old[*i] && !d->kept_new[*k] &&
	       o->tokens[*i].kind == TOKEN_WORD && n->tokens[*k].kind == TOKEN_WORD;
}

void tests_learn_renames(struct tests *t, const struct unit *o, const struct unit *n)
{
	struct delta d;

	judge_delta(&d, o, n, t->j->mem);
	for (size_t i = 0, k = 0; next_swap(o, n, &d, &i, &k); i++, k++) {
		struct str from = o->tokens[i].text, to = n->tokens[k].text, *value;

		if (!declares(o, i) || !declares(n, k) || side_has_word(&t->j->old, to) ||
			side_has_word(&t->j->new, from) || strmap_has(&t->renames, from))
			continue;
		value = arena_new(t->j->mem, struct str);
		*value = to;
		strmap_put(&t->renames, from, value);
	}
}

/* Nothing but declared renames. */
static bool only_renames(
	const struct tests *t, const struct unit *o, const struct unit *n, const struct delta *d)
{
	size_t i = 0, k = 0;

	for (; next_swap(o, n, d, &i, &k); i++, k++) {
		const struct str *to = strmap_get(&t->renames, o->tokens[i].text);

		if (!to || !str_eq(*to, n->tokens[k].text))
			return false;
	}
	return i >= o->n && k >= n->n;
}

/* --- pairs --- */

bool word_is_verb(struct str word)
{
	static const char *const HEADS[] = {"assert", "ASSERT", "EXPECT", "REQUIRE", "CHECK",
		"require", "expect", "check", "strict", "deep", "fail"};

	for (size_t i = 0; i < ARRAY_LEN(HEADS); i++)
		if (str_starts(word, HEADS[i]))
			return true;
	return str_starts(word, "to") && word.n > 2 && isupper((unsigned char)word.p[2]);
}

/* EXPECT_LT and ASSERT_LT, assert.True and require.True say the same of a value. */
static struct str without_family(struct str verb)
{
	static const char *const FAMILIES[] = {
		"EXPECT_", "ASSERT_", "REQUIRE_", "CHECK_", "assert", "require"};

	for (size_t i = 0; i < ARRAY_LEN(FAMILIES); i++)
		if (str_skip(&verb, FAMILIES[i]))
			break;
	return verb;
}

/* The verb of an assertion was swapped: for the same, or for one that says something else? */
enum verb_swap { VERB_KEPT, VERB_SAME, VERB_OTHER };
static enum verb_swap swapped_verb(
	const struct unit *o, const struct unit *n, const struct delta *d)
{
	struct str from = STR(""), to = STR("");

	for (size_t i = 0; i < o->n; i++)
		if (!d->kept_old[i])
			from = o->tokens[i].text;
	for (size_t i = 0; i < n->n; i++)
		if (!d->kept_new[i])
			to = n->tokens[i].text;
	if (d->n_gone != 1 || d->n_come != 1 || !word_is_verb(from) || !word_is_verb(to))
		return VERB_KEPT;
	if (str_eq(without_family(from), without_family(to)))
		return VERB_SAME;
	/* toEqual and toStrictEqual, assertEquals and assertListEqual; but assertLess is no
	 * assertLessEqual and assertTrue no assertFalse */
	return o->strength >= STRENGTH_EXACT ? VERB_SAME : VERB_OTHER;
}

/* A message was put behind the assertion: , "why" or << "why". */
static bool adds_message(const struct unit *o, const struct unit *n, const struct delta *d)
{
	bool any = str_starts(n->text, "assert ") || str_starts(n->text, "assert(");
	size_t first = 0;

	if (d->n_gone || d->come & (DELTA_NUMBER | DELTA_VALUE | DELTA_CONTROL | DELTA_OPERATOR))
		return false;
	while (first < n->n && d->kept_new[first])
		first++;
	if (first == n->n || !first ||
		(!token_is(&n->tokens[first], ",") && !token_is(&n->tokens[first], "<<")))
		return false;
	for (size_t i = first; i < n->n; i++)
		if (d->kept_new[i] && n->tokens[i].kind != TOKEN_PUNCT)
			return false; /* not at the end */
	/* Python's assert has no other second operand; elsewhere it could be a tolerance. */
	return o->n >= 3 &&
	       (any || (first + 1 < n->n && n->tokens[first + 1].kind == TOKEN_STRING));
}

/* A file that moved, as tests name it: the same name in another folder. */
static bool same_file_name(const struct unit *o, const struct unit *n, const struct delta *d)
{
	struct str from = STR(""), to = STR("");

	for (size_t i = 0; i < o->n; i++)
		if (!d->kept_old[i] && o->tokens[i].kind == TOKEN_STRING)
			from = o->tokens[i].text;
	for (size_t i = 0; i < n->n; i++)
		if (!d->kept_new[i] && n->tokens[i].kind == TOKEN_STRING)
			to = n->tokens[i].text;
	return d->n_gone == 1 && d->n_come == 1 && str_find_char(str_basename(to), '.') > 0 &&
	       (str_find_char(from, '/') >= 0 || str_find_char(to, '/') >= 0) &&
	       str_eq(str_basename(from), str_basename(to));
}

static void report_pair(struct tests *t, const struct unit *o, const struct unit *n,
	enum policy_verdict verdict, const char *rule)
{
	judge_report(t->j, verdict, rule, n->number, "'%.*s' became '%.*s'",
		o->text.n < 100 ? (int)o->text.n : 100, o->text.p,
		n->text.n < 100 ? (int)n->text.n : 100, n->text.p);
}

/* Less of the value is compared than before: sorted(x), len(x), x.lower(), () => expect(x). */
static bool coarsens(const struct unit *n, const struct delta *d)
{
	static const char *const WORDS[] = {"sorted", "set", "bool", "round", "int", "abs", "len",
		"type", "lower", "upper", "strip", "trim", "floor", "ceil", "frozenset", "Counter",
		"toLowerCase", "Boolean", "Number", "typeof", "length", "size", "sort", "go",
		"defer", "func", "function", "keys"};

	for (size_t i = 0; i < n->n; i++) {
		if (d->kept_new[i])
			continue;
		if (token_is(&n->tokens[i], "=>") || token_is(&n->tokens[i], "{") ||
			(token_is(&n->tokens[i], "->") && i && token_is(&n->tokens[i - 1], ")")))
			return true;
		for (size_t w = 0; w < ARRAY_LEN(WORDS); w++)
			if (token_is(&n->tokens[i], WORDS[w]))
				return true;
	}
	return false;
}

static void judge_assertion(
	struct tests *t, const struct unit *o, const struct unit *n, const struct delta *d)
{
	unsigned parts = d->gone | d->come;
	bool near = (o->marks | n->marks) & MARK_NEAR;
	enum verb_swap verb = swapped_verb(o, n, d);

	if (n->strength < o->strength)
		report_pair(t, o, n, POLICY_REFUSE,
			!n->strength           ? "removed-assertion"
			: n->marks & MARK_NEAR ? "looser-tolerance"
					       : "weaker-assertion");
	else if ((o->marks & n->marks & MARK_MESSAGE) && !(parts & ~(unsigned)DELTA_WORDING))
		return; /* t.Errorf("...") says it in other words */
	else if (verb == VERB_SAME || adds_message(o, n, d) || only_renames(t, o, n, d))
		return;
	else if (same_file_name(o, n, d))
		return;
	else if (parts & DELTA_LITERAL)
		report_pair(t, o, n, POLICY_REFUSE, near ? "looser-tolerance" : "changed-expected");
	else if ((o->marks & MARK_RAISES) && (d->gone & DELTA_WORD))
		report_pair(t, o, n, POLICY_REFUSE, "changed-expected");
	else if (verb == VERB_OTHER || coarsens(n, d))
		report_pair(t, o, n, POLICY_REFUSE, "weaker-assertion");
	else if (parts & (DELTA_OPERATOR | DELTA_CONTROL))
		report_pair(t, o, n, POLICY_REFUSE, "weaker-assertion");
	else
		report_pair(t, o, n, POLICY_HOLD, "changed-test");
}

/* The bracket around token i, and whether it holds the arguments of a call. */
static const struct token *bracket_around(const struct unit *u, size_t i, bool *call)
{
	int depth = 0;

	*call = false;
	while (i-- > 0) {
		const struct token *t = &u->tokens[i];

		if (token_is(t, ")") || token_is(t, "]") || token_is(t, "}"))
			depth++;
		else if ((token_is(t, "(") || token_is(t, "[") || token_is(t, "{")) && !depth--) {
			*call = token_is(t, "(") && i && t[-1].kind == TOKEN_WORD;
			return t;
		}
	}
	return NULL;
}

static bool is_subscript(const struct unit *n, size_t i)
{
	const struct token *last = i ? &n->tokens[i - 1] : NULL;

	return token_is(&n->tokens[i], "[") && last &&
	       (last->kind == TOKEN_WORD || token_is(last, ")") || token_is(last, "]"));
}

/* Whether the tokens [from, to) are elements of a list, or types in a head. */
static bool is_welcome_at(const struct unit *n, size_t from, size_t to)
{
	const struct token *first = &n->tokens[from], *last = &n->tokens[to - 1], *around;
	bool list = token_is(first, ",") || token_is(last, ","), call, literal = false;

	around = bracket_around(n, from, &call);
	for (size_t i = from; i < to; i++)
		literal |= n->tokens[i].kind == TOKEN_NUMBER || n->tokens[i].kind == TOKEN_STRING;
	if ((n->marks & MARK_FUNCTION) && !literal &&
		(list || token_is(first, ":") || token_is(first, "->")))
		return true;
	/* an element next to others, or the first between empty brackets */
	return around && !call && (list || token_is(around + 1, "]") || around + 1 == first) &&
	       !token_is(first, ":") && !is_subscript(n, from);
}

/* The same for a run that came, which may be told from its neighbours in several ways: of
 * "[1], [2], [3]" what is new can be "[2]," or "2], [". */
static bool is_welcome_run(const struct unit *n, size_t from, size_t to)
{
	for (;;) {
		if (is_welcome_at(n, from, to))
			return true;
		if (!from || n->tokens[from - 1].hash != n->tokens[to - 1].hash)
			return false;
		from--;
		to--;
	}
}

/* A statement that only grew: rows and types are welcome, slices and conditions are not. */
static void judge_grown(
	struct tests *t, const struct unit *o, const struct unit *n, const struct delta *d)
{
	bool decides = o->marks & (MARK_LOOP | MARK_GUARD), welcome = true;

	for (size_t i = 0; i < n->n; i++) {
		size_t from = i;

		while (i < n->n && !d->kept_new[i])
			i++;
		if (i > from)
			welcome &= is_welcome_run(n, from, i);
	}
	if (decides || (d->come & (DELTA_OPERATOR | DELTA_CONTROL)))
		report_pair(t, o, n, POLICY_REFUSE, "changed-test-logic");
	else if (!welcome)
		report_pair(t, o, n, d->come & DELTA_NUMBER ? POLICY_REFUSE : POLICY_HOLD,
			"changed-test");
}

/* want = f() where f() == want is asserted: what is expected is what is given. */
static bool expects_itself(const struct judge *j, const struct unit *u)
{
	struct str name = unit_assigns(u);

	for (size_t i = 0; name.n && i < j->new.n; i++) {
		const struct unit *check = &j->new.v[i];

		if (check == u || !unit_is_check(&j->new, i) || !unit_mentions(check, name))
			continue;
		for (size_t k = 1; k + 1 < u->n; k++)
			if (u->tokens[k].kind == TOKEN_WORD && token_is(&u->tokens[k + 1], "(") &&
				unit_mentions(check, u->tokens[k].text))
				return true;
	}
	return false;
}

static void judge_statement(
	struct tests *t, const struct unit *o, const struct unit *n, const struct delta *d)
{
	unsigned parts = d->gone | d->come;
	bool title = o->marks & n->marks & (MARK_TESTCASE | MARK_MESSAGE);

	if (title && !(parts & ~(unsigned)DELTA_WORDING))
		return;
	if (only_renames(t, o, n, d) || same_file_name(o, n, d))
		return;
	if (!d->n_gone)
		judge_grown(t, o, n, d);
	else if (parts & DELTA_LITERAL)
		report_pair(t, o, n, POLICY_REFUSE, "changed-expected");
	else if ((parts & (DELTA_OPERATOR | DELTA_CONTROL)) || (o->marks & MARK_LOOP))
		report_pair(t, o, n, POLICY_REFUSE, "changed-test-logic");
	else if (expects_itself(t->j, n))
		report_pair(t, o, n, POLICY_REFUSE, "overridden-value");
	else if (o->marks & MARK_REGISTER)
		report_pair(t, o, n, POLICY_REFUSE, "deleted-case");
	else
		report_pair(t, o, n, POLICY_HOLD, "changed-test");
}

/* An import may move, but not to a stand-in of what it was. */
static void judge_import(struct tests *t, const struct unit *o, const struct unit *n)
{
	if ((n->marks & MARK_FAKE) && !(o->marks & MARK_FAKE))
		report_pair(t, o, n, POLICY_REFUSE, "redirected-import");
}

/* Without a plugin, pytest skips async def; other languages' runners await. */
static bool turns_async(const struct judge *j, const struct unit *o, const struct unit *n)
{
	return j->language->lexis.blocks == BLOCKS_INDENT &&
	       str_starts(n->code, "async ") != str_starts(o->code, "async ");
}

void tests_judge_pair(struct tests *t, size_t old_unit)
{
	const struct unit *o = &t->j->old.v[old_unit], *n = &t->j->new.v[o->pair];
	struct delta d;

	judge_delta(&d, o, n, t->j->mem);
	if (!d.n_gone && !d.n_come)
		return;
	if ((o->marks & MARK_TESTCASE) && !(n->marks & MARK_TESTCASE))
		report_pair(t, o, n, POLICY_REFUSE, "uncollected-test");
	else if (o->marks & n->marks & MARK_IMPORT)
		judge_import(t, o, n);
	else if ((o->marks & MARK_TESTCASE) && turns_async(t->j, o, n))
		report_pair(t, o, n, POLICY_REFUSE, "uncollected-test");
	else if (!o->strength && judge_was_forbidden(t->j, old_unit))
		return;
	else if (o->strength)
		judge_assertion(t, o, n, &d);
	else
		judge_statement(t, o, n, &d);
}
