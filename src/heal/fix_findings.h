/* fix_findings: the fixes that analysers propose, proved by the project's own tests.
 * Layer: heal. Tests judge only that nothing else breaks, so they must be green without such a fix;
 * that the finding is gone shows when the analyser runs again. The result says so, and its
 * confidence stays below what asks nobody. */
#pragma once

#include "heal/heal.h"
#include "model/issue.h"

enum { FIX_FINDINGS_MAX = 20 };

/* Why a finding has no fix in the results. */
struct fix_skip {
	const struct issue *issue;
	struct str why;
};

struct fix_findings {
	struct heal_result *v; /* of those that hold, in the order of the issues */
	size_t n;
	struct fix_skip *skips;
	size_t n_skips;
};

/* Tries the fix of each issue that has one, the first FIX_FINDINGS_MAX. green: what a heal of the
 * same tree said that found nothing to do. All lives in mem, but the results' failures
 * (fix_findings_release). */
int fix_findings(struct fix_findings *out, const struct issue_list *issues,
	const struct heal_result *green, const struct heal_options *options, struct arena *mem,
	struct err *err) MUST_CHECK;
void fix_findings_release(struct fix_findings *f);

/* The edits as those of a patch; content(path) is asked for each file. Columns are UTF-16 units, as
 * SARIF counts them unless it says otherwise. ERR_PARSE when a place is not in its file, ERR_POLICY
 * for a path that leaves the tree. */
struct fix_file {
	struct str path, content;
};
int fix_edits(struct edit *out, const struct finding_edit *edits, size_t n,
	const struct fix_file *files, size_t n_files, struct err *err) MUST_CHECK;
