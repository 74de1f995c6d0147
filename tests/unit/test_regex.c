#include "port/regex/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

static struct regex *compile(const char *pattern)
{
	struct err err = ERR_INIT;
	struct regex *re = NULL;

	assert_int_equal(regex_new(&re, str_of(pattern), &err), 0);
	return re;
}

static void match_gives_named_groups(void **state)
{
	struct regex *re = compile("name '(?<missing>\\w+)'( here)? is not");
	struct str groups[REGEX_GROUPS_MAX];

	assert_true(regex_match(re, STR("NameError: name 'foo' is not defined"), groups));
	assert_true(str_eq_c(groups[1], "foo"));
	assert_null(groups[2].p);
	assert_string_equal(regex_group_name(re, 1), "missing");
	assert_string_equal(regex_group_name(re, 2), "");
	assert_false(regex_match(re, STR("something else"), NULL));
	assert_false(regex_match(re, STR_NULL, NULL));
	regex_free(re);
}

static void match_gives_up_on_catastrophes(void **state)
{
	struct regex *re = compile("^(a|aa)+$");
	struct buf text;

	buf_init(&text, 1000);
	buf_fill(&text, 'a', 60);
	buf_char(&text, 'b');
	assert_false(regex_match(re, buf_view(&text), NULL));
	buf_release(&text);
	regex_free(re);
}

static void new_refuses_bad_patterns(void **state)
{
	struct err err = ERR_INIT;
	struct regex *re = NULL;

	assert_true(regex_new(&re, STR("a(b"), &err) < 0);
	assert_string_equal(err.msg, "bad pattern 'a(b' at 3: missing closing parenthesis");
	assert_true(regex_new(&re, STR("()()()()()()()()()()()()()()()()"), &err) < 0);
	assert_null(re);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(match_gives_named_groups),
		cmocka_unit_test(match_gives_up_on_catastrophes),
		cmocka_unit_test(new_refuses_bad_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
