/* httpd: an HTTP/1.1 server that outsiders may talk to: routes, caps on everything they can size,
 * time-outs for the slow, answers now or later from any thread.
 * Layer: port; src/port/httpd is the only folder that includes libmicrohttpd. One thread of its own
 * serves all connections (epoll); the functions of a route run there and must not block. A request
 * belongs to the server and lives until it was answered. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

struct httpd;
struct httpd_request;

/* For bodies that are not gathered: they are seen piece by piece. */
struct httpd_stream {
	/* The headers are there. Gives the request's state; or answers at once, then nothing else
	 * is called (what the peer still sends is dropped). */
	void *(*open)(void *data, struct httpd_request *r);
	void (*piece)(void *state, struct httpd_request *r, struct str piece);
	/* The body is whole: answers, or sees to it that someone does. */
	void (*end)(void *state, struct httpd_request *r);
	/* Last, once for each state that open gave; also when the peer left half-way. */
	void (*close)(void *state);
};

struct httpd_route {
	const char *method; /* "GET" takes HEAD too */
	const char *path;   /* exact, without the query */
	size_t max_body;    /* bytes; 413 beyond */
	/* One of the two. body is valid until the function returns. */
	void (*handle)(void *data, struct httpd_request *r, struct str body);
	const struct httpd_stream *stream;
	void *data;
};

/* A request that is over, for the access log. Strings are valid during the call. */
struct httpd_seen {
	const char *method, *path; /* as sent: hostile */
	const char *address, *id, *note;
	int status; /* 0: the peer left before an answer */
	size_t body_bytes;
	int64_t took_us;
};

struct httpd_options {
	const char *listen;               /* "ADDR:PORT", "[ADDR]:PORT"; port 0: any that is free */
	const struct httpd_route *routes; /* copied; their data is not */
	size_t n_routes;
	int max_connections; /* 0: 256 */
	int max_per_address; /* 0: as many as in all */
	int idle_ms;         /* from the end of a request to the next one's headers; 0: 15 s */
	int request_ms;      /* from the headers to the end of the body; 0: 30 s */
	void (*seen)(void *data, const struct httpd_seen *seen); /* NULL: none */
	void *data;
};

/* Listens when it returns 0. ERR_CONFIG: an address that is none; ERR_SYS: in use... */
int httpd_open(struct httpd **out, const struct httpd_options *options, struct err *err) MUST_CHECK;
int httpd_port(const struct httpd *h);
/* Whether only this machine can reach it. */
bool httpd_is_local(const struct httpd *h);
/* Cuts connections that are over their time. To be called about once a second. */
void httpd_tick(struct httpd *h);
/* Takes no new connections; those that are open go on. */
void httpd_quiesce(struct httpd *h);
/* Requests that are not answered yet. */
int httpd_pending(const struct httpd *h);
int httpd_connections(const struct httpd *h);
/* Every request that was promised an answer must have had it. */
void httpd_free(struct httpd *h);
DEFINE_CLEANUP(struct httpd *, httpd_free)

/* What a request says. Strings live as long as the request; NULL: not sent. */
const char *httpd_header(const struct httpd_request *r, const char *name);
const char *httpd_query(const struct httpd_request *r, const char *name);
/* Content-Length, or -1 when the body comes in chunks. */
int64_t httpd_length(const struct httpd_request *r);
/* What we call the request: in the answer (X-Request-Id), in errors, in the access log. */
const char *httpd_id(const struct httpd_request *r);
/* A word or two for the access log; borrowed: a literal, or as long-lived. */
void httpd_note(struct httpd_request *r, const char *note);

struct httpd_answer {
	int status;
	const char *type;  /* NULL: application/json */
	struct str body;   /* copied */
	int retry_after_s; /* 0: not said */
};
/* Answers once, from any thread; r is not to be touched afterwards. */
void httpd_answer(struct httpd_request *r, const struct httpd_answer *answer);
/* The same with {"error": message, "request": id, "status": status}. */
void httpd_refuse(struct httpd_request *r, int status, const char *message);
void httpd_refuse_for_now(struct httpd_request *r, const char *message, int retry_after_s);
