/* diff: the unified diff of two texts, as git writes it.
 * Layer: port. Taken by `git apply` and by `patch -p1`. Read back by model/udiff.h. */
#pragma once

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

/* Appends the file's part of a diff to out (out's cap bounds it: ERR_LIMIT): headers with a/ and
 * b/, names quoted as git does, three lines of context. old.p NULL: the file is made; new.p NULL:
 * removed. Equal texts append nothing. Bytes are kept as they are (CR, no newline at the end, NUL).
 */
int diff_unified(struct buf *out, struct str path, struct str old, struct str new,
	struct err *err) MUST_CHECK;
