/* self_child: this program once more, in a process that holds no token.
 * Layer: heal. What runs code of a repository runs there (SPEC 12). */
#pragma once

#include "base/err.h"
#include "port/child/child.h"

/* argv[0] is this program. The environment is what any child may see. */
int self_child_run(struct child_result *out, const char *const *argv, const char *cwd,
	int timeout_ms, struct err *err) MUST_CHECK;
