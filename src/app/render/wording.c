/* What outcomes and skips are called, for people. */
#include "app/render/render.h"

const char *render_outcome_title(enum outcome outcome)
{
	static const char *const titles[] = {
		[OUTCOME_HEALED] = "healed",
		[OUTCOME_NOTHING_TO_DO] = "nothing to do: the tests pass",
		[OUTCOME_NOT_HEALED] = "not healed: no fix held",
		[OUTCOME_AWAITING_APPROVAL] = "a fix waits for approval",
		[OUTCOME_ESCALATED] = "handed to people: too complex to repair alone",
		[OUTCOME_FLAKY] = "flaky: the same code passes and fails, nothing was repaired",
		[OUTCOME_INFRASTRUCTURE] = "infrastructure: not a fault of the code",
		[OUTCOME_CONFIGURATION] = "configuration: the tests cannot run as set up",
		[OUTCOME_NOT_REPRODUCED] = "not reproduced: the failure does not appear here",
		[OUTCOME_REFUSED] = "refused by policy",
		[OUTCOME_ROLLED_BACK] = "rolled back: the attempts failed, the tree is as it was",
	};

	return titles[outcome];
}

void render_skip(struct buf *out, const struct heal_skip *skip)
{
	static const char *const texts[][2] = {
		{"no_failure", "no failure"},
		{"flaky", "flaky tests"},
		{"infrastructure", "faults of the machine or the network"},
		{"configuration", "failures caused by how the tests are set up"},
		{"candidate_failed", "candidates that left a test failing"},
		{"candidate_crashed", "candidates that crashed"},
		{"candidate_timed_out", "candidates that ran too long"},
		{"candidate_invalid", "candidates that do not parse or compile"},
		{"candidate_not_tried", "candidates not tried"},
		{"cut_by_time", "searches cut by time"},
		{"no_candidate", "failures that no template is for"},
		{"not_reproduced", "failures of the log that do not show here"},
		{"avoided", "fixes that were not wanted again"},
		{"failed_verification", "candidates that did not hold in the whole suite"},
		{"refused_by_policy", "candidates refused by policy"},
		{"held_by_policy", "candidates that policy keeps for a person"},
	};

	buf_printf(out, "%zu ", skip->count);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!strcmp(texts[i][0], skip->reason)) {
			buf_c(out, texts[i][1]);
			return;
		}
	for (const char *c = skip->reason; *c; c++)
		buf_char(out, *c == '_' ? ' ' : *c);
}
