#include "port/store/history.h"

#include "base/clock.h"
#include "base/vec.h"
#include "port/store/db.h"

int origin_record_add(
	struct store *store, const struct origin_record *deltas, size_t n, struct err *err)
{
	TRANSACTION_AUTO tx = store;
	QUERY_AUTO q = {0};

	if (store_begin(tx, err) < 0 ||
		query_open(&q, store,
			"INSERT INTO origin_record(origin, tried, held) VALUES(?, ?, ?) "
			"ON CONFLICT(origin) DO UPDATE SET tried = tried + excluded.tried, "
			"held = held + excluded.held",
			err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		query_again(&q);
		query_str(&q, deltas[i].origin);
		query_int(&q, deltas[i].tried);
		query_int(&q, deltas[i].held);
		if (query_run(&q, err) < 0)
			return -1;
	}
	return store_commit(tx, err);
}

int origin_record_load(struct store *store, struct origin_record **records, size_t *n,
	struct arena *mem, struct err *err)
{
	vec(struct origin_record) found = {0};
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store, "SELECT origin, tried, held FROM origin_record ORDER BY origin",
		    err) < 0)
		return -1;
	while ((rc = query_step(&q, err)) == QUERY_ROW)
		vec_push(&found, (struct origin_record){query_text(&q, 0, mem), query_i64(&q, 1),
					 query_i64(&q, 2)});
	if (rc == 0) {
		*records = arena_array(mem, found.n, sizeof(**records));
		*n = found.n;
		if (found.n)
			memcpy(*records, found.v, found.n * sizeof(**records));
	}
	vec_free(&found);
	return rc;
}

int run_time_get(struct store *store, struct str command, int64_t *duration_ms, struct err *err)
{
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store, "SELECT duration_ms FROM run_times WHERE command = ?", err) < 0)
		return -1;
	query_str(&q, command);
	if ((rc = query_step(&q, err)) != QUERY_ROW)
		return rc < 0 ? -1 : RUN_TIME_UNKNOWN;
	*duration_ms = query_i64(&q, 0);
	return 0;
}

int run_time_set(struct store *store, struct str command, int64_t duration_ms, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store,
		    "INSERT OR REPLACE INTO run_times(command, duration_ms, measured_at) "
		    "VALUES(?, ?, ?)",
		    err) < 0)
		return -1;
	query_str(&q, command);
	query_int(&q, duration_ms);
	query_int(&q, clock_wall_s());
	return query_run(&q, err);
}

int flaky_add(struct store *store, struct str test, struct str fingerprint, int64_t runs,
	int64_t failed, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store,
		    "INSERT INTO flaky_tests(test, fingerprint, runs, failed, last_seen_at) "
		    "VALUES(?, ?, ?, ?, ?) ON CONFLICT(test) DO UPDATE SET "
		    "fingerprint = excluded.fingerprint, runs = runs + excluded.runs, "
		    "failed = failed + excluded.failed, last_seen_at = excluded.last_seen_at",
		    err) < 0)
		return -1;
	query_str(&q, test);
	query_str(&q, fingerprint);
	query_int(&q, runs);
	query_int(&q, failed);
	query_int(&q, clock_wall_s());
	return query_run(&q, err);
}

int flaky_get(struct store *store, struct str test, struct flaky_record *out, struct arena *mem,
	struct err *err)
{
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store,
		    "SELECT test, fingerprint, runs, failed, last_seen_at FROM flaky_tests "
		    "WHERE test = ?",
		    err) < 0)
		return -1;
	query_str(&q, test);
	if ((rc = query_step(&q, err)) != QUERY_ROW)
		return rc < 0 ? -1 : FLAKY_UNKNOWN;
	*out = (struct flaky_record){.test = query_text(&q, 0, mem),
		.fingerprint = query_text(&q, 1, mem),
		.runs = query_i64(&q, 2),
		.failed = query_i64(&q, 3),
		.last_seen_at = query_i64(&q, 4)};
	return 0;
}
