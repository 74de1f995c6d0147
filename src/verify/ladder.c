#include "verify/ladder.h"

#include <errno.h>

#include "base/clock.h"
#include "base/limits.h"
#include "kit/report/report.h"
#include "kit/rewrite/rewrite.h"
#include "verify/policy.h"

/* One file of the patch, before and after. */
struct ladder_file {
	struct str path, before, after;
};

struct ladder {
	const struct ladder_options *options;
	const struct patch *patch;
	struct verdict *out;
	struct arena *mem;
	struct trial *trial;
	struct ladder_file *files;
	size_t n_files;
	bool done;
};

/* Records a rung; one that failed ends the climb. */
static void rung(struct ladder *l, enum rung which, bool passed, int64_t wall_us, struct str detail)
{
	struct rung_result *r = verdict_add(l->out, l->mem, which);

	r->passed = passed;
	r->seconds = (double)wall_us / 1e6;
	r->detail = detail;
	if (which >= RUNG_TARGET)
		r->command = arena_str(l->mem, str_of(l->options->command));
	if (!passed)
		l->done = true;
}

static int read_into(struct ladder *l, struct str path, struct str *out, struct err *err)
{
	BUF_AUTO content;

	buf_init(&content, LIMIT_SOURCE_BYTES);
	if (trial_read(l->trial, path, &content, err) < 0) {
		if (err->code != ERR_SYS || err->sys_errno != ENOENT)
			return -1;
		err_reset(err);
		*out = STR_NULL;
		return 0;
	}
	*out = arena_str(l->mem, buf_view(&content));
	return 0;
}

static int load_files(struct ladder *l, struct err *err)
{
	struct str *paths = patch_paths(l->patch, &l->n_files, l->mem);

	l->files = arena_array(l->mem, l->n_files, sizeof(*l->files));
	for (size_t i = 0; i < l->n_files; i++) {
		struct ladder_file *f = &l->files[i];
		BUF_AUTO after;

		buf_init(&after, LIMIT_SOURCE_BYTES);
		f->path = paths[i];
		if (read_into(l, f->path, &f->before, err) < 0 ||
			patch_apply_to(&after, l->patch, f->path, f->before, err) < 0)
			return -1;
		f->after = arena_str(l->mem, buf_view(&after));
	}
	return 0;
}

static void climb_parse(struct ladder *l)
{
	for (size_t i = 0; i < l->n_files && !l->done; i++) {
		const struct ladder_file *f = &l->files[i];
		const char *language = rewrite_language_of(f->path);

		if (!language || rewrite_normal_form(language, f->after) ||
			!rewrite_normal_form(language, f->before))
			continue;
		rung(l, RUNG_PARSE, false, 0,
			arena_printf(l->mem, "%.*s does not parse any more", STR_ARGS(f->path)));
	}
	if (!l->done)
		rung(l, RUNG_PARSE, true, 0,
			arena_printf(l->mem, "%zu file%s", l->n_files, l->n_files == 1 ? "" : "s"));
}

static int climb_policy(struct ladder *l, struct err *err)
{
	struct policy_text *texts = arena_array(l->mem, l->n_files, sizeof(*texts));
	CLEANUP(policy_freep) struct policy *policy = NULL;
	struct policy_report report = {0};
	struct str detail = STR("allowed");
	ARENA_AUTO read; /* of whole files: let go at once */

	arena_init(&read);
	for (size_t i = 0; i < l->n_files; i++)
		texts[i] = (struct policy_text){.path = l->files[i].path,
			.before = l->files[i].before,
			.after = l->files[i].after};
	if (policy_open(&policy, l->options->policy, err) < 0 ||
		policy_check_texts(&report, policy, texts, l->n_files, &read, err) < 0)
		return -1;
	l->out->policy = report.verdict;
	if (report.n)
		detail = arena_printf(l->mem, "%s: %s in %.*s: %.*s",
			policy_verdict_to_string(report.verdict), report.v[0].rule,
			STR_ARGS(report.v[0].path), STR_ARGS(report.v[0].detail));
	rung(l, RUNG_POLICY, report.verdict == POLICY_ALLOW, 0, detail);
	return 0;
}

static int put(struct ladder *l, bool patched, struct err *err)
{
	for (size_t i = 0; i < l->n_files; i++)
		if (trial_write(l->trial, l->files[i].path,
			    patched ? l->files[i].after : l->files[i].before, err) < 0)
			return -1;
	return 0;
}

struct suite_run {
	bool green, timed_out;
	int exit_code;
	int64_t wall_us;
	struct failure_list failures;
};

