#include "port/store/queue.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/vec.h"
#include "json/json.h"
#include "port/store/db.h"
#include "port/store/spool.h"

enum {
	MAX_TRIES = 5,
	BACKOFF_S = 30,
	BACKOFF_MAX_S = 3600,
	LEASE_S = 60,
	MAX_WAITING = 1000,
	HOUR_S = 3600,
	ERROR_MAX = 2000,
};

static int or_default(int value, int fallback)
{
	return value ? value : fallback;
}

/* One statement of numbers and texts, run to its end; gives the rows it changed, or -1. */
static int run(struct store *store, const char *sql, const int64_t *numbers, size_t n,
	const struct str *texts, size_t m, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store, sql, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		query_int(&q, numbers[i]);
	for (size_t i = 0; i < m; i++)
		query_str(&q, texts[i]);
	return query_run(&q, err) < 0 ? -1 : store_changes(store);
}
#define NUMBERS(...)                                                                               \
	(const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)
#define TEXTS(...)                                                                                 \
	(const struct str[]){__VA_ARGS__},                                                         \
		sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str)

/* Whether a query with these texts has a row; its first column. */
static int ask(struct store *store, const char *sql, const struct str *texts, size_t m,
	int64_t *out, struct err *err)
{
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store, sql, err) < 0)
		return -1;
	for (size_t i = 0; i < m; i++)
		query_str(&q, texts[i]);
	rc = query_step(&q, err);
	if (rc == QUERY_ROW)
		*out = query_i64(&q, 0);
	return rc;
}

/* --- deliveries --- */

/* Older jobs of the line, for other commits, are not worth doing any more. */
static int supersede(
	struct store *store, const struct job *job, uint64_t *superseded, struct err *err)
{
	int n;

	if (!job->line.n || !job->at)
		return 0;
	if (run(store,
		    "INSERT INTO branch_heads(at, line, sha) VALUES(?, ?, ?) ON CONFLICT(line) DO "
		    "UPDATE SET sha = excluded.sha, at = excluded.at WHERE excluded.at > at",
		    NUMBERS(job->at), TEXTS(job->line, job->sha), err) < 0)
		return -1;
	n = run(store,
		"UPDATE jobs SET state = 'dropped', error = 'outdated: a newer commit came', "
		"updated_at = ?1 WHERE state = 'waiting' AND at < ?2 AND line = ?3 AND sha <> ?4",
		NUMBERS(clock_wall_s(), job->at), TEXTS(job->line, job->sha), err);
	if (n < 0)
		return -1;
	*superseded += (uint64_t)n;
	return 0;
}

static int is_outdated(struct store *store, const struct job *job, struct err *err)
{
	int64_t at = 0;
	int rc;

	if (!job->line.n || !job->at)
		return 0;
	rc = ask(store, "SELECT at FROM branch_heads WHERE line = ? AND sha <> ?",
		TEXTS(job->line, job->sha), &at, err);
	return rc < 0 ? -1 : rc == QUERY_ROW && at > job->at;
}

static int insert_job(struct store *store, const struct job *job, struct err *err)
{
	CLEANUP(json_freep) struct json_t *j = job_to_json(job);
	BUF_AUTO text = BUF_INIT(LIMIT_TEXT_BYTES);
	int n;

	json_write(&text, j, 0);
	n = run(store,
		"INSERT INTO jobs(at, created_at, updated_at, key, repo, kind, line, sha, json, "
		"state) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting') ON CONFLICT(key) DO NOTHING",
		NUMBERS(job->at, clock_wall_s(), clock_wall_s()),
		TEXTS(job->key, job->repo, str_of(job_kind_to_string(job->kind)), job->line,
			job->sha, buf_view(&text)),
		err);
	if (n < 0)
		return -1;
	return n ? QUEUED : QUEUED_DUPLICATE;
}

static int add_job(struct store *store, const struct job *job, const struct queue_rules *rules,
	uint64_t *superseded, struct err *err)
{
	int64_t waiting = 0;
	int rc = is_outdated(store, job, err);

	if (rc)
		return rc < 0 ? -1 : QUEUED_OUTDATED;
	if (supersede(store, job, superseded, err) < 0)
		return -1;
	if (job->kind == JOB_PUSH) /* nothing else to do */
		return QUEUED;
	rc = ask(store,
		"SELECT count(*) FROM jobs WHERE repo = ? AND state IN ('waiting', 'running')",
		TEXTS(job->repo), &waiting, err);
	if (rc < 0)
		return -1;
	if (waiting >= or_default(rules->max_waiting, MAX_WAITING))
		return QUEUED_CROWDED;
	return insert_job(store, job, err);
}

