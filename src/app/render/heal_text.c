#include <inttypes.h>

#include "kit/clean/clean.h"
#include "app/render/paint.h"
#include "app/render/render.h"
#include "publish/plan.h"
#include "publish/wording.h"
#include "base/limits.h"

enum { LABEL_WIDTH = 12, FAILURES_SHOWN = 10, MESSAGE_MAX = 300 };

static void label(const struct painter *p, const char *text)
{
	buf_char(p->out, '\n');
	paint_c(p, PAINT_BOLD, text);
	buf_fill(p->out, ' ', LABEL_WIDTH > strlen(text) ? LABEL_WIDTH - strlen(text) : 1);
}

/* Further lines under a label. */
static void under(const struct painter *p)
{
	buf_fill(p->out, ' ', LABEL_WIDTH);
}

static void title(const struct painter *p, const struct heal_result *r)
{
	bool good = r->outcome == OUTCOME_HEALED || r->outcome == OUTCOME_NOTHING_TO_DO;

	paint_c(p,
		good                          ? PAINT_GREEN
		: r->outcome == OUTCOME_FLAKY ? PAINT_YELLOW
					      : PAINT_RED,
		render_outcome_title(r->outcome));
	if (r->outcome == OUTCOME_HEALED && r->patch.note.n) {
		buf_c(p->out, ": ");
		clean_line(p->out, r->patch.note, 0);
	}
	buf_char(p->out, '\n');
	if (r->why.n && r->outcome != OUTCOME_HEALED) {
		clean_line(p->out, r->why, 0);
		buf_char(p->out, '\n');
	}
}

static void cause(const struct painter *p, const struct heal_result *r)
{
	const struct diagnosis *d = &r->diagnosis;

	if (!r->has_diagnosis)
		return;
	label(p, "cause");
	clean_line(p->out, d->root_cause, 0);
	buf_char(p->out, '\n');
	for (size_t i = 0; i < d->evidence.n && i < 5; i++) {
		under(p);
		BUF_AUTO line = BUF_INIT(LIMIT_LINE_BYTES);
		clean_line(&line, d->evidence.v[i], MESSAGE_MAX);
		paint_text(p, PAINT_DIM, buf_view(&line));
		buf_char(p->out, '\n');
	}
}

static void one_failure(const struct painter *p, const struct failure *f)
{
	BUF_AUTO place = BUF_INIT(LIMIT_LINE_BYTES);

	wording_place(&place, f->file, f->line);
	clean_line(p->out, f->id.n ? f->id : f->name.n ? f->name : f->file, MESSAGE_MAX);
	buf_char(p->out, '\n');
	under(p);
	if (place.n)
		buf_printf(p->out, "  %s ", buf_text(&place));
	else
		buf_c(p->out, "  ");
	paint_text(p, PAINT_RED, f->type);
	if (f->message.n) {
		buf_c(p->out, f->type.n ? ": " : "");
		clean_line(p->out, f->message, MESSAGE_MAX);
	}
	buf_char(p->out, '\n');
}

static void failures(const struct painter *p, const struct heal_result *r)
{
	size_t n = r->failures.items.n;

	if (!n)
		return;
	label(p, "failing");
	for (size_t i = 0; i < n && i < FAILURES_SHOWN; i++) {
		if (i)
			under(p);
		one_failure(p, &r->failures.items.v[i]);
	}
	if (n > FAILURES_SHOWN) {
		under(p);
		buf_printf(p->out, "and %zu more\n", n - FAILURES_SHOWN);
	}
}

static void diff(const struct painter *p, const struct heal_result *r)
{
	if (!r->diff.n)
		return;
	label(p, "fix");
	clean_line(p->out, r->patch.note.n ? r->patch.note : STR("see the diff"), 0);
	if (r->patch.source.n) {
		buf_c(p->out, " (");
		clean_line(p->out, r->patch.source, 0);
		if (r->patch.origin.n) {
			buf_c(p->out, ": ");
			/* The beginning of a fix's id is enough to find it again. */
			clean_line(p->out,
				str_eq_c(r->patch.source, "knowledge")
					? str_slice(r->patch.origin, 0, 12)
					: r->patch.origin,
				80);
		}
		buf_char(p->out, ')');
	}
	buf_c(p->out, "\n\n");
	paint_diff(p, r->diff, 2);
}

static void rung(const struct painter *p, const struct rung_result *rung)
{
	const char *text = wording_rung(rung->rung);

	paint_c(p, rung->passed ? PAINT_GREEN : PAINT_RED, rung->passed ? "yes " : "no  ");
	buf_printf(p->out, "%-27s", text);
	if (rung->seconds > 0)
		buf_printf(p->out, "%7.2f s  ", rung->seconds);
	else
		buf_fill(p->out, ' ', 11);
	clean_line(p->out, rung->detail, MESSAGE_MAX);
	buf_char(p->out, '\n');
}

