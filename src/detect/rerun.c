#include "detect/rerun.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/interval.h"
#include "base/limits.h"
#include "kit/rewrite/rewrite.h"
#include "kit/trial/trial.h"
#include "port/format/yaml.h"

enum {
	STEADY_RERUNS_HINTED = 8, /* before repair, where something hints at chance */
	HINT_FILES_MAX = 40,
	DAY_S = 24 * 3600,
};

/* How one rerun differs from the first run. */
struct step {
	const char *what; /* for people: "passes ..." */
	bool alone, reversed;
	int seed;
	int64_t clock_shift_s;
};

/* Those before a repair; the further ones where something hints at chance. Together with the first
 * run they meet every part of the day: no two times of day are more than six hours apart; and odd
 * and even seconds. */
static const struct step steps[] = {
	{"when run again", true, false, 1, 0},
	{"at another time, from another seed", true, false, 2, DAY_S + 12 * 3600 + 17 * 60 + 7},
	{"when run again", false, false, -1, 0},
	{"at another time, from another seed", true, false, 3,
		2 * DAY_S + 17 * 3600 + 33 * 60 + 28},
	{"half a year later", true, false, 4, 183 * DAY_S + 5 * 3600 + 41},
	{"in reversed order", false, true, 5, 0},
	{"at another time, from another seed", true, false, 6,
		9 * DAY_S + 20 * 3600 + 51 * 60 + 16},
	{"at another time of day", true, false, 7, 8 * 3600 + 43 * 60 + 53},
};

bool rerun_clock_shift(size_t i, int64_t *shift_s)
{
	if (i >= ARRAY_LEN(steps))
		return false;
	*shift_s = steps[i].clock_shift_s;
	return true;
}

/* The reruns of one detection. */
struct gate {
	struct detection *d;
	struct trial *trial;
	const struct detect_options *options;
	struct arena *mem;
	int64_t end_ms;
	struct str *failing; /* identifiers of the tests that failed at first */
	size_t n_failing;
	bool can_choose; /* the runner runs the tests that we name */
	bool clean;      /* each rerun starts from a clean tree */
	const struct yaml_node *hints;
};

/* --- hints --- */

const struct yaml_node *rerun_hints(struct arena *mem)
{
	static const char path[] = "templates/flaky/hints.yml";
	const struct yaml_node *hints = NULL;
	struct err err = ERR_INIT;
	int rc = yaml_parse(&hints, embed_get(path), path, LIMIT_CONFIG_BYTES, mem, &err);

	/* Data of our own that a unit test has read: it cannot be bad. */
	assert(rc == 0);
	(void)rc;
	return hints;
}

bool rerun_hinted(const struct yaml_node *hints, const char *language, struct str text)
{
	const struct yaml_node *list = yaml_get(hints, language);

	for (size_t i = 0; list && i < list->n; i++)
		if (str_find(text, list->items[i]->text) >= 0)
			return true;
	return false;
}

/* The file of a failing test: what its identifier, its place or its stack name. */
static struct str file_of(const struct failure *f)
{
	ptrdiff_t colons = str_find_c(f->id, "::");

	if (colons > 0)
		return str_slice(f->id, 0, (size_t)colons);
	return f->file;
}

/* Reads a project file; false when there is none. */
static bool read_source(struct gate *g, struct str path, struct buf *text)
{
	struct err ignored = ERR_INIT;

	return path.n && path.p[0] != '/' && rewrite_language_of(path) &&
	       trial_read(g->trial, path, text, &ignored) == 0;
}

static bool file_is_hinted(struct gate *g, struct str path)
{
	BUF_AUTO text;

	buf_init(&text, LIMIT_SOURCE_BYTES);
	return read_source(g, path, &text) &&
	       rerun_hinted(g->hints, rewrite_language_of(path), buf_view(&text));
}

