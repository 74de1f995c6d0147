/* The mechanisms below the tables of test runners: forms of lines, lists of numbers, stack lines;
 * and that every table's forms are seen by a format that is idle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "kit/report/frames.h"
#include "kit/report/pattern.h"
#include "kit/report/runner.h"
#include "kit/report/tally.h"

static void check(struct str got, const char *want, const char *about)
{
	if (!str_eq(got, str_of(want)))
		fail_msg("%s: '%.*s' is not '%s'", about, STR_ARGS(got), want);
}

static void patterns_take_a_line_apart(void **state)
{
	static const struct {
		const char *pattern, *line, *name, *suite;
	} cases[] = {
		{"%N", "a b", "a b", NULL},
		{"%S > %N FAILED", "A > b > c FAILED", "b > c", "A"},
		{"%+S > %N FAILED", "A > b > c FAILED", "c", "A > b"},
		{"- %N (%Ds)", "- works (0.25s)", "works", NULL},
		{"%_%#) %N", "   12) works", "works", NULL},
		{"%S%_: %N", "suite   : x", "x", "suite"},
		{"%T: %N", "java.lang.Error: x", "x", NULL},
		{"%T: %N", "App\\Some::Error$Inner: x", "x", NULL},
		{"100%% %N", "100% x", "x", NULL},
		{"%N%*", "x", "x", NULL},
		{"a %*%N", "a x", NULL, NULL},
	};
	static const struct {
		const char *pattern, *line;
	} others[] = {
		{"%N FAILED", "x FAILED twice"},
		{"%N FAILED", " FAILED"},
		{"%_%#) %N", "x) y"},
		{"a", "ab"},
		{"ab", "a"},
		{"", "a"},
		{"%F:%L: %M", "a.c:x: y"},
		{"%T: %M", ": y"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct captures c = {0};

		if (!cases[i].name) /* a slot that takes all leaves nothing for the next */
			continue;
		if (!pattern_match(cases[i].pattern, str_of(cases[i].line), &c))
			fail_msg("'%s' does not fit '%s'", cases[i].pattern, cases[i].line);
		check(c.v[SLOT_NAME], cases[i].name, cases[i].pattern);
		if (cases[i].suite)
			check(c.v[SLOT_SUITE], cases[i].suite, cases[i].pattern);
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct captures c = {0};

		if (pattern_match(others[i].pattern, str_of(others[i].line), &c))
			fail_msg("'%s' fits '%s'", others[i].pattern, others[i].line);
		assert_null(c.v[SLOT_NAME].p);
	}
}

static void patterns_read_numbers(void **state)
{
	struct captures c = {0};

	(void)state;
	assert_true(pattern_match("%F:%L:%C %Ds", STR("a/b.js:12:5 1.5s"), &c));
	assert_int_equal(captures_int(&c, SLOT_LINE, 0), 12);
	assert_int_equal(captures_int(&c, SLOT_COLUMN, 0), 5);
	assert_true(captures_seconds(&c) > 1.49 && captures_seconds(&c) < 1.51);
	assert_true(pattern_match("%N (%m ms)", STR("x (250 ms)"), &c));
	assert_true(captures_seconds(&c) > 0.249 && captures_seconds(&c) < 0.251);
	assert_int_equal(captures_int(&c, SLOT_LINE, 7), 7);
	assert_true(pattern_match("%N", STR("x"), &c));
	assert_true(captures_seconds(&c) < 0);
}

static void tallies_of_many_runners(void **state)
{
	static const struct {
		const char *text;
		struct test_counts want; /* completed */
	} cases[] = {
		{" 1 failed, 2 skipped, 1 todo, 3 passed, 7 total", {7, 3, 1, 0, 3}},
		{"1 failed | 2 passed | 1 skipped (4)", {4, 2, 1, 0, 1}},
		{"FAILED. 1 passed; 2 failed; 3 ignored; 0 measured; 4 filtered out",
			{6, 1, 2, 0, 3}},
		{"Tests run: 5, Failures: 1, Errors: 1, Skipped: 1, Time elapsed: 0.1 s",
			{5, 2, 1, 1, 1}},
		{"6 tests run: 2 passed (1 flaky), 2 failed, 1 timed out, 1 skipped",
			{6, 2, 3, 0, 1}},
		{"  12 passing (3s)", {12, 12, 0, 0, 0}},
		{"5 examples, 2 failures, 1 error occurred outside of examples, 1 pending",
			{5, 1, 2, 1, 1}},
		{"Tests: 7, Assertions: 9, Errors: 1, Failures: 2, Skipped: 1.", {7, 3, 2, 1, 1}},
		{"8 runs, 9 assertions, 1 failures, 2 errors, 3 skips", {8, 2, 1, 2, 3}},
		{"Total tests: 5  Passed: 3  Failed: 2", {5, 3, 2, 0, 0}},
		{"tests=3 errors=1", {3, 2, 0, 1, 0}},
		{"3 tests, 1 passed", {3, 1, 2, 0, 0}},
		{"2 tests failed, 3 tests passed", {5, 3, 2, 0, 0}},
		{"2147483647 passed, 2147483647 failed", {INT32_MAX, INT32_MAX, INT32_MAX, 0, 0}},
	};
	static const char *const none[] = {
		"", "no tests", "3 files", "passed", "99999999999 passed"};
	struct test_counts c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(tally_read(str_of(cases[i].text), &c));
		tally_complete(&c);
		if (memcmp(&c, &cases[i].want, sizeof(c)) != 0)
			fail_msg("'%s': %d %d %d %d %d", cases[i].text, c.tests, c.passed, c.failed,
				c.errors, c.skipped);
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_false(tally_read(str_of(none[i]), &c));
}

