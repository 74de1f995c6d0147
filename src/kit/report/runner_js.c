/* runner_js: the tables of JavaScript's runners. https://jestjs.io, https://vitest.dev,
 * https://mochajs.org, https://nodejs.org/api/test.html#test-reporters, https://jasmine.github.io
 */
#include "base/cleanup.h"
#include "kit/report/frames.h"
#include "kit/report/runner.h"

#define BULLET "\xe2\x97\x8f"  /* ● */
#define CHEVRON "\xe2\x80\xba" /* › */
#define CROSS "\xe2\x9c\x96"   /* ✖ */
#define INFO "\xe2\x84\xb9"    /* ℹ */
#define RULER "\xe2\x8e\xaf"   /* ⎯ */

/* Lines of source that a runner shows around the place: "> 7 |", "  | ^". */
#define CODE_FRAME                                                                                 \
	{RULE_STOP, "%_%# |%*", 0}, {RULE_STOP, "%_%#| %*", 0}, {RULE_STOP, "%_%#|", 0},           \
		{RULE_STOP, "%_>%_%# |%*", 0},                                                     \
	{                                                                                          \
		RULE_STOP, "%_|%_^%*", 0                                                           \
	}

static const struct rule jest_rules[] = {
	{RULE_SUITE, "PASS %F (%D s)", 0},
	{RULE_SUITE, "PASS %F", 0},
	{RULE_SUITE, "%_FAIL %* %F (%D s)", 0}, /* a project's name first */
	{RULE_SUITE, "%_FAIL %_%F (%D s)", 0},
	{RULE_SUITE, "%_FAIL %_%F (%m ms)", 0},
	{RULE_SUITE, "%_FAIL %* %F", 0},
	{RULE_SUITE, "%_FAIL %_%F", 0},
	{RULE_HEAD, "  " BULLET " Test suite failed to run", NO_TEST},
	{RULE_SECTION_END, "  " BULLET " Console", 0},
	{RULE_HEAD, "  " BULLET " %+S " CHEVRON " %N", 0},
	{RULE_HEAD, "  " BULLET " %N", 0},
	{RULE_TALLY, "Tests:       %M", 0},
	{RULE_END, "Test Suites: %*", 0},
	{RULE_END, "Snapshots: %*", 0},
	{RULE_END, "Snapshot Summary", 0},
	{RULE_END, "Summary of all failing tests", 0},
	{RULE_FIELD, "    Expected: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "    Received: %A", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "    Expected value: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "    Received value: %A", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "    Expected substring: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "    Received string: %A", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "    Expected length: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "    Received length: %A", SET_ONCE | IN_MESSAGE},
	{RULE_DIFF, "    - Expected%*", 0},
	{RULE_DIFF, "    - Snapshot%*", 0},
	{RULE_FIELD, "    %T: %F: %M (%L:%C)", SET_ONCE | IN_MESSAGE},
	CODE_FRAME,
	{RULE_NONE, NULL, 0},
};

static const struct runner jest = {
	.language = "javascript",
	.separator = " " CHEVRON " ",
	.rules = jest_rules,
	.frame = frame_of_js,
	.is_library = frame_is_js_library,
};

