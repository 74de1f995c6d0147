#include "port/store/notice_log.h"

#include "base/clock.h"
#include "port/store/db.h"

int notice_log_has(
	struct store *store, struct str channel, struct str key, int64_t since, struct err *err)
{
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store,
		    "SELECT 1 FROM notices WHERE channel = ? AND key = ? AND sent_at >= ?",
		    err) < 0)
		return -1;
	query_str(&q, channel);
	query_str(&q, key);
	query_int(&q, since);
	rc = query_step(&q, err);
	return rc < 0 ? -1 : rc == QUERY_ROW ? 0 : NOTICE_UNSENT;
}

static int forget(struct store *store, int64_t before, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store, "DELETE FROM notices WHERE sent_at < ?", err) < 0)
		return -1;
	query_int(&q, before);
	return query_run(&q, err);
}

int notice_log_add(struct store *store, struct str channel, struct str key, int64_t forget_before,
	struct err *err)
{
	TRANSACTION_AUTO tx = store;
	QUERY_AUTO q = {0};

	if (store_begin(tx, err) < 0 || forget(store, forget_before, err) < 0 ||
		query_open(&q, store,
			"INSERT OR REPLACE INTO notices(channel, key, sent_at) VALUES(?, ?, ?)",
			err) < 0)
		return -1;
	query_str(&q, channel);
	query_str(&q, key);
	query_int(&q, clock_wall_s());
	if (query_run(&q, err) < 0)
		return -1;
	return store_commit(tx, err);
}
