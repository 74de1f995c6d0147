#include "detect/scan.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/strmap.h"
#include "kit/clean/clean.h"
#include "kit/project/tree.h"
#include "kit/redact/redact.h"

enum { TITLE_BYTES = 160, DESCRIPTION_BYTES = 8 << 10, GAPS_SHOWN = 20 };

/* --- texts --- */

static struct str redacted(struct str text, size_t max, struct arena *mem)
{
	BUF_AUTO out = BUF_INIT(LIMIT_TEXT_BYTES);

	redact_text(&out, str_slice(text, 0, max));
	return arena_str(mem, buf_view(&out));
}

/* "what: the message's first words" on one line. */
static struct str title_of(struct str what, struct str message, struct arena *mem)
{
	BUF_AUTO line = BUF_INIT(LIMIT_LINE_BYTES);
	struct str first = message;

	(void)str_next_line(&message, &first);
	clean_line(&line, what, TITLE_BYTES);
	if (what.n && str_trim(first).n)
		buf_c(&line, ": ");
	clean_line(&line, first, TITLE_BYTES);
	return redacted(buf_view(&line), line.n, mem);
}

/* --- failures --- */

static const struct frame *own_frame(const struct failure *f)
{
	for (size_t i = 0; i < f->stack.n; i++)
		if (f->stack.v[i].in_project)
			return &f->stack.v[i];
	return NULL;
}

static struct str cause_of(const struct failure *f, struct arena *mem)
{
	const struct frame *frame = own_frame(f);
	struct str what = f->type.n ? f->type : str_of(failure_kind_to_string(f->kind));

	if (frame && frame->function.n)
		return arena_printf(mem, "%.*s in %.*s at %.*s:%d", STR_ARGS(what),
			STR_ARGS(frame->function), STR_ARGS(frame->path), frame->line);
	if (frame)
		return arena_printf(
			mem, "%.*s at %.*s:%d", STR_ARGS(what), STR_ARGS(frame->path), frame->line);
	if (f->file.n)
		return arena_printf(
			mem, "%.*s at %.*s:%d", STR_ARGS(what), STR_ARGS(f->file), f->line);
	return arena_str(mem, what);
}

static enum issue_severity failure_severity(enum failure_kind kind)
{
	switch (kind) {
	case FAILURE_TEST:
	case FAILURE_COMPILE:
	case FAILURE_CRASH:
		return ISSUE_HIGH;
	case FAILURE_LINT:
		return ISSUE_LOW;
	default:
		return ISSUE_MEDIUM;
	}
}

static void take_failure(struct issue *i, const struct failure *f, struct arena *mem)
{
	struct str what = f->id.n ? f->id : f->name.n ? f->name : f->type;

	i->severity = failure_severity(f->kind);
	i->title = title_of(what, f->message.n ? f->message : f->type, mem);
	i->description = redacted(f->message, DESCRIPTION_BYTES, mem);
	i->root_cause = redacted(cause_of(f, mem), DESCRIPTION_BYTES, mem);
	i->file = arena_str(mem, f->file);
	i->line = f->line;
	i->symbol = arena_str(mem, what);
	i->fingerprint = arena_str(mem, str_of(f->fingerprint));
}

void scan_take_failures(
	struct issue_list *out, const struct failure_list *failures, struct arena *mem)
{
	vec_each (f, &failures->items) {
		struct issue *i = issue_list_add(
			out, f->kind == FAILURE_LINT ? ISSUE_FINDING : ISSUE_FAILURE);

		if (i)
			take_failure(i, f, mem);
	}
	out->truncated |= failures->truncated;
}

/* --- an analyser's findings --- */

static enum issue_severity finding_severity(
	const struct failure *f, const struct failure_finding *g)
{
	if (g->severity > 0)
		return g->severity >= 9   ? ISSUE_CRITICAL
		       : g->severity >= 7 ? ISSUE_HIGH
		       : g->severity >= 4 ? ISSUE_MEDIUM
					  : ISSUE_LOW;
	if (str_eq_c(f->type, "error"))
		return ISSUE_HIGH;
	if (str_eq_c(f->type, "note"))
		return ISSUE_LOW;
	return str_eq_c(f->type, "none") ? ISSUE_INFO : ISSUE_MEDIUM;
}

static struct str below(const char *root, struct str path)
{
	struct str rest = path;

	return str_skip(&rest, root) && str_skip(&rest, "/") ? rest : path;
}

static void take_edits(
	struct issue *i, const struct failure_finding *g, const char *root, struct arena *mem)
{
	struct finding_edit *edits = arena_array(mem, g->n_edits, sizeof(*edits));

	for (size_t k = 0; k < g->n_edits; k++) {
		edits[k] = g->edits[k];
		edits[k].file = arena_str(mem, below(root, g->edits[k].file));
		edits[k].text = arena_str(mem, g->edits[k].text);
	}
	i->edits = edits;
	i->n_edits = g->n_edits;
}

