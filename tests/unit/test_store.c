#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>

#include "base/arena.h"
#include "port/store/history.h"
#include "port/store/lock.h"
#include "port/store/session.h"
#include "port/store/store.h"
#include "support/scratch.h"

static struct scratch box;

static int setup(void **state)
{
	(void)state;
	scratch_make(&box);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(&box);
	return 0;
}

static int open_at(struct store **out, const char *path, bool read_only, struct err *err)
{
	struct store_options options = {.path = path, .read_only = read_only, .busy_ms = 50};

	return store_open(out, &options, err);
}

static void raw_sql(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void make_store(const char *path)
{
	struct store *store;
	struct err err = ERR_INIT;

	if (open_at(&store, path, false, &err) < 0)
		fail_msg("%s", err.msg);
	store_free(store);
}

static void made_with_its_folders_and_found_again(void **state)
{
	const char *path = scratch_path(&box, "a/b/store.db");
	struct store *store = NULL;
	struct err err = ERR_INIT;
	int64_t ms = 0;

	(void)state;
	assert_int_equal(open_at(&store, path, true, &err), STORE_ABSENT);
	assert_null(store);
	assert_int_equal(open_at(&store, path, false, &err), 0);
	assert_string_equal(store_path(store), path);
	assert_int_equal(run_time_get(store, STR("make test"), &ms, &err), RUN_TIME_UNKNOWN);
	assert_int_equal(run_time_set(store, STR("make test"), 1234, &err), 0);
	assert_int_equal(store_check(store, &err), 0);
	store_free(store);
	assert_int_equal(open_at(&store, path, true, &err), 0);
	assert_int_equal(run_time_get(store, STR("make test"), &ms, &err), 0);
	assert_int_equal(ms, 1234);
	assert_int_equal(run_time_set(store, STR("make test"), 1, &err), -1);
	store_free(store);
	/* nothing but the file is left beside it */
	assert_int_equal(scratch_sh(&box, "test \"$(ls a/b)\" = store.db"), 0);
}

/* Files that must be refused, with what the message must say, and stay as they are to the byte. */
static void refused_and_untouched(void **state)
{
	static const struct {
		const char *name, *make, *says;
		enum err_code code;
	} cases[] = {
		{"empty", ": > f.db", "not a selfheal store", ERR_CONFIG},
		{"text", "echo a readme of someone > f.db", "not a selfheal store", ERR_CONFIG},
		{"noise", "head -c 9000 /dev/urandom > f.db", "not a selfheal store", ERR_CONFIG},
		{"other", "cp other.db f.db", "another program", ERR_CONFIG},
		{"newer", "cp newer.db f.db", "newer selfheal", ERR_CONFIG},
		{"short", "head -c 5000 good.db > f.db", "damaged", ERR_PARSE},
		{"torn schema",
			"cp good.db f.db; head -c 3900 /dev/urandom | dd of=f.db bs=1 seek=100 "
			"conv=notrunc status=none",
			"damaged", ERR_PARSE},
		{"folder", "mkdir f.db; touch f.db/x", "a folder", ERR_CONFIG},
		{"fifo", "mkfifo f.db", "not a file", ERR_CONFIG},
	};
	const char *path = scratch_path(&box, "f.db");

	(void)state;
	make_store(scratch_path(&box, "good.db"));
	scratch_sh(&box, "cp good.db newer.db");
	raw_sql(scratch_path(&box, "newer.db"), "PRAGMA user_version = 999");
	raw_sql(scratch_path(&box, "other.db"), "CREATE TABLE t(x); INSERT INTO t VALUES(1)");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct store *store = NULL;
		struct err err = ERR_INIT;
		int64_t ms;

		scratch_sh(&box, "rm -rf f.db f.db-*; %s", cases[i].make);
		scratch_sh(&box, "test -f f.db && sha256sum f.db > before");
		for (int read_only = 0; read_only < 2; read_only++) {
			int rc = open_at(&store, path, read_only, &err);

			if (rc == 0) { /* damage that only the first question meets */
				rc = run_time_get(store, STR("x"), &ms, &err);
				store_free(store);
			}
			if (rc >= 0 || !strstr(err.msg, cases[i].says) || err.code != cases[i].code)
				fail_msg("%s: %d %s", cases[i].name, rc, err.msg);
			assert_non_null(strstr(err.msg, path));
			assert_int_equal(
				scratch_sh(&box,
					"if test -f f.db; then sha256sum -c --quiet before; "
					"else test -e f.db; fi"),
				0);
		}
		assert_int_equal(
			scratch_sh(&box, "test ! -e f.db-wal && test ! -e f.db-journal"), 0);
	}
}

