/* file: whole files in and out.
 * Layer: base. Reading is capped by the buffer and takes regular files only: a FIFO or a device
 * never blocks us. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Appends the file's bytes to out. dir is a folder's descriptor or AT_FDCWD. ERR_SYS with
 * sys_errno (ENOENT...), ERR_LIMIT when out's cap is too small; then out may hold a part. */
int file_read_at(struct buf *out, int dir, const char *path, struct err *err) MUST_CHECK;
int file_read(struct buf *out, const char *path, struct err *err) MUST_CHECK;
/* The same of a file that a command of the project may have made: no symbolic link. */
int file_read_untrusted(struct buf *out, const char *path, struct err *err) MUST_CHECK;
/* Writes a new file beside path and renames it over: whoever reads sees the old or the new
 * content, whole. Permissions 0666 less the umask when it is new, else those it had. */
int file_replace(const char *path, struct str content, struct err *err) MUST_CHECK;
/* Appends, making the file if need be. */
int file_append(const char *path, struct str content, struct err *err) MUST_CHECK;
/* Whether path (links followed) is a regular file; a folder. */
bool file_is_regular(const char *path);
bool file_is_dir(const char *path);
