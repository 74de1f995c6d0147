/* git_copy: a copied project's git directory: private, and small. Objects are not copied but
 * borrowed (git's "alternates"); a linked worktree gets a git directory of its own. Layer: kit. */
#pragma once

#include "base/err.h"
#include "kit/trial/masks.h"

/* Globs for copy_tree() of the project: what git_copy() makes itself; NULL: nothing. */
const char *const *git_copy_ignored(const char *source);

/* In the copy (a directory descriptor) of the project at source. Does nothing without a repository,
 * or when its top is above the project. */
int git_copy(int copy, const char *source, const struct masks *masks, struct err *err) MUST_CHECK;