static void damage_inside_is_found_by_check(void **state)
{
	const char *path = scratch_path(&box, "d.db");
	struct store *store;
	struct err err = ERR_INIT;

	(void)state;
	make_store(path);
	scratch_sh(&box, "head -c 4096 /dev/zero | tr '\\0' '\\377' | "
			 "dd of=d.db bs=4096 seek=8 conv=notrunc status=none");
	assert_int_equal(open_at(&store, path, true, &err), 0);
	assert_int_equal(store_check(store, &err), -1);
	assert_int_equal(err.code, ERR_PARSE);
	store_free(store);
}

static void locked_by_another_is_a_conflict(void **state)
{
	const char *path = scratch_path(&box, "l.db");
	struct store *store;
	struct err err = ERR_INIT;
	sqlite3 *other;

	(void)state;
	make_store(path);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(open_at(&store, path, false, &err), 0);
	assert_int_equal(run_time_set(store, STR("x"), 1, &err), -1);
	assert_int_equal(err.code, ERR_CONFLICT);
	assert_non_null(strstr(err.msg, "another process"));
	sqlite3_exec(other, "COMMIT", NULL, NULL, NULL);
	assert_int_equal(run_time_set(store, STR("x"), 1, &err), 0);
	store_free(store);
	sqlite3_close(other);
}

