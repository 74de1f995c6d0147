/* repo_private: the repository's insides, inside port/git only.
 * Layer: port. */
#pragma once

#include "base/buf.h"
#include "port/git/lib.h"
#include "port/git/locate.h"
#include "port/git/repo.h"

struct repo {
	git_repository *git;
	struct git_place place;
};

/* Appends the blob's bytes as they would be checked out at path. ERR_LIMIT over out's cap. */
int repo_blob_to_worktree(
	struct buf *out, git_blob *blob, const char *path, struct err *err) MUST_CHECK;
/* The commit of HEAD, which the caller frees; REPO_NONE when there is none yet. */
int repo_head_commit(const struct repo *repo, git_commit **out, struct err *err) MUST_CHECK;
