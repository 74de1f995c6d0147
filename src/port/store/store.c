#include "port/store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "port/crypto/sha256.h"
#include "port/git/locate.h"
#include "port/store/db.h"

enum { BUSY_MS = 5000, HEADER_BYTES = 100 };

int store_locate(struct buf *out, const char *root, struct err *err)
{
	CLEANUP(git_place_release) struct git_place place;
	CLEANUP(freep) char *real = NULL;
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char hex[SHA256_HEX_SIZE];
	int rc;

	git_place_init(&place);
	if ((rc = git_locate(&place, root, err)) < 0)
		return -1;
	buf_reset(out);
	if (rc == 0) {
		buf_printf(out, "%s/selfheal/store.db", buf_text(&place.common_dir));
		return 0;
	}
	if (!(real = realpath(root, NULL)))
		return err_sys(err, errno, "cannot find folder '%s'", root);
	sha256_hex(hex, str_of(real));
	if (state && state[0] == '/')
		buf_printf(out, "%s/selfheal/%.16s.db", state, hex);
	else if (home && home[0] == '/')
		buf_printf(out, "%s/.local/state/selfheal/%.16s.db", home, hex);
	else
		return err_set(err, ERR_CONFIG,
			"cannot place a store for '%s': no git repository, and neither "
			"XDG_STATE_HOME nor HOME is set; give a file with --store",
			root);
	return 0;
}

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool exists_with_bytes(const char *path, const char *suffix)
{
	CLEANUP(freep) char *name = xasprintf("%s%s", path, suffix);
	struct stat st;

	return stat(name, &st) == 0 && st.st_size > 0;
}

/* Judges the first 100 bytes (https://sqlite.org/fileformat.html, 1.3) before SQLite does anything
 * that could write: recovery of a journal, or folding a WAL back. */
static int check_header(struct store *s, struct err *err)
{
	unsigned char h[HEADER_BYTES] = {0};
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;
	uint32_t page, pages;

	sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	assert(file && file->pMethods);
	if (file->pMethods->xFileSize(file, &size) != SQLITE_OK)
		return err_sys(err, EIO, "cannot read store '%s'", s->path);
	if (size < HEADER_BYTES || file->pMethods->xRead(file, h, HEADER_BYTES, 0) != SQLITE_OK ||
		memcmp(h, "SQLite format 3", 16) != 0)
		return err_set(err, ERR_CONFIG,
			"cannot use store '%s': it is not a selfheal store (nor any SQLite file); "
			"nothing was changed: give another file with --store, or move it away",
			s->path);
	if (be32(h + 68) != STORE_APPLICATION_ID)
		return err_set(err, ERR_CONFIG,
			"cannot use store '%s': it is an SQLite file of another program; nothing "
			"was "
			"changed: give another file with --store",
			s->path);
	if (be32(h + 60) > (uint32_t)store_schema_version())
		return err_set(err, ERR_CONFIG,
			"cannot use store '%s': a newer selfheal wrote it (form %u, this program "
			"knows %d); update selfheal, or give another file with --store",
			s->path, be32(h + 60), store_schema_version());
	page = (uint32_t)h[16] << 8 | h[17];
	page = page == 1 ? 65536 : page;
	pages = be32(h + 28);
	/* While a WAL is there the file may rightly be shorter than its header says. */
	if (be32(h + 24) == be32(h + 92) && size < (sqlite3_int64)pages * page &&
		!exists_with_bytes(s->path, "-wal") && !exists_with_bytes(s->path, "-journal"))
		return err_set(err, ERR_PARSE,
			"cannot use store '%s': the file is damaged (%lld of %lld bytes are "
			"there); "
			"nothing was changed: move it away or put back a copy, then run again",
			s->path, (long long)size, (long long)pages * page);
	return 0;
}

static void connect_safely(struct store *s, int busy_ms)
{
	sqlite3_busy_timeout(s->db, busy_ms ? busy_ms : BUSY_MS);
	sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, LIMIT_JSON_BYTES);
	sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
	/* --store may name a file that came from anywhere: nothing in its schema is trusted. */
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

static int connect_file(struct store *s, const char *path, int flags, int busy_ms, struct err *err)
{
	if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
		    NULL) != SQLITE_OK) {
		if (!s->db)
			return err_set(err, ERR_INTERNAL, "cannot open store '%s'", path);
		return store_fail(s, "open store", err);
	}
	connect_safely(s, busy_ms);
	return 0;
}

/* Every commit reaches the disk before it is reported (the default of WAL is less). */
static int set_pragmas(struct store *s, bool read_only, struct err *err)
{
	if (sqlite3_exec(s->db,
		    "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cell_size_check = "
		    "ON; PRAGMA temp_store = MEMORY",
		    NULL, NULL, NULL) != SQLITE_OK ||
		(read_only && sqlite3_exec(s->db, "PRAGMA query_only = ON", NULL, NULL, NULL) !=
				      SQLITE_OK))
		return store_fail(s, "open store", err);
	return 0;
}

static int fill_new(struct store *s, struct err *err)
{
	char mark[64];

	snprintf(mark, sizeof(mark), "PRAGMA application_id = %d", STORE_APPLICATION_ID);
	if (sqlite3_exec(s->db, mark, NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(s, "make store", err);
	return store_migrate(s, false, err);
}

int store_make_folders(const char *path, struct err *err)
{
	CLEANUP(freep) char *folder = xstrdup(path);

	for (char *p = strchr(folder + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(folder, 0700) < 0 && errno != EEXIST)
			return err_sys(err, errno, "cannot make folder '%s' for the store", folder);
		*p = '/';
	}
	return 0;
}

/* A store appears under its name complete or not at all: made beside, then renamed where nothing
 * is. A rival that was faster wins. */
static int publish_new(const char *made, const char *path, struct err *err)
{
	if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EINVAL || errno == ENOSYS) { /* a file system without that flag */
		if (link(made, path) == 0)
			return unlink(made), 0;
	}
	if (errno != EEXIST)
		return err_sys(err, errno, "cannot make store '%s'", path);
	unlink(made);
	return 0;
}

static void unlink_all(const char *made)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		CLEANUP(freep) char *name = xasprintf("%s%s", made, suffixes[i]);

		unlink(name);
	}
}

