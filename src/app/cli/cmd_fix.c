#include <stdlib.h>
#include <string.h>

#include "app/cli/cmd.h"
#include "app/cli/heal_args.h"
#include "app/cli/heal_report.h"
#include "app/render/progress.h"
#include "app/render/render.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "heal/fix_findings.h"
#include "json/json.h"
#include "kit/bundle/bundle.h"
#include "kit/clean/clean.h"

static const struct opt opts[] = {
	{"issues", 0, OPT_STR, "FILE", NULL, "the list that 'selfheal scan --out FILE' wrote"},
	{"out", 'o', OPT_STR, "FILE", NULL,
		"write the bundle of fixes to FILE, for 'selfheal pr --fixes FILE' (default: "
		"stdout)"},
	{"test", 't', OPT_STR, "CMD", NULL,
		"the command that runs the tests; found in the project's files when not given"},
	{"timeout", 0, OPT_STR, "S", NULL, "the longest that one run of the tests may take"},
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
	{"dry-run", 'n', OPT_FLAG, NULL, NULL, "remember nothing"},
	{"fail-on", 0, OPT_ENUM, "never|flaky|unhealed", "unhealed", "what makes the exit code 1",
		.words = setting_fail_on_words},
	{0},
};

/* This command runs the project's code: whatever could write to a repository is forgotten, and
 * blanked where the process keeps its first environment. */
static void forget_tokens(void)
{
	static const char *const names[] = {"GITHUB_TOKEN", "GH_TOKEN", "GH_ENTERPRISE_TOKEN",
		"GITHUB_ENTERPRISE_TOKEN", "SELFHEAL_APP_PRIVATE_KEY", "PRIVATE_KEY",
		"PRIVATE_KEY_PATH", "WEBHOOK_SECRET", "ACTIONS_RUNTIME_TOKEN",
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *value = getenv(names[i]);

		if (!value)
			continue;
		explicit_bzero(value, strlen(value));
		unsetenv(names[i]);
	}
}

static int read_issues(
	struct issue_list *out, const struct cli *cli, struct arena *mem, struct err *err)
{
	const char *path = opts_str(&cli->opts, "issues", NULL);
	CLEANUP(json_freep) struct json_t *j = NULL;
	BUF_AUTO text = BUF_INIT(LIMIT_JSON_BYTES);

	if (!path)
		return err_set(err, ERR_CONFIG, "which issues? give --issues FILE");
	if (file_read(&text, path, err) < 0 || json_parse(&j, buf_view(&text), err) < 0 ||
		issue_list_from_json(out, j, mem, err) < 0) {
		err->code = ERR_CONFIG;
		return err_wrap(err, "read '%s'", path);
	}
	return 0;
}

/* --- the work --- */

struct fixes {
	struct issue_list issues;
	struct heal_result heal; /* of all failures */
	struct fix_findings findings;
	int64_t since;
	struct arena mem;
};

static bool has_edits(const struct issue_list *issues)
{
	vec_each (issue, &issues->items)
		if (issue->n_edits)
			return true;
	return false;
}

static int work(struct fixes *f, struct heal_args *args, struct err *err)
{
	bool wanted = has_edits(&f->issues);

	/* What nobody can repair costs no run of the tests. */
	if (!wanted && !f->issues.counts[ISSUE_FAILURE]) {
		f->heal.outcome = OUTCOME_NOTHING_TO_DO;
		f->heal.why = STR("no failure, and no finding with a fix, among the issues");
		return 0;
	}
	if (heal_run(&f->heal, &args->options, &f->mem, err) < 0)
		return -1;
	if (!wanted || f->heal.outcome != OUTCOME_NOTHING_TO_DO)
		return 0;
	return fix_findings(&f->findings, &f->issues, &f->heal, &args->options, &f->mem, err);
}

/* --- what becomes of it --- */

/* Those that hold a patch, as the bundle wants them; the caller frees them. */
static size_t healed_json(struct json_t **out, const struct fixes *f)
{
	size_t n = 0;

	if (f->heal.diff.n)
		out[n++] = heal_result_to_json(&f->heal);
	for (size_t i = 0; i < f->findings.n; i++)
		out[n++] = heal_result_to_json(&f->findings.v[i]);
	return n;
}

static enum outcome outcome_of(const struct fixes *f)
{
	return f->findings.n ? OUTCOME_HEALED : f->heal.outcome;
}

static bool told_red(const struct fixes *f)
{
	return has_edits(&f->issues) && f->heal.outcome != OUTCOME_NOTHING_TO_DO;
}

static const char red_words[] =
	"fixes of findings were not tried: the tests, which judge them, are not green yet";

