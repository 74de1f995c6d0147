#include "kit/report/found.h"

#include <stdlib.h>

static bool encloses(const struct found *outer, const struct found *inner)
{
	return (inner->last.first >= outer->last.first && inner->last.last <= outer->last.last) ||
	       (inner->first.first >= outer->first.first && inner->first.last <= outer->first.last);
}

/* Whether inner knows better what went wrong than that a program ended badly. */
static bool says_more(const struct found *inner, const struct found *outer)
{
	struct str type = outer->f.type;

	if (inner->f.type.n == 0 || inner->role == ROLE_RESULT)
		return type.n == 0;
	return type.n == 0 || str_eq_c(type, "exit") ||
	       (str_starts(type, "SIG") && !str_starts(inner->f.type, "SIG"));
}

/* A program holds several failed tests: those behind the first become lines of the message. */
static void add_line(struct failure *to, const struct failure *from, struct arena *mem)
{
	struct str first = from->message, more;

	(void)str_next_line(&first, &more);
	if (from->name.n == 0 || to->message.n > REPORT_MESSAGE_BYTES / 2)
		return;
	to->message = arena_printf(mem, "%.*s\n%.*s: %.*s", STR_ARGS(to->message),
		STR_ARGS(from->name), STR_ARGS(from->message.n ? more : from->type));
}

/* A line that has the look of a compiler's: what a runner prints of a failed assertion. */
static bool is_diagnostic(const struct found *inner)
{
	enum failure_kind kind = inner->f.kind;

	return kind == FAILURE_COMPILE || kind == FAILURE_CONFIGURATION ||
	       inner->role == ROLE_GUESS;
}

/* outer names the failure, inner says more about it. */
static void absorb(struct found *outer, struct found *inner, struct arena *mem)
{
	struct failure *to = &outer->f;
	const struct failure *from = &inner->f;

	inner->dropped = true;
	if (from->kind == FAILURE_LINT ||
		(outer->role == ROLE_RUNNER && to->message.n && is_diagnostic(inner)))
		return;
	if (says_more(inner, outer)) {
		to->type = from->type;
		to->kind = from->kind;
		if (from->message.n)
			to->message = from->message;
	} else if (outer->role == ROLE_SUITE && inner->role == ROLE_RUNNER) {
		add_line(to, from, mem);
	}
	failure_fill(to, from);
}

/* Programs that ran at once wrote their lines between one another's. */
static int by_first_line(const void *a, const void *b)
{
	const struct found *x = *(struct found *const *)a, *y = *(struct found *const *)b;

	if (x->stream != y->stream)
		return x->stream < y->stream ? -1 : 1;
	if (x->last.first != y->last.first)
		return x->last.first < y->last.first ? -1 : 1;
	return x < y ? -1 : x > y;
}

static bool starts_before(const struct found *owner, const struct found *x)
{
	if (owner->stream != x->stream)
		return owner->stream < x->stream;
	return owner->last.first <= x->last.first;
}

/* Everything of a larger role inside an item of this role becomes part of it. Items of one role
 * follow one another, so that the last one starting before a line is the only one to look at. */
static void absorb_enclosed(struct found_list *list, enum report_role role, struct arena *mem)
{
	struct found **owners = xcalloc(list->items.n + 1, sizeof(struct found *));
	size_t n = 0;

	vec_each (x, &list->items)
		if (x->role == role && !x->dropped)
			owners[n++] = x;
	qsort(owners, n, sizeof(struct found *), by_first_line);
	vec_each (x, &list->items) {
		size_t low = 0, high = n;

		if (x->role <= role || x->dropped)
			continue;
		while (low < high) {
			size_t middle = low + (high - low) / 2;

			if (starts_before(owners[middle], x))
				low = middle + 1;
			else
				high = middle;
		}
		if (low > 0 && owners[low - 1]->stream == x->stream && encloses(owners[low - 1], x))
			absorb(owners[low - 1], x, mem);
	}
	free(owners);
}

/* "path:3: error: text" of gcc's look that a reader of its tool has read, too: that one knows more.
 */
static void drop_doubles(struct found_list *list)
{
	struct found **sorted = xcalloc(list->items.n + 1, sizeof(struct found *));
	size_t n = 0;

	vec_each (x, &list->items)
		if (x->role == ROLE_DETAIL && !x->dropped)
			sorted[n++] = x;
	qsort(sorted, n, sizeof(struct found *), by_first_line);
	for (size_t i = 1; i < n; i++) {
		struct found *a = sorted[i - 1], *b = sorted[i];

		if (a->last.first != b->last.first || a->format == b->format)
			continue;
		a->dropped |= a->format == &format_gcc;
		b->dropped |= b->format == &format_gcc;
	}
	free(sorted);
}

/* A traceback printed by itself that a runner's failure tells again. */
static bool tells_the_same(const struct failure *a, const struct failure *b)
{
	return a->type.n && str_eq(a->type, b->type) &&
	       (str_eq(a->message, b->message) ||
		       (a->line && a->line == b->line &&
			       str_eq(str_basename(a->file), str_basename(b->file))));
}

