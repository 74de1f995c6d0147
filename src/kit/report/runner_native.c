/* runner_native: Catch2, doctest, Boost.Test, CppUTest, Qt Test, XCTest and swift-testing.
 * https://github.com/catchorg/Catch2, https://github.com/doctest/doctest,
 * https://www.boost.org/doc/libs/release/libs/test/, https://cpputest.github.io,
 * https://doc.qt.io/qt-6/qttest-index.html, https://github.com/swiftlang/swift-testing */
#include "base/cleanup.h"
#include "kit/report/runner.h"

#define DASHES "-------------------------------------------------------------------------------"

/* Between two rules stand the test's name and its sections, below them its place. */
static const struct rule catch2_rules[] = {
	{RULE_SKIP, DASHES, ONCE},
	{RULE_HEAD, DASHES, MUST_NEXT | NEEDS_CONFIRM},
	{RULE_NEXT, "%N", 0},
	{RULE_FIELD, "%F:%L: FAILED:", SET_ONCE | CONFIRMS | NEW_MESSAGE},
	{RULE_FIELD, "%F(%L): FAILED:", SET_ONCE | CONFIRMS | NEW_MESSAGE},
	{RULE_TALLY, "test cases: %*", 0},
	{RULE_TALLY, "All tests passed (%* in %M)", 0},
	{RULE_END,
		"===============================================================================",
		0},
	{RULE_NONE, NULL, 0},
};

static const struct runner catch2 = {.language = "cpp", .rules = catch2_rules};

const struct report_format format_catch2 = {
	.name = "catch2",
	.literals = (const char *const[]){"\n" DASHES "\n",
		"\ntest cases: ", "\nAll tests passed (", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &catch2,
};

static const struct rule doctest_rules[] = {
	{RULE_SUITE, "TEST SUITE: %S", 0},
	{RULE_HEAD, "TEST CASE: %_%N", NEEDS_CONFIRM},
	{RULE_FIELD, "%F:%L: ERROR: test case THREW exception: %M",
		SET_ONCE | CONFIRMS | NEW_MESSAGE},
	{RULE_FIELD, "%F:%L: ERROR: %M", SET_ONCE | CONFIRMS | NEW_MESSAGE},
	{RULE_FIELD, "%F:%L: FATAL ERROR: %M", SET_ONCE | CONFIRMS | NEW_MESSAGE},
	{RULE_FIELD, "%F(%L): ERROR: %M", SET_ONCE | CONFIRMS | NEW_MESSAGE},
	{RULE_FIELD, "%F(%L): FATAL ERROR: %M", SET_ONCE | CONFIRMS | NEW_MESSAGE},
	{RULE_END,
		"===============================================================================",
		0},
	{RULE_TALLY, "[doctest] test cases: %*", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner doctest = {.language = "cpp", .rules = doctest_rules};

const struct report_format format_doctest = {
	.name = "doctest",
	.literals = (const char *const[]){"\nTEST SUITE: ", "\nTEST CASE: ",
		"\n[doctest] test cases: ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &doctest,
};

static const struct rule boost_rules[] = {
	{RULE_HEAD, "%F(%L): error: in \"%N\": %M", ENCODED},
	{RULE_HEAD, "%F(%L): fatal error: in \"%N\": memory access violation%M",
		ENCODED | IS_CRASH},
	{RULE_HEAD, "%F(%L): fatal error: in \"%N\": signal: %M", ENCODED | IS_CRASH},
	{RULE_HEAD, "%F(%L): fatal error: in \"%N\": %M", ENCODED},
	{RULE_FIELD, "%*[%A != %E]", SET_ONCE | IN_MESSAGE},
	{RULE_TALLY, "Running %t test cases...", TESTS_ONLY},
	{RULE_TALLY, "Running %t test case...", TESTS_ONLY},
	{RULE_NONE, NULL, 0},
};

static const struct runner boost = {.language = "cpp", .separator = "/", .rules = boost_rules};

const struct report_format format_boost = {
	.name = "boost",
	.literals = (const char *const[]){"): error: in \"", "): fatal error: in \"",
		" test cases...\n", " test case...\n", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &boost,
};

static const struct rule cpputest_rules[] = {
	{RULE_HEAD, "%F:%L: error: Failure in TEST(%S, %N)", 0},
	{RULE_FIELD, "%_expected <%E>", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%_but was  <%A>", SET_ONCE | IN_MESSAGE},
	{RULE_TALLY, "Errors (%*", 0},
	{RULE_TALLY, "OK (%# tests, %# ran%*", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner cpputest = {
	.language = "cpp", .separator = ".", .rules = cpputest_rules, .blank_ends = 1};

const struct report_format format_cpputest = {
	.name = "cpputest",
	.literals =
		(const char *const[]){": error: Failure in TEST(", "\nErrors (", "\nOK (", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &cpputest,
};

static const struct rule qttest_rules[] = {
	{RULE_HEAD, "FAIL!  : %S::%N() %M", 0},
	{RULE_HEAD, "FAIL!  : %S::%N %M", 0},
	{RULE_HEAD, "XPASS  : %S::%N() %M", 0},
	{RULE_HEAD, "QFATAL : %S::%N() %M", IS_CRASH},
	{RULE_FIELD, "   Actual   %*: %A", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "   Expected %*: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "   Loc: [%F(%L)]", 0},
	{RULE_FIELD, "   Loc: [%F:%L]", 0},
	{RULE_TALLY, "Totals: %M", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner qttest = {
	.language = "cpp", .separator = "::", .rules = qttest_rules, .indented = true};

const struct report_format format_qttest = {
	.name = "qttest",
	.literals = (const char *const[]){"\nFAIL!  : ", "\nXPASS  : ", "\nQFATAL : ", "\nTotals: ",
		NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &qttest,
};

static const struct rule xctest_rules[] = {
	{RULE_HEAD, "%F:%L: error: -[%S %N] : %M", ENCODED},
	{RULE_HEAD, "%F:%L: error: %S.%N : %M", ENCODED},
	{RULE_HEAD, "Test Case '-[%S %N]' failed (%D seconds)%*", ONE_LINE},
	{RULE_HEAD, "Test Case '%S.%N' failed (%D seconds)%*", ONE_LINE},
	{RULE_FIELD, "%*(\"%A\") is not equal to (\"%E\")%*", SET_ONCE | IN_MESSAGE},
	{RULE_TALLY, "\t Executed %*", LAST_TALLY},
	{RULE_HEAD, "%*Test %N recorded an issue at %F:%L:%C: %M", ENCODED},
	{RULE_HEAD, "%*Test %N failed after %D seconds with %*", ONE_LINE},
	{RULE_FIELD, "%*(%* \xe2\x86\x92 %A) == %E", SET_ONCE | IN_MESSAGE},
	{RULE_TALLY, "%*Test run with %t test%*", TESTS_ONLY},
	{RULE_NONE, NULL, 0},
};

static const struct runner xctest = {.language = "swift", .separator = ".", .rules = xctest_rules};

const struct report_format format_xctest = {
	.name = "xctest",
	.literals = (const char *const[]){": error: -[", " : XCTAssert",
		": error: ", "\nTest Case '", "\n\t Executed ", " recorded an issue at ",
		"Test run with ", "failed after ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &xctest,
};
