/* bench_case: one case of a corpus: copy, heal, judge.
 * Layer: heal, private to bench. */
#pragma once

#include "base/buf.h"
#include "heal/bench.h"

/* Writes the case's JSON: heal's own plus {id, plausible, judged, correct}. */
int bench_case(struct buf *out, const struct bench_options *options, struct str id,
	struct err *err) MUST_CHECK;
/* The JSON of a case that could not be carried out. */
void bench_case_failed(struct buf *out, struct str id, const struct err *why);
