#include "app/cli/cmd.h"
#include "app/cli/forge_args.h"
#include "app/cli/heal_args.h"
#include "app/cli/notify_args.h"
#include "app/cli/pr_report.h"
#include "base/file.h"
#include "base/log.h"
#include "heal/propose.h"
#include "heal/survey.h"
#include "json/json.h"

static const struct opt opts[] = {
	{"fixes", 0, OPT_STR, "FILE", NULL,
		"the bundle of 'selfheal heal --bundle' or 'selfheal fix'"},
	FORGE_OPTS,
	{"base", 0, OPT_STR, "BRANCH", NULL,
		"the branch to propose for (default: the one that was healed, else the "
		"repository's default)"},
	{"run-id", 0, OPT_STR, "ID", NULL, "refuse a bundle that is not of this workflow run"},
	NOTIFY_OPT,
	{"head", 0, OPT_STR, "OWNER/NAME@SHA", NULL,
		"refuse a bundle that is not of this commit; a fork's gets no more than a draft"},
	{"dry-run", 'n', OPT_FLAG, NULL, NULL, "ask GitHub, say what would be done, write nothing"},
	{0},
};

static int read_bundle(struct bundle *out, struct json_t **document, const char *path,
	struct arena *mem, struct err *err)
{
	BUF_AUTO text = BUF_INIT(BUNDLE_BYTES_MAX);

	if (file_read(&text, path, err) < 0) {
		err->code = ERR_CONFIG;
		return -1;
	}
	if (bundle_read(out, document, buf_view(&text), mem, err) < 0)
		return err_wrap(err, "read '%s'", path);
	return 0;
}

static int take_options(struct propose_options *o, const struct cli *cli, struct err *err)
{
	const char *run = opts_str(&cli->opts, "run-id", NULL);

	if (opts_has(&cli->opts, "head")) {
		o->head_sha = str_of(opts_str(&cli->opts, "head", ""));
		if (!str_cut(&o->head_sha, "@", &o->head_repo) || !o->head_repo.n || !o->head_sha.n)
			return err_set(err, ERR_CONFIG, "'--head' is no OWNER/NAME@SHA");
	}
	o->publish.base_branch = str_of(opts_str(&cli->opts, "base", NULL));
	o->publish.dry_run = opts_flag(&cli->opts, "dry-run", false);
	if (run && !str_to_i64(str_of(run), 1, INT64_MAX, &o->run_id))
		return err_set(err, ERR_CONFIG, "'--run-id %s' is no number of a run", run);
	return 0;
}

static void tell(struct notify_args *notify, const struct proposed *proposed)
{
	for (size_t i = 0; i < proposed->n; i++) {
		const struct published *p = &proposed->v[i];
		if (proposed->fixes[i])
			notify_tell(notify, proposed->fixes[i],
				&(struct notify_pull){
					published_as_to_string(p->as), p->number, p->url});
	}
}

static void obey_dashboard(struct forge_args *forge, const struct config *config,
	const struct publish_options *publish)
{
	struct err err = ERR_INIT;

	if (config_bool(config, SETTING_PUBLISH_DASHBOARD) && !publish->dry_run &&
		dashboard_obey(forge->forge, publish->repo, publish->instance, &forge->mem, &err) <
			0)
		log_warn("cannot do what is ticked on the dashboard: %s", err.msg);
}

/* A courtesy: what cannot be written there is told, and the result stands. */
static void update_dashboard(struct forge_args *forge, const struct config *config,
	const struct proposed *proposed, const struct publish_options *publish)
{
	struct err err = ERR_INIT;
	enum dashboard_did did;
	int64_t number;

	if (config_bool(config, SETTING_PUBLISH_DASHBOARD) &&
		survey_update(&did, &number, forge->forge, proposed, publish, &forge->mem, &err) <
			0)
		log_warn("cannot update the dashboard: %s", err.msg);
}

static int run(struct cli *cli, struct err *err)
{
	const char *path = opts_str(&cli->opts, "fixes", NULL);
	CLEANUP(json_freep) struct json_t *document = NULL;
	struct propose_options options = {0};
	struct proposed proposed;
	struct bundle bundle;
	int code;
	NOTIFY_ARGS_AUTO notify = {0};
	HEAL_ARGS_AUTO args;
	FORGE_ARGS_AUTO forge = {0};

	heal_args_init(&args);
	if (!path)
		return err_set(err, ERR_CONFIG, "which fixes? give --fixes FILE");
	if (heal_args_load(&args, cli, ".", err) < 0 ||
		notify_args_open(&notify, cli, &args, err) < 0 ||
		read_bundle(&bundle, &document, path, &args.config.mem, err) < 0 ||
		take_options(&options, cli, err) < 0 ||
		forge_args_open(&forge, cli,
			&(struct forge_want){
				.root = args.root, .need_token = true, .need_repo = true},
			err) < 0 ||
		forge_args_publish(&options.publish, &forge, &args.config, args.root, err) < 0)
		return -1;
	options.policy = &args.policy;
	obey_dashboard(&forge, &args.config, &options.publish);
	if (propose_bundle(&proposed, forge.forge, &bundle, &options, &forge.mem, err) < 0)
		return -1;
	code = pr_report(cli, &proposed, options.publish.dry_run, err);
	if (code < 0 || options.publish.dry_run)
		return code;
	if (cli_flush(cli, err) < 0)
		return -1;
	update_dashboard(&forge, &args.config, &proposed, &options.publish);
	tell(&notify, &proposed);
	return code;
}

const struct cmd cmd_pr = {
	.name = "pr",
	.alias = "create-prs",
	.usage = "",
	.summary = "open or update pull requests for fixes that were proved elsewhere",
	.about =
		"Reads a bundle, judges each diff again against the base branch as it is now, and "
		"brings one pull request for each fix to what it should be: opened, updated, left "
		"as it is, or closed because the branch is green again. Runs no code of the "
		"repository, so that it may hold the token that the tests must not see.\n"
		"What a person closed is not proposed again. Running it twice does nothing twice.\n"
		"'create-prs' is another name of this command.",
	.examples =
		"selfheal heal --bundle fixes.json\n"
		"GITHUB_TOKEN=... selfheal pr --fixes fixes.json --repo octo/project --dry-run\n",
	.opts = opts,
	.max_args = 0,
	.run = run,
};
