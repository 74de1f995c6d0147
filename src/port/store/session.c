#include "port/store/session.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "json/json.h"
#include "port/crypto/sha256.h"
#include "port/store/db.h"

/* SPEC 9: an identity from user, container and start. Process and microsecond tell two runs of one
 * second apart. */
static void make_id(char out[SESSION_ID_SIZE], struct str root, int64_t started_at)
{
	BUF_AUTO text;
	char hex[SHA256_HEX_SIZE], host[256] = "";

	buf_init(&text, 8192);
	gethostname(host, sizeof(host) - 1);
	buf_printf(&text, "%u\n%s\n%lld\n%d\n%lld\n", (unsigned)getuid(), host,
		(long long)started_at, (int)getpid(), (long long)clock_mono_us());
	buf_str(&text, root);
	sha256_hex(hex, buf_view(&text));
	memcpy(out, hex, SESSION_ID_SIZE - 1);
	out[SESSION_ID_SIZE - 1] = '\0';
}

int session_begin(struct store *store, struct session_record *session, struct err *err)
{
	QUERY_AUTO q;

	session->started_at = clock_wall_s();
	make_id(session->id, session->root, session->started_at);
	if (query_open(&q, store,
		    "INSERT INTO sessions(id, root, base_commit, branch, options, started_at) "
		    "VALUES(?, ?, ?, ?, ?, ?)",
		    err) < 0)
		return -1;
	query_str(&q, str_of(session->id));
	query_str(&q, session->root);
	query_str(&q, session->base_commit);
	query_str(&q, session->branch);
	query_str(&q, session->options);
	query_int(&q, session->started_at);
	return query_run(&q, err);
}

int session_end(struct store *store, const char *id, struct str outcome, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store, "UPDATE sessions SET ended_at = ?, outcome = ? WHERE id = ?",
		    err) < 0)
		return -1;
	query_int(&q, clock_wall_s());
	query_str(&q, outcome);
	query_str(&q, str_of(id));
	if (query_run(&q, err) < 0)
		return -1;
	if (store_changes(store) != 1)
		return err_set(err, ERR_INTERNAL, "cannot end session '%s': not in the store", id);
	return 0;
}

#define SESSION_COLUMNS                                                                            \
	"id, root, base_commit, branch, options, started_at, coalesce(ended_at, 0), "              \
	"coalesce(outcome, '') "

static int read_session(
	struct query *q, struct session_record *out, struct arena *mem, struct err *err)
{
	struct str id;
	int rc = query_step(q, err);

	if (rc != QUERY_ROW)
		return rc < 0 ? -1 : SESSION_NONE;
	*out = (struct session_record){.root = query_text(q, 1, mem),
		.base_commit = query_text(q, 2, mem),
		.branch = query_text(q, 3, mem),
		.options = query_text(q, 4, mem),
		.started_at = query_i64(q, 5),
		.ended_at = query_i64(q, 6),
		.outcome = query_text(q, 7, mem)};
	id = str_slice(query_text(q, 0, mem), 0, SESSION_ID_SIZE - 1);
	memcpy(out->id, id.p, id.n);
	return 0;
}

int session_get(struct store *store, const char *id, struct session_record *out, struct arena *mem,
	struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store, "SELECT " SESSION_COLUMNS "FROM sessions WHERE id = ?", err) < 0)
		return -1;
	query_str(&q, str_of(id));
	return read_session(&q, out, mem, err);
}

int session_unfinished(struct store *store, struct str root, struct session_record *out,
	struct arena *mem, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store,
		    "SELECT " SESSION_COLUMNS "FROM sessions WHERE root = ? AND ended_at IS NULL "
		    "ORDER BY started_at DESC, id DESC LIMIT 1",
		    err) < 0)
		return -1;
	query_str(&q, root);
	return read_session(&q, out, mem, err);
}

/* The test hook of store.h. */
static void count_row(struct store *store)
{
	if (++store->journal_rows == store->kill_after)
		raise(SIGKILL);
}

