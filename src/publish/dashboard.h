/* dashboard: one issue that lists what the bot has open, passed over and saw, with boxes to tick.
 * Layer: publish. Body and ticks are pure; dashboard_update() finds the issue by its marker, label
 * and author, and writes only what says something else. Nothing opens one while there is nothing to
 * list, and what a person closed stays closed. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct forge;

enum { DASHBOARD_ITEMS_MAX = 60, DASHBOARD_TICKS_MAX = 200 };

enum dashboard_list { DASHBOARD_OPEN, DASHBOARD_SKIPPED, DASHBOARD_SEEN, DASHBOARD_LISTS };
enum dashboard_action { DASHBOARD_APPROVE, DASHBOARD_RETRY, DASHBOARD_IGNORE };

struct dashboard_item {
	enum dashboard_list list;
	struct str id;     /* a fingerprint, in hexadecimal; without one an item is left out */
	struct str text;   /* what failed, as an outsider said it */
	struct str reason; /* of SKIPPED and SEEN: why there is no pull request */
	int64_t pull;      /* of OPEN */
	bool ready;        /* text is Markdown of ours, from an earlier body; reason is in it */
};

/* A box that somebody ticked. GitHub lets only people with write access edit the text of another
 * one's issue, so that theirs are the only ticks there can be in ours. */
struct dashboard_tick {
	enum dashboard_action action;
	struct str id;
};

/* The body, with its marker; boxes in ticks are ticked. Over DASHBOARD_ITEMS_MAX the rest is
 * counted. */
void dashboard_write(struct buf *out, const struct dashboard_item *items, size_t n,
	const struct dashboard_tick *ticks, size_t n_ticks, struct str instance);
/* Each box that is ticked, once; borrows from body. Gives how many. */
size_t dashboard_ticks(struct dashboard_tick *out, size_t max, struct str body);
/* The body with no box ticked. */
void dashboard_untick(struct buf *out, struct str body);
/* The items of a body of ours, ready; borrows from body. Gives how many. */
size_t dashboard_items(struct dashboard_item *out, size_t max, struct str body);

enum dashboard_did { DASHBOARD_NOTHING, DASHBOARD_CREATED, DASHBOARD_UPDATED, DASHBOARD_CLOSED };
struct dashboard_options {
	struct str repo, instance;
	const struct dashboard_item *items; /* what this run skipped and saw */
	size_t n;
	const struct str *healed; /* fingerprints that are no longer to be listed */
	size_t n_healed;
};
/* Brings the issue to what it should be: the pull requests that are open now, this run's items, and
 * earlier ones that nothing newer was said of. *number is the issue's, 0: none. CLOSED: a person
 * closed it, nothing was done. */
int dashboard_update(enum dashboard_did *did, int64_t *number, struct forge *forge,
	const struct dashboard_options *options, struct arena *mem, struct err *err) MUST_CHECK;

/* Does what is ticked, to our own pull requests with that fingerprint, and takes the ticks away:
 * approve marks a draft ready for review; retry lifts earlier refusals; ignore closes, and nothing
 * is proposed for it again. Again after a cut-off does no harm. */
int dashboard_obey(struct forge *forge, struct str repo, struct str instance, struct arena *mem,
	struct err *err) MUST_CHECK;
