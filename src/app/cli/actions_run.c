#include "app/cli/actions_run.h"

#include <stdlib.h>

#include "app/cli/cmd.h"
#include "base/file.h"
#include "base/limits.h"
#include "json/json.h"

static struct str variable(const char *name, struct arena *mem)
{
	return arena_str(mem, str_of(getenv(name)));
}

static int64_t number(const char *name)
{
	int64_t n = 0;

	return str_to_i64(str_of(getenv(name)), 0, INT64_MAX, &n) ? n : 0;
}

static struct str text_of(const struct json_t *j, const char *key, struct arena *mem)
{
	return arena_str(mem, json_get_str(j, key));
}

/* workflow_run: another run failed, and its head is what was checked out. */
static void take_workflow_run(struct actions_run *out, const struct json_t *run, struct arena *mem)
{
	const struct json_t *pulls = json_get_arr(run, "pull_requests");

	out->id = json_get_int(run, "id", 0);
	out->attempt = json_get_int(run, "run_attempt", 1);
	out->url = text_of(run, "html_url", mem);
	out->head_branch = text_of(run, "head_branch", mem);
	out->head_sha = text_of(run, "head_sha", mem);
	out->head_repository = text_of(json_get_obj(run, "head_repository"), "full_name", mem);
	out->actor = text_of(json_get_obj(run, "triggering_actor"), "login", mem);
	if (json_len(pulls))
		out->pull = json_get_int(json_at(pulls, 0), "number", 0);
}

static void take_pull_request(struct actions_run *out, const struct json_t *pull, struct arena *mem)
{
	const struct json_t *head = json_get_obj(pull, "head");

	out->pull = json_get_int(pull, "number", 0);
	out->base_branch = text_of(json_get_obj(pull, "base"), "ref", mem);
	out->head_branch = text_of(head, "ref", mem);
	out->head_sha = text_of(head, "sha", mem);
	out->head_repository = text_of(json_get_obj(head, "repo"), "full_name", mem);
}

static int take_event(struct actions_run *out, struct arena *mem, struct err *err)
{
	CLEANUP(json_freep) struct json_t *event = NULL;
	const char *path = getenv("GITHUB_EVENT_PATH");
	BUF_AUTO text = BUF_INIT(LIMIT_JSON_BYTES);

	if (!path || !*path || !file_is_regular(path))
		return 0;
	if (file_read(&text, path, err) < 0 || json_parse(&event, buf_view(&text), err) < 0) {
		err->code = ERR_CONFIG;
		return err_wrap(err, "read the event in GITHUB_EVENT_PATH");
	}
	out->base_branch = text_of(json_get_obj(event, "repository"), "default_branch", mem);
	if (json_get_obj(event, "workflow_run"))
		take_workflow_run(out, json_get_obj(event, "workflow_run"), mem);
	else if (json_get_obj(event, "pull_request"))
		take_pull_request(out, json_get_obj(event, "pull_request"), mem);
	return 0;
}

int actions_run_read(struct actions_run *out, struct arena *mem, struct err *err)
{
	*out = (struct actions_run){.here = cli_in_actions()};
	if (!out->here)
		return 0;
	out->repository = out->head_repository = variable("GITHUB_REPOSITORY", mem);
	out->event = variable("GITHUB_EVENT_NAME", mem);
	out->actor = variable("GITHUB_TRIGGERING_ACTOR", mem);
	out->head_branch = variable("GITHUB_REF_NAME", mem);
	out->head_sha = variable("GITHUB_SHA", mem);
	out->id = number("GITHUB_RUN_ID");
	out->attempt = number("GITHUB_RUN_ATTEMPT");
	out->url = arena_printf(mem, "%s/%.*s/actions/runs/%lld",
		getenv("GITHUB_SERVER_URL") ? getenv("GITHUB_SERVER_URL") : "https://github.com",
		STR_ARGS(out->repository), (long long)out->id);
	if (take_event(out, mem, err) < 0)
		return -1;
	out->trusted = out->repository.n && str_eq(out->repository, out->head_repository);
	return 0;
}
