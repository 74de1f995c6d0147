/* locate: where a checkout's git folders are, found by reading files only.
 * Layer: port. Opening a repository starts libgit2, whose TLS set-up reads every certificate of the
 * system (7 ms); a run that has nothing to do must not pay that. gitrepository-layout(5). */
#pragma once

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

/* Absolute paths without a slash at the end. */
struct git_place {
	struct buf workdir;
	struct buf git_dir;    /* of this working tree */
	struct buf common_dir; /* shared by linked working trees; else git_dir */
};

void git_place_init(struct git_place *place);
void git_place_release(struct git_place *place);

/* Looks at path and its parents on the same file system, not above a folder that
 * GIT_CEILING_DIRECTORIES names. 0, or GIT_PLACE_NONE when no repository is there; ERR_CONFIG for a
 * bare repository, ERR_PARSE for a '.git' file that leads nowhere. */
enum { GIT_PLACE_NONE = 1 };
int git_locate(struct git_place *out, const char *path, struct err *err) MUST_CHECK;
