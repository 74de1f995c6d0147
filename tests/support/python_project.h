/* python_project: a small Python project in a trial, its accelerator, and candidates with what
 * trying them must give. For cmocka: setup and teardown hold everything. */
#pragma once

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

static inline int setup(void **state)
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

static inline int teardown(void **state)
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

static inline void write_files(struct bench *b, const struct file *files)
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

static inline int open_accel(struct bench *b, const struct project *p, struct err *err)
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

static inline const char *content_of(const struct project *p, const char *path)
{
	for (const struct file *f = p->files; f->path; f++)
		if (!strcmp(f->path, path))
			return f->text;
	fail_msg("no file %s", path);
	return NULL;
}

static inline struct patch make_patch(
	struct bench *b, const struct project *p, const struct row *row)
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

static inline void check(struct bench *b, const struct project *p)
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
