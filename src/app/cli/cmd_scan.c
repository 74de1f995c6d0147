#include <stdlib.h>

#include "app/cli/cmd.h"
#include "app/cli/actions_run.h"
#include "app/cli/heal_args.h"
#include "app/cli/scan_clone.h"
#include "app/render/progress.h"
#include "app/render/render.h"
#include "base/file.h"
#include "base/limits.h"
#include "heal/scan_run.h"
#include "json/json.h"

static const struct opt opts[] = {
	{"test", 't', OPT_STR, "CMD", NULL,
		"the command that runs the tests; found in the project's files when not given"},
	{"tests", 0, OPT_FLAG, NULL, NULL,
		"run the tests, once, in the sandbox; --no-tests reads and measures alone"},
	{"timeout", 0, OPT_STR, "S", "600", "the longest that the tests may take"},
	{"sandbox", 0, OPT_ENUM, "auto|require|off", "auto",
		"auto uses every layer this machine has; require refuses to run when one is "
		"missing",
		.words = setting_sandbox_words},
	{"log", 0, OPT_LIST, "FILE", NULL,
		"read the failures from a log or report instead of running the tests"},
	{"sarif", 0, OPT_LIST, "FILE", NULL,
		"read an analyser's findings from a SARIF file, or from those in a folder"},
	{"coverage", 0, OPT_LIST, "FILE", NULL,
		"read coverage from lcov's or Cobertura's form (default: coverage.xml, lcov.info "
		"and the like, where there is one)"},
	{"repo", 0, OPT_STR, "OWNER/NAME", NULL, "scan a fresh clone of that repository"},
	{"out", 'o', OPT_STR, "FILE", NULL,
		"write the issues to FILE as JSON, for 'selfheal fix --issues FILE'"},
	{"templates", 0, OPT_STR, "DIR", NULL,
		"read the templates in DIR (a folder like templates/) instead of those built in"},
	{0},
};

/* The values of a list option as absolute paths, NULL-terminated. */
static const char *const *paths_of(struct heal_args *args, const struct cli *cli, const char *name)
{
	const char **paths;
	size_t n = 0;

	while (opts_item(&cli->opts, name, n))
		n++;
	paths = arena_array(&args->config.mem, n + 1, sizeof(*paths));
	for (size_t i = 0; i < n; i++)
		paths[i] = heal_args_absolute(args, opts_item(&cli->opts, name, i));
	return paths;
}

/* A clone is a stranger's: its own settings may choose a command, not what holds that command. */
static void distrust(struct heal_args *args, const struct cli *cli)
{
	struct heal_options *o = &args->options;

	if (!opts_has(&cli->opts, "sandbox"))
		o->sandbox = SANDBOX_AUTO;
	o->network = false;
	o->env_allow = NULL;
	o->services = NULL;
	o->setup = NULL;
}

static int load(
	struct heal_args *args, const struct cli *cli, struct scan_clone *clone, struct err *err)
{
	const char *repository = opts_str(&cli->opts, "repo", NULL);

	if (!repository)
		return heal_args_load(args, cli, cli->opts.args.n ? cli->opts.args.v[0] : ".", err);
	if (cli->opts.args.n)
		return err_set(err, ERR_CONFIG, "'--repo' and a folder exclude each other");
	if (scan_clone_make(clone, repository, err) < 0 ||
		heal_args_load(args, cli, clone->root, err) < 0)
		return -1;
	distrust(args, cli);
	return 0;
}

static struct str repository_of(const struct cli *cli, struct arena *mem, struct err *err)
{
	const char *given = opts_str(&cli->opts, "repo", NULL);
	struct actions_run run;

	if (given)
		return str_of(given);
	return actions_run_read(&run, mem, err) < 0 ? STR_NULL : run.repository;
}

static int report(struct cli *cli, const struct scan_result *r, const char *out_file,
	struct arena *mem, struct err *err)
{
	BUF_AUTO text = BUF_INIT(LIMIT_JSON_BYTES);
	struct str repository = repository_of(cli, mem, err);
	CLEANUP(json_freep) struct json_t *j = NULL;

	if (err->code)
		return -1;
	j = scan_result_to_json(r, repository);
	json_write(&text, j, 2);
	buf_char(&text, '\n');
	if (text.over)
		return err_set(err, ERR_LIMIT, "there are more issues than one document holds");
	if (out_file && file_replace(out_file, buf_view(&text), err) < 0)
		return -1;
	if (cli->format == FORMAT_JSON)
		buf_str(&cli->out, buf_view(&text));
	else if (cli->format == FORMAT_MARKDOWN)
		render_scan_markdown(&cli->out, r);
	else
		render_scan_text(&cli->out, r, cli->color);
	return EXIT_DONE;
}

static int scan(struct cli *cli, struct heal_args *args, const char *out_file, struct err *err)
{
	struct scan_options how = {.heal = &args->options,
		.no_tests = !opts_flag(&cli->opts, "tests", true),
		.logs = paths_of(args, cli, "log"),
		.sarif = paths_of(args, cli, "sarif"),
		.coverage = paths_of(args, cli, "coverage"),
		.complexity = (int)config_int(&args->config, SETTING_SCAN_COMPLEXITY),
		.coverage_least = (double)config_int(&args->config, SETTING_SCAN_COVERAGE)};
	struct progress progress;
	struct scan_result result;
	ARENA_AUTO mem;
	int rc;

	arena_init(&mem);
	scan_result_init(&result);
	progress_init(&progress, cli->quiet);
	args->options.progress = progress_show;
	args->options.data = &progress;
	rc = scan_run(&result, &how, &mem, err);
	progress_clear(&progress);
	if (rc == 0)
		rc = report(cli, &result, out_file, &mem, err);
	scan_result_release(&result);
	return rc;
}

static int run(struct cli *cli, struct err *err)
{
	SCAN_CLONE_AUTO clone = {.dir = ""};
	HEAL_ARGS_AUTO args;

	heal_args_init(&args);
	if (load(&args, cli, &clone, err) < 0)
		return -1;
	return scan(cli, &args, heal_args_absolute(&args, opts_str(&cli->opts, "out", NULL)), err);
}

const struct cmd cmd_scan = {
	.name = "scan",
	.usage = "[DIR]",
	.summary = "list what is wrong: failing tests, findings, complexity, coverage",
	.about = "Runs the tests of the project in DIR (the current folder by default) once, in "
		 "the sandbox, reads what analysers and coverage tools left, measures how complex "
		 "each function is, and lists the issues, gravest first. Nothing is repaired, "
		 "changed or remembered. The exit code is 0 whatever "
		 "was found.\n"
		 "scan.complexity and scan.coverage in .selfheal.yml say what is an issue.",
	.examples = "selfheal scan --out issues.json\n"
		    "selfheal scan --no-tests --sarif results.sarif --format markdown\n"
		    "selfheal scan --repo owner/name --format json\n",
	.opts = opts,
	.max_args = 1,
	.run = run,
};
