/* http_private: what the files of src/port/http share. Layer: port. */
#pragma once

#include "base/buf.h"
#include "port/http/http.h"
#include "port/http/library.h"

struct http {
	struct curl_library curl;
	CURL *easy; /* keeps connections, names and TLS sessions from one exchange to the next */
	CURLM *multi;
	struct http_options options; /* defaults filled in; strings below */
	char *user_agent, *ca_file, *ca_path, *proxy;
};

/* One try: a request to one address and what came back. */
struct exchange {
	const struct http_request *request;
	const char *url;
	bool foreign; /* redirected to another host, which gets nothing of the caller's headers */
	int status;
	struct buf headers; /* the last block of header lines, raw */
	struct buf body;
	size_t received; /* bytes of the body */
	size_t given;    /* of them: those that went to the sink */
	struct err why;  /* code set when one of us ended it */
	bool hopeless;   /* trying again would end alike */
};

/* 0 with x->status, or < 0 with *err. x is emptied first, but for request, url and foreign. */
int exchange_run(struct http *h, struct exchange *x, struct err *err) MUST_CHECK;
/* A header of the answer by its lower-case name, or empty. */
struct str exchange_header(const struct exchange *x, const char *name);
/* Takes the next header line off *rest. */
bool exchange_next_header(struct str *rest, struct str *name, struct str *value);

/* Where location leads from url, allocated by malloc; ERR_NET for what is no address of http. */
int url_resolve(struct http *h, const char *url, struct str location, char **out,
	struct err *err) MUST_CHECK;
/* Same scheme, host and port. */
bool url_same_origin(struct http *h, const char *a, const char *b);
/* What may be shown of an address: no user, no query (signatures of storage hosts are in it). */
struct str url_shown(struct str url);
/* Scheme and host alone. */
struct str url_shown_host(struct str url);