const struct report_format format_jest = {
	.name = "jest",
	.literals = (const char *const[]){"\nFAIL ", "\n FAIL ", "\n  " BULLET " ",
		"\nTests:       ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &jest,
};

static const struct rule vitest_rules[] = {
	{RULE_HEAD, " FAIL  |%*| %+S > %N", 0},
	{RULE_HEAD, " FAIL  %+S > %N", 0},
	{RULE_HEAD, " FAIL  |%*| %F [ %* ]", NO_TEST},
	{RULE_HEAD, " FAIL  %F [ %* ]", NO_TEST},
	{RULE_HEAD, "::error file=%F,title=%+S > %N,line=%L,column=%C::%M", ENCODED},
	{RULE_TALLY, "      Tests  %M", 0},
	{RULE_END, " Test Files  %*", 0},
	{RULE_STOP, RULER "%*", 0},
	{RULE_DIFF, "- Expected%*", 0},
	{RULE_DIFF, "  - Expected%*", 0},
	CODE_FRAME,
	{RULE_NONE, NULL, 0},
};

static const struct runner vitest = {
	.language = "javascript",
	.separator = " > ",
	.rules = vitest_rules,
	.frame = frame_of_js,
	.is_library = frame_is_js_library,
	.file_first = true,
	.shared_details = true,
};

const struct report_format format_vitest = {
	.name = "vitest",
	.literals = (const char *const[]){"\n FAIL  ", "\n      Tests  ", "\n::error file=", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &vitest,
};

static const struct rule mocha_rules[] = {
	{RULE_TALLY, "  %# passing%*", OPENS},
	{RULE_TALLY, "  %# pending%*", 0},
	{RULE_SECTION, "  %# failing", RUNNING_SUM},
	{RULE_HEAD, "  %#) %N", IN_SECTION | TITLE_GOES_ON},
	{RULE_DIFF, "      + expected - actual", PLUS_EXPECTED},
	{RULE_NONE, NULL, 0},
};

static const struct runner mocha = {
	.language = "javascript",
	.glue = " ",
	.rules = mocha_rules,
	.frame = frame_of_js,
	.is_library = frame_is_js_library,
};

const struct report_format format_mocha = {
	.name = "mocha",
	.literals = (const char *const[]){" passing", " pending", " failing", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &mocha,
};

static const struct rule node_rules[] = {
	{RULE_SECTION, CROSS " failing tests:", 0},
	{RULE_SECTION, "Failed tests:", 0},
	{RULE_SUITE, "test at %F:%L:%C", 0},
	{RULE_PENDING, CROSS " %N # TODO%*", IN_SECTION},
	{RULE_HEAD, CROSS " %+N (%mms)", IN_SECTION},
	{RULE_HEAD, CROSS " %N", IN_SECTION},
	{RULE_TALLY, INFO " tests %#", OPENS | PARTIAL},
	{RULE_TALLY, INFO " pass %#", PARTIAL},
	{RULE_TALLY, INFO " fail %#", PARTIAL},
	{RULE_TALLY, INFO " cancelled %#", PARTIAL},
	{RULE_TALLY, INFO " skipped %#", PARTIAL},
	{RULE_TALLY, INFO " todo %#", PARTIAL},
	{RULE_FIELD, "  '%# subtest failed'", DROPS_BLOCK},
	{RULE_FIELD, "  '%# subtests failed'", DROPS_BLOCK},
	{RULE_FIELD, "    actual: %A,", SET_ONCE},
	{RULE_FIELD, "    expected: %E,", SET_ONCE},
	{RULE_NONE, NULL, 0},
};

static const struct runner node = {
	.language = "javascript",
	.rules = node_rules,
	.frame = frame_of_js,
	.is_library = frame_is_js_library,
};

const struct report_format format_node = {
	.name = "node",
	.literals = (const char *const[]){"\n" CROSS " failing tests:", "\nFailed tests:",
		"\n" INFO " tests ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &node,
};

/* "Difference (- actual, + expected):", jasmine's "Message:" and "Stack:" are wording of one kind
 * of list: a heading, the message, the frames. */
static const struct rule jasmine_rules[] = {
	{RULE_SECTION, "Failures:%*", 0},
	{RULE_HEAD, "%#) %N", IN_SECTION},
	{RULE_HEAD, "Suite error: %N", IN_SECTION | IS_ERROR},
	{RULE_SECTION_END, "Pending:%*", 0},
	{RULE_TALLY, "%# specs, %*", 0},
	{RULE_TALLY, "%# spec, %*", 0},
	{RULE_SKIP, "  Message:", 0},
	{RULE_SKIP, "  Stack:", 0},
	{RULE_SKIP, "        at <Jasmine>", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner jasmine = {
	.language = "javascript",
	.rules = jasmine_rules,
	.frame = frame_of_js,
	.is_library = frame_is_js_library,
};

const struct report_format format_jasmine = {
	.name = "jasmine",
	.literals = (const char *const[]){"\nFailures:", " specs, ", " spec, ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &jasmine,
};
