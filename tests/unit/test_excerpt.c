/* The lines that matter of whole CI logs: marks of steps, weights of lines, blocks chosen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "kit/report/clues.h"
#include "kit/report/report.h"
#include "kit/report/steps.h"

static void steps_are_marked(void **state)
{
	static const struct {
		const char *line;
		enum step_mark mark;
	} cases[] = {
		{"The command \"make test\" exited with 2.", STEP_FAILED},
		{"The command \"make test\" exited with 0.", STEP_PASSED},
		{"The command \"x\" failed and exited with 1 during .", STEP_FAILED},
		{"' \"more\" > file\" exited with 0.", STEP_PASSED},
		{"Done. Your build exited with 1.", STEP_ENDED},
		{"$ make", STEP_BEGIN},
		{"cost: $ 3", STEP_TEXT},
		{"Process completed with exit code 1.", STEP_FAILED},
		{"##[group]Run make", STEP_NEXT},
		{"##[endgroup]", STEP_NOISE},
		{"The operation was canceled.", STEP_CUT},
		{"##[section]Starting: Build", STEP_NEXT},
		{"Bash exited with code '1'.", STEP_FAILED},
		{"Bash exited with code '0'.", STEP_PASSED},
		{"ERROR: Job failed: exit code 1", STEP_FAILED},
		{"ERROR: script returned exit code 2", STEP_FAILED},
		{"Finished: SUCCESS", STEP_NOISE},
		{"Command exited with code 1", STEP_FAILED},
		{"Exited with code exit status 7", STEP_FAILED},
		{"make[1]: *** [Makefile:3: all] Error 2", STEP_ECHO},
		{"npm ERR! code ELIFECYCLE", STEP_ECHO},
		{"the child exited with status unknown", STEP_TEXT},
		{"error: it broke", STEP_TEXT},
		{"", STEP_TEXT},
	};
	CLEANUP(steps_freep) struct steps *s = steps_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (steps_mark(s, str_of(cases[i].line)) != cases[i].mark)
			fail_msg("'%s' is %d", cases[i].line,
				(int)steps_mark(s, str_of(cases[i].line)));
}

static void lines_are_weighed(void **state)
{
	/* In falling order; NULL: from here on nothing speaks of trouble. */
	static const char *const lines[] = {
		"thread 'main' panicked at src/main.rs:3",
		"ERROR: it broke",
		"cannot open the door",
		"2 tests failed today",
		NULL,
		"everything is built",
		"warning: the error is handled",
		"ok 3 - reports errors",
		"0 errors, 3 files",
	};
	CLEANUP(clues_freep) struct clues *c = clues_new();
	int before = 1000;
	bool trouble = true;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		int weight = lines[i] ? clues_weigh(c, str_of(lines[i])) : 0;

		if (!lines[i])
			trouble = false;
		else if (trouble ? weight >= before || weight <= 0 : weight > 0)
			fail_msg("'%s' weighs %d", lines[i], weight);
		before = weight;
	}
}

static void check_excerpt(const char *name, const char *log, const char *want)
{
	struct report_options options = {0};
	struct failure_list list;
	struct arena mem;
	struct err err = ERR_INIT;
	BUF_AUTO got = {.cap = 4096};

	arena_init(&mem);
	failure_list_init(&list);
	assert_true(report_parse(&list, str_of(log), &options, &mem, &err) >= 0);
	vec_each (range, &list.excerpt)
		buf_printf(&got, "%s%d-%d", got.n ? " " : "", range->first, range->last);
	buf_c(&got, list.items.n ? "" : " nothing");
	if (strcmp(buf_text(&got), want) != 0)
		fail_msg("%s: '%s' instead of '%s'", name, buf_text(&got), want);
	failure_list_release(&list);
	arena_release(&mem);
}

