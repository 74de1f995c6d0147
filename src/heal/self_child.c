#include "heal/self_child.h"

#include <unistd.h>

#include "port/child/environment.h"

int self_child_run(struct child_result *out, const char *const *argv, const char *cwd,
	int timeout_ms, struct err *err)
{
	struct child_options how = {.argv = argv, .cwd = cwd, .timeout_ms = timeout_ms};
	ENVIRONMENT_AUTO env;

	environment_init(&env);
	environment_add_allowed(&env, (const char *const *)environ, NULL);
	how.env = (const char *const *)env.v;
	if (child_run(out, &how, err) < 0)
		return -1;
	if (out->timed_out)
		return err_set(err, ERR_TIMEOUT, "'%s' took over %d s", argv[1], timeout_ms / 1000);
	return 0;
}
