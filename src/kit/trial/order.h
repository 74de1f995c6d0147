/* order: a test command with only some of its tests, in another order, from fixed random numbers,
 * at another time of day; nothing of the command's text is changed for it. Layer: kit. Tests are
 * chosen inside Python's runners (templates/languages/python/selfheal_order.py); hash seed and
 * clock work for every program. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct trial;
struct trial_command;
struct child_result;

struct order {
	const struct str *only; /* identifiers as failures have them; NULL: all tests */
	size_t n_only;
	bool reversed;
	int seed;              /* of hashes and random numbers; < 0: left alone */
	int64_t clock_shift_s; /* added to the wall clock; >= 0 */
};

/* Which tests ran, in their order; empty when the command has no runner that we can ask. */
struct order_tests {
	struct str *v;
	size_t n;
};

/* As trial_run(). *ran lives in mem. */
int order_run(struct child_result *result, struct order_tests *ran, struct trial *trial,
	const struct trial_command *command, const struct order *order, struct arena *mem,
	struct err *err) MUST_CHECK;
