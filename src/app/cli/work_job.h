/* work_job: one job in this process: GitHub opened, the repository's settings read from its default
 * branch, never from a head.
 * Layer: app. */
#pragma once

#include "app/cli/serve_args.h"
#include "model/job.h"

int work_job(const struct cli *cli, const struct serve_args *args, const struct job *job,
	struct arena *mem, struct err *err) MUST_CHECK;
/* The folder of mirrors and checkouts: the setting, else in the user's cache. */
int work_find_cache(
	const char **out, struct config *config, struct arena *mem, struct err *err) MUST_CHECK;
