/* propose: a bundle from elsewhere, judged again and published.
 * Layer: heal. Of the bundle only the diffs' bytes are taken at their word (SPEC 14 "Bundle"): the
 * base is GitHub's, policy is computed from the files as they would be, whose head it was is asked
 * of GitHub, and proof and confidence are shown as claims. Runs no code of the repository. */
#pragma once

#include "kit/bundle/bundle.h"
#include "publish/publish.h"

struct forge;
struct policy_options;

struct propose_options {
	struct publish_options publish; /* commit, folder, run_url, trusted, claimed: filled here */
	const struct policy_options *policy;
	int64_t run_id; /* the bundle must be of that run; 0: of any */
	struct str head_repo,
		head_sha; /* whose head the bundle must be of; empty: as its run says */
	bool own;         /* made by this very process: nothing is a claim */
};

enum { PROPOSED_MAX = BUNDLE_FIXES_MAX };

struct proposed {
	struct published v[PROPOSED_MAX];
	const struct fix *fixes[PROPOSED_MAX]; /* what each is about; NULL: of none, it expired */
	size_t n;
};

/* One publication each fix; and where the project is green, what is open for it is closed.
 * ERR_POLICY when the bundle is for another repository or run. */
int propose_bundle(struct proposed *out, struct forge *forge, const struct bundle *bundle,
	const struct propose_options *options, struct arena *mem, struct err *err) MUST_CHECK;
