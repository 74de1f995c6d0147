#include "app/cli/pr_report.h"

#include <inttypes.h>

#include "app/cli/actions_files.h"
#include "base/limits.h"
#include "json/json.h"
#include "kit/clean/clean.h"

static struct json_t *one_json(const struct published *p)
{
	static const char *const forms[] = {"ready", "review", "draft"};
	struct json_t *j = json_obj(), *notices = json_arr();

	json_put_c(j, "operation", published_as_to_string(p->as));
	json_put_c(j, "reason", p->reason ? p->reason : "");
	json_put_int(j, "number", p->number);
	json_put_str(j, "url", p->url);
	json_put_str(j, "branch", p->branch);
	json_put_str(j, "head_sha", p->head_sha);
	json_put_c(j, "form", forms[p->form]);
	for (size_t i = 0; i < p->n_notices; i++)
		json_push(notices, json_str(p->notices[i]));
	json_put(j, "notices", notices);
	return j;
}

static void write_json(struct buf *out, const struct proposed *proposed, bool dry_run)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();
	struct json_t *pulls = json_arr(), *skips = json_obj();

	for (size_t i = 0; i < proposed->n; i++) {
		const struct published *p = &proposed->v[i];
		json_push(pulls, one_json(p));
		if (p->as == PUBLISHED_NOTHING)
			json_put_int(skips, p->reason, json_get_int(skips, p->reason, 0) + 1);
	}
	json_put_c(j, "version", SELFHEAL_VERSION);
	json_put(j, "pull_requests", pulls);
	json_put(j, "skips", skips);
	json_put_bool(j, "dry_run", dry_run);
	json_write(out, j, 2);
	buf_char(out, '\n');
}

static void one_text(struct buf *out, const struct published *p, bool markdown)
{
	buf_c(out, markdown ? "- " : "");
	if (p->as == PUBLISHED_NOTHING)
		buf_printf(out, "nothing proposed: %s", plan_reason_text(p->reason));
	else
		buf_printf(out, "pull request %s", published_as_to_string(p->as));
	if (p->number)
		buf_printf(out, " #%" PRId64, p->number);
	if (p->url.n) {
		buf_char(out, ' ');
		clean_line(out, p->url, 300);
	}
	if (p->form == PULL_DRAFT && p->as == PUBLISHED_CREATED)
		buf_c(out, " (a draft)");
	buf_char(out, '\n');
	for (size_t i = 0; i < p->n_notices; i++) {
		buf_c(out, markdown ? "  - " : "  ");
		clean_line(out, p->notices[i], 400);
		buf_char(out, '\n');
	}
}

static void write_text(
	struct buf *out, const struct proposed *proposed, bool dry_run, bool markdown)
{
	if (markdown)
		buf_c(out, "## selfheal: pull requests\n\n");
	if (dry_run)
		buf_c(out, markdown ? "What would be done:\n\n" : "what would be done:\n");
	if (!proposed->n)
		buf_c(out, "nothing to propose and nothing to close\n");
	for (size_t i = 0; i < proposed->n; i++)
		one_text(out, &proposed->v[i], markdown);
}

/* The first that is about a pull request speaks for the job. */
static const struct published *foremost(const struct proposed *proposed)
{
	for (size_t i = 0; i < proposed->n; i++)
		if (proposed->v[i].as != PUBLISHED_NOTHING)
			return &proposed->v[i];
	return proposed->n ? &proposed->v[0] : NULL;
}

static void write_outputs(const struct proposed *proposed)
{
	const struct published *p = foremost(proposed);
	BUF_AUTO number = BUF_INIT(32);

	if (!p)
		return;
	if (p->number)
		buf_printf(&number, "%" PRId64, p->number);
	actions_output("pull-request-number", buf_view(&number));
	actions_output("pull-request-url", p->url);
	actions_output("pull-request-operation", str_of(published_as_to_string(p->as)));
	actions_output("pull-request-head-sha", p->head_sha);
	actions_output("branch", p->branch);
}

int pr_report(struct cli *cli, const struct proposed *proposed, bool dry_run, struct err *err)
{
	(void)err;
	if (cli->format == FORMAT_JSON)
		write_json(&cli->out, proposed, dry_run);
	else
		write_text(&cli->out, proposed, dry_run, cli->format == FORMAT_MARKDOWN);
	if (cli_in_actions()) {
		BUF_AUTO summary = BUF_INIT(LIMIT_TEXT_BYTES);
		write_text(&summary, proposed, dry_run, true);
		actions_append("GITHUB_STEP_SUMMARY", buf_view(&summary));
		write_outputs(proposed);
	}
	return EXIT_DONE;
}
