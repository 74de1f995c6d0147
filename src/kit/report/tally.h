/* tally: the numbers with which a runner ends, "1 failed, 2 passed", "Failures: 1, Errors: 0".
 * Layer: kit, inside report/. */
#pragma once

#include "model/failure.h"

/* Reads a list of numbers with words before or behind them, whatever separates them; words that say
 * nothing of tests (assertions, files, seconds) are passed over. *counts holds what was named
 * (-1: not). Whether anything was. */
bool tally_read(struct str s, struct test_counts *counts);
/* What was not named follows from the rest: tests is the sum, passed what remains of tests. */
void tally_complete(struct test_counts *counts);
