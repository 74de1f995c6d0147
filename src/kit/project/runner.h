/* runner: the table of test runners: which file says that one is used, and its command.
 * Layer: kit; used by detect.c. */
#pragma once

#include <stdbool.h>

#include "kit/project/project.h"
#include "kit/project/scan.h"

/* What a rule may look at. */
struct detection {
	const struct scan *scan;
	const struct project_probe *probe;
	struct arena *mem;
};

struct runner_match {
	struct str command, why;
};

struct runner {
	const char *name;
	const char *looks_for; /* for people who ask why nothing was found */
	bool (*match)(const struct detection *d, struct runner_match *out);
};

/* In the order of trust: a project that says its runner before one whose files only look like it.
 */
extern const struct runner runners[];
extern const unsigned runner_count;

/* The first Python (of a virtual environment in the project, then of PATH) that has the module, or
 * NULL. */
const char *runner_python(const struct detection *d, const char *module);
