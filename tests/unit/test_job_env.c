#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "app/serve/job_env.h"
#include "base/cleanup.h"

static void jobs_get_what_they_need_and_no_more(void **state)
{
	static const struct {
		const char *name;
		bool passes;
	} rows[] = {
		{"WEBHOOK_SECRET", false},
		{"WEBHOOK_SECRET_OLD", false},
		{"AWS_SECRET_ACCESS_KEY", false},
		{"DATABASE_URL", false},
		{"LD_PRELOAD", false},
		{"GITHUB_TOKEN", true},
		{"APP_ID", true},
		{"PRIVATE_KEY_PATH", true},
		{"GITHUB_API_URL", true},
		{"HTTPS_PROXY", true},
		{"SELFHEAL_BUDGET", true},
		{"HOME", true},
		{"PATH", true},
	};
	struct job_env env;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		setenv(rows[i].name, "ghp_value", 1);
	job_env_init(&env);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!!environment_get(&env.all, rows[i].name) != rows[i].passes &&
			strcmp(rows[i].name, "PATH") != 0)
			fail_msg("%s", rows[i].name);
	job_env_release(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(jobs_get_what_they_need_and_no_more)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
