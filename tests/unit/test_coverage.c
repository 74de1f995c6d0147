#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/limits.h"
#include "kit/coverage/coverage.h"
#include "support/scratch.h"

struct fixture {
	struct scratch box;
	struct arena mem;
	struct err err;
	struct coverage c;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	scratch_make(&f->box);
	arena_init(&f->mem);
	coverage_init(&f->c);
	return scratch_sh(&f->box, "mkdir -p src/lib && touch a.py src/b.c src/lib/d.py");
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	coverage_release(&f->c);
	arena_release(&f->mem);
	scratch_remove(&f->box);
	free(f);
	return 0;
}

static int feed(struct coverage *c, const char *text, size_t step, struct err *err)
{
	struct coverage_reader *r = coverage_reader_new(c);
	struct str rest = str_of(text);

	for (; rest.n; rest = str_from(rest, step))
		coverage_reader_feed(r, str_slice(rest, 0, step));
	return coverage_reader_finish(r, "x", err);
}

/* "path covered/total gaps; " of each file that is there. */
static struct str told(struct fixture *f)
{
	BUF_AUTO out = BUF_INIT(LIMIT_TEXT_BYTES);

	coverage_finish(&f->c, f->box.dir);
	vec_each (file, &f->c.files) {
		int first;
		struct str gaps = coverage_gaps(file, 3, &first, &f->mem);

		if (!file->missing)
			buf_printf(&out, "%.*s %d/%d %.*s@%d; ", STR_ARGS(file->path),
				file->covered, file->total, STR_ARGS(gaps), first);
	}
	return arena_str(&f->mem, buf_view(&out));
}

#define CLASS(file, lines)                                                                         \
	"<class filename=\"" file "\"><methods><method><lines><line number=\"1\" hits=\"1\"/>"     \
	"</lines></method></methods><lines>" lines "</lines></class>"
#define COBERTURA(sources, classes)                                                                \
	"<?xml version=\"1.0\"?><!DOCTYPE coverage SYSTEM \"x\"><coverage><sources>" sources       \
	"</sources><packages><package><classes>" classes                                           \
	"</classes></package></packages></coverage>"

static void forms(void **state)
{
	static const struct {
		const char *text, *expect;
	} cases[] = {
		{"TN:\nSF:a.py\nDA:1,1\nDA:2,0\nDA:4,0\nDA:5,2\nLF:4\nLH:2\nend_of_record\n",
			"a.py 2/4 2-4@2; "},
		/* CRLF, a checksum, counters that ran over, no end. */
		{"SF:./a.py\r\nDA:1,99999999999999999999,abc\r\nDA:2,-5\r\nDA:0,1\r\nDA:x,1",
			"a.py 1/2 2@2; "},
		/* Told by two tests: what one of them ran, ran. */
		{"SF:a.py\nDA:1,0\nDA:2,1\nend_of_record\nSF:a.py\nDA:1,1\nDA:2,0\nend_of_record\n",
			"a.py 2/2 @0; "},
		{"SF:/home/runner/work/x/x/src/b.c\nDA:7,0\nend_of_record\n", "src/b.c 0/1 7@7; "},
		{"SF:../../../etc/"
		 "passwd\nDA:1,0\nend_of_record\nSF:gone.c\nDA:1,0\nend_of_record\n",
			""},
		{"SF:a.py\nDA:1,0\nDA:2,1\nDA:3,0\nDA:4,1\nDA:5,0\nDA:6,1\nDA:7,0\n",
			"a.py 3/7 1, 3, 5, ...@1; "},
		{COBERTURA("", CLASS("a.py", "<line number=\"2\" hits=\"0\"/>")), "a.py 1/2 2@2; "},
		{COBERTURA("<source>/x/y</source><source>src/lib/</source>",
			 CLASS("d.py", "<line hits=\"3\" number=\"3\"/>")),
			"src/lib/d.py 2/2 @0; "},
		/* One file under two names is one. */
		{COBERTURA("<source>src</source>",
			 CLASS("src/b.c", "<line number=\"2\" "
					  "hits=\"0\"/>") CLASS("b.c", "<line number=\"2\" "
								       "hits=\"1\"/>")),
			"src/b.c 2/2 @0; "},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t step = 1; step < 5000; step = step * 7 + 2) {
			struct fixture *f;
			struct str got;

			setup(state);
			f = *state;
			if (feed(&f->c, cases[i].text, step, &f->err) < 0)
				fail_msg("%s", f->err.msg);
			got = told(f);
			if (!str_eq_c(got, cases[i].expect))
				fail_msg("case %zu by %zu: expected '%s', got '%.*s'", i, step,
					cases[i].expect, STR_ARGS(got));
			teardown(state);
		}
}

static void no_coverage(void **state)
{
	static const char *const texts[] = {"", "\n\n", "hello\n", "<html><body/></html>",
		"<a><coverage/></a>", "{}", "end_of_record\n"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(feed(&f->c, texts[i], 3, &f->err), -1);
		assert_int_equal(f->err.code, ERR_PARSE);
	}
	assert_int_equal(f->c.files.n, 0);
}

/* A number of lines that no file has costs no memory, nor do more files than are kept. */
static void caps(void **state)
{
	struct fixture *f = *state;
	struct coverage_file *file = coverage_file(&f->c, STR("a.py"));

	coverage_line(&f->c, file, INT64_MAX, true);
	coverage_line(&f->c, file, -1, true);
	assert_int_equal(file->n_lines, 0);
	coverage_line(&f->c, file, COVERAGE_LINE_MAX - 1, true);
	assert_in_range(f->c.bits, 1, COVERAGE_LINE_MAX);
	for (int i = 0; i < COVERAGE_FILES_MAX + 10; i++) {
		char name[32];

		snprintf(name, sizeof(name), "f%d", i);
		(void)coverage_file(&f->c, str_of(name));
	}
	assert_int_equal(f->c.files.n, COVERAGE_FILES_MAX);
	assert_true(f->c.truncated);
	assert_null(coverage_file(&f->c, STR("one more")));
	assert_null(coverage_file(&f->c, STR("")));
}

static void files(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(coverage_read(&f->c, f->box.dir, &f->err), -1);
	assert_int_equal(coverage_read(&f->c, "/nonexistent", &f->err), -1);
	assert_int_equal(f->err.code, ERR_SYS);
	scratch_sh(&f->box, "printf 'SF:a.py\\nDA:1,0\\n' > lcov.info");
	assert_int_equal(coverage_read(&f->c, scratch_path(&f->box, "lcov.info"), &f->err), 0);
	assert_true(str_eq_c(told(f), "a.py 0/1 1@1; "));
	assert_true(coverage_percent(&f->c.files.v[0]) == 0);
	assert_true(coverage_percent(&(struct coverage_file){0}) == 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test_setup_teardown(no_coverage, setup, teardown),
		cmocka_unit_test_setup_teardown(caps, setup, teardown),
		cmocka_unit_test_setup_teardown(files, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