static const char *queued_to_string(int queued)
{
	static const char *const words[] = {[QUEUED_KNOWN] = "known",
		[QUEUED_DUPLICATE] = "duplicate",
		[QUEUED_OUTDATED] = "outdated",
		[QUEUED_CROWDED] = "crowded"};

	return words[queued];
}

static int note_delivery(
	struct store *store, const struct delivery_row *row, const char *result, struct err *err)
{
	return run(store,
		       "INSERT INTO deliveries(bytes, received_at, sum, id, event, action, repo, "
		       "result, why) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
		       NUMBERS(row->bytes, row->received_at),
		       TEXTS(row->sum, row->id, row->event, row->action, row->repo, str_of(result),
			       str_of(row->why ? row->why : "")),
		       err) < 0
		       ? -1
		       : 0;
}

/* The known delivery, else what becomes of the row. */
static int ingest_one(struct store *store, const struct delivery_row *row,
	const struct queue_rules *rules, uint64_t *superseded, struct err *err)
{
	int64_t same_id = 0;
	int rc = ask(store, "SELECT max(id = ?2) FROM deliveries WHERE sum = ?1 HAVING count(*)",
		TEXTS(row->sum, row->id), &same_id, err);
	int result = QUEUED;

	if (rc < 0)
		return -1;
	if (rc == QUERY_ROW && same_id)
		return QUEUED_KNOWN;
	if (rc == QUERY_ROW)
		result = QUEUED_DUPLICATE;
	else if (row->job)
		result = add_job(store, row->job, rules, superseded, err);
	if (result < 0)
		return -1;
	if (note_delivery(store, row, result ? queued_to_string(result) : row->result, err) < 0)
		return -1;
	return result;
}

int queue_ingest(struct store *store, const struct delivery_row *rows, size_t n,
	const struct spool_place *place, const struct queue_rules *rules, enum queued *results,
	uint64_t *superseded, struct err *err)
{
	TRANSACTION_AUTO tx = store;

	if (store_begin(tx, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int rc = ingest_one(store, &rows[i], rules, superseded, err);

		if (rc < 0)
			return -1;
		results[i] = (enum queued)rc;
	}
	if (run(store,
		    "INSERT INTO spool_place(one, segment, offset) VALUES(1, ?, ?) ON "
		    "CONFLICT(one) "
		    "DO UPDATE SET segment = excluded.segment, offset = excluded.offset",
		    NUMBERS((int64_t)place->segment, (int64_t)place->offset), NULL, 0, err) < 0)
		return -1;
	return store_commit(tx, err);
}

int queue_place(struct store *store, struct spool_place *out, struct err *err)
{
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store, "SELECT segment, offset FROM spool_place", err) < 0 ||
		(rc = query_step(&q, err)) < 0)
		return -1;
	*out = (struct spool_place){0};
	if (rc == QUERY_ROW)
		*out = (struct spool_place){(uint64_t)query_i64(&q, 0), (uint64_t)query_i64(&q, 1)};
	return 0;
}

int queue_add(struct store *store, const struct job *job, struct err *err)
{
	return insert_job(store, job, err);
}

int queue_forget(struct store *store, int64_t before, struct err *err)
{
	TRANSACTION_AUTO tx = store;

	if (store_begin(tx, err) < 0 ||
		run(store, "DELETE FROM deliveries WHERE received_at < ?", NUMBERS(before), NULL, 0,
			err) < 0 ||
		run(store, "DELETE FROM jobs WHERE state IN ('done', 'dropped') AND updated_at < ?",
			NUMBERS(before), NULL, 0, err) < 0 ||
		run(store, "DELETE FROM branch_heads WHERE at < ?", NUMBERS(before), NULL, 0, err) <
			0)
		return -1;
	return store_commit(tx, err);
}

/* --- working --- */

#define JOB_COLUMNS "id, json, tries, created_at, error"

static int read_job(struct query *q, struct job *out, struct arena *mem, struct err *err)
{
	CLEANUP(json_freep) struct json_t *j = NULL;

	if (json_parse(&j, query_text(q, 1, mem), err) < 0)
		return err_wrap(err, "job %lld", (long long)query_i64(q, 0));
	if (!job_from_json(out, j, mem))
		return err_set(
			err, ERR_PARSE, "job %lld is of no known kind", (long long)query_i64(q, 0));
	out->id = query_i64(q, 0);
	out->tries = query_i64(q, 2);
	out->created_at = query_i64(q, 3);
	out->error = query_text(q, 4, mem);
	return 0;
}

