/* respond: one job of the queue, from the event to what is said on GitHub.
 * Layer: heal. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/job.h"

struct respond_options {
	const char *store_path;
};

/* Does the job. 0 it is done (also when there was nothing to do); < 0 it is not: err_is_retryable
 * says whether it is worth trying again. */
int respond_run(const struct job *job, const struct respond_options *options, struct arena *mem,
	struct err *err) MUST_CHECK;
