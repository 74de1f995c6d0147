/* The parts of the report reader by themselves: lines, prefilter, places, merging. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/limits.h"
#include "kit/report/lines.h"
#include "kit/report/matcher_set.h"
#include "kit/report/prefilter.h"
#include "kit/report/report.h"
#include "kit/report/resolve.h"
#include "kit/report/scan.h"

static void check_str(struct str got, const char *want)
{
	if (!str_eq_c(got, want))
		fail_msg("'%.*s' instead of '%s'", STR_ARGS(got), want);
}

static void lines_are_clean(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"plain\n", "plain"},
		{"crlf\r\n", "crlf"},
		{"\xef\xbb\xbf"
		 "bom\n",
			"bom"},
		{"\033[1;31mred\033[0m\n", "red"},
		{"\033]8;;http://x\033\\link\033]8;;\a!\n", "link!"},
		{"\033(Bx\033[K\n", "x"},
		{"cut \033[3\n", "cut "},
		{" 10%\r 90%\rdone\r\n", "done"},
		{"2024-01-31T12:34:56.1234567Z FAILED a\n", "FAILED a"},
		{"2024-01-31T12:34:56Z\n", ""},
		{"[2024-01-31T12:34:56.123Z] x\n", "x"},
		{"2024-01-31T12:34:56.123456Z 00O x\n", "x"},
		{"2024-01-31T12:34:56.1234567Z ##[error]a.c:1:2: error: no\n",
			"a.c:1:2: error: no"},
		{"2024-01-31 is a day\n", "2024-01-31 is a day"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct lines lines;
		struct report_line line;
		struct str text = str_of(cases[i].in);

		lines_init(&lines);
		assert_true(lines_next(&lines, &text, &line));
		check_str(line.text, cases[i].out);
		assert_int_equal(line.number, 1);
		lines_release(&lines);
	}
}

static void lines_join_pieces_and_are_capped(void **state)
{
	struct lines lines;
	struct report_line line;
	struct str text = STR("ab");
	char *big = test_malloc(100000);

	(void)state;
	lines_init(&lines);
	assert_false(lines_next(&lines, &text, &line));
	text = STR("c\n\nlast");
	assert_true(lines_next(&lines, &text, &line));
	check_str(line.text, "abc");
	assert_true(lines_next(&lines, &text, &line));
	check_str(line.text, "");
	assert_false(lines_next(&lines, &text, &line));
	assert_true(lines_last(&lines, &line));
	check_str(line.text, "last");
	assert_int_equal(line.number, 3);
	assert_false(lines_last(&lines, &line));

	memset(big, 'x', 100000);
	for (int i = 0; i < 3; i++) {
		text = str_make(big, 100000);
		assert_false(lines_next(&lines, &text, &line));
	}
	text = STR("\nnext\n");
	assert_true(lines_next(&lines, &text, &line));
	assert_int_equal(line.text.n, LIMIT_LINE_BYTES);
	assert_true(lines_next(&lines, &text, &line));
	check_str(line.text, "next");
	lines_release(&lines);
	test_free(big);
}

static void compile(const char *name, struct matcher_step *step)
{
	struct err err = ERR_INIT;

	if (matcher_step_compile(step, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
}

static void every_matcher_compiles(void **state)
{
	struct err err = ERR_INIT;
	CLEANUP(matcher_set_freep) struct matcher_set *set = NULL;

	(void)state;
	if (matcher_set_new(&set, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(matcher_set_count(set) > 50);
	for (size_t i = 0; i < matcher_set_count(set); i++) {
		struct matcher *m = matcher_set_at(set, i);

		compile(m->name.p, &m->before);
		compile(m->name.p, &m->first);
		compile(m->name.p, &m->more);
		compile(m->name.p, &m->function);
		compile(m->name.p, &m->cause);
		compile(m->name.p, &m->between);
		if (!m->at_frames)
			compile(m->name.p, &m->frame);
		for (size_t k = 0; k < m->steps; k++)
			compile(m->name.p, &m->then[k]);
	}
}

static void prefilter_finds_every_group(void **state)
{
	static const char *const a[] = {"she", "hers", NULL};
	static const char *const b[] = {"he", "\nstart", NULL};
	static const char *const c[] = {"\xff\xfe", NULL};
	static const char *const d[] = {"\xe2\x9c\x97", "\n<", "end.\n", "\nonly\n", NULL};
	static const char *const *const groups[] = {a, b, c, d};
	static const struct {
		const char *line;
		uint64_t found;
	} cases[] = {{"", 0}, {"ushers", 3}, {"the", 2}, {"sh", 0}, {"start", 2}, {"a start", 0},
		{"x\xff\xfe", 4}, {"shhe", 2}, {"hershe", 3}, {"\xe2\x9c\x97", 8},
		{"no \xe2\x9c\x97!", 8}, {"\xe2\x9c", 0}, {"<", 8}, {"a<", 0}, {"end.", 8},
		{"the end.", 10}, {"the end. ", 2}, {"only", 8}, {"only it", 0}, {"x", 0},
		{"xy", 0}};
	struct prefilter *p = prefilter_new(groups, ARRAY_LEN(groups));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (prefilter_scan(p, str_of(cases[i].line)).bits[0] != cases[i].found)
			fail_msg("'%s'", cases[i].line);
	prefilter_free(p);
}

static void scan_reads_locations(void **state)
{
	static const struct {
		const char *in, *path;
		int line, column;
		const char *rest;
	} cases[] = {
		{"a.c:3:5: error", "a.c", 3, 5, " error"},
		{"a.c:3: error", "a.c", 3, 0, " error"},
		{"C:\\x\\a.c:3:5: e", "C:\\x\\a.c", 3, 5, " e"},
		{"a b/c.c:12:", "a b/c.c", 12, 0, ""},
		{"a:b.c:7:1:", "a:b.c", 7, 1, ""},
		{"no place", NULL, 0, 0, NULL},
		{":3:", NULL, 0, 0, NULL},
		{"a.c:99999999999:", NULL, 0, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str s = str_of(cases[i].in);
		struct location at;
		bool found = scan_location(&s, &at);

		assert_int_equal(found, cases[i].path != NULL);
		if (!found)
			continue;
		check_str(at.path, cases[i].path);
		assert_int_equal(at.line, cases[i].line);
		assert_int_equal(at.column, cases[i].column);
		check_str(s, cases[i].rest);
	}
	assert_int_equal(scan_top_level(STR("f('a == b', [1 == 2]) == 3"), " == "), 21);
	assert_int_equal(scan_top_level(STR("f(a == b"), " == "), -1);
	check_str(scan_banner(STR("=== a b ==="), '='), "a b");
	assert_null(scan_banner(STR("======"), '=').p);
	assert_null(scan_banner(STR("=x="), '=').p);
	check_str(scan_until(STR("a: b: c"), ": "), "a");
}

static void make_file(const char *root, const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_non_null(f = fopen(path, "w"));
	fclose(f);
}

static void paths_are_of_the_project(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: not of the project */
	} with_root[] = {
		{"src/a.c", "src/a.c"},
		{"./src/../src/a.c", "src/a.c"},
		{"../src/a.c", "src/a.c"},
		{"a.c", NULL},
		{"missing.c", NULL},
		{"pkg/m.py", "src/pkg/m.py"},
		{"github.com/who/what/src/a.c", "src/a.c"},
		{"org/pkg/m.py", NULL},
		{"/home/runner/work/r/r/src/a.c", "src/a.c"},
		{"/elsewhere/of/ci/src/a.c", "src/a.c"},
		{"/usr/include/src/a.c", NULL},
		{"/usr/lib/python3/dist-packages/src/a.c", NULL},
		{"<frozen importlib>", NULL},
		{"", NULL},
	};
	static const struct {
		const char *in, *out;
	} without[] = {
		{"src/a.c", "src/a.c"},
		{"/printed/root/src/a.c", "src/a.c"},
		{"/home/runner/work/r/r/src/a.c", "src/a.c"},
		{"/other/a.c", "/other/a.c"},
		{"/usr/include/stdio.h", NULL},
		{"x/node_modules/y.js", NULL},
		{"src\\win\\a.c", "src/win/a.c"},
	};
	char root[] = "/tmp/test_report_XXXXXX", folder[64];
	struct arena mem;
	struct resolver r;
	struct str out;

	(void)state;
	arena_init(&mem);
	assert_non_null(mkdtemp(root));
	snprintf(folder, sizeof(folder), "%s/src", root);
	assert_int_equal(mkdir(folder, 0700), 0);
	make_file(root, "src/a.c");
	snprintf(folder, sizeof(folder), "%s/src/pkg", root);
	assert_int_equal(mkdir(folder, 0700), 0);
	make_file(root, "src/pkg/m.py");
	resolver_init(&r, root, STR(""), &mem);
	for (int again = 0; again < 2; again++)
		for (size_t i = 0; i < ARRAY_LEN(with_root); i++) {
			bool ours = resolve_path(&r, str_of(with_root[i].in), &out);

			if (ours != (with_root[i].out != NULL))
				fail_msg("%s", with_root[i].in);
			if (ours)
				check_str(out, with_root[i].out);
		}
	resolver_release(&r);
	resolver_init(&r, NULL, STR("/printed/root/"), &mem);
	for (size_t i = 0; i < ARRAY_LEN(without); i++) {
		assert_int_equal(
			resolve_path(&r, str_of(without[i].in), &out), without[i].out != NULL);
		if (without[i].out)
			check_str(out, without[i].out);
	}
	resolver_release(&r);
	snprintf(folder, sizeof(folder), "%s/src/pkg/m.py", root);
	unlink(folder);
	snprintf(folder, sizeof(folder), "%s/src/pkg", root);
	rmdir(folder);
	snprintf(folder, sizeof(folder), "%s/src/a.c", root);
	unlink(folder);
	snprintf(folder, sizeof(folder), "%s/src", root);
	rmdir(folder);
	rmdir(root);
	arena_release(&mem);
}