/* A module of the project that the test's file imports: one step away, found by its name. */
static bool imports_are_hinted(struct gate *g, struct str path)
{
	struct str rest, line, word;
	int looked_at = 0;
	BUF_AUTO text;

	buf_init(&text, LIMIT_SOURCE_BYTES);
	if (!read_source(g, path, &text))
		return false;
	rest = buf_view(&text);
	while (looked_at < HINT_FILES_MAX && str_next_line(&rest, &line)) {
		struct str words = str_trim(line), module = STR_NULL;

		if (!str_skip(&words, "from ") && !str_skip(&words, "import "))
			continue;
		if (!str_next(&words, ' ', &word))
			continue;
		module = arena_str(g->mem, word);
		for (size_t i = 0; i < module.n; i++)
			if (module.p[i] == '.')
				((char *)(uintptr_t)module.p)[i] = '/';
		looked_at++;
		if (file_is_hinted(g, arena_printf(g->mem, "%.*s.py", STR_ARGS(module))) ||
			file_is_hinted(g, arena_printf(g->mem, "src/%.*s.py", STR_ARGS(module))))
			return true;
	}
	return false;
}

static bool is_hinted(struct gate *g)
{
	g->hints = rerun_hints(g->mem);
	vec_each (f, &g->d->first.failures.items) {
		struct str path = file_of(f);

		if (file_is_hinted(g, path) || imports_are_hinted(g, path))
			return true;
		for (size_t i = 0; i < f->stack.n; i++)
			if (f->stack.v[i].in_project && file_is_hinted(g, f->stack.v[i].path))
				return true;
	}
	return false;
}

/* --- single reruns --- */

static bool time_is_left(const struct gate *g)
{
	return g->d->runs <= RERUNS_MAX &&
	       clock_mono_ms() + g->d->first.wall_us / 1000 <= g->end_ms;
}

static int run_order(
	struct gate *g, const struct order *order, struct test_run *out, struct err *err)
{
	struct detect_options how = *g->options;

	how.order = order;
	if (g->clean && trial_reset(g->trial, err) < 0)
		return -1;
	if (test_run_once(out, g->trial, &how, g->mem, err) < 0)
		return -1;
	g->d->runs++;
	g->d->red_runs += !out->green;
	return 0;
}

static struct order order_of(const struct gate *g, const struct step *step)
{
	bool alone = step->alone && g->can_choose;

	return (struct order){.only = alone ? g->failing : NULL,
		.n_only = alone ? g->n_failing : 0,
		.reversed = step->reversed,
		.seed = step->seed,
		.clock_shift_s = step->clock_shift_s};
}

static bool failed_in(const struct test_run *run, struct str id)
{
	vec_each (f, &run->failures.items)
		if (str_eq(f->id.n ? f->id : f->name, id))
			return true;
	return false;
}

/* A test that failed at first and ran without failing now; -1: none. What a varied run shows beyond
 * that (other failures, other messages) may be our doing. */
static long healed_test(const struct gate *g, const struct test_run *run)
{
	if (!g->n_failing)
		return run->green ? 0 : -1;
	for (size_t i = 0; i < g->n_failing; i++) {
		bool ran = run->green;

		for (size_t k = 0; k < run->tests.n && !ran; k++)
			ran = str_eq(run->tests.v[k], g->failing[i]);
		if (ran && !run->timed_out && !failed_in(run, g->failing[i]))
			return (long)i;
	}
	return -1;
}

/* Whether the run shows another result than the first, and of which test. */
static bool differs(
	const struct gate *g, const struct step *step, const struct test_run *run, long *test)
{
	*test = healed_test(g, run);
	if (*test >= 0)
		return true;
	/* As it was the first time: any difference is a difference. */
	return !step->alone && !step->reversed && !test_runs_alike(&g->d->first, run);
}

/* --- verdicts --- */

static void judge(struct gate *g, struct str cause)
{
	struct detection *d = g->d;

	d->outcome = OUTCOME_FLAKY;
	wilson_interval(d->red_runs, d->runs, &d->flaky_low, &d->flaky_high);
	d->why = arena_printf(g->mem,
		"the same code gave different results: %.*s; %d of %d runs failed (95 %% interval "
		"of the rate: %.0f to %.0f %%)",
		STR_ARGS(cause), d->red_runs, d->runs, d->flaky_low * 100, d->flaky_high * 100);
}

