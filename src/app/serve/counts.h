/* counts: what a server has done, as numbers that any thread may raise and read.
 * Layer: app/serve. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "heal/intake.h"

/* What became of a delivery at the door. */
enum delivery_result {
	DELIVERY_STORED,
	DELIVERY_UNSIGNED,
	DELIVERY_FORGED,
	DELIVERY_MALFORMED,
	DELIVERY_TOO_LARGE,
	DELIVERY_WRONG_TYPE,
	DELIVERY_BUSY,
	DELIVERY_FAILED, /* the disk */
	DELIVERY_CUT,    /* the peer left half-way */
	DELIVERY_RESULTS,
};
const char *delivery_result_to_string(enum delivery_result result);

/* What became of it behind the door. */
enum ingest_result {
	INGEST_JOB,       /* a job was queued */
	INGEST_NOTED,     /* a branch moved: nothing to do but to know it */
	INGEST_IGNORED,   /* nothing is done for such an event */
	INGEST_DUPLICATE, /* its body, or its job, was known */
	INGEST_OUTDATED,  /* a newer commit is there */
	INGEST_REFUSED,   /* the repository is not on the list */
	INGEST_CROWDED,   /* too many jobs of the repository wait */
	INGEST_UNREADABLE,
	INGEST_RESULTS,
};
const char *ingest_result_to_string(enum ingest_result result);

/* Upper ends of the buckets of job seconds. */
enum { JOB_BUCKETS = 8 };
extern const int job_second_buckets[JOB_BUCKETS];

struct counts {
	atomic_ullong deliveries[EVENT_COUNT][DELIVERY_RESULTS];
	atomic_ullong ingested[EVENT_COUNT][INGEST_RESULTS];
	atomic_llong last_delivery_s; /* since the epoch; 0: none */
	atomic_ullong jobs_done, jobs_retried, jobs_dead, leases_lost, superseded;
	atomic_ullong job_ms, jobs_in_bucket[JOB_BUCKETS + 1];
	atomic_int jobs_running;
	/* As the queue was seen last. */
	atomic_llong waiting, dead, oldest_waiting_at;
	atomic_bool store_works, spool_works;
};

static inline void count_up(atomic_ullong *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}
/* Adds a job that took so long to the histogram. */
void counts_job(struct counts *c, int64_t took_ms);
