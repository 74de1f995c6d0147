/* runner_rust: `cargo test` and cargo-nextest.
 * https://doc.rust-lang.org/rustc/tests/index.html, https://nexte.st/docs/reporting/ */
#include "base/cleanup.h"
#include "kit/report/runner.h"

/* A panic: since Rust 1.73 the place stands before the message, until then behind it, in quotes. */
#define PANIC                                                                                      \
	{RULE_FIELD, "%_thread '%*' (%#) panicked at %F:%L:%C:", NEW_MESSAGE},                     \
		{RULE_FIELD, "%_thread '%*' panicked at %F:%L:%C:", NEW_MESSAGE},                  \
		{RULE_FIELD, "%_thread '%*' panicked at '%M', %F:%L:%C", NEW_MESSAGE},             \
		{RULE_FIELD, "%_thread '%*' panicked at '%M", NEW_MESSAGE},                        \
		{RULE_FIELD, "%_right: `%E`', %F:%L:%C", IN_MESSAGE},                              \
		{RULE_FIELD, "%_right: `%E`: %*', %F:%L:%C", IN_MESSAGE},                          \
		{RULE_FIELD, "%_left: `%A`,", SET_ONCE | IN_MESSAGE},                              \
		{RULE_FIELD, "%_left: %A", SET_ONCE | IN_MESSAGE},                                 \
		{RULE_FIELD, "%_right: %E", SET_ONCE | IN_MESSAGE},                                \
		{RULE_FIELD, "note: test did not panic as expected at %F:%L:%C",                   \
			SET_ONCE | IN_MESSAGE},                                                    \
		{RULE_STOP, "%_note: run with `RUST_BACKTRACE%*", 0},                              \
		{RULE_STOP, "%_stack backtrace:", 0},                                              \
	{                                                                                          \
		RULE_FRAME, "%_at %F:%L:%C", 0                                                     \
	}

static const struct rule cargo_rules[] = {
	{RULE_OFF, "%_Nextest run ID %*", 0},
	{RULE_OFF, "    Starting %# test%* across %*", 0},
	{RULE_SUITE, "     Running unittests %S (%*)", 0},
	{RULE_SUITE, "     Running %S (%*)", 0},
	{RULE_SUITE, "   Doc-tests %S", 0},
	{RULE_HEAD, "test %N - should panic ... FAILED%*", ONE_LINE},
	{RULE_HEAD, "test %N ... FAILED%*", ONE_LINE},
	{RULE_HEAD, "---- %N stdout ----", 0},
	{RULE_HEAD, "---- %N stderr ----", 0},
	{RULE_TALLY, "test result: %M", 0},
	PANIC,
	{RULE_HEAD, "%*thread '%N' has overflowed its stack", IS_CRASH | ONE_LINE},
	{RULE_HEAD, "%*thread '%N' (%#) panicked at %F:%L:%C:", UNSURE},
	{RULE_HEAD, "%*thread '%N' panicked at %F:%L:%C:", UNSURE},
	{RULE_HEAD, "%*thread '%N' panicked at '%M', %F:%L:%C", UNSURE},
	{RULE_HEAD, "%*thread '%N' panicked at '%M", UNSURE},
	{RULE_SECTION, "failures:", 0},
	{RULE_SECTION_END, "", IN_SECTION},
	{RULE_HEAD, "    %N", IN_SECTION | ONE_LINE},
	{RULE_NONE, NULL, 0},
};

static const struct runner cargo = {.language = "rust", .type = "panic", .rules = cargo_rules};

const struct report_format format_cargo = {
	.name = "cargo",
	.literals = (const char *const[]){" ... FAILED", "\n---- ", "\ntest result: ", "thread '",
		"\nfailures:", "\n     Running ", "\n   Doc-tests ", "Nextest run ID ",
		"\n    Starting ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &cargo,
};

/* "FAIL [   0.004s] crate tests::a", since 0.9.100 with "(2/3)" before the crate. */
#define OUTCOME(word, flags)                                                                       \
	{RULE_HEAD, "%_" word " [%_%Ds] (%*) %S %N", flags},                                       \
	{                                                                                          \
		RULE_HEAD, "%_" word " [%_%Ds] %S %N", flags                                       \
	}

static const struct rule nextest_rules[] = {
	{RULE_SECTION, "%_Summary [%*] %#%*", RUNNING_SUM},
	OUTCOME("FAIL", 0),
	OUTCOME("LEAK-FAIL", 0),
	OUTCOME("TIMEOUT", IS_TIMEOUT),
	OUTCOME("SIGSEGV", IS_CRASH),
	OUTCOME("SIGABRT", IS_CRASH),
	OUTCOME("SIGILL", IS_CRASH),
	OUTCOME("SIGBUS", IS_CRASH),
	OUTCOME("SIGKILL", IS_CRASH),
	OUTCOME("ABORT", IS_CRASH),
	OUTCOME("TRY %# FAIL", IN_SECTION),
	OUTCOME("TRY %# TMT", IN_SECTION | IS_TIMEOUT),
	{RULE_END, "error: test run failed", 0},
	{RULE_END, "%_PASS [%*", 0},
	{RULE_END, "%_SLOW [%*", 0},
	{RULE_END, "%_TRY %# %* [%*", 0},
	PANIC,
	{RULE_SKIP, "--- STD%*", 0},
	{RULE_SKIP, "  stdout \xe2\x94\x80%*", 0},
	{RULE_SKIP, "  stderr \xe2\x94\x80%*", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner nextest = {.language = "rust", .type = "panic", .rules = nextest_rules};

const struct report_format format_nextest = {
	.name = "nextest",
	.literals = (const char *const[]){"FAIL [", "TIMEOUT [", "SIGSEGV [", "SIGABRT [",
		"SIGILL [", "SIGBUS [", "SIGKILL [", "ABORT [", " TMT [", "Summary [", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &nextest,
};