static struct str name_of(const struct gate *g, long test)
{
	return g->n_failing ? g->failing[test < 0 ? 0 : test] : STR("the test command");
}

/* Plain runs up to the most, for the rate. */
static int measure_rate(struct gate *g, struct err *err)
{
	while (time_is_left(g)) {
		static const struct order as_it_is = {.seed = -1};
		struct test_run run;

		if (run_order(g, &as_it_is, &run, err) < 0)
			return -1;
		test_run_release(&run);
	}
	return 0;
}

/* Runs some of the tests before the victim, then the victim. 1: it failed. */
static int fails_after(
	struct gate *g, const struct str *before, size_t n, struct str victim, struct err *err)
{
	struct str *only = arena_array(g->mem, n + 1, sizeof(*only));
	struct order order = {.only = only, .n_only = n + 1, .seed = -1};
	struct test_run run;
	int failed;

	if (n)
		memcpy(only, before, n * sizeof(*only));
	only[n] = victim;
	if (run_order(g, &order, &run, err) < 0)
		return -1;
	failed = failed_in(&run, victim);
	test_run_release(&run);
	return failed;
}

/* Halves the tests before the victim: what spoils it is in the first half when it fails after that,
 * else in the second. The one that is left must show it; otherwise it takes several, and *tests
 * stays. */
static int bisect_polluter(
	struct gate *g, const struct str **tests, size_t *n, struct str victim, struct err *err)
{
	const struct str *left = *tests;
	size_t count = *n;
	int failed = 0;

	while (count > 1 && time_is_left(g)) {
		size_t half = count / 2;

		failed = fails_after(g, left, half, victim, err);
		if (failed < 0)
			return -1;
		left += failed ? 0 : half;
		count = failed ? half : count - half;
	}
	if (count == 1 && !failed && time_is_left(g))
		failed = fails_after(g, left, 1, victim, err);
	if (failed < 0)
		return -1;
	if (failed || count > 1) {
		*tests = left;
		*n = count;
	}
	return 0;
}

static size_t place_of(const struct order_tests *tests, struct str id)
{
	size_t i = 0;

	while (i < tests->n && !str_eq(tests->v[i], id))
		i++;
	return i;
}

static struct str describe_polluter(
	struct gate *g, struct str victim, const struct str *before, size_t n)
{
	if (n == 1)
		return arena_printf(g->mem, "'%.*s' passes alone and fails after '%.*s'",
			STR_ARGS(victim), STR_ARGS(before[0]));
	if (n > 1)
		return arena_printf(g->mem,
			"'%.*s' passes alone and fails after %zu others ('%.*s' to '%.*s')",
			STR_ARGS(victim), n, STR_ARGS(before[0]), STR_ARGS(before[n - 1]));
	return arena_printf(
		g->mem, "'%.*s' passes alone and fails among the others", STR_ARGS(victim));
}

/* The test passed alone: if it fails again in order and passes again alone, the order decides, and
 * the test that spoils it can be found. 1: judged. */
static int judge_order(struct gate *g, long test, struct err *err)
{
	static const struct order in_order = {.seed = -1};
	struct str victim = name_of(g, test);
	const struct str *before;
	struct test_run run;
	size_t n;
	bool red;
	int alone;

	if (!g->can_choose || !time_is_left(g))
		return 0;
	if (run_order(g, &in_order, &run, err) < 0)
		return -1;
	red = failed_in(&run, victim);
	before = run.tests.v;
	n = place_of(&run.tests, victim);
	n = n < run.tests.n ? n : 0;
	test_run_release(&run);
	alone = red && time_is_left(g) ? fails_after(g, NULL, 0, victim, err) : 1;
	if (alone < 0)
		return -1;
	if (alone)
		return 0;
	if (bisect_polluter(g, &before, &n, victim, err) < 0)
		return -1;
	judge(g, describe_polluter(g, victim, before, n));
	return 1;
}