static void frames_of_javascript(void **state)
{
	static const struct {
		const char *line, *path, *function;
		int number, column;
	} cases[] = {
		{"    at Object.f (test/a.js:3:5)", "test/a.js", "Object.f", 3, 5},
		{"    at test/a.js:3:5", "test/a.js", "", 3, 5},
		{"at async f (file:///x/a.mjs:3:5)", "/x/a.mjs", "f", 3, 5},
		{"  at f (file:///C:/x/a.mjs:3:5)", "C:/x/a.mjs", "f", 3, 5},
		{" \xe2\x9d\xaf f src/a.ts:3:5", "src/a.ts", "f", 3, 5},
		{" \xe2\x9d\xaf src/a.ts:3:5", "src/a.ts", "", 3, 5},
		{"f (a.js:3:5)", "a.js", "f", 3, 5},
		{"f@http://localhost/a.js:3:5", "http://localhost/a.js", "f", 3, 5},
	};
	static const char *const none[] = {
		"at first", "at f (native)", "a.js:3", "text (see a)", "at a.js:x:5", ""};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (!frame_of_js(str_of(cases[i].line), &f))
			fail_msg("no frame: %s", cases[i].line);
		check(f.path, cases[i].path, cases[i].line);
		check(f.function, cases[i].function, cases[i].line);
		assert_int_equal(f.line, cases[i].number);
		assert_int_equal(f.column, cases[i].column);
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		if (frame_of_js(str_of(none[i]), &f))
			fail_msg("a frame: %s", none[i]);
}

/* A line of that form: its slots filled with something that fits. */
static void example_of(const char *pattern, char *out)
{
	for (; *pattern; pattern++) {
		if (*pattern != '%') {
			*out++ = *pattern;
			continue;
		}
		pattern++;
		pattern += *pattern == '+';
		if (*pattern == '%')
			*out++ = '%';
		else if (strchr("LC#Dm", *pattern))
			*out++ = '1';
		else if (*pattern != '_' && *pattern != '*')
			*out++ = 'x';
	}
	*out++ = '\n';
	*out = '\0';
}

static bool begins(const struct rule *rule)
{
	bool outer = rule->what == RULE_SECTION || rule->what == RULE_HEAD ||
		     rule->what == RULE_TALLY || rule->what == RULE_OFF;

	return outer && !(rule->flags & IN_SECTION);
}

/* A format that is idle sees only lines with its literals. A running sum follows a line that opens,
 * and so do tallies of one part. */
static void literals_cover_the_forms(void **state)
{
	char example[300];

	(void)state;
	for (size_t i = 0; i < report_format_count; i++) {
		const struct report_format *f = report_formats[i];
		const struct runner *r = f->line == runner_line ? f->data : NULL;

		for (const struct rule *rule = r ? r->rules : NULL; rule && rule->what; rule++) {
			bool seen = !begins(rule) || rule->flags & PARTIAL;

			snprintf(example, sizeof(example), "\n%s",
				r->prefixed ? r->prefixes[0] : "");
			example_of(rule->pattern, example + strlen(example));
			for (const char *const *l = f->literals; *l && !seen; l++)
				seen = strstr(example, *l) != NULL;
			if (!seen)
				fail_msg("%s: no literal for '%s'", f->name, rule->pattern);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_take_a_line_apart),
		cmocka_unit_test(patterns_read_numbers),
		cmocka_unit_test(tallies_of_many_runners),
		cmocka_unit_test(frames_of_javascript),
		cmocka_unit_test(literals_cover_the_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
