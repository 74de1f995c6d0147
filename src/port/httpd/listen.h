/* listen: "ADDR:PORT" made a listening socket.
 * Layer: port/httpd. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/err.h"

struct listen_address {
	int port;   /* the one that was given, or found for 0 */
	bool local; /* a loopback address */
};

/* The socket (not inherited, not blocking), or < 0. Addresses are numbers: no name is looked up. */
int listen_on(const char *text, struct listen_address *out, struct err *err) MUST_CHECK;
