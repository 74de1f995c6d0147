/* queue: jobs in the store: one after the other within a repository, many repositories side by
 * side, each leased to one worker at a time.
 * Layer: port. A job is waiting, running (leased until some time), done, dead (given up: a person
 * may look and requeue) or dropped (outdated). A worker that dies leaves its lease to expire; the
 * job then waits again, one try the poorer. Strings received live in mem. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/job.h"

struct store;

/* Rules that settings may change. */
struct queue_rules {
	int max_tries;     /* then a job is dead; 0: 5 */
	int backoff_s;     /* after the first failure, doubled each time; 0: 30 */
	int lease_s;       /* 0: 60 */
	int jobs_per_hour; /* started of one repository; 0: no limit */
	int max_waiting;   /* of one repository; 0: 1000 */
};

/* --- deliveries --- */

struct delivery_row {
	struct str sum, id, event, action, repo;
	int64_t bytes, received_at;
	const char *result,
		*why; /* words for who looks at the table; result unless it is one of enum queued */
	const struct job *job; /* NULL: none */
};
enum queued {
	QUEUED,           /* or noted: no job was given */
	QUEUED_KNOWN,     /* the delivery was stored before: nothing changed */
	QUEUED_DUPLICATE, /* body or job known by another delivery */
	QUEUED_OUTDATED,  /* a newer commit of the branch is known */
	QUEUED_CROWDED,   /* max_waiting of the repository wait already */
};
/* Stores deliveries read from the spool, queues their jobs and notes how far the spool was read,
 * in one transaction. results[i] says what became of the i-th; *superseded is raised by the waiting
 * jobs that became outdated. The spool's place is kept as two numbers. */
struct spool_place;
int queue_ingest(struct store *store, const struct delivery_row *rows, size_t n,
	const struct spool_place *place, const struct queue_rules *rules, enum queued *results,
	uint64_t *superseded, struct err *err) MUST_CHECK;
/* {0} when none was noted. */
int queue_place(struct store *store, struct spool_place *out, struct err *err) MUST_CHECK;
/* Puts a job in from no delivery; QUEUED or QUEUED_DUPLICATE. */
int queue_add(struct store *store, const struct job *job, struct err *err) MUST_CHECK;
/* Forgets deliveries, and jobs that ended well, of before a time. */
int queue_forget(struct store *store, int64_t before, struct err *err) MUST_CHECK;

/* --- working --- */

enum { QUEUE_NONE = 1 };
/* Leases the next job that may run now to owner: the first of its repository, its back-off over,
 * the repository within its quota, oldest first. QUEUE_NONE; then *wait_s says in how long it is
 * worth asking again (0: only when a job comes). Expired leases are taken back first (counted into
 * *lost). */
int queue_claim(struct store *store, const char *owner, const struct queue_rules *rules,
	struct job *out, int64_t *wait_s, uint64_t *lost, struct arena *mem,
	struct err *err) MUST_CHECK;
/* Each gives QUEUE_NONE when owner does not hold the lease any more. */
int queue_renew(struct store *store, int64_t job, const char *owner,
	const struct queue_rules *rules, struct err *err) MUST_CHECK;
int queue_done(struct store *store, int64_t job, const char *owner, struct err *err) MUST_CHECK;
/* Failed: waits for its next try, or is dead (*dead). final: dead at once. */
int queue_fail(struct store *store, int64_t job, const char *owner, const struct queue_rules *rules,
	struct str error, bool final, bool *dead, struct err *err) MUST_CHECK;
/* Given back unfinished by a worker that stops: the try does not count. */
int queue_return(struct store *store, int64_t job, const char *owner, struct err *err) MUST_CHECK;

/* --- looking --- */

int queue_get(struct store *store, int64_t id, struct job *out, struct str *state,
	struct arena *mem, struct err *err) MUST_CHECK;
/* Those of a state ("dead", "waiting"...), newest first. */
int queue_list(struct store *store, const char *state, size_t max, struct job **out, size_t *n,
	struct arena *mem, struct err *err) MUST_CHECK;
/* A dead or dropped job waits again, with all its tries. QUEUE_NONE: it is neither. */
int queue_requeue(struct store *store, int64_t id, struct err *err) MUST_CHECK;
struct queue_depth {
	int64_t waiting, running, dead, oldest_waiting_at; /* 0: none waits */
};
int queue_depth(struct store *store, struct queue_depth *out, struct err *err) MUST_CHECK;
