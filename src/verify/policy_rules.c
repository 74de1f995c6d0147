/* The tables' patterns over the units of both sides. A pattern sees a unit and the three behind
 * it, joined by newlines, so that a head and its body can be told in one pattern whatever the
 * layout. What was there before, moved or re-indented, is not new. */
#include "base/buf.h"
#include "base/vec.h"
#include "verify/policy_judge.h"

enum { WINDOW_UNITS = 4, WINDOW_BYTES = 16 << 10, LINE_BYTES = 4 << 10 };

struct hit {
	struct str text;
	size_t unit; /* or line number of a raw hit */
	bool used;
};

struct hits {
	vec(struct hit) of;
};

/* All units of a side as one text; at[i] is where unit i starts. */
struct joined {
	struct str code, text;
	size_t *code_at, *text_at;
};

static void join(struct joined *out, const struct units *units, struct arena *mem)
{
	size_t code_n = 0, text_n = 0;
	char *code, *text;

	out->code_at = arena_array(mem, units->n + 1, sizeof(size_t));
	out->text_at = arena_array(mem, units->n + 1, sizeof(size_t));
	for (size_t i = 0; i < units->n; i++) {
		out->code_at[i] = code_n;
		out->text_at[i] = text_n;
		code_n += units->v[i].code.n + 1;
		text_n += units->v[i].text.n + 1;
	}
	out->code_at[units->n] = code_n;
	out->text_at[units->n] = text_n;
	code = arena_alloc(mem, code_n + 1);
	text = arena_alloc(mem, text_n + 1);
	for (size_t i = 0; i < units->n; i++) {
		const struct unit *u = &units->v[i];

		memcpy(code + out->code_at[i], u->code.p, u->code.n);
		memcpy(text + out->text_at[i], u->text.p, u->text.n);
		code[out->code_at[i] + u->code.n] = text[out->text_at[i] + u->text.n] = '\n';
	}
	out->code = str_make(code, code_n);
	out->text = str_make(text, text_n);
}

static size_t window_end(const struct units *units, size_t from)
{
	size_t end = from + 1;

	while (end < units->n && end < from + WINDOW_UNITS &&
		units->v[end].hunk == units->v[from].hunk)
		end++;
	return end;
}

/* The pattern's hit that starts in unit i, and the unit it ends in. */
static bool match_at(struct rule *rule, const struct joined *joined, const struct units *units,
	size_t i, struct str *hit, size_t *last)
{
	bool text = rule->form == FORM_TEXT;
	const size_t *at = text ? joined->text_at : joined->code_at;
	size_t end = window_end(units, i);
	struct str window = str_slice(text ? joined->text : joined->code, at[i], at[end] - 1);
	size_t offset;

	if (window.n > WINDOW_BYTES)
		window.n = WINDOW_BYTES;
	if (!rule_match(rule, window, hit))
		return false;
	offset = at[i] + (size_t)(hit->p - window.p);
	if (offset >= at[i + 1])
		return false;
	for (*last = i; *last + 1 < end && offset + hit->n > at[*last + 1];)
		++*last;
	return true;
}

/* Hits that touch a unit the other side does not have. */
static void find_hits(
	struct hits *out, struct rule *rule, const struct joined *joined, const struct units *units)
{
	for (size_t i = 0; i < units->n; i++) {
		bool fresh = false;
		struct str hit;
		size_t last;

		for (size_t k = i; k < window_end(units, i); k++)
			fresh |= units->v[k].mate < 0;
		if (!fresh || !match_at(rule, joined, units, i, &hit, &last))
			continue;
		fresh = false;
		for (size_t k = i; k <= last; k++)
			fresh |= units->v[k].mate < 0 && units->v[k].code.n > 0 &&
				 !(k > i && units->v[k].filler);
		if (fresh)
			vec_push(&out->of, (struct hit){hit, i, false});
	}
}

/* The hits of the wanted side that the other side did not have as well. */
static bool take_counterpart(struct hits *others, struct str text)
{
	vec_each (h, &others->of)
		if (!h->used && str_eq(h->text, text)) {
			h->used = true;
			return true;
		}
	return false;
}

