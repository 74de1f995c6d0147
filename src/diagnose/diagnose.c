#include "diagnose/diagnose.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "base/strmap.h"
#include "base/vec.h"

double ochiai(int failed_here, int passed_here, int failed_all)
{
	if (failed_here <= 0 || failed_all <= 0)
		return 0;
	return failed_here / sqrt((double)failed_all * (failed_here + passed_here));
}

/* What is known of one line while evidence is gathered. */
struct line_evidence {
	struct str path;
	int line;
	int failed, passed;
	int stack_distance; /* -1: in no failing stack */
	bool diagnosed;     /* a compiler or the runtime named it */
};

struct gather {
	struct arena *mem;
	const struct diagnose_options *options;
	struct strmap by_key;
	int failed_all;
};

static struct line_evidence *evidence_of(struct gather *g, struct str path, int line)
{
	struct str key = arena_printf(g->mem, "%.*s:%d", STR_ARGS(path), line);
	struct line_evidence *e = strmap_get(&g->by_key, key);

	if (!e) {
		e = arena_new(g->mem, struct line_evidence);
		*e = (struct line_evidence){.path = path, .line = line, .stack_distance = -1};
		strmap_put(&g->by_key, key, e);
	}
	return e;
}

static bool is_product(const struct gather *g, struct str path)
{
	return path.n && path.p[0] != '/' &&
	       !(g->options->is_test && g->options->is_test(g->options->data, path));
}

static void gather_file(struct gather *g, const struct covered_file *file, bool passed)
{
	if (!is_product(g, file->path))
		return;
	for (size_t i = 0; i < file->n; i++) {
		struct line_evidence *e = evidence_of(g, file->path, file->lines[i]);

		e->failed += !passed;
		e->passed += passed;
	}
}

static void gather_spectrum(struct gather *g, const struct spectrum *s)
{
	for (size_t t = 0; t < s->n; t++) {
		g->failed_all += !s->tests[t].passed;
		for (size_t f = 0; f < s->tests[t].n; f++)
			gather_file(g, &s->tests[t].files[f], s->tests[t].passed);
	}
}

static void gather_stack(struct gather *g, const struct failure *f)
{
	int distance = 0;

	vec_each (frame, &f->stack) {
		struct line_evidence *e;

		if (!frame->in_project || frame->line <= 0 || !is_product(g, frame->path))
			continue;
		e = evidence_of(g, frame->path, frame->line);
		if (e->stack_distance < 0 || distance < e->stack_distance)
			e->stack_distance = distance;
		distance++;
	}
}

static void gather_failures(struct gather *g, const struct failure_list *failures)
{
	vec_each (f, &failures->items) {
		if (f->line > 0 && is_product(g, f->file))
			evidence_of(g, f->file, f->line)->diagnosed = true;
		gather_stack(g, f);
	}
}

/* The spectrum decides and the stack breaks ties: a frame lifts a line towards 1 by at most half of
 * what is left. Without a spectrum stack and diagnostics are all there is. */
static struct suspect judge(const struct gather *g, const struct line_evidence *e)
{
	struct suspect s = {.path = e->path,
		.line = e->line,
		.ochiai = -1,
		.stack_distance = e->stack_distance};
	double lift = e->stack_distance >= 0 ? 0.5 / (1 + e->stack_distance) : 0;

	if (e->diagnosed)
		lift = 0.6;
	if (g->failed_all > 0) {
		s.ochiai = ochiai(e->failed, e->passed, g->failed_all);
		s.suspiciousness = s.ochiai + (1 - s.ochiai) * lift;
	} else {
		s.suspiciousness = lift > 0 ? 0.4 + lift : 0;
	}
	return s;
}

/* Where a line stands in the failing stack; one that is not in it comes last. */
static unsigned stack_rank(const struct suspect *s)
{
	return s->stack_distance < 0 ? UINT_MAX : (unsigned)s->stack_distance;
}

/* Lines that nothing but failing tests run are all at 1, which no frame can lift: the stack orders
 * those. */
static int by_suspiciousness(const void *a, const void *b)
{
	const struct suspect *x = a, *y = b;
	int order;

	if (x->suspiciousness != y->suspiciousness)
		return x->suspiciousness > y->suspiciousness ? -1 : 1;
	if (stack_rank(x) != stack_rank(y))
		return stack_rank(x) < stack_rank(y) ? -1 : 1;
	order = str_cmp(x->path, y->path);
	return order ? order : x->line - y->line;
}

static void rank(struct diagnosis *out, struct gather *g)
{
	struct suspect *v = arena_array(g->mem, g->by_key.n, sizeof(*v));
	size_t n = 0;

	strmap_each(item, &g->by_key)
	{
		struct suspect s = judge(g, item->value);

		if (s.suspiciousness > 0)
			v[n++] = s;
	}
	if (n)
		qsort(v, n, sizeof(*v), by_suspiciousness);
	out->suspects.v = v;
	out->suspects.n = n;
}

