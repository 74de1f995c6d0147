#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "model/udiff.h"

static struct arena mem;

static int setup(void **state)
{
	(void)state;
	arena_init(&mem);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&mem);
	return 0;
}

#define HEAD "--- a/f\n+++ b/f\n"

static void headers_of_git(void **state)
{
	static const struct {
		const char *text, *path, *old_path;
		bool created, deleted, renamed, copied, binary;
		int old_mode, new_mode;
		size_t hunks;
	} cases[] = {
		{HEAD "@@ -1 +1 @@\n-a\n+b\n", "f", "f", .hunks = 1},
		{"--- f\t2026-01-01 00:00:00\n+++ f\t2026-01-02 00:00:00\n@@ -1 +1 @@ x\n-a\n+b\n",
			"f", "f", .hunks = 1},
		{"a mail's text\n--\ndiff --git a/f b/f\nindex 123..456 100755\n" HEAD
		 "@@ -1 +1 @@\n-a\n+b\n",
			"f", "f", .old_mode = 0100755, .new_mode = 0100755, .hunks = 1},
		{"diff --git a/f b/f\nold mode 100644\nnew mode 100755\n", "f", "f",
			.old_mode = 0100644, .new_mode = 0100755},
		{"diff --git a/f b/f\nnew file mode 120000\nindex 0..1\n--- /dev/null\n+++ b/f\n"
		 "@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n",
			"f", "f", .created = true, .new_mode = 0120000, .hunks = 1},
		{"diff --git a/f b/f\ndeleted file mode 100644\n--- a/f\n+++ /dev/null\n"
		 "@@ -1 +0,0 @@\n-x\n",
			"f", "f", .deleted = true, .old_mode = 0100644, .hunks = 1},
		{"diff --git a/e b/e\nnew file mode 100644\n", "e", "e", .created = true,
			.new_mode = 0100644},
		{"diff --git a/old b/new\nsimilarity index 90%\nrename from old\nrename to new\n",
			"new", "old", .renamed = true},
		{"diff --git a/old b/new\nsimilarity index 90%\ncopy from old\ncopy to new\n",
			"new", "old", .copied = true},
		{"--- a/old\n+++ b/new\n@@ -1 +1 @@\n-a\n+b\n", "new", "old", .renamed = true,
			.hunks = 1},
		{"diff --git a/i.png b/i.png\nindex 1..2 100644\nBinary files a/i.png and b/i.png "
		 "differ\n",
			"i.png", "i.png", .binary = true, .old_mode = 0100644, .new_mode = 0100644},
		{"diff --git a/i b/i\nindex 1..2\nGIT binary patch\nliteral 3\nzcmY\n\nliteral 0\n",
			"i", "i", .binary = true},
		{"diff --git \"a/t\\tb\\303\\274\" \"b/t\\tb\\303\\274\"\nold mode 100644\n"
		 "new mode 100755\n",
			"t\tb\xc3\xbc", "t\tb\xc3\xbc", .old_mode = 0100644, .new_mode = 0100755},
		{"diff --git a/s b/s\nindex 1..2 160000\n--- a/s\n+++ b/s\n@@ -1 +1 @@\n"
		 "-Subproject commit 1\n+Subproject commit 2\n",
			"s", "s", .old_mode = 0160000, .new_mode = 0160000, .hunks = 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct udiff d;
		struct err err = ERR_INIT;

		if (udiff_parse(&d, str_of(cases[i].text), &mem, &err) < 0)
			fail_msg("case %zu: %s", i, err.msg);
		assert_int_equal(d.n, 1);
		assert_true(str_eq_c(d.files[0].path, cases[i].path));
		assert_true(str_eq_c(d.files[0].old_path, cases[i].old_path));
		assert_int_equal(d.files[0].created, cases[i].created);
		assert_int_equal(d.files[0].deleted, cases[i].deleted);
		assert_int_equal(d.files[0].renamed, cases[i].renamed);
		assert_int_equal(d.files[0].copied, cases[i].copied);
		assert_int_equal(d.files[0].binary, cases[i].binary);
		assert_int_equal(d.files[0].old_mode, cases[i].old_mode);
		assert_int_equal(d.files[0].new_mode, cases[i].new_mode);
		assert_int_equal(d.files[0].n, cases[i].hunks);
	}
}

static void several_files_and_hunks(void **state)
{
	struct udiff d;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(udiff_parse(&d,
				 STR("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@ f()\n"
				     " a\n--- b\n+++ c\n@@ -9 +9,0 @@\n-z\n"
				     "diff --git a/y b/y\nBinary files a/y and b/y differ\n"
				     "--- a/z\n+++ b/z\n@@ -1 +1 @@\n-1\n+2\n"),
				 &mem, &err),
		0);
	assert_int_equal(d.n, 2); /* what follows binary data belongs to it */
	assert_int_equal(d.files[0].n, 2);
	assert_true(str_eq_c(d.files[0].hunks[0].lines[1].text, "-- b"));
	assert_int_equal(d.files[0].hunks[1].new_count, 0);
	assert_true(d.files[1].binary);
}

static void hostile_texts_are_refused(void **state)
{
	static const struct {
		const char *text, *says;
		enum err_code code;
	} cases[] = {
		{"", "no file", ERR_PARSE},
		{"hello\nworld\n", "no file", ERR_PARSE},
		{HEAD, "no hunk", ERR_PARSE},
		{HEAD "@@ -1,2 +1 @@\n-a\n+b\n", "ends before", ERR_PARSE},
		{HEAD "@@ -1 +1 @@\n-a\n-b\n", "more lines", ERR_PARSE},
		{HEAD "@@ -1 +1 @@\n-a\n*b\n", "line 5: not a line", ERR_PARSE},
		{HEAD "@@ -x +1 @@\n", "header", ERR_PARSE},
		{HEAD "@@ -1,99999999999999999999 +1 @@\n", "header", ERR_PARSE},
		{HEAD "@@ -1 +1 @@\n\\ No newline\n", "before any line", ERR_PARSE},
		{"@@ -1 +1 @@\n-a\n+b\n", "without", ERR_PARSE},
		{"--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "dev/null", ERR_PARSE},
		{"--- a/../f\n+++ b/../f\n@@ -1 +1 @@\n-a\n+b\n", "not allowed", ERR_POLICY},
		{"--- /etc/passwd\n+++ /etc/passwd\n@@ -1 +1 @@\n-a\n+b\n", "not allowed",
			ERR_POLICY},
		{"--- a/.git/config\n+++ b/.git/config\n@@ -1 +1 @@\n-a\n+b\n", "not allowed",
			ERR_POLICY},
		{"--- a/x/.GIT/hooks/y\n+++ b/x/.GIT/hooks/y\n@@ -1 +1 @@\n-a\n+b\n", "not allowed",
			ERR_POLICY},
		{"--- \"a/f\\000\"\n+++ \"b/f\\000\"\n@@ -1 +1 @@\n-a\n+b\n", "not allowed",
			ERR_POLICY},
		{"--- a/x\n+++ b/y/\n@@ -1 +1 @@\n-a\n+b\n", "not allowed", ERR_POLICY},
		{"diff --git a/f b/f\nrename from f\nrename to ../g\n", "not allowed", ERR_POLICY},
		{"diff --git a/f b/g\n", "no name", ERR_PARSE},
		{"diff --git \"a/f b/f\n", "no name", ERR_PARSE},
		{"diff --git \"a/\\9\" \"b/\\9\"\n", "no name", ERR_PARSE},
		{"diff --git ", "no name", ERR_PARSE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct udiff d;
		struct err err = ERR_INIT;
		int rc = udiff_parse(&d, str_of(cases[i].text), &mem, &err);

		if (rc != -1 || err.code != cases[i].code || !strstr(err.msg, cases[i].says))
			fail_msg("case %zu: %d %s", i, rc, err.msg);
	}
}

static void too_long_is_refused(void **state)
{
	char *big = calloc(1, LIMIT_PATCH_BYTES + 1);
	struct udiff d;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(udiff_parse(&d, str_make(big, LIMIT_PATCH_BYTES + 1), &mem, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	free(big);
}

static void strict_apply_refuses_what_moved(void **state)
{
	static const char diff[] = HEAD "@@ -2,3 +2,3 @@\n b\n-c\n+C\n d\n";
	static const struct {
		const char *old, *new;
	} cases[] = {
		{"a\nb\nc\nd\ne\n", "a\nb\nC\nd\ne\n"},
		{"a\nb\nc\nd", NULL},      /* last line without newline */
		{"x\na\nb\nc\nd\n", NULL}, /* moved */
		{"a\nb\r\nc\nd\n", NULL},  /* other line ends */
		{"a\nb\nc", NULL},         /* short */
		{"", NULL},
	};
	BUF_AUTO got;

	(void)state;
	buf_init(&got, 4096);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct udiff d;
		struct err err = ERR_INIT;
		int rc;

		assert_int_equal(udiff_parse(&d, str_of(diff), &mem, &err), 0);
		rc = udiff_apply(&got, &d.files[0], str_of(cases[i].old), &err);
		if (cases[i].new) {
			assert_int_equal(rc, 0);
			assert_string_equal(buf_text(&got), cases[i].new);
		} else {
			assert_int_equal(rc, -1);
			assert_int_equal(err.code, ERR_CONFLICT);
		}
	}
}

static void bound_to_what_the_file_is_now(void **state)
{
	static const struct {
		const char *what, *diff, *now, *then; /* then NULL: unbound */
	} cases[] = {
		{"in place", HEAD "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n", "a\nb\nc\n", "a\nB\nc\n"},
		{"moved down", HEAD "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n", "x\ny\nz\na\nb\nc\n",
			"x\ny\nz\na\nB\nc\n"},
		{"own line wins", HEAD "@@ -4,3 +4,3 @@\n a\n-b\n+B\n c\n",
			"a\nb\nc\na\nb\nc\na\nb\nc\n", "a\nb\nc\na\nB\nc\na\nb\nc\n"},
		{"two alike elsewhere", HEAD "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n",
			"x\na\nb\nc\na\nb\nc\n", NULL},
		{"context changed", HEAD "@@ -1,5 +1,5 @@\n 1\n 2\n-b\n+B\n 3\n 4\n",
			"one\n2\nb\n3\nfour\n", "one\n2\nB\n3\nfour\n"},
		{"context changed, two alike", HEAD "@@ -1,5 +1,5 @@\n 1\n 2\n-b\n+B\n 3\n 4\n",
			"one\n2\nb\n3\nfour\n2\nb\n3\n", NULL},
		{"the line itself changed", HEAD "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n", "a\nbb\nc\n",
			NULL},
		{"healed already", HEAD "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n", "a\nB\nc\n", NULL},
		{"insertion", HEAD "@@ -1,2 +1,3 @@\n a\n+new\n c\n", "x\na\nc\n",
			"x\na\nnew\nc\n"},
		{"at the end", HEAD "@@ -1 +1,2 @@\n a\n+new\n", "a\n", "a\nnew\n"},
		{"without newline",
			HEAD "@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n", "a",
			"a\nb\n"},
		{"crlf", HEAD "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+B\r\n", "a\r\nb\r\n", "a\r\nB\r\n"},
		{"two hunks, both moved",
			HEAD "@@ -1,2 +1,2 @@\n-a\n+A\n b\n@@ -10,2 +10,2 @@\n-x\n+X\n y\n",
			"0\n0\na\nb\n1\n1\nx\ny\n", "0\n0\nA\nb\n1\n1\nX\ny\n"},
		{"second hunk missing",
			HEAD "@@ -1,2 +1,2 @@\n-a\n+A\n b\n@@ -10,2 +10,2 @@\n-x\n+X\n y\n",
			"a\nb\n", NULL},
		{"new file", "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+x\n", "", NULL},
		{"deleted", "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", "x\n", NULL},
	};
	BUF_AUTO got;

	(void)state;
	buf_init(&got, 4096);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct udiff d;
		struct patch patch = {0};
		struct edit *edits = NULL;
		struct err err = ERR_INIT;
		int rc;

		assert_int_equal(udiff_parse(&d, str_of(cases[i].diff), &mem, &err), 0);
		rc = udiff_bind(&edits, &patch.n, &d.files[0], str_of(cases[i].now), &mem, &err);
		if (rc != (cases[i].then ? 0 : UDIFF_UNBOUND))
			fail_msg("%s: %d", cases[i].what, rc);
		if (!cases[i].then)
			continue;
		patch.edits = edits;
		assert_int_equal(
			patch_apply_to(&got, &patch, STR("f"), str_of(cases[i].now), &err), 0);
		if (!str_eq_c(buf_view(&got), cases[i].then))
			fail_msg("%s: %s", cases[i].what, buf_text(&got));
	}
}

/* A long file of alike lines and a hunk of alike lines: ends soon, unbound. */
static void alike_lines_end_soon(void **state)
{
	enum { LINES = 100000 };
	BUF_AUTO diff, now;
	struct udiff d;
	struct edit *edits;
	struct err err = ERR_INIT;
	size_t n;

	(void)state;
	buf_init(&diff, LIMIT_PATCH_BYTES);
	buf_init(&now, LIMIT_PATCH_BYTES);
	buf_printf(&diff, HEAD "@@ -1,%d +1,%d @@\n", LINES, LINES - 1);
	for (int i = 0; i < LINES - 1; i++)
		buf_c(&diff, " a\n");
	buf_c(&diff, "-z\n");
	for (int i = 0; i < 2 * LINES; i++)
		buf_c(&now, "a\n");
	assert_int_equal(udiff_parse(&d, buf_view(&diff), &mem, &err), 0);
	assert_int_equal(
		udiff_bind(&edits, &n, &d.files[0], buf_view(&now), &mem, &err), UDIFF_UNBOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_of_git),
		cmocka_unit_test(several_files_and_hunks),
		cmocka_unit_test(hostile_texts_are_refused),
		cmocka_unit_test(too_long_is_refused),
		cmocka_unit_test(strict_apply_refuses_what_moved),
		cmocka_unit_test(bound_to_what_the_file_is_now),
		cmocka_unit_test(alike_lines_end_soon),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
