/* fixits: what the compiler itself would write, as patches.
 * Layer: repair. GCC prints its fix-its for machines when GCC_EXTRA_DIAGNOSTIC_OUTPUT=fixits-v1 is
 * in its environment, clang with -fdiagnostics-parseable-fixits; kit/report reads both. */
#pragma once

#include "base/arena.h"
#include "repair/search.h"

/* For a command's environment. */
#define FIXITS_ENV "GCC_EXTRA_DIAGNOSTIC_OUTPUT=fixits-v1"

/* One patch for each fix-it in the scene's failures that lies in one of its files, then one with
 * all that do not overlap; n of them in mem. */
struct patch *fixits_collect(const struct scene *scene, size_t *n, struct arena *mem);
