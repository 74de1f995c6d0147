/* branch: a fix as one commit on the base branch as it is now, made by GitHub.
 * Layer: publish. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/fix.h"

struct forge;

struct branch_options {
	struct str repo, base_branch;
	struct str at;     /* a commit to take instead of base_branch's; empty: none */
	struct str commit; /* what the fix was proved on */
	struct str folder; /* the diff's paths are relative to it */
	struct str branch; /* the one to make or move */
	struct str message;
};

/* What the base branch is now, and the files as they will be on it. */
struct branch_plan {
	struct str base; /* its commit now */
	bool moved;      /* it is another one than the fix was proved on */
	const struct forge_change *changes;
	const struct str *before; /* as each file is on base; p NULL: it is not there */
	size_t n;
};

/* BRANCH_FIXED: the base has the change already; BRANCH_OUTDATED: it changed the same lines. */
enum { BRANCH_FIXED = 1, BRANCH_OUTDATED = 2, BRANCH_FOREIGN = 3 };
/* Reads only. */
int branch_plan(struct branch_plan *out, struct forge *forge, const struct fix *fix,
	const struct branch_options *options, struct arena *mem, struct err *err) MUST_CHECK;
/* Makes or moves the branch; *sha is its tip. BRANCH_FOREIGN when someone else's commits are on it;
 * the tip stays when it is that change on that base already. */
int branch_make(struct str *sha, struct forge *forge, const struct branch_plan *plan,
	const struct branch_options *options, struct arena *mem, struct err *err) MUST_CHECK;
