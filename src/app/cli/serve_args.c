#include "app/cli/serve_args.h"

#include <stdlib.h>

#include "base/limits.h"

void serve_args_init(struct serve_args *a)
{
	*a = (struct serve_args){0};
	config_init(&a->config);
	buf_init(&a->store, LIMIT_PATH_BYTES);
}

void serve_args_release(struct serve_args *a)
{
	config_release(&a->config);
	buf_release(&a->store);
}

/* A server belongs to no project: its store is the user's. */
static int find_store(struct serve_args *a, const struct cli *cli, struct err *err)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	const char *named = opts_str(&cli->opts, "store", config_str(&a->config, SETTING_STORE));
	struct str rest = str_of(named), scheme;

	if (named && str_cut(&rest, "://", &scheme))
		return err_set(err, ERR_CONFIG,
			"cannot use store '%.*s://...': this build keeps its store in a file; give "
			"--store FILE",
			STR_ARGS(scheme));
	if (named)
		buf_c(&a->store, named);
	else if (state && state[0] == '/')
		buf_printf(&a->store, "%s/selfheal/serve.db", state);
	else if (home && home[0] == '/')
		buf_printf(&a->store, "%s/.local/state/selfheal/serve.db", home);
	else
		return err_set(err, ERR_CONFIG,
			"cannot place a store: neither XDG_STATE_HOME nor HOME is set; give "
			"--store FILE");
	return 0;
}

static void read_rules(struct serve_args *a, const struct cli *cli)
{
	a->workers.jobs = (int)(opts_knows(&cli->opts, "jobs") && opts_has(&cli->opts, "jobs")
					? opts_int(&cli->opts, "jobs", 1)
					: config_int(&a->config, SETTING_SERVE_JOBS));
	a->workers.timeout_s = (int)(config_ms(&a->config, SETTING_SERVE_JOB_TIMEOUT) / 1000);
	a->workers.rules.jobs_per_hour = (int)config_int(&a->config, SETTING_SERVE_JOBS_PER_HOUR);
	a->workers.store_path = buf_text(&a->store);
}

int serve_args_load(struct serve_args *a, const struct cli *cli, struct err *err)
{
	if (config_load(&a->config, ".", &config_env_process, err) < 0 ||
		config_check(&a->config, err) < 0 || find_store(a, cli, err) < 0)
		return -1;
	read_rules(a, cli);
	return 0;
}
