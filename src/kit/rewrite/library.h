/* library: the language packs and template sets of one run, loaded at first use.
 * Layer: kit. They come out of the binary; a folder given instead has the same layout
 * (languages/NAME.yml, repair/<any>/<any>.yml), and what it lacks comes out of the binary. */
#pragma once

#include "kit/rewrite/template.h"

enum { LIBRARY_LANGUAGES_MAX = 8, LIBRARY_FILES_MAX = 256 };

struct library {
	const char *dir;       /* NULL: the binary only */
	struct str user_rules; /* further templates */
	struct pack packs[LIBRARY_LANGUAGES_MAX];
	struct template_set sets[LIBRARY_LANGUAGES_MAX];
	size_t n;
	struct arena mem;
};

/* dir and user_rules are borrowed. */
void library_init(struct library *library, const char *dir, struct str user_rules);
void library_release(struct library *library);
/* *out is NULL when there is no pack for that language. */
int library_set(struct library *library, struct str language, const struct template_set **out,
	struct err *err) MUST_CHECK;
/* A pack's text; p NULL without one. In mem unless it lies in the binary. */
int library_pack_text(struct str *out, const char *dir, struct str language, struct arena *mem,
	struct err *err) MUST_CHECK;
