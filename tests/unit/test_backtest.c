/* What a red run was, and whether two changes are at the same place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "heal/backtest_judge.h"

static void test_kinds(void **state)
{
	static const struct {
		enum failure_kind kinds[3];
		size_t n;
		enum backtest_kind kind;
	} cases[] = {
		{{0}, 0, BACKTEST_UNREADABLE},
		{{FAILURE_TEST}, 1, BACKTEST_REPAIR},
		{{FAILURE_COMPILE}, 1, BACKTEST_REPAIR},
		{{FAILURE_INFRASTRUCTURE}, 1, BACKTEST_INFRASTRUCTURE},
		{{FAILURE_CONFIGURATION}, 1, BACKTEST_CONFIGURATION},
		{{FAILURE_DEPENDENCY}, 1, BACKTEST_CONFIGURATION},
		{{FAILURE_INFRASTRUCTURE, FAILURE_TEST}, 2, BACKTEST_REPAIR},
		{{FAILURE_CONFIGURATION, FAILURE_INFRASTRUCTURE}, 2, BACKTEST_INFRASTRUCTURE},
		{{FAILURE_INFRASTRUCTURE, FAILURE_CONFIGURATION}, 2, BACKTEST_INFRASTRUCTURE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct failure_list list;

		failure_list_init(&list);
		for (size_t k = 0; k < cases[i].n; k++)
			failure_list_add(&list)->kind = cases[i].kinds[k];
		assert_int_equal(backtest_kind_of(&list), cases[i].kind);
		failure_list_release(&list);
	}
}

static void test_same_failure(void **state)
{
	struct failure_list a, b;

	(void)state;
	failure_list_init(&a);
	failure_list_init(&b);
	assert_false(backtest_same_failure(&a, &b));
	snprintf(failure_list_add(&a)->fingerprint, FINGERPRINT_SIZE, "%064d", 1);
	snprintf(failure_list_add(&b)->fingerprint, FINGERPRINT_SIZE, "%064d", 2);
	assert_false(backtest_same_failure(&a, &b));
	snprintf(failure_list_add(&b)->fingerprint, FINGERPRINT_SIZE, "%064d", 1);
	assert_true(backtest_same_failure(&a, &b));
	/* What has no fingerprint is like nothing. */
	a.items.v[0].fingerprint[0] = b.items.v[0].fingerprint[0] = b.items.v[1].fingerprint[0] = 0;
	assert_false(backtest_same_failure(&a, &b));
	failure_list_release(&a);
	failure_list_release(&b);
}

#define HEAD(name) "--- a/" name "\n+++ b/" name "\n"
/* Changes line 12; adds behind line 12; changes line 30; removes 11 to 13. */
#define CHANGE_12 "@@ -11,3 +11,3 @@\n x\n-y\n+z\n x\n"
#define ADD_12 "@@ -11,3 +11,4 @@\n x\n y\n+z\n x\n"
#define CHANGE_30 "@@ -30,1 +30,1 @@\n-a\n+b\n"
#define REMOVE_11 "@@ -11,3 +11,1 @@\n-x\n-y\n-x\n+k\n"

static void test_places(void **state)
{
	static const struct {
		const char *ours, *theirs;
		enum backtest_place place;
	} cases[] = {
		{"", HEAD("a.c") CHANGE_12, PLACE_UNKNOWN},
		{HEAD("a.c") CHANGE_12, "", PLACE_UNKNOWN},
		{HEAD("a.c") CHANGE_12, "no diff at all\n", PLACE_UNKNOWN},
		{HEAD("a.c") CHANGE_12, HEAD("b.c") CHANGE_12, PLACE_ELSEWHERE},
		{HEAD("a.c") CHANGE_12, HEAD("a.c") CHANGE_30, PLACE_SAME_FILE},
		{HEAD("a.c") CHANGE_12, HEAD("a.c") CHANGE_12, PLACE_SAME_LINES},
		{HEAD("a.c") CHANGE_12, HEAD("a.c") REMOVE_11, PLACE_SAME_LINES},
		{HEAD("a.c") CHANGE_12, HEAD("a.c") ADD_12, PLACE_SAME_LINES},
		{HEAD("a.c") CHANGE_30, HEAD("a.c") ADD_12, PLACE_SAME_FILE},
		{HEAD("a.c") CHANGE_30, HEAD("b.c") CHANGE_12 HEAD("a.c") CHANGE_12 CHANGE_30,
			PLACE_SAME_LINES},
		{HEAD("a.c") CHANGE_30, HEAD("../a.c") CHANGE_30, PLACE_UNKNOWN},
	};
	ARENA_AUTO mem;

	(void)state;
	arena_init(&mem);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum backtest_place place =
			backtest_compare(str_of(cases[i].ours), str_of(cases[i].theirs), &mem);
		if (place != cases[i].place)
			print_error("case %zu: %s\n", i, backtest_place_to_string(place));
		assert_int_equal(place, cases[i].place);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_same_failure),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
