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

enum { FILES_MAX = 6, CANDIDATES_MAX = 10 };

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
