/* Small projects of every shape the accelerator should know, each driven through open, run, free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit/trial/accel.h"
#include "kit/trial/trial.h"
#include "support/scratch.h"

enum { FILES_MAX = 8, CANDIDATES_MAX = 10 };

struct file {
	const char *path, *text;
};

/* The first place of from in the file at path becomes to. */
struct candidate {
	const char *path, *from, *to;
	int expect; /* enum observed_status */
	int line;   /* expected in the test, 0: any */
};

struct scenario {
	const char *name, *command;
	struct file files[FILES_MAX];
	struct candidate candidates[CANDIDATES_MAX];
	struct {
		enum failure_kind kind;
		const char *file;
		int line;
	} failure;
	int timeout_ms; /* of a candidate, 0: measured */
};

#define MAKE_ASSERT(flags)                                                                         \
	{                                                                                          \
		"Makefile",                                                                        \
			"CFLAGS = " flags "\ntest: t\n\t./t\nt: t.c x.c\n\t$(CC) $(CFLAGS) -o t "  \
			"t.c x.c\n"                                                                \
	}

static const struct scenario scenarios[] = {
	{
		.name = "make, two objects, asserts",
		.command = "make test",
		.timeout_ms = 200, /* a recursion without end has to fill its stack */
		.files =
			{
				MAKE_ASSERT("-g -O1 -Wall"),
				{"x.c", "#include <stdlib.h>\n"
					"int max(int a, int b)\n{\n\treturn a > b ? b : a;\n}\n"
					"int *none(void) { return NULL; }\n"},
				{"t.c", "#include <assert.h>\nint max(int, int);\n"
					"int main(void)\n{\n"
					"\tassert(max(1, 1) == 1);\n"
					"\tassert(max(1, 2) == 2);\n"
					"\tassert(max(4, 3) == 4);\n\treturn 0;\n}\n"},
			},
		.candidates =
			{
				{"x.c", "a > b", "a < b", OBSERVED_PASS, 0},
				{"x.c", "a > b", "a == b", OBSERVED_CRASH, 6},
				{"x.c", "b : a", "b : *(int *)0", OBSERVED_CRASH, 0},
				{"x.c", "a > b", "a > c", OBSERVED_INVALID, 0},
				{"x.c", "a > b", "a > (b", OBSERVED_INVALID, 0},
				{"x.c", "a > b", "nope(a, b)", OBSERVED_INVALID, 0},
				{"x.c", "return a", "for (;;) ; return a", OBSERVED_TIMEOUT, 0},
				{"x.c", "int a", "long a", OBSERVED_UNSUPPORTED, 0},
				{"x.c", "a > b ? b : a", "max(b, a)", OBSERVED_CRASH, 0},
				{"x.c", "return", "int c = b; return c > a ? c : a; return",
					OBSERVED_PASS, 0},
			},
	},
	{
		.name = "test that includes the source, -Werror",
		.command = "make test",
		.files =
			{
				{"Makefile",
					"test:\n\tmkdir -p build\n\t$(CC) -std=c99 -pedantic -Wall "
					"-Wextra -Werror -O2 -o build/t tests/t.c\n\t./build/t\n"},
				{"src/x.c", "#include <stddef.h>\n"
					    "static size_t count(const int *v, size_t n)\n{\n"
					    "\tsize_t i, found = 0;\n\n"
					    "\tfor (i = 1; i < n; i++)\n"
					    "\t\tif (v[i] > 0)\n\t\t\tfound++;\n"
					    "\treturn found;\n}\n"},
				{"tests/t.c", "#undef NDEBUG\n#include <assert.h>\n"
					      "#include \"../src/x.c\"\n"
					      "int main(void)\n{\n\tint v[] = {1, 0, 2};\n"
					      "\tassert(count(v, 3) == 2);\n\treturn 0;\n}\n"},
			},
		.candidates =
			{
				{"src/x.c", "i = 1", "i = 0", OBSERVED_PASS, 0},
				{"src/x.c", "i++", "", OBSERVED_TIMEOUT, 0},
				{"src/x.c", "found++", "int unused", OBSERVED_INVALID, 0},
				{"src/x.c", "v[i] > 0", "v[i] > -1", OBSERVED_PASS, 0},
			},
	},
	{
		.name = "every kind of C function",
		.command = "sh run.sh",
		.files =
			{
				{"run.sh", "set -e\ncc -o t x.c\n./t\n"},
				{"x.c", "#include <assert.h>\n#include <stdarg.h>\n#include "
					"<stdlib.h>\n"
					"#define EACH(i, n) for (int i = 0; i < (n); i++)\n"
					"#define SAFE(...) do { __VA_ARGS__; } while (0)\n"
					"static inline int sum(int n, ...)\n{\n\tva_list a;\n\tint "
					"s = 1;\n"
					"\tva_start(a, n);\n\tEACH(i, n) {\n\t\ts += va_arg(a, "
					"int);\n\t}\n"
					"\tva_end(a);\n\treturn s;\n}\n"
					"int old(a, b) int a; int b; { return a + b; }\n"
					"static int depth(int n) { static int calls; calls++;\n"
					"\tif (n == 0) return calls; return depth(n - 1); }\n"
					"static int leap(int n)\n{\n\tint r = 0;\n"
					"\tif (n < 0)\n\t\tgoto out;\n"
					"\tswitch (n) {\n\tcase 1: r = 10; break;\n"
					"\tcase 2: r = 20; /* fall through */\n\tdefault: r += "
					"1;\n\t}\n"
					"again:\n\tif (r < 5) { r++; goto again; }\nout:\n\treturn "
					"r;\n}\n"
					"int main(void)\n{\n\tSAFE(int q = old(1, 2); assert(q == "
					"3));\n"
					"\tassert(depth(2) == 3);\n\tassert(leap(-1) == 0);\n"
					"\tassert(leap(1) == 10);\n\tassert(leap(2) == 21);\n"
					"\tassert(leap(3) == 5);\n"
					"\tassert(sum(2, 3, 4) == 7);\n\treturn 0;\n}\n"},
			},
		.candidates =
			{
				{"x.c", "int s = 1", "int s = 0", OBSERVED_PASS, 0},
				{"x.c", "s += va_arg(a, int)", "s = s + va_arg(a, int) - i",
					OBSERVED_PASS, 0},
				{"x.c", "return a + b", "return a - b", OBSERVED_CRASH, 37},
				{"x.c", "calls++", "calls--", OBSERVED_CRASH, 38},
				{"x.c", "goto out", "return 9", OBSERVED_CRASH, 39},
				{"x.c", "r = 20;", "r = 20; break;", OBSERVED_CRASH, 41},
				{"x.c", "r++; goto again", "goto out", OBSERVED_CRASH, 42},
				{"x.c", "int r = 0", "int r = 1", OBSERVED_CRASH, 39},
				{"x.c", "sum(2, 3, 4) == 7", "sum(1, 6) == 7", OBSERVED_PASS, 0},
				{"x.c", "EACH(i, n) {", "EACH(i, n - 1) {", OBSERVED_CRASH, 43},
			},
	},
	{
		.name = "C++ classes, templates, lambdas",
		.command = "make -s test",
		.files =
			{
				{"Makefile",
					"test: t\n\t./t\nt: t.cpp s.cpp s.hpp\n\t$(CXX) -std=c++17 "
					"-Wall -Wextra -Werror -pedantic -o t t.cpp s.cpp\n"},
				{"s.hpp",
					"#pragma once\n#include <vector>\n"
					"namespace shape {\n"
					"template <typename T> T top(const std::vector<T> &v)\n{\n"
					"\tT best = v[0];\n\tfor (const auto &x : v)\n"
					"\t\tif (x < best)\n\t\t\tbest = x;\n\treturn best;\n}\n"
					"class box {\n\tint w_, h_;\npublic:\n"
					"\tbox(int w, int h) : w_(w), h_(h) { if (w < 0) w_ = 0; "
					"}\n"
					"\tint area() const { return w_ + h_; }\n"
					"\tbool operator<(const box &o) const;\n"
					"\tconstexpr static int sides() { return 4; }\n};\n"
					"int sorted(std::vector<int> v);\n}\n"},
				{"s.cpp", "#include \"s.hpp\"\n#include <algorithm>\n"
					  "bool shape::box::operator<(const box &o) const\n{\n"
					  "\treturn area() > o.area();\n}\n"
					  "int shape::sorted(std::vector<int> v)\n{\n"
					  "\tstd::sort(v.begin(), v.end(), [](int a, int b) "
					  "{ return a < b; });\n\treturn v[0];\n}\n"},
				{"t.cpp", "#include \"s.hpp\"\n#include <cassert>\nint main()\n{\n"
					  "\tassert(shape::box::sides() == 4);\n"
					  "\tassert(shape::sorted({3, 1, 2}) == 1);\n"
					  "\tassert(shape::box(-1, 3).area() == 0 || true);\n"
					  "\tassert(shape::top<int>({1, 3, 2}) == 3);\n"
					  "\tassert(shape::top<double>({1.5, 2.5}) == 2.5);\n}\n"},
			},
		.candidates =
			{
				{"s.hpp", "x < best", "x > best", OBSERVED_PASS, 0},
				{"s.hpp", "x < best", "x.size() > best", OBSERVED_INVALID, 0},
				{"s.hpp", "T best = v[0]", "auto best = v[1]", OBSERVED_CRASH, 8},
				{"s.hpp", "w_ + h_", "w_ * h_", OBSERVED_CRASH, 8},
				{"s.hpp", "return 4", "return 5", OBSERVED_UNSUPPORTED, 0},
				{"s.hpp", "w_(w)", "w_(h)", OBSERVED_UNSUPPORTED, 0},
				{"s.cpp", "a < b", "a > b", OBSERVED_CRASH, 6},
				{"s.cpp", "return v[0]", "throw v[0]", OBSERVED_CRASH, 0},
				{"s.cpp", "return v[0]", "return nope", OBSERVED_INVALID, 0},
			},
	},
	{
		.name = "a shell script compares outputs",
		.command = "sh run.sh",
		.files =
			{
				{"run.sh",
					"cc -o prog prog.c || exit 2\nr=0\n"
					"for t in 1 2; do ./prog < $t.in > $t.got || exit 1\n"
					"cmp -s $t.got $t.out || { echo test $t differs; r=1; }\n"
					"done\nexit $r\n"},
				{"prog.c", "#include <stdio.h>\nint main(void)\n{\n\tint a, b;\n"
					   "\tif (scanf(\"%d %d\", &a, &b) != 2)\n\t\treturn 1;\n"
					   "\tprintf(\"%d\\n\", a - b);\n\treturn 0;\n}\n"},
				{"1.in", "1 2\n"},
				{"1.out", "3\n"},
				{"2.in", "2 2\n"},
				{"2.out", "4\n"},
			},
		.candidates =
			{
				{"prog.c", "a - b", "a + b", OBSERVED_PASS, 0},
				{"prog.c", "a - b", "a * b", OBSERVED_FAIL, 0},
				{"prog.c", "a - b", "c", OBSERVED_INVALID, 0},
				{"prog.c", "return 0", "return 1", OBSERVED_FAIL, 0},
			},
	},
	{
		.name = "a Python driver compares outputs",
		.command = "cc -o prog prog.c && python3 run.py",
		.files =
			{
				{"run.py",
					"import subprocess, sys\nbad = 0\n"
					"for text, want in (('3 1 2 3', '6'), ('1 5', '5'), ('2 4 "
					"4', '8')):\n"
					"    r = subprocess.run(['./prog'], input=text, "
					"text=True,\n"
					"                       capture_output=True, timeout=20)\n"
					"    bad += r.stdout.strip() != want\nsys.exit(bad > 0)\n"},
				{"prog.c",
					"#include <stdio.h>\nint main(void)\n{\n\tint n, x, sum = "
					"0;\n"
					"\tif (scanf(\"%d\", &n) != 1)\n\t\treturn 0;\n"
					"\tfor (int i = 1; i < n; i++) {\n\t\tscanf(\"%d\", &x);\n"
					"\t\tsum += x;\n\t}\n\tprintf(\"%d\\n\", sum);\n"
					"\treturn 0;\n}\n"},
			},
		.candidates =
			{
				{"prog.c", "i = 1", "i = 0", OBSERVED_PASS, 0},
				{"prog.c", "i < n", "i <= n", OBSERVED_PASS, 0},
				{"prog.c", "sum += x", "sum += 2 * x", OBSERVED_FAIL, 0},
				{"prog.c", "sum += x", "x += sum, sum = x", OBSERVED_FAIL, 0},
				{"prog.c", "i++", "i--", OBSERVED_TIMEOUT, 0},
			},
	},
	{
		.name = "an exit status that a driver expects is no verdict",
		.command = "sh run.sh",
		.files =
			{
				{"run.sh", "cc -o prog prog.c || exit 2\n"
					   "./prog -1; test $? = 3 || exit 1\n"
					   "test \"$(./prog 4)\" = 5\n"},
				{"prog.c", "#include <stdio.h>\n#include <stdlib.h>\n"
					   "int main(int c, char **v)\n{\n"
					   "\tint n = c > 1 ? atoi(v[1]) : 0;\n"
					   "\tif (n < 0)\n\t\treturn 3;\n"
					   "\tprintf(\"%d\\n\", n);\n\treturn 0;\n}\n"},
			},
		.candidates =
			{
				{"prog.c", "return 3", "return 0", OBSERVED_FAIL, 0},
				{"prog.c", "\"%d\\n\", n", "\"%d\\n\", n + 1", OBSERVED_PASS, 0},
				{"prog.c", "n < 0", "n > 9", OBSERVED_FAIL, 0},
			},
	},
	{
		.name = "ctest with several executables",
		.command =
			"cmake -S . -B build >/dev/null && cmake --build build >build.log 2>&1 || "
			"{ cat build.log; exit 1; }; ctest --test-dir build",
		.files =
			{
				{"CMakeLists.txt",
					"cmake_minimum_required(VERSION 3.10)\nproject(p C)\n"
					"enable_testing()\nadd_library(x STATIC x.c)\n"
					"foreach(t a b)\n add_executable(${t} ${t}.c)\n"
					" target_link_libraries(${t} x)\n"
					" add_test(NAME ${t} COMMAND ${t})\nendforeach()\n"},
				{"x.c", "int one(void) { return 1; }\nint two(void) { return 11; "
					"}\n"},
				{"a.c", "int one(void);\nint main(void) { return one() != 1; }\n"},
				{"b.c", "int two(void);\nint main(void) { return two() != 2; }\n"},
			},
		.candidates =
			{
				{"x.c", "return 11", "return 2", OBSERVED_PASS, 0},
				{"x.c", "return 11", "return 12", OBSERVED_FAIL, 0},
				{"x.c", "two(void) {", "two(int x) {", OBSERVED_UNSUPPORTED, 0},
			},
	},
	{
		.name = "the file does not compile as it is",
		.command = "make test",
		.failure = {FAILURE_COMPILE, "x.c", 4},
		.files =
			{
				MAKE_ASSERT("-Wall"),
				{"x.c", "int twice(int n)\n{\n\tint r = n;\n\treturn r * tow;\n}\n"
					"int same(int n) { return n; }\n"},
				{"t.c", "#include <assert.h>\nint twice(int), same(int);\n"
					"int main(void)\n{\n\tassert(same(1) == 1);\n"
					"\tassert(twice(3) == 6);\n\treturn 0;\n}\n"},
			},
		.candidates =
			{
				{"x.c", "tow", "2", OBSERVED_PASS, 0},
				{"x.c", "tow", "r", OBSERVED_CRASH, 6},
				{"x.c", "tow", "too", OBSERVED_INVALID, 0},
				{"x.c", "int r = n;", "int r = n; int tow = 2;", OBSERVED_PASS, 0},
				{"x.c", "return n;", "return -n;", OBSERVED_UNSUPPORTED, 0},
			},
	},
	{
		.name = "the linker misses a name, as it is",
		.command = "make test",
		.timeout_ms = 200, /* a recursion without end has to fill its stack */
		.failure = {FAILURE_COMPILE, "", 0},
		.files =
			{
				MAKE_ASSERT("-w"),
				{"x.c", "static int half(int n) { return n / 2; }\n"
					"int quarter(int n)\n{\n\tint h = hlaf(n);\n\treturn "
					"half(h);\n}\n"},
				{"t.c", "#include <assert.h>\nint quarter(int);\nint "
					"main(void)\n{\n"
					"\tassert(quarter(8) == 2);\n\treturn 0;\n}\n"},
			},
		.candidates =
			{
				{"x.c", "hlaf", "half", OBSERVED_PASS, 0},
				{"x.c", "hlaf", "quarter", OBSERVED_CRASH, 0},
				{"x.c", "hlaf", "haf", OBSERVED_INVALID, 0},
			},
	},
	{
		.name = "the test hangs as it is",
		.command = "make test",
		.failure = {FAILURE_TIMEOUT, "", 0},
		.files =
			{
				MAKE_ASSERT("-O1"),
				{"x.c", "int log2i(int n)\n{\n\tint r = 0;\n\n\twhile (n > "
					"1)\n\t\tr++;\n"
					"\treturn r;\n}\n"},
				{"t.c", "#include <assert.h>\nint log2i(int);\nint main(void)\n{\n"
					"\tassert(log2i(1) == 0);\n\tassert(log2i(8) == 3);\n"
					"\treturn 0;\n}\n"},
			},
		.candidates =
			{
				{"x.c", "r++;", "r++, n /= 2;", OBSERVED_PASS, 0},
				{"x.c", "r++;", "r++, n--;", OBSERVED_CRASH, 6},
				{"x.c", "n > 1", "n > 2", OBSERVED_TIMEOUT, 0},
			},
	},
	{
		.name = "macros that no grammar knows",
		.command = "make test",
		.files =
			{
				MAKE_ASSERT("-Wall"),
				{"x.c", "#define BEGIN(name) int name(int n) {\n#define END }\n"
					"#define API(type) __attribute__((noinline)) type\n"
					"#define UNLESS(c) if (!(c))\n#define FOREVER for (;;)\n"
					"BEGIN(plus) return n; END\n"
					"API(int) count(const char *s)\n{\n\tint n = 1;\n"
					"\tFOREVER {\n\t\tUNLESS (*s)\n\t\t\tbreak;\n\t\tn++, "
					"s++;\n\t}\n"
					"\treturn n;\n}\n"
					"#ifdef NEVER\nint broken( {\n#endif\n"},
				{"t.c", "#include <assert.h>\nint plus(int), count(const char *);\n"
					"int main(void)\n{\n\tassert(plus(1) == 1);\n"
					"\tassert(count(\"abc\") == 3);\n\treturn 0;\n}\n"},
			},
		.candidates =
			{
				{"x.c", "int n = 1", "int n = 0", OBSERVED_PASS, 0},
				{"x.c", "n++, s++", "n += 2, s++", OBSERVED_CRASH, 6},
				{"x.c", "return n;\n}", "return n - 1;\n}", OBSERVED_PASS, 0},
			},
	},
	{
		.name = "what it reads is there for every candidate",
		.command = "make -s prog && printf '3 4' | ./prog && ./prog < in",
		.files =
			{
				{"in", "5 6"},
				{"prog.c", "#include <stdio.h>\n"
					   "static int add(int a, int b) { return a - b; }\n"
					   "int main(void)\n{\n\tint a = 0, b = 0;\n"
					   "\tif (scanf(\"%d %d\", &a, &b) != 2)\n\t\treturn 2;\n"
					   "\treturn add(a, b) != a + b;\n}\n"},
			},
		.candidates =
			{
				{"prog.c", "a - b", "a * b", OBSERVED_FAIL, 0},
				{"prog.c", "a - b", "b", OBSERVED_FAIL, 0},
				{"prog.c", "a - b", "b + a", OBSERVED_PASS, 0},
				{"prog.c", "a - b", "a + b", OBSERVED_PASS, 0},
			},
	},
};

