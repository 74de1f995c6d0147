#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "model/udiff.h"
#include "port/git/diff.h"
#include "support/scratch.h"

enum { CAP = 1 << 20 };

static struct scratch box;
static struct arena mem;

static int setup(void **state)
{
	(void)state;
	arena_init(&mem);
	scratch_make(&box);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&mem);
	scratch_remove(&box);
	return 0;
}

/* What our reader makes of old and the diff; the caller compares. */
static void apply_ours(struct buf *out, struct str diff, struct str old)
{
	struct udiff parsed;
	struct err err = ERR_INIT;

	if (udiff_parse(&parsed, diff, &mem, &err) < 0)
		fail_msg("%s\n%.*s", err.msg, STR_ARGS(diff));
	assert_int_equal(parsed.n, 1);
	if (udiff_apply(out, &parsed.files[0], old, &err) < 0)
		fail_msg("%s\n%.*s", err.msg, STR_ARGS(diff));
}

/* git apply and patch -p1 in a folder with the old file give the new one. */
static void apply_theirs(const char *name, struct str old, struct str new, struct str diff)
{
	static const char *const tools[] = {
		"git apply ../d.patch", "patch -s -p1 --binary -i ../d.patch"};

	scratch_write_n(&box, "d.patch", diff.p, diff.n);
	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		char path[300];
		size_t n = 0;
		CLEANUP(freep) char *got = NULL;

		snprintf(path, sizeof(path), "t/%s", name);
		scratch_sh(&box, "rm -rf t; mkdir -p t/sub && git init -q t");
		if (old.p)
			scratch_write_n(&box, path, old.p, old.n);
		if (scratch_sh(&box, "cd t && %s", tools[i]))
			fail_msg("%s refuses:\n%.*s", tools[i], STR_ARGS(diff));
		got = scratch_read(&box, path, &n);
		if (!new.p) {
			assert_null(got);
			continue;
		}
		assert_non_null(got);
		assert_int_equal(n, new.n);
		assert_memory_equal(got, new.p, n);
	}
}

static void texts_and_names(void **state)
{
	static const struct {
		const char *name, *old, *new;
	} cases[] = {
		{"a.c", "one\ntwo\nthree\n", "one\n2\nthree\n"},
		{"a.c", "one\ntwo", "one\ntwo\n"},
		{"a.c", "one\ntwo\n", "one\ntwo"},
		{"a.c", "one\ntwo", "one\n2"},
		{"a.c", "a\r\nb\r\nc\r\n", "a\r\nB\r\nc\r\n"},
		{"a.c", "a\r\nb\n", "a\nb\r\n"},
		{"a.c", "", "x\n"},
		{"a.c", "x\n", ""},
		{"a.c", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n",
			"0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\nfourteen\n"},
		{"a.c", "-- x\n++ y\n", "--- x\n+++ y\n@@ -1 +1 @@\n"},
		{"sub/b.c", "x\n", "y\n"},
		{"new.c", NULL, "fresh\nfile\n"},
		{"gone.c", "old\nfile\n", NULL},
		{"with blank.c", "x\n", "y\n"},
		{"with blank.c", NULL, "y\n"},
		{"quote\".c", "x\n", "y\n"},
		{"tab\there.c", "x\n", "y\n"},
		{"new\nline.c", "x\n", "y\n"},
		{"back\\slash.c", "x\n", "y\n"},
		{"gr\xc3\xbc\xc3\x9f.c", "x\n", "y\n"},
		{"latin\xe9.c", "x\n", "y\n"},
	};
	BUF_AUTO diff, got;

	(void)state;
	buf_init(&diff, CAP);
	buf_init(&got, CAP);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str old = str_of(cases[i].old), new = str_of(cases[i].new);
		struct udiff parsed;
		struct err err = ERR_INIT;

		buf_reset(&diff);
		assert_int_equal(diff_unified(&diff, str_of(cases[i].name), old, new, &err), 0);
		assert_int_equal(udiff_parse(&parsed, buf_view(&diff), &mem, &err), 0);
		assert_true(str_eq_c(parsed.files[0].path, cases[i].name));
		assert_int_equal(parsed.files[0].created, !old.p);
		assert_int_equal(parsed.files[0].deleted, !new.p);
		apply_ours(&got, buf_view(&diff), old);
		assert_string_equal(buf_text(&got), new.p ? cases[i].new : "");
		apply_theirs(cases[i].name, old, new, buf_view(&diff));
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void random_text(struct buf *out, uint32_t *seed)
{
	uint32_t lines = next_random(seed) % 40;

	buf_reset(out);
	for (uint32_t i = 0; i < lines; i++)
		buf_printf(out, "%c%s\n", 'a' + (int)(next_random(seed) % 6),
			next_random(seed) % 9 ? "" : "\r");
	if (out->n && next_random(seed) % 3 == 0)
		buf_truncate(out, out->n - 1);
}

/* Some lines of from changed, dropped, doubled. */
static void mutate(struct buf *out, struct str from, uint32_t *seed)
{
	struct str line;

	buf_reset(out);
	while (str_next(&from, '\n', &line)) {
		uint32_t what = next_random(seed) % 10;

		if (what == 0)
			continue;
		buf_str(out, what == 1 ? STR("changed") : line);
		buf_c(out, what == 2 ? "\nadded\n" : "\n");
	}
	if (out->n && next_random(seed) % 3 == 0)
		buf_truncate(out, out->n - 1);
}

static void random_texts_come_back(void **state)
{
	BUF_AUTO old, new, diff, got;
	uint32_t seed = 7;

	(void)state;
	buf_init(&old, CAP);
	buf_init(&new, CAP);
	buf_init(&diff, CAP);
	buf_init(&got, CAP);
	for (int i = 0; i < 2000; i++) {
		struct err err = ERR_INIT;

		random_text(&old, &seed);
		mutate(&new, buf_view(&old), &seed);
		buf_reset(&diff);
		assert_int_equal(
			diff_unified(&diff, STR("f"), buf_view(&old), buf_view(&new), &err), 0);
		if (str_eq(buf_view(&old), buf_view(&new))) {
			assert_int_equal(diff.n, 0);
			continue;
		}
		apply_ours(&got, buf_view(&diff), buf_view(&old));
		assert_string_equal(buf_text(&got), buf_text(&new));
		if (i % 50 == 0)
			apply_theirs("f", buf_view(&old), buf_view(&new), buf_view(&diff));
	}
}

static void caps_and_paths_hold(void **state)
{
	BUF_AUTO diff;
	struct err err = ERR_INIT;

	(void)state;
	buf_init(&diff, 20);
	assert_int_equal(diff_unified(&diff, STR("f"), STR("a\n"), STR("b\n"), &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	buf_reset(&diff);
	assert_int_equal(diff_unified(&diff, STR("../f"), STR("a\n"), STR("b\n"), &err), -1);
	assert_int_equal(err.code, ERR_POLICY);
	assert_int_equal(diff_unified(&diff, STR("f"), STR("a\n"), STR("a\n"), &err), 0);
	assert_int_equal(diff.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_and_names),
		cmocka_unit_test(random_texts_come_back),
		cmocka_unit_test(caps_and_paths_hold),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
