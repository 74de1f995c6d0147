/* pattern: a line's form, in which the tables of the runners are written.
 * Layer: kit, inside report/. Matching is one pass without backtracking: what a slot takes ends
 * where the text behind it in the pattern is found first (with %+ last), and the pattern's last
 * text must end the line. Names and suites do not begin with a
 * space. Nothing is copied.
 *
 *   %N name  %S suite  %F file  %L line  %C column  %T type (a word)  %M message
 *   %E expected  %A actual  %D seconds  %m milliseconds  %I what the runner selects it by
 *   %t tests  %p passed  %f failed  %e errors  %s skipped: numbers of a run
 *   %# digits  %* anything  %_ white space if there is any  %% a percent sign */
#pragma once

#include "base/str.h"

enum pattern_slot {
	SLOT_NAME,
	SLOT_SUITE,
	SLOT_FILE,
	SLOT_LINE,
	SLOT_COLUMN,
	SLOT_TYPE,
	SLOT_MESSAGE,
	SLOT_EXPECTED,
	SLOT_ACTUAL,
	SLOT_SECONDS,
	SLOT_MILLISECONDS,
	SLOT_ID,
	SLOT_TESTS,
	SLOT_PASSED,
	SLOT_FAILED,
	SLOT_ERRORS,
	SLOT_SKIPPED,
	SLOT_ANY, /* %*; with the next it keeps nothing of interest */
	SLOT_DIGITS,
	PATTERN_SLOTS,
};

struct captures {
	struct str v[PATTERN_SLOTS]; /* p NULL: the pattern has no such slot */
};

/* *out is changed only by a match. */
bool pattern_match(const char *pattern, struct str line, struct captures *out);
/* The number in a slot; missing when there is none. */
int captures_int(const struct captures *c, enum pattern_slot slot, int missing);
/* Seconds of either slot of a duration, -1 without. */
double captures_seconds(const struct captures *c);
