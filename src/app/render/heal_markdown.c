#include "app/render/render.h"
#include "kit/clean/clean.h"
#include "publish/plan.h"
#include "publish/sections.h"

enum { FAILURES_SHOWN = 20 };

static void failures(struct buf *out, const struct fix *fix)
{
	if (!fix->n_failures)
		return;
	buf_printf(
		out, "\n### %zu failure%s\n\n", fix->n_failures, fix->n_failures == 1 ? "" : "s");
	section_failures(out, fix, FAILURES_SHOWN);
}

static void proof(struct buf *out, const struct fix *fix)
{
	if (fix->verdict.rungs.n)
		buf_c(out, "\n### Proof\n\n");
	section_proof(out, fix);
	if (fix->outcome != OUTCOME_HEALED)
		return;
	buf_char(out, '\n');
	section_confidence(out, fix);
	buf_c(out, "\nNot checked:\n");
	section_unchecked(out, fix);
}

static void pull(struct buf *out, const struct heal_result *r)
{
	if (!r->pull.operation)
		return;
	buf_c(out, "\n**On GitHub**: ");
	if (r->pull.reason)
		clean_md_text(out, str_of(plan_reason_text(r->pull.reason)));
	else
		buf_printf(out, "pull request %s", r->pull.operation);
	if (r->pull.url.n) {
		buf_c(out, ", ");
		clean_line(out, r->pull.url, 300);
	}
	buf_char(out, '\n');
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
	struct fix fix;

	heal_result_as_fix(&fix, r);
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
	failures(out, &fix);
	if (fix.diff.n) {
		buf_c(out, "\n### Fix\n\n");
		section_change(out, &fix, fix.diff.n);
	}
	proof(out, &fix);
	pull(out, r);
	closing(out, r);
}
