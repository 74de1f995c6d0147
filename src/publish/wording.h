/* wording: what rungs and places are called wherever a proof is shown.
 * Layer: publish. Pure. */
#pragma once

#include "base/buf.h"
#include "model/verdict.h"

/* "the whole suite", "mutants of the changed lines". */
const char *wording_rung(enum rung rung);
/* What no rung looked at, one item a line. */
void wording_unchecked(struct buf *out, const struct verdict *verdict);
/* "tests/test_a.py:3", "tests/test_a.py", or "". */
void wording_place(struct buf *out, struct str file, int line);
