/* serve_args: what 'serve' and 'work' share: settings, the store's place, the rules of the queue.
 * Layer: app. */
#pragma once

#include "app/cli/cmd.h"
#include "app/config/config.h"
#include "app/serve/workers.h"

struct serve_args {
	struct config config;
	struct buf store;
	const char *extra[4]; /* arguments handed on to job processes */
	struct workers_options workers;
};

/* Options that both have, for their tables. */
#define SERVE_STORE_OPT                                                                            \
	{                                                                                          \
		"store", 0, OPT_STR, "FILE", NULL,                                                 \
			"where deliveries, jobs and fixes are kept (default: "                     \
			"selfheal/serve.db in XDG_STATE_HOME)"                                     \
	}
#define SERVE_JOBS_OPT                                                                             \
	{                                                                                          \
		"jobs", 'j', OPT_INT, "N", "1",                                                    \
			"jobs done side by side; 0: none here, other 'work' processes do them",    \
			.min = 0, .max = 64                                                        \
	}

void serve_args_init(struct serve_args *a);
void serve_args_release(struct serve_args *a);
#define SERVE_ARGS_AUTO CLEANUP(serve_args_release) struct serve_args
int serve_args_load(struct serve_args *a, const struct cli *cli, struct err *err) MUST_CHECK;
