/* codeowners: who owns which file, by GitHub's CODEOWNERS.
 * Layer: publish. Pure. Source: docs.github.com "About code owners": the last pattern that matches
 * wins; patterns as in .gitignore without negation. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum { CODEOWNERS_MAX = 15 }; /* reviewers that GitHub takes in one request */

/* Adds the owners of path ("@login" as "login", "@org/team" as "org/team"; mail addresses are left
 * out) that owners does not hold yet, up to CODEOWNERS_MAX in all. */
void codeowners_of(
	struct str *owners, size_t *n, struct str text, struct str path, struct arena *mem);
