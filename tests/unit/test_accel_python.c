/* The Python accelerator on small projects that the test writes: each row is a candidate and what
 * trying it must give. */
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "kit/trial/accel.h"
#include "kit/trial/trial.h"

struct file {
	const char *path, *text;
};

/* In path, the first `old` becomes `new`. */
struct row {
	const char *path, *old, *new;
	enum observed_status want;
	const char *message; /* a part of it; NULL: any */
};

struct project {
	const char *command;
	const char *target; /* id of the failing test; NULL: none is named */
	bool all_tests;
	int jobs;
	const struct file *files;
	const struct row *rows;
};

struct bench {
	char *root;
	struct trial *trial;
	struct accel *accel;
	struct failure_list failures;
	struct arena mem;
};

static int setup(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));

	b->root = xstrdup("/tmp/test-accel-XXXXXX");
	assert_non_null(mkdtemp(b->root));
	arena_init(&b->mem);
	failure_list_init(&b->failures);
	setenv("PATH", "/usr/bin:/bin", 1);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	struct err err = ERR_INIT;
	CHILD_RESULT_AUTO result;

	child_result_init(&result);
	if (b->accel)
		accel_python.free(b->accel);
	trial_free(b->trial);
	failure_list_release(&b->failures);
	arena_release(&b->mem);
	(void)!child_run(&result,
		&(struct child_options){
			.argv = (const char *const[]){"/bin/rm", "-rf", b->root, NULL}},
		&err);
	free(b->root);
	free(b);
	return 0;
}

static void write_files(struct bench *b, const struct file *files)
{
	struct err err = ERR_INIT;

	for (; files->path; files++) {
		CLEANUP(freep) char *path = xasprintf("%s/%s", b->root, files->path);
		for (char *slash = path + strlen(b->root) + 1; (slash = strchr(slash, '/'));
			slash++) {
			*slash = 0;
			mkdir(path, 0755);
			*slash = '/';
		}
		assert_int_equal(file_replace(path, str_of(files->text), &err), 0);
	}
}

static int open_accel(struct bench *b, const struct project *p, struct err *err)
{
	struct accel_options options = {.command = p->command,
		.failures = &b->failures,
		.command_timeout_ms = 60000,
		.all_tests = p->all_tests,
		.jobs = p->jobs ? p->jobs : 1};

	write_files(b, p->files);
	if (p->target) {
		struct failure *f = failure_list_add(&b->failures);
		f->id = str_of(p->target);
	}
	if (trial_open(&b->trial, &(struct trial_options){.root = b->root, .sandbox = SANDBOX_AUTO},
		    err))
		return -1;
	return accel_python.open(&b->accel, b->trial, &options, err);
}

static const char *content_of(const struct project *p, const char *path)
{
	for (const struct file *f = p->files; f->path; f++)
		if (!strcmp(f->path, path))
			return f->text;
	fail_msg("no file %s", path);
	return NULL;
}

static struct patch make_patch(struct bench *b, const struct project *p, const struct row *row)
{
	const char *content = content_of(p, row->path);
	const char *at = strstr(content, row->old);
	struct edit *edit = arena_new(&b->mem, struct edit);

	assert_non_null(at);
	*edit = (struct edit){.path = str_of(row->path),
		.start = (size_t)(at - content),
		.end = (size_t)(at - content) + strlen(row->old),
		.text = str_of(row->new)};
	return (struct patch){.edits = edit, .n = 1};
}

static void check(struct bench *b, const struct project *p)
{
	struct patch patches[64];
	struct observed seen[64];
	struct err err = ERR_INIT;
	size_t n = 0;

	if (open_accel(b, p, &err))
		fail_msg("open: %s", err.msg);
	for (; p->rows[n].path; n++)
		patches[n] = make_patch(b, p, &p->rows[n]);
	assert_int_equal(accel_python.run(b->accel, patches, n, seen, &b->mem, &err), 0);
	for (size_t i = 0; i < n; i++) {
		const struct row *row = &p->rows[i];
		if (seen[i].status != row->want)
			fail_msg("row %zu (%s): %s, not %s: %.*s", i, row->new,
				observed_status_to_string(seen[i].status),
				observed_status_to_string(row->want), STR_ARGS(seen[i].message));
		if (row->message && !str_has(seen[i].message, row->message))
			fail_msg("row %zu (%s): message '%.*s'", i, row->new,
				STR_ARGS(seen[i].message));
	}
}

