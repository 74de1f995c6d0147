/* regex: Perl-compatible patterns with bounded work.
 * Layer: port; the only folder that includes PCRE2. A compiled pattern is immutable and may be
 * shared; subjects are bytes, never required to be UTF-8. Backtracking is capped: a match that
 * costs too much is no match. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

struct regex;

enum { REGEX_GROUPS_MAX = 16 };

/* ERR_PARSE with the place on a bad pattern or one of more than REGEX_GROUPS_MAX - 1 groups. */
int regex_new(struct regex **out, struct str pattern, struct err *err) MUST_CHECK;
void regex_free(struct regex *regex);
DEFINE_CLEANUP(struct regex *, regex_free)

/* Whether the pattern occurs in subject. groups (may be NULL) gets the whole match at 0 and the
 * groups behind it as views of subject, {NULL, 0} for those that took no part. */
bool regex_match(
	const struct regex *regex, struct str subject, struct str groups[REGEX_GROUPS_MAX]);
/* Name of group i, "" without one. */
const char *regex_group_name(const struct regex *regex, size_t i);
