#include "port/store/audit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "port/crypto/sha256.h"
#include "port/store/db.h"

struct audit_row {
	int64_t seq, at;
	struct str actor, action, subject, evidence, previous, hash;
};

static void hash_part(struct buf *text, struct str part)
{
	/* Lengths in front, so that no two rows spell the same bytes. */
	buf_printf(text, "%zu:", part.n);
	buf_str(text, part);
}

static void audit_hash(char out[SHA256_HEX_SIZE], const struct audit_row *row)
{
	BUF_AUTO text;

	buf_init(&text, (size_t)LIMIT_JSON_BYTES * 2);
	buf_printf(&text, "%lld %lld ", (long long)row->seq, (long long)row->at);
	hash_part(&text, row->previous);
	hash_part(&text, row->actor);
	hash_part(&text, row->action);
	hash_part(&text, row->subject);
	hash_part(&text, row->evidence);
	sha256_hex(out, buf_view(&text));
}

static int last_audit_row(
	struct store *store, struct audit_row *row, struct arena *mem, struct err *err)
{
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", err) < 0)
		return -1;
	if ((rc = query_step(&q, err)) == QUERY_ROW)
		*row = (struct audit_row){.seq = query_i64(&q, 0), .hash = query_text(&q, 1, mem)};
	return rc < 0 ? -1 : 0;
}

static int insert_audit_row(struct store *store, const struct audit_row *row, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store,
		    "INSERT INTO audit(seq, at, actor, action, subject, evidence, previous, hash) "
		    "VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
		    err) < 0)
		return -1;
	query_int(&q, row->seq);
	query_int(&q, row->at);
	query_str(&q, row->actor);
	query_str(&q, row->action);
	query_str(&q, row->subject);
	query_str(&q, row->evidence);
	query_str(&q, row->previous);
	query_str(&q, row->hash);
	return query_run(&q, err);
}

int audit_append(struct store *store, struct str actor, struct str action, struct str subject,
	struct str evidence, struct err *err)
{
	TRANSACTION_AUTO tx = store;
	ARENA_AUTO mem;
	struct audit_row last = {0}, row;
	char hash[SHA256_HEX_SIZE];

	arena_init(&mem);
	if (store_begin(tx, err) < 0 || last_audit_row(store, &last, &mem, err) < 0)
		return -1;
	row = (struct audit_row){.seq = last.seq + 1,
		.at = clock_wall_s(),
		.actor = actor,
		.action = action,
		.subject = subject,
		.evidence = evidence,
		.previous = last.hash};
	audit_hash(hash, &row);
	row.hash = str_of(hash);
	if (insert_audit_row(store, &row, err) < 0)
		return -1;
	return store_commit(tx, err);
}

static void read_audit_row(struct query *q, struct audit_row *row, struct arena *mem)
{
	*row = (struct audit_row){.seq = query_i64(q, 0),
		.at = query_i64(q, 1),
		.actor = query_text(q, 2, mem),
		.action = query_text(q, 3, mem),
		.subject = query_text(q, 4, mem),
		.evidence = query_text(q, 5, mem),
		.previous = query_text(q, 6, mem),
		.hash = query_text(q, 7, mem)};
}

int audit_verify(struct store *store, int64_t *rows, struct err *err)
{
	char before[SHA256_HEX_SIZE] = "", hash[SHA256_HEX_SIZE];
	int64_t seq = 0;
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store,
		    "SELECT seq, at, actor, action, subject, evidence, previous, hash FROM audit "
		    "ORDER BY seq",
		    err) < 0)
		return -1;
	while ((rc = query_step(&q, err)) == QUERY_ROW) {
		ARENA_AUTO mem;
		struct audit_row row;

		arena_init(&mem);
		read_audit_row(&q, &row, &mem);
		audit_hash(hash, &row);
		if (row.seq != seq + 1 || !str_eq_c(row.previous, before) ||
			!str_eq_c(row.hash, hash))
			return err_set(err, ERR_PARSE,
				"cannot trust the audit log of '%s': row %lld was changed, or the "
				"one before it",
				store->path, (long long)row.seq);
		memcpy(before, hash, sizeof(before));
		seq = row.seq;
	}
	*rows = seq;
	return rc;
}
