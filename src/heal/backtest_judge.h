/* backtest_judge: what a red run of the past was, and whether two changes are at the same place.
 * Layer: heal. Pure. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/failure.h"

enum backtest_kind {
	BACKTEST_REPAIR, /* failures that a repair is tried for */
	BACKTEST_FLAKY,  /* the same commit was green as well */
	BACKTEST_INFRASTRUCTURE,
	BACKTEST_CONFIGURATION,
	BACKTEST_UNREADABLE, /* no log any more, or nothing known in it */
	BACKTEST_KINDS,
};
const char *backtest_kind_to_string(enum backtest_kind kind);

/* By what its log tells: what the world did to a run counts only when no test or compiler said
 * anything. */
enum backtest_kind backtest_kind_of(const struct failure_list *failures);
/* Whether they have a fingerprint in common. */
bool backtest_same_failure(const struct failure_list *a, const struct failure_list *b);

enum backtest_place {
	PLACE_UNKNOWN,   /* one of the changes is not known */
	PLACE_ELSEWHERE, /* no file in common */
	PLACE_SAME_FILE,
	PLACE_SAME_LINES, /* a line, or the place of an insertion, in common */
};
const char *backtest_place_to_string(enum backtest_place place);

/* Both are unified diffs of the same commit. What cannot be read is an unknown place. */
enum backtest_place backtest_compare(struct str ours, struct str theirs, struct arena *mem);
