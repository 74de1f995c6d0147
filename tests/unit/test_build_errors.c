#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "kit/trial/build_errors.h"

enum { STRIDE = 1000000 };

static void errors_go_to_their_candidates(void **state)
{
	static const struct {
		const char *text;
		const char *candidates; /* one digit each */
		size_t base, undefined;
	} cases[] = {
		{"all is well\n", "", 0, 0},
		{"src/x.c:3000012:4: error: 'y' undeclared\n", "2", 0, 0},
		{"src/x.c:12:4: error: expected ';'\n", "", 1, 0},
		{"src/x.c:12:4: warning: unused\n", "", 0, 0},
		{"src/x.c:2000001:1: error: a\nsrc/x.c:1000001:1: fatal error: b\n"
		 "src/x.c:2000001:9: error: c\n",
			"01", 0, 0},
		/* A macro's own line, the use of it behind. */
		{"src/m.h:3:10: error: bad\nsrc/x.c:5000009:2: note: in expansion of macro 'M'\n",
			"4", 0, 0},
		/* A template of a header, the use of it before. */
		{"/usr/include/a.h: In instantiation of 'f':\n"
		 "src/x.cpp:6000009:3:   required from here\n"
		 "/usr/include/a.h:7:1: error: no match\n",
			"5", 0, 0},
		/* A note of a candidate that failed says nothing about the next error. */
		{"src/x.c:2000012:4: error: a\nsrc/x.c:2000012:4: note: only once\n"
		 "src/x.c:7:4: error: b\n",
			"1", 1, 0},
		{"In file included from src/x.c:2:\nsrc/y.h:1:1: error: z\n", "", 1, 0},
		{"/usr/bin/ld: /tmp/a.o: in function `f':\nsrc/x.c:(.text+0x1): undefined "
		 "reference to `nope'\n",
			"", 0, 1},
		{"/usr/bin/ld: src/x.c:4000001: undefined reference to `nope'\n", "3", 0, 0},
		{"12:30:01 note: a time is no place\n:1: error: nor this\n", "", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		BUILD_ERRORS_AUTO e;

		build_errors_parse(&e, str_of(cases[i].text), STRIDE);
		assert_int_equal(e.candidates.n, strlen(cases[i].candidates));
		for (size_t k = 0; k < e.candidates.n; k++)
			assert_int_equal(e.candidates.v[k], cases[i].candidates[k] - '0');
		assert_int_equal(e.base.n, cases[i].base);
		assert_int_equal(e.undefined.n, cases[i].undefined);
	}
}

static void places_and_symbols_are_given(void **state)
{
	struct build_errors e;

	(void)state;
	build_errors_parse(&e,
		STR("/a b/x.c:12:4: error: 'y'\nld: undefined reference to `ns::f(int)'\n"
		    "ld.lld: error: undefined symbol: g\n"),
		STRIDE);
	assert_int_equal(e.base.n, 1);
	assert_true(str_eq_c(e.base.v[0].path, "/a b/x.c"));
	assert_int_equal(e.base.v[0].line, 12);
	assert_int_equal(e.undefined.n, 2);
	assert_true(str_eq_c(e.undefined.v[0], "ns::f(int)"));
	assert_true(str_eq_c(e.undefined.v[1], "g"));
	assert_int_equal(e.count, 3);
	build_errors_release(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_go_to_their_candidates),
		cmocka_unit_test(places_and_symbols_are_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
