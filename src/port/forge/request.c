#include "port/forge/forge_private.h"

#include "base/alloc.h"

enum { MAX_MOVES = 3, LOGS_TIMEOUT_MS = 600000 };

void reply_release(struct reply *r)
{
	json_free(r->json);
	r->json = NULL;
}

static bool is_read(const struct ask *ask)
{
	return !ask->method;
}

static bool is_cached(const struct ask *ask)
{
	return is_read(ask) && ask->as == AS_TOKEN && !ask->sink && !ask->accept;
}

/* The part of an address that follows the interface's own: GitHub names next pages and new places
 * as whole addresses. Only what is behind the host is taken, so that no token follows a link to
 * another one. */
static struct str path_of_link(const struct forge *f, struct str url)
{
	struct str base = str_of(f->api_url), rest = url;
	ptrdiff_t slash;

	if (str_starts(url, "/"))
		return url;
	if (str_skip(&rest, f->api_url))
		return rest;
	if (!str_skip(&rest, "https://") && !str_skip(&rest, "http://"))
		return STR_NULL;
	slash = str_find_char(rest, '/');
	rest = slash < 0 ? STR_NULL : str_from(rest, (size_t)slash);
	(void)(str_skip(&base, "https://") || str_skip(&base, "http://"));
	slash = str_find_char(base, '/');
	if (slash >= 0 && str_starts(rest, base.p + slash))
		rest = str_from(rest, base.n - (size_t)slash);
	return rest;
}

/* rel="next" of a Link header (RFC 8288). */
static struct str next_of(const struct forge *f, struct str link)
{
	struct str part;

	while (str_next(&link, ',', &part)) {
		struct str url;

		part = str_trim(part);
		if (str_skip(&part, "<") && str_cut(&part, ">", &url) &&
			str_has(part, "rel=\"next\""))
			return path_of_link(f, url);
	}
	return STR_NULL;
}

enum { HEADERS = 4 };

static size_t headers_of(
	const struct ask *ask, const struct cache_item *known, struct http_header out[HEADERS])
{
	size_t n = 0;

	out[n++] = (struct http_header){
		STR("Accept"), str_of(ask->accept ? ask->accept : "application/vnd.github+json")};
	out[n++] = (struct http_header){STR("X-GitHub-Api-Version"), STR("2022-11-28")};
	if (ask->body)
		out[n++] = (struct http_header){STR("Content-Type"), STR("application/json")};
	if (known)
		out[n++] = (struct http_header){STR("If-None-Match"), str_of(known->etag)};
	return n;
}

static int send_once(struct forge *f, const struct ask *ask, struct str path,
	const struct cache_item *known, struct http_response *out, struct arena *mem,
	struct err *err)
{
	BUF_AUTO body = BUF_INIT(ANSWER_BYTES);
	struct http_header headers[HEADERS];
	struct http_request r = {.method = ask->method ? ask->method : "GET",
		.headers = headers,
		.n_headers = headers_of(ask, known, headers),
		.repeatable = is_read(ask) || ask->repeatable,
		.max_bytes = ask->max_bytes ? ask->max_bytes : ANSWER_BYTES,
		.timeout_ms = ask->sink ? LOGS_TIMEOUT_MS : 0,
		.sink = ask->sink,
		.sink_again = ask->sink_again,
		.sink_data = ask->sink_data};
	int rc;

	if (ask->body)
		json_write(&body, ask->body, 0);
	if (body.over)
		return err_set(err, ERR_LIMIT, "%s %.*s: what is sent is over %d bytes", r.method,
			STR_ARGS(str_slice(path, 0, 150)), ANSWER_BYTES);
	if (auth_token(f, ask->as, &r.bearer, mem, err) < 0)
		return -1;
	r.body = buf_view(&body);
	r.url = ask->graphql ? str_of(f->graphql_url)
			     : arena_printf(mem, "%s%.*s", f->api_url, STR_ARGS(path));
	rc = http_send(f->http, &r, out, mem, err);
	if (!is_read(ask))
		limits_after_write(f);
	if (rc == 0)
		limits_note(f, ask, out);
	return rc;
}

/* A renamed repository answers reads with 301, which http follows, and asks that other requests be
 * repeated as they are at another place: followed on the same host alone. */
static bool has_moved(const struct forge *f, const struct ask *ask, const struct http_response *r,
	struct str *path)
{
	struct str place = http_header_get(r, "location");
	size_t base = strlen(f->api_url);

	if (is_read(ask) || ask->graphql || (r->status != 307 && r->status != 308))
		return false;
	if (!str_starts(place, "/") &&
		!(str_starts(place, f->api_url) && place.n > base && place.p[base] == '/'))
		return false;
	*path = path_of_link(f, place);
	return true;
}

/* Asks until there is an answer that stands: past limits, a stale token, a move. */
static int send_until_answered(struct forge *f, const struct ask *ask,
	const struct cache_item *known, struct http_response *out, struct arena *mem,
	struct err *err)
{
	struct str path = ask->path;
	bool renewed = false;
	int64_t waited = 0;
	int moves = 0;

	for (;;) {
		if (limits_before(f, ask, &waited, err) < 0 ||
			send_once(f, ask, path, known, out, mem, err) < 0)
			return -1;
		if (limits_met(f, ask, out))
			continue;
		if (out->status == 401 && !renewed && auth_refused(f, ask->as)) {
			renewed = true;
			continue;
		}
		if (moves++ < MAX_MOVES && has_moved(f, ask, out, &path))
			continue;
		return 0;
	}
}

