/* watch: whether the user's tree changed while we worked on a picture of it.
 * Layer: kit. A stat of each file that was read or written, and of git's HEAD: cheap enough to ask
 * often. (Not git's index: every "git status" may write it anew.) */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

struct watched {
	char *path; /* relative to the root, or absolute */
	bool exists;
	uint64_t inode, hash;
	int64_t size, mtime_s, mtime_ns;
};

struct watch {
	int root; /* the user's folder, owned */
	vec(struct watched) files;
};

int watch_open(struct watch *w, const char *root, const char *git_dir, struct err *err) MUST_CHECK;
void watch_release(struct watch *w);
/* Notes how the file is now, the first time it is named. */
void watch_note(struct watch *w, struct str path);
/* 0, or ERR_CONFLICT naming the first file that is not as it was. */
int watch_check(const struct watch *w, struct err *err) MUST_CHECK;
