/* cycle: the state of one heal while its stages run.
 * Layer: heal, private to it. */
#pragma once

#include "detect/detect.h"
#include "heal/heal.h"
#include "heal/look.h"
#include "heal/memory.h"
#include "repair/search.h"

struct cycle {
	const struct heal_options *options;
	struct heal_result *out;
	struct arena *mem;
	struct memory *memory; /* NULL: none wanted */
	struct trial *trial;
	struct report_tables *tables; /* what reads the runs */
	struct project_tree tree;
	struct detection detection;
	struct scene scene;
	const char *command;
	int timeout_ms;
	int64_t begin_ms, deadline_ms;
};

void cycle_skip(struct cycle *c, const char *reason, size_t count);
void cycle_notice(struct cycle *c, struct str text);
void cycle_progress(struct cycle *c, const char *stage, const struct search_progress *search);

/* Searches, verifies what is plausible in order, fills patch, verdict and outcome. */
int cycle_repair(struct cycle *c, struct err *err) MUST_CHECK;
/* Verifies patches that were plausible or right before, in order, without any search; the outcome
 * is HEALED if one holds. */
int cycle_verify_known(
	struct cycle *c, const struct patch *known, size_t n, struct err *err) MUST_CHECK;
/* The options a clean trial of this project is opened with. */
struct trial_options cycle_trial_options(const struct cycle *c);