/* Kinds and types of what a text gives, one a line. */
static void summarise(struct str text, const struct report_options *options, struct buf *out)
{
	struct arena mem;
	struct failure_list list;
	struct err err = ERR_INIT;
	int rc;

	arena_init(&mem);
	failure_list_init(&list);
	rc = report_parse(&list, text, options, &mem, &err);
	assert_int_equal(rc, list.items.n ? 0 : REPORT_NOTHING);
	vec_each (f, &list.items)
		buf_printf(out, "%s %.*s %.*s\n", failure_kind_to_string(f->kind),
			STR_ARGS(f->type), STR_ARGS(f->name));
	failure_list_release(&list);
	arena_release(&mem);
}

#define TRACE "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    x\n"

static void one_failure_in_several_forms_is_one(void **state)
{
	static const struct {
		const char *text;
		struct report_options options;
		const char *want;
	} cases[] = {
		{"t: a.c:4: main: Assertion `x' failed.\nAborted (core dumped)\n"
		 "make: *** [Makefile:2: check] Error 134\n",
			{0}, "test assert main\n"},
		{"t: a.c:4: main: Assertion `x' failed.\nSegmentation fault (core dumped)\n", {0},
			"test assert main\ncrash SIGSEGV \n"},
		{"make[1]: *** [a] Error 1\nmake: *** [all] Error 2\n", {0}, "test exit a\n"},
		{"a.c:1:1: warning: w [-Wx]\nmake: *** [all] Error 2\n", {0}, "test exit all\n"},
		{"a.c:1:1: warning: w [-Wx]\n", {0}, ""},
		{"a.c:1:1: warning: w [-Wx]\n", {.warnings = REPORT_WARNINGS_ALWAYS},
			"lint warning -Wx\n"},
		{TRACE "ValueError: v\n" TRACE "ValueError: v\n", {0}, "test ValueError \n"},
		{TRACE "ValueError: v\n", {.has_exit = true}, ""},
		{TRACE "ValueError: v\n" TRACE "KeyError: v\n", {0},
			"test ValueError \ntest KeyError \n"},
		{"bash: line 1:  12 Killed     ./t\n", {0}, "infrastructure SIGKILL \n"},
		{"it is said that Killed is a word\n", {0}, ""},
		{"sh: 1: foo: not found\n", {0}, "dependency command not found foo\n"},
		{"", {.has_exit = true, .exit_code = 139}, "crash SIGSEGV \n"},
		{"", {.has_exit = true, .exit_code = 127}, "dependency exit \n"},
		{"", {.has_exit = true}, ""},
		{"= FAILURES =\n", {0}, ""},
		{"a.c:1:1: error: e\n", {.format = "pytest"}, ""},
		{"a.c:1:1: error: e\n", {.format = "gcc"}, "compile error \n"},
		{"a.c:1:1: error: e\n", {.format = "no such format"}, ""},
		{"Assertion failed: x == 2 (a.c: main: 3)\n", {0}, "test assert main\n"},
		{"Assertion failed: (x), function f, file a.c, line 3.\n", {0}, "test assert f\n"},
		{"assertion \"x\" failed: file \"a.c\", line 3, function: f\n", {0},
			"test assert f\n"},
		{"ERROR:a.c:3:f: assertion failed (a == b): (1 == 2)\n", {0}, "test assert f\n"},
		{"terminate called after throwing an instance of 'std::out_of_range'\n"
		 "  what():  at\nAborted\n",
			{0}, "crash std::out_of_range \n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		BUF_AUTO got = {.cap = 65536};

		summarise(str_of(cases[i].text), &cases[i].options, &got);
		if (strcmp(buf_text(&got), cases[i].want) != 0)
			fail_msg("%s\ngives:\n%s", cases[i].text, buf_text(&got));
	}
}

/* A module or header that is missing is somebody else's, unless the project has it or nearly so. */
static void missing_things_are_judged(void **state)
{
	static const struct {
		const char *text;
		enum failure_kind kind;
		const char *subtype;
	} cases[] = {
		{TRACE "ModuleNotFoundError: No module named 'numpy'\n", FAILURE_DEPENDENCY,
			"MissingModule"},
		{TRACE "ModuleNotFoundError: No module named 'matrix'\n", FAILURE_TEST,
			"PathIssue"},
		{TRACE "ModuleNotFoundError: No module named 'matrx.rows'\n", FAILURE_TEST,
			"PathIssue"},
		{"main.c:1:10: fatal error: zlib.h: No such file or directory\n",
			FAILURE_DEPENDENCY, "MissingHeader"},
		{"main.c:1:10: fatal error: list.h: No such file or directory\n", FAILURE_COMPILE,
			"PathIssue"},
		{"main.c:1:10: fatal error: 'matrix.h' file not found\n", FAILURE_DEPENDENCY,
			"MissingHeader"},
	};
	char root[] = "/tmp/test_report_XXXXXX", folder[64];

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(folder, sizeof(folder), "%s/include", root);
	assert_int_equal(mkdir(folder, 0700), 0);
	make_file(root, "matrix.py");
	make_file(root, "include/list.h");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct report_options options = {.root = root};
		struct arena mem;
		struct failure_list list;
		struct err err = ERR_INIT;

		arena_init(&mem);
		failure_list_init(&list);
		assert_int_equal(
			report_parse(&list, str_of(cases[i].text), &options, &mem, &err), 0);
		assert_int_equal(list.items.n, 1);
		if (list.items.v[0].kind != cases[i].kind)
			fail_msg("%s", cases[i].text);
		check_str(list.items.v[0].class_[3], cases[i].subtype);
		failure_list_release(&list);
		arena_release(&mem);
	}
	snprintf(folder, sizeof(folder), "%s/matrix.py", root);
	unlink(folder);
	snprintf(folder, sizeof(folder), "%s/include/list.h", root);
	unlink(folder);
	snprintf(folder, sizeof(folder), "%s/include", root);
	rmdir(folder);
	rmdir(root);
}

