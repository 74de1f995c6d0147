/* shape: dialects that are data: templates/reports/, whose README tells the form.
 * Layer: kit, inside report/. A shape says where in a record the findings or tests are and which
 * part of them is the file, the line, the message. */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "kit/report/document/dialect.h"

struct shapes {
	vec(const struct dialect *) dialects; /* in mem, as all that they point to */
};

/* Reads every file, those of dir (NULL: none) over those built in (overlay.h). ERR_PARSE with the
 * line says what is wrong in one. */
int shapes_load(
	struct shapes *shapes, const char *dir, struct arena *mem, struct err *err) MUST_CHECK;
/* Frees the list itself. */
void shapes_release(struct shapes *shapes);
