#include "app/cli/heal_args.h"

#include <errno.h>
#include <stdlib.h>

#include "app/cli/actions_run.h"
#include "app/cli/forge_args.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "port/git/repo.h"

/* Options that set a setting. */
static const struct {
	const char *option;
	enum setting_id setting;
} flags[] = {
	{"test", SETTING_TEST},
	{"timeout", SETTING_TIMEOUT},
	{"budget", SETTING_BUDGET},
	{"jobs", SETTING_JOBS},
	{"max-attempts", SETTING_MAX_ATTEMPTS},
	{"store", SETTING_STORE},
	{"fail-on", SETTING_FAIL_ON},
	{"sandbox", SETTING_SANDBOX_MODE},
};

void heal_args_init(struct heal_args *a)
{
	*a = (struct heal_args){0};
	config_init(&a->config);
	buf_init(&a->rules, LIMIT_CONFIG_BYTES);
}

void heal_args_release(struct heal_args *a)
{
	config_release(&a->config);
	buf_release(&a->rules);
}

const char *heal_args_absolute(struct heal_args *a, const char *path)
{
	CLEANUP(freep) char *here = NULL;

	if (!path || *path == '/' || !(here = realpath(".", NULL)))
		return path;
	return arena_printf(&a->config.mem, "%s/%s", here, path).p;
}

static void take_flags(struct config *config, const struct cli *cli)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		char name[64];
		if (!opts_knows(&cli->opts, flags[i].option) ||
			!opts_has(&cli->opts, flags[i].option))
			continue;
		snprintf(name, sizeof(name), "--%s", flags[i].option);
		config_set(config, flags[i].setting, ORIGIN_FLAG, name,
			str_of(opts_str(&cli->opts, flags[i].option, "")));
	}
}

static int read_rules(struct heal_args *a, struct err *err)
{
	const char *path = config_str(&a->config, SETTING_RULES);
	struct str full;

	if (!path)
		return 0;
	full = *path == '/' ? str_of(path) : arena_printf(&a->config.mem, "%s/%s", a->root, path);
	if (file_read(&a->rules, full.p, err) == 0)
		return 0;
	err->code = ERR_CONFIG;
	return err_wrap(err, "read setting 'rules'");
}

static void fill(struct heal_args *a, const struct cli *cli)
{
	struct config *c = &a->config;
	struct heal_options *o = &a->options;

	o->root = a->root;
	o->command = config_str(c, SETTING_TEST);
	o->setup = config_strs(c, SETTING_SETUP);
	o->timeout_ms = (int)config_ms(c, SETTING_TIMEOUT);
	o->budget_ms = config_ms(c, SETTING_BUDGET);
	o->jobs = (int)config_int(c, SETTING_JOBS);
	o->max_attempts = (int)config_int(c, SETTING_MAX_ATTEMPTS);
	o->sandbox = (enum sandbox_mode)config_int(c, SETTING_SANDBOX_MODE);
	o->services = config_strs(c, SETTING_SERVICES);
	o->network = config_bool(c, SETTING_SANDBOX_NETWORK);
	o->env_allow = config_strs(c, SETTING_SANDBOX_ENV);
	o->ignore = config_strs(c, SETTING_SCRATCH_IGNORE);
	o->store_path = config_str(c, SETTING_STORE);
	if (opts_knows(&cli->opts, "remember"))
		o->no_store = !opts_flag(&cli->opts, "remember", true);
	if (opts_knows(&cli->opts, "templates"))
		o->templates_dir = opts_str(&cli->opts, "templates", NULL);
	o->user_rules = buf_view(&a->rules);
}

static const struct str *globs(struct config *c, enum setting_id id, size_t *n)
{
	const struct setting_value *v = &c->values[id];

	*n = v->set ? v->n : 0;
	return v->items;
}

void heal_args_policy(struct policy_options *p, struct config *c)
{
	p->protected_globs = globs(c, SETTING_POLICY_PROTECTED, &p->n_protected);
	p->test_globs = globs(c, SETTING_POLICY_TESTS, &p->n_tests);
	p->allow_workflows = config_bool(c, SETTING_POLICY_ALLOW_WORKFLOWS);
	p->max_files = (int)config_int(c, SETTING_POLICY_MAX_FILES);
	p->max_lines = (int)config_int(c, SETTING_POLICY_MAX_LINES);
}

/* A fork's head comes with the fork's remote, whose branches are as much a stranger's. */
static int origin_counts(bool *counts, const struct repo *repo, const struct actions_run *run,
	struct arena *mem, struct err *err)
{
	struct str url = STR_NULL;

	*counts = run->trusted;
	if (run->trusted)
		return 0;
	if (repo_remote_url(repo, "origin", &url, mem, err) < 0)
		return -1;
	*counts = run->base_branch.n && str_eq_nocase(forge_args_repo_of(url), run->repository);
	return 0;
}

/* The settings of the branch that the head wants to go to: a head may be anyone's, and its settings
 * choose commands and what holds them (SPEC 11). */
static int load_base(struct heal_args *a, const struct actions_run *run, struct err *err)
{
	static const char *const names[] = {".selfheal.yml", ".github/selfheal.yml"};
	struct arena *mem = &a->config.mem;
	const char *ref =
		arena_printf(mem, "refs/remotes/origin/%.*s", STR_ARGS(run->base_branch)).p;
	CLEANUP(repo_freep) struct repo *repo = NULL;
	BUF_AUTO text = BUF_INIT(LIMIT_CONFIG_BYTES);
	bool known = false, counts = false;
	int rc = repo_open(&repo, a->root, err);

	if (rc == 0 && origin_counts(&counts, repo, run, mem, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && counts && i < ARRAY_LEN(names); i++) {
		rc = repo_read_ref_file(repo, ref, names[i], &known, &text, err);
		if (rc == 0)
			return config_load_base(&a->config, buf_view(&text),
				arena_printf(mem, "%s:%s", ref, names[i]).p, &config_env_process,
				err);
		rc = rc < 0 ? rc : 0;
	}
	if (rc < 0)
		return -1;
	if (!counts)
		log_warn("the commit under test is of another repository than '%.*s': its settings "
			 "are not taken",
			STR_ARGS(run->repository));
	else if (!known)
		log_warn("settings are read from '%s', which this checkout does not have (set "
			 "fetch-depth: 0): none are taken from the commit under test",
			ref);
	return config_load_base(&a->config, STR_NULL, "", &config_env_process, err);
}

static int load_config(struct heal_args *a, struct err *err)
{
	struct actions_run run;

	if (actions_run_read(&run, &a->config.mem, err) < 0)
		return -1;
	if (run.here &&
		(!run.trusted || (run.base_branch.n && !str_eq(run.head_branch, run.base_branch))))
		return load_base(a, &run, err);
	return config_load(&a->config, a->root, &config_env_process, err);
}

int heal_args_load(struct heal_args *a, const struct cli *cli, const char *dir, struct err *err)
{
	CLEANUP(freep) char *root = realpath(dir, NULL);

	if (!root || !file_is_dir(root))
		return err_set(err, ERR_CONFIG, "no folder '%s'", dir);
	if (strlen(root) >= sizeof(a->root))
		return err_set(err, ERR_CONFIG, "the path of '%s' is too long", dir);
	snprintf(a->root, sizeof(a->root), "%s", root);
	if (load_config(a, err) < 0)
		return -1;
	take_flags(&a->config, cli);
	if (config_check(&a->config, err) < 0 || read_rules(a, err) < 0)
		return -1;
	fill(a, cli);
	heal_args_policy(&a->policy, &a->config);
	a->options.policy = &a->policy;
	return 0;
}
