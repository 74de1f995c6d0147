/* lock: one heal at a time in one working tree.
 * Layer: port. An flock on a file beside the store, one file per working tree; the kernel drops it
 * with the process, so a lock left by a killed run is harmless. The file says who holds it. */
#pragma once

#include "base/cleanup.h"
#include "base/err.h"

struct lock;

/* Waits up to wait_ms (0: not at all). ERR_CONFLICT says which process holds it since when. */
int lock_take(struct lock **out, const char *store_path, const char *root, int wait_ms,
	struct err *err) MUST_CHECK;
void lock_free(struct lock *lock);
DEFINE_CLEANUP(struct lock *, lock_free)
