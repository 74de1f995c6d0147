/* scan: the names of a project's files, breadth first, with caps.
 * Layer: kit. Hidden folders, dependencies and build output are left out; links are not followed.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

enum { SCAN_FILES_MAX = 5000, SCAN_DEPTH_MAX = 16, SCAN_TEXT_MAX = 256 << 10 };

struct scan {
	const char *root;
	struct arena *mem;
	vec(struct str) files; /* repository-relative, near ones first, sorted in each folder */
	bool truncated;
};

int scan_load(struct scan *s, const char *root, struct arena *mem, struct err *err) MUST_CHECK;
void scan_release(struct scan *s);
#define SCAN_AUTO CLEANUP(scan_release) struct scan

bool scan_has(const struct scan *s, const char *path);
/* The first (nearest) file whose base name matches the glob, or NULL; the next behind one. */
const struct str *scan_find(const struct scan *s, const char *glob);
const struct str *scan_find_next(const struct scan *s, const char *glob, const struct str *from);
/* Appends up to SCAN_TEXT_MAX bytes of a file; false when it cannot be read. */
bool scan_text(const struct scan *s, const char *path, struct buf *out);
/* Whether the file is there and has the text. */
bool scan_contains(const struct scan *s, const char *path, const char *needle);
