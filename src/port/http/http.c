#include "port/http/http.h"

#include <ctype.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/trace.h"
#include "port/child/child.h"
#include "port/http/http_private.h"

enum {
	MAX_REDIRECTS = 5,
	MAX_HEADERS = 200,
	MAX_RETRY_AFTER_S = 20, /* longer ones are the caller's to plan with */
	SLICE_MS = 100,
};

static char *dup_or_null(const char *s)
{
	return s && *s ? xstrdup(s) : NULL;
}

/* Debian's libcurl knows Debian's place; a binary that moved to another system asks there. */
static const char *ca_file_of(const struct http_options *o)
{
	static const char *const places[] = {"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
	static const char *const names[] = {"SSL_CERT_FILE", "CURL_CA_BUNDLE"};

	if (o->ca_file)
		return o->ca_file;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *file = getenv(names[i]);

		if (file && *file)
			return file;
	}
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	return NULL;
}

static int or_default(int value, int fallback)
{
	return value > 0 ? value : fallback;
}

static void fill_options(struct http *h, const struct http_options *o)
{
	h->options = *o;
	h->options.connect_timeout_ms = or_default(o->connect_timeout_ms, 10000);
	h->options.timeout_ms = or_default(o->timeout_ms, 60000);
	h->options.stall_ms = or_default(o->stall_ms, 30000);
	h->options.tries = or_default(o->tries, 4);
	h->options.backoff_ms = or_default(o->backoff_ms, 500);
	h->user_agent = xstrdup(o->user_agent ? o->user_agent : "selfheal/" SELFHEAL_VERSION);
	h->ca_file = dup_or_null(ca_file_of(o));
	h->ca_path = dup_or_null(getenv("SSL_CERT_DIR"));
	h->proxy = dup_or_null(o->proxy);
}

int http_open(struct http **out, const struct http_options *options, struct err *err)
{
	CLEANUP(http_freep) struct http *h = xcalloc(1, sizeof(*h));

	fill_options(h, options);
	if (curl_library_load(&h->curl, err) < 0)
		return -1;
	h->easy = h->curl.curl_easy_init();
	h->multi = h->curl.curl_multi_init();
	if (!h->easy || !h->multi)
		return err_set(
			err, ERR_INTERNAL, "cannot use the network: libcurl gives no handle");
	*out = TAKE(h);
	return 0;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	if (h->easy)
		h->curl.curl_easy_cleanup(h->easy);
	if (h->multi)
		h->curl.curl_multi_cleanup(h->multi);
	free(h->user_agent);
	free(h->ca_file);
	free(h->ca_path);
	free(h->proxy);
	free(h);
}

bool http_wait(struct http *h, int64_t ms)
{
	if (h->options.wait_ms)
		return h->options.wait_ms(h->options.data, ms);
	while (ms > 0 && !child_interrupted()) {
		clock_sleep_ms((int)(ms < SLICE_MS ? ms : SLICE_MS));
		ms -= SLICE_MS;
	}
	return !child_interrupted();
}

bool http_date(struct str text, int64_t *out)
{
	char line[64];
	struct tm tm = {0};

	if (text.n >= sizeof(line))
		return false;
	memcpy(line, text.p ? text.p : "", text.n);
	line[text.n] = '\0';
	if (!strptime(line, "%a, %d %b %Y %H:%M:%S GMT", &tm))
		return false;
	*out = (int64_t)timegm(&tm);
	return true;
}

/* A number of seconds, or the date when it is over. */
int64_t http_retry_after(struct str value, int64_t now)
{
	int64_t n;

	if (str_to_i64(value, 0, INT32_MAX, &n))
		return n;
	if (!http_date(value, &n))
		return -1;
	return n > now ? n - now : 0;
}

static bool is_broken_server(int status)
{
	return status == 408 || status == 500 || status == 502 || status == 503 || status == 504;
}

static bool may_repeat(const struct exchange *x, int rc)
{
	if (!x->request->repeatable || x->hopeless)
		return false;
	if (x->given && !x->request->sink_again)
		return false;
	return rc < 0 || x->status == 429 || is_broken_server(x->status);
}

/* How long to wait before the next try; < 0: that is not ours to wait for. */
static int64_t pause_before(const struct http *h, const struct exchange *x, int rc, int tries)
{
	int64_t asked =
		rc < 0 ? -1 : http_retry_after(exchange_header(x, "retry-after"), clock_wall_s());
	int64_t wait = (int64_t)h->options.backoff_ms << (tries > 10 ? 10 : tries - 1);
	uint16_t random = 0;

	if (asked > MAX_RETRY_AFTER_S || (rc == 0 && x->status == 429 && asked < 0))
		return -1;
	if (getrandom(&random, sizeof(random), 0) < 0)
		random = 0;
	wait = wait / 2 + wait / 2 * random / UINT16_MAX;
	return asked * 1000 > wait ? asked * 1000 : wait;
}

