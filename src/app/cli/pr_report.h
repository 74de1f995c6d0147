/* pr_report: what became of the fixes of a bundle, for people, scripts and GitHub Actions.
 * Layer: app. */
#pragma once

#include "app/cli/cmd.h"
#include "heal/propose.h"

/* Writes everything; gives the exit code, or < 0. */
int pr_report(
	struct cli *cli, const struct proposed *proposed, bool dry_run, struct err *err) MUST_CHECK;