/* Jobs whose worker is gone: back to waiting, or dead when that was the last try. */
static int take_back(
	struct store *store, const struct queue_rules *rules, uint64_t *lost, struct err *err)
{
	int64_t now = clock_wall_s();
	int n = run(store,
		"UPDATE jobs SET state = iif(tries >= ?1, 'dead', 'waiting'), owner = '', "
		"error = 'the worker ended without a word', updated_at = ?2 "
		"WHERE state = 'running' AND lease_until < ?2",
		NUMBERS(or_default(rules->max_tries, MAX_TRIES), now), NULL, 0, err);

	if (n > 0)
		*lost += (uint64_t)n;
	return n < 0 ? -1 : 0;
}

/* The first of each repository, if it waits; of these the first that is due and within its quota.
 * ?1 now, ?2 jobs an hour. The grouped scan goes over the index of those alive alone. */
static const char next_sql[] =
	"SELECT " JOB_COLUMNS ", max(not_before, coalesce((SELECT started_at + 3600 FROM jobs s "
	"WHERE ?2 > 0 AND s.repo = j.repo AND s.started_at > max(0, ?1 - 3600) "
	"ORDER BY started_at DESC LIMIT 1 OFFSET ?2 - 1), 0)) AS due "
	"FROM jobs j WHERE state = 'waiting' AND id IN "
	"(SELECT min(id) FROM jobs WHERE state IN ('waiting', 'running') GROUP BY repo) "
	"ORDER BY due > ?1, iif(due > ?1, due, id) LIMIT 1";

static int find_next(struct store *store, const struct queue_rules *rules, struct job *out,
	int64_t *wait_s, struct arena *mem, struct err *err)
{
	int64_t now = clock_wall_s(), due;
	QUERY_AUTO q;
	int rc;

	*wait_s = 0;
	if (query_open(&q, store, next_sql, err) < 0)
		return -1;
	query_int(&q, now);
	query_int(&q, rules->jobs_per_hour);
	if ((rc = query_step(&q, err)) < 0)
		return -1;
	if (rc != QUERY_ROW)
		return QUEUE_NONE;
	due = query_i64(&q, 5);
	if (due > now) {
		*wait_s = due - now;
		return QUEUE_NONE;
	}
	return read_job(&q, out, mem, err);
}

int queue_claim(struct store *store, const char *owner, const struct queue_rules *rules,
	struct job *out, int64_t *wait_s, uint64_t *lost, struct arena *mem, struct err *err)
{
	TRANSACTION_AUTO tx = store;
	int64_t now = clock_wall_s();
	struct job job;
	int rc;

	if (store_begin(tx, err) < 0 || take_back(store, rules, lost, err) < 0 ||
		(rc = find_next(store, rules, &job, wait_s, mem, err)) < 0)
		return -1;
	if (rc == QUEUE_NONE)
		return store_commit(tx, err) < 0 ? -1 : QUEUE_NONE;
	job.tries++;
	if (run(store,
		    "UPDATE jobs SET state = 'running', tries = ?1, lease_until = ?2, started_at = "
		    "?3, updated_at = ?3, owner = ?5 WHERE id = ?4",
		    NUMBERS(job.tries, now + or_default(rules->lease_s, LEASE_S), now, job.id),
		    TEXTS(str_of(owner)), err) < 0 ||
		store_commit(tx, err) < 0)
		return -1;
	*out = job;
	return 0;
}

static int changed(int n)
{
	return n < 0 ? -1 : n ? 0 : QUEUE_NONE;
}

int queue_renew(struct store *store, int64_t job, const char *owner,
	const struct queue_rules *rules, struct err *err)
{
	return changed(run(store,
		"UPDATE jobs SET lease_until = ? WHERE id = ? AND owner = ? AND state = 'running'",
		NUMBERS(clock_wall_s() + or_default(rules->lease_s, LEASE_S), job),
		TEXTS(str_of(owner)), err));
}

int queue_done(struct store *store, int64_t job, const char *owner, struct err *err)
{
	return changed(run(store,
		"UPDATE jobs SET state = 'done', owner = '', error = '', updated_at = ? "
		"WHERE id = ? AND owner = ? AND state = 'running'",
		NUMBERS(clock_wall_s(), job), TEXTS(str_of(owner)), err));
}

static int64_t backoff_s(const struct queue_rules *rules, int64_t tries)
{
	int64_t wait = or_default(rules->backoff_s, BACKOFF_S);

	while (--tries > 0 && wait < BACKOFF_MAX_S)
		wait *= 2;
	return wait < BACKOFF_MAX_S ? wait : BACKOFF_MAX_S;
}

