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