/* As an unprivileged user in a child, since root may write anywhere. */
static void read_only_is_said(void **state)
{
	const char *path = scratch_path(&box, "r/store.db");
	int status;
	pid_t pid;

	(void)state;
	make_store(path);
	scratch_sh(&box, "chmod 755 . r; chmod 444 r/store.db; chmod 555 r");
	if ((pid = fork()) == 0) {
		struct store *store;
		struct err err = ERR_INIT;
		int64_t ms;

		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(9);
		if (open_at(&store, path, false, &err) != -1 || err.code != ERR_CONFIG ||
			!strstr(err.msg, "read-only"))
			_exit(1);
		if (open_at(&store, path, true, &err) != 0)
			_exit(2);
		if (run_time_get(store, STR("x"), &ms, &err) != RUN_TIME_UNKNOWN)
			_exit(3);
		store_free(store);
		if (open_at(&store, scratch_path(&box, "r/new.db"), false, &err) != -1)
			_exit(4);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	scratch_sh(&box, "chmod 755 r");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(scratch_sh(&box, "test \"$(ls r)\" = store.db"), 0);
}

/* Many processes make the same store at once: one file, all of them work. */
static void made_once_by_many(void **state)
{
	const char *path = scratch_path(&box, "m/store.db");
	enum { PROCESSES = 8 };
	struct store *store;
	struct err err = ERR_INIT;
	struct origin_record *records;
	ARENA_AUTO mem;
	size_t n;

	(void)state;
	arena_init(&mem);
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0) {
			struct origin_record one = {STR("o"), 1, 0};
			struct store_options options = {.path = path};

			if (store_open(&store, &options, &err) < 0)
				_exit(1);
			if (origin_record_add(store, &one, 1, &err) < 0)
				_exit(2);
			store_free(store);
			_exit(0);
		}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(open_at(&store, path, true, &err), 0);
	assert_int_equal(origin_record_load(store, &records, &n, &mem, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(records[0].tried, PROCESSES);
	store_free(store);
	assert_int_equal(scratch_sh(&box, "test \"$(ls m)\" = store.db"), 0);
}

static void killed_after_the_nth_row(void **state)
{
	const char *path = scratch_path(&box, "k.db");
	struct session_record session = {.root = STR("/r")};
	struct journal_row *rows;
	struct store *store;
	struct err err = ERR_INIT;
	ARENA_AUTO mem;
	int status;
	size_t n;
	pid_t pid;

	(void)state;
	arena_init(&mem);
	make_store(path);
	if ((pid = fork()) == 0) {
		setenv("SELFHEAL_TEST_KILL_AFTER_ROW", "2", 1);
		if (open_at(&store, path, false, &err) < 0 ||
			session_begin(store, &session, &err) < 0)
			_exit(1);
		for (int i = 0; i < 5; i++) {
			char key[2] = {(char)('a' + i), 0};

			if (journal_append(
				    store, session.id, STR("s"), str_of(key), STR("{}"), &err) < 0)
				_exit(2);
		}
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(open_at(&store, path, false, &err), 0);
	assert_int_equal(session_unfinished(store, STR("/r"), &session, &mem, &err), 0);
	assert_int_equal(journal_load(store, session.id, STR_NULL, &rows, &n, &mem, &err), 0);
	assert_int_equal(n, 2);
	assert_true(str_eq_c(rows[1].key, "b"));
	store_free(store);
}

/* A file system of 256 KiB: what fails says so, what was committed is still there. */
static void full_disk_is_said(void **state)
{
	struct session_record session = {.root = STR("/r")};
	struct journal_row *rows;
	struct store *store;
	struct err err = ERR_INIT;
	ARENA_AUTO mem;
	char *big = calloc(1, 20001);
	int64_t written = 0;
	size_t n;

	(void)state;
	arena_init(&mem);
	mkdir(scratch_path(&box, "full"), 0755);
	if (scratch_sh(&box, "mount -t tmpfs -o size=512k none full 2>/dev/null")) {
		free(big);
		skip(); /* no right to mount */
	}
	memset(big, 'x', 20000);
	assert_int_equal(open_at(&store, scratch_path(&box, "full/store.db"), false, &err), 0);
	assert_int_equal(session_begin(store, &session, &err), 0);
	while (written < 100) {
		char key[8];

		snprintf(key, sizeof(key), "%d", (int)written);
		if (journal_append(store, session.id, STR("s"), str_of(key), str_of(big), &err) < 0)
			break;
		written++;
	}
	assert_true(written > 0 && written < 100);
	assert_int_equal(err.code, ERR_SYS);
	assert_int_equal(err.sys_errno, ENOSPC);
	assert_int_equal(journal_load(store, session.id, STR_NULL, &rows, &n, &mem, &err), 0);
	assert_int_equal(n, written);
	store_free(store);
	assert_int_equal(open_at(&store, scratch_path(&box, "full/second.db"), false, &err), -1);
	assert_int_equal(scratch_sh(&box, "test ! -e full/second.db"), 0);
	assert_int_equal(scratch_sh(&box, "umount full"), 0);
	free(big);
}

static void located_beside_git_or_in_the_state_folder(void **state)
{
	BUF_AUTO path;
	struct err err = ERR_INIT;

	(void)state;
	buf_init(&path, 4096);
	assert_int_equal(scratch_sh(&box, "mkdir -p repo/sub plain && git init -q repo"), 0);
	assert_int_equal(store_locate(&path, scratch_path(&box, "repo/sub"), &err), 0);
	assert_string_equal(buf_text(&path), scratch_path(&box, "repo/.git/selfheal/store.db"));
	setenv("XDG_STATE_HOME", scratch_path(&box, "state"), 1);
	assert_int_equal(store_locate(&path, scratch_path(&box, "plain"), &err), 0);
	assert_memory_equal(buf_text(&path), scratch_path(&box, "state/selfheal/"),
		strlen(scratch_path(&box, "state/selfheal/")));
	assert_true(str_ends(buf_view(&path), ".db"));
	setenv("XDG_STATE_HOME", "not/absolute", 1);
	setenv("HOME", scratch_path(&box, "home"), 1);
	assert_int_equal(store_locate(&path, scratch_path(&box, "plain"), &err), 0);
	assert_non_null(strstr(buf_text(&path), "/home/.local/state/selfheal/"));
	unsetenv("HOME");
	assert_int_equal(store_locate(&path, scratch_path(&box, "plain"), &err), -1);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_int_equal(store_locate(&path, scratch_path(&box, "missing"), &err), -1);
}

static void second_heal_is_told_who_works(void **state)
{
	const char *path = scratch_path(&box, "x/store.db");
	struct lock *lock, *other;
	struct err err = ERR_INIT;
	int ready[2], status;
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	if ((pid = fork()) == 0) {
		if (lock_take(&lock, path, "/r", 0, &err) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(lock_take(&lock, path, "/r", 60, &err), -1);
	assert_int_equal(err.code, ERR_CONFLICT);
	{
		char text[32];

		snprintf(text, sizeof(text), "process id %d ", (int)pid);
		assert_non_null(strstr(err.msg, text));
	}
	assert_int_equal(lock_take(&other, path, "/other", 0, &err), 0);
	lock_free(other);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	/* what the killed one left does no harm */
	assert_int_equal(lock_take(&lock, path, "/r", 0, &err), 0);
	lock_free(lock);
	assert_int_equal(lock_take(&lock, path, "/r", 0, &err), 0);
	lock_free(lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_with_its_folders_and_found_again),
		cmocka_unit_test(refused_and_untouched),
		cmocka_unit_test(damage_inside_is_found_by_check),
		cmocka_unit_test(locked_by_another_is_a_conflict),
		cmocka_unit_test(read_only_is_said),
		cmocka_unit_test(made_once_by_many),
		cmocka_unit_test(killed_after_the_nth_row),
		cmocka_unit_test(full_disk_is_said),
		cmocka_unit_test(located_beside_git_or_in_the_state_folder),
		cmocka_unit_test(second_heal_is_told_who_works),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
