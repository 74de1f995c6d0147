#include "port/store/db.h"

#include <assert.h>
#include <errno.h>

static int fail_busy(struct store *s, const char *action, struct err *err)
{
	return err_set(err, ERR_CONFLICT,
		"cannot %s '%s': another process is writing to it; wait for it to end, or give "
		"another file with --store",
		action, s->path);
}

static int fail_damaged(struct store *s, const char *action, struct err *err)
{
	return err_set(err, ERR_PARSE,
		"cannot %s '%s': the file is damaged (%s); nothing was changed: move it away or "
		"put "
		"back a copy, then run again",
		action, s->path, sqlite3_errmsg(s->db));
}

static int fail_system(struct store *s, const char *action, int fallback, struct err *err)
{
	int no = sqlite3_system_errno(s->db);

	return err_sys(err, no ? no : fallback, "cannot %s '%s'", action, s->path);
}

int store_fail(struct store *s, const char *action, struct err *err)
{
	switch (sqlite3_extended_errcode(s->db) & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fail_busy(s, action, err);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fail_damaged(s, action, err);
	case SQLITE_FULL:
		return fail_system(s, action, ENOSPC, err);
	case SQLITE_IOERR:
		return fail_system(s, action, EIO, err);
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return fail_system(s, action, EACCES, err);
	case SQLITE_READONLY:
		return err_set(err, ERR_CONFIG,
			"cannot %s '%s': the file or its folder is read-only; make it writable, or "
			"give another file with --store",
			action, s->path);
	case SQLITE_ERROR: /* a table that is not there: someone else changed the schema */
		return fail_damaged(s, action, err);
	default:
		return err_set(err, ERR_INTERNAL, "cannot %s '%s': %s", action, s->path,
			sqlite3_errmsg(s->db));
	}
}

int query_open(struct query *q, struct store *store, const char *sql, struct err *err)
{
	*q = (struct query){.store = store, .rc = SQLITE_OK};
	if (sqlite3_prepare_v2(store->db, sql, -1, &q->stmt, NULL) != SQLITE_OK)
		return store_fail(store, "read store", err);
	assert(q->stmt);
	return 0;
}

void query_close(struct query *q)
{
	sqlite3_finalize(q->stmt);
	q->stmt = NULL;
}

static void query_bound(struct query *q, int rc)
{
	if (q->rc == SQLITE_OK)
		q->rc = rc;
}

void query_str(struct query *q, struct str s)
{
	query_bound(q, sqlite3_bind_text64(q->stmt, ++q->bound, s.p ? s.p : "", s.n, SQLITE_STATIC,
			       SQLITE_UTF8));
}

void query_int(struct query *q, int64_t v)
{
	query_bound(q, sqlite3_bind_int64(q->stmt, ++q->bound, v));
}

int query_step(struct query *q, struct err *err)
{
	if (q->rc != SQLITE_OK)
		return err_set(err, q->rc == SQLITE_TOOBIG ? ERR_LIMIT : ERR_INTERNAL,
			"cannot use store '%s': %s", q->store->path, sqlite3_errstr(q->rc));
	switch (sqlite3_step(q->stmt)) {
	case SQLITE_ROW:
		return QUERY_ROW;
	case SQLITE_DONE:
		return 0;
	default:
		return store_fail(q->store,
			sqlite3_stmt_readonly(q->stmt) ? "read store" : "write store", err);
	}
}

int query_run(struct query *q, struct err *err)
{
	int rc;

	do {
		rc = query_step(q, err);
	} while (rc == QUERY_ROW);
	return rc;
}

void query_again(struct query *q)
{
	sqlite3_reset(q->stmt);
	q->bound = 0;
}

struct str query_text(struct query *q, int column, struct arena *mem)
{
	const char *p = (const char *)sqlite3_column_text(q->stmt, column);

	return arena_str(mem, str_make(p, p ? (size_t)sqlite3_column_bytes(q->stmt, column) : 0));
}

int64_t query_i64(struct query *q, int column)
{
	return sqlite3_column_int64(q->stmt, column);
}

int store_changes(struct store *store)
{
	return sqlite3_changes(store->db);
}

static int run_plain(struct store *store, const char *sql, struct err *err)
{
	QUERY_AUTO q;

	return query_open(&q, store, sql, err) < 0 ? -1 : query_run(&q, err);
}

int store_begin(struct store *store, struct err *err)
{
	assert(!store->in_transaction);
	/* IMMEDIATE: the wait for other writers happens here, not at the first write. */
	if (run_plain(store, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	store->in_transaction = true;
	return 0;
}

int store_commit(struct store *store, struct err *err)
{
	assert(store->in_transaction);
	if (run_plain(store, "COMMIT", err) < 0)
		return -1;
	store->in_transaction = false;
	return 0;
}

void store_rollback(struct store **store)
{
	if (!(*store)->in_transaction)
		return;
	/* SQLite may have rolled back by itself (disk full): then there is nothing to do. */
	if (!sqlite3_get_autocommit((*store)->db))
		sqlite3_exec((*store)->db, "ROLLBACK", NULL, NULL, NULL);
	(*store)->in_transaction = false;
}
