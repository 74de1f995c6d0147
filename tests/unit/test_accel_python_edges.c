/* The Python accelerator where it is not easy: hangs, spellings of sources, lost servers, feedback,
 * processes that cannot be served, other versions of Python. */
#include <glob.h>

#include "support/python_project.h"

/* Beyond the line that failed a candidate may take longer; before it, or in C code, it hangs. */
static const struct project slow_but_right = {
	.command = "python3 -m pytest -q",
	.target = "test_s.py::test_f",
	.files = (const struct file[]){{"s.py", "def f(n):\n    return n - 1\n"},
		{"test_s.py", "from s import f\ndef test_f():\n"
			      "    assert f(0) == 0\n"
			      "    assert f(1) == 1\n"},
		{NULL, NULL}},
	.rows = (const struct row[]){{"s.py", "return n - 1",
					     "return sum(0 for i in range(n * 4000000)) + n",
					     OBSERVED_PASS, NULL},
		{"s.py", "return n - 1", "return sum(0 for i in range((1 - n) * 4000000)) + n",
			OBSERVED_TIMEOUT, NULL},
		{"s.py", "return n - 1", "return 7 ** (7 ** 9)", OBSERVED_TIMEOUT, NULL}, {NULL}},
};
CASE(slow_but_right)

/* The unpatched test does not end, in C code at that. */
static const struct project hanging = {
	.command = "python3 -m pytest -q",
	.target = "test_h.py::test_f",
	.files = (const struct file[]){{"h.py", "def f(n):\n    return 7 ** 7 ** n\n"},
		{"test_h.py", "from h import f\ndef test_f():\n    assert f(9) == 10\n"},
		{NULL, NULL}},
	.rows = (const struct row[]){{"h.py", "7 ** 7 ** n", "n + 1", OBSERVED_PASS, NULL},
		{"h.py", "7 ** 7 ** n", "n", OBSERVED_FAIL, NULL},
		{"h.py", "7 ** 7 ** n", "8 ** 7 ** n", OBSERVED_TIMEOUT, NULL}, {NULL}},
};
CASE(hanging)

static const struct project spellings = {
	.command = "python3 -m pytest -q",
	.target = "test_all.py::test_all",
	.files = (const struct file[]){{"crlf.py", "def a(x):\r\n    # one\r\n    return x\r\n"},
		{"bom.py", "\xef\xbb\xbf"
			   "def b(x):\n    return '\xc3\xa9'\n"},
		{"latin.py", "# -*- coding: latin-1 -*-\n# \xe9\ndef c(x):\n    return '\xe9'\n"},
		{"tabs.py", "class T:\n\tclass U:\n\t\tdef d(self):\n\t\t\treturn 1\n"
			    "\t\tdef last(self):\n\t\t\tif 0:\n\t\t\t\treturn 1"},
		{"test_all.py", "import crlf, bom, latin, tabs\n"
				"def own(x):\n    return x\n"
				"def test_all():\n"
				"    seen = [crlf.a(1), bom.b(1), latin.c(1), tabs.T.U().d()]\n"
				"    seen += [tabs.T.U().last(), own(1)]\n"
				"    assert 'X' in seen, ascii(seen)\n"},
		{NULL, NULL}},
	.rows = (const struct row[]){{"crlf.py", "return x", "return 'X'", OBSERVED_PASS, NULL},
		{"crlf.py", "# one\r\n", "if x:\r\n        return 'X'\r\n", OBSERVED_PASS, NULL},
		{"bom.py", "'\xc3\xa9'", "'\xc3\xa8'", OBSERVED_FAIL, "'\\xe8'"},
		{"bom.py", "'\xc3\xa9'", "'X'", OBSERVED_PASS, NULL},
		{"latin.py", "'\xe9'", "'\xe8'", OBSERVED_FAIL, "'\\xe8'"},
		{"latin.py", "'\xe9'", "'X'", OBSERVED_PASS, NULL},
		{"bom.py", "'\xc3\xa9'", "'\xe9'", OBSERVED_INVALID, NULL},
		{"tabs.py", "return 1\n", "return 'X'\n", OBSERVED_PASS, NULL},
		{"tabs.py", "if 0:\n\t\t\t\treturn 1", "if 1:\n\t\t\t\treturn 'X'", OBSERVED_PASS,
			NULL},
		{"test_all.py", "return x", "return 'X'", OBSERVED_PASS, NULL},
		{"crlf.py", "def a", "LATE = 'X'\r\ndef a", OBSERVED_FAIL, NULL},
		{"crlf.py", "def a(x):", "@lambda f: lambda x: 'X'\r\ndef a(x):", OBSERVED_PASS,
			NULL},
		{"crlf.py", "    return x\r\n", "    return x\r\ndef a(x):\r\n    return 'X'\r\n",
			OBSERVED_PASS, NULL},
		{"crlf.py", "return x", "return 'X'\0", OBSERVED_PASS, NULL}, {NULL}},
};
CASE(spellings)

