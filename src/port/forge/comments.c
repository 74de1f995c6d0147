#include <inttypes.h>

#include "port/forge/forge_private.h"

static bool read_comment(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_comment *c = out;

	c->id = json_get_int(j, "id", 0);
	c->created_at = read_time(j, "created_at");
	c->updated_at = read_time(j, "updated_at");
	c->author = read_login(j, "user", &c->author_is_bot, mem);
	c->association = read_str(j, "author_association", mem);
	c->body = read_str(j, "body", mem);
	c->html_url = read_str(j, "html_url", mem);
	c->path = read_str(j, "path", mem);
	c->commit_id = read_str(j, "commit_id", mem);
	c->line = json_get_int(j, "line", 0);
	c->review_id = json_get_int(j, "pull_request_review_id", 0);
	c->in_reply_to = json_get_int(j, "in_reply_to_id", 0);
	return c->id > 0;
}

const struct reader comment_reader = {"comment", sizeof(struct forge_comment), read_comment};

static int list_comments(struct forge *f, const struct ask *ask, struct forge_comment **out,
	size_t *n, struct arena *mem, struct err *err)
{
	struct list_query query = {.reader = &comment_reader};
	struct list list;

	if (forge_list(f, ask, &query, &list, mem, err) < 0)
		return -1;
	*out = list.v;
	*n = list.n;
	return 0;
}

int forge_comments(struct forge *f, struct str repo, int64_t issue, struct forge_comment **out,
	size_t *n, struct arena *mem, struct err *err)
{
	struct ask ask = {0};

	if (ask_in_repo(&ask, repo, mem, err, "/issues/%" PRId64 "/comments?per_page=%d", issue,
		    PAGE_SIZE) < 0)
		return -1;
	return list_comments(f, &ask, out, n, mem, err);
}

int forge_line_comments(struct forge *f, struct str repo, int64_t pull, struct forge_comment **out,
	size_t *n, struct arena *mem, struct err *err)
{
	struct ask ask = {0};

	if (ask_in_repo(&ask, repo, mem, err, "/pulls/%" PRId64 "/comments?per_page=%d", pull,
		    PAGE_SIZE) < 0)
		return -1;
	return list_comments(f, &ask, out, n, mem, err);
}

static struct json_t *with_body(struct str text)
{
	struct json_t *body = json_obj();

	json_put_str(body, "body", text);
	return body;
}

int forge_comment_create(struct forge *f, struct str repo, int64_t issue, struct str text,
	struct forge_comment *out, struct arena *mem, struct err *err)
{
	CLEANUP(json_freep) struct json_t *body = with_body(text);
	struct ask ask = {.method = "POST", .body = body};

	if (ask_in_repo(&ask, repo, mem, err, "/issues/%" PRId64 "/comments", issue) < 0)
		return -1;
	return forge_one(f, &ask, &comment_reader, out, mem, err);
}

int forge_comment_update(
	struct forge *f, struct str repo, int64_t comment, struct str text, struct err *err)
{
	ARENA_AUTO mem = {0};
	REPLY_AUTO reply = {0};
	CLEANUP(json_freep) struct json_t *body = with_body(text);
	struct ask ask = {.method = "PATCH", .body = body, .repeatable = true};

	if (ask_in_repo(&ask, repo, &mem, err, "/issues/comments/%" PRId64, comment) < 0)
		return -1;
	return forge_exchange(f, &ask, &reply, &mem, err);
}

int forge_comment_delete(struct forge *f, struct str repo, int64_t comment, struct err *err)
{
	ARENA_AUTO mem = {0};
	REPLY_AUTO reply = {0};
	struct ask ask = {.method = "DELETE", .repeatable = true};
	int rc;

	if (ask_in_repo(&ask, repo, &mem, err, "/issues/comments/%" PRId64, comment) < 0)
		return -1;
	rc = forge_exchange(f, &ask, &reply, &mem, err);
	return rc == FORGE_NONE ? 0 : rc;
}

int forge_line_comment_reply(struct forge *f, struct str repo, int64_t pull, int64_t comment,
	struct str text, struct err *err)
{
	ARENA_AUTO mem = {0};
	CLEANUP(json_freep) struct json_t *body = with_body(text);
	struct ask ask = {.method = "POST", .body = body};

	if (ask_in_repo(&ask, repo, &mem, err, "/pulls/%" PRId64 "/comments/%" PRId64 "/replies",
		    pull, comment) < 0)
		return -1;
	return forge_do(f, &ask, &mem, err);
}

int forge_react(struct forge *f, struct str repo, int64_t comment, bool of_line,
	const char *content, struct err *err)
{
	ARENA_AUTO mem = {0};
	CLEANUP(json_freep) struct json_t *body = json_obj();
	struct ask ask = {.method = "POST", .body = body, .repeatable = true};

	json_put_c(body, "content", content);
	if (ask_in_repo(&ask, repo, &mem, err, "/%s/comments/%" PRId64 "/reactions",
		    of_line ? "pulls" : "issues", comment) < 0)
		return -1;
	return forge_do(f, &ask, &mem, err);
}