static int judge_mixed(struct gate *g, const struct step *step, long test, struct err *err)
{
	int judged = step->alone && test >= 0 ? judge_order(g, test, err) : 0;

	if (judged)
		return judged < 0 ? -1 : 0;
	if (measure_rate(g, err) < 0)
		return -1;
	judge(g, arena_printf(g->mem, "'%.*s' %s %s", STR_ARGS(name_of(g, test)),
			 test < 0 ? "fails otherwise" : "passes", step->what));
	return 0;
}

/* --- the plan --- */

static void list_failing(struct gate *g)
{
	const struct failure_list *list = &g->d->first.failures;

	g->failing = arena_array(g->mem, list->items.n, sizeof(*g->failing));
	vec_each (f, &list->items)
		if (f->kind == FAILURE_TEST || f->kind == FAILURE_CRASH ||
			f->kind == FAILURE_TIMEOUT)
			if (f->id.n && str_eq_c(f->language, "python"))
				g->failing[g->n_failing++] = f->id;
	/* Only Python's runners take our choice: elsewhere it would cost a run to find out. */
	g->can_choose = g->n_failing == list->items.n && g->n_failing > 0;
}

/* Compilers are deterministic: one rerun tells what three would. */
static size_t steps_wanted(struct gate *g)
{
	bool compiles = true;

	vec_each (f, &g->d->first.failures.items)
		compiles = compiles && f->kind == FAILURE_COMPILE;
	if (!g->options->reruns)
		return 0;
	if (compiles && g->d->first.failures.items.n)
		return 1;
	return g->options->suspected || is_hinted(g) ? STEADY_RERUNS_HINTED
						     : (size_t)g->options->reruns;
}

/* Files that an earlier run left behind decide nothing; what setup commands made must stay. Where
 * the whole command runs again, a clean tree may mean that everything is built again: only once a
 * run differed is it worth that. */
static bool can_clean(const struct gate *g)
{
	return !(g->options->setup && *g->options->setup);
}

enum { SAME_RESULT, JUDGED, ONLY_AMONG_LEFTOVERS };

static int rerun_step(struct gate *g, const struct step *step, struct err *err)
{
	struct order order = order_of(g, step);
	struct test_run run;
	long test;
	bool other;

	if (run_order(g, &order, &run, err) < 0)
		return -1;
	if (order.only && !run.tests.n) {
		/* The runner did not listen: the run says nothing. */
		g->can_choose = false;
		g->d->runs--;
		g->d->red_runs -= !run.green;
		test_run_release(&run);
		return 0;
	}
	other = differs(g, step, &run, &test);
	test_run_release(&run);
	if (!other)
		return SAME_RESULT;
	if (!g->clean && can_clean(g)) {
		g->clean = true;
		return ONLY_AMONG_LEFTOVERS;
	}
	return judge_mixed(g, step, test, err) < 0 ? -1 : JUDGED;
}

int detect_rerun(struct detection *d, struct trial *trial, const struct detect_options *options,
	struct arena *mem, struct err *err)
{
	struct gate g = {.d = d,
		.trial = trial,
		.options = options,
		.mem = mem,
		.end_ms = clock_mono_ms() + options->rerun_budget_ms};
	size_t wanted, i = 0;

	list_failing(&g);
	g.clean = g.can_choose && can_clean(&g);
	wanted = steps_wanted(&g);
	while (i < wanted && i < ARRAY_LEN(steps) && time_is_left(&g)) {
		int rc = rerun_step(&g, &steps[i++], err);

		if (rc < 0 || rc == JUDGED)
			return rc < 0 ? -1 : 0;
		/* It may be chance as well: all steps from the start. */
		if (rc == ONLY_AMONG_LEFTOVERS) {
			wanted = ARRAY_LEN(steps);
			i = 0;
		}
	}
	return 0;
}
