#include "kit/clean/clean.h"
#include "app/render/paint.h"
#include "app/render/render.h"
#include "publish/wording.h"
#include "base/limits.h"
#include "json/json.h"
#include "kit/fingerprint/taxonomy.h"

enum {
	FRAMES_SHOWN = 5,
	MESSAGE_MAX = 500,
	FINDINGS_SHOWN = 100, /* warnings and what linters found, where nothing else failed */
	FINDINGS_BEHIND = 10, /* ... behind failures, which matter more */
};

struct findings {
	size_t n, shown;
	const char *noun; /* a linter's errors are no warnings */
};

static struct findings count_findings(const struct failure_list *list)
{
	struct findings found = {.noun = "warning"};
	size_t most;

	vec_each (f, &list->items) {
		found.n += f->kind == FAILURE_LINT;
		if (f->kind == FAILURE_LINT && str_eq_c(f->type, "error"))
			found.noun = "finding";
	}
	most = found.n < list->items.n ? FINDINGS_BEHIND : FINDINGS_SHOWN;
	found.shown = found.n < most ? found.n : most;
	return found;
}

/* Whether the item is shown; left counts down the findings that are. */
static bool is_shown(const struct failure *f, size_t *left)
{
	if (f->kind != FAILURE_LINT)
		return true;
	if (*left == 0)
		return false;
	--*left;
	return true;
}

static void left_out(struct buf *out, const struct findings *found)
{
	size_t n = found->n - found->shown;

	if (n)
		buf_printf(out, "\nand %zu more %s%s: --format json lists %s\n", n, found->noun,
			n == 1 ? "" : "s", n == 1 ? "it" : "them all");
}

static void counts(struct buf *out, const struct failure_list *list)
{
	const struct test_counts *c = &list->counts;
	const struct {
		int n;
		const char *what;
	} parts[] = {{c->passed, "passed"}, {c->failed, "failed"}, {c->errors, "in error"},
		{c->skipped, "skipped"}};

	struct findings found = count_findings(list);
	size_t failures = list->items.n - found.n;

	if (failures || !found.n)
		buf_printf(out, "%zu failure%s", failures, failures == 1 ? "" : "s");
	if (found.n)
		buf_printf(out, "%s%zu %s%s", failures ? ", " : "", found.n, found.noun,
			found.n == 1 ? "" : "s");
	if (c->tests >= 0)
		buf_printf(out, " in %d test%s", c->tests, c->tests == 1 ? "" : "s");
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i].n > 0)
			buf_printf(out, ", %d %s", parts[i].n, parts[i].what);
	buf_c(out, list->truncated ? " (the list was cut)\n" : "\n");
}

/* The frame people should look at: the innermost of the project. */
static const struct frame *own_frame(const struct failure *f)
{
	for (size_t i = 0; i < f->stack.n; i++)
		if (f->stack.v[i].in_project)
			return &f->stack.v[i];
	return NULL;
}

static void frames(const struct painter *p, const struct failure *f)
{
	for (size_t i = 0; i < f->stack.n && i < FRAMES_SHOWN; i++) {
		const struct frame *frame = &f->stack.v[i];
		BUF_AUTO line = BUF_INIT(LIMIT_LINE_BYTES);
		buf_c(&line, "    at ");
		wording_place(&line, frame->path, frame->line);
		if (frame->function.n) {
			buf_c(&line, " in ");
			clean_line(&line, frame->function, 120);
		}
		buf_char(&line, '\n');
		if (frame->in_project)
			buf_str(p->out, buf_view(&line));
		else
			paint_text(p, PAINT_DIM, buf_view(&line));
	}
	if (f->stack.n > FRAMES_SHOWN)
		buf_printf(p->out, "    and %zu more frames\n", f->stack.n - FRAMES_SHOWN);
}

static void compared(const struct painter *p, const char *what, struct str value)
{
	if (!value.p)
		return;
	buf_printf(p->out, "  %s ", what);
	clean_line(p->out, value, MESSAGE_MAX);
	buf_char(p->out, '\n');
}

/* What kind it is, where it was read, what to do about it. */
static void verdict(const struct painter *p, const struct failure *f)
{
	struct str advice = taxonomy_advice(f);

	if (!f->fingerprint[0])
		return;
	buf_printf(p->out, "  %s", failure_kind_to_string(f->kind));
	if (f->class_[3].n && !str_eq_c(f->class_[3], "other"))
		buf_printf(p->out, " (%.*s)", STR_ARGS(f->class_[3]));
	buf_printf(p->out, ", fingerprint %.12s", f->fingerprint);
	if (f->source.last_line) {
		buf_c(p->out, ", told by ");
		if (f->source.file.n && !str_eq_c(f->source.file, "-"))
			clean_line(p->out, f->source.file, 120);
		else
			buf_c(p->out, "the input");
		buf_printf(p->out, ":%d-%d", f->source.first_line, f->source.last_line);
	}
	if (f->evidence.n && str_find(f->message, f->evidence) > 0) {
		buf_c(p->out, ", because of: ");
		clean_line(p->out, f->evidence, MESSAGE_MAX);
	}
	buf_printf(p->out, "\n  to do: %.*s\n", STR_ARGS(advice));
}

