/* spectrum: which lines each test ran.
 * Layer: kit. Collected by running the project's own command in a trial with our tracer (Python) or
 * line probes (C, C++). Tests without an identity of their own (a plain program) are one test. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/failure.h"

struct trial;

/* Lines are 1-based, ascending, each once. */
struct covered_file {
	struct str path; /* repository-relative */
	int *lines;
	size_t n;
};

struct covered_test {
	struct str id;
	bool passed;
	struct covered_file *files;
	size_t n;
};

struct spectrum {
	struct covered_test *tests;
	size_t n;
};

struct spectrum_options {
	const char *command;
	const char *subdir;
	const struct failure_list *failures;
	const struct str
		*files; /* C: the source files to probe; Python: ignored (all project files) */
	size_t n_files;
	int timeout_ms;
};

/* 0, or SPECTRUM_UNAVAILABLE with *err saying why, or < 0. Everything in *out lives in mem. */
enum { SPECTRUM_UNAVAILABLE = 1 };
int spectrum_python(struct spectrum *out, struct trial *trial,
	const struct spectrum_options *options, struct arena *mem, struct err *err) MUST_CHECK;
int spectrum_c(struct spectrum *out, struct trial *trial, const struct spectrum_options *options,
	struct arena *mem, struct err *err) MUST_CHECK;
