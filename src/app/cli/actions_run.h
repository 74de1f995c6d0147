/* actions_run: the run of GitHub Actions we are in, from its environment and its event.
 * Layer: app. The event was written by GitHub, but what stands in it (branches, titles) is
 * anyone's. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct actions_run {
	bool here;             /* GITHUB_ACTIONS=true */
	struct str repository; /* "owner/name" */
	struct str event;      /* "workflow_run" */
	struct str url;        /* of the run whose failure is looked at, else of ours */
	int64_t id, attempt;   /* of the same */
	/* What is looked at: the head of a workflow_run or pull_request, else what was checked out.
	 */
	struct str head_repository, head_branch, head_sha;
	int64_t pull; /* whose head that is; 0: none, or a fork's, which workflow_run does not name
		       */
	bool trusted; /* head and actor belong to the repository itself */
	struct str actor;
	/* The branch whose settings count: what a pull request wants to go to, else the
	 * repository's default. Empty: not known. */
	struct str base_branch;
};

/* Empty outside Actions. ERR_CONFIG when the event file cannot be read. */
int actions_run_read(struct actions_run *out, struct arena *mem, struct err *err) MUST_CHECK;
