#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "kit/trial/c_scan.h"

static void tokens_end_where_c_ends_them(void **state)
{
	static const struct {
		const char *text, *tokens; /* separated by blanks */
	} cases[] = {
		{"a+b", "a + b"},
		{"a->b::c", "a -> b :: c"},
		{"x /* ( */ = 1; // {\ny", "x = 1 ; y"},
		{"\"a\\\"b\" 'c'", "\"a\\\"b\" 'c'"},
		{"R\"x(a)\")x\";", "R\"x(a)\")x\" ;"},
		{"1'000.5e+3f;", "1'000.5e+3f ;"},
		{"#if A\\\n B\nx", "#if A\\\n B x"},
		{"a # b", "a # b"},
		{"\\\n z", "z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str rest = str_of(cases[i].text), expect = str_of(cases[i].tokens);
		bool line_start = true;
		struct c_token t;

		while (c_scan_next(&rest, &line_start, &t)) {
			assert_true(str_starts(expect, "") && expect.n >= t.text.n);
			assert_memory_equal(expect.p, t.text.p, t.text.n);
			expect = str_ltrim(str_from(expect, t.text.n));
		}
		assert_int_equal(expect.n, 0);
	}
}

static void only_whole_pieces_are_balanced(void **state)
{
	static const struct {
		const char *text;
		bool balanced;
	} cases[] = {
		{"", true},
		{"f(a[1], \")\");", true},
		{"{ if (x) { y(); } }", true},
		{"')' \"{\" /* ( */ // [", true},
		{"#ifdef A\nx;\n#else\ny;\n#endif\n", true},
		{"f(a", false},
		{"a)", false},
		{"(]", false},
		{"\"abc", false},
		{"/* abc", false},
		{"#if 1\nx;", false},
		{"#endif\n", false},
		{"R\"(abc", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(c_scan_balanced(str_of(cases[i].text)), cases[i].balanced);
}

static void declarations_are_told_from_statements(void **state)
{
	static const struct {
		const char *text;
		bool declares;
	} cases[] = {
		{"int x;", true},
		{"unsigned long n = 1;", true},
		{"node *p = q;", true},
		{"std::vector<int> v;", true},
		{"vector<int> v(3);", true},
		{"auto x = 1;", true},
		{"const char *s;", true},
		{"struct a b;", true},
		{"x = 1;", false},
		{"f(x);", false},
		{"x++;", false},
		{"std::sort(a, b);", false},
		{"cout << x;", false},
		{"return x;", false},
		{"if (a) b;", false},
		{"{ int x; }", false},
		{"*p = 1;", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(c_scan_declares(str_of(cases[i].text)), cases[i].declares);
}

static void names_and_labels_are_found(void **state)
{
	struct str rest =
		STR("{ a: x = c ? d : e; switch (x) { case F: default: ; } out: return; }");
	struct str label;

	(void)state;
	assert_true(c_scan_mentions(STR("a->count + b"), STR("count")));
	assert_false(c_scan_mentions(STR("counter /* count */ \"count\""), STR("count")));
	assert_true(c_scan_next_label(&rest, &label) && str_eq_c(label, "a"));
	assert_true(c_scan_next_label(&rest, &label) && str_eq_c(label, "out"));
	assert_false(c_scan_next_label(&rest, &label));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_end_where_c_ends_them),
		cmocka_unit_test(only_whole_pieces_are_balanced),
		cmocka_unit_test(declarations_are_told_from_statements),
		cmocka_unit_test(names_and_labels_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