/* Fixtures, marks and classes go through pytest's own protocol. */
static const struct project fixtures = {
	.command = "python3 -m pytest -q --tb=short",
	.target = "tests/unit/test_f.py::TestF::test_f[2-4]",
	.files = (const struct file[]){{"src/app/__init__.py", "from app.f import f\n"},
		{"src/app/f.py", "def f(x):\n    return x + 1\n"},
		{"tests/conftest.py", "import sys, pytest\nsys.path.insert(0, 'src')\n"
				      "@pytest.fixture(scope='session')\ndef base():\n"
				      "    from app import f\n    return f(1)\n"},
		{"tests/unit/test_f.py", "import pytest\n"
					 "class TestF:\n"
					 "    @pytest.mark.parametrize('x, y', [(2, 4), (1, 2)])\n"
					 "    def test_f(self, x, y, base, capfd, monkeypatch):\n"
					 "        from app import f\n"
					 "        assert base == 2\n"
					 "        assert f(x) == y\n"},
		{NULL, NULL}},
	.rows = (const struct row[]){{"src/app/f.py", "x + 1", "x * 2", OBSERVED_PASS, NULL},
		{"src/app/f.py", "x + 1", "x + 2", OBSERVED_FAIL, "assert 3 == 2"},
		{"src/app/f.py", "x + 1", "2 if x == 1 else 5", OBSERVED_FAIL, "assert 5 == 4"},
		{"src/app/__init__.py", "import f", "import f as g\nf = lambda x: x * 2",
			OBSERVED_PASS, NULL},
		{NULL}},
};
CASE(fixtures)

static const struct project pair = {.command = "python3 -m pytest -q",
	.files = (const struct file[]){{"a.py", "def a():\n    return 1\n"}, {"b.py", "B = 2\n"},
		{"test_ab.py", "import a, b\ndef test_ab():\n    assert (a.a(), b.B) == (3, 4)\n"},
		{NULL, NULL}}};

