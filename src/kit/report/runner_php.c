/* runner_php: PHPUnit's list, and Pest, whose blocks Laravel and Collision print, too.
 * https://docs.phpunit.de, https://pestphp.com */
#include "base/cleanup.h"
#include "kit/report/frames.h"
#include "kit/report/runner.h"

static const struct rule phpunit_rules[] = {
	{RULE_SECTION, "There was %# failure:", 0},
	{RULE_SECTION, "There were %# failures:", 0},
	{RULE_SECTION, "There was %# error:", 0},
	{RULE_SECTION, "There were %# errors:", 0},
	{RULE_SECTION_END, "There was %# %*:", 0},
	{RULE_SECTION_END, "There were %# %*:", 0},
	{RULE_HEAD, "%#) %S::%N", IN_SECTION},
	{RULE_END, "--", 0},
	{RULE_SECTION_END, "FAILURES!", 0},
	{RULE_SECTION_END, "ERRORS!", 0},
	{RULE_SECTION_END, "WARNINGS!", 0},
	{RULE_TALLY, "Tests: %*, Assertions: %*", 0},
	{RULE_TALLY, "OK (%# tests, %# assertion%*", 0},
	{RULE_TALLY, "OK (%# test, %# assertion%*", 0},
	{RULE_FIELD, "Failed asserting that %A is identical to %E.", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "Failed asserting that %A matches expected %E.", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "Failed asserting that %A is equal to %E.", SET_ONCE | IN_MESSAGE},
	{RULE_DIFF, "--- Expected", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner phpunit = {
	.language = "php",
	.rules = phpunit_rules,
	.separator = "::",
	.frame = frame_of_php,
	.is_library = frame_is_php_library,
};

const struct report_format format_phpunit = {
	.name = "phpunit",
	.literals = (const char *const[]){"\nThere was ", "\nThere were ", "Assertions: ", "\nOK (",
		NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &phpunit,
};

#define CROSS "\xe2\x9c\x98"  /* ✘ */
#define CHECK "\xe2\x9c\x94"  /* ✔ */
#define BORDER "\xe2\x94\x82" /* │ */

/* --testdox: names in words, each with its details behind a border. */
static const char *const testdox_prefixes[] = {"   " BORDER " ", "   " BORDER, NULL};

static const struct rule testdox_rules[] = {
	{RULE_HEAD, " " CROSS " %N", 0},
	{RULE_END, " " CHECK " %*", 0},
	{RULE_FIELD, "Failed asserting that %A is identical to %E.", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "Failed asserting that %A matches expected %E.", SET_ONCE | IN_MESSAGE},
	{RULE_DIFF, "--- Expected", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner testdox = {
	.language = "php",
	.rules = testdox_rules,
	.prefixes = testdox_prefixes,
	.frame = frame_of_php,
	.is_library = frame_is_php_library,
	.blank_ends = 3,
};

const struct report_format format_testdox = {
	.name = "phpunit-testdox",
	.literals = (const char *const[]){"\n " CROSS " ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &testdox,
};

#define DOT "\xe2\x80\xa2" /* • */

static const struct rule pest_rules[] = {
	{RULE_HEAD, "   FAILED  %S > %N  %_%T", 0},
	{RULE_HEAD, "   FAILED  %S > %N", 0},
	{RULE_HEAD, "  " DOT " %S > %N", 0},
	{RULE_TALLY, "  Tests:  %M", 0},
	{RULE_FIELD, "  Failed asserting that %A is identical to %E.", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "  Failed asserting that %A matches expected %E.", SET_ONCE | IN_MESSAGE},
	{RULE_DIFF, "  --- Expected", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner pest = {
	.language = "php",
	.rules = pest_rules,
	.separator = " > ",
	.frame = frame_of_php,
	.is_library = frame_is_php_library,
};

const struct report_format format_pest = {
	.name = "pest",
	.literals = (const char *const[]){"\n   FAILED  ", "\n  " DOT " ", "\n  Tests:  ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &pest,
};
