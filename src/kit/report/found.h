/* found: what the formats reported, before it is one list of failures.
 * Layer: kit, inside report/. */
#pragma once

#include "kit/report/format.h"
#include "kit/report/report.h"

struct found {
	struct failure f;
	enum report_role role;
	const struct report_format *format;
	struct line_range first, last; /* where it was said first, and the last time */
	int stream;                    /* see lines.h */
	bool dropped;                  /* part of another, or no failure at all */
};

/* Where tests ran, see out_session(). */
struct session {
	struct line_range lines;
	int stream;
};

struct found_list {
	vec(struct found) items;
	vec(struct session) sessions;
};

struct found_rules {
	enum report_warnings warnings;
	bool exit_ok; /* the command ended well: only runners can have seen a failure */
};

/* Marks as dropped what belongs to another item, whose gaps it fills; new strings are from mem. */
void found_merge(struct found_list *list, const struct found_rules *rules, struct arena *mem);