static void excerpts_are_chosen(void **state)
{
	static const struct {
		const char *name, *log, *want;
	} cases[] = {
		{"the failed command of three, nothing of the others",
			"$ ./setup\nerror: cache is cold, going on\nThe command \"./setup\" exited "
			"with 0.\n\n$ ./check\nchecking a\nchecking b\nbad thing in b: no colour\n"
			"The command \"./check\" exited with 1.\n\n$ ./upload\nuploading\nThe "
			"command \"./upload\" exited with 0.\n\nDone. Your build exited with 1.\n",
			"6-9"},
		{"a block grows over what is indented, and over blank lines inside",
			"start\n\nsrc/x.foo\n  Error: no such flavour\n    in kitchen\n\n      of "
			"the house\n\nall is quiet\nso quiet\n1 file\n2 files\nmore\nyet more\n"
			"##[error]Process completed with exit code 3.\n",
			"3-7 14-15"},
		{"only the step that failed",
			"##[group]Run ./a\n##[endgroup]\nError: tried once\nfine now\n"
			"##[group]Run ./b\n##[endgroup]\nfatal: the disk is square\n"
			"##[error]Process completed with exit code 128.\nPost job cleanup.\n"
			"error: nothing to save\n",
			"7-8"},
		{"a green log", "$ ./a\nall 3 passed\nThe command \"./a\" exited with 0.\n",
			" nothing"},
		{"not one word of trouble: the last lines",
			"$ ./a\none\ntwo\nthree\nfour\nfive\nThe command \"./a\" exited with 9.\n",
			"3-7"},
		{"a wrapper's echo says less than what it wraps",
			"> jig\n\nBroken: the saw\n\nnpm ERR! code ELIFECYCLE\nnpm ERR! errno 1\n"
			"npm ERR! Exit status 1\n##[error]Process completed with exit code 1.\n",
			"3-3 8-8"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_excerpt(cases[i].name, cases[i].log, cases[i].want);
}

/* A log whose line feeds were doubled reads like one whose were not. */
static void doubled_line_feeds_mean_nothing(void **state)
{
	static const char *const feeds[] = {"\n", "\n\n"};
	static const char *const wants[] = {"22-25 32-33", "43-49 63-65"};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(feeds); k++) {
		BUF_AUTO log = {.cap = 1 << 16};

		for (int i = 0; i < 20; i++)
			buf_printf(&log, "%c%c: fetched%s", 'a' + i, 'z' - i, feeds[k]);
		buf_printf(&log, "%sError: the hat is lost%s  in the wood%s  by a hare%s", feeds[k],
			feeds[k], feeds[k], feeds[k]);
		buf_printf(&log, "    of march%s%s", feeds[k], feeds[k]);
		for (int i = 0; i < 6; i++)
			buf_printf(&log, "%c%c: put away%s", 'a' + i, 'z' - i, feeds[k]);
		buf_printf(&log, "The command \"./hunt\" exited with 1.%s", feeds[k]);
		check_excerpt(feeds[k], buf_text(&log), wants[k]);
	}
}

/* Readers claim failure by failure: neighbours are one piece, and none goes on into the next step.
 */
static void claims_are_joined_and_kept_to_their_step(void **state)
{
	static const char *const log =
		"$ phpunit\nThere were 4 failures:\n\n"
		"1) ATest::testA\nFailed asserting that 1 is identical to 2.\n\n/a/ATest.php:3\n\n"
		"2) ATest::testB\nFailed asserting that 1 is identical to 3.\n\n/a/ATest.php:5\n\n"
		"3) ATest::testC\nFailed asserting that 1 is identical to 4.\n\n/a/ATest.php:7\n\n"
		"4) ATest::testD\nFailed asserting that 1 is identical to 5.\n\n/a/ATest.php:9\n"
		"The command \"phpunit\" exited with 1.\n$ cleanup\nx\ny\nz\n"
		"The command \"cleanup\" exited with 0.\nDone. Your build exited with 1.\n";

	(void)state;
	check_excerpt("joined", log, "4-23");
}

/* What repeats is noise: a thousand tests with frightening names that pass. */
static void repeated_lines_weigh_less(void **state)
{
	BUF_AUTO log = {.cap = 1 << 20};

	(void)state;
	buf_c(&log, "$ ./check\n");
	for (int i = 0; i < 1000; i++)
		buf_printf(&log, "Context error: %d is thrown\n+++\n\n", i);
	buf_c(&log, "Summary\n\nError: the hat is lost\n\n");
	for (int i = 0; i < 40; i++)
		buf_printf(&log, "Cleaning %d\n\n", i);
	buf_c(&log, "The command \"./check\" exited with 1.\n");
	check_excerpt("repeated", buf_text(&log), "3004-3004 3084-3086");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_marked),
		cmocka_unit_test(lines_are_weighed),
		cmocka_unit_test(excerpts_are_chosen),
		cmocka_unit_test(doubled_line_feeds_mean_nothing),
		cmocka_unit_test(claims_are_joined_and_kept_to_their_step),
		cmocka_unit_test(repeated_lines_weigh_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
