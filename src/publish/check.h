/* check: the failures and the outcome as a check run on the commit that failed.
 * Layer: publish. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/fix.h"

struct forge;
struct published;

struct check_options {
	struct str repo, sha;
	struct str folder; /* the failures' paths are relative to it */
	struct str instance;
};

/* Made, or brought up to date when this commit has ours. Advisory: its conclusion is "neutral", it
 * never makes a commit red. */
int check_write(struct forge *forge, const struct fix *fix, const struct published *published,
	const struct check_options *options, struct arena *mem, struct err *err) MUST_CHECK;