#define CASE(name)                                                                                 \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		check(*state, &name);                                                              \
	}

static const struct project pytest_function = {
	.command = "python3 -m pytest -q",
	.target = "tests/test_calc.py::test_add",
	.files = (const struct file[]){{"calc.py", "LIMIT = 3\n"
						   "def add(a, b):\n"
						   "    return a - b\n"
						   "def clip(x):\n"
						   "    return min(x, LIMIT)\n"},
		{"conftest.py", ""},
		{"tests/test_calc.py", "from calc import add, clip\n"
				       "def test_add():\n"
				       "    assert add(0, 0) == 0\n"
				       "    assert clip(add(1, 2)) == 3\n"
				       "def test_clip():\n"
				       "    assert clip(9) == 3\n"},
		{NULL, NULL}},
	.rows = (const struct row[]){{"calc.py", "a - b", "a + b", OBSERVED_PASS, NULL},
		{"calc.py", "a - b", "a * b", OBSERVED_FAIL, "assert 2 == 3"},
		{"calc.py", "a - b", "a +* b", OBSERVED_INVALID, "SyntaxError"},
		{"calc.py", "return a - b", "while True: pass", OBSERVED_TIMEOUT, NULL},
		{"calc.py", "return a - b", "import time; time.sleep(60)", OBSERVED_TIMEOUT, NULL},
		{"calc.py", "return a - b", "import os; os._exit(3)", OBSERVED_FAIL, "status 3"},
		{"calc.py", "return a - b", "import os; os.kill(os.getpid(), 11)", OBSERVED_CRASH,
			NULL},
		{"calc.py", "return a - b", "import sys; sys.exit(0)", OBSERVED_FAIL, "SystemExit"},
		{"calc.py", "return a - b", "return [0] * 10**11", OBSERVED_FAIL, "MemoryError"},
		{"calc.py", "return a - b", "return add(a, b)", OBSERVED_FAIL, "RecursionError"},
		{"calc.py", "return a - b", "print('x' * 100000); return a + b", OBSERVED_PASS,
			NULL},
		{"calc.py", "a, b):", "a, b=1):", OBSERVED_FAIL, NULL},
		{"calc.py", "a - b", "a - -b", OBSERVED_PASS, NULL},
		{"calc.py", "LIMIT = 3", "LIMIT = 4", OBSERVED_FAIL, NULL},
		{"calc.py", "LIMIT = 3", "LIMIT = (", OBSERVED_INVALID, NULL}, {NULL}},
};
CASE(pytest_function)

#define UNITTEST_FILES                                                                             \
	{"shape.py", "class Square:\n"                                                             \
		     "    sides = 4\n"                                                             \
		     "    def __init__(self, a):\n"                                                \
		     "        self.a = a\n"                                                        \
		     "    def area(self):\n"                                                       \
		     "        return self.a + self.a\n"                                            \
		     "    @property\n"                                                             \
		     "    def round(self):\n"                                                      \
		     "        return self.a * 5\n"                                                 \
		     "    @staticmethod\n"                                                         \
		     "    def unit(size=2):\n"                                                     \
		     "        return Square(size)\n"},                                             \
	{                                                                                          \
		"test_shape.py", "import unittest\n"                                               \
				 "from shape import Square\n"                                      \
				 "class TestSquare(unittest.TestCase):\n"                          \
				 "    def test_area(self):\n"                                      \
				 "        self.assertEqual(Square(2).area(), 4)\n"                 \
				 "        self.assertEqual(Square(3).area(), 9)\n"                 \
				 "    def test_sides(self):\n"                                     \
				 "        self.assertEqual(Square(3).sides, 4)\n"                  \
				 "class TestOther(unittest.TestCase):\n"                           \
				 "    def test_round(self):\n"                                     \
				 "        self.assertEqual(Square(3).round, 12)\n"                 \
				 "        self.assertEqual(Square.unit().a, 1)\n"                  \
				 "if __name__ == '__main__':\n"                                    \
				 "    unittest.main()\n"                                           \
	}

#define AREA_ROWS                                                                                  \
	{"shape.py", "self.a + self.a", "self.a * self.a", OBSERVED_PASS, NULL},                   \
		{"shape.py", "self.a + self.a", "self.a ** 3", OBSERVED_FAIL, "8 != 4"},           \
		{"shape.py", "self.a + self.a", "self.a *", OBSERVED_INVALID, NULL},               \
		{"shape.py", "        return self.a + self.a\n",                                   \
			"        while True:\n            try:\n                self.a\n"          \
			"            except BaseException:\n                pass\n",               \
			OBSERVED_TIMEOUT, NULL},                                                   \
		{"shape.py", "sides = 4", "sides = 5", OBSERVED_FAIL, NULL},                       \
	{                                                                                          \
		NULL                                                                               \
	}

