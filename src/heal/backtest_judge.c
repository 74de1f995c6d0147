#include "heal/backtest_judge.h"

#include "model/udiff.h"

const char *backtest_kind_to_string(enum backtest_kind kind)
{
	static const char *const names[] = {
		"would_repair", "flaky", "infrastructure", "configuration", "not_readable"};

	return names[kind];
}

const char *backtest_place_to_string(enum backtest_place place)
{
	static const char *const names[] = {"unknown", "elsewhere", "same_file", "same_lines"};

	return names[place];
}

enum backtest_kind backtest_kind_of(const struct failure_list *failures)
{
	enum backtest_kind kind = BACKTEST_UNREADABLE;

	vec_each (f, &failures->items) {
		switch (f->kind) {
		case FAILURE_INFRASTRUCTURE:
			kind = BACKTEST_INFRASTRUCTURE;
			break;
		case FAILURE_CONFIGURATION:
		case FAILURE_DEPENDENCY:
			if (kind == BACKTEST_UNREADABLE)
				kind = BACKTEST_CONFIGURATION;
			break;
		default:
			return BACKTEST_REPAIR;
		}
	}
	return kind;
}

bool backtest_same_failure(const struct failure_list *a, const struct failure_list *b)
{
	vec_each (f, &a->items)
		vec_each (g, &b->items)
			if (*f->fingerprint && !strcmp(f->fingerprint, g->fingerprint))
				return true;
	return false;
}

/* The lines of the old file that a hunk is about. */
struct touched {
	int first, last;
};

/* Removed lines; and the lines on both sides of what is only added. */
static bool touch(struct touched *out, const struct udiff_hunk *hunk)
{
	int at = hunk->old_first;
	bool any = false;

	*out = (struct touched){0};
	for (size_t i = 0; i < hunk->n; i++) {
		char op = hunk->lines[i].op;
		int first = op == '+' ? at - 1 : at;
		if (op != ' ') {
			if (!any || first < out->first)
				out->first = first;
			if (!any || at > out->last)
				out->last = at;
			any = true;
		}
		at += op != '+';
	}
	return any;
}

static bool same_lines(const struct udiff_file *a, const struct udiff_file *b)
{
	struct touched x, y;

	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (touch(&x, &a->hunks[i]) && touch(&y, &b->hunks[k]) &&
				x.first <= y.last && y.first <= x.last)
				return true;
	return false;
}

enum backtest_place backtest_compare(struct str ours, struct str theirs, struct arena *mem)
{
	enum backtest_place place = PLACE_ELSEWHERE;
	struct err ignored = ERR_INIT;
	struct udiff a, b;

	if (!ours.n || !theirs.n || udiff_parse(&a, ours, mem, &ignored) < 0 ||
		udiff_parse(&b, theirs, mem, &ignored) < 0)
		return PLACE_UNKNOWN;
	for (size_t i = 0; i < a.n; i++)
		for (size_t k = 0; k < b.n; k++) {
			if (!str_eq(a.files[i].old_path, b.files[k].old_path))
				continue;
			if (same_lines(&a.files[i], &b.files[k]))
				return PLACE_SAME_LINES;
			place = PLACE_SAME_FILE;
		}
	return place;
}