static int tries_of(
	struct store *store, int64_t job, const char *owner, int64_t *tries, struct err *err)
{
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store,
		    "SELECT tries FROM jobs WHERE id = ? AND owner = ? AND state = 'running'",
		    err) < 0)
		return -1;
	query_int(&q, job);
	query_str(&q, str_of(owner));
	if ((rc = query_step(&q, err)) < 0)
		return -1;
	*tries = rc == QUERY_ROW ? query_i64(&q, 0) : 0;
	return rc == QUERY_ROW ? 0 : QUEUE_NONE;
}

int queue_fail(struct store *store, int64_t job, const char *owner, const struct queue_rules *rules,
	struct str error, bool final, bool *dead, struct err *err)
{
	TRANSACTION_AUTO tx = store;
	int64_t tries, now = clock_wall_s();
	int rc;

	if (store_begin(tx, err) < 0)
		return -1;
	if ((rc = tries_of(store, job, owner, &tries, err)) != 0)
		return rc;
	*dead = final || tries >= or_default(rules->max_tries, MAX_TRIES);
	if (run(store,
		    "UPDATE jobs SET not_before = ?1, updated_at = ?2, owner = '', state = ?4, "
		    "error = ?5 WHERE id = ?3",
		    NUMBERS(now + backoff_s(rules, tries), now, job),
		    TEXTS(str_of(*dead ? "dead" : "waiting"), str_slice(error, 0, ERROR_MAX)),
		    err) < 0)
		return -1;
	return store_commit(tx, err);
}

int queue_return(struct store *store, int64_t job, const char *owner, struct err *err)
{
	return changed(run(store,
		"UPDATE jobs SET state = 'waiting', owner = '', tries = tries - 1, updated_at = ?, "
		"started_at = 0 WHERE id = ? AND owner = ? AND state = 'running'",
		NUMBERS(clock_wall_s(), job), TEXTS(str_of(owner)), err));
}

/* --- looking --- */

int queue_get(struct store *store, int64_t id, struct job *out, struct str *state,
	struct arena *mem, struct err *err)
{
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store, "SELECT " JOB_COLUMNS ", state FROM jobs WHERE id = ?", err) < 0)
		return -1;
	query_int(&q, id);
	if ((rc = query_step(&q, err)) < 0)
		return -1;
	if (rc != QUERY_ROW)
		return QUEUE_NONE;
	*state = query_text(&q, 5, mem);
	return read_job(&q, out, mem, err);
}

int queue_list(struct store *store, const char *state, size_t max, struct job **out, size_t *n,
	struct arena *mem, struct err *err)
{
	vec(struct job) found = {0};
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store,
		    "SELECT " JOB_COLUMNS " FROM jobs WHERE state = ? ORDER BY id DESC LIMIT ?",
		    err) < 0)
		return -1;
	query_str(&q, str_of(state));
	query_int(&q, (int64_t)max);
	while ((rc = query_step(&q, err)) == QUERY_ROW)
		if ((rc = read_job(&q, vec_add(&found), mem, err)) < 0)
			break;
	if (rc == 0) {
		*n = found.n;
		*out = arena_array(mem, found.n, sizeof(**out));
		if (found.n)
			memcpy(*out, found.v, found.n * sizeof(**out));
	}
	vec_free(&found);
	return rc;
}

int queue_requeue(struct store *store, int64_t id, struct err *err)
{
	return changed(run(store,
		"UPDATE jobs SET state = 'waiting', tries = 0, not_before = 0, updated_at = ? "
		"WHERE id = ? AND state IN ('dead', 'dropped')",
		NUMBERS(clock_wall_s(), id), NULL, 0, err));
}

int queue_depth(struct store *store, struct queue_depth *out, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store,
		    "SELECT count(*) FILTER (WHERE state = 'waiting'), "
		    "count(*) FILTER (WHERE state = 'running'), "
		    "count(*) FILTER (WHERE state = 'dead'), "
		    "coalesce(min(created_at) FILTER (WHERE state = 'waiting'), 0) "
		    "FROM jobs WHERE state IN ('waiting', 'running', 'dead')",
		    err) < 0 ||
		query_step(&q, err) < 0)
		return -1;
	*out = (struct queue_depth){.waiting = query_i64(&q, 0),
		.running = query_i64(&q, 1),
		.dead = query_i64(&q, 2),
		.oldest_waiting_at = query_i64(&q, 3)};
	return 0;
}
