#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/vec.h"
#include "verify/policy_judge.h"

struct fixture {
	struct policy *policy;
	struct arena mem;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err err = ERR_INIT;

	assert_int_equal(policy_open(&f->policy, NULL, &err), 0);
	arena_init(&f->mem);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	policy_free(f->policy);
	arena_release(&f->mem);
	free(f);
	return 0;
}

static void put_lines(struct buf *out, char mark, struct str text)
{
	struct str line;

	while (str_next_line(&text, &line))
		buf_printf(out, "%c%.*s\n", mark, STR_ARGS(line));
}

/* The first (last) line of text, with its end. */
static struct str edge_line(struct str text, bool last)
{
	size_t at = text.n;

	if (!last) {
		ptrdiff_t end = str_find_char(text, '\n');

		return end < 0 ? text : str_slice(text, 0, (size_t)end + 1);
	}
	for (at -= at > 0; at > 0 && text.p[at - 1] != '\n';)
		at--;
	return str_from(text, at);
}

/* The length of the lines that a and b begin (end) with. */
static size_t common_lines(struct str a, struct str b, bool last)
{
	size_t n = 0;

	while (a.n && b.n) {
		struct str line = edge_line(a, last);

		if (!str_eq(line, edge_line(b, last)))
			break;
		n += line.n;
		a = last ? str_slice(a, 0, a.n - line.n) : str_from(a, line.n);
		b = last ? str_slice(b, 0, b.n - line.n) : str_from(b, line.n);
	}
	return n;
}

/* A patch of one file as one hunk; NULL: the file is not there. */
static struct str diff_of(
	struct arena *mem, const char *path, const char *before, const char *after)
{
	struct str a = str_of(before), b = str_of(after), text;
	size_t head = before && after ? common_lines(a, b, false) : 0, tail;
	struct buf out;

	tail = before && after ? common_lines(str_from(a, head), str_from(b, head), true) : 0;
	buf_init(&out, 1 << 20);
	buf_printf(&out, "--- %s%s\n+++ %s%s\n@@ -1,9 +1,9 @@\n", before ? "a/" : "",
		before ? path : "/dev/null", after ? "b/" : "", after ? path : "/dev/null");
	put_lines(&out, ' ', str_slice(a, 0, head));
	put_lines(&out, '-', str_slice(a, head, a.n - tail));
	put_lines(&out, '+', str_slice(b, head, b.n - tail));
	put_lines(&out, ' ', str_from(a, a.n - tail));
	text = arena_str(mem, buf_view(&out));
	buf_release(&out);
	return text;
}

static struct policy_report judge_diff(struct fixture *f, struct str diff)
{
	struct policy_report report;
	struct err err = ERR_INIT;

	assert_int_equal(policy_check_diff(&report, f->policy, diff, &f->mem, &err), 0);
	return report;
}

static void fail_report(const char *what, const struct policy_report *report)
{
	print_error("%s: %s\n", what, policy_verdict_to_string(report->verdict));
	for (size_t i = 0; i < report->n; i++)
		print_error("  %s %s: %.*s\n", policy_verdict_to_string(report->v[i].verdict),
			report->v[i].rule, STR_ARGS(report->v[i].detail));
	fail();
}

struct spelling {
	const char *rule; /* NULL: the patch must be allowed */
	enum policy_verdict verdict;
	const char *path, *before, *after;
};

/* Each rule refused or held, and beside it what only looks like it. */
static const struct spelling SPELLINGS[] = {
#include "unit/policy_spellings.inc"
};

static void test_spellings(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(SPELLINGS); i++) {
		const struct spelling *s = &SPELLINGS[i];
		struct policy_report report =
			judge_diff(f, diff_of(&f->mem, s->path, s->before, s->after));
		bool found = !s->rule && !report.n;
		char *what =
			xasprintf("spelling %zu of %s: %s", i, s->path, s->after ? s->after : "");

		for (size_t k = 0; s->rule && k < report.n; k++)
			found |= !strcmp(report.v[k].rule, s->rule);
		if (!found || report.verdict != s->verdict)
			fail_report(what, &report);
		free(what);
	}
}

/* A pattern that does not compile would let everything pass. */
static void test_patterns_compile(void **state)
{
	struct fixture *f = *state;
	struct tables *t = &f->policy->tables;

	assert_true(t->n_rules > 100);
	for (size_t i = 0; i < t->n_rules; i++) {
		(void)rule_match(&t->rules[i], STR("x"), NULL);
		if (!t->rules[i].regex)
			fail_msg("%s: %.*s", t->rules[i].name, STR_ARGS(t->rules[i].pattern));
	}
}

static void test_paths(void **state)
{
	static const struct {
		const char *path;
		bool is_test, is_protected;
	} rows[] = {
		{"tests/test_a.py", true, false},
		{"pkg/a_test.go", true, false},
		{"src/contest.py", false, false},
		{"latest/a.c", false, false},
		{"src/test/java/org/ATest.java", true, false},
		{"web/a.spec.ts", true, false},
		{"tests/golden/a.txt", true, false},
		{".github/workflows/ci.yml", false, true},
		{".GitHub/Workflows/ci.yml", false, true},
		{"package-lock.json", false, true},
		{"sub/Makefile", false, true},
		{"docs/a.md", false, false},
		{"django/test/client.py", false, false},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str path = str_of(rows[i].path);

		if (policy_is_test_path(f->policy, path) != rows[i].is_test ||
			policy_is_protected_path(f->policy, path) != rows[i].is_protected)
			fail_msg("%s", rows[i].path);
	}
}