static bool in_session(const struct found_list *list, const struct found *x)
{
	vec_each (session, &list->sessions)
		if (x->stream == session->stream && x->last.first >= session->lines.first &&
			x->last.last <= session->lines.last)
			return true;
	return false;
}

/* Where a runner names the tests that failed, what else was thrown was handled. */
static bool was_handled(const struct found *trace, const struct found *other)
{
	if (other->dropped || other->role >= ROLE_TRACE)
		return false;
	return tells_the_same(&trace->f, &other->f) ||
	       (other->role == ROLE_RUNNER && other->stream == trace->stream &&
		       other->f.language.n && str_eq(other->f.language, trace->f.language));
}

static void drop_handled_traces(struct found_list *list)
{
	vec_each (x, &list->items) {
		if (x->dropped || x->role != ROLE_TRACE)
			continue;
		if (in_session(list, x))
			x->dropped = true;
		vec_each (other, &list->items)
			if (was_handled(x, other)) {
				x->dropped = true;
				break;
			}
	}
}

static bool explains_signal(const struct failure *f, struct str signal)
{
	bool aborts = f->kind == FAILURE_CRASH || str_eq_c(f->type, "assert");

	return str_eq(f->type, signal) || (aborts && str_eq_c(signal, "SIGABRT")) ||
	       (f->kind == FAILURE_CRASH && f->stack.n > 0);
}

/* "Aborted (core dumped)" behind the assertion that aborted, "Segmentation fault" behind the
 * sanitizer's report: the shell's echo of what is known already. */
static void drop_echoes(struct found_list *list)
{
	struct found *before = NULL;

	vec_each (x, &list->items) {
		bool is_signal =
			x->role == ROLE_DETAIL && str_starts(x->f.type, "SIG") && x->f.file.n == 0;

		if (x->dropped)
			continue;
		if (is_signal && before && explains_signal(&before->f, x->f.type)) {
			x->dropped = true;
			before->last.last = x->last.last;
		} else if (x->role == ROLE_DETAIL && x->f.kind != FAILURE_LINT) {
			before = x;
		}
	}
}

/* "Connection timed out" of a retried download is no failure when tests ran and failed. */
static void drop_signals(struct found_list *list)
{
	bool explained = false;

	vec_each (x, &list->items)
		explained |= !x->dropped && x->role <= ROLE_RUNNER;
	vec_each (x, &list->items)
		x->dropped |= x->role == ROLE_SIGNAL && explained;
}

/* make's "Error 1" says nothing when something better was found; of several the first stays. */
static void drop_results(struct found_list *list)
{
	bool explained = false;

	vec_each (x, &list->items)
		explained |= !x->dropped && x->role != ROLE_RESULT && x->f.kind != FAILURE_LINT;
	vec_each (x, &list->items) {
		if (x->dropped || x->role != ROLE_RESULT)
			continue;
		x->dropped = explained;
		explained = true;
	}
}

/* A line of the look "path:3: text" is a finding only where no test ran and nothing else was
 * found. */
static void drop_guesses(struct found_list *list)
{
	bool better = list->sessions.n > 0;

	vec_each (x, &list->items)
		better |= !x->dropped && x->role != ROLE_GUESS && x->role != ROLE_RESULT;
	vec_each (x, &list->items)
		x->dropped |= x->role == ROLE_GUESS && better;
}

static bool is_failed_test(const struct found *x)
{
	enum failure_kind kind = x->f.kind;

	return !x->dropped && x->role != ROLE_RESULT && x->role != ROLE_SIGNAL &&
	       (x->role <= ROLE_RUNNER || kind == FAILURE_TEST || kind == FAILURE_CRASH ||
		       kind == FAILURE_TIMEOUT);
}

static bool hides_warnings(const struct found_list *list, enum report_warnings wanted)
{
	if (wanted != REPORT_WARNINGS_AUTO)
		return wanted == REPORT_WARNINGS_NEVER;
	vec_each (x, &list->items)
		if (is_failed_test(x))
			return true;
	return false;
}

static void apply_rules(struct found_list *list, const struct found_rules *rules)
{
	bool hide = hides_warnings(list, rules->warnings);

	vec_each (x, &list->items) {
		if (x->f.kind == FAILURE_LINT && x->role >= ROLE_DETAIL && hide)
			x->dropped = true;
		else if (rules->exit_ok && x->role > ROLE_RUNNER && x->f.kind != FAILURE_LINT)
			x->dropped = true;
	}
}

void found_merge(struct found_list *list, const struct found_rules *rules, struct arena *mem)
{
	absorb_enclosed(list, ROLE_RUNNER, mem);
	absorb_enclosed(list, ROLE_SUITE, mem);
	drop_doubles(list);
	drop_handled_traces(list);
	drop_echoes(list);
	drop_signals(list);
	drop_guesses(list);
	drop_results(list);
	apply_rules(list, rules);
}
