#include "port/notify/notify.h"

#include "json/json.h"
#include "port/crypto/hmac.h"
#include "port/http/http.h"

enum { WHY_BYTES = 200 };

static bool is_local(struct str host)
{
	static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str rest = host;
		if (str_skip(&rest, names[i]) && (!rest.n || strchr(":/?", rest.p[0])))
			return true;
	}
	return false;
}

bool notify_is_address(struct str text)
{
	struct str rest = text;

	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] <= ' ' || (unsigned char)text.p[i] >= 0x7f)
			return false;
	if (str_skip(&rest, "https://"))
		return rest.n > 0 && rest.p[0] != '/';
	return str_skip(&rest, "http://") && is_local(rest);
}

/* The code that says whether asking later may help. */
static enum err_code code_of(int status)
{
	if (status == 429)
		return ERR_RATE;
	if (status == 401 || status == 403 || status == 404 || status == 410)
		return ERR_AUTH;
	return status >= 500 ? ERR_NET : ERR_CONFIG;
}

/* The first words of what was answered: enough for "invalid_token", one line of plain ASCII. */
static struct str why(struct str body, struct arena *mem)
{
	struct str kept = str_slice(str_trim(body), 0, WHY_BYTES);
	char *p = arena_strndup(mem, kept.p, kept.n);

	for (size_t i = 0; i < kept.n; i++)
		if ((unsigned char)p[i] < ' ' || (unsigned char)p[i] >= 0x7f)
			p[i] = ' ';
	return str_make(p, kept.n);
}

static int refuse(const struct http_response *answer, struct arena *mem, struct err *err)
{
	return err_set(err, code_of(answer->status), "it answers %d '%.*s'", answer->status,
		STR_ARGS(why(answer->body, mem)));
}

struct post {
	struct str url, body;
	const struct http_header *headers;
	size_t n;
};

/* 0 with a 2xx. */
static int post(struct http *h, const struct post *p, struct http_response *answer,
	struct arena *mem, struct err *err)
{
	struct http_header headers[4] = {{STR("Content-Type"), STR("application/json")}};
	struct http_request request = {.method = "POST",
		.url = p->url,
		.secret_url = true,
		.headers = headers,
		.n_headers = 1 + p->n,
		.body = p->body,
		.repeatable = true,
		.max_bytes = NOTIFY_ANSWER_BYTES,
		.timeout_ms = NOTIFY_TIMEOUT_MS};

	for (size_t i = 0; i < p->n; i++)
		headers[1 + i] = p->headers[i];
	if (http_send(h, &request, answer, mem, err) < 0)
		return -1;
	return answer->status / 100 == 2 ? 0 : refuse(answer, mem, err);
}

/* Slack answers 200 "ok"; a proxy's or portal's page is another thing. */
int notify_slack(struct http *h, struct str url, struct str body, struct err *err)
{
	struct http_response answer = {0};
	ARENA_AUTO mem;

	arena_init(&mem);
	if (post(h, &(struct post){.url = url, .body = body}, &answer, &mem, err) < 0)
		return -1;
	return str_eq_c(str_trim(answer.body), "ok") ? 0 : refuse(&answer, &mem, err);
}

/* Source: developer.pagerduty.com, Events API v2: 202 {"status": "success", "dedup_key": ...}. */
int notify_pagerduty(struct http *h, struct str url, struct str body, struct err *err)
{
	CLEANUP(json_freep) struct json_t *j = NULL;
	struct http_response answer = {0};
	struct err ignored = ERR_INIT;
	ARENA_AUTO mem;

	arena_init(&mem);
	if (post(h, &(struct post){.url = url, .body = body}, &answer, &mem, err) < 0)
		return -1;
	if (json_parse(&j, answer.body, &ignored) == 0 &&
		str_eq_c(json_get_str(j, "status"), "success"))
		return 0;
	return refuse(&answer, &mem, err);
}

static struct str signature_of(struct str secret, struct str body, struct arena *mem)
{
	CLEANUP(hmac_freep) struct hmac *hmac = hmac_new(secret);
	unsigned char sum[HMAC_BYTES];
	BUF_AUTO text = BUF_INIT(128);

	hmac_update(hmac, body);
	hmac_final(hmac, sum);
	buf_c(&text, "sha256=");
	for (size_t i = 0; i < sizeof(sum); i++)
		buf_printf(&text, "%02x", sum[i]);
	return arena_str(mem, buf_view(&text));
}

int notify_webhook(
	struct http *h, const struct notify_webhook *to, struct str body, struct err *err)
{
	struct http_response answer = {0};
	struct http_header headers[2] = {{STR("X-Selfheal-Delivery"), to->id}};
	struct post p = {.url = to->url, .body = body, .headers = headers, .n = 1};
	ARENA_AUTO mem;

	arena_init(&mem);
	if (to->secret.n)
		headers[p.n++] = (struct http_header){
			STR("X-Selfheal-Signature"), signature_of(to->secret, body, &mem)};
	return post(h, &p, &answer, &mem, err);
}
