#include "port/store/fix.h"

#include "base/clock.h"
#include "base/vec.h"
#include "port/store/db.h"

#define FIX_COLUMNS                                                                                \
	"id, fp_version, language, error_type, error_pattern, root_cause, code_context, patch, "   \
	"rewrite, normal_form, proof, source, origin, note, environment, attempts, successes, "    \
	"failures, created_at, updated_at "

enum { TEXT_COLUMNS = 15 };

/* The text members in the order of FIX_COLUMNS. */
static void texts_of(const struct fix_record *f, struct str out[TEXT_COLUMNS])
{
	const struct str texts[TEXT_COLUMNS] = {f->id, f->fp_version, f->language, f->error_type,
		f->error_pattern, f->root_cause, f->code_context, f->patch, f->rewrite,
		f->normal_form, f->proof, f->source, f->origin, f->note, f->environment};

	memcpy(out, texts, sizeof(texts));
}

static void read_columns(struct query *q, struct fix_record *out, struct arena *mem)
{
	struct str t[TEXT_COLUMNS];

	for (int i = 0; i < TEXT_COLUMNS; i++)
		t[i] = query_text(q, i, mem);
	*out = (struct fix_record){.id = t[0],
		.fp_version = t[1],
		.language = t[2],
		.error_type = t[3],
		.error_pattern = t[4],
		.root_cause = t[5],
		.code_context = t[6],
		.patch = t[7],
		.rewrite = t[8],
		.normal_form = t[9],
		.proof = t[10],
		.source = t[11],
		.origin = t[12],
		.note = t[13],
		.environment = t[14],
		.attempts = query_i64(q, 15),
		.successes = query_i64(q, 16),
		.failed = query_i64(q, 17),
		.created_at = query_i64(q, 18),
		.updated_at = query_i64(q, 19)};
}

static int read_failures(
	struct store *store, struct fix_record *fix, struct arena *mem, struct err *err)
{
	vec(struct fix_failure) found = {0};
	struct fix_failure *copy;
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store,
		    "SELECT fingerprint, cause FROM fix_failures WHERE fix = ? "
		    "ORDER BY fingerprint",
		    err) < 0)
		return -1;
	query_str(&q, fix->id);
	while ((rc = query_step(&q, err)) == QUERY_ROW)
		vec_push(&found,
			(struct fix_failure){query_text(&q, 0, mem), query_text(&q, 1, mem)});
	copy = arena_array(mem, found.n, sizeof(*copy));
	if (found.n)
		memcpy(copy, found.v, found.n * sizeof(*copy));
	fix->failures = copy;
	fix->n_failures = found.n;
	vec_free(&found);
	return rc;
}

/* All rows that the query (already bound) gives. */
static int read_fixes(
	struct query *q, struct fix_record **fixes, size_t *n, struct arena *mem, struct err *err)
{
	vec(struct fix_record) found = {0};
	int rc;

	while ((rc = query_step(q, err)) == QUERY_ROW)
		read_columns(q, vec_add(&found), mem);
	for (size_t i = 0; rc == 0 && i < found.n; i++)
		rc = read_failures(q->store, &found.v[i], mem, err);
	if (rc == 0) {
		*fixes = arena_array(mem, found.n, sizeof(**fixes));
		*n = found.n;
		if (found.n)
			memcpy(*fixes, found.v, found.n * sizeof(**fixes));
	}
	vec_free(&found);
	return rc;
}

static int read_exactly(struct store *store, struct str id, struct fix_record *out,
	struct arena *mem, struct err *err)
{
	QUERY_AUTO q;
	int rc;

	if (query_open(&q, store, "SELECT " FIX_COLUMNS "FROM fixes WHERE id = ?", err) < 0)
		return -1;
	query_str(&q, id);
	if ((rc = query_step(&q, err)) != QUERY_ROW)
		return rc < 0 ? -1 : FIX_NONE;
	read_columns(&q, out, mem);
	return read_failures(store, out, mem, err);
}