static int make_store(const char *path, struct err *err)
{
	CLEANUP(freep) char *made = xasprintf("%s.new-%d", path, (int)getpid());
	CLEANUP(store_freep) struct store *s = xcalloc(1, sizeof(*s));
	int rc;

	if (store_make_folders(path, err) < 0)
		return -1;
	unlink_all(made); /* of a killed process that had our number */
	s->path = xstrdup(path);
	rc = connect_file(s, made, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, 0, err);
	if (rc == 0)
		rc = set_pragmas(s, false, err);
	if (rc == 0)
		rc = fill_new(s, err);
	store_free(TAKE(s));
	if (rc == 0)
		rc = publish_new(made, path, err);
	if (rc < 0)
		unlink_all(made);
	return rc;
}

/* A read-only file in a folder where SQLite cannot make its -shm file is read as if nobody wrote.
 */
static char *uri_of(const char *path, bool immutable)
{
	BUF_AUTO uri;

	buf_init(&uri, LIMIT_PATH_BYTES * 4);
	buf_c(&uri, "file:");
	for (const char *p = path; *p; p++)
		if (*p == '%' || *p == '?' || *p == '#')
			buf_printf(&uri, "%%%02x", (unsigned char)*p);
		else
			buf_char(&uri, *p);
	buf_c(&uri, immutable ? "?immutable=1" : "");
	return buf_steal(&uri);
}

static bool folder_is_writable(const char *path)
{
	struct str folder = str_dirname(str_of(path));
	CLEANUP(freep) char *name = folder.n ? xstrndup(folder.p, folder.n) : xstrdup(".");

	return access(name, W_OK) == 0;
}

/* A reader too opens for writing where it may: only then SQLite clears up its side files at the
 * end. query_only keeps the reader from writing rows. */
static int connect_existing(struct store *s, const struct store_options *o, struct err *err)
{
	bool immutable =
		o->read_only && !folder_is_writable(o->path) && !exists_with_bytes(o->path, "-wal");
	CLEANUP(freep) char *uri = uri_of(o->path, immutable);

	if (connect_file(s, uri, SQLITE_OPEN_URI | SQLITE_OPEN_READWRITE, o->busy_ms, err) < 0 ||
		check_header(s, err) < 0)
		return -1;
	if (!o->read_only && sqlite3_db_readonly(s->db, "main"))
		return err_set(err, ERR_CONFIG,
			"cannot write store '%s': the file is read-only; make it writable, or give "
			"another file with --store",
			s->path);
	if (set_pragmas(s, o->read_only, err) < 0)
		return -1;
	return store_migrate(s, o->read_only, err);
}

/* 0 a file is there, STORE_ABSENT. An empty file is as good as none only for SQLite: it may be
 * someone's, so it is refused like any other that is not a store. */
static int look(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno == ENOENT)
			return STORE_ABSENT;
		return err_sys(err, errno, "cannot open store '%s'", path);
	}
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "cannot open store '%s': %s", path,
			S_ISDIR(st.st_mode) ? "it is a folder; name a file in it"
					    : "it is not a file");
	return 0;
}

static int test_hook(void)
{
	const char *value = getenv("SELFHEAL_TEST_KILL_AFTER_ROW");
	int row = 0;

	return value && str_to_int(str_of(value), 1, INT32_MAX, &row) ? row : 0;
}

int store_open(struct store **out, const struct store_options *options, struct err *err)
{
	CLEANUP(store_freep) struct store *s = NULL;
	int there = look(options->path, err), had_wal;

	if (there < 0)
		return -1;
	if (there == STORE_ABSENT && options->read_only)
		return STORE_ABSENT;
	if (there == STORE_ABSENT && make_store(options->path, err) < 0)
		return -1;
	s = xcalloc(1, sizeof(*s));
	s->path = xstrdup(options->path);
	s->kill_after = test_hook();
	had_wal = exists_with_bytes(options->path, "-wal");
	if (connect_existing(s, options, err) < 0) {
		/* Refused: nothing of it may change, so a WAL is not folded back on closing. */
		sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, had_wal, NULL);
		return -1;
	}
	*out = TAKE(s);
	return 0;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	sqlite3_close_v2(store->db);
	free(store->path);
	free(store);
}

const char *store_path(const struct store *store)
{
	return store->path;
}

int store_check(struct store *store, struct err *err)
{
	ARENA_AUTO mem;
	QUERY_AUTO q;
	struct str first;
	int rc;

	arena_init(&mem);
	if (query_open(&q, store, "PRAGMA quick_check(1)", err) < 0)
		return -1;
	rc = query_step(&q, err);
	if (rc < 0)
		return -1;
	first = rc == QUERY_ROW ? query_text(&q, 0, &mem) : STR_NULL;
	if (str_eq(first, STR("ok")))
		return 0;
	return err_set(err, ERR_PARSE,
		"cannot trust store '%s': the file is damaged (%.*s); export what can be read with "
		"'selfheal knowledge export', then move it away",
		store->path, STR_ARGS(first));
}
