/* Which lines each test of small generated projects runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "kit/trial/spectrum.h"
#include "kit/trial/trial.h"

static const char source[] = "LIMIT = 3\n"            /* 1 */
			     "def pick(x):\n"         /* 2 */
			     "    if x > LIMIT:\n"    /* 3 */
			     "        return LIMIT\n" /* 4 */
			     "    y = x + 1\n"        /* 5 */
			     "    return y\n"         /* 6 */
			     "def spin():\n"          /* 7 */
			     "    while True:\n"      /* 8 */
			     "        pass\n";        /* 9 */

static const char pytest_tests[] = "import pytest\n"
				   "from core import pick, spin\n"
				   "def test_high():\n"
				   "    assert pick(9) == 3\n"
				   "def test_low():\n"
				   "    assert pick(1) == 1\n"
				   "@pytest.mark.skip\n"
				   "def test_skipped():\n"
				   "    pick(0)\n";

static const char unittest_tests[] = "import unittest\n"
				     "from core import pick, spin\n"
				     "class T(unittest.TestCase):\n"
				     "    def test_high(self):\n"
				     "        self.assertEqual(pick(9), 3)\n"
				     "    def test_low(self):\n"
				     "        self.assertEqual(pick(1), 1)\n"
				     "    def test_spin(self):\n"
				     "        spin()\n"
				     "if __name__ == '__main__':\n"
				     "    unittest.main()\n";

struct row {
	const char *id;
	bool passed;
	const char *lines; /* of core.py */
};

struct project {
	const char *command, *test_file, *tests;
	int timeout_ms;
	struct row rows[4];
};

static const struct project projects[] = {
	{"python3 -m pytest -q", "test_core.py", pytest_tests, 60000,
		{{"test_core.py::test_high", true, "1 2 3 4 7 "},
			{"test_core.py::test_low", false, "1 2 3 5 6 7 "}}},
	{"python3 -m unittest", "test_core.py", unittest_tests, 12000,
		{{"test_core.T.test_high", true, "1 2 3 4 7 "},
			{"test_core.T.test_low", false, "1 2 3 5 6 7 "},
			{"test_core.T.test_spin", false, "1 2 7 8 9 "}}},
	{"make -s check", "main.py",
		"from core import pick\nassert pick(9) == 3\nassert pick(2) == 2\n", 60000,
		{{"main.py", false, "1 2 3 4 5 6 7 "}}},
	{"python3 main.py", "main.py", "import sys\nfrom core import pick\nsys.exit(pick(9) - 3)\n",
		60000, {{"main.py", true, "1 2 3 4 7 "}}},
	{"python3 main.py", "main.py", "from core import spin\nspin()\n", 4000,
		{{"main.py", false, "1 2 7 8 9 "}}},
	{"python3 -m pytest -q", "test_core.py", "from core import nothing\n", 60000,
		{{"test_core.py", false, "1 2 7 "}}},
};

struct scene {
	char *root;
	struct trial *trial;
	struct arena mem;
};

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));

	arena_init(&s->mem);
	setenv("PATH", "/usr/bin:/bin", 1);
	*state = s;
	return 0;
}

static void close_project(struct scene *s)
{
	struct err err = ERR_INIT;
	CHILD_RESULT_AUTO result;

	child_result_init(&result);
	trial_free(TAKE(s->trial));
	if (s->root)
		(void)!child_run(&result,
			&(struct child_options){
				.argv = (const char *const[]){"/bin/rm", "-rf", s->root, NULL}},
			&err);
	free(TAKE(s->root));
}

static int teardown(void **state)
{
	struct scene *s = *state;

	close_project(s);
	arena_release(&s->mem);
	free(s);
	return 0;
}

static void write_one(const struct scene *s, const char *name, const char *text)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", s->root, name);
	struct err err = ERR_INIT;

	assert_int_equal(file_replace(path, str_of(text), &err), 0);
}

static void open_project(struct scene *s, const char *test_file, const char *tests)
{
	struct err err = ERR_INIT;

	s->root = xstrdup("/tmp/test-spectrum-XXXXXX");
	assert_non_null(mkdtemp(s->root));
	write_one(s, "core.py", source);
	write_one(s, "conftest.py", "");
	write_one(s, "Makefile", "check:\n\t@python3 main.py\n");
	write_one(s, test_file, tests);
	if (trial_open(&s->trial, &(struct trial_options){.root = s->root, .sandbox = SANDBOX_AUTO},
		    &err))
		fail_msg("%s", err.msg);
}

static void format_lines(struct buf *out, const struct covered_test *test, const char *path)
{
	for (size_t i = 0; i < test->n; i++)
		for (size_t k = 0; str_eq_c(test->files[i].path, path) && k < test->files[i].n; k++)
			buf_printf(out, "%d ", test->files[i].lines[k]);
}

static void check_row(const struct spectrum *sp, size_t i, const struct row *row)
{
	BUF_AUTO lines;

	buf_init(&lines, 4096);
	assert_true(i < sp->n);
	format_lines(&lines, &sp->tests[i], "core.py");
	if (!str_eq_c(sp->tests[i].id, row->id) || strcmp(buf_text(&lines), row->lines) ||
		sp->tests[i].passed != row->passed)
		fail_msg("%s: got %.*s %d '%s', not '%s'", row->id, STR_ARGS(sp->tests[i].id),
			sp->tests[i].passed, buf_text(&lines), row->lines);
}

static void test_projects(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(projects); i++) {
		const struct project *p = &projects[i];
		struct spectrum sp = {0};
		struct err err = ERR_INIT;
		size_t n = 0;

		open_project(s, p->test_file, p->tests);
		if (spectrum_python(&sp, s->trial,
			    &(struct spectrum_options){
				    .command = p->command, .timeout_ms = p->timeout_ms},
			    &s->mem, &err))
			fail_msg("%s: %s", p->command, err.msg);
		for (; n < ARRAY_LEN(p->rows) && p->rows[n].id; n++)
			check_row(&sp, n, &p->rows[n]);
		assert_int_equal(sp.n, n);
		close_project(s);
	}
}

static void test_no_python(void **state)
{
	struct scene *s = *state;
	struct spectrum sp = {0};
	struct err err = ERR_INIT;

	open_project(s, "x", "");
	assert_int_equal(spectrum_python(&sp, s->trial,
				 &(struct spectrum_options){.command = "false", .timeout_ms = 5000},
				 &s->mem, &err),
		SPECTRUM_UNAVAILABLE);
	assert_int_equal(err.code, ERR_CONFLICT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_projects, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_python, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