static void one(const struct painter *p, const struct failure *f)
{
	const struct frame *frame = own_frame(f);

	buf_char(p->out, '\n');
	wording_place(p->out, frame && !f->file.n ? frame->path : f->file,
		frame && !f->file.n ? frame->line : f->line);
	if (f->id.n || f->name.n) {
		buf_c(p->out, f->file.n || frame ? "  " : "");
		paint_text(p, PAINT_BOLD, f->id.n ? f->id : f->name);
	}
	buf_c(p->out, "\n  ");
	paint_text(p, PAINT_RED, f->type.n ? f->type : str_of(failure_kind_to_string(f->kind)));
	if (f->message.n) {
		buf_c(p->out, ": ");
		clean_line(p->out, f->message, MESSAGE_MAX);
	}
	buf_char(p->out, '\n');
	compared(p, "expected", f->expected);
	compared(p, "actual  ", f->actual);
	frames(p, f);
	verdict(p, f);
}

/* The lines of the log that a person would paste. */
static void lines_that_matter(const struct painter *p, const struct render_lines *lines)
{
	struct str rest = lines->lines, line, number;
	int before = 0, at = 0;

	if (!rest.n)
		return;
	buf_c(p->out, "\nthe lines that matter, of ");
	clean_line(p->out, str_eq_c(lines->of, "-") ? STR("the input") : lines->of, 200);
	buf_c(p->out, ":\n");
	while (str_next_line(&rest, &line)) {
		if (!str_cut(&line, "\t", &number) || !str_to_int(number, 0, INT32_MAX, &at))
			continue;
		if (before && at > before + 1)
			buf_c(p->out, "       ...\n");
		before = at;
		buf_printf(p->out, "%6d  ", at);
		clean_terminal(p->out, line);
		buf_char(p->out, '\n');
	}
}

void render_failures_text(struct buf *out, const struct failure_list *list,
	const struct render_lines *lines, bool color)
{
	struct painter p = {.out = out, .color = color};
	struct findings found = count_findings(list);
	size_t left = found.shown;

	if (!list->items.n && list->counts.tests < 0) {
		buf_c(out, "no failure found\n");
		return;
	}
	counts(out, list);
	vec_each (f, &list->items)
		if (is_shown(f, &left))
			one(&p, f);
	left_out(out, &found);
	lines_that_matter(&p, lines);
}

static void markdown_lines(struct buf *out, const struct render_lines *lines)
{
	BUF_AUTO text = BUF_INIT(LIMIT_TEXT_BYTES);
	struct str rest = lines->lines, line, number;

	while (str_next_line(&rest, &line))
		if (str_cut(&line, "\t", &number))
			buf_printf(&text, "%.*s  %.*s\n", STR_ARGS(number), STR_ARGS(line));
	if (!text.n)
		return;
	buf_c(out, "\n### The lines that matter\n\n");
	clean_md_fence(out, "", buf_view(&text));
}

void render_failures_markdown(
	struct buf *out, const struct failure_list *list, const struct render_lines *lines)
{
	BUF_AUTO line = BUF_INIT(LIMIT_LINE_BYTES);
	struct findings found = count_findings(list);
	size_t left = found.shown;

	counts(&line, list);
	buf_printf(out, "## %s", buf_text(&line));
	vec_each (f, &list->items) {
		if (!is_shown(f, &left))
			continue;
		buf_c(out, "\n### ");
		clean_md_text(out, f->id.n ? f->id : f->name.n ? f->name : f->file);
		buf_c(out, "\n\n");
		if (f->file.n) {
			BUF_AUTO place = BUF_INIT(LIMIT_LINE_BYTES);
			wording_place(&place, f->file, f->line);
			clean_md_code(out, buf_view(&place));
			buf_char(out, ' ');
		}
		clean_md_text(out, f->type);
		if (f->message.n) {
			buf_c(out, f->type.n ? ": " : "");
			clean_md_text(out, str_slice(f->message, 0, MESSAGE_MAX));
		}
		buf_char(out, '\n');
	}
	left_out(out, &found);
	markdown_lines(out, lines);
}

struct listed {
	const struct failure_list *list;
	const struct render_sink *sink;
};

static struct json_t *make_failure(void *data, size_t i)
{
	const struct listed *l = data;

	return failure_to_json(&l->list->items.v[i]);
}

static void failure_written(void *data)
{
	const struct listed *l = data;

	render_sink_step(l->sink);
}

void render_failures_json(const struct render_sink *sink, const struct failure_list *list)
{
	struct failure_list frame = *list;
	CLEANUP(json_freep) struct json_t *j = NULL;

	frame.items.n = 0;
	j = failure_list_to_json(&frame);
	json_write_items(sink->out, j, 2,
		&(struct json_items){"failures", list->items.n, make_failure, failure_written,
			&(struct listed){list, sink}});
	buf_char(sink->out, '\n');
}

void render_heal_json(struct buf *out, const struct heal_result *r)
{
	CLEANUP(json_freep) struct json_t *j = heal_result_to_json(r);

	json_write(out, j, 2);
	buf_char(out, '\n');
}
