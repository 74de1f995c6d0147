/* Changes of test code. Every statement of the old side must still be there, or have become one
 * that checks at least as much; what is added may not keep the others from running or counting. */
#include <ctype.h>

#include "base/strmap.h"
#include "verify/policy_judge.h"

enum {
	STRENGTH_EXACT = 9,
	DELTA_LITERAL = DELTA_NUMBER | DELTA_STRING | DELTA_VALUE,
	DELTA_WORDING = DELTA_STRING | DELTA_WORD | DELTA_LAYOUT,
};

struct tests {
	struct judge *j;
	struct strmap renames; /* old name -> new name (a struct str *), declared in this patch */
};

static bool token_is(const struct token *t, const char *text)
{
	return t->kind != TOKEN_STRING && str_eq_c(t->text, text);
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

static void learn_renames(struct tests *t, const struct unit *o, const struct unit *n)
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

static bool is_verb(struct str word)
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
	if (d->n_gone != 1 || d->n_come != 1 || !is_verb(from) || !is_verb(to))
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

static bool is_check(const struct units *units, size_t i)
{
	const struct unit *u = &units->v[i];

	/* if got != want { t.Error... }: the head checks for what follows */
	return u->strength || (u->marks & MARK_GUARD && i + 1 < units->n &&
				      units->v[i + 1].parent == (int)i && units->v[i + 1].strength);
}

static bool mentions(const struct unit *u, struct str word)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->tokens[i].kind == TOKEN_WORD && str_eq(u->tokens[i].text, word))
			return true;
	return false;
}

