#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/arena.h"
#include "base/buf.h"
#include "port/store/audit.h"
#include "port/store/fix.h"
#include "port/store/history.h"
#include "port/store/session.h"
#include "port/store/store.h"
#include "support/scratch.h"

struct fixture {
	struct scratch box;
	struct store *store;
	struct arena mem;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct store_options options;

	scratch_make(&f->box);
	arena_init(&f->mem);
	options = (struct store_options){.path = scratch_path(&f->box, "s.db")};
	*state = f;
	return store_open(&f->store, &options, &f->err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_free(f->store);
	arena_release(&f->mem);
	scratch_remove(&f->box);
	free(f);
	return 0;
}

static void session_begins_ends_and_is_found_while_unfinished(void **state)
{
	struct fixture *f = *state;
	struct session_record a = {.root = STR("/p"),
		.base_commit = STR("c0ffee"),
		.branch = STR("main"),
		.options = STR("{\"test\":\"make\"}")};
	struct session_record b = {.root = STR("/q")}, got;

	assert_int_equal(session_begin(f->store, &a, &f->err), 0);
	assert_int_equal(session_begin(f->store, &b, &f->err), 0);
	assert_int_equal(strlen(a.id), 40);
	assert_string_not_equal(a.id, b.id);
	assert_int_equal(session_unfinished(f->store, STR("/p"), &got, &f->mem, &f->err), 0);
	assert_string_equal(got.id, a.id);
	assert_true(str_eq_c(got.options, "{\"test\":\"make\"}"));
	assert_true(str_eq_c(got.base_commit, "c0ffee"));
	assert_true(str_eq_c(got.branch, "main"));
	assert_int_equal(got.ended_at, 0);
	assert_int_equal(session_end(f->store, a.id, STR("healed"), &f->err), 0);
	assert_int_equal(
		session_unfinished(f->store, STR("/p"), &got, &f->mem, &f->err), SESSION_NONE);
	assert_int_equal(session_get(f->store, a.id, &got, &f->mem, &f->err), 0);
	assert_true(str_eq_c(got.outcome, "healed"));
	assert_true(got.ended_at > 0);
	assert_int_equal(session_get(f->store, "zz", &got, &f->mem, &f->err), SESSION_NONE);
	assert_int_equal(session_end(f->store, "zz", STR("healed"), &f->err), -1);
}

static void journal_keeps_order_and_the_first_of_a_key(void **state)
{
	struct fixture *f = *state;
	struct session_record s = {.root = STR("/p")}, other = {.root = STR("/p")};
	struct journal_row *rows;
	size_t n;
	static const struct {
		const char *stage, *key, *json;
		int rc;
	} steps[] = {
		{"detect", "", "{\"n\":1}", 0},
		{"candidate", "1", "{}", 0},
		{"candidate", "2", "{\"quote\":\"'\"}", 0},
		{"candidate", "1", "{\"again\":true}", JOURNAL_PRESENT},
		{"verify", "1", "[]", 0},
	};

	assert_int_equal(session_begin(f->store, &s, &f->err), 0);
	assert_int_equal(session_begin(f->store, &other, &f->err), 0);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		assert_int_equal(journal_append(f->store, s.id, str_of(steps[i].stage),
					 str_of(steps[i].key), str_of(steps[i].json), &f->err),
			steps[i].rc);
	assert_int_equal(
		journal_append(f->store, other.id, STR("detect"), STR(""), STR("{}"), &f->err), 0);
	assert_int_equal(journal_load(f->store, s.id, STR_NULL, &rows, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 4);
	assert_int_equal(rows[0].seq, 1);
	assert_int_equal(rows[3].seq, 4);
	assert_true(str_eq_c(rows[1].json, "{}"));
	assert_true(str_eq_c(rows[3].stage, "verify"));
	assert_int_equal(
		journal_load(f->store, s.id, STR("candidate"), &rows, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 2);
	assert_true(str_eq_c(rows[1].json, "{\"quote\":\"'\"}"));
	/* a session that does not exist has no journal */
	assert_int_equal(
		journal_append(f->store, "nobody", STR("s"), STR(""), STR("{}"), &f->err), -1);
}

static void failures_are_counted_over_sessions(void **state)
{
	struct fixture *f = *state;
	struct session_record a = {.root = STR("/p")}, b = {.root = STR("/p")};
	struct failure_list list;
	struct attempt_record attempt = {
		.attempt = 1, .source = STR("template"), .json = STR("{}")};
	int64_t count, last;

	failure_list_init(&list);
	snprintf(failure_list_add(&list)->fingerprint, FINGERPRINT_SIZE, "f1");
	snprintf(failure_list_add(&list)->fingerprint, FINGERPRINT_SIZE, "f1");
	failure_list_add(&list); /* without a fingerprint */
	assert_int_equal(session_begin(f->store, &a, &f->err), 0);
	assert_int_equal(session_begin(f->store, &b, &f->err), 0);
	assert_int_equal(session_add_failures(f->store, a.id, &list, &f->err), 0);
	assert_int_equal(session_add_failures(f->store, a.id, &list, &f->err), 0);
	assert_int_equal(session_add_failures(f->store, b.id, &list, &f->err), 0);
	assert_int_equal(failure_sightings(f->store, STR("f1"), b.id, &count, &last, &f->err), 0);
	assert_int_equal(count, 1);
	assert_true(last > 0);
	assert_int_equal(failure_sightings(f->store, STR("f2"), "", &count, &last, &f->err), 0);
	assert_int_equal(count, 0);
	assert_int_equal(last, 0);
	assert_int_equal(session_add_attempt(f->store, a.id, &attempt, &f->err), 0);
	assert_int_equal(session_add_attempt(f->store, a.id, &attempt, &f->err), 0);
	failure_list_release(&list);
}

static struct fix_record fix_like(const char *id, const struct fix_failure *failures, size_t n)
{
	return (struct fix_record){.id = str_of(id),
		.fp_version = STR("fp1"),
		.failures = failures,
		.n_failures = n,
		.patch = STR("--- a/x\n+++ b/x\n"),
		.source = STR("template"),
		.environment = STR("{}"),
		.attempts = 3,
		.successes = 1,
		.created_at = 100,
		.updated_at = 100};
}

static void fix_is_found_by_fingerprint_before_cause(void **state)
{
	struct fixture *f = *state;
	const struct fix_failure one = {STR("fp-a"), STR("cause")},
				 two = {STR("fp-b"), STR("cause")};
	struct fix_record a = fix_like("aaaa1111", &one, 1), b = fix_like("aaaa2222", &two, 1), got;
	struct fix_record *found;
	size_t n;

	a.successes = 9;
	assert_int_equal(fix_save(f->store, &a, &f->err), 0);
	assert_int_equal(fix_save(f->store, &b, &f->err), 0);
	assert_int_equal(
		fix_find(f->store, STR("fp-b"), STR("cause"), 9, &found, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 2);
	assert_true(str_eq_c(found[0].id, "aaaa2222"));
	assert_int_equal(found[0].n_failures, 1);
	assert_true(str_eq_c(found[0].failures[0].fingerprint, "fp-b"));
	assert_int_equal(
		fix_find(f->store, STR("new"), STR("cause"), 9, &found, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 2);
	assert_true(str_eq_c(found[0].id, "aaaa1111")); /* more successes */
	assert_int_equal(
		fix_find(f->store, STR("new"), STR("cause"), 1, &found, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(fix_find(f->store, STR(""), STR(""), 9, &found, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(fix_get(f->store, STR("aaaa2"), &got, &f->mem, &f->err), 0);
	assert_true(str_eq_c(got.id, "aaaa2222"));
	assert_int_equal(fix_get(f->store, STR("aaaa"), &got, &f->mem, &f->err), -1);
	assert_int_equal(fix_get(f->store, STR("aaaa1111"), &got, &f->mem, &f->err), 0);
	assert_int_equal(fix_get(f->store, STR("bbbb"), &got, &f->mem, &f->err), FIX_NONE);
	assert_int_equal(fix_get(f->store, STR(""), &got, &f->mem, &f->err), FIX_NONE);
	assert_int_equal(fix_count_use(f->store, STR("aaaa1111"), false, &f->err), 0);
	assert_int_equal(fix_count_use(f->store, STR("aaaa1111"), true, &f->err), 0);
	assert_int_equal(fix_count_use(f->store, STR("none"), true, &f->err), FIX_NONE);
	assert_int_equal(fix_get(f->store, STR("aaaa1111"), &got, &f->mem, &f->err), 0);
	assert_int_equal(got.successes, 10);
	assert_int_equal(got.failed, 1);
	assert_true(got.updated_at > 100);
}

static void dump(struct fixture *f, struct buf *out)
{
	struct fix_record *all;
	size_t n;

	assert_int_equal(fix_list(f->store, &all, &n, &f->mem, &f->err), 0);
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%.*s %.*s %.*s %lld %lld %lld %lld %lld:", STR_ARGS(all[i].id),
			STR_ARGS(all[i].patch), STR_ARGS(all[i].note), (long long)all[i].attempts,
			(long long)all[i].successes, (long long)all[i].failed,
			(long long)all[i].created_at, (long long)all[i].updated_at);
		for (size_t k = 0; k < all[i].n_failures; k++)
			buf_printf(out, " %.*s/%.*s", STR_ARGS(all[i].failures[k].fingerprint),
				STR_ARGS(all[i].failures[k].cause));
	}
}

/* Three versions of one fix merged in all six orders, each twice: always the same row. */
static void merging_does_not_depend_on_order(void **state)
{
	static const int orders[6][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	const struct fix_failure failures[] = {
		{STR("f1"), STR("c1")}, {STR("f2"), STR("c2")}, {STR("f2"), STR("c3")}};
	struct fix_record v[3];
	BUF_AUTO first, now;

	(void)state;
	buf_init(&first, 4096);
	buf_init(&now, 4096);
	for (int i = 0; i < 3; i++)
		v[i] = fix_like("abcd", &failures[i], 1);
	v[0].successes = 7, v[0].updated_at = 50, v[0].note = STR("oldest text");
	v[1].note = STR("b"), v[1].failed = 2;
	v[2].note = STR("c"), v[2].created_at = 9;
	for (size_t o = 0; o < 6; o++) {
		void *each;
		struct fixture *f;

		assert_int_equal(setup(&each), 0);
		f = each;
		for (int i = 0; i < 6; i++)
			assert_true(fix_save(f->store, &v[orders[o][i % 3]], &f->err) >= 0);
		assert_int_equal(fix_save(f->store, &v[0], &f->err), FIX_SAME);
		buf_reset(&now);
		dump(f, &now);
		if (o == 0)
			buf_str(&first, buf_view(&now));
		assert_string_equal(buf_text(&first), buf_text(&now));
		teardown(&each);
	}
	assert_non_null(strstr(buf_text(&first), " c 3 7 2 9 100: f1/c1 f2/c3"));
}

static void many_fixes_are_saved_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	struct fix_record fixes[] = {
		fix_like("aaaa", NULL, 0), fix_like("bbbb", NULL, 0), fix_like("aaaa", NULL, 0)};
	struct fix_record *all;
	size_t counts[3], n;

	assert_int_equal(fix_save_all(f->store, fixes, 3, counts, &f->err), 0);
	assert_int_equal(counts[0], 2);
	assert_int_equal(counts[FIX_SAME], 1);
	fixes[0].id = STR("cccc");
	fixes[1].id = str_make(calloc(1, 70 << 20), 70 << 20); /* over the cap of one text */
	assert_int_equal(fix_save_all(f->store, fixes, 3, counts, &f->err), -1);
	assert_int_equal(f->err.code, ERR_LIMIT);
	assert_int_equal(fix_list(f->store, &all, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 2);
	free((void *)(uintptr_t)fixes[1].id.p);
}

static void small_numbers(void **state)
{
	struct fixture *f = *state;
	const struct origin_record deltas[] = {
		{STR("b"), 1, 0}, {STR("a"), 2, 1}, {STR("b"), 3, 2}};
	struct origin_record *records;
	struct flaky_record flaky;
	int64_t ms;
	size_t n;

	assert_int_equal(origin_record_add(f->store, deltas, 3, &f->err), 0);
	assert_int_equal(origin_record_load(f->store, &records, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 2);
	assert_true(str_eq_c(records[1].origin, "b"));
	assert_int_equal(records[1].tried, 4);
	assert_int_equal(records[1].held, 2);
	assert_int_equal(run_time_set(f->store, STR("t"), 5, &f->err), 0);
	assert_int_equal(run_time_set(f->store, STR("t"), 6, &f->err), 0);
	assert_int_equal(run_time_get(f->store, STR("t"), &ms, &f->err), 0);
	assert_int_equal(ms, 6);
	assert_int_equal(flaky_get(f->store, STR("t"), &flaky, &f->mem, &f->err), FLAKY_UNKNOWN);
	assert_int_equal(flaky_add(f->store, STR("t"), STR("f"), 5, 2, &f->err), 0);
	assert_int_equal(flaky_add(f->store, STR("t"), STR("g"), 5, 1, &f->err), 0);
	assert_int_equal(flaky_get(f->store, STR("t"), &flaky, &f->mem, &f->err), 0);
	assert_int_equal(flaky.runs, 10);
	assert_int_equal(flaky.failed, 3);
	assert_true(str_eq_c(flaky.fingerprint, "g"));
}

static int raw_sql(struct fixture *f, const char *sql)
{
	sqlite3 *db;
	int rc;

	assert_int_equal(sqlite3_open(scratch_path(&f->box, "s.db"), &db), SQLITE_OK);
	rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
	return rc;
}

static void audit_log_shows_tampering(void **state)
{
	struct fixture *f = *state;
	int64_t rows;

	for (int i = 0; i < 4; i++)
		assert_int_equal(audit_append(f->store, STR("root"), STR("apply"), STR("fix"),
					 STR("{}"), &f->err),
			0);
	assert_int_equal(audit_verify(f->store, &rows, &f->err), 0);
	assert_int_equal(rows, 4);
	assert_int_not_equal(raw_sql(f, "UPDATE audit SET actor = 'x'"), SQLITE_OK);
	assert_int_not_equal(raw_sql(f, "DELETE FROM audit"), SQLITE_OK);
	assert_int_equal(raw_sql(f, "DROP TRIGGER audit_is_append_only_update;"
				    "UPDATE audit SET actor = 'x' WHERE seq = 3"),
		SQLITE_OK);
	assert_int_equal(audit_verify(f->store, &rows, &f->err), -1);
	assert_non_null(strstr(f->err.msg, "row 3"));
	assert_int_equal(raw_sql(f, "DROP TRIGGER audit_is_append_only_delete;"
				    "DELETE FROM audit WHERE seq = 2"),
		SQLITE_OK);
	assert_int_equal(audit_verify(f->store, &rows, &f->err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			session_begins_ends_and_is_found_while_unfinished, setup, teardown),
		cmocka_unit_test_setup_teardown(
			journal_keeps_order_and_the_first_of_a_key, setup, teardown),
		cmocka_unit_test_setup_teardown(
			failures_are_counted_over_sessions, setup, teardown),
		cmocka_unit_test_setup_teardown(
			fix_is_found_by_fingerprint_before_cause, setup, teardown),
		cmocka_unit_test(merging_does_not_depend_on_order),
		cmocka_unit_test_setup_teardown(
			many_fixes_are_saved_whole_or_not_at_all, setup, teardown),
		cmocka_unit_test_setup_teardown(small_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(audit_log_shows_tampering, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
