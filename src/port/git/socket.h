/* socket: the connections libgit2 makes, with limits of time and an end on request.
 * Layer: port, inside port/git only. libgit2 1.5 waits for ever for a peer that says nothing; its
 * TLS and its proxies run over whatever is registered as its plain stream, so these limits hold for
 * all it does. What limits a connection belongs to the thread: libgit2 hands nothing of ours to a
 * stream. */
#pragma once

#include <stdint.h>

#include "base/err.h"

struct socket_watch {
	int64_t deadline_ms; /* clock_mono_ms() */
	int stall_ms;        /* no byte for so long ends it */
	struct err why;      /* why a connection was ended by us; code ERR_NONE: it was not */
};

/* Once, behind libgit2's start. */
void git_sockets_install(void);
/* The watch of this thread's connections from now on (NULL: none, no limits); gives the one before.
 */
struct socket_watch *git_socket_watch(struct socket_watch *watch);
