/* files: reading, patching and putting back files of a scratch tree.
 * Layer: kit. All paths are relative to one folder and cannot leave it, links included
 * (openat2 with RESOLVE_BENEATH). */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

/* A file as it was before the first write. */
struct saved_file {
	char *path;
	char *content; /* NULL: it did not exist */
	size_t n;
};

struct files {
	int root;  /* borrowed directory descriptor */
	uid_t uid; /* who owns what we make; -1: whoever we are */
	gid_t gid;
	vec(struct saved_file) saved;
};

void files_init(struct files *f, int root);
void files_release(struct files *f);
int files_read(struct files *f, struct str path, struct buf *out, struct err *err) MUST_CHECK;
/* Creates the file, and its folders, when it is not there. */
int files_write(struct files *f, struct str path, struct str content, struct err *err) MUST_CHECK;
int files_restore(struct files *f, struct err *err) MUST_CHECK;
/* Forgets what was saved. */
void files_forget(struct files *f);
