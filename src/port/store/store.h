/* store: what selfheal remembers of one repository, durable row by row.
 * Layer: port; src/port/store is the only folder that includes SQLite, and the only one that knows
 * SQL. This header opens and closes; session.h, fix.h, history.h and
 * audit.h say what can be asked of it.
 * A store is used by one thread at a time. A file that is not a store, is damaged, is read-only or
 * was written by a newer selfheal is refused with a clear error and never altered.
 *
 * Test hook: with SELFHEAL_TEST_KILL_AFTER_ROW=N in the environment the process kills itself
 * (SIGKILL) right after the N-th journal row it committed. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

struct store;

struct store_options {
	const char *path; /* the file, made (with its folder) when absent, unless read_only */
	bool read_only;
	int busy_ms; /* how long to wait for another process; 0: 5000 */
};

/* Where the store of the project at root is: <common git folder>/selfheal/store.db, so that linked
 * worktrees share it; without git $XDG_STATE_HOME/selfheal/<hash of root>.db. Opens nothing. */
int store_locate(struct buf *out, const char *root, struct err *err) MUST_CHECK;

/* Makes the folders above path, for this user alone. */
int store_make_folders(const char *path, struct err *err) MUST_CHECK;

/* 0; STORE_ABSENT when read_only and there is no such file; < 0:
 * ERR_CONFIG  not a store, written by a newer selfheal, read-only
 * ERR_PARSE   damaged
 * ERR_CONFLICT in use for longer than busy_ms
 * ERR_SYS     the system refused (disk full: ENOSPC) */
enum { STORE_ABSENT = 1 };
int store_open(struct store **out, const struct store_options *options, struct err *err) MUST_CHECK;
/* Copies what is committed back into the one file; NULL is legal. */
void store_free(struct store *store);
DEFINE_CLEANUP(struct store *, store_free)

const char *store_path(const struct store *store);
/* Reads every page and index, as `doctor` wants it: 0, or ERR_PARSE naming the first damage. */
int store_check(struct store *store, struct err *err) MUST_CHECK;