/* A hostile log may repeat anything for ever: what is kept stays bounded. */
static void memory_is_bounded(void **state)
{
	struct arena mem;
	struct failure_list list;
	struct err err = ERR_INIT;
	struct report_options options = {0};
	struct report *r;

	(void)state;
	arena_init(&mem);
	failure_list_init(&list);
	r = report_new(&options, &mem);
	for (int i = 0; i < 30000; i++) {
		char text[256];

		snprintf(text, sizeof(text), "a%d.c:1:1: error: e\nFAILED t.py::t%d - x\n%sE: %d\n",
			i, i, TRACE, i);
		report_feed(r, str_of(text));
	}
	assert_int_equal(report_finish(r, &list, &err), 0);
	assert_int_equal(list.items.n, LIMIT_FAILURES);
	assert_true(list.truncated);
	assert_true(mem.total < 40 << 20);
	report_free(r);
	failure_list_release(&list);
	arena_release(&mem);
}

#define MIXED                                                                                      \
	"a.c:3:4: error: no\n<trx>\n<testsuite><testcase name=\"t\"><failure/></testcase>"         \
	"</testsuite>\nnot ok 1 - u\n{\"Action\":\"fail\",\"Package\":\"p\",\"Test\":\"T\"}\n"

static void names_of(struct buf *out, const char *format, struct report_tables *tables)
{
	struct report_options options = {.format = format, .tables = tables};
	struct failure_list list;
	struct arena mem;
	struct err err = ERR_INIT;

	arena_init(&mem);
	failure_list_init(&list);
	assert_true(report_parse(&list, STR(MIXED), &options, &mem, &err) >= 0);
	vec_each (f, &list.items)
		buf_printf(out, "%.*s ", STR_ARGS(f->name.n ? f->name : f->file));
	failure_list_release(&list);
	arena_release(&mem);
}

