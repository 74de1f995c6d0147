/* transfer: what every exchange with a remote has: credentials, limits, reasons.
 * Layer: port, inside port/git only. */
#pragma once

#include "port/git/lib.h"
#include "port/git/remote_url.h"
#include "port/git/socket.h"
#include "port/git/transport.h"

struct transfer {
	const struct transport_options *options;
	struct remote_url url;
	struct buf proxy;
	struct socket_watch watch; /* its why is the transfer's */
	struct socket_watch *before;
	bool asked;                     /* the token was given already */
	const struct repo_push *pushes; /* what is expected of each */
	size_t n_pushes;
};

/* Checks the options, starts libgit2 and puts the limits on this thread's connections until
 * transfer_end, which must follow in any case. */
int transfer_begin(
	struct transfer *t, const struct transport_options *options, struct err *err) MUST_CHECK;
void transfer_end(struct transfer *t);
#define TRANSFER_AUTO CLEANUP(transfer_end) struct transfer

/* For libgit2's options; they borrow t. */
git_remote_callbacks transfer_callbacks(struct transfer *t);
git_proxy_options transfer_proxy(const struct transfer *t);
/* Why libgit2 failed with rc: what ended the transfer, else what the server or the network said.
 * Gives -1. */
int transfer_fail(const struct transfer *t, const char *verb, int rc, struct err *err);
