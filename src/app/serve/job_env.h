/* job_env: the environment of a job's child: tools and settings, the credentials that jobs need,
 * and never the webhook's secret.
 * Layer: app/serve. */
#pragma once

#include "port/child/environment.h"

struct job_env {
	struct environment all;
	const char *const *v; /* for child_options */
};

/* Of our own environment. */
void job_env_init(struct job_env *e);
void job_env_release(struct job_env *e);