struct fixture {
	struct scratch scratch;
	struct arena mem;
	struct trial *trial;
};

static const char *text_of(const struct scenario *s, const char *path)
{
	for (size_t i = 0; i < FILES_MAX && s->files[i].path; i++)
		if (strcmp(s->files[i].path, path) == 0)
			return s->files[i].text;
	fail_msg("%s: no file %s", s->name, path);
	return NULL;
}

static struct patch patch_of(const struct scenario *s, const struct candidate *c, struct arena *mem)
{
	struct edit *e = arena_new(mem, struct edit);
	ptrdiff_t at = str_find_c(str_of(text_of(s, c->path)), c->from);

	assert_true(at >= 0);
	*e = (struct edit){
		str_of(c->path), (size_t)at, (size_t)at + strlen(c->from), str_of(c->to)};
	return (struct patch){.edits = e, .n = 1};
}

static void run_scenario(struct fixture *f, const struct scenario *s)
{
	struct err err = ERR_INIT;
	struct patch patches[CANDIDATES_MAX];
	struct observed seen[CANDIDATES_MAX];
	struct failure_list failures;
	struct accel *accel;
	size_t n = 0;

	for (; n < CANDIDATES_MAX && s->candidates[n].path; n++)
		patches[n] = patch_of(s, &s->candidates[n], &f->mem);
	failure_list_init(&failures);
	struct failure *failure = failure_list_add(&failures);
	failure->kind = s->failure.kind;
	failure->file = str_of(s->failure.file);
	failure->line = s->failure.line;
	assert_int_equal(accel_c.open(&accel, f->trial,
				 &(struct accel_options){.command = s->command,
					 .failures = &failures,
					 .command_timeout_ms = 20000,
					 .candidate_timeout_ms = s->timeout_ms,
					 .jobs = 2},
				 &err),
		0);
	if (accel_c.run(accel, patches, n, seen, &f->mem, &err) != 0)
		fail_msg("%s: %s", s->name, err.msg);
	for (size_t i = 0; i < n; i++) {
		const struct candidate *c = &s->candidates[i];

		if (seen[i].status != (enum observed_status)c->expect ||
			(c->line && seen[i].line != c->line))
			fail_msg("%s: '%s' -> '%s': status %d line %d, expected %d line %d\n%.*s",
				s->name, c->from, c->to, seen[i].status, seen[i].line, c->expect,
				c->line, STR_ARGS(seen[i].message));
	}
	accel_c.free(accel);
	failure_list_release(&failures);
}

static void open_project(struct fixture *f, const struct scenario *s)
{
	struct err err = ERR_INIT;

	arena_init(&f->mem);
	scratch_make(&f->scratch);
	for (size_t i = 0; i < FILES_MAX && s->files[i].path; i++) {
		const char *path = s->files[i].path, *slash = strrchr(path, '/');

		if (slash)
			scratch_sh(&f->scratch, "mkdir -p '%.*s'", (int)(slash - path), path);
		scratch_write(&f->scratch, path, s->files[i].text);
	}
	assert_int_equal(
		trial_open(&f->trial,
			&(struct trial_options){.root = f->scratch.dir, .sandbox = SANDBOX_AUTO},
			&err),
		0);
}

static void close_project(struct fixture *f)
{
	trial_free(f->trial);
	scratch_remove(&f->scratch);
	arena_release(&f->mem);
}

static void candidates_are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
		if (getenv("ONLY") && !strstr(scenarios[i].name, getenv("ONLY")))
			continue;
		struct fixture f = {0};

		open_project(&f, &scenarios[i]);
		run_scenario(&f, &scenarios[i]);
		close_project(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(candidates_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
