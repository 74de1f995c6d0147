#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/json.h"
#include "learn/exchange.h"
#include "learn/knowledge.h"
#include "port/store/store.h"
#include "support/scratch.h"

#define F64(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define FP_A F64("a1")
#define FP_B F64("b2")
#define CAUSE F64("c3")

static const char diff[] = "diff --git a/m.py b/m.py\n--- a/m.py\n+++ b/m.py\n"
			   "@@ -1,3 +1,3 @@\n def f(a):\n-    return a - 1\n+    return a + 1\n \n";

struct fixture {
	struct scratch box;
	struct store *store;
	struct arena mem;
	struct err err;
	struct failure_list failures;
	struct patch patch;
	struct verdict verdict;
	struct diagnosis diagnosis;
	const char *file; /* what m.py is now */
};

static struct store *open_store(struct fixture *f, const char *name)
{
	struct store_options options = {.path = scratch_path(&f->box, name)};
	struct store *store = NULL;

	if (store_open(&store, &options, &f->err) < 0)
		return NULL;
	return store;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct failure *failure;

	*state = f;
	scratch_make(&f->box);
	arena_init(&f->mem);
	failure_list_init(&f->failures);
	failure = failure_list_add(&f->failures);
	memcpy(failure->fingerprint, FP_A, sizeof(FP_A));
	memcpy(failure->cause, CAUSE, sizeof(CAUSE));
	failure->language = STR("python");
	failure->type = STR("AssertionError");
	failure->message = STR("assert 0 == 2");
	f->patch = (struct patch){.source = STR("template"),
		.origin = STR("operator"),
		.note = STR("change '-' to '+'"),
		.normal = 77};
	f->diagnosis.root_cause = STR("m.py:2 subtracts, seen in /home/me/secret-project/m.py:2");
	verdict_add(&f->verdict, &f->mem, RUNG_SUITE)->command = STR("cd /home/me && pytest");
	f->file = "def f(a):\n    return a - 1\n\n";
	return (f->store = open_store(f, "s.db")) ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_free(f->store);
	failure_list_release(&f->failures);
	arena_release(&f->mem);
	scratch_remove(&f->box);
	free(f);
	return 0;
}

static void record(struct fixture *f, struct store *store, const char *text, char *id)
{
	const struct knowledge_fix fix = {.healed = &f->failures,
		.patch = &f->patch,
		.diff = str_of(text),
		.diagnosis = &f->diagnosis,
		.verdict = &f->verdict,
		.attempts = 12};

	if (knowledge_record(store, &fix, id, &f->err) < 0)
		fail_msg("%s", f->err.msg);
}

static int read_file(void *data, struct str path, struct buf *out, struct err *err)
{
	struct fixture *f = data;

	if (!str_eq_c(path, "m.py"))
		return err_sys(err, 2, "no '%.*s'", STR_ARGS(path));
	buf_c(out, f->file);
	return 0;
}

static size_t lookup(struct fixture *f, const char *fingerprint, const char *cause,
	struct patch *out, size_t max)
{
	const struct knowledge_files files = {read_file, f};
	struct failure failure = {0};
	size_t n = 99;

	snprintf(failure.fingerprint, sizeof(failure.fingerprint), "%s", fingerprint);
	snprintf(failure.cause, sizeof(failure.cause), "%s", cause);
	assert_int_equal(
		knowledge_lookup_in(f->store, &failure, &files, out, max, &n, &f->mem, &f->err), 0);
	return n;
}

static void found_again_and_bound_to_the_file(void **state)
{
	struct fixture *f = *state;
	char id[KNOWLEDGE_ID_SIZE];
	struct patch found[4];
	BUF_AUTO out;

	buf_init(&out, 4096);
	record(f, f->store, diff, id);
	f->file = "import os\n\n\ndef f(a):\n    return a - 1\n\n";
	assert_int_equal(lookup(f, FP_A, CAUSE, found, 4), 1);
	assert_true(str_eq_c(found[0].source, "knowledge"));
	assert_true(str_eq_c(found[0].origin, id));
	assert_true(str_eq_c(found[0].note, "change '-' to '+'"));
	assert_true(found[0].prior > 0.6 && found[0].prior < 0.7);
	assert_int_equal(patch_apply_to(&out, &found[0], STR("m.py"), str_of(f->file), &f->err), 0);
	assert_string_equal(buf_text(&out), "import os\n\n\ndef f(a):\n    return a + 1\n\n");
	assert_int_equal(lookup(f, FP_B, CAUSE, found, 4), 1); /* by cause */
	assert_int_equal(lookup(f, FP_B, FP_B, found, 4), 0);
	assert_int_equal(lookup(f, "", "", found, 4), 0);
	assert_int_equal(lookup(f, FP_A, CAUSE, found, 0), 0);
	f->file = "def f(a):\n    return a + 1\n\n"; /* healed already */
	assert_int_equal(lookup(f, FP_A, CAUSE, found, 4), 0);
}