/* want = f() where f() == want is asserted: what is expected is what is given. */
static bool expects_itself(const struct judge *j, const struct unit *u)
{
	struct str name = unit_assigns(u);

	for (size_t i = 0; name.n && i < j->new.n; i++) {
		const struct unit *check = &j->new.v[i];

		if (check == u || !is_check(&j->new, i) || !mentions(check, name))
			continue;
		for (size_t k = 1; k + 1 < u->n; k++)
			if (u->tokens[k].kind == TOKEN_WORD && token_is(&u->tokens[k + 1], "(") &&
				mentions(check, u->tokens[k].text))
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

static void judge_pair(struct tests *t, size_t old_unit)
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

/* --- what went --- */

static bool is_row(const struct unit *u)
{
	unsigned parts = 0;

	for (size_t i = 0; i < u->n; i++) {
		const struct token *t = &u->tokens[i];

		if (t->kind == TOKEN_PUNCT && !strchr("()[]{},;:-.&", t->text.p[0]))
			return false;
		if (token_is(t, "(") && i && u->tokens[i - 1].kind == TOKEN_WORD)
			return false;
		parts |= t->kind == TOKEN_NUMBER || t->kind == TOKEN_STRING;
	}
	return parts;
}

/* Whether a block of the old side held an assertion. */
static bool held_assertion(const struct units *units, size_t head)
{
	for (size_t i = head + 1; i < units->n; i++)
		for (int p = units->v[i].parent; p >= (int)head; p = units->v[p].parent)
			if (p == (int)head && units->v[i].strength)
				return true;
	return false;
}

static void judge_gone(struct tests *t, size_t index)
{
	struct judge *j = t->j;
	const struct unit *u = &j->old.v[index];
	enum policy_verdict verdict = POLICY_HOLD;
	const char *rule = "changed-test";

	/* the end of a block that went, too: }).ok() */
	if (u->filler || (!u->strength && strchr(")}", u->tokens[0].text.p[0])) ||
		judge_was_forbidden(j, index))
		return;
	if (u->marks & MARK_TESTCASE) {
		verdict = POLICY_REFUSE;
		rule = "deleted-test";
	} else if (u->strength) {
		verdict = POLICY_REFUSE;
		rule = "removed-assertion";
	} else if ((u->marks & MARK_REGISTER) || is_row(u)) {
		verdict = POLICY_REFUSE;
		rule = "deleted-case";
	} else if (u->marks &
		   (MARK_IMPORT | MARK_MESSAGE | MARK_LEAVE | MARK_GUARD | MARK_HELPER)) {
		return;
	} else if ((u->marks & MARK_LOOP) && !held_assertion(&j->old, index)) {
		return;
	}
	judge_report(j, verdict, rule, u->number, "removes: %.*s",
		u->text.n < 120 ? (int)u->text.n : 120, u->text.p);
}

/* --- what came --- */

/* A value that an assertion looks at is set anew before it. */
static bool overrides(const struct judge *j, size_t index)
{
	struct str name = unit_assigns(&j->new.v[index]);
	int scope = j->new.v[index].parent;

	if (!name.n || (j->new.v[index].marks &MARK_TESTCASE))
		return false;
	for (size_t i = index + 1; i < j->new.n; i++) {
		const struct unit *u = &j->new.v[i];

		/* Behind the block it is set in, the name is another's. */
		if (scope >= 0 && (u->marks & MARK_FUNCTION) && u->indent <= j->new.v[scope].indent)
			return false;
		if (u->mate >= 0 && is_check(&j->new, i) && mentions(u, name))
			return true;
	}
	return false;
}

/* A function within a function, which nobody may call. */
static bool is_nested(const struct units *units, int p)
{
	const struct unit *u = &units->v[p];

	if (u->marks & MARK_CLOSURE)
		return true;
	for (int up = u->parent; (u->marks & MARK_FUNCTION) && up >= 0; up = units->v[up].parent)
		if (units->v[up].marks & (MARK_TESTCASE | MARK_FUNCTION) &&
			!str_starts(units->v[up].code, "class "))
			return true;
	return false;
}

/* A stand-in for something that a kept assertion calls. */
static bool replaces_checked(const struct judge *j, size_t index)
{
	const struct unit *u = &j->new.v[index];

	for (size_t k = 0; (u->marks & MARK_PATCH) && k < u->n; k++) {
		const struct token *t = &u->tokens[k];
		ptrdiff_t dot = str_rfind_char(t->text, '.');
		struct str name = dot >= 0 ? str_from(t->text, (size_t)dot + 1) : t->text;
		bool called = t->kind == TOKEN_STRING ||
			      (t->kind == TOKEN_WORD && k + 1 < u->n && token_is(&t[1], "("));

		for (size_t i = 0; called && name.n > 0 && i < j->new.n; i++)
			if (j->new.v[i].mate >= 0 && is_check(&j->new, i) &&
				mentions(&j->new.v[i], name) && !is_verb(name))
				return true;
	}
	return false;
}

/* A kept statement is now inside a condition, a loop, a try, or a function nobody calls. */
static void judge_kept(struct tests *t, size_t index)
{
	struct judge *j = t->j;
	const struct unit *u = &j->new.v[index];

	if (u->filler)
		return;
	for (int p = u->parent; p >= 0; p = j->new.v[p].parent) {
		const struct unit *head = &j->new.v[p];

		if (head->mate >= 0 || head->pair >= 0 || head->filler)
			continue;
		if (head->marks & (MARK_GUARD | MARK_LOOP))
			judge_report(j, POLICY_REFUSE, "guarded-test", head->number,
				"'%.*s' now decides over '%.*s'",
				head->code.n < 80 ? (int)head->code.n : 80, head->code.p,
				u->code.n < 80 ? (int)u->code.n : 80, u->code.p);
		else if (u->strength && !(head->marks & MARK_TESTCASE) && is_nested(&j->new, p))
			judge_report(j, POLICY_REFUSE, "guarded-test", head->number,
				"an assertion moved into '%.*s'",
				head->code.n < 80 ? (int)head->code.n : 80, head->code.p);
		else if ((head->marks & (MARK_FUNCTION | MARK_CLOSURE)) &&
			 !(head->marks & MARK_TESTCASE) && u->strength)
			judge_report(j, POLICY_HOLD, "changed-test", head->number,
				"an assertion moved into '%.*s'",
				head->code.n < 80 ? (int)head->code.n : 80, head->code.p);
	}
}

static void judge_come(struct tests *t, size_t index)
{
	struct judge *j = t->j;
	const struct unit *u = &j->new.v[index];

	if (u->filler || judge_in_new_function(j, index))
		return;
	if (u->marks & MARK_LEAVE)
		judge_report(j, POLICY_REFUSE, "early-exit", u->number, "adds: %.*s",
			u->code.n < 120 ? (int)u->code.n : 120, u->code.p);
	else if (replaces_checked(j, index))
		judge_report(j, POLICY_REFUSE, "patched-value", u->number,
			"stands in for what is checked: %.*s",
			u->text.n < 120 ? (int)u->text.n : 120, u->text.p);
	else if (overrides(j, index))
		judge_report(j, POLICY_REFUSE, "overridden-value", u->number,
			"sets what is checked: %.*s", u->code.n < 120 ? (int)u->code.n : 120,
			u->code.p);
}

/* Whether two units of a hunk are in one block: nothing between them is further out. */
static bool same_block(const struct units *units, size_t a, size_t b)
{
	size_t from = a < b ? a : b, to = a < b ? b : a;

	for (size_t i = from; i <= to; i++)
		if (units->v[i].indent < units->v[a].indent)
			return false;
	return units->v[a].indent == units->v[b].indent && units->v[a].hunk == units->v[b].hunk;
}

/* In Python the later of two tests of one name hides the earlier. */
static void judge_shadowed(struct tests *t, size_t index)
{
	struct judge *j = t->j;
	const struct unit *u = &j->new.v[index];

	for (size_t i = 0; i < j->new.n; i++)
		if (i != index && (j->new.v[i].marks &MARK_TESTCASE) &&
			str_eq(j->new.v[i].code, u->code) &&
			(u->indent ? same_block(&j->new, i, index) : !j->new.v[i].indent))
			judge_report(j, POLICY_REFUSE, "uncollected-test", u->number,
				"hides a test of the same name: %.*s",
				u->code.n < 120 ? (int)u->code.n : 120, u->code.p);
}

static void judge_units(struct tests *t)
{
	struct judge *j = t->j;

	for (size_t i = 0; i < j->old.n; i++)
		if (j->old.v[i].pair >= 0)
			learn_renames(t, &j->old.v[i], &j->new.v[j->old.v[i].pair]);
	for (size_t i = 0; i < j->old.n; i++)
		if (j->old.v[i].pair >= 0)
			judge_pair(t, i);
		else if (j->old.v[i].mate < 0)
			judge_gone(t, i);
	for (size_t i = 0; i < j->new.n; i++) {
		const struct unit *u = &j->new.v[i];

		if (u->mate >= 0)
			judge_kept(t, i);
		else if (u->pair < 0)
			judge_come(t, i);
		if (u->mate < 0 && (u->marks & MARK_TESTCASE) &&
			j->language->lexis.blocks == BLOCKS_INDENT)
			judge_shadowed(t, i);
	}
}

void judge_tests(struct judge *j)
{
	struct tests t = {.j = j};

	if (j->file->status == CHANGE_ADD)
		return;
	strmap_init(&t.renames);
	judge_units(&t);
	strmap_release(&t.renames);
}
