/* overlay: files built into the binary (embed.h), with those of a folder of the user's over them.
 * Layer: base. What --templates DIR means everywhere: DIR has the layout of templates/, a file in
 * it stands for the built-in one of the same path, one that is not built in is there besides. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum { OVERLAY_FILES_MAX = 512, OVERLAY_DEPTH_MAX = 4 };

struct overlay_file {
	const char *name; /* below templates/: "matchers/linters.yml" */
	const char *path; /* for messages: where it was read */
	struct str text;  /* in the arena, or in the binary */
};

struct overlay {
	struct overlay_file *v; /* in the order of the names */
	size_t n;
};

/* The files below folder ("matchers/") whose names end in ".yml". dir: NULL for those built in.
 * ERR_CONFIG when dir is no folder, ERR_LIMIT when it holds too many; *out untouched then. */
int overlay_read(struct overlay *out, const char *dir, const char *folder, struct arena *mem,
	struct err *err) MUST_CHECK;
