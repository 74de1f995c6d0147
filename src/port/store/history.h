/* history: small numbers that make the next run better.
 * Layer: port. Strings received live in mem. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct store;

/* How often what an origin (template, rule, tool) proposed was tried on the ladder, and held. */
struct origin_record {
	struct str origin;
	int64_t tried, held;
};
/* Adds to the counts, all in one transaction. */
int origin_record_add(struct store *store, const struct origin_record *deltas, size_t n,
	struct err *err) MUST_CHECK;
/* All of them, by origin. */
int origin_record_load(struct store *store, struct origin_record **records, size_t *n,
	struct arena *mem, struct err *err) MUST_CHECK;

/* The last green duration of a command: what learned time-outs come from. RUN_TIME_UNKNOWN. */
enum { RUN_TIME_UNKNOWN = 1 };
int run_time_get(
	struct store *store, struct str command, int64_t *duration_ms, struct err *err) MUST_CHECK;
int run_time_set(
	struct store *store, struct str command, int64_t duration_ms, struct err *err) MUST_CHECK;

/* What reruns of a test showed so far; failed of runs. FLAKY_UNKNOWN leaves *out alone. */
struct flaky_record {
	struct str test, fingerprint;
	int64_t runs, failed, last_seen_at;
};
enum { FLAKY_UNKNOWN = 1 };
int flaky_add(struct store *store, struct str test, struct str fingerprint, int64_t runs,
	int64_t failed, struct err *err) MUST_CHECK;
int flaky_get(struct store *store, struct str test, struct flaky_record *out, struct arena *mem,
	struct err *err) MUST_CHECK;
