#include "kit/clean/clean.h"
#include "app/render/render.h"
#include "base/limits.h"

enum { FAILURES_SHOWN = 20, MESSAGE_MAX = 300 };

static void failures(struct buf *out, const struct failure_list *list)
{
	size_t n = list->items.n;

	if (!n)
		return;
	buf_printf(
		out, "\n### %zu failure%s\n\n| where | what |\n|---|---|\n", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < n && i < FAILURES_SHOWN; i++) {
		const struct failure *f = &list->items.v[i];
		BUF_AUTO place = BUF_INIT(LIMIT_LINE_BYTES);
		BUF_AUTO what = BUF_INIT(LIMIT_TEXT_BYTES * 2);
		render_place(&place, f->file, f->line);
		clean_line(&what, f->type, MESSAGE_MAX);
		if (f->type.n && f->message.n)
			buf_c(&what, ": ");
		clean_line(&what, f->message, MESSAGE_MAX);
		buf_c(out, "| ");
		clean_md_text(out, f->id.n ? f->id : buf_view(&place));
		buf_c(out, " | ");
		clean_md_text(out, buf_view(&what));
		buf_c(out, " |\n");
	}
	if (n > FAILURES_SHOWN)
		buf_printf(out, "\nand %zu more\n", n - FAILURES_SHOWN);
}

static void proof(struct buf *out, const struct heal_result *r)
{
	if (!r->verdict.rungs.n)
		return;
	buf_c(out, "\n### Proof\n\n| check | held | time | detail |\n|---|---|---|---|\n");
	for (size_t i = 0; i < r->verdict.rungs.n; i++) {
		const struct rung_result *rung = &r->verdict.rungs.v[i];
		buf_printf(out, "| %s | %s | %.2f s | ", render_rung_text(rung->rung),
			rung->passed ? "yes" : "**no**", rung->seconds);
		clean_md_text(out, rung->detail);
		buf_c(out, " |\n");
	}
	if (r->command.n) {
		buf_c(out, "\nBy ");
		clean_md_code(out, r->command);
		buf_c(out, ".\n");
	}
}

static void confidence(struct buf *out, const struct heal_result *r)
{
	BUF_AUTO unchecked = BUF_INIT(LIMIT_TEXT_BYTES);
	struct str rest, line;

	if (r->outcome != OUTCOME_HEALED)
		return;
	buf_printf(out, "\n**Confidence %.2f**: ", r->verdict.confidence);
	clean_md_text(out, r->verdict.confidence_why);
	buf_c(out, "\n\nNot checked:\n");
	render_unchecked(&unchecked, r);
	for (rest = buf_view(&unchecked); str_next_line(&rest, &line);)
		buf_printf(out, "- %.*s\n", STR_ARGS(line));
}

static void closing(struct buf *out, const struct heal_result *r)
{
	for (size_t i = 0; i < r->n_skips && r->outcome != OUTCOME_HEALED; i++) {
		buf_c(out, i ? "- " : "\n- ");
		render_skip(out, &r->skips[i]);
		buf_char(out, '\n');
	}
	if (r->candidates)
		buf_printf(out, "\n%zu candidate%s tried, %.1f s in all.\n", r->candidates,
			r->candidates == 1 ? "" : "s", r->seconds);
	for (size_t i = 0; i < r->n_notices; i++) {
		buf_c(out, "\n> ");
		clean_md_text(out, r->notices[i]);
		buf_char(out, '\n');
	}
}

void render_heal_markdown(struct buf *out, const struct heal_result *r)
{
	buf_printf(out, "## selfheal: %s\n", render_outcome_title(r->outcome));
	if (r->why.n) {
		buf_char(out, '\n');
		clean_md_text(out, r->why);
		buf_char(out, '\n');
	}
	if (r->has_diagnosis) {
		buf_c(out, "\n**Cause**: ");
		clean_md_text(out, r->diagnosis.root_cause);
		buf_char(out, '\n');
	}
	failures(out, &r->failures);
	if (r->diff.n) {
		buf_c(out, "\n### Fix\n\n");
		if (r->patch.note.n) {
			clean_md_text(out, r->patch.note);
			buf_c(out, "\n\n");
		}
		clean_md_fence(out, "diff", r->diff);
	}
	proof(out, r);
	confidence(out, r);
	closing(out, r);
}
