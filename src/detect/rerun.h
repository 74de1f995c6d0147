/* rerun: is a red test red whatever else is varied?
 * Layer: detect. Runs the failing tests alone, in order, from other seeds and at another time of
 * day; finds the test that spoils another by bisection (iDFlakies, Lam et al., ICST 2019, tells
 * victims and polluters apart). SPEC 2 "False positives", SPEC 14 "When to act". */
#pragma once

#include "detect/detect.h"

enum { RERUNS_MAX = 12 };

struct yaml_node;

/* templates/flaky/hints.yml: signs of chance, time or concurrency in sources, by language. */
const struct yaml_node *rerun_hints(struct arena *mem);
/* Whether the text of a source file holds one of them; unknown languages have none. */
bool rerun_hinted(const struct yaml_node *hints, const char *language, struct str text);
/* How far the clock of the i-th rerun is off; false past the last one. */
bool rerun_clock_shift(size_t i, int64_t *shift_s);
