#include "verify/ladder.h"

#include "base/buf.h"
#include "base/limits.h"

/* One piece of evidence and what it moves the confidence by. */
static void weigh(struct verdict *v, struct buf *why, double by, const char *text)
{
	v->confidence += by;
	buf_printf(why, "%s%s %+.2f", why->n ? ", " : "", text, by);
}

static double clamp(double v, double low, double high)
{
	return v < low ? low : v > high ? high : v;
}

/* Starts from what a patch that passes its tests is worth (REPAIR.md: 14-70 % of plausible patches
 * of template tools are correct) and moves by what is known of this one. */
void confidence_of(struct verdict *v, const struct confidence_evidence *e, struct arena *mem)
{
	BUF_AUTO why;

	buf_init(&why, LIMIT_TEXT_BYTES);
	v->confidence = 0;
	weigh(v, &why, 0.5, "red before, green with it, red without it");
	if (str_eq_c(e->source, "knowledge"))
		weigh(v, &why, 0.3, "the same failure was healed so before");
	if (str_eq_c(e->source, "fixit"))
		weigh(v, &why, 0.2, "the compiler's own fix-it");
	if (e->tests >= 10)
		weigh(v, &why, 0.1, "10 or more tests in the suite");
	if (e->red_runs >= 3)
		weigh(v, &why, 0.05, "failed alike in every run before");
	if (e->rivals == 0)
		weigh(v, &why, 0.15, "no other candidate passes");
	else if (e->rivals > 3)
		weigh(v, &why, -0.1, "several other candidates pass too");
	if (v->mutants_total > 0) {
		double score = (double)v->mutants_killed / v->mutants_total;

		weigh(v, &why,
			score >= 0.8  ? 0.1
			: score < 0.5 ? -0.1
				      : 0,
			"mutants of the change killed");
	}
	if (e->depth > 1)
		weigh(v, &why, -0.1, "several changes taken together");
	if (e->prior > 0 && e->prior < 0.05)
		weigh(v, &why, -0.1, "changes of this kind are seldom right");
	if (e->changed_lines > 10)
		weigh(v, &why, -0.05, "more than 10 lines changed");
	v->confidence = clamp(v->confidence, 0.05, 0.98);
	v->confidence_why = arena_str(mem, buf_view(&why));
}
