/* resolve: paths that logs print -> paths of the project.
 * Layer: kit, inside report/. With a root it looks whether the file is there (each path once);
 * without, it goes by the path's look. */
#pragma once

#include "base/arena.h"
#include "base/strmap.h"
#include "base/vec.h"
#include "model/failure.h"

struct resolver {
	const char *root;   /* the project's folder, or NULL */
	struct str printed; /* the project's folder as the log calls it, "" when unknown */
	struct arena *mem;
	struct strmap known;     /* path -> struct str in mem, NULL value: not ours */
	vec(struct str) sources; /* folders below the root where packages begin, "/" at the end */
	bool has_sources;        /* ... were looked for */
};

void resolver_init(struct resolver *r, const char *root, struct str printed, struct arena *mem);
void resolver_release(struct resolver *r);
/* Whether the path is a file of the project; *out is then relative to its root. */
bool resolve_path(struct resolver *r, struct str path, struct str *out);
/* Marks the frames; file becomes relative, and where the failure shows outside the project its
 * place is the innermost frame inside. */
void resolve_failure(struct resolver *r, struct failure *f);