static void test_options(void **state)
{
	static const struct str protected_globs[] = {{"src/secret/**", 13}};
	static const struct str test_globs[] = {{"checks/*.py", 11}};
	struct policy_options options = {.protected_globs = protected_globs,
		.n_protected = 1,
		.test_globs = test_globs,
		.n_tests = 1,
		.allow_workflows = true,
		.max_lines = 3};
	struct fixture f = {0};
	struct err err = ERR_INIT;
	struct policy_report report;

	(void)state;
	assert_int_equal(policy_open(&f.policy, &options, &err), 0);
	arena_init(&f.mem);
	report = judge_diff(&f, diff_of(&f.mem, "src/secret/a.c", "int a;\n", "int b;\n"));
	assert_int_equal(report.verdict, POLICY_REFUSE);
	report = judge_diff(
		&f, diff_of(&f.mem, "checks/a.py", "    assert a == 1\n", "    assert a\n"));
	assert_int_equal(report.verdict, POLICY_REFUSE);
	report = judge_diff(&f, diff_of(&f.mem, ".github/workflows/a.yml", "a: 1\n", "a: 2\n"));
	assert_int_equal(report.verdict, POLICY_HOLD);
	report = judge_diff(&f, diff_of(&f.mem, "src/a.c", "int a;\nint b;\n", "int c;\nint d;\n"));
	assert_int_equal(report.verdict, POLICY_HOLD);
	assert_string_equal(report.v[0].rule, "size");
	policy_free(f.policy);
	arena_release(&f.mem);
}

/* Whole files: what encloses a change far away is known. */
static void test_texts(void **state)
{
	static const struct {
		enum policy_verdict verdict;
		const char *path, *before, *after;
	} rows[] = {
		{POLICY_ALLOW, "a.py", "def f(x):\n    return x - 1\n",
			"def f(x):\n    return x + 1\n"},
		{POLICY_REFUSE, "src/a.rs",
			"fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {\n"
			"        let a = 1;\n        let b = 2;\n        let c = 3;\n"
			"        assert_eq!(a, 1);\n    }\n}\n",
			"fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {\n"
			"        let a = 1;\n        let b = 2;\n        let c = 3;\n    }\n}\n"},
		{POLICY_ALLOW, "src/a.rs",
			"fn a(x: i64) {\n    let b = 2;\n    assert!(x > 2);\n    b(x);\n}\n",
			"fn a(x: i64) {\n    let b = 2;\n    b(x);\n}\n"},
		{POLICY_REFUSE, "tests/test_a.py", "def test_a():\n    assert 1 == f()\n", NULL},
		{POLICY_ALLOW, "tests/test_a.py", NULL, "def test_a():\n    assert 1 == f()\n"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct policy_text text = {
			str_of(rows[i].path), str_of(rows[i].before), str_of(rows[i].after)};
		struct policy_report report;
		struct err err = ERR_INIT;

		assert_int_equal(
			policy_check_texts(&report, f->policy, &text, 1, &f->mem, &err), 0);
		if (report.verdict != rows[i].verdict)
			fail_report(rows[i].path, &report);
	}
}

/* What an applier might take must not go unread. */
static void test_hostile_diffs(void **state)
{
	static const struct {
		const char *diff;
		enum policy_verdict verdict;
	} rows[] = {
		{"", POLICY_ALLOW},
		{"\n\n", POLICY_ALLOW},
		{"no patch at all\n", POLICY_REFUSE},
		/* the header is a removed and an added line of the hunk, by its counts */
		{"--- a/x.md\n+++ b/x.md\n@@ -1,1 +1,2 @@\n--- a/y.md\n+++ b/y.md\n+ghp_"
		 "a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6\n",
			POLICY_REFUSE},
		/* lines in no hunk */
		{"--- a/x.c\n+++ b/x.c\n+int a;\n", POLICY_REFUSE},
		/* more lines than promised */
		{"--- a/t/test_a.py\n+++ b/tests/test_a.py\n@@ -1 +1 @@\n-a = f()\n-assert a == "
		 "1\n+a = f()\n",
			POLICY_REFUSE},
		/* quoted path */
		{"--- \"a/.github/work\\146lows/x.yml\"\n+++ \"b/.github/work\\146lows/x.yml\"\n@@ "
		 "-1 "
		 "+1 @@\n-a\n+b\n",
			POLICY_REFUSE},
		{"diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", POLICY_REFUSE},
		{"diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 "
		 "@@\n+/etc/passwd\n",
			POLICY_REFUSE},
		{"diff --git a/x b/../y\nsimilarity index 100%\nrename from x\nrename to ../y\n",
			POLICY_REFUSE},
		{"--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-int a;\n+int a, b;\n-- \n2.39.2\n",
			POLICY_ALLOW},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct policy_report report = judge_diff(f, str_of(rows[i].diff));

		if (report.verdict != rows[i].verdict)
			fail_report(rows[i].diff, &report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns_compile),
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_hostile_diffs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
