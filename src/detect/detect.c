#include "detect/detect.h"

#include "base/trace.h"
#include "kit/fingerprint/fingerprint.h"
#include "kit/report/report.h"
#include "kit/trial/blame.h"
#include "kit/trial/trial.h"

enum { WHY_BYTES = 300 };

void test_run_release(struct test_run *run)
{
	failure_list_release(&run->failures);
}

void detection_release(struct detection *d)
{
	test_run_release(&d->first);
}

/* For a red run whose output no parser understood: the exit code is all there is. */
static void add_bare_failure(struct test_run *run, struct arena *mem)
{
	struct failure *f = failure_list_add(&run->failures);

	if (!f)
		return;
	f->kind = run->timed_out ? FAILURE_TIMEOUT : FAILURE_TEST;
	f->type = run->timed_out ? STR("timeout") : STR("exit");
	if (run->timed_out)
		f->message = STR("the test command did not end in time");
	else
		f->message = arena_printf(
			mem, "the test command ended with exit code %d", run->exit_code);
}

static int read_output(struct test_run *run, const struct detect_options *options,
	struct arena *mem, struct err *err)
{
	struct report_options how = {.root = options->root,
		.tables = options->tables,
		.has_exit = !run->timed_out,
		.exit_code = run->exit_code};

	run->green = run->exit_code == 0 && !run->timed_out;
	if (report_parse(&run->failures, run->output, &how, mem, err) < 0)
		return -1;
	if (run->green) /* what a passing run prints of failures is not ours to judge */
		run->failures.items.n = 0;
	else if (run->failures.items.n == 0)
		add_bare_failure(run, mem);
	vec_each (f, &run->failures.items)
		fingerprint_failure(f, mem);
	return 0;
}

int test_run_once(struct test_run *out, struct trial *trial, const struct detect_options *options,
	struct arena *mem, struct err *err)
{
	struct trial_command command = {.command = options->command,
		.timeout_ms = options->timeout_ms,
		.env_set = options->env_set};
	CHILD_RESULT_AUTO result;
	int64_t begin = trace_begin();

	child_result_init(&result);
	*out = (struct test_run){0};
	failure_list_init(&out->failures);
	if (options->order ? order_run(&result, &out->tests, trial, &command, options->order, mem,
				     err) < 0
			   : trial_run(trial, &command, &result, err) < 0)
		return -1;
	trace_end(begin, "test_run", "exit %d", result.exit_code);
	out->timed_out = result.timed_out;
	out->exit_code = result.timed_out && !result.exit_code ? 124 : result.exit_code;
	out->wall_us = result.wall_us;
	out->output = arena_str(mem, buf_view(&result.output));
	return read_output(out, options, mem, err);
}

static bool same_test(const struct failure *a, const struct failure *b)
{
	return a->kind == b->kind && str_eq(a->id, b->id) && str_eq(a->name, b->name) &&
	       str_eq(a->suite, b->suite);
}

bool test_runs_alike(const struct test_run *a, const struct test_run *b)
{
	if (a->green || b->green)
		return a->green == b->green;
	if (a->failures.items.n != b->failures.items.n)
		return false;
	vec_each (f, &a->failures.items) {
		bool found = false;

		vec_each (g, &b->failures.items)
			found = found || same_test(f, g);
		if (!found)
			return false;
	}
	return true;
}

static const struct failure *find_kind(const struct test_run *run, enum failure_kind kind)
{
	vec_each (f, &run->failures.items)
		if (f->kind == kind)
			return f;
	return NULL;
}

/* 126 and 127 of the shell with nothing else recognised: the tests never started. */
static bool never_started(const struct test_run *run)
{
	return (run->exit_code == 127 || run->exit_code == 126) && !find_kind(run, FAILURE_COMPILE);
}

/* SPEC 14 "red because of us": never repaired, and the setting is named. */
static bool blame_sandbox(struct detection *d, const struct trial *trial, struct arena *mem)
{
	struct blame blame;

	if (!trial_blame(trial, d->first.output, &blame))
		return false;
	d->outcome = OUTCOME_CONFIGURATION;
	d->why = arena_printf(mem, "not the code: %s (see '%s' in .selfheal.yml): %.*s",
		blame.reason, blame.setting, STR_ARGS(str_slice(blame.evidence, 0, WHY_BYTES)));
	return true;
}

static void classify(struct detection *d, const struct trial *trial, struct arena *mem)
{
	const struct test_run *run = &d->first;
	const struct failure *f;

	d->outcome = OUTCOME_NOT_HEALED;
	if (run->green) {
		d->outcome = OUTCOME_NOTHING_TO_DO;
		d->why = STR("the tests pass");
	} else if (never_started(run)) {
		d->outcome = OUTCOME_INFRASTRUCTURE;
		d->why = arena_printf(mem, "the tests cannot start (exit code %d): %.*s",
			run->exit_code, STR_ARGS(str_slice(str_trim(run->output), 0, WHY_BYTES)));
	} else if (blame_sandbox(d, trial, mem)) {
		return;
	} else if ((f = find_kind(run, FAILURE_INFRASTRUCTURE))) {
		d->outcome = OUTCOME_INFRASTRUCTURE;
		d->why = arena_printf(
			mem, "not the code: %.*s", STR_ARGS(str_slice(f->message, 0, WHY_BYTES)));
	} else if ((f = find_kind(run, FAILURE_CONFIGURATION))) {
		d->outcome = OUTCOME_CONFIGURATION;
		d->why = arena_printf(
			mem, "not the code: %.*s", STR_ARGS(str_slice(f->message, 0, WHY_BYTES)));
	}
}

static int run_setup(struct trial *trial, const struct detect_options *options, struct err *err)
{
	for (const char *const *s = options->setup; s && *s; s++) {
		struct trial_command command = {
			.command = *s, .timeout_ms = options->timeout_ms, .network = true};
		CHILD_RESULT_AUTO result;

		child_result_init(&result);
		if (trial_run(trial, &command, &result, err) < 0)
			return -1;
		if (result.timed_out)
			return err_set(err, ERR_CONFIG,
				"setup command '%s' did not end in %d s (see 'timeout')", *s,
				options->timeout_ms / 1000);
		if (result.exit_code)
			return err_set(err, ERR_CONFIG,
				"setup command '%s' ended with exit code %d: %.*s", *s,
				result.exit_code,
				STR_ARGS(str_slice(str_trim(buf_view(&result.output)), 0, 200)));
	}
	return 0;
}

int detect_failures(struct detection *out, struct trial *trial,
	const struct detect_options *options, struct arena *mem, struct err *err)
{
	*out = (struct detection){0};
	if (run_setup(trial, options, err) < 0)
		return -1;
	if (test_run_once(&out->first, trial, options, mem, err) < 0)
		return -1;
	out->runs = 1;
	out->red_runs = !out->first.green;
	classify(out, trial, mem);
	return 0;
}