static void test_two_files(void **state)
{
	struct edit edits[] = {{STR("b.py"), 4, 5, STR("4")}, {STR("a.py"), 20, 21, STR("3")}};
	const struct patch patches[] = {{.edits = edits, .n = 2}, {.edits = edits, .n = 1},
		{.edits = edits + 1, .n = 1},
		{.edits = (struct edit[]){{STR("none.py"), 0, 0, STR("x")}}, .n = 1},
		{.edits = (struct edit[]){{STR("a.py"), 5, 900, STR("x")}}, .n = 1}};
	static const enum observed_status want[] = {OBSERVED_PASS, OBSERVED_FAIL, OBSERVED_FAIL,
		OBSERVED_UNSUPPORTED, OBSERVED_UNSUPPORTED};
	struct observed seen[ARRAY_LEN(patches)];
	struct bench *b = *state;
	struct err err = ERR_INIT;

	assert_int_equal(open_accel(b, &pair, &err), 0);
	assert_int_equal(
		accel_python.run(b->accel, patches, ARRAY_LEN(patches), seen, &b->mem, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(patches); i++)
		assert_int_equal(seen[i].status, want[i]);
}

static const struct project calc = {
	.command = "python3 -m pytest -q",
	.target = "test_calc.py::test_add",
	.files = (const struct file[]){{"calc.py", "def add(a, b):\n    return a - b\n"},
		{"test_calc.py", "from calc import add\ndef test_add():\n"
				 "    assert add(0, 0) == 0\n    assert add(1, 2) == 3\n"},
		{NULL, NULL}},
};

/* Equal failures have equal signatures; the line is the test's. */
static void test_feedback(void **state)
{
	static const struct row rows[] = {{"calc.py", "a - b", "a - b - 0", 0, NULL},
		{"calc.py", "a - b", "0 + a - b", 0, NULL},
		{"calc.py", "a - b", "a + b + 1", 0, NULL}};
	struct patch patches[ARRAY_LEN(rows)];
	struct observed seen[ARRAY_LEN(rows)];
	struct bench *b = *state;
	struct err err = ERR_INIT;

	assert_int_equal(open_accel(b, &calc, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		patches[i] = make_patch(b, &calc, &rows[i]);
	assert_int_equal(
		accel_python.run(b->accel, patches, ARRAY_LEN(rows), seen, &b->mem, &err), 0);
	assert_int_equal(seen[0].line, 4);
	assert_int_equal(seen[2].line, 3);
	assert_int_equal(seen[0].tests_passed, 0);
	assert_int_equal(seen[0].tests_failed, 1);
	assert_true(seen[0].signature == seen[1].signature);
	assert_true(seen[0].signature != seen[2].signature);
}

/* A server that was killed is started again; only its killer is blamed. */
static void test_lost_server(void **state)
{
	static const struct row rows[] = {{"calc.py", "a - b", "a * b", OBSERVED_FAIL, NULL},
		{"calc.py", "return a - b", "import os; os.kill(os.getppid(), 9); return 0",
			OBSERVED_CRASH, NULL},
		{"calc.py", "a - b", "a + b", OBSERVED_PASS, NULL}};
	struct patch patches[ARRAY_LEN(rows)];
	struct observed seen[ARRAY_LEN(rows)];
	struct bench *b = *state;
	struct err err = ERR_INIT;

	assert_int_equal(open_accel(b, &calc, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		patches[i] = make_patch(b, &calc, &rows[i]);
	assert_int_equal(
		accel_python.run(b->accel, patches, ARRAY_LEN(rows), seen, &b->mem, &err), 0);
	assert_int_equal(seen[0].status, OBSERVED_FAIL);
	assert_int_equal(seen[2].status, OBSERVED_PASS);
	assert_int_not_equal(seen[1].status, OBSERVED_PASS);
}

static void test_huge_file(void **state)
{
	enum { LINES = 200000 };
	struct bench *b = *state;
	struct err err = ERR_INIT;
	BUF_AUTO text;
	struct file files[] = {{"huge.py", NULL},
		{"test_huge.py", "import huge\ndef test_f():\n    assert huge.f777() == 778\n"},
		{NULL, NULL}};
	struct row row = {"huge.py", "return 777\n", "return 778\n", OBSERVED_PASS, NULL};
	struct project p = {.command = "python3 -m pytest -q", .files = files};
	struct patch patch;
	struct observed seen;

	buf_init(&text, 16 << 20);
	for (int i = 0; i < LINES / 4; i++)
		buf_printf(&text, "def f%d():\n    return %d\n\n\n", i, i);
	files[0].text = buf_text(&text);
	assert_int_equal(open_accel(b, &p, &err), 0);
	patch = make_patch(b, &p, &row);
	assert_int_equal(accel_python.run(b->accel, &patch, 1, &seen, &b->mem, &err), 0);
	assert_int_equal(seen.status, OBSERVED_PASS);
}

static const struct project hopeless[] = {
	{.command = "true", .files = (const struct file[]){{"a.py", ""}, {NULL, NULL}}},
	{.command = "python3 -I fails.py",
		.files = (const struct file[]){{"fails.py", "assert 0\n"}, {NULL, NULL}}},
	{.command = "python3 -m pytest -q",
		.files =
			(const struct file[]){{"test_a.py", "def test_a(): pass\n"}, {NULL, NULL}}},
	{.command = "exit 7", .files = (const struct file[]){{"a.py", ""}, {NULL, NULL}}},
};

static void test_unavailable(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(hopeless); i++) {
		struct err err = ERR_INIT;
		assert_int_equal(open_accel(b, &hopeless[i], &err), ACCEL_UNAVAILABLE);
		assert_true(err.msg[0]);
		trial_free(TAKE(b->trial));
	}
}

/* "/path/to/python3.x -m unittest", or NULL without that version. */
static char *find_python(const char *version)
{
	CLEANUP(freep) char *pattern = xasprintf("/opt/python%s*/bin/python3", version);
	CLEANUP(freep) char *name = xasprintf("/usr/bin/python%s", version);
	const char *more = getenv("SELFHEAL_TEST_PYTHONS"); /* a glob with %s for the version */
	glob_t found = {0};
	char *command = NULL;

	if (more && strstr(more, "{}")) {
		free(pattern);
		pattern = xasprintf("%.*s%s%s", (int)(strstr(more, "{}") - more), more, version,
			strstr(more, "{}") + 2);
	}
	if (glob(name, 0, NULL, &found) == 0 || glob(pattern, 0, NULL, &found) == 0)
		command = xasprintf("%s -m unittest", found.gl_pathv[0]);
	globfree(&found);
	return command;
}

static const struct project plain_unittest = {
	.target = "test_shape.TestSquare.test_area",
	.files = (const struct file[]){{"shape.py", "SIDES = 4\nclass Square:\n"
						    "    def area(self, a):\n"
						    "        return a + a\n"},
		{"test_shape.py", "import unittest\nfrom shape import Square\n"
				  "class TestSquare(unittest.TestCase):\n"
				  "    def test_area(self):\n"
				  "        self.assertEqual(Square().area(3), 9)\n"},
		{NULL, NULL}},
	.rows = (const struct row[]){{"shape.py", "a + a", "a * a", OBSERVED_PASS, NULL},
		{"shape.py", "a + a", "a ** 3", OBSERVED_FAIL, "27 != 9"},
		{"shape.py", "a + a", "a *", OBSERVED_INVALID, NULL},
		{"shape.py", "        return a + a\n", "        while True:\n            pass\n",
			OBSERVED_TIMEOUT, NULL},
		{"shape.py", "SIDES = 4", "SIDES = 5", OBSERVED_FAIL, NULL}, {NULL}},
};

/* Every interpreter there is runs the embedded files: scripts and unittest need no packages. */
static void test_versions(void **state)
{
	static const char *const versions[] = {
		"3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"};
	struct bench *b = *state;
	int found = 0;

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		CLEANUP(freep) char *command = find_python(versions[i]);
		struct project p = plain_unittest;
		if (!command)
			continue;
		p.command = command;
		check(b, &p);
		accel_python.free(TAKE(b->accel));
		trial_free(TAKE(b->trial));
		found++;
	}
	assert_true(found > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_slow_but_right, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hanging, setup, teardown),
		cmocka_unit_test_setup_teardown(test_spellings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fixtures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_feedback, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost_server, setup, teardown),
		cmocka_unit_test_setup_teardown(test_huge_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unavailable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_versions, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