static void tables_serve_every_format(void **state)
{
	static const struct {
		const char *format, *names;
	} cases[] = {{"gcc", "a.c "}, {"junit", "t "}, {"tap", "u "}, {"gotest-json", "T "},
		{"trx", ""}, {"nonsense", ""}};
	struct report_tables *tables = report_tables_new();

	(void)state;
	for (int own = 0; own < 2; own++)
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			BUF_AUTO out = BUF_INIT(1 << 10);

			names_of(&out, cases[i].format, own ? NULL : tables);
			if (!str_eq_c(buf_view(&out), cases[i].names))
				fail_msg("%s finds %s", cases[i].format, buf_text(&out));
		}
	report_tables_free(tables);
}

/* A report that is used again starts anew. */
static void a_report_is_used_again(void **state)
{
	struct report_options options = {0};
	struct arena mem;
	struct report *r;

	(void)state;
	arena_init(&mem);
	r = report_new(&options, &mem);
	for (int i = 0; i < 3; i++) {
		struct failure_list list;
		struct err err = ERR_INIT;

		failure_list_init(&list);
		report_feed(r, i == 1 ? STR("all is well\n") : STR(MIXED));
		assert_int_equal(report_finish(r, &list, &err), i == 1 ? REPORT_NOTHING : 0);
		assert_int_equal(list.items.n, i == 1 ? 0 : 4);
		assert_int_equal(list.counts.tests, i == 1 ? -1 : 3);
		failure_list_release(&list);
		report_restart(r, STR("next"));
	}
	report_free(r);
	arena_release(&mem);
}

