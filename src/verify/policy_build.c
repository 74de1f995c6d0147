/* Build files, manifests and settings: held, unless every changed line is of a kind that changes
 * nothing that runs (rules of action allow), is layout, or only adds a name to a list. */
#include <ctype.h>

#include "verify/policy_judge.h"

static bool is_harmless_line(struct judge *j, const struct unit *u)
{
	struct tables *t = &j->policy->tables;

	for (size_t i = 0; i < t->n_rules; i++) {
		struct rule *rule = &t->rules[i];

		if (rule->action == RULE_ALLOW &&
			rule_is_for(rule, PATH_BUILD, j->language->lexis.name) &&
			rule_match(rule, rule->form == FORM_CODE ? u->code : u->text, NULL))
			return true;
	}
	return false;
}

/* Tokens of one side's changed units, as an order-free sum: equal sums, the same words. */
static uint64_t changed_words(const struct units *units, size_t *n)
{
	uint64_t sum = 0;

	*n = 0;
	for (size_t i = 0; i < units->n; i++)
		for (size_t k = 0; units->v[i].mate < 0 && k < units->v[i].n; k++) {
			const struct token *t = &units->v[i].tokens[k];

			if (t->kind == TOKEN_PUNCT && strchr(",\\", t->text.p[0]))
				continue;
			sum += t->hash * 0x9e3779b97f4a7c15u;
			++*n;
		}
	return sum;
}

static bool is_layout(const struct judge *j)
{
	size_t old_n, new_n;

	return changed_words(&j->old, &old_n) == changed_words(&j->new, &new_n) && old_n == new_n;
}

/* A word as it is compared: what a list's end leaves at it does not count. */
static struct str bare(struct str word)
{
	while (word.n > 1 && strchr(")],\"'", word.p[word.n - 1]))
		word.n--;
	return word;
}

/* Each word that came must be harmless by itself: a source file's name, a verbose flag. */
static bool only_adds_words(struct judge *j, const struct unit *o, const struct unit *n)
{
	struct str before = o->text, after = n->text, word, have;
	struct unit piece = {0};

	while (str_next(&after, ' ', &word)) {
		struct str rest = before;

		if (str_next(&rest, ' ', &have) && str_eq(bare(have), bare(word))) {
			before = rest;
			continue;
		}
		piece.code = piece.text =
			arena_printf(j->mem, "+ %.*s", STR_ARGS(word)); /* "+ WORD" is a word */
		if (!is_harmless_line(j, &piece))
			return false;
	}
	return before.n == 0;
}

/* All the old line's words are there, in order, with others between. */
static bool adds_words(const struct unit *o, const struct unit *n)
{
	struct str before = o->text, after = n->text, word, have;

	while (str_next(&before, ' ', &have)) {
		bool found = false;

		while (!found && str_next(&after, ' ', &word))
			found = str_eq(bare(have), bare(word));
		if (!found)
			return false;
	}
	return true;
}

/* Whether the line runs the tests. */
static bool is_runner(struct judge *j, const struct unit *u)
{
	struct tables *t = &j->policy->tables;

	for (size_t i = 0; i < t->n_rules; i++)
		if (t->rules[i].mark == MARK_RUNNER &&
			rule_is_for(&t->rules[i], PATH_BUILD, j->language->lexis.name) &&
			rule_match(&t->rules[i], u->text, NULL))
			return true;
	return false;
}

/* Whether the command says which files to test; without, it tests all. */
static bool names_files(const struct unit *u)
{
	struct str rest = u->text, word;

	while (str_next(&rest, ' ', &word))
		if (!str_starts(word, "-") && !str_starts(word, "./") && !str_starts(word, "@") &&
			(str_find_char(word, '/') >= 0 || str_starts(word, "test") ||
				str_has(word, "::") || str_ends(bare(word), ".py")))
			return true;
	return false;
}