static void proof(const struct painter *p, const struct heal_result *r)
{
	struct str command = STR("");

	if (!r->verdict.rungs.n)
		return;
	label(p, "proof");
	for (size_t i = 0; i < r->verdict.rungs.n; i++) {
		if (i)
			under(p);
		rung(p, &r->verdict.rungs.v[i]);
		if (r->verdict.rungs.v[i].command.n)
			command = r->verdict.rungs.v[i].command;
	}
	if (!command.n)
		return;
	under(p);
	buf_c(p->out, "by ");
	clean_line(p->out, command, MESSAGE_MAX);
	buf_char(p->out, '\n');
}

static void confidence(const struct painter *p, const struct heal_result *r)
{
	BUF_AUTO unchecked = BUF_INIT(LIMIT_TEXT_BYTES);
	struct str rest, line;
	bool first = true;

	if (r->outcome != OUTCOME_HEALED)
		return;
	label(p, "confidence");
	buf_printf(p->out, "%.2f  ", r->verdict.confidence);
	clean_line(p->out, r->verdict.confidence_why, 0);
	buf_char(p->out, '\n');
	wording_unchecked(&unchecked, &r->verdict);
	label(p, "not checked");
	for (rest = buf_view(&unchecked); str_next_line(&rest, &line); first = false) {
		if (!first)
			under(p);
		buf_str(p->out, line);
		buf_char(p->out, '\n');
	}
}

static void search(const struct painter *p, const struct heal_result *r)
{
	if (!r->candidates)
		return;
	label(p, "search");
	buf_printf(p->out, "%zu candidate%s tried in %.1f s", r->candidates,
		r->candidates == 1 ? "" : "s", r->search_seconds);
	if (r->rivals)
		buf_printf(p->out, ", %zu other%s would pass too", r->rivals,
			r->rivals == 1 ? "" : "s");
	buf_printf(p->out, "; %.1f s in all\n", r->seconds);
}

static void skips(const struct painter *p, const struct heal_result *r)
{
	bool worth = r->outcome != OUTCOME_HEALED && r->outcome != OUTCOME_NOTHING_TO_DO;

	for (size_t i = 0; worth && i < r->n_skips; i++) {
		if (i)
			under(p);
		else
			label(p, "why");
		render_skip(p->out, &r->skips[i]);
		buf_char(p->out, '\n');
	}
}

static void notices(const struct painter *p, const struct heal_result *r)
{
	for (size_t i = 0; i < r->n_notices; i++) {
		if (i)
			under(p);
		else
			label(p, "note");
		clean_line(p->out, r->notices[i], 0);
		buf_char(p->out, '\n');
	}
}

static void pull(const struct painter *p, const struct heal_result *r)
{
	if (!r->pull.operation)
		return;
	label(p, "on GitHub");
	if (r->pull.reason)
		buf_c(p->out, plan_reason_text(r->pull.reason));
	else
		buf_printf(p->out, "pull request %s", r->pull.operation);
	if (r->pull.number)
		buf_printf(p->out, ": #%" PRId64 " ", r->pull.number);
	clean_line(p->out, r->pull.url, MESSAGE_MAX);
	buf_char(p->out, '\n');
}

static void next_step(
	const struct painter *p, const struct heal_result *r, const struct render_context *context)
{
	if (r->outcome != OUTCOME_HEALED || r->pull.operation)
		return;
	label(p, "next");
	if (r->applied)
		buf_c(p->out, "the fix is in your files: look at it and commit it\n");
	else if (r->branch.n)
		buf_printf(p->out, "the fix is committed on branch '%.*s'\n", STR_ARGS(r->branch));
	else if (context->patch_file)
		buf_printf(p->out, "git apply %s\n", context->patch_file);
	else
		buf_c(p->out, "selfheal heal --apply      writes it to your files\n"
			      "            selfheal heal --patch FILE "
			      "writes it as a patch, for 'git apply FILE'\n");
}

void render_heal_text(
	struct buf *out, const struct heal_result *r, const struct render_context *context)
{
	struct painter p = {.out = out, .color = context->color};

	title(&p, r);
	cause(&p, r);
	failures(&p, r);
	diff(&p, r);
	proof(&p, r);
	confidence(&p, r);
	search(&p, r);
	skips(&p, r);
	notices(&p, r);
	pull(&p, r);
	next_step(&p, r, context);
}
