/* policy: reads a patch and decides allow | hold | refuse (SPEC 5, 12, 14).
 * Layer: verify. The diff decides, never what a prompt promised. Patterns, words and paths are
 * data: templates/policy/ (its README tells the tables). Input is hostile and capped; what cannot
 * be read is refused. docs/policy.md explains the rules. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/verdict.h"

enum { POLICY_MAX_FILES = 40, POLICY_MAX_LINES = 1500 };

struct policy_options {
	const struct str *protected_globs; /* further paths that a patch may not touch */
	size_t n_protected;
	const struct str *test_globs; /* further paths that are test code */
	size_t n_tests;
	bool allow_workflows; /* opted in: workflow files are held, not refused */
	int max_files;        /* 0: POLICY_MAX_FILES; more is held */
	int max_lines;        /* changed lines; 0: POLICY_MAX_LINES; more is held */
};

/* The tables and the compiled patterns; for many patches, one thread. options may be NULL; its
 * arrays must outlive the policy. */
struct policy;
int policy_open(
	struct policy **out, const struct policy_options *options, struct err *err) MUST_CHECK;
void policy_free(struct policy *policy);
DEFINE_CLEANUP(struct policy *, policy_free)

/* Judges a unified diff (git's extended headers understood; hunks are all that is known of the
 * files). Everything in the report lives in mem, rule names are static. A diff that cannot be read
 * gives a finding that refuses, not an error. */
int policy_check_diff(struct policy_report *out, struct policy *policy, struct str diff,
	struct arena *mem, struct err *err) MUST_CHECK;

/* One file as it was and as it would be; p NULL where it is absent. */
struct policy_text {
	struct str path;
	struct str before, after;
};
/* The same judgement with the whole files at hand: what encloses a change is then known. */
int policy_check_texts(struct policy_report *out, struct policy *policy,
	const struct policy_text *texts, size_t n, struct arena *mem, struct err *err) MUST_CHECK;

/* Whether a repair must leave the path alone: test code, or a verdict other than allow for any
 * change of it. */
bool policy_is_test_path(const struct policy *policy, struct str path);
bool policy_is_protected_path(const struct policy *policy, struct str path);
