/* tree: the source files of a project, and which of them are tests.
 * Layer: kit. Looks at names only; never follows symbolic links. */
#pragma once

#include "base/arena.h"
#include "base/vec.h"

struct project_file {
	struct str path;      /* relative to the root */
	const char *language; /* as rewrite_language_of says */
	size_t size;
	bool is_test;
};

struct project_tree {
	struct project_file *v; /* ascending by path */
	size_t n;
	bool truncated; /* more than PROJECT_FILES_MAX */
};

enum { PROJECT_FILES_MAX = 20000 };

/* Source files in known languages below root. Folders that hold no source of the project are
 * skipped: hidden ones, build output, dependencies (node_modules, vendor, venv...). */
void project_tree_read(struct project_tree *out, const char *root, struct arena *mem);
/* By the conventions of the runners: a folder test, tests, spec, __tests__...; a name like
 * test_x.py, x_test.go, x.test.js, XTest.java, conftest.py. */
bool project_path_is_test(struct str path);
