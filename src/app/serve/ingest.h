/* ingest: from the spool to the store: deliveries are read, de-duplicated, and made jobs.
 * Layer: app/serve. A thread of its own, with a store connection of its own. It gives way while
 * deliveries come in fast, as long as the spool has room. */
#pragma once

#include "app/serve/counts.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "port/store/queue.h"

struct spool;
struct ingest;
struct store;

struct ingest_options {
	struct intake_context context;
	const char *const *allow; /* globs of "owner/name", NULL-terminated; NULL: all */
	struct queue_rules rules;
	int keep_days; /* deliveries and jobs that are done; 0: 30 */
};

/* Takes the store. queued is called, from the thread, when there are new jobs. */
int ingest_start(struct ingest **out, const struct ingest_options *options, struct spool *spool,
	struct store **store, struct counts *counts, void (*queued)(void *data), void *data,
	struct err *err) MUST_CHECK;
/* Stops between two batches; NULL is legal. */
void ingest_free(struct ingest *i);
DEFINE_CLEANUP(struct ingest *, ingest_free)