static const struct project unittest_module = {
	.command = "python3 -m unittest",
	.target = "test_shape.TestSquare.test_area",
	.files = (const struct file[]){UNITTEST_FILES, {NULL, NULL}},
	.rows = (const struct row[]){AREA_ROWS},
};
CASE(unittest_module)

static const struct project unittest_script = {
	.command = "sh -c 'echo checking; export PYTHONPATH=none; python3 test_shape.py -v'",
	.jobs = 3,
	.target = "test_area (__main__.TestSquare)",
	.files = (const struct file[]){UNITTEST_FILES, {NULL, NULL}},
	.rows = (const struct row[]){AREA_ROWS},
};
CASE(unittest_script)

static const struct project unittest_in_pytest = {
	.command = "PYTHONPATH=. pytest -q test_shape.py",
	.target = "test_shape.py::TestSquare::test_area",
	.files = (const struct file[]){UNITTEST_FILES, {NULL, NULL}},
	.rows = (const struct row[]){AREA_ROWS},
};
CASE(unittest_in_pytest)

/* Two edits are needed; the second is in a decorated function's header. */
static const struct project unittest_header = {
	.command = "make -s test",
	.target = "test_shape.TestOther.test_round",
	.files = (const struct file[]){UNITTEST_FILES,
		{"Makefile", "test:\n\t@PYTHONPATH=. python3 -m unittest -q\n"}, {NULL, NULL}},
	.rows = (const struct row[]){{"shape.py", "self.a * 5", "self.a * 4", OBSERVED_FAIL,
					     "2 != 1"},
		{"shape.py", "self.a * 5\n    @staticmethod\n    def unit(size=2)",
			"self.a * 4\n    @staticmethod\n    def unit(size=1)", OBSERVED_PASS, NULL},
		{"shape.py", "self.a * 5\n    @staticmethod\n", "self.a * 4\n    @classmethod\n",
			OBSERVED_FAIL, NULL},
		{NULL}},
};
CASE(unittest_header)

static const struct project script = {
	.command = "cd src && python3 check.py one two < numbers.txt",
	.files = (const struct file[]){{"src/sums.py", "def total(xs):\n"
						       "    return max(xs)\n"},
		{"src/check.py", "import sys\n"
				 "from sums import total\n"
				 "GOAL = 7\n"
				 "def main():\n"
				 "    numbers = [int(line) for line in sys.stdin]\n"
				 "    assert total(numbers) == GOAL, total(numbers)\n"
				 "    assert sys.argv[1:] == ['one', 'two']\n"
				 "    print('fine')\n"
				 "if __name__ == '__main__':\n"
				 "    main()\n"},
		{"src/numbers.txt", "1\n2\n4\n"}, {NULL, NULL}},
	.rows = (const struct row[]){{"src/sums.py", "max", "sum", OBSERVED_PASS, NULL},
		{"src/sums.py", "max", "min", OBSERVED_FAIL, "AssertionError: 1"},
		{"src/sums.py", "max(", "max((", OBSERVED_INVALID, NULL},
		{"src/sums.py", "return max(xs)", "while 1: pass", OBSERVED_TIMEOUT, NULL},
		{"src/sums.py", "return max(xs)", "raise SystemExit(0)", OBSERVED_PASS, NULL},
		{"src/check.py", "GOAL = 7", "GOAL = 4", OBSERVED_PASS, NULL}, {NULL}},
};
CASE(script)

static const struct project syntax_error = {
	.command = "python3 -m pytest -q",
	.target = "test_a.py",
	.files = (const struct file[]){{"a.py", "def one(:\n    return 1\n"},
		{"test_a.py", "from a import one\n"
			      "def test_one():\n    assert one() == 1\n"},
		{"test_b.py", "def test_b():\n    pass\n"}, {NULL, NULL}},
	.rows = (const struct row[]){{"a.py", "one(:", "one():", OBSERVED_PASS, NULL},
		{"a.py", "one(:\n    return 1", "one():\n    return 2", OBSERVED_FAIL,
			"assert 2 == 1"},
		{"a.py", "one(:", "one(:)", OBSERVED_INVALID, NULL},
		{"a.py", "one(:", "two():", OBSERVED_FAIL, "cannot import name"},
		{"a.py", "def one(:", "while 1: pass\ndef one():", OBSERVED_TIMEOUT, NULL}, {NULL}},
};
CASE(syntax_error)

