/* upper: the writable layer over a tree, with what is to be seen otherwise laid in beforehand.
 * Layer: port/child. */
#pragma once

#include <sys/types.h>

#include "port/child/sandbox.h"

/* Fills the empty folder `upper`, to be laid over `lower`, with the masks; a whiteout hides a whole
 * folder at once. What is made belongs to uid and gid (-1: us). */
int upper_fill(int upper, int lower, const struct sandbox_tree *tree, uid_t uid, gid_t gid,
	struct err *err) MUST_CHECK;
/* The same in a copy of the tree. */
int upper_apply_to_copy(int copy, const struct sandbox_tree *tree, struct err *err) MUST_CHECK;
