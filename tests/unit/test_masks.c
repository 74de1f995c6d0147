/* masks: credentials do not stand in git's configuration as commands see it. */
#include "kit/trial/masks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_git_config(void **state)
{
	static const struct {
		const char *config, *clean;
	} cases[] = {
		{"[core]\n\tbare = false\n\tsshCommand = ssh -i k\n", "[core]\n\tbare = false\n"},
		{"[http \"https://github.com/\"]\n\textraheader = AUTHORIZATION: basic x\n", ""},
		{"[credential]\n\thelper = store\n[core]\n\tx = 1\n", "[core]\n\tx = 1\n"},
		{"[remote \"origin\"]\n\turl = https://u:p@host/a.git\n\tfetch = +refs/*:refs/*\n",
			"[remote \"origin\"]\n\turl = https://host/a.git\n\tfetch = "
			"+refs/*:refs/*\n"},
		{"[remote \"o\"]\n\turl = git@host:a.git\n",
			"[remote \"o\"]\n\turl = git@host:a.git\n"},
		{"[CORE]\n\ta = 1\n", ""},
		{"[core]\n\teditor = a \\\n  s3cret\n\tbare = 0\n", "[core]\n\tbare = 0\n"},
		{"[url \"https://t@host/\"]\n\tinsteadOf = x\n", ""},
		{"no section\n", ""},
		{"", ""},
	};
	ARENA_AUTO mem;

	arena_init(&mem);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str clean = masks_clean_git_config(str_of(cases[i].config), &mem);

		if (!str_eq_c(clean, cases[i].clean))
			fail_msg("%s -> %.*s", cases[i].config, STR_ARGS(clean));
	}
}

static void test_submounts_are_an_obstacle(void **state)
{
	struct masks m;
	struct err err = ERR_INIT;

	masks_init(&m);
	assert_int_equal(masks_find(&m, "/proc/self/fdinfo", NULL, &err), 0);
	assert_null(m.obstacle);
	masks_release(&m);
	masks_init(&m);
	assert_int_equal(masks_find(&m, "/dev", NULL, &err), 0);
	assert_non_null(m.obstacle);
	masks_release(&m);
	masks_init(&m);
	assert_int_equal(masks_find(&m, "/no/such", NULL, &err), -1);
	masks_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_git_config),
		cmocka_unit_test(test_submounts_are_an_obstacle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
