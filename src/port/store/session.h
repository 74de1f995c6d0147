/* session: one run, and its journal: what a resumed run reads instead of doing it again.
 * Layer: port. Every call that returns 0 has been synced to disk. Strings given are borrowed for
 * the call; strings received live in mem. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/failure.h"

struct store;

enum { SESSION_ID_SIZE = 41 };

struct session_record {
	char id[SESSION_ID_SIZE];
	struct str root;        /* absolute path of the project */
	struct str base_commit; /* HEAD when it began, "" without git */
	struct str branch;      /* "" when detached or without git */
	struct str options;     /* JSON of what resume needs to go on alike */
	int64_t started_at;
	int64_t ended_at;   /* 0: not ended */
	struct str outcome; /* "" until ended */
};

/* A stage's result. (stage, key) happens once a session; key may be "". */
struct journal_row {
	int64_t seq; /* 1, 2, ... */
	struct str stage, key, json;
	int64_t created_at;
};

/* Fills *session's id and started_at, and stores it. */
int session_begin(struct store *store, struct session_record *session, struct err *err) MUST_CHECK;
int session_end(
	struct store *store, const char *id, struct str outcome, struct err *err) MUST_CHECK;
/* SESSION_NONE when there is no such session. */
enum { SESSION_NONE = 1 };
int session_get(struct store *store, const char *id, struct session_record *out, struct arena *mem,
	struct err *err) MUST_CHECK;
/* The last session of that project that began and did not end, or SESSION_NONE. Whether it still
 * runs is what the lock tells, not the store. */
int session_unfinished(struct store *store, struct str root, struct session_record *out,
	struct arena *mem, struct err *err) MUST_CHECK;

/* JOURNAL_PRESENT when the session has a row of that stage and key already (it is kept as it is):
 * an intent repeated after a resume. */
enum { JOURNAL_PRESENT = 1 };
int journal_append(struct store *store, const char *session, struct str stage, struct str key,
	struct str json, struct err *err) MUST_CHECK;
/* All rows in order; stage STR_NULL: of every stage. */
int journal_load(struct store *store, const char *session, struct str stage,
	struct journal_row **rows, size_t *n, struct arena *mem, struct err *err) MUST_CHECK;

/* The failures a session saw (kept once per fingerprint; those without one are left out). */
int session_add_failures(struct store *store, const char *session, const struct failure_list *list,
	struct err *err) MUST_CHECK;
/* One attempt that climbed the ladder: SPEC 13's self-correction record as JSON. */
struct attempt_record {
	int attempt; /* 1, 2, ...: stored again it replaces the row */
	struct str source, origin;
	bool held;
	struct str json;
};
int session_add_attempt(struct store *store, const char *session,
	const struct attempt_record *attempt, struct err *err) MUST_CHECK;
/* How often a fingerprint was seen in other sessions, and when last (0: never). */
int failure_sightings(struct store *store, struct str fingerprint, const char *except_session,
	int64_t *count, int64_t *last_seen_at, struct err *err) MUST_CHECK;
