/* catalogue: which dialect a document is of, told by the paths that it has.
 * Layer: kit, inside report/. */
#pragma once

#include "base/strmap.h"
#include "kit/report/document/dialect.h"
#include "kit/report/document/event.h"
#include "kit/report/document/shape.h"

enum { CATALOGUE_CONDITIONS = 1536, SIGNATURE_CONDITIONS = 8 };

struct signature {
	const struct dialect *dialect;
	uint16_t conditions[SIGNATURE_CONDITIONS];
	int n;
};

struct wild {
	struct str path, last; /* the last name of the path */
	int names;
};

struct catalogue {
	vec(const struct dialect *) dialects;
	vec(struct signature) signatures;
	struct strmap conditions; /* "path" or "path=text" -> its number + 1 */
	vec(struct wild) wild;    /* those of conditions that hold a "*" for a name */
	struct strmap roots;      /* outermost names of XML */
	struct shapes shapes;
	struct arena mem;
};

/* Of the dialects that are code or data, those of dir (NULL: none) over those built in (overlay.h).
 * ERR_PARSE or ERR_CONFIG say what is wrong with a file of templates. */
int catalogue_new(struct catalogue **out, const char *dir, struct err *err) MUST_CHECK;
void catalogue_free(struct catalogue *c);
DEFINE_CLEANUP(struct catalogue *, catalogue_free)

/* What was seen of one document. */
struct sighting {
	const struct catalogue *catalogue;
	const char *only;
	bool json;
	bool *pause; /* set once enough was seen: JSON's outermost thing that tells the dialect; in
			XML any name that does, or an outermost one that is in no signature */
	uint64_t seen[CATALOGUE_CONDITIONS / 64];
	struct buf path;
	size_t from[DOCUMENT_DEPTH + 1]; /* where each name of the path begins */
	int depth;
};

extern const struct document_events sighting_events;

/* only: the name of the one dialect to look for, or NULL. */
void sighting_start(struct sighting *s, const struct catalogue *catalogue, const char *only,
	bool json, bool *pause);
void sighting_release(struct sighting *s);
/* The dialect with the most conditions all of which were seen, or NULL. */
const struct dialect *sighting_match(const struct sighting *s);
