#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "kit/trial/feedback.h"

enum { STRIDE = 1000000 };

static struct observed read_text(struct arena *mem, const char *text, enum observed_status status)
{
	struct observed o = {.status = status};

	feedback_read(&o, str_of(text), 1 << 8, STRIDE, mem);
	return o;
}

static void places_are_true_and_of_the_last_assertion(void **state)
{
	static const struct {
		const char *text, *message;
		int line;
		enum observed_status status;
	} cases[] = {
		{"t: t.c:7: main: Assertion `x' failed.\n", "t: t.c:7: main: Assertion `x' failed.",
			7, OBSERVED_FAIL},
		{"x.c:3000012: f: Assertion\n", "x.c:12: f: Assertion", 12, OBSERVED_FAIL},
		{"t.cpp:4: Failure\nt.cpp:9: Failure\nbye\n",
			"t.cpp:4: Failure\nt.cpp:9: Failure\nbye", 9, OBSERVED_FAIL},
		{"got 3000012 at 12:30\n", "got 3000012 at 12:30", 0, OBSERVED_FAIL},
		{"make: *** [Makefile:3: test] Error 1\n", "make: *** [Makefile:3: test] Error 1",
			0, OBSERVED_FAIL},
		{"ERROR: AddressSanitizer: x\n #0 0x12ab in f x.c:5\n",
			"ERROR: AddressSanitizer: x\n #0 0x in f x.c:5", 0, OBSERVED_CRASH},
		{"x.c:5:3: runtime error: division by zero\n",
			"x.c:5:3: runtime error: division by zero", 5, OBSERVED_CRASH},
		{"", "", 0, OBSERVED_FAIL},
	};
	ARENA_AUTO mem;

	(void)state;
	arena_init(&mem);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct observed o = read_text(&mem, cases[i].text, OBSERVED_FAIL);

		assert_int_equal(o.line, cases[i].line);
		assert_int_equal(o.status, cases[i].status);
		assert_int_equal(o.message.n, strlen(cases[i].message));
		assert_memory_equal(o.message.p, cases[i].message, o.message.n);
	}
}

static void alike_failures_have_one_signature(void **state)
{
	ARENA_AUTO mem;

	(void)state;
	arena_init(&mem);
	uint64_t one = read_text(&mem, "x.c:1000004: p 0x7ffe12", OBSERVED_FAIL).signature;
	assert_true(one == read_text(&mem, "x.c:7000004: p 0x7fab", OBSERVED_FAIL).signature);
	assert_true(one != read_text(&mem, "x.c:1000005: p 0x7ffe12", OBSERVED_FAIL).signature);
	assert_true(one != read_text(&mem, "x.c:1000004: p 0x7ffe12", OBSERVED_CRASH).signature);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_true_and_of_the_last_assertion),
		cmocka_unit_test(alike_failures_have_one_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
