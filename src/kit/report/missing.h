/* missing: whether a module or header that was not found is the project's own (a wrong path, a
 * misspelt name) or somebody else's (a dependency). Layer: kit, inside report/. */
#pragma once

#include "kit/report/resolve.h"

/* Sets the kind back where a failure by kind DEPENDENCY asks for a file that the project has, or
 * for a name close to one of its. Without a root nothing is known and nothing changes. */
void missing_judge(struct resolver *r, struct failure *f);
