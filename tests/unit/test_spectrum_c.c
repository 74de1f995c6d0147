#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "kit/trial/spectrum.h"
#include "kit/trial/trial.h"
#include "support/scratch.h"

static const char source[] = "#include <stdlib.h>\n" /* 1 */
			     "int sign(int n)\n"     /* 2 */
			     "{\n"                   /* 3 */
			     "\tif (n > 0)\n"        /* 4 */
			     "\t\treturn 1;\n"       /* 5 */
			     "\tif (n < 0)\n"        /* 6 */
			     "\t\treturn 1;\n"       /* 7 */
			     "\treturn 0;\n"         /* 8 */
			     "}\n"                   /* 9 */
			     "int twice(int n)\n"    /* 10 */
			     "{\n"                   /* 11 */
			     "\tint r = 0;\n"        /* 12 */
			     "\twhile (n-- > 0)\n"   /* 13 */
			     "\t\tr += 2;\n"         /* 14 */
			     "\treturn r;\n"         /* 15 */
			     "}\n";                  /* 16 */

struct fixture {
	struct scratch scratch;
	struct arena mem;
	struct trial *trial;
	struct failure_list failures;
	struct spectrum spectrum;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	scratch_make(&f->scratch);
	arena_init(&f->mem);
	failure_list_init(&f->failures);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	trial_free(f->trial);
	failure_list_release(&f->failures);
	arena_release(&f->mem);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

static void fail_at(struct fixture *f, const char *file, int line)
{
	struct failure *failure = failure_list_add(&f->failures);

	failure->kind = FAILURE_TEST;
	failure->file = str_of(file);
	failure->line = line;
}

static int collect(struct fixture *f, const char *command, const char *const *files, size_t n)
{
	struct err err = ERR_INIT;
	struct str *paths = arena_array(&f->mem, n, sizeof(*paths));

	for (size_t i = 0; i < n; i++)
		paths[i] = str_of(files[i]);
	if (trial_open(&f->trial,
		    &(struct trial_options){.root = f->scratch.dir, .sandbox = SANDBOX_AUTO},
		    &err) < 0)
		fail_msg("%s", err.msg);
	int r = spectrum_c(&f->spectrum, f->trial,
		&(struct spectrum_options){.command = command,
			.failures = &f->failures,
			.files = paths,
			.n_files = n,
			.timeout_ms = 20000},
		&f->mem, &err);
	if (r < 0)
		fail_msg("%s", err.msg);
	return r;
}

/* How many tests that passed (failed) ran the line. */
static int runs(const struct fixture *f, const char *path, int line, bool passed)
{
	int n = 0;

	for (size_t i = 0; i < f->spectrum.n; i++) {
		const struct covered_test *t = &f->spectrum.tests[i];

		for (size_t k = 0; t->passed == passed && k < t->n; k++)
			for (size_t j = 0; j < t->files[k].n; j++)
				n += str_eq_c(t->files[k].path, path) &&
				     t->files[k].lines[j] == line;
	}
	return n;
}

static void assertions_are_tests_of_their_own(void **state)
{
	struct fixture *f = *state;
	const char *const files[] = {"x.c"};

	scratch_write(&f->scratch, "x.c", source);
	scratch_write(&f->scratch, "t.c",
		"#include <assert.h>\n#include \"x.c\"\nint main(void)\n{\n"
		"\tint r = twice(2);\n\tassert(r == 4);\n\tassert(sign(3) == 1);\n"
		"\tassert(sign(0) == 0);\n\tr = sign(-3);\n\tassert(r == -1);\n"
		"\treturn 0;\n}\n");
	fail_at(f, "t.c", 10);
	assert_int_equal(
		collect(f, "cc -std=c89 -pedantic -Wall -Werror -o t t.c && ./t", files, 1), 0);
	assert_int_equal(f->spectrum.n, 4);
	assert_int_equal(runs(f, "x.c", 7, false), 1);
	assert_int_equal(runs(f, "x.c", 7, true), 0);
	assert_int_equal(runs(f, "x.c", 4, false), 1);
	assert_int_equal(runs(f, "x.c", 4, true), 2);
	assert_int_equal(runs(f, "x.c", 8, true), 1);
	assert_int_equal(runs(f, "x.c", 8, false), 0);
	assert_int_equal(runs(f, "x.c", 14, true), 1);
	assert_int_equal(runs(f, "x.c", 14, false), 0);
	struct err err = ERR_INIT;
	BUF_AUTO text = BUF_INIT(1 << 20);
	assert_int_equal(trial_read(f->trial, STR("x.c"), &text, &err), 0);
	assert_string_equal(buf_text(&text), source);
}

static void programs_are_tests_and_a_failing_line_is_told(void **state)
{
	struct fixture *f = *state;
	const char *const files[] = {"x.c", "missing.c", "Makefile"};

	scratch_write(&f->scratch, "x.c", source);
	scratch_write(
		&f->scratch, "a.c", "int sign(int);\nint main(void) { return sign(1) != 1; }\n");
	scratch_write(&f->scratch, "b.c",
		"#include <stdio.h>\nint sign(int);\nstatic int bad;\n"
		"#define CHECK(c) do { if (!(c)) { bad++; puts(\"b.c: \" #c); } } while (0)\n"
		"int main(void)\n{\n\tCHECK(sign(0) == 0);\n\tCHECK(sign(-1) == -1);\n"
		"\tCHECK(sign(1) == 1);\n\treturn bad > 0;\n}\n");
	scratch_write(&f->scratch, "Makefile",
		"test: a b\n\t./a\n\t./b\na b: x.c\n\t$(CC) -o $@ $@.c x.c\n");
	fail_at(f, "b.c", 8);
	assert_int_equal(collect(f, "make test", files, 3), 0);
	assert_int_equal(runs(f, "x.c", 7, false), 1);
	assert_int_equal(runs(f, "x.c", 7, true), 0);
	assert_int_equal(runs(f, "x.c", 5, true), 2); /* a, and b's third */
	assert_int_equal(runs(f, "x.c", 8, true), 1);
}

static void hangs_and_crashes_are_written_down(void **state)
{
	struct fixture *f = *state;
	const char *const files[] = {"x.cpp"};

	scratch_write(&f->scratch, "x.cpp",
		"#include <vector>\n#include <algorithm>\n"
		"constexpr int four() { return 4; }\n"
		"struct s {\n\tint v;\n\ts() : v(four()) { v++; }\n"
		"\tint *get() { return v > 9 ? &v : nullptr; }\n};\n"
		"int main()\n{\n\ts a;\n\tstd::vector<int> w{2, 1};\n"
		"\tstd::sort(w.begin(), w.end(), [](int x, int y) { return x < y; });\n"
		"\tif (w[0] == 1)\n\t\t*a.get() = 1;\n\treturn 0;\n}\n");
	assert_int_equal(collect(f, "c++ -std=c++17 -Wall -Werror -o t x.cpp && ./t", files, 1), 0);
	assert_int_equal(f->spectrum.n, 1);
	assert_false(f->spectrum.tests[0].passed);
	assert_int_equal(runs(f, "x.cpp", 6, false), 1);
	assert_int_equal(runs(f, "x.cpp", 7, false), 1);
	assert_int_equal(runs(f, "x.cpp", 15, false), 1);
	assert_int_equal(runs(f, "x.cpp", 16, false), 0);
}

static void what_cannot_be_traced_is_said(void **state)
{
	struct fixture *f = *state;
	const char *const files[] = {"x.c"};

	scratch_write(&f->scratch, "x.c", "int f(void) { return nope; }\n");
	assert_int_equal(collect(f, "cc -c x.c", files, 1), SPECTRUM_UNAVAILABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(assertions_are_tests_of_their_own, setup, teardown),
		cmocka_unit_test_setup_teardown(
			programs_are_tests_and_a_failing_line_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(
			hangs_and_crashes_are_written_down, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_traced_is_said, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
