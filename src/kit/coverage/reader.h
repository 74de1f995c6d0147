/* reader: the two forms of coverage, read as they come.
 * Layer: kit, inside coverage/. */
#pragma once

#include "kit/coverage/coverage.h"

/* lcov: one line, without its end. True when it is one of lcov's. */
struct lcov {
	struct coverage *coverage;
	size_t file; /* index + 1 of the open record's; 0: none */
};
bool lcov_line(struct lcov *l, struct str line);

/* Cobertura, from pieces of any size. */
struct cobertura;
struct cobertura *cobertura_new(struct coverage *coverage);
void cobertura_feed(struct cobertura *x, struct str piece);
/* Frees it; whether it was one. */
bool cobertura_finish(struct cobertura *x);