/* A total order of everything a merge chooses whole, so that the choice of the greater one is the
 * same in any order of merging. */
static int compare_texts(const struct fix_record *a, const struct fix_record *b)
{
	struct str x[TEXT_COLUMNS], y[TEXT_COLUMNS];

	if (a->updated_at != b->updated_at)
		return a->updated_at < b->updated_at ? -1 : 1;
	texts_of(a, x);
	texts_of(b, y);
	for (int i = 0; i < TEXT_COLUMNS; i++)
		if (str_cmp(x[i], y[i]))
			return str_cmp(x[i], y[i]);
	return 0;
}

static int64_t greater(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static struct fix_record merge(const struct fix_record *a, const struct fix_record *b)
{
	struct fix_record m = compare_texts(a, b) >= 0 ? *a : *b;

	m.attempts = greater(a->attempts, b->attempts);
	m.successes = greater(a->successes, b->successes);
	m.failed = greater(a->failed, b->failed);
	m.created_at = a->created_at < b->created_at ? a->created_at : b->created_at;
	m.updated_at = greater(a->updated_at, b->updated_at);
	return m;
}

static bool same_row(const struct fix_record *a, const struct fix_record *b)
{
	return compare_texts(a, b) == 0 && a->attempts == b->attempts &&
	       a->successes == b->successes && a->failed == b->failed &&
	       a->created_at == b->created_at;
}

static int write_row(struct store *store, const struct fix_record *fix, struct err *err)
{
	struct str texts[TEXT_COLUMNS];
	QUERY_AUTO q;

	if (query_open(&q, store,
		    "INSERT INTO fixes(" FIX_COLUMNS ") "
		    "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET "
		    "fp_version = excluded.fp_version, language = excluded.language, "
		    "error_type = excluded.error_type, error_pattern = excluded.error_pattern, "
		    "root_cause = excluded.root_cause, code_context = excluded.code_context, "
		    "patch = excluded.patch, rewrite = excluded.rewrite, "
		    "normal_form = excluded.normal_form, proof = excluded.proof, "
		    "source = excluded.source, origin = excluded.origin, note = excluded.note, "
		    "environment = excluded.environment, attempts = excluded.attempts, "
		    "successes = excluded.successes, failures = excluded.failures, "
		    "created_at = excluded.created_at, updated_at = excluded.updated_at",
		    err) < 0)
		return -1;
	texts_of(fix, texts);
	for (int i = 0; i < TEXT_COLUMNS; i++)
		query_str(&q, texts[i]);
	query_int(&q, fix->attempts);
	query_int(&q, fix->successes);
	query_int(&q, fix->failed);
	query_int(&q, fix->created_at);
	query_int(&q, fix->updated_at);
	return query_run(&q, err);
}

/* Adds what is not there yet; *added says how many. The greater cause stays when they differ. */
static int write_failures(
	struct store *store, const struct fix_record *fix, int *added, struct err *err)
{
	QUERY_AUTO q;

	*added = 0;
	if (query_open(&q, store,
		    "INSERT INTO fix_failures(fix, fingerprint, cause) VALUES(?, ?, ?) "
		    "ON CONFLICT(fix, fingerprint) DO UPDATE SET cause = excluded.cause "
		    "WHERE excluded.cause > cause",
		    err) < 0)
		return -1;
	for (size_t i = 0; i < fix->n_failures; i++) {
		query_again(&q);
		query_str(&q, fix->id);
		query_str(&q, fix->failures[i].fingerprint);
		query_str(&q, fix->failures[i].cause);
		if (query_run(&q, err) < 0)
			return -1;
		*added += store_changes(store);
	}
	return 0;
}

/* Inside a transaction. */
static int save_one(struct store *store, const struct fix_record *fix, struct err *err)
{
	ARENA_AUTO mem;
	struct fix_record known, merged;
	int added, there;
	bool same;

	arena_init(&mem);
	if ((there = read_exactly(store, fix->id, &known, &mem, err)) < 0)
		return -1;
	merged = there == FIX_NONE ? *fix : merge(&known, fix);
	same = there != FIX_NONE && same_row(&known, &merged);
	if ((!same && write_row(store, &merged, err) < 0) ||
		write_failures(store, fix, &added, err) < 0)
		return -1;
	if (there == FIX_NONE)
		return 0;
	return same && !added ? FIX_SAME : FIX_MERGED;
}

int fix_save_all(struct store *store, const struct fix_record *fixes, size_t n, size_t counts[3],
	struct err *err)
{
	TRANSACTION_AUTO tx = store;

	memset(counts, 0, 3 * sizeof(*counts));
	if (store_begin(tx, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int rc = save_one(store, &fixes[i], err);

		if (rc < 0)
			return -1;
		counts[rc]++;
	}
	return store_commit(tx, err);
}

int fix_save(struct store *store, const struct fix_record *fix, struct err *err)
{
	size_t counts[3];

	if (fix_save_all(store, fix, 1, counts, err) < 0)
		return -1;
	return counts[FIX_SAME] ? FIX_SAME : counts[FIX_MERGED] ? FIX_MERGED : 0;
}

int fix_find(struct store *store, struct str fingerprint, struct str cause, size_t max,
	struct fix_record **fixes, size_t *n, struct arena *mem, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store,
		    "SELECT " FIX_COLUMNS "FROM fixes JOIN ("
		    "SELECT fix, max(fingerprint = ?1) AS exact FROM fix_failures "
		    "WHERE (fingerprint = ?1 AND ?1 <> '') OR (cause = ?2 AND ?2 <> '') "
		    "GROUP BY fix) ON fix = id "
		    "ORDER BY exact DESC, successes - failures DESC, updated_at DESC, id LIMIT ?3",
		    err) < 0)
		return -1;
	query_str(&q, fingerprint);
	query_str(&q, cause);
	query_int(&q, max > INT32_MAX ? INT32_MAX : (int64_t)max);
	return read_fixes(&q, fixes, n, mem, err);
}