int journal_append(struct store *store, const char *session, struct str stage, struct str key,
	struct str json, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store,
		    "INSERT INTO journal(session, seq, stage, key, json, created_at) "
		    "SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3, ?4, ?5 "
		    "FROM journal WHERE session = ?1 "
		    "ON CONFLICT(session, stage, key) DO NOTHING",
		    err) < 0)
		return -1;
	query_str(&q, str_of(session));
	query_str(&q, stage);
	query_str(&q, key);
	query_str(&q, json);
	query_int(&q, clock_wall_s());
	if (query_run(&q, err) < 0)
		return -1;
	if (store_changes(store) == 0)
		return JOURNAL_PRESENT;
	count_row(store);
	return 0;
}

int journal_load(struct store *store, const char *session, struct str stage,
	struct journal_row **rows, size_t *n, struct arena *mem, struct err *err)
{
	vec(struct journal_row) found = {0};
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store,
		    "SELECT seq, stage, key, json, created_at FROM journal "
		    "WHERE session = ?1 AND (?2 = '' OR stage = ?2) ORDER BY seq",
		    err) < 0)
		return -1;
	query_str(&q, str_of(session));
	query_str(&q, stage);
	while ((rc = query_step(&q, err)) == QUERY_ROW)
		vec_push(&found, (struct journal_row){.seq = query_i64(&q, 0),
					 .stage = query_text(&q, 1, mem),
					 .key = query_text(&q, 2, mem),
					 .json = query_text(&q, 3, mem),
					 .created_at = query_i64(&q, 4)});
	if (rc == 0) {
		*rows = arena_array(mem, found.n, sizeof(**rows));
		*n = found.n;
		if (found.n)
			memcpy(*rows, found.v, found.n * sizeof(**rows));
	}
	vec_free(&found);
	return rc;
}

static int add_failure(
	struct query *q, const char *session, const struct failure *f, struct err *err)
{
	CLEANUP(json_freep) struct json_t *j = failure_to_json(f);
	BUF_AUTO text;

	buf_init(&text, LIMIT_JSON_BYTES);
	json_write(&text, j, 0);
	query_again(q);
	query_str(q, str_of(session));
	query_str(q, str_of(f->fingerprint));
	query_str(q, str_of(f->cause));
	query_str(q, STR("fp1"));
	query_str(q, str_of(failure_kind_to_string(f->kind)));
	query_str(q, buf_view(&text));
	query_int(q, clock_wall_s());
	return query_run(q, err);
}

int session_add_failures(
	struct store *store, const char *session, const struct failure_list *list, struct err *err)
{
	TRANSACTION_AUTO tx = store;
	QUERY_AUTO q = {0};

	if (store_begin(tx, err) < 0 ||
		query_open(&q, store,
			"INSERT INTO failures(session, fingerprint, cause, fp_version, kind, json, "
			"seen_at) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			err) < 0)
		return -1;
	vec_each (f, &list->items)
		if (f->fingerprint[0] && add_failure(&q, session, f, err) < 0)
			return -1;
	return store_commit(tx, err);
}

int session_add_attempt(struct store *store, const char *session,
	const struct attempt_record *attempt, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store,
		    "INSERT OR REPLACE INTO attempts(session, attempt, source, origin, held, json, "
		    "created_at) VALUES(?, ?, ?, ?, ?, ?, ?)",
		    err) < 0)
		return -1;
	query_str(&q, str_of(session));
	query_int(&q, attempt->attempt);
	query_str(&q, attempt->source);
	query_str(&q, attempt->origin);
	query_int(&q, attempt->held);
	query_str(&q, attempt->json);
	query_int(&q, clock_wall_s());
	return query_run(&q, err);
}

int failure_sightings(struct store *store, struct str fingerprint, const char *except_session,
	int64_t *count, int64_t *last_seen_at, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store,
		    "SELECT count(*), coalesce(max(seen_at), 0) FROM failures "
		    "WHERE fingerprint = ? AND session <> ?",
		    err) < 0)
		return -1;
	query_str(&q, fingerprint);
	query_str(&q, str_of(except_session));
	if (query_step(&q, err) < 0)
		return -1;
	*count = query_i64(&q, 0);
	*last_seen_at = query_i64(&q, 1);
	return 0;
}