static void used_again_counts_for_the_fix_it_came_from(void **state)
{
	struct fixture *f = *state;
	char id[KNOWLEDGE_ID_SIZE], again[KNOWLEDGE_ID_SIZE];
	struct patch found[4];
	struct fix_record fix;

	record(f, f->store, diff, id);
	assert_int_equal(lookup(f, FP_A, CAUSE, found, 4), 1);
	f->patch = found[0];
	memcpy(f->failures.items.v[0].fingerprint, FP_B, sizeof(FP_B));
	record(f, f->store, "--- a/m.py\n+++ b/m.py\n@@ -9 +9 @@\n-moved\n+on\n", again);
	assert_string_equal(id, again);
	assert_int_equal(fix_get(f->store, str_of(id), &fix, &f->mem, &f->err), 0);
	assert_int_equal(fix.successes, 2);
	assert_int_equal(fix.n_failures, 2);
	assert_true(str_eq_c(fix.patch, diff));
	assert_true(str_eq_c(fix.source, "template"));
	assert_true(str_eq_c(fix.normal_form, "000000000000004d"));
	for (int i = 0; i < 3; i++)
		assert_int_equal(knowledge_failed(f->store, &found[0], &f->err), 0);
	assert_int_equal(lookup(f, FP_A, CAUSE, found, 4), 0); /* failed more often */
}

static void the_same_change_elsewhere_is_the_same_fix(void **state)
{
	struct fixture *f = *state;
	char id[KNOWLEDGE_ID_SIZE], moved[KNOWLEDGE_ID_SIZE], other[KNOWLEDGE_ID_SIZE];

	record(f, f->store, diff, id);
	record(f, f->store,
		"--- a/m.py\n+++ b/m.py\n@@ -41,3 +41,3 @@ x\n def f(a):\n-    return a - 1\n"
		"+    return a + 1\n \n",
		moved);
	assert_string_equal(id, moved);
	record(f, f->store, "--- a/n.py\n+++ b/n.py\n@@ -1 +1 @@\n-a\n+b\n", other);
	assert_string_not_equal(id, other);
}

static void export_text(
	struct fixture *f, struct store *store, struct buf *out, struct exchange_export *counts)
{
	buf_reset(out);
	assert_int_equal(knowledge_export(store, 0, out, counts, &f->err), 0);
}

static void exported_without_machine_and_secrets(void **state)
{
	struct fixture *f = *state;
	struct exchange_export counts;
	char id[KNOWLEDGE_ID_SIZE];
	BUF_AUTO text;

	buf_init(&text, 1 << 20);
	record(f, f->store, diff, id);
	record(f, f->store,
		"--- a/k.py\n+++ b/k.py\n@@ -1 +1 @@\n-a\n+b = 'gh"
		"p_012345678901234567890123456789012345'\n",
		id);
	record(f, f->store, "--- a/l.py\n+++ b/l.py\n@@ -1 +1 @@\n-caf\xe9\n+b\n", id);
	export_text(f, f->store, &text, &counts);
	assert_int_equal(counts.written, 1);
	assert_int_equal(counts.secret, 1);
	assert_int_equal(counts.unclean, 1);
	assert_null(strstr(buf_text(&text), "/home"));
	assert_null(strstr(buf_text(&text), "gh"
					    "p_"));
	assert_non_null(strstr(buf_text(&text), ".../m.py:2"));
	assert_non_null(
		strstr(buf_text(&text), "\"proof\":[{\"passed\":false,\"rung\":\"suite\"}]"));
}

static void import_into_a_fresh_store_is_a_fixed_point(void **state)
{
	struct fixture *f = *state;
	struct store *other = open_store(f, "other.db");
	struct exchange_export counts;
	struct exchange_import got;
	char id[KNOWLEDGE_ID_SIZE];
	BUF_AUTO text, again;

	buf_init(&text, 1 << 20);
	buf_init(&again, 1 << 20);
	record(f, f->store, diff, id);
	record(f, f->store, "--- a/n.py\n+++ b/n.py\n@@ -1 +1 @@\n-a\n+b\n", id);
	export_text(f, f->store, &text, &counts);
	assert_int_equal(counts.written, 2);
	assert_int_equal(knowledge_import(other, buf_view(&text), &got, &f->err), 0);
	assert_int_equal(got.added, 2);
	assert_int_equal(got.refused, 0);
	assert_int_equal(knowledge_import(other, buf_view(&text), &got, &f->err), 0);
	assert_int_equal(got.same, 2);
	export_text(f, other, &again, &counts);
	assert_string_equal(buf_text(&text), buf_text(&again));
	/* here one more success: the greater count goes over, once */
	record(f, f->store, diff, id);
	export_text(f, f->store, &text, &counts);
	assert_int_equal(knowledge_import(other, buf_view(&text), &got, &f->err), 0);
	assert_int_equal(got.merged, 1);
	assert_int_equal(got.same, 1);
	export_text(f, other, &again, &counts);
	assert_string_equal(buf_text(&text), buf_text(&again));
	store_free(other);
}

