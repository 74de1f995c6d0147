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
	const char *ca_file;    /* NULL: SSL_CERT_FILE, else the system's */
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
	struct str
		bearer;   /* sent as authorization to url's host alone, never logged; empty: none */
	bool repeatable;  /* asking again does no harm: repeated after 5xx, 429 and broken lines */
	size_t max_bytes; /* of the answer's body; 0: 16 MiB. ERR_LIMIT beyond */
	int timeout_ms;   /* 0: the client's */
	/* Where the body goes piece by piece instead of out->body; < 0 stops the exchange. */
	int (*sink)(void *data, struct str piece);
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
 * < 0 when there was no whole answer: ERR_NET, ERR_TIMEOUT, ERR_LIMIT, ERR_INTERRUPT. Strings of
 * *out live in mem. */
int http_send(struct http *h, const struct http_request *request, struct http_response *out,
	struct arena *mem, struct err *err) MUST_CHECK;
/* A header's value, or empty. name in lower case. */
struct str http_header_get(const struct http_response *response, const char *name);
