/* blame: whether a run failed because of our sandbox rather than because of the code (SPEC 14, "red
 * because of us"), and which setting would let it through.
 * Layer: kit. Rules over what the run printed; pure. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/* What the sandbox took away. */
struct blame_context {
	bool no_network;             /* loopback alone */
	bool confined;               /* writes and calls are denied */
	const char *const *writable; /* folders where a denied write is not ours; NULL-terminated */
	const char *const *stripped; /* names of our environment that were not passed on */
};

struct blame {
	const char *setting; /* "sandbox.network", "sandbox.env", "setup", "services", "sandbox" */
	const char *reason;  /* "the network is off in the sandbox"; static */
	struct str evidence; /* the line, of the text given */
};

/* True and *out filled when a line says so; the first one counts. */
bool blame_find(struct blame *out, const struct blame_context *context, struct str output);
