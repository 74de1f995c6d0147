/* apart: one commit of a repository, checked out in a folder of its own.
 * Layer: port. The user's repository is only read: the new one borrows its objects. */
#pragma once

#include "port/git/repo.h"

/* Makes a repository at path (which must not exist) with commit checked out, HEAD detached at it,
 * without submodules, hooks, remotes. REPO_NONE when repo does not have that commit (then nothing
 * is made); commit is its whole id. The new one is of use only for as long as repo is there. */
int repo_check_out_apart(
	struct repo *repo, const char *commit, const char *path, struct err *err) MUST_CHECK;
