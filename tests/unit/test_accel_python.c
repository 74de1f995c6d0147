/* The Python accelerator with each kind of test runner: every row is a candidate and what trying it
 * must give. */
#include "support/python_project.h"

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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
