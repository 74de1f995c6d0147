#include "app/cli/cmd.h"
#include "app/cli/forge_args.h"
#include "app/cli/heal_args.h"
#include "app/cli/heal_report.h"
#include "app/cli/notify_args.h"
#include "base/file.h"
#include "base/limits.h"
#include "heal/propose.h"
#include "kit/report/inputs.h"
#include "json/json.h"

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
	{"log", 0, OPT_LIST, "FILE", NULL,
		"what the failing CI run left (a log, a report, an archive): when the tests pass "
		"here, the failure is said not to be reproduced"},
	{"avoid", 0, OPT_LIST, "FILE", NULL, "a patch that is not to be proposed (again)"},
	{"bundle", 0, OPT_STR, "FILE", NULL,
		"write the result, its proof and what was learned to FILE, for 'selfheal pr'"},
	{"apply", 0, OPT_FLAG, NULL, NULL,
		"write the verified fix to your files, whole or not at all"},
	{"branch", 'b', OPT_STR, "NAME", NULL, "commit the verified fix on a new branch NAME"},
	{"pr", 0, OPT_FLAG, NULL, NULL,
		"open or update a pull request on GitHub with the fix and its proof"},
	FORGE_OPTS,
	NOTIFY_OPT,
	{"dry-run", 'n', OPT_FLAG, NULL, NULL, "change and remember nothing"},
	{"fail-on", 0, OPT_ENUM, "never|flaky|unhealed", "unhealed", "what makes the exit code 1",
		.words = setting_fail_on_words},
	{0},
};

/* All that --pr needs while the heal runs. */
struct publishing {
	struct forge_args forge;
	struct propose_options options;
};

static void tell_pull(struct heal_result *result, const struct published *p)
{
	result->pull.operation = published_as_to_string(p->as);
	result->pull.reason = p->as == PUBLISHED_NOTHING ? p->reason : NULL;
	result->pull.number = p->number;
	result->pull.url = p->url;
}

static int publish(
	void *data, struct heal_result *result, struct str text, struct arena *mem, struct err *err)
{
	struct publishing *p = data;
	CLEANUP(json_freep) struct json_t *document = NULL;
	struct proposed proposed;
	struct bundle bundle;

	if (bundle_read(&bundle, &document, text, mem, err) < 0 ||
		propose_bundle(&proposed, p->forge.forge, &bundle, &p->options, mem, err) < 0)
		return err_wrap(err, "publish the result");
	if (proposed.n)
		tell_pull(result, &proposed.v[0]);
	return 0;
}

/* The token is taken out of the environment here, before anything of the repository runs. */
static int open_publishing(
	struct publishing *p, struct heal_args *args, const struct cli *cli, struct err *err)
{
	struct forge_want want = {.root = args->root, .need_token = true, .need_repo = true};

	if (forge_args_open(&p->forge, cli, &want, err) < 0)
		return -1;
	p->options.policy = &args->policy;
	p->options.own = true;
	return forge_args_publish(&p->options.publish, &p->forge, &args->config, args->root, err);
}

static void publishing_release(struct publishing *p)
{
	forge_args_release(&p->forge);
}

static int check_together(const struct cli *cli, struct err *err)
{
	static const char *const writing[] = {"apply", "branch", "pr"};

	for (size_t i = 0; i < ARRAY_LEN(writing); i++)
		if (opts_flag(&cli->opts, "dry-run", false) && opts_has(&cli->opts, writing[i]))
			return err_set(err, ERR_CONFIG, "'--dry-run' and '--%s' exclude each other",
				writing[i]);
	return 0;
}

static int read_avoided(struct heal_args *args, const struct cli *cli, struct err *err)
{
	struct str *avoid;
	const char *path;
	size_t n = 0;

	while (opts_item(&cli->opts, "avoid", n))
		n++;
	avoid = arena_array(&args->config.mem, n, sizeof(*avoid));
	for (size_t i = 0; (path = opts_item(&cli->opts, "avoid", i)); i++) {
		BUF_AUTO text = BUF_INIT(LIMIT_PATCH_BYTES);
		if (file_read(&text, path, err) < 0) {
			err->code = ERR_CONFIG;
			return -1;
		}
		avoid[i] = arena_str(&args->config.mem, buf_view(&text));
	}
	args->options.avoid = avoid;
	args->options.n_avoid = n;
	return 0;
}

static int read_logs(
	struct failure_list *list, struct heal_args *args, const struct cli *cli, struct err *err)
{
	struct inputs inputs;
	const char *path;
	int rc = 0;

	if (!opts_has(&cli->opts, "log"))
		return 0;
	inputs_init(&inputs, &(struct report_options){.root = args->root, .root_guessed = true},
		list, &args->config.mem);
	for (size_t i = 0; !rc && (path = opts_item(&cli->opts, "log", i)); i++)
		rc = inputs_read(&inputs, path, err);
	inputs_finish(&inputs);
	inputs_release(&inputs);
	args->options.log = list;
	return rc < 0 ? -1 : 0;
}

static int run(struct cli *cli, struct err *err)
{
	CLEANUP(failure_list_release) struct failure_list log;
	struct heal_report how = {0};
	CLEANUP(publishing_release) struct publishing publishing = {0};
	NOTIFY_ARGS_AUTO notify = {0};
	HEAL_ARGS_AUTO args;

	failure_list_init(&log);
	heal_args_init(&args);
	how.patch_file = heal_args_absolute(&args, opts_str(&cli->opts, "patch", NULL));
	how.bundle_file = heal_args_absolute(&args, opts_str(&cli->opts, "bundle", NULL));
	args.options.patch_file = how.patch_file;
	if (check_together(cli, err) < 0 ||
		heal_args_load(&args, cli, cli->opts.args.n ? cli->opts.args.v[0] : ".", err) < 0)
		return -1;
	if (notify_args_open(&notify, cli, &args, err) < 0 || read_avoided(&args, cli, err) < 0 ||
		read_logs(&log, &args, cli, err) < 0)
		return -1;
	how.notify = &notify;
	args.options.apply = opts_flag(&cli->opts, "apply", false);
	args.options.branch = opts_str(&cli->opts, "branch", NULL);
	args.options.dry_run = opts_flag(&cli->opts, "dry-run", false);
	if (opts_flag(&cli->opts, "pr", false)) {
		if (open_publishing(&publishing, &args, cli, err) < 0)
			return -1;
		how.publish = publish;
		how.data = &publishing;
	}
	return heal_and_report(cli, &args, &how, err);
}

const struct cmd cmd_heal = {
	.name = "heal",
	.usage = "[DIR]",
	.summary = "find out why the tests fail, repair, and prove the repair",
	.about =
		"Runs the tests of the project in DIR (the current folder by default) in a "
		"scratch copy. When they fail it looks for the cause, tries repairs, and checks "
		"the one that holds with the project's own command: the whole suite, again, red "
		"without the repair and green with it.\n"
		"Your files are not touched unless --apply or --branch says so, and nothing leaves "
		"the machine unless --pr does, or a notice that is set up (notify.slack and the "
		"others).",
	.examples = "selfheal heal\n"
		    "selfheal heal --test 'make check' --patch fix.patch\n"
		    "selfheal heal --budget 10m --apply ~/src/project\n",
	.opts = opts,
	.max_args = 1,
	.run = run,
};
