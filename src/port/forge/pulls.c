#include <inttypes.h>

#include "port/forge/forge_private.h"

static void read_side(const struct json_t *side, struct str *ref, struct str *sha, struct str *repo,
	struct arena *mem)
{
	*ref = read_str(side, "ref", mem);
	*sha = read_str(side, "sha", mem);
	if (repo)
		*repo = read_str(json_get_obj(side, "repo"), "full_name", mem);
}

static bool read_pull(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_pull *p = out;

	p->number = json_get_int(j, "number", 0);
	p->node_id = read_str(j, "node_id", mem);
	p->html_url = read_str(j, "html_url", mem);
	p->title = read_str(j, "title", mem);
	p->body = read_str(j, "body", mem);
	p->author = read_login(j, "user", &p->author_is_bot, mem);
	p->open = str_eq_c(json_get_str(j, "state"), "open");
	p->draft = json_get_bool(j, "draft", false);
	p->created_at = read_time(j, "created_at");
	p->updated_at = read_time(j, "updated_at");
	p->closed_at = read_time(j, "closed_at");
	p->merged_at = read_time(j, "merged_at");
	/* A list does not say merged, only when. */
	p->merged = json_get_bool(j, "merged", p->merged_at != 0);
	p->merge_sha = read_str(j, "merge_commit_sha", mem);
	read_side(json_get_obj(j, "head"), &p->head_ref, &p->head_sha, &p->head_repo, mem);
	read_side(json_get_obj(j, "base"), &p->base_ref, &p->base_sha, NULL, mem);
	p->labels = read_names(json_get_arr(j, "labels"), "name", &p->n_labels, mem);
	return p->number > 0;
}

const struct reader pull_reader = {"pull request", sizeof(struct forge_pull), read_pull};

static bool read_file(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_file *file = out;

	file->path = read_str(j, "filename", mem);
	file->previous_path = read_str(j, "previous_filename", mem);
	file->status = read_str(j, "status", mem);
	file->patch = read_str(j, "patch", mem);
	file->additions = (int)json_get_int(j, "additions", 0);
	file->deletions = (int)json_get_int(j, "deletions", 0);
	return file->path.n > 0;
}

const struct reader file_reader = {"file", sizeof(struct forge_file), read_file};

static int list_pulls(struct forge *f, const struct ask *ask, size_t max, struct forge_pulls *out,
	struct arena *mem, struct err *err)
{
	struct list_query query = {.reader = &pull_reader, .max = max};
	struct list list;

	if (forge_list(f, ask, &query, &list, mem, err) < 0)
		return -1;
	*out = (struct forge_pulls){list.v, list.n, list.cut};
	return 0;
}

static void add_filter(struct buf *query, const char *name, struct str value, struct arena *mem)
{
	if (value.n)
		buf_printf(query, "&%s=%s", name, url_encoded(mem, value));
}

int forge_pulls(struct forge *f, struct str repo, const struct forge_pull_filter *filter,
	struct forge_pulls *out, struct arena *mem, struct err *err)
{
	BUF_AUTO query = BUF_INIT(8 << 10);
	struct ask ask = {0};

	add_filter(&query, "head", filter->head, mem);
	add_filter(&query, "base", filter->base, mem);
	if (ask_in_repo(&ask, repo, mem, err,
		    "/pulls?state=%s&sort=created&direction=desc&per_page=%d%s",
		    url_encoded(mem, str_of(filter->state ? filter->state : "open")), PAGE_SIZE,
		    buf_text(&query)) < 0)
		return -1;
	return list_pulls(f, &ask, filter->max ? filter->max : 300, out, mem, err);
}

int forge_pull(struct forge *f, struct str repo, int64_t number, struct forge_pull *out,
	struct arena *mem, struct err *err)
{
	struct ask ask = {0};

	if (ask_in_repo(&ask, repo, mem, err, "/pulls/%" PRId64, number) < 0)
		return -1;
	return forge_one(f, &ask, &pull_reader, out, mem, err);
}

int forge_pull_create(struct forge *f, struct str repo, const struct forge_pull_draft *draft,
	struct forge_pull *out, struct arena *mem, struct err *err)
{
	CLEANUP(json_freep) struct json_t *body = json_obj();
	struct ask ask = {.method = "POST", .body = body};

	json_put_str(body, "title", draft->title);
	json_put_str(body, "body", draft->body);
	json_put_str(body, "head", draft->head);
	json_put_str(body, "base", draft->base);
	json_put_bool(body, "draft", draft->draft);
	if (ask_in_repo(&ask, repo, mem, err, "/pulls") < 0)
		return -1;
	return forge_one(f, &ask, &pull_reader, out, mem, err);
}

int forge_pull_update(struct forge *f, struct str repo, int64_t number,
	const struct forge_pull_change *change, struct err *err)
{
	ARENA_AUTO mem = {0};
	CLEANUP(json_freep) struct json_t *body = change_to_json(change, true);
	struct ask ask = {.method = "PATCH", .body = body, .repeatable = true};

	if (ask_in_repo(&ask, repo, &mem, err, "/pulls/%" PRId64, number) < 0)
		return -1;
	return forge_do(f, &ask, &mem, err);
}

struct json_t *change_to_json(const struct forge_pull_change *change, bool is_pull)
{
	struct json_t *body = json_obj();

