/* peer: a scripted HTTP server in a thread of the test. One list: the requests expected, in order,
 * and what is answered to each, faults among it. Listens on a port of 127.0.0.1. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum peer_fault {
	PEER_WHOLE,   /* none */
	PEER_RESET,   /* the connection is reset before an answer */
	PEER_CLOSE,   /* closed before an answer */
	PEER_CUT,     /* closed in the middle of the body */
	PEER_STALL,   /* nothing more comes in the middle of the body */
	PEER_HANG,    /* no answer at all */
	PEER_GARBAGE, /* what is no HTTP */
};

struct peer_step {
	const char *method; /* NULL: any */
	const char *target; /* path and query, exactly; NULL: any */
	const char *has;    /* lines or pieces the request holds, one a line; "!x": does not hold */
	int status;         /* 0: 200 */
	const char *headers; /* "Name: value\n" lines; {peer} and {other} become their addresses */
	const char *body;    /* {peer} and {other} as well */
	struct str bytes;    /* instead of a body, as they are */
	size_t filler;       /* so many bytes instead of a body */
	int delay_ms;        /* before the answer */
	enum peer_fault fault;
};

struct peer;

/* steps are borrowed. other: whose address {other} is, or NULL. */
struct peer *peer_start(const struct peer_step *steps, size_t n, const struct peer *other);
/* "http://127.0.0.1:PORT" */
const char *peer_url(const struct peer *p);
/* Ends it and frees it; false, with what went wrong printed, unless each step was asked for once,
 * in order, and nothing else. */
bool peer_stop(struct peer *p);
/* The i-th request so far, whole. */
struct str peer_request(struct peer *p, size_t i);
size_t peer_count(struct peer *p);
