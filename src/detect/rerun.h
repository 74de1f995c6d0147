/* rerun: is a red test red whatever else is varied?
 * Layer: detect. Runs the failing tests alone, in order, from other seeds and at another time of
 * day; finds the test that spoils another by bisection (iDFlakies, Lam et al., ICST 2019, tells
 * victims and polluters apart). SPEC 2 "False positives", SPEC 14 "When to act". */
#pragma once

#include "detect/detect.h"

enum { RERUNS_MAX = 12 };

/* Whether the text of a source file holds a sign of chance, time or concurrency
 * (templates/flaky/hints.yml); unknown languages have none. */
bool rerun_hinted(const char *language, struct str text);
