/* db: one SQLite connection and its statements, inside port/store only.
 * Layer: port. Every SQLite result becomes an error that says what, where and what to do. */
#pragma once

#include <stdint.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/err.h"

/* The file's mark in SQLite's header: "sfhl". */
enum { STORE_APPLICATION_ID = 0x7366686c };

struct store {
	sqlite3 *db;
	char *path;
	int journal_rows; /* committed by this process */
	int kill_after;   /* test hook; 0: never */
	bool in_transaction;
};

/* Turns the connection's last failure into *err; gives -1. */
int store_fail(struct store *store, const char *action, struct err *err);

/* One statement with positional parameters, bound in order: */
struct query {
	struct store *store;
	sqlite3_stmt *stmt;
	int bound;
	int rc; /* the first failure of a binding */
};
#define QUERY_AUTO CLEANUP(query_close) struct query

/* Prepares; a failed query is closed by its cleanup too. */
int query_open(struct query *q, struct store *store, const char *sql, struct err *err) MUST_CHECK;
void query_close(struct query *q);
void query_str(struct query *q, struct str s);
void query_int(struct query *q, int64_t v);
/* QUERY_ROW when there is a row, 0 at the end. */
enum { QUERY_ROW = 1 };
int query_step(struct query *q, struct err *err) MUST_CHECK;
/* For statements without rows: steps to the end. */
int query_run(struct query *q, struct err *err) MUST_CHECK;
/* Starts over with new parameters. */
void query_again(struct query *q);
/* Columns of the current row, 0-based; text copied into mem. */
struct str query_text(struct query *q, int column, struct arena *mem);
int64_t query_i64(struct query *q, int column);
/* Rows changed by the last statement that ended. */
int store_changes(struct store *store);

/* BEGIN IMMEDIATE ... COMMIT; leaving the scope without store_commit() rolls back:
 *	TRANSACTION_AUTO tx = store;  if (store_begin(tx, err) < 0) ... return store_commit(tx,
 *err); */
int store_begin(struct store *store, struct err *err) MUST_CHECK;
int store_commit(struct store *store, struct err *err) MUST_CHECK;
void store_rollback(struct store **store);
#define TRANSACTION_AUTO CLEANUP(store_rollback) struct store *

/* Brings the schema up to this program's version, one transaction a migration. ERR_CONFIG when the
 * file's version is newer. */
int store_migrate(struct store *store, bool read_only, struct err *err) MUST_CHECK;
/* The version the embedded migrations lead to. */
int store_schema_version(void);
