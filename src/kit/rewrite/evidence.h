/* evidence: what the failures say about the kind of fault.
 * Layer: kit. Relations between expected and actual value are read from their texts, in no
 * particular language. */
#pragma once

#include "model/diagnosis.h"
#include "model/failure.h"

enum relation {
	RELATION_OFF_BY_ONE, /* 4, 5 */
	RELATION_NEGATED,    /* 4, -4; True, False */
	RELATION_SMALLER,    /* the actual number is too small */
	RELATION_LARGER,
	RELATION_CASE,  /* "Yes", "yes" */
	RELATION_SPACE, /* white space only */
	RELATION_REVERSED,
	RELATION_REORDERED, /* the same elements in another order */
	RELATION_MISSING,   /* the actual value lacks something: an element, an end */
	RELATION_EXTRA,
	RELATION_DUPLICATES, /* the actual value repeats elements */
	RELATION_TYPE,       /* 3, "3"; [1], (1,) */
	RELATION_NONE,       /* nothing came back */
	RELATION_FRACTION,   /* 3, 3.0; 2, 2.5 */
	RELATION_STRING,     /* both are texts, with another difference */
	RELATION_COUNT,
};
const char *relation_to_string(enum relation relation);
bool relation_from_string(struct str s, enum relation *out);

/* Bits of enum relation that hold between two values as printed. */
unsigned relations_between(struct str expected, struct str actual);
/* Those of a failure: from expected and actual, else from "assert a == b" in its message. */
unsigned failure_relations(const struct failure *failure);
/* Whether the failure has a stack frame or place within `near` lines of path:line. */
bool failure_is_near(const struct failure *failure, struct str path, int line, int near);
