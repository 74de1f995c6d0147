/* stand_in: woven text in place of a source file of the trial.
 * Layer: kit. Beside "src/x.c" goes ".selfheal-x.c", and "src/x.c" itself only includes it: an
 * included file may call itself a system header, so that no warning about our weaving ends a build
 * with -Werror, whatever compiler flags the project has. */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct trial;

/* Languages by name and, for a header, by content: "c", "cpp", or NULL for others. */
const char *stand_in_language(struct str path, struct str content);
int stand_in_put(struct trial *trial, struct str path, struct str text, struct err *err) MUST_CHECK;
/* Puts the file's own content back. */
int stand_in_remove(
	struct trial *trial, struct str path, struct str content, struct err *err) MUST_CHECK;