/* Attributes and decorators stand in front of what they are of. */
static bool is_marked_test(const struct units *units, int i)
{
	if (units->v[i].marks & MARK_TESTCASE)
		return true;
	for (int k = i - 1; k >= 0 && units->v[k].hunk == units->v[i].hunk; k--) {
		if (!str_starts(units->v[k].code, "#[") && !str_starts(units->v[k].code, "@"))
			return false;
		if (units->v[k].marks & MARK_TESTCASE)
			return true;
	}
	return false;
}

/* Rust keeps tests in the file of the code, and a hunk may show neither attribute nor function. */
static bool may_be_test(const struct judge *j, const struct units *units, size_t i)
{
	const struct unit *u = &units->v[i];
	int top = (int)i;

	if (j->file->whole || !str_eq_c(j->language->lexis.name, "rust") || u->strength < 2 ||
		str_starts(u->code, "pub "))
		return false;
	while (units->v[top].parent >= 0)
		top = units->v[top].parent;
	/* the function's head is in sight, and what is before it as well */
	return !(units->v[top].marks & MARK_FUNCTION) || top == 0 ||
	       units->v[top - 1].hunk != units->v[top].hunk;
}

/* Whether a unit of a source file belongs to a test kept in the same file. */
bool judge_is_inline_test(const struct judge *j, const struct units *units, size_t unit)
{
	for (int p = (int)unit; p >= 0; p = units->v[p].parent)
		if (is_marked_test(units, p))
			return true;
	return may_be_test(j, units, unit);
}

/* A new test may skip itself somewhere: a person looks. Nothing that was checked is lost. */
static enum policy_verdict softened(const struct judge *j, const struct rule *rule, size_t unit)
{
	enum policy_verdict verdict = rule->action == RULE_REFUSE ? POLICY_REFUSE : POLICY_HOLD;

	if (rule->in_new >= verdict || rule->sign != '+')
		return verdict;
	if (rule->form == FORM_RAW ? j->file->status == CHANGE_ADD : judge_in_new_function(j, unit))
		return rule->in_new;
	return verdict;
}

static void apply_unit_rule(
	struct judge *j, struct rule *rule, const struct joined *old, const struct joined *new_)
{
	bool plus = rule->sign == '+';
	const struct units *units = plus ? &j->new : &j->old;
	struct hits here = {0}, there = {0};
	bool inline_only = !(rule->kinds & j->kind);

	find_hits(&here, rule, plus ? new_ : old, units);
	/* A rule of tests, in a source file: only for the tests in it. */
	for (size_t i = 0; inline_only && i < here.of.n; i++)
		here.of.v[i].used = !judge_is_inline_test(j, units, here.of.v[i].unit);
	if (here.of.n)
		find_hits(&there, rule, plus ? old : new_, plus ? &j->old : &j->new);
	vec_each (h, &here.of)
		if (!h->used && !take_counterpart(&there, h->text))
			judge_report(j, softened(j, rule, h->unit), rule->name,
				units->v[h->unit].number, "%s: %.*s", plus ? "adds" : "removes",
				h->text.n < 120 ? (int)h->text.n : 120, h->text.p);
	vec_free(&here.of);
	vec_free(&there.of);
}

static void find_raw_hits(
	struct hits *out, struct rule *rule, const struct change_file *file, char mark)
{
	for (size_t h = 0; h < file->n; h++)
		for (size_t i = 0; i < file->hunks[h].n; i++) {
			const struct change_line *line = &file->hunks[h].v[i];
			struct str hit, text = str_slice(line->text, 0, LINE_BYTES);

			if (line->mark == mark && rule_match(rule, text, &hit))
				vec_push(&out->of, (struct hit){hit, (size_t)line->number, false});
		}
}

static void apply_raw_rule(struct judge *j, struct rule *rule)
{
	struct hits here = {0}, there = {0};

	find_raw_hits(&here, rule, j->file, rule->sign);
	if (here.of.n)
		find_raw_hits(&there, rule, j->file, rule->sign == '+' ? '-' : '+');
	/* The text itself may be a secret: it is not repeated. */
	vec_each (h, &here.of)
		if (!take_counterpart(&there, h->text))
			judge_report(j, softened(j, rule, 0), rule->name, (int)h->unit,
				"%zu bytes that look like it", h->text.n);
	vec_free(&here.of);
	vec_free(&there.of);
}

