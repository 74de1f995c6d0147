#include "port/store/db.h"

#include <assert.h>

#include "base/embed.h"

/* sql/sqlite/NNNN_name.sql, numbered from 0001 without holes; the file's user_version is the number
 * of the last one applied. */
static const char folder[] = "sql/sqlite/";

int store_schema_version(void)
{
	int version = 0;

	for (long i = embed_next(folder, 0); i >= 0; i = embed_next(folder, i + 1))
		version++;
	return version;
}

/* The migration that leads to version. embed_table is sorted, so it is the version-th. */
static const struct embed *migration(int version)
{
	long i = embed_next(folder, 0);

	while (i >= 0 && --version > 0)
		i = embed_next(folder, i + 1);
	assert(i >= 0);
	return &embed_table[i];
}

static int read_version(struct store *store, int *version, struct err *err)
{
	QUERY_AUTO q;

	if (query_open(&q, store, "PRAGMA user_version", err) < 0 || query_step(&q, err) < 0)
		return -1;
	*version = (int)query_i64(&q, 0);
	return 0;
}

static int apply(struct store *store, int version, struct err *err)
{
	TRANSACTION_AUTO tx = store;
	char set_version[48];
	int now;

	if (store_begin(tx, err) < 0 || read_version(store, &now, err) < 0)
		return -1;
	if (now >= version) /* another process was faster */
		return store_commit(tx, err);
	snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d", version);
	if (sqlite3_exec(store->db, migration(version)->begin, NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_exec(store->db, set_version, NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(store, "bring up to date store", err);
	return store_commit(tx, err);
}

int store_migrate(struct store *store, bool read_only, struct err *err)
{
	int version, wanted = store_schema_version();

	if (read_version(store, &version, err) < 0)
		return -1;
	if (version > wanted)
		return err_set(err, ERR_CONFIG,
			"cannot use store '%s': a newer selfheal wrote it (form %d, this program "
			"knows %d); update selfheal, or give another file with --store",
			store->path, version, wanted);
	if (version < wanted && read_only)
		return err_set(err, ERR_CONFIG,
			"cannot read store '%s': an older selfheal wrote it (form %d of %d) and it "
			"may not be changed; run any command that writes to it once",
			store->path, version, wanted);
	while (version < wanted)
		if (apply(store, ++version, err) < 0)
			return -1;
	return 0;
}