static const struct project unittest_syntax_error = {
	.command = "python3 -m unittest discover -s tests -t .",
	.files = (const struct file[]){{"pkg/__init__.py", ""},
		{"pkg/a.py", "import pkg.b\nVALUE = pkg.b.double(2\n"},
		{"pkg/b.py", "def double(x):\n    return x * 2\n"}, {"tests/__init__.py", ""},
		{"tests/test_a.py", "import unittest\nfrom pkg import a\n"
				    "class T(unittest.TestCase):\n"
				    "    def test_value(self):\n"
				    "        self.assertEqual(a.VALUE, 4)\n"},
		{NULL, NULL}},
	.rows = (const struct row[]){{"pkg/a.py", "(2", "(2)", OBSERVED_PASS, NULL},
		{"pkg/a.py", "(2", "(3)", OBSERVED_FAIL, "6 != 4"},
		{"pkg/a.py", "(2", "(", OBSERVED_INVALID, NULL}, {NULL}},
};
CASE(unittest_syntax_error)

/* Functions that live in closures, behind decorators and caches, and one that ran at import. */
static const struct project bound_functions = {
	.command = "python3 -m pytest -q -p no:cacheprovider",
	.target = "test_deep.py::test_all",
	.files =
		(const struct file[]){
			{"deep.py", "import functools\n"
				    "def traced(f):\n"
				    "    @functools.wraps(f)\n"
				    "    def wrapper(*a):\n"
				    "        return f(*a)\n"
				    "    return wrapper\n"
				    "def adder(n):\n"
				    "    def add(x):\n"
				    "        return x - n\n"
				    "    return add\n"
				    "add2 = adder(2)\n"
				    "@traced\n"
				    "def twice(x):\n"
				    "    return x * 3\n"
				    "@functools.lru_cache(None)\n"
				    "def fib(n):\n"
				    "    return n if n < 2 else fib(n - 1) + fib(n - 3)\n"
				    "def table():\n"
				    "    return [1, 2, 4]\n"
				    "TABLE = table()\n"
				    "class Base:\n"
				    "    def hi(self): return 'hi'\n"
				    "class Sub(Base):\n"
				    "    def hi(self):\n"
				    "        return super().hi() + '?'\n"
				    "    def __secret(self): return 1\n"
				    "    def open(self): return self.__secret()\n"},
			{"test_deep.py", "import os\nfrom deep import *\n"
					 "def test_all():\n"
					 "    fail = []\n"
					 "    if add2(1) != 3: fail.append('add')\n"
					 "    if twice(1) != 2: fail.append('twice')\n"
					 "    if fib(10) != 55: fail.append('fib')\n"
					 "    if TABLE[2] != 3: fail.append('table')\n"
					 "    if Sub().hi() != 'hi!': fail.append('hi')\n"
					 "    if Sub().open() != 2: fail.append('open')\n"
					 "    assert fail == [], ' '.join(fail)\n"},
			{NULL, NULL}},
	.rows = (const struct row[]){{"deep.py", "x - n", "x + n", OBSERVED_FAIL,
					     "twice fib table hi open"},
		{"deep.py", "x * 3", "x * 2", OBSERVED_FAIL, "add fib table hi open"},
		{"deep.py", "fib(n - 3)", "fib(n - 2)", OBSERVED_FAIL, "add twice table hi open"},
		{"deep.py", "2, 4]", "2, 3]", OBSERVED_FAIL, "add twice fib hi open"},
		{"deep.py", "'?'", "'!'", OBSERVED_FAIL, "add twice fib table open"},
		{"deep.py", "return 1", "return 2", OBSERVED_FAIL, "add twice fib table hi"},
		{"deep.py", "return f(*a)", "return f(*a) - 1", OBSERVED_FAIL,
			"add fib table hi open"},
		{NULL}},
};
CASE(bound_functions)

