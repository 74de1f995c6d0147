/* remote_url: where a repository is asked for, and through which proxy.
 * Layer: port. Pure but for the environment's proxies. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Views of the address's text. */
struct remote_url {
	bool https;
	struct str host; /* an IPv6 address without its brackets */
	int port;
};

/* ERR_CONFIG for whatever is no http(s) address, and for one with a user or a password in it: they
 * would end in .git/config and in messages. */
int remote_url_read(struct remote_url *out, const char *url, struct err *err) MUST_CHECK;
/* This machine itself, whose traffic nobody else sees. */
bool remote_url_is_loopback(const struct remote_url *url);
/* The proxy for it, appended to out: HTTPS_PROXY, ALL_PROXY and NO_PROXY as curl reads them;
 * nothing when it is reached directly, as http always is. ERR_CONFIG for a kind that libgit2 does
 * not speak. */
int remote_url_proxy(struct buf *out, const struct remote_url *url, struct err *err) MUST_CHECK;
