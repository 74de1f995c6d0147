/* survey: what a run proposed and passed over, as the dashboard lists it.
 * Layer: heal. */
#pragma once

#include "heal/propose.h"
#include "publish/dashboard.h"

int survey_update(enum dashboard_did *did, int64_t *number, struct forge *forge,
	const struct proposed *proposed, const struct publish_options *publish, struct arena *mem,
	struct err *err) MUST_CHECK;
