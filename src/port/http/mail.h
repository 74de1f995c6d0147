/* mail: one message by SMTP. Layer: port; beside the HTTP client, as it is libcurl's, too. */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct http;

struct mail {
	const char *url;      /* "smtp://HOST:PORT" or "smtps://HOST:PORT", without a user */
	const char *user;     /* NULL: none. Then the line must be encrypted, or the host our own */
	const char *password; /* never logged */
	struct str from;
	const struct str *to;
	size_t n_to;
	struct str text; /* whole, with CRLF line ends */
	int timeout_ms;  /* 0: 30 s */
};

/* 0 when the server took it. ERR_AUTH, ERR_NET, ERR_TIMEOUT; ERR_RATE for a 4xx of the server: ask
 * again later; ERR_CONFIG for a 5xx: asking again ends alike. */
int mail_send(struct http *h, const struct mail *mail, struct err *err) MUST_CHECK;
