/* transport: clone, fetch and push over HTTPS, by libgit2.
 * Layer: port. The token goes to the address's own host alone, when that asks for it; it never
 * reaches a configuration, an argument or a message. Redirects to another host are refused, the
 * user's url.insteadOf and http.* settings have no say. libgit2 1.5 fetches whole history (there is
 * no shallow or partial fetch) and brings its own TLS, so certificates (SSL_CERT_FILE, else the
 * system's) and the proxy (HTTPS_PROXY, NO_PROXY) are set by us. No hook is run.
 *
 * Failures: ERR_AUTH credentials missing or refused, ERR_NET, ERR_TIMEOUT, ERR_LIMIT over a cap,
 * ERR_CONFLICT a ref that is not where it was expected, ERR_POLICY a push that the server's rules
 * refuse, ERR_CONFIG an address, a proxy or certificates that are none, ERR_INTERRUPT. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/git/repo.h"

struct transport_progress {
	size_t objects, objects_total;
	int64_t bytes;
};

struct transport_options {
	const char *url;   /* "https://github.com/owner/name.git" */
	const char *token; /* of GitHub, any kind; NULL: none. ERR_CONFIG by http to another machine
			    */
	int stall_ms;      /* no byte for so long ends it; 0: 30 s */
	int64_t timeout_ms;        /* the whole transfer; 0: 15 minutes */
	int64_t max_bytes;         /* received; 0: 2 GiB */
	size_t max_files;          /* of a tree that is checked out; 0: 500,000 */
	int64_t max_checked_bytes; /* its files together; 0: 4 GiB */
	void (*progress)(void *data, const struct transport_progress *progress);
	void *data;
};

/* A new repository at path, which must not exist; it appears there whole or not at all. With
 * mirror it is bare and its branches are the remote's (refs/heads and refs/tags alone); else the
 * default branch is checked out, without submodules and LFS. An empty one is cloned empty. */
int repo_clone(struct repo **out, const char *path, bool mirror,
	const struct transport_options *options, struct err *err) MUST_CHECK;
/* Opens a bare repository of ours: what needs a working tree must not be asked of it. */
int repo_open_mirror(struct repo **out, const char *path, struct err *err) MUST_CHECK;

/* Fetches "+refs/heads/x:refs/remotes/origin/x" and the like (n == 0: what the remote "origin" is
 * set to); with prune, refs that the remote lost are removed here. */
int repo_fetch(struct repo *repo, const struct transport_options *options,
	const char *const *refspecs, size_t n, bool prune, struct err *err) MUST_CHECK;

struct repo_push {
	const char *commit; /* its id; NULL: the branch is removed */
	const char *branch; /* "selfheal/test-0123abcd" */
	/* NULL: only ever forward. Else the id that the branch must have there ("": it must not be
	 * there) for it to be replaced, looked at in the same connection that pushes. */
	const char *expected;
};
/* All are asked for; the first that is refused is told. */
int repo_push(struct repo *repo, const struct transport_options *options,
	const struct repo_push *pushes, size_t n, struct err *err) MUST_CHECK;
