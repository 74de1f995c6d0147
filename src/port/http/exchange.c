#include "port/http/http_private.h"

#include <ctype.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "port/child/child.h"
#include "port/crypto/hmac.h"

enum {
	HEADERS_BYTES = 256 << 10,
	BODY_BYTES = 16 << 20,
	POLL_MS = 100, /* how soon an interrupt is seen */
};

static size_t take_header(char *p, size_t size, size_t n, void *data)
{
	struct exchange *x = data;
	struct str line = str_make(p, size * n);

	/* Each answer begins with a status line: a 100 or a proxy's own may come before ours. */
	if (str_starts(line, "HTTP/"))
		buf_reset(&x->headers);
	buf_str(&x->headers, line);
	if (!x->headers.over)
		return line.n;
	err_set(&x->why, ERR_LIMIT, "the answer's headers are over %d bytes", HEADERS_BYTES);
	return 0;
}

static int status_of(struct http *h)
{
	long status = 0;

	(void)h->curl.curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

struct taker {
	struct http *h;
	struct exchange *x;
};

static size_t take_body(char *p, size_t size, size_t n, void *data)
{
	struct taker *t = data;
	struct exchange *x = t->x;
	const struct http_request *r = x->request;
	struct str piece = str_make(p, size * n);
	size_t most = r->max_bytes ? r->max_bytes : BODY_BYTES;
	int status = status_of(t->h);

	if (piece.n > most - x->received) {
		err_set(&x->why, ERR_LIMIT, "the answer is over %zu bytes", most);
		return 0;
	}
	x->received += piece.n;
	/* What a refusal or a redirect says is for the caller to read, not for the file. */
	if (!r->sink || status < 200 || status >= 300) {
		buf_str(&x->body, piece);
		return piece.n;
	}
	x->given += piece.n;
	if (r->sink(r->sink_data, piece, &x->why) == 0)
		return piece.n;
	if (x->why.code == ERR_NONE)
		err_set(&x->why, ERR_INTERNAL, "what takes the answer gave up");
	return 0;
}

static struct curl_slist *add_line(struct http *h, struct curl_slist *lines, struct str name,
	const char *prefix, struct str value)
{
	CLEANUP(freep)
	char *line = xasprintf("%.*s: %s%.*s", STR_ARGS(name), prefix, STR_ARGS(value));
	struct curl_slist *more = h->curl.curl_slist_append(lines, line);

	crypto_wipe(line, strlen(line));
	return more ? more : lines;
}

static bool goes_along(const struct exchange *x, const struct http_header *header)
{
	return !x->foreign || str_eq_nocase(header->name, STR("accept"));
}

static struct curl_slist *header_lines(struct http *h, const struct exchange *x)
{
	const struct http_request *r = x->request;
	struct curl_slist *lines = h->curl.curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; i < r->n_headers; i++)
		if (goes_along(x, &r->headers[i]))
			lines = add_line(h, lines, r->headers[i].name, "", r->headers[i].value);
	if (r->bearer.n && !x->foreign)
		lines = add_line(h, lines, STR("Authorization"), "Bearer ", r->bearer);
	return lines;
}

static void free_lines(struct http *h, struct curl_slist *lines)
{
	for (struct curl_slist *l = lines; l; l = l->next)
		crypto_wipe(l->data, strlen(l->data));
	h->curl.curl_slist_free_all(lines);
}

#define SET(option, value) (void)h->curl.curl_easy_setopt(h->easy, CURLOPT_##option, value)