static struct str request_id(const struct exchange *x)
{
	static const char *const names[] = {"x-github-request-id", "x-request-id", "request-id"};
	struct str id = STR_NULL;

	for (size_t i = 0; i < ARRAY_LEN(names) && !id.n; i++)
		id = exchange_header(x, names[i]);
	return str_slice(id, 0, 80);
}

static struct str shown(const struct http_request *r, struct str url)
{
	return r->secret_url ? url_shown_host(url) : url_shown(url);
}

static int try_once(struct http *h, struct exchange *x, struct err *err)
{
	int64_t begin = trace_begin();
	int rc;

	rc = exchange_run(h, x, err);
	trace_end(begin, "http", "%s %.*s status=%d id=%.*s%s%s", x->request->method,
		STR_ARGS(shown(x->request, str_of(x->url))), x->status, STR_ARGS(request_id(x)),
		rc < 0 ? " error=" : "", rc < 0 ? err->msg : "");
	return rc;
}

static bool leads_on(const struct exchange *x)
{
	const char *method = x->request->method;
	int s = x->status;

	return (s == 301 || s == 302 || s == 303 || s == 307 || s == 308) &&
	       (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) &&
	       exchange_header(x, "location").n > 0;
}

/* One try with its redirects. *held is the address that x->url points to, when it is not the
 * request's. */
static int follow(struct http *h, struct exchange *x, const char *url, char **held, struct err *err)
{
	x->url = url;
	x->foreign = false;
	for (int i = 0; i <= MAX_REDIRECTS; i++) {
		char *next = NULL;

		if (try_once(h, x, err) < 0)
			return -1;
		if (!leads_on(x))
			return 0;
		if (url_resolve(h, x->url, exchange_header(x, "location"), &next, err) < 0) {
			x->hopeless = true;
			return -1;
		}
		x->foreign = x->foreign || !url_same_origin(h, x->url, next);
		free(*held);
		*held = next;
		x->url = next;
	}
	x->hopeless = true;
	return err_set(err, ERR_NET, "redirected more than %d times", MAX_REDIRECTS);
}

static int check_url(const char *url, struct err *err)
{
	struct str s = str_of(url);

	if (str_starts(s, "https://") || str_starts(s, "http://"))
		return 0;
	return err_set(err, ERR_CONFIG, "it begins with neither https:// nor http://");
}

static int send_with_tries(struct http *h, struct exchange *x, const char *url, char **held,
	int *tries, struct err *err)
{
	const struct http_request *r = x->request;
	int64_t pause;
	int rc;

	for (*tries = 1;; ++*tries) {
		rc = follow(h, x, url, held, err);
		if (*tries >= h->options.tries || !may_repeat(x, rc))
			return rc;
		pause = pause_before(h, x, rc, *tries);
		if (pause < 0)
			return rc;
		if (!http_wait(h, pause))
			return err_set(err, ERR_INTERRUPT, "interrupted");
		if (x->given && r->sink_again(r->sink_data, err) < 0)
			return -1;
		x->given = 0;
	}
}

static struct str lower(struct arena *mem, struct str s)
{
	char *p = arena_strndup(mem, s.p, s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)tolower((unsigned char)p[i]);
	return str_make(p, s.n);
}

static void fill_headers(struct http_response *out, const struct exchange *x, struct arena *mem)
{
	struct http_header *v = arena_array(mem, MAX_HEADERS, sizeof(*v));
	struct str rest = buf_view(&x->headers), name, value;

	out->headers = v;
	while (out->n_headers < MAX_HEADERS && exchange_next_header(&rest, &name, &value))
		v[out->n_headers++] = (struct http_header){lower(mem, name), arena_str(mem, value)};
}

int http_send(struct http *h, const struct http_request *request, struct http_response *out,
	struct arena *mem, struct err *err)
{
	struct exchange x = {.request = request};
	const char *url = arena_cstr(mem, request->url);
	CLEANUP(freep) char *held = NULL;
	struct http_response answer = {0};
	int rc = check_url(url, err);

	if (rc == 0)
		rc = send_with_tries(h, &x, url, &held, &answer.tries, err);
	if (rc < 0) {
		err_wrap(err, "%s '%.*s'", request->method, STR_ARGS(shown(request, request->url)));
	} else {
		answer.status = x.status;
		answer.body = arena_str(mem, buf_view(&x.body));
		fill_headers(&answer, &x, mem);
		*out = answer;
	}
	buf_release(&x.headers);
	buf_release(&x.body);
	return rc;
}

struct str http_header_get(const struct http_response *response, const char *name)
{
	for (size_t i = 0; i < response->n_headers; i++)
		if (str_eq_c(response->headers[i].name, name))
			return response->headers[i].value;
	return STR_NULL;
}
