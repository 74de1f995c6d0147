/* workflow: the test step of a GitHub Actions workflow as a command for this machine.
 * Layer: kit; used by detect.c. Reads what people wrote for another machine: steps it cannot
 * resolve (secrets, other systems, programs that are not here) are passed over with a note. */
#pragma once

#include "kit/project/runner.h"

/* Whether a step was found. Notes are added for those passed over. */
bool workflow_match(const struct detection *d, struct runner_match *out, struct project *notes);
/* The same of one workflow's text; path is for messages. */
bool workflow_match_text(const struct detection *d, const char *path, struct str text,
	struct runner_match *out, struct project *notes);
/* The name by which GitHub knows the workflow that tests changes: its name, or its path when it has
 * none. Empty when there is no workflow for changes at all. */
struct str workflow_ci_name(const char *root, struct arena *mem);
