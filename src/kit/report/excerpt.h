/* excerpt: the lines of a log that a person would paste to say why it failed.
 * Layer: kit, inside report/. Every line is seen once; kept are a ring of the last lines and a
 * few candidate blocks, so that memory does not grow with the log. A block starts at a line with
 * clues (clues.h), grows over what belongs to it by indentation and blank lines, and is worth
 * more the nearer it is to the end of a step that failed (steps.h), less the more often lines
 * like it were seen. */
#pragma once

#include "base/arena.h"
#include "kit/report/lines.h"
#include "model/failure.h"

struct clues;
struct steps;
struct excerpt;
struct line_ranges {
	struct line_range *v;
	size_t n, cap;
};

/* Both outlive it. */
struct excerpt *excerpt_new(const struct clues *clues, const struct steps *steps);
void excerpt_free(struct excerpt *e);
DEFINE_CLEANUP(struct excerpt *, excerpt_free)
/* As new, for another text. */
void excerpt_reset(struct excerpt *e);
/* Which literals a line holds. */
enum excerpt_heat {
	EXCERPT_COLD = 0,
	EXCERPT_STEP = 1, /* of the words of CI systems */
	EXCERPT_CLUE = 2, /* of those that speak of trouble */
};
/* Every line in order, with its heat: a sum. */
void excerpt_line(struct excerpt *e, const struct report_line *line, unsigned heat);
/* The i-th literal of that heat, NULL behind the last. */
const char *excerpt_literal(const struct clues *clues, enum excerpt_heat heat, size_t i);
/* No more lines come. */
void excerpt_end(struct excerpt *e);
/* A reader of formats says that these lines tell of a failure, and how sure that is. */
void excerpt_claim(struct excerpt *e, struct line_range lines, int weight);
/* Whether these lines belong to a step that ended well. */
bool excerpt_passed(const struct excerpt *e, struct line_range lines);
/* Whether the log says that a step of it failed. */
bool excerpt_failed(const struct excerpt *e);
/* Chooses, best first in rank, in order of lines; at most a few. The text of the best block that
 * no format claimed goes to *text (valid as long as e), its lines to *at. */
void excerpt_choose(struct excerpt *e, struct failure_list *out);
/* The best block no format claimed: its text, valid as long as e, and its lines; "" if none. */
struct str excerpt_best(const struct excerpt *e, struct line_range *lines);
