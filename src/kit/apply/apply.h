/* apply: a verified change into the user's own files, whole or not at all.
 * Layer: kit. SPEC 14 "Applying to the user's tree". Old and new content of every file are stored
 * (synced) before the first file is replaced; each is replaced by a rename, mode and owner kept.
 * Whatever kills us in between, the next apply_recover() of the same tree completes the change or
 * undoes it. A file that someone changed meanwhile is left alone and named.
 *
 * Test hook: with SELFHEAL_TEST_KILL_AT_STEP=N in the environment the process kills itself
 * (SIGKILL) at the N-th step it has made durable. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct apply_file {
	struct str path; /* repository-relative */
	struct str old;  /* the content the patch was made for */
	struct str new;
};

/* Nothing is changed when it fails:
 * ERR_CONFLICT a file is not as it was ("was changed meanwhile"), or another apply is under way
 * ERR_POLICY   a path leaves the tree, is or is behind a symbolic link, is no regular file
 * ERR_SYS      the system refused (disk full, no permission)
 * An apply that was cut off must have been recovered before. */
int apply_files(
	const char *root, const struct apply_file *files, size_t n, struct err *err) MUST_CHECK;
/* The same for a unified diff of changes to files that are there: applied strictly to what they are
 * now, so that a file that moved on since the diff was made is ERR_CONFLICT. */
int apply_diff(const char *root, struct str diff, struct err *err) MUST_CHECK;

struct apply_recovery {
	struct str *left_alone; /* files someone changed meanwhile; arena */
	size_t n;
};
/* What to do before anything else in a tree: 0 when no apply was cut off there; APPLY_COMPLETED:
 * every file has its new content now; APPLY_UNDONE: every file has its old content but those left
 * alone. Costs one failed open when there is nothing to do. */
enum { APPLY_COMPLETED = 1, APPLY_UNDONE = 2 };
int apply_recover(const char *root, struct apply_recovery *out, struct arena *mem,
	struct err *err) MUST_CHECK;