static void report_json(struct buf *out, const struct fixes *f)
{
	struct json_t *results[FIX_FINDINGS_MAX + 1], *list = json_arr(), *skips = json_arr();
	CLEANUP(json_freep) struct json_t *j = json_obj();
	size_t n = healed_json(results, f);

	json_put_c(j, "version", SELFHEAL_VERSION);
	json_put_c(j, "outcome", outcome_to_string(outcome_of(f)));
	json_put_str(j, "why", told_red(f) ? str_of(red_words) : f->heal.why);
	json_put(j, "heal", heal_result_to_json(&f->heal));
	for (size_t i = 0; i < n; i++)
		json_push(list, results[i]);
	json_put(j, "fixes", list);
	for (size_t i = 0; i < f->findings.n_skips; i++) {
		struct json_t *one = json_obj();

		json_put_c(one, "issue", f->findings.skips[i].issue->id);
		json_put_str(one, "why", f->findings.skips[i].why);
		json_push(skips, one);
	}
	json_put(j, "not_fixed", skips);
	json_write(out, j, 2);
	buf_char(out, '\n');
}

static void report_lines(struct buf *out, const struct fixes *f)
{
	for (size_t i = 0; i < f->findings.n; i++) {
		buf_c(out, "fixed: ");
		clean_line(out, f->findings.v[i].why, 0);
		buf_c(out, "\n");
	}
	for (size_t i = 0; i < f->findings.n_skips; i++) {
		buf_c(out, "not fixed: ");
		clean_line(out, f->findings.skips[i].issue->title, 200);
		buf_c(out, " (");
		clean_line(out, f->findings.skips[i].why, 300);
		buf_c(out, ")\n");
	}
	if (told_red(f))
		buf_printf(out, "%s\n", red_words);
}

static int report(struct cli *cli, const struct fixes *f, struct err *err)
{
	struct render_context how = {.color = cli->color};

	if (cli->format == FORMAT_JSON) {
		report_json(&cli->out, f);
	} else if (cli->format == FORMAT_MARKDOWN) {
		render_heal_markdown(&cli->out, &f->heal);
		buf_char(&cli->out, '\n');
		report_lines(&cli->out, f);
	} else {
		render_heal_text(&cli->out, &f->heal, &how);
		report_lines(&cli->out, f);
	}
	return cli->out.over ? err_set(err, ERR_LIMIT, "the report is too long") : 0;
}

static int hand_over(
	struct cli *cli, const struct fixes *f, struct heal_args *args, struct err *err)
{
	const char *path = heal_args_absolute(args, opts_str(&cli->opts, "out", NULL));
	struct json_t *results[FIX_FINDINGS_MAX + 1];
	BUF_AUTO text = BUF_INIT(BUNDLE_BYTES_MAX);
	size_t n = healed_json(results, f);
	int rc = heal_report_pack(&text, args, results, n, f->since, err);

	for (size_t i = 0; i < n; i++)
		json_free(results[i]);
	if (rc < 0)
		return -1;
	if (!path) {
		buf_str(&cli->out, buf_view(&text));
		return 0;
	}
	if (file_replace(path, buf_view(&text), err) < 0)
		return -1;
	return report(cli, f, err);
}

static int fix(struct cli *cli, struct heal_args *args, struct fixes *f, struct err *err)
{
	struct progress progress;
	int rc;

	progress_init(&progress, cli->quiet);
	args->options.progress = progress_show;
	args->options.data = &progress;
	rc = work(f, args, err);
	progress_clear(&progress);
	if (rc < 0 || hand_over(cli, f, args, err) < 0)
		return -1;
	return heal_exit_code(
		outcome_of(f), (enum fail_on)config_int(&args->config, SETTING_FAIL_ON));
}

static int run(struct cli *cli, struct err *err)
{
	struct fixes f = {.since = clock_wall_s()};
	HEAL_ARGS_AUTO args;
	int rc = -1;

	forget_tokens();
	heal_args_init(&args);
	arena_init(&f.mem);
	issue_list_init(&f.issues);
	heal_result_init(&f.heal);
	if (read_issues(&f.issues, cli, &f.mem, err) == 0 &&
		heal_args_load(&args, cli, cli->opts.args.n ? cli->opts.args.v[0] : ".", err) ==
			0) {
		args.options.dry_run = opts_flag(&cli->opts, "dry-run", false);
		rc = fix(cli, &args, &f, err);
	}
	fix_findings_release(&f.findings);
	heal_result_release(&f.heal);
	issue_list_release(&f.issues);
	arena_release(&f.mem);
	return rc;
}

const struct cmd cmd_fix = {
	.name = "fix",
	.usage = "[DIR]",
	.summary = "repair what 'selfheal scan' listed, and bundle the proven fixes",
	.about =
		"Heals the failures of the list as 'selfheal heal' does. Where the tests are "
		"green, the fixes that analysers propose for their findings are tried too: each "
		"must leave them green, and policy must allow it.\n"
		"The bundle holds each fix with its proof; 'selfheal pr' makes pull requests of it "
		"elsewhere. Tokens in the environment are forgotten at the start: this command "
		"runs the project's code.",
	.examples = "selfheal fix --issues issues.json --out fixes.json\n"
		    "selfheal fix --issues issues.json --test 'make check' --out fixes.json\n",
	.opts = opts,
	.max_args = 1,
	.run = run,
};