/* What candidates leave behind must not reach the next: a global, a default, a cache. */
static const struct project leftovers = {
	.command = "python3 -m pytest -q",
	.target = "test_left.py::test_f",
	.files = (const struct file[]){{"left.py", "SEEN = []\nCOUNT = 0\n"
						   "def f(x, kept=[]):\n"
						   "    return 0\n"
						   "class K:\n    n = 0\n"},
		{"test_left.py", "import left\ndef test_f():\n"
				 "    assert left.COUNT == 0\n"
				 "    assert left.f(1) == 1\n    assert left.SEEN == []\n"
				 "    assert left.K.n == 0\n"},
		{NULL, NULL}},
	.rows = (const struct row[]){{"left.py", "return 0", "SEEN.append(x); return 2",
					     OBSERVED_FAIL, "assert 2 == 1"},
		{"left.py", "return 0", "kept.append(x); return len(kept) + 1", OBSERVED_FAIL,
			"assert 2 == 1"},
		{"left.py", "return 0", "kept.append(x); return len(kept) + 2", OBSERVED_FAIL,
			"assert 3 == 1"},
		{"left.py", "return 0", "global COUNT; COUNT += 1; return 3", OBSERVED_FAIL,
			"assert 3 == 1"},
		{"left.py", "return 0", "K.n = 5; return 4", OBSERVED_FAIL, "assert 4 == 1"},
		{"left.py", "return 0", "import os; os.chdir('/'); return 5", OBSERVED_FAIL,
			"assert 5 == 1"},
		{"left.py", "return 0", "kept.append(x); return len(kept)", OBSERVED_PASS, NULL},
		{"left.py", "return 0", "return x", OBSERVED_PASS, NULL}, {NULL}},
};
CASE(leftovers)

static const struct project regressions = {
	.command = "python3 -m pytest -q",
	.target = "test_r.py::test_new",
	.all_tests = true,
	.files = (const struct file[]){{"r.py", "def sign(x):\n    return 1 if x > 0 else 0\n"},
		{"test_r.py", "import pytest\nfrom r import sign\n"
			      "def test_new():\n    assert sign(-2) == -1\n"
			      "def test_old(tmp_path):\n    assert sign(0) == 0\n"
			      "@pytest.mark.parametrize('x', [1, 2])\n"
			      "def test_more(x):\n    assert sign(x) == 1\n"},
		{NULL, NULL}},
	.rows = (const struct row[]){{"r.py", "else 0", "else -1", OBSERVED_FAIL, "-1 == 0"},
		{"r.py", "1 if x > 0 else 0", "(x > 0) - (x < 0)", OBSERVED_PASS, NULL},
		{"r.py", "1 if x > 0 else 0", "x and x // 2", OBSERVED_FAIL, "assert 0 == 1"},
		{NULL}},
};
CASE(regressions)

/* The program under test is started by the test. */
static const struct project spawned = {
	.command = "python3 -m pytest -q",
	.target = "test_cli.py::test_cli",
	.files = (const struct file[]){{"cli.py", "import sys\nfrom core import up\n"
						  "print(up(sys.argv[1]))\n"},
		{"core.py", "def up(s):\n    return s.lower()\n"},
		{"test_cli.py",
			"import subprocess, sys\ndef test_cli():\n"
			"    out = subprocess.check_output([sys.executable, 'cli.py', 'a'])\n"
			"    assert out == b'A\\n'\n"},
		{NULL, NULL}},
	.rows = (const struct row[]){{"core.py", "lower", "upper", OBSERVED_PASS, NULL},
		{"core.py", "lower", "title", OBSERVED_PASS, NULL},
		{"core.py", "lower", "strip", OBSERVED_FAIL, NULL},
		{"cli.py", "up(sys.argv[1])", "up(sys.argv[1]).upper()", OBSERVED_PASS, NULL},
		{NULL}},
};
CASE(spawned)

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

	assert_int_equal(open_accel(b, &pytest_function, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		patches[i] = make_patch(b, &pytest_function, &rows[i]);
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

	assert_int_equal(open_accel(b, &pytest_function, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		patches[i] = make_patch(b, &pytest_function, &rows[i]);
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

/* Every interpreter there is runs the embedded files: scripts and unittest need no packages. */
static void test_versions(void **state)
{
	static const char *const versions[] = {
		"3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"};
	struct bench *b = *state;
	int found = 0;

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		CLEANUP(freep) char *command = find_python(versions[i]);
		struct project p = unittest_module;
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
		cmocka_unit_test_setup_teardown(test_pytest_function, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unittest_module, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unittest_script, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unittest_in_pytest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unittest_header, setup, teardown),
		cmocka_unit_test_setup_teardown(test_script, setup, teardown),
		cmocka_unit_test_setup_teardown(test_syntax_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unittest_syntax_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bound_functions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leftovers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_regressions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_spawned, setup, teardown),
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