/* The command that runs the tests may get louder or wider, nothing else. */
static bool judge_runner(struct judge *j, const struct unit *o, const struct unit *n)
{
	if (!is_runner(j, o))
		return false;
	if (!only_adds_words(j, o, n) || (names_files(n) && !names_files(o)))
		judge_report(j, adds_words(o, n) ? POLICY_REFUSE : POLICY_HOLD, "noop-command",
			n->number, "changes how tests are run: %.*s",
			n->text.n < 120 ? (int)n->text.n : 120, n->text.p);
	return true;
}

/* Lines too different to be a pair, but both run the tests. */
static void pair_runners(struct judge *j)
{
	for (size_t i = 0; i < j->old.n; i++) {
		struct unit *o = &j->old.v[i];

		for (size_t k = 0; o->mate < 0 && o->pair < 0 && k < j->new.n; k++) {
			struct unit *n = &j->new.v[k];

			if (n->mate < 0 && n->pair < 0 && is_runner(j, o) && is_runner(j, n)) {
				o->pair = (int)k;
				n->pair = (int)i;
			}
		}
	}
}

static bool is_harmless_pair(struct judge *j, const struct unit *o, const struct unit *n)
{
	if (is_harmless_line(j, o) && is_harmless_line(j, n))
		return true;
	return only_adds_words(j, o, n);
}

/* A threshold's line: its numbers may rise, and only they may change. */
static bool judge_threshold(struct judge *j, const struct unit *o, const struct unit *n)
{
	struct tables *t = &j->policy->tables;
	bool fits = false, lowered = o->n != n->n;

	for (size_t i = 0; i < t->n_rules && !fits; i++)
		fits = t->rules[i].action == RULE_RAISE &&
		       rule_is_for(&t->rules[i], PATH_BUILD, j->language->lexis.name) &&
		       rule_match(&t->rules[i], o->text, NULL);
	for (size_t i = 0; fits && !lowered && i < o->n; i++) {
		double was = 0, is = 0;

		if (str_eq(o->tokens[i].text, n->tokens[i].text))
			continue;
		lowered = !str_to_double(o->tokens[i].text, &was) ||
			  !str_to_double(n->tokens[i].text, &is) || is < was;
	}
	if (fits && lowered)
		judge_report(j, POLICY_REFUSE, "deselected", n->number, "lowers: %.*s",
			n->text.n < 120 ? (int)n->text.n : 120, n->text.p);
	return fits;
}

static void hold(struct judge *j, const struct unit *u, const char *how)
{
	judge_report(j, POLICY_HOLD, j->class_ ? j->class_->name : "build-file", u->number,
		"%s: %.*s", how, u->text.n < 120 ? (int)u->text.n : 120, u->text.p);
}

void judge_build(struct judge *j)
{
	if (j->file->status == CHANGE_ADD || j->file->status == CHANGE_DELETE ||
		j->file->status == CHANGE_RENAME) {
		judge_report(j, POLICY_HOLD, j->class_->name, 0, "a whole file");
		return;
	}
	if (is_layout(j))
		return;
	pair_runners(j);
	for (size_t i = 0; i < j->old.n; i++) {
		const struct unit *o = &j->old.v[i];

		if (o->mate >= 0 || o->filler || o->indent < 0)
			continue;
		if (o->pair >= 0) {
			if (!judge_threshold(j, o, &j->new.v[o->pair]) &&
				!judge_runner(j, o, &j->new.v[o->pair]) &&
				!is_harmless_pair(j, o, &j->new.v[o->pair]))
				hold(j, &j->new.v[o->pair], "changes");
		} else if (!is_harmless_line(j, o)) {
			hold(j, o, "removes");
		}
	}
	for (size_t i = 0; i < j->new.n; i++) {
		const struct unit *n = &j->new.v[i];

		if (n->mate < 0 && n->pair < 0 && !n->filler && !is_harmless_line(j, n))
			hold(j, n, "adds");
	}
}
