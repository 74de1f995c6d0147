#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/interval.h"
#include "detect/detect.h"
#include "diagnose/diagnose.h"
#include "kit/project/tree.h"
#include "repair/round.h"

static bool is_test(void *data, struct str path)
{
	(void)data;
	return project_path_is_test(path);
}

static void ochiai_is_the_published_formula(void **state)
{
	(void)state;
	assert_true(ochiai(0, 5, 3) == 0);
	assert_true(ochiai(3, 0, 3) == 1);
	assert_true(fabs(ochiai(1, 3, 1) - 0.5) < 1e-9);
	assert_true(fabs(ochiai(2, 6, 4) - 2 / sqrt(32)) < 1e-9);
	assert_true(ochiai(1, 0, 0) == 0);
}

static void the_line_only_failing_tests_run_comes_first(void **state)
{
	int failing[] = {1, 2, 3}, passing[] = {1, 2, 5}, tests[] = {9};
	struct covered_file bad[] = {
		{STR("app.py"), failing, 3}, {STR("tests/test_app.py"), tests, 1}};
	struct covered_file good[] = {{STR("app.py"), passing, 3}};
	struct covered_test all[] = {{STR("t1"), false, bad, 2}, {STR("t2"), true, good, 1}};
	struct spectrum spectrum = {all, 2};
	struct failure_list failures;
	struct diagnosis d;
	ARENA_AUTO mem;

	(void)state;
	arena_init(&mem);
	failure_list_init(&failures);
	failure_list_add(&failures)->type = STR("AssertionError");
	diagnose(&d,
		&(struct diagnose_options){
			.failures = &failures, .spectrum = &spectrum, .is_test = is_test},
		&mem);
	assert_true(d.suspects.n >= 3);
	assert_int_equal(d.suspects.v[0].line, 3);
	assert_true(d.suspects.v[0].suspiciousness == 1);
	assert_true(d.suspects.v[1].suspiciousness < 1);
	for (size_t i = 0; i < d.suspects.n; i++)
		assert_true(str_eq_c(d.suspects.v[i].path, "app.py"));
	assert_int_equal(d.affected_files.n, 1);
	assert_true(str_has(d.root_cause, "app.py:3"));
	failure_list_release(&failures);
}

static void a_stack_alone_orders_frames(void **state)
{
	struct failure_list failures;
	struct failure *f;
	struct diagnosis d;
	ARENA_AUTO mem;

	(void)state;
	arena_init(&mem);
	failure_list_init(&failures);
	f = failure_list_add(&failures);
	failure_add_frame(f, &mem, (struct frame){STR("/usr/lib/x.py"), STR(""), 5, 0, false});
	failure_add_frame(f, &mem, (struct frame){STR("inner.py"), STR("g"), 7, 0, true});
	failure_add_frame(f, &mem, (struct frame){STR("outer.py"), STR("f"), 3, 0, true});
	failure_add_frame(f, &mem, (struct frame){STR("test_a.py"), STR("t"), 1, 0, true});
	diagnose(&d, &(struct diagnose_options){.failures = &failures, .is_test = is_test}, &mem);
	assert_int_equal(d.suspects.n, 2);
	assert_true(str_eq_c(d.suspects.v[0].path, "inner.py"));
	assert_true(str_eq_c(d.suspects.v[1].path, "outer.py"));
	assert_true(d.suspects.v[0].ochiai < 0);
	failure_list_release(&failures);
}

/* With one failing test alone every line that it runs is as suspicious as can be. */
static void the_stack_breaks_ties(void **state)
{
	int failing[] = {1, 2, 3, 4};
	struct covered_file bad[] = {{STR("app.py"), failing, 4}};
	struct covered_test all[] = {{STR("t1"), false, bad, 1}};
	struct spectrum spectrum = {all, 1};
	struct failure_list failures;
	struct failure *f;
	struct diagnosis d;
	ARENA_AUTO mem;

	(void)state;
	arena_init(&mem);
	failure_list_init(&failures);
	f = failure_list_add(&failures);
	f->type = STR("KeyError");
	failure_add_frame(f, &mem, (struct frame){STR("app.py"), STR("inner"), 3, 0, true});
	failure_add_frame(f, &mem, (struct frame){STR("app.py"), STR("outer"), 2, 0, true});
	diagnose(&d,
		&(struct diagnose_options){
			.failures = &failures, .spectrum = &spectrum, .is_test = is_test},
		&mem);
	assert_int_equal(d.suspects.n, 4);
	assert_int_equal(d.suspects.v[0].line, 3);
	assert_int_equal(d.suspects.v[1].line, 2);
	assert_int_equal(d.suspects.v[2].line, 1);
	assert_true(str_has(d.root_cause, "app.py:3"));
	failure_list_release(&failures);
}

