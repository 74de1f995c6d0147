/* environment: what passes, what never does. */
#include "port/child/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/vec.h"

static void test_names(void **state)
{
	static const struct {
		const char *name;
		bool secret;
	} cases[] = {{"GITHUB_TOKEN", true}, {"API_KEY", true}, {"MY_APIKEY", true},
		{"AWS_ACCESS_KEY_ID", true}, {"AWS_REGION", true}, {"DB_PASSWORD", true},
		{"db_password", true}, {"PGPASS", false}, {"DB_PASS", true}, {"GH_PAT", true},
		{"SLACK_WEBHOOK_URL", true}, {"SENTRY_DSN", true}, {"SSH_PRIVATE", true},
		{"HTTP_AUTH", true}, {"PATH", false}, {"PYTHONPATH", false}, {"KEYBOARD", false},
		{"GIT_AUTHOR_NAME", false}, {"PWD", false}, {"LC_ALL", false}, {"", false}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (environment_name_is_secret(str_of(cases[i].name)) != cases[i].secret)
			fail_msg("%s", cases[i].name);
}

static void test_values(void **state)
{
	static const struct {
		const char *value;
		bool secret;
	} cases[] = {{"ghp_abc", true}, {"github_pat_x", true}, {"sk-abc", true},
		{"-----BEGIN RSA PRIVATE KEY-----", true}, {"https://u:p@host/", true},
		{"postgres://user:pw@db:5432/x", true}, {"https://user@host/", false},
		{"https://host/a:b@c", false}, {"/usr/bin:/bin", false}, {"", false},
		{"ask-me", false}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (environment_value_is_secret(str_of(cases[i].value)) != cases[i].secret)
			fail_msg("%s", cases[i].value);
}

static void test_allowed_and_set(void **state)
{
	const char *const from[] = {"PATH=/bin", "LC_ALL=C", "HOME=/root", "EDITOR=vi",
		"CMAKE_PREFIX_PATH=/opt", "PYTHONPATH=https://u:p@h/", "PYTHON_TOKEN=x", "MY_A=1",
		"MY_SECRET=2", "broken", NULL};
	const char *const allow[] = {"MY_*", NULL};
	const char *const set[] = {"PATH=/usr/bin", "API_KEY=dummy", NULL};
	ENVIRONMENT_AUTO e;

	environment_init(&e);
	environment_add_allowed(&e, from, allow);
	environment_set_all(&e, set);
	assert_string_equal(environment_get(&e, "PATH"), "/usr/bin");
	assert_string_equal(environment_get(&e, "LC_ALL"), "C");
	assert_string_equal(environment_get(&e, "CMAKE_PREFIX_PATH"), "/opt");
	assert_string_equal(environment_get(&e, "MY_A"), "1");
	assert_string_equal(environment_get(&e, "API_KEY"), "dummy");
	assert_null(environment_get(&e, "HOME"));
	assert_null(environment_get(&e, "EDITOR"));
	assert_null(environment_get(&e, "PYTHONPATH"));
	assert_int_equal(e.withheld.n, 3);
	assert_int_equal(e.n, 5);
	assert_null(e.v[e.n]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_allowed_and_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
