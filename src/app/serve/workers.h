/* workers: jobs of the queue, each done by a child process of this program.
 * Layer: app/serve. A crash, a leak or a hang of a job is the child's; a time limit ends it. One
 * thread (the caller's) watches all children, renews their leases and writes down how they ended:
 * exit 0 done, 3 or a signal tried again later, else dead at once (a person has to look). */
#pragma once

#include <stdbool.h>

#include "app/serve/counts.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "port/store/queue.h"

struct store;
struct workers;

struct workers_options {
	int jobs;      /* side by side; 0: none here, other processes work */
	int timeout_s; /* of one job; 0: 7200 */
	const char *store_path;
	const char *const *extra; /* arguments for the child behind --job and --store; NULL: none */
	struct queue_rules rules;
	bool catch_up; /* queue a JOB_CATCH_UP now and then */
};

/* The store is borrowed, and used by workers_run's thread alone. */
struct workers *workers_new(
	const struct workers_options *options, struct store *store, struct counts *counts);
/* Kills what still runs; its jobs go back to the queue. */
void workers_free(struct workers *w);
DEFINE_CLEANUP(struct workers *, workers_free)

/* Works until workers_stop, or with `once` until nothing is due. Store failures are waited out. */
int workers_run(struct workers *w, bool once, struct err *err) MUST_CHECK;
/* From any thread: there may be a new job. */
void workers_poke(struct workers *w);
/* From any thread: no new jobs; those running have grace_ms, then they are given back. */
void workers_stop(struct workers *w, int grace_ms);
