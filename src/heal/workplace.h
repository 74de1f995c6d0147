/* workplace: a checkout of one commit of a repository on GitHub, for one job.
 * Layer: heal. Below a cache folder of the bot's own: mirrors/OWNER/NAME.git, kept and fetched
 * into, and jobs/ID/NAME, made for the job and removed with it. The token is the fetch's alone: it
 * is in no configuration and no child. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

struct forge;

struct workplace_options {
	const char *cache_dir; /* made when absent, for this user alone */
	struct str repo;       /* "owner/name" */
	struct str commit;
	/* Whose settings count, put in the place of the commit's own: a head may be anyone's, and
	 * its settings choose commands and what holds them (SPEC 11). Empty: its own. */
	struct str settings;
	int64_t pull;        /* fetch that pull request's head, too: a fork's is in no branch */
	const char *kind;    /* of job: a folder's name; NULL: "jobs" */
	int64_t job;         /* a number of its own within the kind */
	int64_t cache_bytes; /* mirrors beyond it are removed, longest unused first; 0: no limit */
};

struct workplace {
	struct str dir;    /* the checkout */
	struct str folder; /* what the job may write beside it: logs, bundles */
};

/* ERR_CONFLICT when the commit is not there (any more). */
int workplace_open(struct workplace *out, struct forge *forge,
	const struct workplace_options *options, struct arena *mem, struct err *err) MUST_CHECK;
/* Removes the checkout; an empty one is legal. */
void workplace_close(struct workplace *w);
