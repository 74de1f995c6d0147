/* project: how a project is built and tested, read from its own files.
 * Layer: kit. The failing step of its workflow first, then its build and test files; the order and
 * the reasons are the table in runner.c. Strings live in the caller's arena. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

struct project {
	struct str command; /* for sh -c, in the project's folder */
	struct str runner;  /* pytest, ctest, make...: "" when only the command is known */
	struct str why;     /* which file said so: "pytest.ini", "CMakeLists.txt: enable_testing" */
	struct {
		struct str *v; /* python, c, cpp, javascript...: most files first */
		size_t n;
	} languages;
	struct {
		struct str *v; /* lines for people: what was seen and passed over, and why */
		size_t n;
	} notes;
};

/* What detection asks of the machine; tests plug in answers of their own. */
struct project_probe {
	bool (*has_program)(void *user, const char *name);
	/* Whether that interpreter (a path relative to the project, or a name) has the module. */
	bool (*has_module)(void *user, const char *root, const char *python, const char *module);
	void *user;
};
extern const struct project_probe project_probe_machine;

enum { PROJECT_UNKNOWN = 1 };

/* 0, or PROJECT_UNKNOWN: out->languages is filled all the same and notes say what was looked for.
 * probe NULL: the machine's. */
int project_detect(struct project *out, const char *root, const struct project_probe *probe,
	struct arena *mem, struct err *err) MUST_CHECK;
/* The languages alone, for when the command is given: cheap. */
int project_languages(
	struct project *out, const char *root, struct arena *mem, struct err *err) MUST_CHECK;
/* The runner that a command starts ("python3 -m pytest -q" -> "pytest"), or "" when unknown. */
struct str project_runner_of(struct str command);
