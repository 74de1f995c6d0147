/* outcome: what a report's message and details say about a failed test.
 * Layer: kit, inside report/. */
#pragma once

#include "model/failure.h"

/* Fills message, and where they are not set, type, place, stack, expected and actual, from the
 * message (perhaps empty) and the longer text (perhaps the same again). Strings are borrowed or
 * from mem. */
void outcome_explain(struct failure *f, struct str message, struct str text, struct arena *mem);