static void nothing_to_blame_is_said(void **state)
{
	struct failure_list failures;
	struct diagnosis d;
	ARENA_AUTO mem;

	(void)state;
	arena_init(&mem);
	failure_list_init(&failures);
	diagnose(&d, &(struct diagnose_options){.failures = &failures}, &mem);
	assert_int_equal(d.suspects.n, 0);
	assert_true(d.confidence == 0);
	assert_true(str_has(d.root_cause, "no line"));
}

static void wilson_knows_small_numbers(void **state)
{
	double low, high;

	(void)state;
	wilson_interval(0, 10, &low, &high);
	assert_true(low == 0 && fabs(high - 0.2775) < 1e-3);
	wilson_interval(5, 10, &low, &high);
	assert_true(fabs(low - 0.2366) < 1e-3 && fabs(high - 0.7634) < 1e-3);
	wilson_interval(0, 0, &low, &high);
	assert_true(low >= 0 && high <= 1);
}

static void runs_are_alike_by_their_failing_tests(void **state)
{
	struct test_run a = {.exit_code = 1}, b = {.exit_code = 2}, green = {.green = true};
	struct failure *f;

	(void)state;
	failure_list_init(&a.failures);
	failure_list_init(&b.failures);
	failure_list_init(&green.failures);
	f = failure_list_add(&a.failures);
	f->id = STR("t1");
	f->message = STR("took 1 s");
	f = failure_list_add(&b.failures);
	f->id = STR("t1");
	f->message = STR("took 2 s");
	assert_true(test_runs_alike(&a, &b));
	assert_false(test_runs_alike(&a, &green));
	assert_true(test_runs_alike(&green, &green));
	f->id = STR("t2");
	assert_false(test_runs_alike(&a, &b));
	test_run_release(&a);
	test_run_release(&b);
}

static void progress_is_ordered(void **state)
{
	const struct observed invalid = {
		.status = OBSERVED_INVALID, .tests_failed = 3, .tests_passed = -1};
	const struct observed invalid2 = {
		.status = OBSERVED_INVALID, .tests_failed = 1, .tests_passed = -1};
	const struct observed two = {.status = OBSERVED_FAIL, .tests_failed = 2};
	const struct observed one = {.status = OBSERVED_FAIL, .tests_failed = 1, .line = 5};
	const struct observed later = {.status = OBSERVED_CRASH, .tests_failed = 1, .line = 9};
	const struct observed hang = {.status = OBSERVED_TIMEOUT, .tests_failed = -1};
	const struct observed unknown = {.status = OBSERVED_UNSUPPORTED};

	(void)state;
	assert_true(observed_progress(&two, &invalid) > 0);
	assert_true(observed_progress(&invalid2, &invalid) > 0);
	assert_true(observed_progress(&one, &two) > 0);
	assert_true(observed_progress(&two, &one) < 0);
	assert_true(observed_progress(&later, &one) > 0);
	assert_true(observed_progress(&one, &hang) > 0);
	assert_true(observed_progress(&hang, &invalid) > 0);
	assert_int_equal(observed_progress(&one, &one), 0);
	assert_int_equal(observed_progress(&unknown, &one), 0);
}

static void test_paths_are_known(void **state)
{
	static const struct {
		const char *path;
		bool is_test;
	} cases[] = {
		{"tests/test_a.py", true},
		{"test_a.py", true},
		{"src/a_test.go", true},
		{"web/a.test.js", true},
		{"conftest.py", true},
		{"src/tests/helper.c", true},
		{"spec/a_spec.rb", true},
		{"contest.py", false},
		{"latest/a.py", false},
		{"src/attest.c", false},
		{"src/protest/x.c", false},
		{"app.py", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (project_path_is_test(str_of(cases[i].path)) != cases[i].is_test)
			fail_msg("%s", cases[i].path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ochiai_is_the_published_formula),
		cmocka_unit_test(the_line_only_failing_tests_run_comes_first),
		cmocka_unit_test(a_stack_alone_orders_frames),
		cmocka_unit_test(the_stack_breaks_ties),
		cmocka_unit_test(nothing_to_blame_is_said),
		cmocka_unit_test(wilson_knows_small_numbers),
		cmocka_unit_test(runs_are_alike_by_their_failing_tests),
		cmocka_unit_test(progress_is_ordered),
		cmocka_unit_test(test_paths_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