static void set_method(struct http *h, const struct http_request *r)
{
	if (strcmp(r->method, "HEAD") == 0) {
		SET(NOBODY, 1L);
		return;
	}
	if (strcmp(r->method, "GET") != 0 || r->body.n) {
		SET(POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
		SET(POSTFIELDS, r->body.p ? r->body.p : "");
	}
	SET(CUSTOMREQUEST, r->method);
}

static void set_line(struct http *h)
{
	const struct http_options *o = &h->options;

	SET(NOSIGNAL, 1L);
	SET(PROTOCOLS_STR, "http,https");
	SET(DISALLOW_USERNAME_IN_URL, 1L);
	SET(PATH_AS_IS, 1L);
	SET(SUPPRESS_CONNECT_HEADERS, 1L);
	SET(USERAGENT, h->user_agent);
	SET(CONNECTTIMEOUT_MS, (long)o->connect_timeout_ms);
	if (h->ca_file)
		SET(CAINFO, h->ca_file);
	if (h->ca_path)
		SET(CAPATH, h->ca_path);
	if (h->proxy)
		SET(PROXY, h->proxy);
}

static bool has_stalled(struct http *h, const struct exchange *x, int64_t *moved, int64_t *since)
{
	curl_off_t up = 0, down = 0;
	int64_t sum;

	(void)h->curl.curl_easy_getinfo(h->easy, CURLINFO_SIZE_UPLOAD_T, &up);
	(void)h->curl.curl_easy_getinfo(h->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
	sum = up + down + (int64_t)x->headers.n;
	if (sum != *moved) {
		*moved = sum;
		*since = clock_mono_ms();
	}
	return clock_mono_ms() - *since > h->options.stall_ms;
}

static CURLcode drive(struct http *h, struct exchange *x)
{
	int64_t moved = -1, since = clock_mono_ms();
	int running = 1, left = 0;
	CURLMsg *done;

	while (running) {
		if (h->curl.curl_multi_perform(h->multi, &running) != CURLM_OK)
			return CURLE_FAILED_INIT;
		if (!running)
			break;
		if (child_interrupted()) {
			err_set(&x->why, ERR_INTERRUPT, "interrupted");
			return CURLE_ABORTED_BY_CALLBACK;
		}
		if (has_stalled(h, x, &moved, &since)) {
			err_set(&x->why, ERR_TIMEOUT, "no byte came for %d ms",
				h->options.stall_ms);
			return CURLE_ABORTED_BY_CALLBACK;
		}
		(void)h->curl.curl_multi_poll(h->multi, NULL, 0, POLL_MS, NULL);
	}
	done = h->curl.curl_multi_info_read(h->multi, &left);
	return done ? done->data.result : CURLE_FAILED_INIT;
}

/* What a broken exchange means. libcurl's own words hold host names, never a header. */
static int explain(
	struct http *h, struct exchange *x, CURLcode code, const char *detail, struct err *err)
{
	const char *text = *detail ? detail : h->curl.curl_easy_strerror(code);

	if (x->why.code != ERR_NONE) {
		*err = x->why;
		x->hopeless = err->code != ERR_TIMEOUT;
		return -1;
	}
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(err, ERR_TIMEOUT, "%s", text);
	case CURLE_PEER_FAILED_VERIFICATION:
		x->hopeless = true;
		return err_set(err, ERR_NET,
			"%s (a proxy's or company's own certificates: SSL_CERT_FILE)", text);
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_URL_MALFORMAT:
	case CURLE_LOGIN_DENIED: /* a user in the address */
		x->hopeless = true;
		return err_set(err, ERR_CONFIG, "%s", text);
	case CURLE_FAILED_INIT:
	case CURLE_OUT_OF_MEMORY:
		x->hopeless = true;
		return err_set(err, ERR_INTERNAL, "%s", text);
	default:
		return err_set(err, ERR_NET, "%s", text);
	}
}

static CURLcode perform(struct http *h, struct exchange *x)
{
	CURLcode code = CURLE_FAILED_INIT;

	if (h->curl.curl_multi_add_handle(h->multi, h->easy) != CURLM_OK)
		return code;
	code = drive(h, x);
	x->status = status_of(h);
	(void)h->curl.curl_multi_remove_handle(h->multi, h->easy);
	return code;
}

int exchange_run(struct http *h, struct exchange *x, struct err *err)
{
	const struct http_request *r = x->request;
	char detail[CURL_ERROR_SIZE] = "";
	struct taker taker = {h, x};
	struct curl_slist *lines;
	CURLcode code;

	buf_release(&x->headers);
	buf_release(&x->body);
	buf_init(&x->headers, HEADERS_BYTES);
	buf_init(&x->body, r->max_bytes ? r->max_bytes : BODY_BYTES);
	x->received = 0;
	x->why = ERR_INIT;
	h->curl.curl_easy_reset(h->easy);
	set_line(h);
	set_method(h, r);
	lines = header_lines(h, x);
	SET(URL, x->url);
	SET(HTTPHEADER, lines);
	SET(ERRORBUFFER, detail);
	SET(TIMEOUT_MS, (long)(r->timeout_ms ? r->timeout_ms : h->options.timeout_ms));
	SET(HEADERFUNCTION, take_header);
	SET(HEADERDATA, x);
	SET(WRITEFUNCTION, take_body);
	SET(WRITEDATA, &taker);
	/* On a connection of before that dies, libcurl asks again by itself, whatever the method.
	 */
	SET(FRESH_CONNECT, r->repeatable ? 0L : 1L);
	if (!r->sink)
		SET(ACCEPT_ENCODING, "gzip");
	code = perform(h, x);
	/* The handle stays; nothing in it may point into this frame. */
	h->curl.curl_easy_reset(h->easy);
	free_lines(h, lines);
	return code == CURLE_OK ? 0 : explain(h, x, code, detail, err);
}

bool exchange_next_header(struct str *rest, struct str *name, struct str *value)
{
	struct str line;

	while (str_next_line(rest, &line)) {
		if (!str_cut(&line, ":", name))
			continue;
		*value = str_trim(line);
		return true;
	}
	return false;
}

struct str exchange_header(const struct exchange *x, const char *wanted)
{
	struct str rest = buf_view(&x->headers), name, value;

	while (exchange_next_header(&rest, &name, &value))
		if (str_eq_nocase(name, str_of(wanted)))
			return value;
	return STR_NULL;
}
