#include "app/cli/work_job.h"

#include <stdlib.h>

#include "app/cli/forge_args.h"
#include "app/cli/heal_args.h"
#include "base/alloc.h"
#include "heal/respond.h"

/* Settings as they are on the default branch (SPEC 11): a head may be anyone's. */
static int read_settings(struct config *config, struct forge_args *forge, struct err *err)
{
	static const char *const names[] = {
		".selfheal.yml", ".selfheal.yaml", ".github/selfheal.yml", ".github/selfheal.yaml"};
	struct forge_repository about;
	struct str text;
	int rc;

	if (config_load(config, "/nonexistent", &config_env_process, err) < 0)
		return -1;
	rc = forge_repository(forge->forge, forge->repo, &about, &forge->mem, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(names); i++) {
		rc = forge_contents(forge->forge, forge->repo, str_of(names[i]),
			about.default_branch, &text, &forge->mem, err);
		if (rc == 0) {
			config_read_text(config, ORIGIN_FILE, names[i], text);
			break;
		}
		rc = rc < 0 ? rc : 0;
	}
	return rc < 0 ? -1 : config_check(config, err);
}

int work_find_cache(const char **out, struct config *config, struct arena *mem, struct err *err)
{
	const char *named = config_str(config, SETTING_SERVE_CACHE);
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (named)
		*out = named;
	else if (cache && *cache == '/')
		*out = arena_printf(mem, "%s/selfheal", cache).p;
	else if (home && *home == '/')
		*out = arena_printf(mem, "%s/.cache/selfheal", home).p;
	else
		return err_set(err, ERR_CONFIG,
			"no place for checkouts: set XDG_CACHE_HOME, HOME or 'serve.cache'");
	if (**out != '/')
		return err_set(err, ERR_CONFIG, "'serve.cache' is no absolute path: '%s'", *out);
	return 0;
}

static int respond(const struct job *job, struct respond_options *o, struct forge_args *forge,
	struct config *config, struct arena *mem, struct err *err)
{
	struct publish_options publish = {0};
	struct policy_options policy = {0};

	if (job->repo.n && read_settings(config, forge, err) < 0)
		return -1;
	if (work_find_cache(&o->cache_dir, config, mem, err) < 0 ||
		forge_args_publish(&publish, forge, config, NULL, err) < 0)
		return -1;
	o->cache_bytes = config_int(config, SETTING_SERVE_CACHE_MB) << 20;
	heal_args_policy(&policy, config);
	o->publish = &publish;
	o->policy = &policy;
	o->forge = forge->forge;
	o->budget_s = (int)(config_ms(config, SETTING_BUDGET) / 1000);
	o->max_attempts = (int)config_int(config, SETTING_MAX_ATTEMPTS);
	return respond_run(job, o, mem, err);
}

int work_job(const struct cli *cli, const struct serve_args *args, const struct job *job,
	struct arena *mem, struct err *err)
{
	CLEANUP(freep) char *program = realpath("/proc/self/exe", NULL);
	struct respond_options o = {.store_path = buf_text(&args->store), .program = program};
	struct forge_want want = {
		.repo = job->repo.n ? arena_cstr(mem, job->repo) : NULL, .need_token = true};
	FORGE_ARGS_AUTO forge = {0};
	CONFIG_AUTO config;

	config_init(&config);
	if (forge_args_open(&forge, cli, &want, err) < 0)
		return -1;
	return respond(job, &o, &forge, &config, mem, err);
}