static void formats_have_names(void **state)
{
	struct report_names names;
	CLEANUP(report_tables_freep) struct report_tables *tables = report_tables_new();
	struct arena mem;

	(void)state;
	arena_init(&mem);
	names = report_tables_formats(tables, &mem);
	assert_true(names.n > 250);
	for (size_t i = 1; i < names.n; i++)
		assert_true(strcmp(names.v[i - 1], names.v[i]) < 0);
	/* Code, a matcher, a dialect that is code, one that is data. */
	assert_true(report_has_format(&names, "pytest"));
	assert_true(report_has_format(&names, "flawfinder"));
	assert_true(report_has_format(&names, "junit"));
	assert_true(report_has_format(&names, "golangci-lint"));
	assert_false(report_has_format(&names, "nonsense"));
	arena_release(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_clean),
		cmocka_unit_test(lines_join_pieces_and_are_capped),
		cmocka_unit_test(prefilter_finds_every_group),
		cmocka_unit_test(every_matcher_compiles),
		cmocka_unit_test(scan_reads_locations),
		cmocka_unit_test(paths_are_of_the_project),
		cmocka_unit_test(one_failure_in_several_forms_is_one),
		cmocka_unit_test(missing_things_are_judged),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(tables_serve_every_format),
		cmocka_unit_test(a_report_is_used_again),
		cmocka_unit_test(formats_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
