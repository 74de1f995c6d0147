/* mounts: what a command sees of the file system: everything read-only, private /tmp, /var/tmp,
 * /run and /dev/shm in memory, known secrets of the home folder covered, and the project's folder
 * as an overlay at its own place. Layer: port/child. Runs in a process of its own, inside fresh
 * namespaces. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "port/child/sandbox.h"

struct mounts_plan {
	const struct sandbox_options *options;
	bool privileged; /* real root: commands run as uid, gid */
	uid_t uid;
	gid_t gid;
};

struct mounts_result {
	int tree;       /* the project's folder in there, a directory descriptor */
	bool read_only; /* all else is mounted read-only */
	bool terminals; /* /dev/pts is private */
	bool copied;    /* the tree is a copy in memory, as no overlay could be had */
	char why_copied[200];
};

int mounts_build(
	const struct mounts_plan *plan, struct mounts_result *out, struct err *err) MUST_CHECK;
