/* heal_report: where the result of a heal goes: stdout, a patch file, GitHub's files.
 * Layer: app. */
#pragma once

#include "app/cli/cmd.h"
#include "heal/heal.h"

enum fail_on { FAIL_ON_NEVER, FAIL_ON_FLAKY, FAIL_ON_UNHEALED };

struct notify_args;

struct heal_report {
	const char *patch_file;  /* NULL: none */
	const char *bundle_file; /* NULL: none */
	/* Publishes what was healed and fills result->pull; NULL: not. */
	int (*publish)(void *data, struct heal_result *result, struct str bundle, struct arena *mem,
		struct err *err);
	void *data;
	struct notify_args *notify; /* who is told behind the report; NULL: nobody */
	bool dry_run;               /* this and fail_on: set by heal_and_report */
	enum fail_on fail_on;
};

struct heal_args;
/* Runs the heal that args describe, with progress on a terminal, and reports it. Gives the exit
 * code, or < 0. */
int heal_and_report(struct cli *cli, struct heal_args *args, struct heal_report *how,
	struct err *err) MUST_CHECK;

struct json_t;
/* Appends the bundle of these results (heal_result_to_json), with the run of GitHub Actions they
 * were made in and what was learned since then. */
int heal_report_pack(struct buf *out, const struct heal_args *args, struct json_t *const *results,
	size_t n, int64_t since, struct err *err) MUST_CHECK;

/* Writes everything; gives the exit code, or < 0. */
int heal_report(struct cli *cli, const struct heal_result *result, const struct heal_report *how,
	struct err *err) MUST_CHECK;
/* The exit code of an outcome: --fail-on speaks of failures alone, never of a wrong configuration,
 * of infrastructure or of policy. */
int heal_exit_code(enum outcome outcome, enum fail_on fail_on);
