/* runner_ruby: RSpec (and hspec, which copied it), minitest, test-unit, Cucumber.
 * https://rspec.info, https://docs.seattlerb.org/minitest/, https://test-unit.github.io,
 * https://cucumber.io/docs */
#include "base/cleanup.h"
#include "kit/report/frames.h"
#include "kit/report/runner.h"

static const struct rule rspec_rules[] = {
	{RULE_SECTION, "Failures:", 0},
	{RULE_HEAD, "An error occurred while loading %F. - Did you mean?", NO_TEST},
	{RULE_HEAD, "An error occurred while loading %F.", NO_TEST},
	{RULE_HEAD, "  %#) %N", IN_SECTION},
	{RULE_SECTION_END, "Finished in %*", 0},
	{RULE_TALLY, "%# examples, %*", 0},
	{RULE_TALLY, "%# example, %*", 0},
	{RULE_HEAD, "rspec %I # %N", IN_LIST | ONE_LINE},
	{RULE_SUITE, "  %F:%L:%C:", IN_SECTION},
	{RULE_SKIP, "%_Failure/Error: %*", 0},
	{RULE_FIELD, "%_expected: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%_got: %A", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%_but got: %A", SET_ONCE | IN_MESSAGE},
	{RULE_STOP, "     Diff:", 0},
	{RULE_STOP, "  To rerun use: %*", 0},
	{RULE_STOP, "     # -%*", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner rspec = {
	.rules = rspec_rules,
	.frame = frame_of_ruby,
	.is_library = frame_is_ruby_library,
	.alias = runner_plain_alias,
};

const struct report_format format_rspec = {
	.name = "rspec",
	.literals = (const char *const[]){"\nFailures:", " examples, ", " example, ",
		"\nAn error occurred while loading ", "\nrspec ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &rspec,
};

static const struct rule minitest_rules[] = {
	{RULE_HEAD, "  %#) Failure:", MUST_NEXT},
	{RULE_HEAD, "  %#) Error:", MUST_NEXT | IS_ERROR},
	{RULE_HEAD, "Failure:", MUST_NEXT},
	{RULE_HEAD, "Error:", MUST_NEXT | IS_ERROR},
	{RULE_HEAD, " FAIL %S#%N (%Ds)", 0},
	{RULE_HEAD, "ERROR %S#%N (%Ds)", IS_ERROR},
	{RULE_NEXT, "%S#%N [%F:%L]:", 0},
	{RULE_NEXT, "%S#%N:", 0},
	{RULE_NEXT, "%N(%S) [%F:%L]:", 0},
	{RULE_NEXT, "%N(%S):", 0},
	{RULE_END, "  %#) Skipped:", 0},
	{RULE_TALLY, "%# runs, %*", 0},
	{RULE_TALLY, "%# run, %*", 0},
	{RULE_END, "bin/rails test %*", INSIDE},
	{RULE_END, "rails test %*", INSIDE},
	{RULE_END, "bin/test %*", INSIDE},
	{RULE_FIELD, "%_Expected: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%_Actual: %A", SET_ONCE | IN_MESSAGE},
	{RULE_DIFF, "--- expected", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner minitest = {
	.language = "ruby",
	.rules = minitest_rules,
	.separator = "#",
	.frame = frame_of_ruby,
	.is_library = frame_is_ruby_library,
};

const struct report_format format_minitest = {
	.name = "minitest",
	.literals = (const char *const[]){") Failure:\n", ") Error:\n", "\nFailure:\n",
		"\nError:\n", "\n FAIL ", "\nERROR ", " runs, ", " run, ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &minitest,
};

static const struct rule testunit_rules[] = {
	{RULE_SECTION, "Loaded suite %*", 0},
	{RULE_HEAD, "Failure: %N(%S): %M", IN_SECTION},
	{RULE_HEAD, "Failure: %N(%S)", IN_SECTION},
	{RULE_HEAD, "Error: %N(%S): %M", IN_SECTION | IS_ERROR},
	{RULE_HEAD, "Error: %N(%S):", IN_SECTION | IS_ERROR},
	{RULE_END,
		"===============================================================================",
		0},
	{RULE_TALLY, "%# tests, %# assertions, %*", 0},
	{RULE_TALLY, "%# tests, %# assertion, %*", 0},
	{RULE_TALLY, "%# test, %# assertion%*", 0},
	{RULE_SKIP, "%_=> %#: %*", 0},
	{RULE_SKIP, "%_%#: %*", 0},
	{RULE_FIELD, "<%E> expected but was", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "<%A>", SET_ONCE | IN_MESSAGE},
	{RULE_NONE, NULL, 0},
};

static const struct runner testunit = {
	.language = "ruby",
	.rules = testunit_rules,
	.separator = "#",
	.frame = frame_of_ruby,
	.is_library = frame_is_ruby_library,
};

const struct report_format format_testunit = {
	.name = "test-unit",
	.literals = (const char *const[]){"\nLoaded suite ", " assertions, ", " assertion, ",
		" assertion", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &testunit,
};

static const struct rule cucumber_rules[] = {
	{RULE_SECTION, "Failing Scenarios:", 0},
	{RULE_SECTION, "Failing scenarios:", 0},
	{RULE_HEAD, "cucumber -p %* %F:%L # Scenario: %N", IN_SECTION | ONE_LINE},
	{RULE_HEAD, "cucumber %F:%L # Scenario: %N", IN_SECTION | ONE_LINE},
	{RULE_HEAD, "cucumber %F:%L # Scenario Outline: %N", IN_SECTION | ONE_LINE},
	{RULE_HEAD, "cucumber %F:%L # %N", IN_SECTION | ONE_LINE},

	{RULE_HEAD, "  %F.feature:%L  %N", IN_SECTION | ONE_LINE},
	{RULE_HEAD, "%#) Scenario: %N # %F:%L", 0},
	{RULE_TALLY, "%# scenarios (%M)", 0},
	{RULE_TALLY, "%# scenario (%M)", 0},
	{RULE_TALLY, "%# scenarios passed, %*", 0},
	{RULE_TALLY, "%# scenario passed, %*", 0},
	{RULE_FRAME, "    at %F:%L:%C", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner cucumber = {
	.rules = cucumber_rules,
	.frame = frame_of_js,
	.is_library = frame_is_js_library,
};

const struct report_format format_cucumber = {
	.name = "cucumber",
	.literals = (const char *const[]){"\nFailing Scenarios:", "\nFailing scenarios:",
		") Scenario: ", " scenarios (", " scenario (", " scenarios passed, ",
		" scenario passed, ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &cucumber,
};
