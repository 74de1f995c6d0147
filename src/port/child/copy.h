/* copy: a folder, copied whole, as a scratch tree.
 * Layer: port/child. Modes and times are kept (builds look at them), symbolic links stay links,
 * sockets, pipes and devices are left out. Names are bytes: nothing about them is assumed. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Copies what is in folder `from` into folder `to` (open directory descriptors, borrowed). Leaves
 * out paths, relative to `from`, that match a glob of `ignore` (NULL: none). */
int copy_tree(int from, int to, const char *const *ignore, struct err *err) MUST_CHECK;
/* The same onto what is there already: files that exist are kept as they are in `to`. */
int copy_merge(int from, int to, const char *const *ignore, struct err *err) MUST_CHECK;
/* Gives the folder and all in it to the owner. */
struct copy_owner {
	uid_t uid;
	gid_t gid;
};
int copy_chown(int folder, const struct copy_owner *owner, struct err *err) MUST_CHECK;
/* Removes what is in the folder, never following a link. As far as it goes. */
void remove_tree(int folder);
/* Removes the file, link or whole folder. */
void remove_entry(int folder, const char *name);
