#include "publish/comment.h"

#include "base/limits.h"
#include "port/forge/forge.h"
#include "publish/marker.h"

enum { COMMENT_BYTES = 60000 };

int comment_find(struct forge *forge, const struct comment_place *place, int64_t *id,
	struct str *body, struct arena *mem, struct err *err)
{
	struct forge_comment *comments;
	struct forge_user me;
	size_t n;

	*id = 0;
	if (forge_me(forge, &me, mem, err) < 0 ||
		forge_comments(forge, place->repo, place->issue, &comments, &n, mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct marker m;
		if (!str_eq_nocase(comments[i].author, me.login) ||
			!marker_read(&m, comments[i].body, place->what, place->instance, mem) ||
			!str_eq(m.session, place->key))
			continue;
		*id = comments[i].id;
		*body = comments[i].body;
		return 0;
	}
	return 0;
}

static struct str whole_text(const struct comment_place *place, struct str body, struct arena *mem)
{
	struct marker marker = {
		.what = str_of(place->what), .instance = place->instance, .session = place->key};
	BUF_AUTO text = BUF_INIT(LIMIT_TEXT_BYTES);

	if (body.n > COMMENT_BYTES) {
		buf_str(&text, str_slice(body, 0, COMMENT_BYTES));
		buf_c(&text, "\n\n(cut: the whole is in the log of the run)");
	} else {
		buf_str(&text, body);
	}
	buf_c(&text, "\n\n");
	marker_write(&text, &marker);
	return arena_str(mem, str_trim(buf_view(&text)));
}

static int create(struct forge *forge, const struct comment_place *place, struct str text,
	int64_t *id, struct arena *mem, struct err *err)
{
	struct forge_comment made;
	struct str now;
	struct err lost;

	if (forge_comment_create(forge, place->repo, place->issue, text, &made, mem, err) == 0) {
		*id = made.id;
		return 0;
	}
	if (!err_is_retryable(err))
		return -1;
	/* The answer got lost, the comment perhaps not. */
	lost = *err;
	if (comment_find(forge, place, id, &now, mem, err) < 0)
		return -1;
	if (!*id)
		*err = lost;
	return *id ? 0 : -1;
}

int comment_ensure(struct forge *forge, const struct comment_place *place, struct str body,
	int64_t *id, struct arena *mem, struct err *err)
{
	struct str text = whole_text(place, body, mem), now = STR_NULL;
	int rc;

	if (comment_find(forge, place, id, &now, mem, err) < 0)
		return -1;
	if (*id && str_eq(str_trim(now), text))
		return 0;
	rc = *id ? forge_comment_update(forge, place->repo, *id, text, err) : FORGE_NONE;
	return rc == FORGE_NONE ? create(forge, place, text, id, mem, err) : rc;
}
