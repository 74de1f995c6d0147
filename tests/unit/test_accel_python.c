/* The Python accelerator on small projects that the test writes: each row is a candidate and what
 * trying it must give. */
#include <fcntl.h>
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
		.jobs = 1};

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pytest_function, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
