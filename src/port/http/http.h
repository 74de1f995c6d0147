/* http: one HTTP client: proxies, certificates, time-outs, caps, and repeating what may be
 * repeated. Layer: port; src/port/http is the only folder that includes libcurl. A client is used
 * by one thread at a time and keeps its connections. Redirects are followed for GET and HEAD alone,
 * and credentials never cross to another host. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

struct http;

struct http_options {
	const char *user_agent; /* NULL: "selfheal/VERSION" */
	const char *ca_file;    /* NULL: SSL_CERT_FILE, CURL_CA_BUNDLE, else the system's */
	const char *proxy;      /* NULL: HTTPS_PROXY, HTTP_PROXY, NO_PROXY as curl reads them */
	int connect_timeout_ms; /* 0: 10 s */
	int timeout_ms;         /* a whole exchange; 0: 60 s */
	int stall_ms;           /* no byte for so long ends it; 0: 30 s */
	int tries;              /* of what may be repeated; 0: 4 */
	int backoff_ms;         /* the first wait, doubled with jitter each time; 0: 500 */
	/* Waiting, as tests want it; NULL: sleeps. Gives false when interrupted. */
	bool (*wait_ms)(void *data, int64_t ms);
	void *data;
};

struct http_header {
	struct str name, value;
};

struct http_request {
	const char *method;
	struct str url;
	const struct http_header *headers; /* host, length and user agent come by themselves */
	size_t n_headers;
	struct str body;
	bool secret_url; /* the address itself is a credential: of it the host alone is told */
	struct str
		bearer; /* sent as authorization to url's host alone, never logged; empty: none */
	/* Asking again does no harm: repeated after broken lines, 408, 500, 502 to 504, and a 429
	 * that says to come back within 20 s (longer ones are the caller's to plan with). */
	bool repeatable;
	size_t max_bytes; /* of the answer's body; 0: 16 MiB. ERR_LIMIT beyond */
	int timeout_ms;   /* 0: the client's */
	/* Where the body of a 2xx goes piece by piece instead of out->body; < 0 with *err stops the
	 * exchange, which fails with that. */
	int (*sink)(void *data, struct str piece, struct err *err);
	/* Forgets what the sink was given: a try broke and the next begins. NULL: then there is no
	 * next once a piece was given. */
	int (*sink_again)(void *data, struct err *err);
	void *sink_data;
};

struct http_response {
	int status;
	const struct http_header *headers; /* names in lower case */
	size_t n_headers;
	struct str body;
	int tries;
};

int http_open(struct http **out, const struct http_options *options, struct err *err) MUST_CHECK;
void http_free(struct http *h);
DEFINE_CLEANUP(struct http *, http_free)

/* One exchange. 0 with any status, 4xx and 5xx too: what a status means is the caller's to say.
 * < 0 when there was no whole answer: ERR_NET, ERR_TIMEOUT, ERR_LIMIT, ERR_INTERRUPT (of
 * child_interrupt or wait_ms), ERR_CONFIG for an address or a certificate file that is none.
 * Strings of *out live in mem. Each try is an event "http" of the trace. */
int http_send(struct http *h, const struct http_request *request, struct http_response *out,
	struct arena *mem, struct err *err) MUST_CHECK;
/* A header's value, or empty. name in lower case. */
struct str http_header_get(const struct http_response *response, const char *name);

/* Waits as the options say, or sleeps; false when interrupted. */
bool http_wait(struct http *h, int64_t ms);
/* A date as headers have it ("Fri, 31 Jan 2026 12:34:56 GMT"), in seconds since the epoch. */
bool http_date(struct str text, int64_t *out);
/* The seconds that a retry-after header asks for, by number or by date; -1 when it is neither. */
int64_t http_retry_after(struct str value, int64_t now);