static void take_finding(struct issue *i, const struct failure *f, const struct failure_finding *g,
	const char *root, struct arena *mem)
{
	i->severity = finding_severity(f, g);
	i->title = title_of(f->name, f->message, mem);
	i->description = redacted(f->message, DESCRIPTION_BYTES, mem);
	i->file = arena_str(mem, below(root, f->file));
	i->line = f->line;
	i->symbol = arena_str(mem, f->name);
	i->value = g->severity;
	i->tags = arena_str(mem, g->tags);
	i->fingerprint = arena_str(mem, g->print);
	i->root_cause = arena_printf(mem, "%.*s%s%.*s%s", STR_ARGS(f->name), g->tags.n ? " (" : "",
		STR_ARGS(g->tags), g->tags.n ? ")" : "");
	take_edits(i, g, root, mem);
}

void scan_take_findings(struct issue_list *out, const struct failure_list *findings,
	const char *root, struct arena *mem)
{
	static const struct failure_finding nothing;

	vec_each (f, &findings->items) {
		const struct failure_finding *g = f->finding ? f->finding : &nothing;
		struct issue *i =
			issue_list_add(out, g->security ? ISSUE_VULNERABILITY : ISSUE_FINDING);

		if (i)
			take_finding(i, f, g, root, mem);
	}
	out->truncated |= findings->truncated;
}

/* --- complexity and coverage --- */

void scan_take_complexity(struct issue_list *out, struct str path,
	const complexity_list_t *functions, int threshold, struct arena *mem)
{
	vec_each (f, functions) {
		struct issue *i = issue_list_add(out, ISSUE_COMPLEXITY);
		struct str name = f->name.n ? f->name : STR("a function");

		if (!i)
			return;
		i->severity = f->value >= 2 * threshold ? ISSUE_MEDIUM : ISSUE_LOW;
		i->title =
			arena_printf(mem, "%.*s has a complexity of %d", STR_ARGS(name), f->value);
		i->description = arena_printf(mem,
			"%d ways lead through %.*s, which begins in line %d; %d are allowed",
			f->value, STR_ARGS(name), f->line, threshold);
		i->root_cause = arena_printf(mem, "%d decisions in one function", f->value - 1);
		i->file = arena_str(mem, path);
		i->line = f->line;
		i->symbol = arena_str(mem, f->name);
		i->value = f->value;
	}
}

static void take_file(
	struct issue *i, const struct coverage_file *f, double threshold, struct arena *mem)
{
	double percent = coverage_percent(f);
	struct str gaps = coverage_gaps(f, GAPS_SHOWN, &i->line, mem);

	i->severity = percent < threshold / 2 ? ISSUE_MEDIUM : ISSUE_LOW;
	i->title = arena_printf(mem, "tests run %.1f %% of %.*s", percent, STR_ARGS(f->path));
	i->description = arena_printf(
		mem, "%d of %d lines ran; not: %.*s", f->covered, f->total, STR_ARGS(gaps));
	i->root_cause = arena_printf(mem, "%d lines that no test runs, %.4g %% wanted",
		f->total - f->covered, threshold);
	i->file = arena_str(mem, f->path);
	i->value = percent;
}

void scan_take_coverage(struct issue_list *out, const struct coverage *coverage, double threshold,
	struct arena *mem)
{
	vec_each (f, &coverage->files) {
		struct issue *i;

		if (f->missing || !(coverage_percent(f) < threshold) ||
			project_path_is_test(f->path))
			continue;
		i = issue_list_add(out, ISSUE_COVERAGE);
		if (i)
			take_file(i, f, threshold, mem);
	}
	out->truncated |= coverage->truncated;
}

/* --- all of them --- */

static int compare(const void *p, const void *q)
{
	const struct issue *a = p, *b = q;
	double x = a->value, y = b->value;
	int c;

	if (a->severity != b->severity)
		return a->severity < b->severity ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	/* The least covered file first, else the highest value. */
	if (x != y)
		return (a->kind == ISSUE_COVERAGE) == (x < y) ? -1 : 1;
	if ((c = str_cmp(a->file, b->file)) || (c = a->line - b->line) ||
		(c = str_cmp(a->symbol, b->symbol)))
		return c;
	return str_cmp(a->description, b->description);
}

/* Those that are alike are counted from the top of their file: ids stay when lines move. */
static int compare_alike(const void *p, const void *q)
{
	const struct issue *a = p, *b = q;
	int c = a->kind < b->kind ? -1 : a->kind > b->kind;

	if (c || (c = str_cmp(a->file, b->file)) || (c = str_cmp(a->symbol, b->symbol)) ||
		(c = a->line - b->line))
		return c;
	return str_cmp(a->description, b->description);
}

void scan_finish(struct issue_list *list)
{
	const struct issue *before = NULL;
	int nth = 0;

	if (!list->items.n)
		return;
	qsort(list->items.v, list->items.n, sizeof(*list->items.v), compare_alike);
	vec_each (i, &list->items) {
		bool alike = before && before->kind == i->kind && str_eq(before->file, i->file) &&
			     str_eq(before->symbol, i->symbol);

		nth = alike ? nth + 1 : 0;
		issue_set_id(i, nth);
		before = i;
	}
	qsort(list->items.v, list->items.n, sizeof(*list->items.v), compare);
}
