/* policy_tests: what the two halves of judging test code share.
 * Layer: verify; internal to policy_tests.c and policy_pairs.c. */
#pragma once

#include "base/strmap.h"
#include "verify/policy_judge.h"

struct tests {
	struct judge *j;
	struct strmap renames; /* old name -> new name (a struct str *), declared in this patch */
};

/* policy_pairs: a statement that became another. */
/* Notes names that the pair declares anew: old name -> new name. All pairs come first. */
void tests_learn_renames(struct tests *t, const struct unit *old, const struct unit *new_);
/* Judges what an old unit was changed into (its pair). */
void tests_judge_pair(struct tests *t, size_t old_unit);

/* Whether a unit of new or old code decides a test: an assertion, or the head above one. */
bool unit_is_check(const struct units *units, size_t i);
bool unit_mentions(const struct unit *u, struct str word);
/* assert..., EXPECT_..., toEqual: the verb of an assertion. */
bool word_is_verb(struct str word);
