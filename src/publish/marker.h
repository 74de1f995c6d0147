/* marker: the hidden line by which the bot knows its own pull requests, comments and issues again.
 * Layer: publish. Pure. Matched together with the author: text that others copy is not ours. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "model/failure.h"

enum { MARKER_FINGERPRINTS_MAX = 100, MARKER_REFUSED_MAX = 8 };

struct marker {
	struct str what;     /* "pull", "comment", "dashboard" */
	struct str instance; /* of several bots in one repository: "default" */
	const struct str *fingerprints;
	size_t n;
	const struct str *refused; /* forms of changes that a review turned down here */
	size_t n_refused;
	struct str done;    /* key of the last correction that was published */
	struct str patch;   /* hash of the change without line numbers: its normal form */
	struct str command; /* hash of the test command */
	struct str session, base;
	int64_t attempts; /* corrections made on this pull request: the counter lives with it */
	bool ignore;      /* a person wants nothing proposed for these failures, ever */
	bool retry;       /* a person asked for it again: earlier refusals do not count */
};

/* One line of HTML comment. Values are reduced to letters, digits, '.', '_' and '-'. */
void marker_write(struct buf *out, const struct marker *marker);
/* The last one in text that is of what and of instance; false without one. */
bool marker_read(struct marker *out, struct str text, const char *what, struct str instance,
	struct arena *mem);
/* Whether text's last line is a marker: a quoted one stands elsewhere. */
bool marker_ends(struct str text);
/* Whether they have a fingerprint in common. */
bool marker_meets(const struct marker *a, const struct marker *b);
/* The text with its last marker (and what follows) replaced, or with one added. */
struct str marker_replace(struct str text, const struct marker *marker, struct arena *mem);
