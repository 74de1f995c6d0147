#include <unistd.h>

#include "app/cli/backtest_report.h"
#include "app/cli/forge_args.h"
#include "app/cli/heal_args.h"
#include "port/git/repo.h"

enum { BUDGET_MS = 300000 };

static const struct opt opts[] = {
	{"runs", 'r', OPT_INT, "N", "20", "how many of the last red runs are looked at", 1,
		BACKTEST_RUNS_MAX},
	FORGE_OPTS,
	{"workflow", 'w', OPT_STR, "NAME", NULL,
		"only runs of this workflow: its file's name or its number (default: all)"},
	{"branch", 'b', OPT_STR, "NAME", NULL, "only runs of this branch (default: all)"},
	{"heal", 0, OPT_FLAG, NULL, NULL,
		"try to heal each red commit here (the default in a clone of the repository); "
		"--no-heal only explains the logs"},
	{"test", 't', OPT_STR, "CMD", NULL,
		"the command that runs the tests; found in the project's files when not given"},
	{"timeout", 0, OPT_STR, "S", NULL, "the longest that one run of the tests may take"},
	{"budget", 0, OPT_STR, "S", "300", "the longest that the repair of one run may take"},
	{"jobs", 'j', OPT_INT, "N", "one for each processor", "candidates tried side by side", 0,
		256},
	{"sandbox", 0, OPT_ENUM, "auto|require|off", "auto",
		"auto uses every layer this machine has; require refuses to run when one is "
		"missing",
		.words = setting_sandbox_words},
	{0},
};

/* The clone whose commits are healed: the current folder's, when it is of that repository. */
static int find_checkout(const char **out, const struct cli *cli, const struct forge_args *forge,
	const char *root, struct err *err)
{
	CLEANUP(repo_freep) struct repo *repo = NULL;
	bool asked = opts_has(&cli->opts, "heal");
	struct str url = STR_NULL;
	ARENA_AUTO mem;
	int rc;

	arena_init(&mem);
	*out = NULL;
	if (asked && !opts_flag(&cli->opts, "heal", true))
		return 0;
	rc = repo_open(&repo, root, err);
	if (rc < 0)
		return -1;
	if (rc == REPO_NONE)
		return asked ? err_set(err, ERR_CONFIG,
				       "'--heal' needs a clone: '%s' is no git repository", root)
			     : 0;
	if (repo_remote_url(repo, "origin", &url, &mem, err) < 0)
		return -1;
	if (asked || str_eq_nocase(forge_args_repo_of(url), forge->repo))
		*out = root;
	return 0;
}

static void show(void *data, size_t done, size_t of, const char *what)
{
	const struct cli *cli = data;

	if (!cli->quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[Krun %zu of %zu: %s", done + 1, of, what);
}

static void clear_progress(const struct cli *cli)
{
	if (!cli->quiet && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static int run(struct cli *cli, struct err *err)
{
	struct backtest_options options = {.runs = (size_t)opts_int(&cli->opts, "runs", 20),
		.workflow = str_of(opts_str(&cli->opts, "workflow", NULL)),
		.branch = str_of(opts_str(&cli->opts, "branch", NULL)),
		.progress = show,
		.data = cli};
	struct backtest backtest;
	FORGE_ARGS_AUTO forge = {0};
	HEAL_ARGS_AUTO args;
	int rc;

	heal_args_init(&args);
	if (heal_args_load(&args, cli, ".", err) < 0 ||
		forge_args_open(&forge, cli,
			&(struct forge_want){
				.root = args.root, .need_token = true, .need_repo = true},
			err) < 0 ||
		find_checkout(&options.checkout, cli, &forge, args.root, err) < 0)
		return -1;
	if (!opts_has(&cli->opts, "budget"))
		args.options.budget_ms = BUDGET_MS;
	options.repo = forge.repo;
	options.heal = &args.options;
	rc = backtest_run(&backtest, forge.forge, &options, &forge.mem, err);
	clear_progress(cli);
	if (rc == 0)
		backtest_report(cli, &backtest);
	backtest_release(&backtest);
	return rc < 0 ? -1 : EXIT_DONE;
}

const struct cmd cmd_backtest = {
	.name = "backtest",
	.usage = "",
	.summary = "say what it would have done with the red runs of the past",
	.about = "Reads the last red runs of a repository on GitHub and their logs, says what each "
		 "was, and, in a clone of the repository, tries to heal each red commit in a "
		 "checkout of its own. What would have been proposed is compared with what people "
		 "did until the workflow was green again.\n"
		 "Nothing is written on GitHub (a token that may read is enough), nor in the "
		 "repository.",
	.examples = "selfheal backtest --runs 50\n"
		    "selfheal backtest --repo octo/project --no-heal --format markdown\n",
	.opts = opts,
	.max_args = 0,
	.run = run,
};