	if (change->title.p)
		json_put_str(body, "title", change->title);
	if (change->body.p)
		json_put_str(body, "body", change->body);
	if (change->base.p && is_pull)
		json_put_str(body, "base", change->base);
	if (change->state)
		json_put_c(body, "state", change->state);
	return body;
}

static struct json_t *with_id(struct str node_id)
{
	struct json_t *variables = json_obj();

	json_put_str(variables, "id", node_id);
	return variables;
}

int forge_pull_set_draft(struct forge *f, struct str node_id, bool draft, struct err *err)
{
	return forge_graphql(f,
		draft ? "mutation($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: "
			"$id}) { pullRequest { isDraft } } }"
		      : "mutation($id: ID!) { markPullRequestReadyForReview(input: "
			"{pullRequestId: $id}) { pullRequest { isDraft } } }",
		with_id(node_id), NULL, err);
}

int forge_pull_auto_merge(struct forge *f, struct str node_id, const char *method, struct err *err)
{
	static const char *const methods[][2] = {
		{"squash", "SQUASH"}, {"merge", "MERGE"}, {"rebase", "REBASE"}};
	struct json_t *variables;

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (strcmp(method, methods[i][0]) != 0)
			continue;
		variables = with_id(node_id);
		json_put_c(variables, "method", methods[i][1]);
		return forge_graphql(f,
			"mutation($id: ID!, $method: PullRequestMergeMethod!) { "
			"enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: "
			"$method}) { pullRequest { id } } }",
			variables, NULL, err);
	}
	return err_set(
		err, ERR_CONFIG, "'%s' is no way to merge: squash, merge, rebase are", method);
}

int forge_pull_stop_auto_merge(struct forge *f, struct str node_id, struct err *err)
{
	return forge_graphql(f,
		"mutation($id: ID!) { disablePullRequestAutoMerge(input: {pullRequestId: $id}) { "
		"pullRequest { id } } }",
		with_id(node_id), NULL, err);
}

/* Logins go by themselves, teams by what is behind "org/". */
static struct json_t *reviewers_to_json(const struct str *reviewers, size_t n)
{
	struct json_t *body = json_obj(), *people = json_arr(), *teams = json_arr();

	for (size_t i = 0; i < n; i++) {
		bool is_team = str_find_char(reviewers[i], '/') >= 0;

		json_push(is_team ? teams : people, json_str(str_basename(reviewers[i])));
	}
	json_put(body, "reviewers", people);
	json_put(body, "team_reviewers", teams);
	return body;
}

static int ask_reviewers(struct forge *f, struct str repo, int64_t number,
	const struct str *reviewers, size_t n, int *status, struct err *err)
{
	ARENA_AUTO mem = {0};
	REPLY_AUTO reply = {0};
	CLEANUP(json_freep) struct json_t *body = reviewers_to_json(reviewers, n);
	struct ask ask = {.method = "POST", .body = body, .repeatable = true};
	int rc;

	if (ask_in_repo(&ask, repo, &mem, err, "/pulls/%" PRId64 "/requested_reviewers", number) <
		0)
		return -1;
	rc = forge_exchange(f, &ask, &reply, &mem, err);
	*status = reply.status;
	return rc == FORGE_NONE ? forge_not_there(&ask, &reply, err) : rc;
}

/* GitHub refuses all for the sake of one: then each is asked for alone. */
int forge_request_reviewers(struct forge *f, struct str repo, int64_t number,
	const struct str *reviewers, size_t n, struct err *err)
{
	BUF_AUTO refused = BUF_INIT(4 << 10);
	struct err last = ERR_INIT;
	int status = 0;

	if (!n || ask_reviewers(f, repo, number, reviewers, n, &status, err) == 0)
		return 0;
	if (status != 422)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (n > 1 && ask_reviewers(f, repo, number, &reviewers[i], 1, &status, &last) == 0)
			continue;
		if (n > 1 && status != 422) {
			*err = last;
			return -1;
		}
		buf_printf(&refused, "%s%.*s", refused.n ? ", " : "", STR_ARGS(reviewers[i]));
	}
	if (!refused.n)
		return 0;
	return err_set(err, ERR_CONFIG,
		"no review can be asked of %.200s: GitHub takes none but "
		"collaborators and not the author",
		buf_text(&refused));
}

int forge_pull_files(struct forge *f, struct str repo, int64_t number, struct forge_file **out,
	size_t *n, struct arena *mem, struct err *err)
{
	struct list_query query = {.reader = &file_reader};
	struct ask ask = {0};
	struct list list;

	if (ask_in_repo(&ask, repo, mem, err, "/pulls/%" PRId64 "/files?per_page=%d", number,
		    PAGE_SIZE) < 0 ||
		forge_list(f, &ask, &query, &list, mem, err) < 0)
		return -1;
	*out = list.v;
	*n = list.n;
	return 0;
}

int forge_pulls_of_commit(struct forge *f, struct str repo, struct str sha, struct forge_pulls *out,
	struct arena *mem, struct err *err)
{
	struct ask ask = {0};

	if (ask_in_repo(&ask, repo, mem, err, "/commits/%s/pulls?per_page=%d",
		    url_encoded(mem, sha), PAGE_SIZE) < 0)
		return -1;
	return list_pulls(f, &ask, 0, out, mem, err);
}
