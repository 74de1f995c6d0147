/* tail: the last words of a text, for a command that failed without saying why in any format.
 * Layer: kit, inside report/. */
#pragma once

#include "kit/report/lines.h"
#include "model/failure.h"

enum { TAIL_LINES = 8, TAIL_LINE_BYTES = 400 };

struct tail {
	struct {
		struct buf text;
		int number;
	} lines[TAIL_LINES]; /* a ring */
	size_t n;            /* lines ever added */
};

void tail_init(struct tail *t);
void tail_release(struct tail *t);
/* Blank lines are not words. */
void tail_add(struct tail *t, const struct report_line *line);
/* Fills f (zeroed but for its defaults) with what the exit status and the last lines tell. */
void tail_explain(const struct tail *t, int exit_code, struct failure *f, struct arena *mem);
/* SIGSEGV and the like; "" for a number that no program dies of. */
struct str tail_signal_name(int number);
