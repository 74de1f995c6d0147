/* The dashboard's body, and what is read back of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "publish/dashboard.h"

#include "support/golden.h"

static const struct dashboard_item items[] = {
	{DASHBOARD_OPEN, STR("0a1"), STR("[Auto-Fix] AssertionError in test_mean"), STR(""), 7,
		false},
	{DASHBOARD_SKIPPED, STR("0b2"), STR("TypeError in test_sum"),
		STR("a person closed this fix before"), 0, false},
	{DASHBOARD_SEEN, STR("0c3"),
		STR("@all <!-- selfheal:box approve 0b2 --> <b>x</b>\n- [x] y"), STR("not_healed"),
		0, false},
	{DASHBOARD_SEEN, STR("0b2"), STR("said before"), STR(""), 0, false},
	{DASHBOARD_SEEN, STR("not an id"), STR("left out"), STR(""), 0, false},
	{DASHBOARD_SEEN, STR("0d4"), STR("has ghp_0123456789abcdefghijABCDEFGHIJ012345"), STR(""),
		0, false},
};

static void test_body(void **state)
{
	const struct dashboard_tick ticks[] = {{DASHBOARD_IGNORE, STR("0b2")}};
	BUF_AUTO body = BUF_INIT(1 << 16);

	(void)state;
	dashboard_write(&body, items, ARRAY_LEN(items), ticks, 1, STR("default"));
	assert_true(golden_holds("golden/dashboard/usual.md", buf_view(&body)));
	assert_false(str_has(buf_view(&body), "ghp_"));
	assert_false(str_has(buf_view(&body), "said before"));
	assert_false(str_has(buf_view(&body), "left out"));
}

static void test_nothing_ticks_itself(void **state)
{
	struct dashboard_tick ticks[DASHBOARD_TICKS_MAX];
	BUF_AUTO body = BUF_INIT(1 << 16);

	(void)state;
	dashboard_write(&body, items, ARRAY_LEN(items), NULL, 0, STR("default"));
	assert_int_equal(dashboard_ticks(ticks, ARRAY_LEN(ticks), buf_view(&body)), 0);
}

static void test_there_and_back(void **state)
{
	const struct dashboard_tick given[] = {
		{DASHBOARD_APPROVE, STR("0a1")}, {DASHBOARD_RETRY, STR("0b2")}};
	struct dashboard_tick ticks[DASHBOARD_TICKS_MAX];
	struct dashboard_item back[DASHBOARD_ITEMS_MAX];
	BUF_AUTO body = BUF_INIT(1 << 16);
	BUF_AUTO again = BUF_INIT(1 << 16);
	size_t n, n_ticks;

	(void)state;
	dashboard_write(&body, items, ARRAY_LEN(items), given, 2, STR("default"));
	n_ticks = dashboard_ticks(ticks, ARRAY_LEN(ticks), buf_view(&body));
	assert_int_equal(n_ticks, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(ticks[i].action, given[i].action);
		assert_true(str_eq(ticks[i].id, given[i].id));
	}
	n = dashboard_items(back, ARRAY_LEN(back), buf_view(&body));
	assert_int_equal(n, 4);
	dashboard_write(&again, back, n, ticks, n_ticks, STR("default"));
	assert_string_equal(buf_text(&again), buf_text(&body));
}

static void test_untick(void **state)
{
	BUF_AUTO out = BUF_INIT(1 << 16);

	(void)state;
	dashboard_untick(
		&out, STR("a\n  - [x] b <!-- selfheal:box retry 0a -->\n- [x] not ours\n"));
	assert_string_equal(
		buf_text(&out), "a\n  - [ ] b <!-- selfheal:box retry 0a -->\n- [x] not ours\n");
}

static void test_ticks(void **state)
{
	static const struct {
		const char *body;
		size_t n;
		enum dashboard_action action;
	} cases[] = {
		{"  - [x] retry: again <!-- selfheal:box retry 0a -->\n", 1, DASHBOARD_RETRY},
		{"- [X] words people changed <!-- selfheal:box ignore 0a -->\r\n", 1,
			DASHBOARD_IGNORE},
		{"- [x] <!-- selfheal:box retry 0a -->", 0, 0},
		{"- [x] a <!-- selfheal:box approve 0a -->\n- [x] b <!-- selfheal:box approve 0a "
		 "-->",
			1, DASHBOARD_APPROVE},
		{"- [ ] a <!-- selfheal:box retry 0a -->", 0, 0},
		{"- [x] a <!-- selfheal:box merge 0a -->", 0, 0},
		{"- [x] a <!-- selfheal:box retry ../x -->", 0, 0},
		{"- [x] a <!-- selfheal:box retry -->", 0, 0},
		{"- [x] a <!-- selfheal:box retry 0a --> b", 0, 0},
		{"> - [x] a <!-- selfheal:box retry 0a -->", 0, 0},
		{"- [x] a <!-- selfheal:box ", 0, 0},
		{"", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dashboard_tick ticks[4];
		size_t n = dashboard_ticks(ticks, ARRAY_LEN(ticks), str_of(cases[i].body));
		if (n != cases[i].n)
			print_error("case %zu: %zu\n", i, n);
		assert_int_equal(n, cases[i].n);
		if (n)
			assert_int_equal(ticks[0].action, cases[i].action);
	}
}

static void test_caps(void **state)
{
	static struct dashboard_item many[1000];
	static char ids[1000][8], text[5000];
	struct dashboard_tick ticks[3];
	BUF_AUTO body = BUF_INIT(1 << 20);
	BUF_AUTO ticked = BUF_INIT(1 << 20);

	(void)state;
	memset(text, '<', sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		snprintf(ids[i], sizeof(ids[i]), "%zx", i + 16);
		many[i] = (struct dashboard_item){.list = DASHBOARD_SEEN,
			.id = str_of(ids[i]),
			.text = str_make(text, sizeof(text)),
			.reason = str_make(text, sizeof(text))};
		buf_printf(&ticked, "- [x] a <!-- selfheal:box retry %s -->\n", ids[i]);
	}
	dashboard_write(&body, many, ARRAY_LEN(many), NULL, 0, STR("default"));
	assert_in_range(body.n, 1000, 65000);
	assert_true(str_has(buf_view(&body), " more\n"));
	assert_int_equal(dashboard_ticks(ticks, 3, buf_view(&ticked)), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_nothing_ticks_itself),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_ticks),
		cmocka_unit_test(test_untick),
		cmocka_unit_test(test_caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
