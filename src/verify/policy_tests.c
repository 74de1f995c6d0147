/* Changes of test code. Every statement of the old side must still be there, or have become one
 * that checks at least as much; what is added may not keep the others from running or counting. */
#include "verify/policy_tests.h"

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
		if (u->mate >= 0 && unit_is_check(&j->new, i) && unit_mentions(u, name))
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
			if (j->new.v[i].mate >= 0 && unit_is_check(&j->new, i) &&
				unit_mentions(&j->new.v[i], name) && !word_is_verb(name))
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
			tests_learn_renames(t, &j->old.v[i], &j->new.v[j->old.v[i].pair]);
	for (size_t i = 0; i < j->old.n; i++)
		if (j->old.v[i].pair >= 0)
			tests_judge_pair(t, i);
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
