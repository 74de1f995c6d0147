/* base: a private folder of one trial on disk, removed at the end; those that killed processes left
 * behind are removed by the next.
 * Layer: kit. */
#pragma once

#include "base/err.h"

/* The path, for the caller to free. Short: a socket's path in it must fit into 108 bytes. Held by a
 * lock on *lock, a descriptor to close. */
int base_make(char **path, int *lock, struct err *err) MUST_CHECK;
/* Removes it and what is in it. */
void base_remove(const char *path);