static int read_json(const struct ask *ask, struct reply *out, struct err *err)
{
	if (ask->raw || ask->sink || !out->body.n)
		return 0;
	if (json_parse_mended(&out->json, out->body, err) == 0)
		return 0;
	return err_wrap(err, "%s %.*s", ask->method ? ask->method : "GET",
		STR_ARGS(str_slice(ask->path, 0, 150)));
}

/* An answer that did not change is taken from where it is kept; a new one that can be read is
 * kept. */
static int read_answer(struct forge *f, const struct ask *ask, const struct cache_item *known,
	struct reply *out, struct arena *mem, struct err *err)
{
	struct str link = http_header_get(&out->http, "link");

	if (known && out->status == 304) {
		out->status = 200;
		out->body = arena_str(mem, str_of(known->body));
		link = arena_str(mem, str_of(known->link));
	}
	if (out->status == 404 || out->status == 410)
		return FORGE_NONE;
	if (out->status < 200 || out->status > 299)
		return refusal_explain(ask, &out->http, err);
	out->next = next_of(f, link);
	if (read_json(ask, out, err) < 0)
		return -1;
	if (is_cached(ask) && out->http.status == 200)
		cache_store(f, ask->path, http_header_get(&out->http, "etag"), out->body, link);
	return 0;
}

static int exchange_once(struct forge *f, const struct ask *ask, struct reply *out,
	struct arena *mem, struct err *err)
{
	const struct cache_item *known = is_cached(ask) ? cache_find(f, ask->path) : NULL;

	*out = (struct reply){0};
	if (send_until_answered(f, ask, known, &out->http, mem, err) < 0)
		return -1;
	out->status = out->http.status;
	out->body = out->http.body;
	return read_answer(f, ask, known, out, mem, err);
}

int forge_exchange(struct forge *f, const struct ask *ask, struct reply *out, struct arena *mem,
	struct err *err)
{
	int rc = exchange_once(f, ask, out, mem, err);

	/* A proxy's page, or half an answer: a read may as well be tried again. */
	if (rc < 0 && err->code == ERR_PARSE && out->status && is_read(ask))
		rc = exchange_once(f, ask, out, mem, err);
	return rc;
}

int forge_not_there(const struct ask *ask, const struct reply *r, struct err *err)
{
	return refusal_explain(ask, &r->http, err);
}

int forge_do(struct forge *f, const struct ask *ask, struct arena *mem, struct err *err)
{
	REPLY_AUTO reply = {0};
	int rc = forge_exchange(f, ask, &reply, mem, err);

	return rc == FORGE_NONE ? forge_not_there(ask, &reply, err) : rc;
}

static int not_one_of(const struct ask *ask, const char *name, struct err *err)
{
	return err_set(err, ERR_PARSE, "%s %.*s: the answer is no %s",
		ask->method ? ask->method : "GET", STR_ARGS(str_slice(ask->path, 0, 150)), name);
}

int forge_one(struct forge *f, const struct ask *ask, const struct reader *reader, void *out,
	struct arena *mem, struct err *err)
{
	REPLY_AUTO reply = {0};
	void *record = arena_alloc(mem, reader->size);
	int rc = forge_exchange(f, ask, &reply, mem, err);

	if (rc == FORGE_NONE && !is_read(ask))
		return forge_not_there(ask, &reply, err);
	if (rc != 0)
		return rc;
	if (!reader->read(record, reply.json, mem))
		return not_one_of(ask, reader->name, err);
	memcpy(out, record, reader->size);
	return 0;
}

/* Items while their number is not known. */
struct items {
	const struct list_query *query;
	char *v;
	size_t n, room;
	bool cut, ended;
};

static void add_item(struct items *items, const struct json_t *j, struct arena *mem)
{
	const struct list_query *q = items->query;
	size_t max = q->max ? q->max : MAX_ITEMS, size = q->reader->size;
	void *at;

	if (items->n == items->room) {
		items->room = items->room ? items->room * 2 : 32;
		items->v = xreallocarray(items->v, items->room, size);
	}
	at = items->v + items->n * size;
	memset(at, 0, size);
	if (!q->reader->read(at, j, mem))
		return;
	if (items->n == max || (q->goes_on && !q->goes_on(q->data, at))) {
		items->cut = items->n == max;
		items->ended = true;
		return;
	}
	items->n++;
}

static int read_page(struct forge *f, const struct ask *ask, struct items *items, struct str *next,
	struct arena *mem, struct err *err)
{
	const char *key = items->query->key;
	REPLY_AUTO reply = {0};
	const struct json_t *page;
	int rc = forge_exchange(f, ask, &reply, mem, err);

	if (rc == FORGE_NONE)
		return forge_not_there(ask, &reply, err);
	if (rc < 0)
		return -1;
	page = key ? json_get_arr(reply.json, key) : reply.json;
	if (!json_is_arr(page))
		return not_one_of(ask, "list", err);
	for (size_t i = 0; i < json_len(page) && !items->ended; i++)
		add_item(items, json_at(page, i), mem);
	*next = arena_str(mem, reply.next);
	return 0;
}

int forge_list(struct forge *f, const struct ask *ask, const struct list_query *query,
	struct list *out, struct arena *mem, struct err *err)
{
	struct items items = {.query = query};
	struct ask page = *ask;
	int rc = 0;

	for (int i = 0; rc == 0 && !items.ended && page.path.n; i++) {
		if (i == MAX_PAGES) {
			items.cut = true;
			break;
		}
		rc = read_page(f, &page, &items, &page.path, mem, err);
	}
	if (rc == 0) {
		out->v = arena_array(mem, items.n ? items.n : 1, query->reader->size);
		if (items.n)
			memcpy(out->v, items.v, items.n * query->reader->size);
		out->n = items.n;
		out->cut = items.cut;
	}
	free(items.v);
	return rc;
}