int fix_list(struct store *store, struct fix_record **fixes, size_t *n, struct arena *mem,
	struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store, "SELECT " FIX_COLUMNS "FROM fixes ORDER BY id", err) < 0)
		return -1;
	return read_fixes(&q, fixes, n, mem, err);
}

enum { ID_PREFIX_MIN = 4 };

int fix_get(struct store *store, struct str id, struct fix_record *out, struct arena *mem,
	struct err *err)
{
	struct fix_record *found;
	QUERY_AUTO q;
	size_t n;

	if (id.n < ID_PREFIX_MIN)
		return FIX_NONE;
	if (query_open(&q, store,
		    "SELECT " FIX_COLUMNS "FROM fixes WHERE id >= ?1 AND id < ?1 || 'g' "
		    "ORDER BY id LIMIT 2",
		    err) < 0)
		return -1;
	query_str(&q, id);
	if (read_fixes(&q, &found, &n, mem, err) < 0)
		return -1;
	if (n == 0)
		return FIX_NONE;
	if (n > 1 && !str_eq(found[0].id, id))
		return err_set(err, ERR_CONFLICT,
			"cannot tell which fix '%.*s' means: '%.*s', '%.*s' and maybe more begin "
			"so",
			STR_ARGS(id), STR_ARGS(found[0].id), STR_ARGS(found[1].id));
	*out = found[0];
	return 0;
}

int fix_count_use(struct store *store, struct str id, bool held, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store,
		    "UPDATE fixes SET successes = successes + ?2, failures = failures + ?3, "
		    "updated_at = max(updated_at, ?4) WHERE id = ?1",
		    err) < 0)
		return -1;
	query_str(&q, id);
	query_int(&q, held);
	query_int(&q, !held);
	query_int(&q, clock_wall_s());
	if (query_run(&q, err) < 0)
		return -1;
	return store_changes(store) == 1 ? 0 : FIX_NONE;
}
