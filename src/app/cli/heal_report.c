#include "app/cli/heal_report.h"

#include "app/cli/heal_args.h"
#include "app/render/progress.h"

#include <stdlib.h>
#include <sys/random.h>

#include "app/cli/actions_run.h"
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

/* A delimiter that no output of a test can guess. */
static void make_delimiter(char *out, size_t size)
{
	unsigned char bytes[16] = {0};

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		log_warn("no random bytes for the delimiter of job outputs");
	snprintf(out, size, "selfheal_");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(out + strlen(out), size - strlen(out), "%02x", bytes[i]);
}

/* Appends to the file that a variable names. The runner's own files: failing to write them is told
 * and does not undo the work. */
static void append_to(const char *variable, struct str text)
{
	const char *path = getenv(variable);
	struct err err = ERR_INIT;

	if (path && *path && file_append(path, text, &err) < 0)
		log_warn("%s: %s", variable, err.msg);
}

static void write_actions(struct cli *cli, const struct heal_result *r)
{
	BUF_AUTO summary = BUF_INIT(LIMIT_TEXT_BYTES);
	BUF_AUTO outputs = BUF_INIT(LIMIT_PATCH_BYTES * 2);
	char delimiter[64];

	if (!cli_in_actions())
		return;
	render_heal_markdown(&summary, r);
	append_to("GITHUB_STEP_SUMMARY", buf_view(&summary));
	make_delimiter(delimiter, sizeof(delimiter));
	render_outputs(&outputs, r, delimiter);
	append_to("GITHUB_OUTPUT", buf_view(&outputs));
	render_annotations(&cli->annotations, r);
}

static int write_bundle(const struct heal_result *result, const struct heal_args *args,
	const char *path, int64_t since, struct err *err)
{
	CLEANUP(json_freep) struct json_t *j = heal_result_to_json(result);
	BUF_AUTO text = BUF_INIT(BUNDLE_BYTES_MAX);
	struct actions_run run;
	ARENA_AUTO mem;

	arena_init(&mem);
	if (actions_run_read(&run, &mem, err) < 0)
		return -1;
	if (pack_results(&text,
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
		    &j, 1, err) < 0)
		return -1;
	return file_replace(path, buf_view(&text), err);
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
	if (r == 0 && how->bundle_file)
		r = write_bundle(&result, args, how->bundle_file, since, err);
	if (r == 0)
		r = heal_report(cli, &result, how, err);
	else if (result.diff.n)
		tell_all_the_same(cli, &result, how);
	heal_result_release(&result);
	return r;
}
