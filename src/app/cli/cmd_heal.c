#include "app/cli/cmd.h"
#include "app/cli/heal_args.h"
#include "app/cli/heal_report.h"

static const struct opt opts[] = {
	{"test", 't', OPT_STR, "CMD", NULL,
		"the command that runs the tests; found in the project's files when not given"},
	{"timeout", 0, OPT_STR, "S", NULL,
		"the longest that one run of the tests may take: seconds, or 90s, 10m, 2h "
		"(default: 10 times the last green run, else 600, and a sixth of the budget at "
		"most)"},
	{"budget", 0, OPT_STR, "S", "900", "the longest that the whole repair may take"},
	{"jobs", 'j', OPT_INT, "N", "one for each processor", "candidates tried side by side", 0,
		256},
	{"max-attempts", 0, OPT_INT, "N", "3",
		"verified attempts by a model; without effect until one is configured", 1, 100},
	{"sandbox", 0, OPT_ENUM, "auto|require|off", "auto",
		"auto uses every layer this machine has; require refuses to run when one is "
		"missing",
		.words = setting_sandbox_words},
	{"store", 0, OPT_STR, "FILE", NULL,
		"where fixes are remembered (default: selfheal/store.db in the git directory)"},
	{"remember", 0, OPT_FLAG, NULL, NULL,
		"use and keep what was learned; --no-remember starts from nothing and keeps "
		"nothing"},
	{"templates", 0, OPT_STR, "DIR", NULL,
		"read the templates in DIR (a folder like templates/) instead of those built in"},
	{"patch", 'p', OPT_STR, "FILE", NULL, "write the verified fix to FILE as a unified diff"},
	{"bundle", 0, OPT_STR, "FILE", NULL,
		"write the result, its proof and what was learned to FILE, for 'selfheal pr'"},
	{"apply", 0, OPT_FLAG, NULL, NULL,
		"write the verified fix to your files, whole or not at all"},
	{"branch", 'b', OPT_STR, "NAME", NULL, "commit the verified fix on a new branch NAME"},
	{"dry-run", 'n', OPT_FLAG, NULL, NULL, "change and remember nothing"},
	{"fail-on", 0, OPT_ENUM, "never|flaky|unhealed", "unhealed", "what makes the exit code 1",
		.words = setting_fail_on_words},
	{0},
};

static int check_together(const struct cli *cli, struct err *err)
{
	static const char *const writing[] = {"apply", "branch"};

	for (size_t i = 0; i < ARRAY_LEN(writing); i++)
		if (opts_flag(&cli->opts, "dry-run", false) && opts_has(&cli->opts, writing[i]))
			return err_set(err, ERR_CONFIG, "'--dry-run' and '--%s' exclude each other",
				writing[i]);
	return 0;
}

static int run(struct cli *cli, struct err *err)
{
	struct heal_report how = {0};
	HEAL_ARGS_AUTO args;

	heal_args_init(&args);
	how.patch_file = heal_args_absolute(&args, opts_str(&cli->opts, "patch", NULL));
	how.bundle_file = heal_args_absolute(&args, opts_str(&cli->opts, "bundle", NULL));
	args.options.patch_file = how.patch_file;
	if (check_together(cli, err) < 0 ||
		heal_args_load(&args, cli, cli->opts.args.n ? cli->opts.args.v[0] : ".", err) < 0)
		return -1;
	args.options.apply = opts_flag(&cli->opts, "apply", false);
	args.options.branch = opts_str(&cli->opts, "branch", NULL);
	args.options.dry_run = opts_flag(&cli->opts, "dry-run", false);
	return heal_and_report(cli, &args, &how, err);
}

const struct cmd cmd_heal = {
	.name = "heal",
	.usage = "[DIR]",
	.summary = "find out why the tests fail, repair, and prove the repair",
	.about = "Runs the tests of the project in DIR (the current folder by default) in a "
		 "scratch copy. When they fail it looks for the cause, tries repairs, and checks "
		 "the one that holds with the project's own command: the whole suite, again, red "
		 "without the repair and green with it.\n"
		 "Your files are not touched unless --apply or --branch says so. Nothing leaves "
		 "the machine.",
	.examples = "selfheal heal\n"
		    "selfheal heal --test 'make check' --patch fix.patch\n"
		    "selfheal heal --budget 10m --apply ~/src/project\n",
	.opts = opts,
	.max_args = 1,
	.run = run,
};