/* A statement so long that a window does not hold it may hide anything behind its start. */
static void judge_long_units(struct judge *j)
{
	for (size_t i = 0; i < j->new.n; i++)
		if (j->new.v[i].mate < 0 && j->new.v[i].text.n > WINDOW_BYTES / 2)
			judge_report(j, POLICY_HOLD, "long-line", j->new.v[i].number,
				"%zu bytes in one statement", j->new.v[i].text.n);
}

void judge_rules(struct judge *j)
{
	struct tables *t = &j->policy->tables;
	struct str language = j->language->lexis.name;
	struct joined old, new_;

	judge_long_units(j);
	join(&old, &j->old, j->mem);
	join(&new_, &j->new, j->mem);
	for (size_t i = 0; i < t->n_rules; i++) {
		struct rule *rule = &t->rules[i];

		if (rule->sign == '=' || (!rule_is_for(rule, j->kind, language) &&
						 !(j->kind == PATH_SOURCE &&
							 rule_is_for(rule, PATH_TEST, language))))
			continue;
		if (rule->form == FORM_RAW && (rule->kinds & j->kind))
			apply_raw_rule(j, rule);
		else if (rule->form != FORM_RAW)
			apply_unit_rule(j, rule, &old, &new_);
	}
}

static void mark_units(struct units *units, struct rule *rule)
{
	for (size_t i = 0; i < units->n; i++) {
		struct unit *u = &units->v[i];
		struct str text = rule->form == FORM_TEXT ? u->text : u->code;

		if (!rule_match(rule, str_slice(text, 0, LINE_BYTES), NULL))
			continue;
		u->marks |= rule->mark;
		/* Strength 1 says "hardly a check" whatever else fits. */
		if (rule->strength > u->strength && !u->idle)
			u->strength = rule->strength;
		if (rule->strength == 1) {
			u->idle = true;
			u->strength = 1;
		}
	}
}

/* The head of a test is no assertion, whatever its title says. */
static void drop_titles(struct units *units)
{
	for (size_t i = 0; i < units->n; i++)
		if (units->v[i].marks & (MARK_TESTCASE | MARK_IMPORT))
			units->v[i].strength = 0;
}

void judge_marks(struct judge *j)
{
	struct tables *t = &j->policy->tables;

	for (size_t i = 0; i < t->n_rules; i++) {
		struct rule *rule = &t->rules[i];

		if ((rule->action != RULE_MARK && rule->action != RULE_STRENGTH) ||
			!rule_is_for(rule, PATH_TEST, j->language->lexis.name))
			continue;
		mark_units(&j->old, rule);
		mark_units(&j->new, rule);
	}
	drop_titles(&j->old);
	drop_titles(&j->new);
}

bool judge_was_forbidden(struct judge *j, size_t old_unit)
{
	struct tables *t = &j->policy->tables;
	const struct unit *u = &j->old.v[old_unit];
	struct buf window;
	bool found = false;

	buf_init(&window, 4 * WINDOW_BYTES);
	for (size_t k = old_unit; k < window_end(&j->old, old_unit); k++) {
		buf_str(&window, j->old.v[k].code);
		buf_char(&window, '\n');
	}
	for (size_t i = 0; i < t->n_rules && !found; i++) {
		struct rule *rule = &t->rules[i];
		struct str hit, all = buf_view(&window);

		if (rule->action != RULE_REFUSE || rule->sign != '+' || rule->form != FORM_CODE ||
			!rule_is_for(rule, PATH_TEST, j->language->lexis.name))
			continue;
		found = rule_match(rule, all, &hit) && (size_t)(hit.p - all.p) <= u->code.n;
	}
	buf_release(&window);
	return found;
}

static bool is_new_function(const struct unit *u)
{
	return (u->marks & (MARK_FUNCTION | MARK_TESTCASE)) && u->mate < 0 && u->pair < 0;
}

bool judge_in_new_function(const struct judge *j, size_t unit)
{
	const struct units *units = &j->new;

	if (j->file->status == CHANGE_ADD)
		return true;
	for (int p = units->v[unit].parent; p >= 0; p = units->v[p].parent)
		if (is_new_function(&units->v[p]))
			return true;
	/* Decorators stand in front of what they are of. */
	for (size_t i = unit; i < units->n && i < unit + 8; i++) {
		struct str code = units->v[i].code;

		if (is_new_function(&units->v[i]))
			return true;
		if (!str_starts(code, "@") && !str_starts(code, "#[") &&
			!(units->v[i].marks & MARK_TESTCASE))
			break;
	}
	return false;
}
