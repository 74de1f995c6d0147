/* intent: what an apply is about to do, as one durable file.
 * Layer: kit, private to apply. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "kit/apply/apply.h"

/* Where the intent of the tree at root is: beside its default store, one a working tree, whatever
 * --store says. root is a real path. */
int intent_locate(struct buf *out, const char *root, struct err *err) MUST_CHECK;
/* Appears under path whole and synced, or not at all. */
int intent_store(
	const char *path, const struct apply_file *files, size_t n, struct err *err) MUST_CHECK;
/* INTENT_NONE when there is none. ERR_PARSE when it is damaged: it is kept then. */
enum { INTENT_NONE = 1 };
int intent_load(struct apply_file **files, size_t *n, const char *path, struct arena *mem,
	struct err *err) MUST_CHECK;
/* Done: removed and synced. */
int intent_remove(const char *path, struct err *err) MUST_CHECK;
