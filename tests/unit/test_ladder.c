#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "verify/ladder.h"

static char root[64];

static int set_up(void **state)
{
	struct err err = ERR_INIT;
	char path[128];

	(void)state;
	snprintf(root, sizeof(root), "/tmp/test_ladder.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(path, sizeof(path), "%s/value.py", root);
	return file_replace(path, STR("def value():\n    return 1\n"), &err);
}

static int tear_down(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/value.py", root);
	unlink(path);
	return rmdir(root);
}

struct climb {
	struct verdict verdict;
	struct arena mem;
	int rc;
};

/* The change "1" -> text in value.py, judged by command. */
static void climb(struct climb *c, const char *text, const char *command)
{
	const struct edit edits[] = {{STR("value.py"), 24, 25, str_of(text)}};
	struct patch patch = {.edits = edits, .n = 1, .source = STR("template")};
	struct trial_options trial = {.root = root};
	struct failure_list failures;
	struct ladder_options options = {.trial = &trial,
		.command = command,
		.timeout_ms = 10000,
		.reruns = 1,
		.failures = &failures,
		.deadline_ms = clock_mono_ms() + 60000};
	struct err err = ERR_INIT;

	failure_list_init(&failures);
	failures.counts.tests = 3;
	arena_init(&c->mem);
	c->rc = ladder_climb(&c->verdict, &patch, &options, &c->mem, &err);
	if (c->rc < 0)
		print_message("%s\n", err.msg);
}

static const struct rung_result *last_rung(const struct climb *c)
{
	assert_true(c->verdict.rungs.n > 0);
	return &c->verdict.rungs.v[c->verdict.rungs.n - 1];
}

static void a_right_patch_holds(void **state)
{
	struct climb c;

	(void)state;
	climb(&c, "2", "grep -q 'return 2' value.py");
	assert_int_equal(c.rc, 0);
	assert_true(c.verdict.holds);
	assert_int_equal(c.verdict.policy, POLICY_ALLOW);
	assert_int_equal(last_rung(&c)->rung, RUNG_RERUN);
	arena_release(&c.mem);
}

static void a_wrong_patch_falls_at_the_suite(void **state)
{
	struct climb c;

	(void)state;
	climb(&c, "3", "grep -q 'return 2' value.py");
	assert_int_equal(c.rc, 0);
	assert_false(c.verdict.holds);
	assert_int_equal(last_rung(&c)->rung, RUNG_SUITE);
	arena_release(&c.mem);
}

static void what_was_green_before_is_no_fix(void **state)
{
	struct climb c;

	(void)state;
	climb(&c, "2", "grep -q 'return [12]' value.py");
	assert_int_equal(c.rc, 0);
	assert_false(c.verdict.holds);
	assert_int_equal(last_rung(&c)->rung, RUNG_REVERT);
	arena_release(&c.mem);
}

static void tests_that_vanish_do_not_pass(void **state)
{
	struct climb c;

	(void)state;
	climb(&c, "2", "grep -q 'return 2' value.py && printf '1..2\\nok 1 - a\\nok 2 - b\\n'");
	assert_int_equal(c.rc, 0);
	assert_false(c.verdict.holds);
	assert_int_equal(last_rung(&c)->rung, RUNG_SUITE);
	assert_true(str_starts(last_rung(&c)->detail, "2 tests, 3 before"));
	arena_release(&c.mem);
	climb(&c, "2",
		"grep -q 'return 2' value.py && printf '1..3\\nok 1 - a\\nok 2 - b\\nok 3 - c\\n'");
	assert_true(c.verdict.holds);
	arena_release(&c.mem);
}

static void what_does_not_parse_runs_nothing(void **state)
{
	struct climb c;

	(void)state;
	climb(&c, "((", "touch ran; true");
	assert_int_equal(c.rc, 0);
	assert_false(c.verdict.holds);
	assert_int_equal(c.verdict.rungs.n, 1);
	assert_int_equal(last_rung(&c)->rung, RUNG_PARSE);
	arena_release(&c.mem);
}

static void the_users_tree_is_left_alone(void **state)
{
	struct err err = ERR_INIT;
	struct climb c;
	char path[128];
	BUF_AUTO text;

	(void)state;
	buf_init(&text, 1000);
	climb(&c, "2", "echo more >>value.py; touch new; grep -q 'return 2' value.py");
	arena_release(&c.mem);
	snprintf(path, sizeof(path), "%s/value.py", root);
	assert_int_equal(file_read(&text, path, &err), 0);
	assert_string_equal(buf_text(&text), "def value():\n    return 1\n");
	snprintf(path, sizeof(path), "%s/new", root);
	assert_int_equal(access(path, F_OK), -1);
}

static void confidence_follows_the_evidence(void **state)
{
	struct verdict alone = {0}, rivals = {0}, known = {0};
	ARENA_AUTO mem;

	(void)state;
	arena_init(&mem);
	confidence_of(&alone,
		&(struct confidence_evidence){.source = STR("template"), .prior = 0.5, .tests = 20},
		&mem);
	confidence_of(&rivals,
		&(struct confidence_evidence){
			.source = STR("template"), .prior = 0.5, .tests = 20, .rivals = 6},
		&mem);
	confidence_of(&known,
		&(struct confidence_evidence){
			.source = STR("knowledge"), .prior = 0.5, .tests = 20},
		&mem);
	assert_true(rivals.confidence < alone.confidence);
	assert_true(alone.confidence < known.confidence);
	assert_true(known.confidence <= 0.98);
	assert_true(str_has(rivals.confidence_why, "other candidates"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_patch_holds),
		cmocka_unit_test(a_wrong_patch_falls_at_the_suite),
		cmocka_unit_test(what_was_green_before_is_no_fix),
		cmocka_unit_test(tests_that_vanish_do_not_pass),
		cmocka_unit_test(what_does_not_parse_runs_nothing),
		cmocka_unit_test(the_users_tree_is_left_alone),
		cmocka_unit_test(confidence_follows_the_evidence),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
