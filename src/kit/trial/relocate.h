/* relocate: a tree that was copied elsewhere still has its old place written down in it: build
 * folders, editable installs. They are rewritten, dropped, or the run is refused.
 * Layer: kit. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct environment;

/* Looks for what outside the tree leads back into `from` and cannot be rewritten: installed
 * packages that are links to it would be tested in place of the copy. ERR_POLICY names it. */
int relocate_check(const char *from, const struct environment *env, struct err *err) MUST_CHECK;
/* In the copy (a directory descriptor) of `from`, which is at `to`: rewrites path files of Python,
 * drops build folders that were configured for `from`. A line each goes to notes. */
int relocate(
	int copy, const char *from, const char *to, struct buf *notes, struct err *err) MUST_CHECK;
