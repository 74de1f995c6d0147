/* tree: the source files of a project, and which of them are tests.
 * Layer: kit. Looks at names only; never follows symbolic links. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct project_file {
	struct str path;      /* relative to the root */
	const char *language; /* as rewrite_language_of says */
	size_t size;
	bool is_test;
};

struct project_tree {
	struct project_file *v; /* near the root first, then by path */
	size_t n;
	bool truncated; /* there are more than scan.h lists */
};

/* The files in known languages below root, as scan.h finds them. */
int project_tree_read(
	struct project_tree *out, const char *root, struct arena *mem, struct err *err) MUST_CHECK;
/* By the conventions of the runners: a folder test, tests, spec, __tests__...; a name like
 * test_x.py, x_test.go, x.test.js, XTest.java, conftest.py. */
bool project_path_is_test(struct str path);
