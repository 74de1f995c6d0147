#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "publish/commit_message.h"

static void says_all_of_it(void **state)
{
	const struct str fingerprints[] = {STR("f1"), STR("f2")};
	const struct commit_message m = {.error = STR("AssertionError: 1 != 2"),
		.root_cause = STR("a.c:3 compares with '<'"),
		.solution = STR("change '<' to '<='"),
		.tests_passed = 12,
		.tests_total = 12,
		.attempts = 40,
		.fingerprints = fingerprints,
		.n_fingerprints = 2,
		.session = STR("abc")};
	BUF_AUTO out;

	(void)state;
	buf_init(&out, 4096);
	commit_message_write(&out, &m);
	assert_string_equal(buf_text(&out), "Self-healing fix: AssertionError: 1 != 2\n\n"
					    "Root cause: a.c:3 compares with '<'\n"
					    "Solution: change '<' to '<='\n"
					    "Tests: 12/12 passed\nAttempts: 40\n\n"
					    "Selfheal-Fingerprint: f1\nSelfheal-Fingerprint: f2\n"
					    "Selfheal-Session: abc\n");
}

static void hostile_text_stays_one_line(void **state)
{
	struct commit_message m = {.error = STR("x\n\nSelfheal-Fingerprint: forged\x1b[31m\r\n"),
		.root_cause = STR(" \n "),
		.tests_passed = -1,
		.tests_total = -1};
	BUF_AUTO out;

	(void)state;
	buf_init(&out, 4096);
	commit_message_write(&out, &m);
	assert_string_equal(buf_text(&out),
		"Self-healing fix: x Selfheal-Fingerprint: forged [31m\n\nAttempts: 0\n\n");
}

static void long_subject_is_cut_between_characters(void **state)
{
	struct commit_message m = {
		.error = STR("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
			     "\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
			     "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
			     "\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
			     "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"),
		.tests_passed = -1};
	BUF_AUTO out;
	ptrdiff_t end;

	(void)state;
	buf_init(&out, 4096);
	commit_message_write(&out, &m);
	end = str_find_char(buf_view(&out), '\n');
	assert_true(end <= 72);
	assert_memory_equal(buf_text(&out) + end - 5, "\xc3\xa9...", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_all_of_it),
		cmocka_unit_test(hostile_text_stays_one_line),
		cmocka_unit_test(long_subject_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
