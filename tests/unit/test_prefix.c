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
	/* Its bar stands where that of a known name does. */
	check(&p, "db-1   | ready", "ready");
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

struct cut {
	const char *in, *out;
	int stream;
};

static void check_cuts(const struct cut *cuts, size_t n)
{
	struct prefixes p = {0};

	for (size_t i = 0; i < n; i++) {
		check(&p, cuts[i].in, cuts[i].out);
		if (p.stream != cuts[i].stream)
			fail_msg("'%s' is of stream %d", cuts[i].in, p.stream);
	}
}

static void names_are_announced_by_what_begins_behind_them(void **state)
{
	static const struct cut turbo[] = {
		{"web:test: not yet", "web:test: not yet", 0},
		{"web:test: cache miss, executing 0123", "cache miss, executing 0123", 1},
		{"@shop/api:test: > @shop/api@1.0.0 test", "> @shop/api@1.0.0 test", 2},
		{"web:test: FAIL ./a.test.js", "FAIL ./a.test.js", 1},
		{"@shop/api:test: ", "", 2},
		{"src/a.c:3: error: no", "src/a.c:3: error: no", 0},
		{"error: > cart@1 test", "error: > cart@1 test", 0},
		{"error: no", "error: no", 0},
	};
	static const struct cut pnpm[] = {
		{"packages/web test$ jest", "packages/web test$ jest", 1},
		{"packages/web test: FAIL a", "FAIL a", 1},
		{"Cost: $ five", "Cost: $ five", 0},
		{"Cost: high", "Cost: high", 0},
	};
	static const struct cut brackets[] = {
		{"[INFO] > cart@1.0.0 build", "[INFO] > cart@1.0.0 build", 0},
		{"[api] > api@1.0.0 test", "> api@1.0.0 test", 1},
		{"[api] 1 failing", "1 failing", 1},
		{"[@shop/web]: $ jest", "$ jest", 2},
		{"[@shop/web]: FAIL a", "FAIL a", 2},
		{"[pod/web-7f/app] panic: no", "panic: no", 3},
		{"[ci/build]   | make: no", "make: no", 4},
		{"[main] text", "[main] text", 0},
		{"[gw0] [ 50%] PASSED a", "[gw0] [ 50%] PASSED a", 0},
	};

	(void)state;
	check_cuts(turbo, ARRAY_LEN(turbo));
	check_cuts(pnpm, ARRAY_LEN(pnpm));
	check_cuts(brackets, ARRAY_LEN(brackets));
}

static void numbers_are_streams_when_two_are_met_again_and_again(void **state)
{
	struct prefixes p = {0};

	(void)state;
	for (int i = 0; i < 20; i++)
		check(&p, "[0] alone", "[0] alone");
	for (int i = 0; i < 3; i++)
		check(&p, "[1] text", "[1] text");
	check(&p, "[1] text", "text");
	assert_int_equal(p.stream, 1);
	check(&p, "[0] text", "text");
	assert_int_equal(p.stream, 2);
	check(&p, "[2024] text", "[2024] text");
	assert_int_equal(p.stream, 0);
}

static void services_are_announced_or_aligned(void **state)
{
	static const struct cut cuts[] = {
		{"Attaching to api-1, db-1", "Attaching to api-1, db-1", 0},
		{"api-1  | text", "text", 1},
		{"db-1   | text", "text", 2},
		{"late   | text", "text", 3},
		{"other     | text", "other     | text", 0},
	};
	static const struct cut foreman[] = {
		{"12:00:01 web.1  | a", "12:00:01 web.1  | a", 0},
		{"12:00:01 web.1  | a", "12:00:01 web.1  | a", 0},
		{"12:00:01 web.1  | a", "12:00:01 web.1  | a", 0},
		{"12:00:02 web.1  | FAIL", "FAIL", 1},
		{"12:00:02 started", "12:00:02 started", 0},
	};

	(void)state;
	check_cuts(cuts, ARRAY_LEN(cuts));
	check_cuts(foreman, ARRAY_LEN(foreman));
}

/* More names than streams: the rest shares one, no table overflows. */
static void streams_run_out(void **state)
{
	struct prefixes p = {0};

	(void)state;
	for (int i = 0; i < 100; i++) {
		char line[64];

		snprintf(line, sizeof(line), "p%d: > p%d@1.0.0 test", i, i);
		(void)prefix_cut(&p, str_of(line));
		assert_int_equal(p.stream, i + 1 < PREFIX_STREAMS ? i + 1 : 0);
	}
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
		cmocka_unit_test(names_are_announced_by_what_begins_behind_them),
		cmocka_unit_test(numbers_are_streams_when_two_are_met_again_and_again),
		cmocka_unit_test(services_are_announced_or_aligned),
		cmocka_unit_test(streams_run_out),
		cmocka_unit_test(line_feeds_are_spelled_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
