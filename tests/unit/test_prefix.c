/* What stands before the lines of logs, and what only looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "kit/report/prefix.h"

static void check(struct prefixes *p, const char *in, const char *want)
{
	struct str got = prefix_cut(p, str_of(in));

	if (!str_eq_c(got, want))
		fail_msg("'%s' gives '%.*s'", in, STR_ARGS(got));
}

static void lines_by_themselves(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"", ""},
		{"2024-01-31T12:34:56.1234567Z FAILED a", "FAILED a"},
		{"2024-01-31T12:34:56Z", ""},
		{"2024-01-31T12:34:56.1234567Z ##[error]a.c:1:2: error: no", "a.c:1:2: error: no"},
		{"2024-01-31T12:34:56.123456Z 00O text", "text"},
		{"2024-01-31T12:34:56.123456Z 01E text", "text"},
		{"[2024-01-31T12:34:56.123Z] text", "text"},
		{"build\tRun make\t2024-01-31T12:34:56.1234567Z text", "text"},
		{"build (ubuntu, 3.11)\tSet up job\t\xef\xbb\xbf"
		 "2024-01-31T12:34:56.1234567Z ##[group]Run",
			"##[group]Run"},
		{"a\tb\tc", "a\tb\tc"},
		{"#12 3.456 make: *** [all] Error 1", "make: *** [all] Error 1"},
		{"#12 DONE 3.4s", "#12 DONE 3.4s"},
		{"#12 [build 3/5] RUN make", "#12 [build 3/5] RUN make"},
		{"#include <a.h>", "#include <a.h>"},
		{"#12 3.", "#12 3."},
		{"[linux] text", "[linux] text"},
		{"[ERROR] text", "[ERROR] text"},
		{"web-1  | text", "web-1  | text"},
		{"12 | int main(void)", "12 | int main(void)"},
		{"3: text", "3: text"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct prefixes p = {0};

		check(&p, cases[i].in, cases[i].out);
	}
}

static void services_show_themselves(void **state)
{
	struct prefixes p = {0};

	(void)state;
	for (int i = 0; i < 3; i++) {
		check(&p, "web-1  | starting", "web-1  | starting");
		check(&p, "     | int x;", "     | int x;");
		check(&p, "17   | int x;", "17   | int x;");
	}
	check(&p, "web-1  | FAILED a", "FAILED a");
	check(&p, "web-1  |", "");
	check(&p, "db-1   | ready", "db-1   | ready");
	/* A table has each name once. */
	for (int i = 0; i < 200; i++) {
		char row[40];

		snprintf(row, sizeof(row), "file%d.js  |  %d |", i, i);
		check(&p, row, row);
	}
	check(&p, "web-1  | still known", "still known");
}

static void branches_are_announced(void **state)
{
	struct prefixes p = {0};

	(void)state;
	check(&p, "[linux gcc] text", "[linux gcc] text");
	check(&p, "[Pipeline] { (Branch: linux gcc)", "[Pipeline] { (Branch: linux gcc)");
	check(&p, "[linux gcc] text", "text");
	check(&p, "[2024-01-31T12:34:56.123Z] [linux gcc] text", "text");
	check(&p, "[linux clang] text", "[linux clang] text");
	check(&p, "[", "[");
}

static void tests_are_numbered_once_ctest_says_so(void **state)
{
	struct prefixes p = {0};

	(void)state;
	check(&p, "3: Test command: /b/a", "Test command: /b/a");
	check(&p, "3: text", "text");
	check(&p, "3 : text", "3 : text");
}

static void line_feeds_are_spelled_out(void **state)
{
	struct prefixes p = {0};

	(void)state;
	check(&p, "nlohmann/json.hpp:3: text", "nlohmann/json.hpp:3: text");
	check(&p, "nl", "nl");
	check(&p, "nl", "nl");
	check(&p, "nl", "");
	check(&p, "nlerror: text", "error: text");
	check(&p, "n", "n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_by_themselves),
		cmocka_unit_test(services_show_themselves),
		cmocka_unit_test(branches_are_announced),
		cmocka_unit_test(tests_are_numbered_once_ctest_says_so),
		cmocka_unit_test(line_feeds_are_spelled_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
