/* matcher_stack: the stack behind an exception that a matcher found, read line by line.
 * Layer: kit, inside report/. */
#pragma once

#include "kit/report/matcher_set.h"

enum { STACK_FRAMES = 64 };

struct matcher_stack {
	struct frame frames[STACK_FRAMES]; /* innermost first, texts in the scratch */
	size_t n, at;                      /* frames; where the next one belongs */
	char function[256];                /* of the frame whose place comes next */
	int lead;                          /* lines before the first frame */
};

void matcher_stack_reset(struct matcher_stack *s);
/* Whether the line belongs to the stack; the exceptions of a chain become lines of f's message. */
bool matcher_stack_line(struct matcher_stack *s, struct matcher *m, struct report_out *out,
	struct str text, struct failure *f);
/* Whether lines of any kind may still stand before the first frame. */
bool matcher_stack_waits(struct matcher_stack *s, const struct matcher *m);
/* Gives the frames to f, and the place if it has none. */
void matcher_stack_give(const struct matcher_stack *s, struct report_out *out, struct failure *f);