static void collect_files(struct diagnosis *out, struct arena *mem)
{
	struct strmap seen;
	struct str *v;

	strmap_init(&seen);
	for (size_t i = 0; i < out->suspects.n; i++)
		strmap_put(&seen, out->suspects.v[i].path, &out->suspects.v[i]);
	v = arena_array(mem, seen.n, sizeof(*v));
	for (size_t i = 0; i < seen.n; i++)
		v[i] = ((const struct suspect *)seen.items[i].value)->path;
	out->affected_files.v = v;
	out->affected_files.n = seen.n;
	strmap_release(&seen);
}

static struct str strategy_of(const struct failure *f)
{
	switch (f->kind) {
	case FAILURE_COMPILE:
		return STR("make the file compile: the compiler's own fix-its, then token and "
			   "declaration templates at the diagnostic");
	case FAILURE_CRASH:
		return STR(
			"guard or correct the crashing access: bounds, null and lifetime templates "
			"near the innermost frame of the project");
	case FAILURE_TIMEOUT:
		return STR(
			"make the loop or recursion end: condition, step and base-case templates");
	case FAILURE_DEPENDENCY:
		return STR("provide the missing module or header: import and include templates");
	default:
		return STR(
			"templates over the suspicious lines, most likely first; the tests choose");
	}
}

static void add_evidence(struct diagnosis *out, struct str text)
{
	out->evidence.v[out->evidence.n++] = text;
}

static void explain_evidence(struct diagnosis *out, const struct diagnose_options *options,
	const struct failure *f, struct arena *mem)
{
	const struct suspect *top = out->suspects.n ? &out->suspects.v[0] : NULL;

	out->evidence.v = arena_array(mem, 3, sizeof(*out->evidence.v));
	if (f)
		add_evidence(
			out, arena_printf(mem, "%.*s%s%.*s", STR_ARGS(f->id.n ? f->id : f->name),
				     f->id.n || f->name.n ? ": " : "",
				     STR_ARGS(str_slice(f->message, 0, 400))));
	if (options->spectrum)
		add_evidence(
			out, arena_printf(mem, "line coverage of %zu test%s", options->spectrum->n,
				     options->spectrum->n == 1 ? "" : "s"));
	if (top && top->stack_distance >= 0)
		add_evidence(out, arena_printf(mem, "%.*s:%d is in the failing stack",
					  STR_ARGS(top->path), top->line));
}

static void explain(
	struct diagnosis *out, const struct diagnose_options *options, struct arena *mem)
{
	const struct failure *f = options->failures->items.n ? options->failures->items.v : NULL;
	const struct suspect *top = out->suspects.n ? &out->suspects.v[0] : NULL;
	struct str what = f && f->type.n ? f->type : STR("the failure");
	size_t failing = options->failures->items.n, files = out->affected_files.n;

	if (top)
		out->root_cause = arena_printf(mem, "%.*s:%d is the most suspicious line for %.*s",
			STR_ARGS(top->path), top->line, STR_ARGS(what));
	else
		out->root_cause = arena_printf(
			mem, "%.*s, with no line of the project to blame", STR_ARGS(what));
	explain_evidence(out, options, f, mem);
	out->fix_strategy = f ? strategy_of(f) : STR("");
	out->impact = arena_printf(mem, "%zu failure%s, %zu file%s under suspicion", failing,
		failing == 1 ? "" : "s", files, files == 1 ? "" : "s");
}

/* Files touched and lines in question: what makes a cause hard to pin down (SPEC 13). */
static double complexity_of(const struct diagnosis *d)
{
	double files = d->affected_files.n > 1 ? 0.1 * (double)(d->affected_files.n - 1) : 0;
	double lines = d->suspects.n > 50 ? 0.2 : 0;

	return files + lines > 1 ? 1 : files + lines;
}

/* How much the first line stands out, and whether independent evidence agrees on it. */
static double confidence_of(const struct diagnosis *d)
{
	const struct suspect *v = d->suspects.v;
	double c;

	if (!d->suspects.n)
		return 0;
	c = 0.3 + 0.3 * v[0].suspiciousness;
	if (d->suspects.n == 1 || v[1].suspiciousness < v[0].suspiciousness)
		c += 0.2;
	if (v[0].ochiai > 0 && v[0].stack_distance >= 0)
		c += 0.1;
	return c;
}

void diagnose(struct diagnosis *out, const struct diagnose_options *options, struct arena *mem)
{
	struct gather g = {.mem = mem, .options = options};

	*out = (struct diagnosis){0};
	strmap_init(&g.by_key);
	if (options->spectrum)
		gather_spectrum(&g, options->spectrum);
	gather_failures(&g, options->failures);
	rank(out, &g);
	strmap_release(&g.by_key);
	collect_files(out, mem);
	explain(out, options, mem);
	out->complexity = complexity_of(out);
	out->confidence = confidence_of(out);
}
