/* runner_c: small runners of C and C++: Unity, Criterion, µnit, greatest, CppUnit.
 * https://www.throwtheswitch.org/unity, https://github.com/Snaipe/Criterion,
 * https://nemequ.github.io/munit, https://github.com/silentbicycle/greatest,
 * https://freedesktop.org/wiki/Software/cppunit/ */
#include "base/cleanup.h"
#include "kit/report/runner.h"

static const struct rule unity_rules[] = {
	{RULE_HEAD, "%F:%L:%N:FAIL: %M", ENCODED},
	{RULE_HEAD, "%F:%L:%N:FAIL", ONE_LINE},
	{RULE_FIELD, "%*Expected '%E' Was '%A'%*", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%*Expected %E Was %A. %*", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%*Expected %E Was %A", SET_ONCE | IN_MESSAGE},
	{RULE_TALLY, "%# Tests %# Failures %# Ignored%*", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner unity = {.language = "c", .rules = unity_rules};

const struct report_format format_unity = {
	.name = "unity",
	.literals = (const char *const[]){":FAIL", " Failures ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &unity,
};

/* The assertion stands before the test's name. */
static const struct rule criterion_rules[] = {
	{RULE_SUITE, "[----] %F:%L: Assertion Failed", OPENS},
	{RULE_SUITE, "[----] %F:%L: Unexpected signal caught below this line!", OPENS},
	{RULE_HEAD, "[FAIL] %S::%N: (%Ds)", ONE_LINE},
	{RULE_HEAD, "[FAIL] %S::%N: CRASH!", ONE_LINE | IS_CRASH},
	{RULE_TALLY, "[====] Synthesis: %M", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner criterion = {
	.language = "c", .separator = "::", .rules = criterion_rules};

const struct report_format format_criterion = {
	.name = "criterion",
	.literals = (const char *const[]){": Assertion Failed\n", "\n[FAIL] ",
		"\n[====] Synthesis: ", "Unexpected signal caught", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &criterion,
};

static const struct rule c_munit_rules[] = {
	{RULE_HEAD, "%N%_[ FAIL  ]", 0},
	{RULE_HEAD, "%N%_[ ERROR ]", 0},
	{RULE_HEAD, "%N%_[ FAIL    ]", 0},
	{RULE_HEAD, "%N%_[ ERROR   ]", 0},
	{RULE_FIELD, "Error: %F:%L: %M (%A == %E)", SET_ONCE},
	{RULE_FIELD, "Error: %F:%L: %M", SET_ONCE},
	{RULE_TALLY, "%p of %t (%*) tests successful, %s %*", 0},
	{RULE_END, "%*[ OK %*", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner c_munit = {.language = "c", .rules = c_munit_rules};

const struct report_format format_c_munit = {
	.name = "c-munit",
	.literals = (const char *const[]){"[ FAIL  ]", "[ ERROR ]", "[ FAIL    ]", "[ ERROR   ]",
		" tests successful, ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &c_munit,
};

static const struct rule greatest_rules[] = {
	{RULE_SUITE, "* Suite %S:", 0},
	{RULE_HEAD, "FAIL %N: %M (%F:%L)", ONE_LINE},
	{RULE_TALLY, "Pass: %*, fail: %*", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner greatest = {.language = "c", .rules = greatest_rules};

const struct report_format format_greatest = {
	.name = "greatest",
	.literals = (const char *const[]){"\n* Suite ", "\nFAIL ", "\nPass: ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &greatest,
};

static const struct rule cppunit_rules[] = {
	{RULE_HEAD, "%#) test: %S::%N (F) line: %L %F", 0},
	{RULE_HEAD, "%#) test: %S::%N (E) line: %L %F", IS_ERROR},
	{RULE_HEAD, "%#) test: %S::%N (E)%*", IS_ERROR},
	{RULE_HEAD, "%#) test: %N (F) line: %L %F", 0},
	{RULE_FIELD, "- Expected: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "- Actual  : %A", SET_ONCE | IN_MESSAGE},
	{RULE_TALLY, "Run: %*", 0},
	{RULE_TALLY, "OK (%#)", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner cppunit = {
	.language = "cpp", .separator = "::", .rules = cppunit_rules, .blank_ends = 2};

const struct report_format format_cppunit = {
	.name = "cppunit",
	.literals = (const char *const[]){") test: ", "\nRun: ", "\nOK (", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &cppunit,
};
