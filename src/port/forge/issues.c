#include <inttypes.h>

#include "port/forge/forge_private.h"

static bool read_issue(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_issue *i = out;

	i->number = json_get_int(j, "number", 0);
	i->updated_at = read_time(j, "updated_at");
	i->title = read_str(j, "title", mem);
	i->body = read_str(j, "body", mem);
	i->author = read_login(j, "user", &i->author_is_bot, mem);
	i->html_url = read_str(j, "html_url", mem);
	i->closed_by = read_login(j, "closed_by", NULL, mem);
	i->open = str_eq_c(json_get_str(j, "state"), "open");
	i->is_pull = json_get_obj(j, "pull_request") != NULL;
	i->labels = read_names(json_get_arr(j, "labels"), "name", &i->n_labels, mem);
	return i->number > 0;
}

const struct reader issue_reader = {"issue", sizeof(struct forge_issue), read_issue};

/* GitHub lists pull requests among the issues. */
static bool read_plain_issue(void *out, const struct json_t *j, struct arena *mem)
{
	return !json_get_obj(j, "pull_request") && read_issue(out, j, mem);
}

static const struct reader plain_issue_reader = {
	"issue", sizeof(struct forge_issue), read_plain_issue};

int forge_issue(struct forge *f, struct str repo, int64_t number, struct forge_issue *out,
	struct arena *mem, struct err *err)
{
	struct ask ask = {0};

	if (ask_in_repo(&ask, repo, mem, err, "/issues/%" PRId64, number) < 0)
		return -1;
	return forge_one(f, &ask, &issue_reader, out, mem, err);
}

int forge_issues(struct forge *f, struct str repo, struct str label, const char *state,
	struct forge_issue **out, size_t *n, struct arena *mem, struct err *err)
{
	struct list_query query = {.reader = &plain_issue_reader};
	struct ask ask = {0};
	struct list list;

	if (ask_in_repo(&ask, repo, mem, err, "/issues?state=%s&labels=%s&per_page=%d",
		    url_encoded(mem, str_of(state ? state : "open")), url_encoded(mem, label),
		    PAGE_SIZE) < 0 ||
		forge_list(f, &ask, &query, &list, mem, err) < 0)
		return -1;
	*out = list.v;
	*n = list.n;
	return 0;
}

static struct json_t *names_to_json(const struct str *names, size_t n)
{
	struct json_t *arr = json_arr();

	for (size_t i = 0; i < n; i++)
		json_push(arr, json_str(names[i]));
	return arr;
}

int forge_issue_create(struct forge *f, struct str repo, const struct forge_issue_draft *draft,
	struct forge_issue *out, struct arena *mem, struct err *err)
{
	CLEANUP(json_freep) struct json_t *body = json_obj();
	struct ask ask = {.method = "POST", .body = body};

	json_put_str(body, "title", draft->title);
	json_put_str(body, "body", draft->body);
	json_put(body, "labels", names_to_json(draft->labels, draft->n_labels));
	if (ask_in_repo(&ask, repo, mem, err, "/issues") < 0)
		return -1;
	return forge_one(f, &ask, &issue_reader, out, mem, err);
}

int forge_issue_update(struct forge *f, struct str repo, int64_t number,
	const struct forge_pull_change *change, struct err *err)
{
	ARENA_AUTO mem = {0};
	CLEANUP(json_freep) struct json_t *body = change_to_json(change, false);
	struct ask ask = {.method = "PATCH", .body = body, .repeatable = true};

	if (ask_in_repo(&ask, repo, &mem, err, "/issues/%" PRId64, number) < 0)
		return -1;
	return forge_do(f, &ask, &mem, err);
}

int forge_label_ensure(
	struct forge *f, struct str repo, const struct forge_label *label, struct err *err)
{
	ARENA_AUTO mem = {0};
	REPLY_AUTO reply = {0};
	CLEANUP(json_freep) struct json_t *body = json_obj();
	struct ask ask = {.method = "POST", .body = body, .repeatable = true};
	int rc;

	json_put_str(body, "name", label->name);
	if (label->color.n)
		json_put_str(body, "color", label->color);
	if (label->description.n)
		json_put_str(body, "description", label->description);
	if (ask_in_repo(&ask, repo, &mem, err, "/labels") < 0)
		return -1;
	rc = forge_exchange(f, &ask, &reply, &mem, err);
	if (reply.status == 422 && refusal_says(reply.body, "already_exists"))
		return 0;
	return rc == FORGE_NONE ? forge_not_there(&ask, &reply, err) : rc;
}

int forge_labels_add(struct forge *f, struct str repo, int64_t issue, const struct str *labels,
	size_t n, struct err *err)
{
	ARENA_AUTO mem = {0};
	CLEANUP(json_freep) struct json_t *body = json_obj();
	struct ask ask = {.method = "POST", .body = body, .repeatable = true};

	if (!n)
		return 0;
	json_put(body, "labels", names_to_json(labels, n));
	if (ask_in_repo(&ask, repo, &mem, err, "/issues/%" PRId64 "/labels", issue) < 0)
		return -1;
	return forge_do(f, &ask, &mem, err);
}

int forge_label_remove(
	struct forge *f, struct str repo, int64_t issue, struct str label, struct err *err)
{
	ARENA_AUTO mem = {0};
	REPLY_AUTO reply = {0};
	struct ask ask = {.method = "DELETE", .repeatable = true};
	int rc;

	if (ask_in_repo(&ask, repo, &mem, err, "/issues/%" PRId64 "/labels/%s", issue,
		    url_encoded(&mem, label)) < 0)
		return -1;
	rc = forge_exchange(f, &ask, &reply, &mem, err);
	return rc == FORGE_NONE ? 0 : rc;
}