static int run_suite(struct ladder *l, struct suite_run *run, struct err *err)
{
	struct trial_command command = {
		.command = l->options->command, .timeout_ms = l->options->timeout_ms};
	struct report_options how = {.root = trial_root(l->trial), .tables = l->options->tables};
	CHILD_RESULT_AUTO result;

	child_result_init(&result);
	failure_list_init(&run->failures);
	if (trial_run(l->trial, &command, &result, err) < 0)
		return -1;
	run->timed_out = result.timed_out;
	run->exit_code = result.exit_code;
	run->green = result.exit_code == 0 && !result.timed_out;
	run->wall_us = result.wall_us;
	how.has_exit = !result.timed_out;
	how.exit_code = result.exit_code;
	return report_parse(&run->failures, buf_view(&result.output), &how, l->mem, err) < 0 ? -1
											     : 0;
}

/* A patch that makes tests vanish does not make them pass. */
static bool lost_tests(const struct ladder *l, const struct suite_run *run)
{
	const struct failure_list *before = l->options->failures;

	return before && run->failures.counts.tests > 0 &&
	       run->failures.counts.tests < before->counts.tests;
}

static struct str describe_suite(struct ladder *l, const struct suite_run *run)
{
	const struct test_counts *c = &run->failures.counts;

	if (run->timed_out)
		return STR("did not end in time");
	if (run->green && lost_tests(l, run))
		return arena_printf(l->mem, "%d tests, %d before: some did not run", c->tests,
			l->options->failures->counts.tests);
	if (run->green && c->tests > 0)
		return arena_printf(
			l->mem, "%d/%d tests", c->passed >= 0 ? c->passed : c->tests, c->tests);
	if (run->green)
		return STR("exit code 0");
	if (run->failures.items.n)
		return arena_printf(l->mem, "exit code %d, %zu failure%s, first: %.*s",
			run->exit_code, run->failures.items.n,
			run->failures.items.n == 1 ? "" : "s",
			STR_ARGS(run->failures.items.v[0].name));
	return arena_printf(l->mem, "exit code %d", run->exit_code);
}

/* A run with or without the patch that must be green or red. */
static int climb_suite(struct ladder *l, enum rung which, bool patched, struct err *err)
{
	struct suite_run run = {0};
	bool passed;

	if (l->done)
		return 0;
	if (put(l, patched, err) < 0 || run_suite(l, &run, err) < 0) {
		failure_list_release(&run.failures);
		return -1;
	}
	passed = patched ? run.green && !lost_tests(l, &run) : !run.green;
	if (patched && run.green) {
		l->out->tests_total = run.failures.counts.tests;
		l->out->tests_passed = run.failures.counts.passed;
	}
	rung(l, which, passed, run.wall_us,
		patched ? describe_suite(l, &run)
			: arena_printf(l->mem, "without the patch: %.*s",
				  STR_ARGS(describe_suite(l, &run))));
	failure_list_release(&run.failures);
	return 0;
}

static int run_setup(struct ladder *l, struct err *err)
{
	for (const char *const *s = l->options->setup; s && *s; s++) {
		struct trial_command command = {
			.command = *s, .timeout_ms = l->options->timeout_ms};
		CHILD_RESULT_AUTO result;

		child_result_init(&result);
		if (trial_run(l->trial, &command, &result, err) < 0)
			return -1;
	}
	return 0;
}

static int climb_in_sandbox(struct ladder *l, struct err *err)
{
	if (l->done)
		return 0;
	if (run_setup(l, err) < 0 || climb_suite(l, RUNG_SUITE, true, err) < 0)
		return -1;
	for (int i = 0; i < l->options->reruns; i++)
		if (clock_mono_ms() < l->options->deadline_ms &&
			climb_suite(l, RUNG_RERUN, true, err) < 0)
			return -1;
	if (l->options->green_before)
		return 0;
	if (climb_suite(l, RUNG_REVERT, false, err) < 0)
		return -1;
	return l->options->reruns ? climb_suite(l, RUNG_RERUN, true, err) : 0;
}

int ladder_climb(struct verdict *out, const struct patch *patch,
	const struct ladder_options *options, struct arena *mem, struct err *err)
{
	struct ladder l = {.options = options, .patch = patch, .out = out, .mem = mem};
	CLEANUP(trial_freep) struct trial *trial = NULL;

	*out = (struct verdict){.tests_passed = -1, .tests_total = -1};
	if (trial_open(&trial, options->trial, err) < 0)
		return -1;
	l.trial = trial;
	if (load_files(&l, err) < 0)
		return -1;
	climb_parse(&l);
	if (!l.done && climb_policy(&l, err) < 0)
		return -1;
	if (climb_in_sandbox(&l, err) < 0)
		return -1;
	out->holds = !l.done;
	return 0;
}
