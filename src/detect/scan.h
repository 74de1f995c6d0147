/* scan: what tests, analysers, coverage and syntax trees told, as issues in order.
 * Layer: detect. Pure: decides what is an issue, how grave, and what it is called; who ran and read
 * is heal/scan_run.h. SPEC 2 (5) and 13. */
#pragma once

#include "kit/complexity/complexity.h"
#include "kit/coverage/coverage.h"
#include "model/failure.h"
#include "model/issue.h"

/* Failing tests and broken builds; lint findings of logs are findings. Secrets are blanked in all
 * texts. */
void scan_take_failures(
	struct issue_list *out, const struct failure_list *failures, struct arena *mem);
/* What SARIF files told: security or not (GitHub's levels: 9 critical, 7 high, 4 medium). Absolute
 * paths below root become relative. */
void scan_take_findings(struct issue_list *out, const struct failure_list *findings,
	const char *root, struct arena *mem);
/* One file's functions above the threshold. */
void scan_take_complexity(struct issue_list *out, struct str path,
	const complexity_list_t *functions, int threshold, struct arena *mem);
/* Files below root that tests run less than threshold per cent of; tests themselves are none. */
void scan_take_coverage(struct issue_list *out, const struct coverage *coverage, double threshold,
	struct arena *mem);
/* Gives each its id and sorts: gravest first, then by kind, value, file, line. */
void scan_finish(struct issue_list *list);
