#include "app/cli/heal_report.h"

#include "app/cli/heal_args.h"
#include "app/render/progress.h"

#include "app/cli/actions_files.h"
#include "app/cli/actions_run.h"
#include "app/cli/notify_args.h"
#include "app/render/render.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/clock.h"
#include "base/log.h"
#include "heal/pack.h"
#include "json/json.h"
#include "kit/bundle/bundle.h"

int heal_exit_code(enum outcome outcome, enum fail_on fail_on)
{
	int code = outcome_exit_code(outcome);

	if (outcome == OUTCOME_FLAKY && fail_on == FAIL_ON_FLAKY)
		return EXIT_UNHEALED;
	return code == EXIT_UNHEALED && fail_on == FAIL_ON_NEVER ? EXIT_DONE : code;
}

static void render(struct cli *cli, const struct heal_result *r, const struct heal_report *how)
{
	struct render_context context = {.color = cli->color,
		.patch_file = r->diff.n ? how->patch_file : NULL,
		.dry_run = how->dry_run};

	switch (cli->format) {
	case FORMAT_JSON:
		render_heal_json(&cli->out, r);
		break;
	case FORMAT_MARKDOWN:
		render_heal_markdown(&cli->out, r);
		break;
	default:
		render_heal_text(&cli->out, r, &context);
	}
}

static void write_actions(struct cli *cli, const struct heal_result *r)
{
	BUF_AUTO summary = BUF_INIT(LIMIT_TEXT_BYTES);
	BUF_AUTO outputs = BUF_INIT(LIMIT_PATCH_BYTES * 2);
	char delimiter[ACTIONS_DELIMITER_SIZE];

	if (!cli_in_actions())
		return;
	render_heal_markdown(&summary, r);
	actions_append("GITHUB_STEP_SUMMARY", buf_view(&summary));
	actions_delimiter(delimiter);
	render_outputs(&outputs, r, delimiter);
	actions_append("GITHUB_OUTPUT", buf_view(&outputs));
	render_annotations(&cli->annotations, r);
}

int heal_report_pack(struct buf *out, const struct heal_args *args, struct json_t *const *results,
	size_t n, int64_t since, struct err *err)
{
	struct actions_run run;
	ARENA_AUTO mem;

	arena_init(&mem);
	if (actions_run_read(&run, &mem, err) < 0)
		return -1;
	return pack_results(out,
		&(struct pack_options){.root = args->options.root,
			.store_path = args->options.store_path,
			.no_store = args->options.no_store,
			.since = since,
			.repository = run.repository,
			.event = run.event,
			.run_url = run.url,
			.branch = run.head_branch,
			.run_id = run.id,
			.run_attempt = run.attempt,
			.pull = run.pull,
			.trusted = run.trusted},
		results, n, err);
}

static int make_bundle(struct buf *out, const struct heal_result *result,
	const struct heal_args *args, int64_t since, struct err *err)
{
	CLEANUP(json_freep) struct json_t *j = heal_result_to_json(result);

	return heal_report_pack(out, args, &j, 1, since, err);
}

/* What leaves by other ways than stdout. */
static int hand_over(struct heal_result *result, const struct heal_args *args,
	const struct heal_report *how, int64_t since, struct arena *mem, struct err *err)
{
	BUF_AUTO text = BUF_INIT(BUNDLE_BYTES_MAX);

	if (!how->bundle_file && !how->publish)
		return 0;
	if (make_bundle(&text, result, args, since, err) < 0)
		return -1;
	if (how->bundle_file && file_replace(how->bundle_file, buf_view(&text), err) < 0)
		return -1;
	return how->publish ? how->publish(how->data, result, buf_view(&text), mem, err) : 0;
}

int heal_report(struct cli *cli, const struct heal_result *result, const struct heal_report *how,
	struct err *err)
{
	if (how->patch_file && result->diff.n &&
		file_replace(how->patch_file, result->diff, err) < 0)
		return -1;
	render(cli, result, how);
	write_actions(cli, result);
	return heal_exit_code(result->outcome, how->fail_on);
}

/* A fix that is proved is worth showing though the last step with it failed. */
static void tell_all_the_same(
	struct cli *cli, const struct heal_result *result, const struct heal_report *how)
{
	struct err err = ERR_INIT;

	if (heal_report(cli, result, how, &err) < 0)
		log_warn("%s", err.msg);
}

/* Behind the report, which is out by then: telling may take a while, and changes nothing. */
static int report_and_tell(struct cli *cli, const struct heal_result *result,
	const struct heal_report *how, struct err *err)
{
	int code = heal_report(cli, result, how, err);
	struct fix fix;

	if (code < 0 || !how->notify || how->dry_run)
		return code;
	if (cli_flush(cli, err) < 0)
		return -1;
	heal_result_as_fix(&fix, result);
	notify_tell(how->notify, &fix,
		&(struct notify_pull){
			result->pull.operation, result->pull.number, result->pull.url});
	return code;
}

int heal_and_report(
	struct cli *cli, struct heal_args *args, struct heal_report *how, struct err *err)
{
	int64_t since = clock_wall_s();
	struct progress progress;
	struct heal_result result;
	ARENA_AUTO mem;
	int r;

	arena_init(&mem);
	heal_result_init(&result);
	progress_init(&progress, cli->quiet);
	how->dry_run = args->options.dry_run;
	how->fail_on = (enum fail_on)config_int(&args->config, SETTING_FAIL_ON);
	args->options.progress = progress_show;
	args->options.data = &progress;
	r = heal_run(&result, &args->options, &mem, err);
	progress_clear(&progress);
	if (r == 0)
		r = hand_over(&result, args, how, since, &mem, err);
	if (r == 0)
		r = report_and_tell(cli, &result, how, err);
	else if (result.diff.n)
		tell_all_the_same(cli, &result, how);
	heal_result_release(&result);
	return r;
}
