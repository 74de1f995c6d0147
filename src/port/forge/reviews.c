#include <inttypes.h>

#include "port/forge/forge_private.h"

static bool read_review(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_review *r = out;

	r->id = json_get_int(j, "id", 0);
	r->submitted_at = read_time(j, "submitted_at");
	r->author = read_login(j, "user", &r->author_is_bot, mem);
	r->association = read_str(j, "author_association", mem);
	r->state = read_str(j, "state", mem);
	r->body = read_str(j, "body", mem);
	r->commit_id = read_str(j, "commit_id", mem);
	return r->id > 0;
}

const struct reader review_reader = {"review", sizeof(struct forge_review), read_review};

int forge_reviews(struct forge *f, struct str repo, int64_t pull, struct forge_review **out,
	size_t *n, struct arena *mem, struct err *err)
{
	struct list_query query = {.reader = &review_reader};
	struct ask ask = {0};
	struct list list;

	if (ask_in_repo(&ask, repo, mem, err, "/pulls/%" PRId64 "/reviews?per_page=%d", pull,
		    PAGE_SIZE) < 0 ||
		forge_list(f, &ask, &query, &list, mem, err) < 0)
		return -1;
	*out = list.v;
	*n = list.n;
	return 0;
}

static struct json_t *note_to_json(const struct forge_line_note *note)
{
	struct json_t *j = json_obj();

	json_put_str(j, "path", note->path);
	json_put_str(j, "body", note->body);
	json_put_int(j, "line", note->line);
	json_put_c(j, "side", "RIGHT");
	if (note->first_line > 0 && note->first_line < note->line) {
		json_put_int(j, "start_line", note->first_line);
		json_put_c(j, "start_side", "RIGHT");
	}
	return j;
}

int forge_review_create(struct forge *f, struct str repo, int64_t pull,
	const struct forge_review_draft *draft, struct err *err)
{
	ARENA_AUTO mem = {0};
	CLEANUP(json_freep) struct json_t *body = json_obj();
	struct json_t *comments = json_arr();
	struct ask ask = {.method = "POST", .body = body};

	/* The one place where an event is named: the bot never approves. */
	json_put_c(body, "event", "COMMENT");
	json_put_str(body, "body", draft->body);
	if (draft->commit_id.n)
		json_put_str(body, "commit_id", draft->commit_id);
	for (size_t i = 0; i < draft->n; i++)
		json_push(comments, note_to_json(&draft->notes[i]));
	json_put(body, "comments", comments);
	if (ask_in_repo(&ask, repo, &mem, err, "/pulls/%" PRId64 "/reviews", pull) < 0)
		return -1;
	return forge_do(f, &ask, &mem, err);
}