/* One member of a good line replaced by what a hostile one has. */
static void hostile_lines_are_refused_alone(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *key, *value, *says;
	} cases[] = {
		{"v", "2", "version 1"},
		{"id", "\"" F64("0") "\"", "does not fit"},
		{"id", "null", "does not fit"},
		{"fp_version", "\"fp9\"", "another version"},
		{"source", "\"evil\"", "'source'"},
		{"failures", "[]", "'failures'"},
		{"failures", "[{\"fingerprint\":\"x\",\"cause\":\"y\"}]", "64 hex"},
		{"patch", "\"rm -rf\"", "diff"},
		{"patch", "7", "not text"},
		{"patch", "\"--- a/../x\\n+++ b/../x\\n@@ -1 +1 @@\\n-a\\n+b\\n\"", "not allowed"},
		{"patch", "\"--- a/.git/x\\n+++ b/.git/x\\n@@ -1 +1 @@\\n-a\\n+b\\n\"",
			"not allowed"},
		{"patch",
			"\"diff --git a/x b/x\\nnew file mode 100755\\n--- /dev/null\\n+++ b/x\\n"
			"@@ -0,0 +1 @@\\n+b\\n\"",
			"more than"},
		{"note", "[1]", "not text"},
	};
	struct exchange_export counts;
	char id[KNOWLEDGE_ID_SIZE];
	BUF_AUTO text, lines;

	buf_init(&text, 1 << 20);
	buf_init(&lines, 1 << 20);
	record(f, f->store, diff, id);
	export_text(f, f->store, &text, &counts);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(json_freep) struct json_t *good = NULL;
		struct json_t *value;
		struct exchange_import got;

		assert_int_equal(json_parse(&good, buf_view(&text), &f->err), 0);
		assert_int_equal(json_parse(&value, str_of(cases[i].value), &f->err), 0);
		json_put(good, cases[i].key, value);
		buf_reset(&lines);
		buf_c(&lines, "\n");
		json_write(&lines, good, 0);
		buf_c(&lines, "\nnot json\n");
		buf_str(&lines, buf_view(&text));
		assert_int_equal(knowledge_import(f->store, buf_view(&lines), &got, &f->err), 0);
		if (got.refused != 2 || got.same != 1 || !strstr(got.first_refusal, "line 2") ||
			!strstr(got.first_refusal, cases[i].says))
			fail_msg("case %zu: %zu %s", i, got.refused, got.first_refusal);
	}
}

static void claims_are_capped(void **state)
{
	struct fixture *f = *state;
	struct exchange_export counts;
	struct exchange_import got;
	struct store *other = open_store(f, "o.db");
	char id[KNOWLEDGE_ID_SIZE];
	struct fix_record fix;
	struct json_t *j = NULL;
	BUF_AUTO text;

	buf_init(&text, 1 << 20);
	record(f, f->store, diff, id);
	export_text(f, f->store, &text, &counts);
	assert_int_equal(json_parse(&j, buf_view(&text), &f->err), 0);
	json_put_int(j, "successes", INT64_MAX);
	json_put_int(j, "updated_at", INT64_MAX);
	json_put_int(j, "failed", -5);
	buf_reset(&text);
	json_write(&text, j, 0);
	json_free(j);
	assert_int_equal(knowledge_import(other, buf_view(&text), &got, &f->err), 0);
	assert_int_equal(got.added, 1);
	assert_int_equal(fix_get(other, str_of(id), &fix, &f->mem, &f->err), 0);
	assert_int_equal(fix.successes, 1000);
	assert_int_equal(fix.failed, 0);
	assert_true(fix.updated_at < 4000000000);
	store_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(found_again_and_bound_to_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(
			used_again_counts_for_the_fix_it_came_from, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_same_change_elsewhere_is_the_same_fix, setup, teardown),
		cmocka_unit_test_setup_teardown(
			exported_without_machine_and_secrets, setup, teardown),
		cmocka_unit_test_setup_teardown(
			import_into_a_fresh_store_is_a_fixed_point, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile_lines_are_refused_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(claims_are_capped, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
