/* runner_more: ExUnit, ScalaTest, specs2, munit and sbt, clojure.test, Dart, tasty, testthat,
 * busted, EUnit and Common Test, Playwright, Karma, ava, bats' pretty form. From their
 * documentation and the sources of their reporters. */
#include "base/cleanup.h"
#include "kit/report/frames.h"
#include "kit/report/runner.h"

/* › between the parts of a name */
#define CHEVRON_OF_PLAYWRIGHT "\xe2\x80\xba"

#define FORMAT(id, title, table, ...)                                                              \
	const struct report_format format_##id = {                                                 \
		.name = title,                                                                     \
		.literals = (const char *const[]){__VA_ARGS__, NULL},                              \
		.state_size = sizeof(struct runner_state),                                         \
		.line = runner_line,                                                               \
		.end = runner_end,                                                                 \
		.data = &(table),                                                                  \
	}

static const struct rule exunit_rules[] = {
	{RULE_HEAD, "  %#) %+N (%S)", MUST_NEXT},
	{RULE_NEXT, "     %F:%L", 0},
	{RULE_SECTION, "Finished in %* second%*", OPENS},
	{RULE_TALLY, "%# tests, %# failure%*", IN_SECTION},
	{RULE_TALLY, "%# test, %# failure%*", IN_SECTION},
	{RULE_TALLY, "%# doctest%*, %# test%*, %# failure%*", IN_SECTION},
	{RULE_TALLY, "%# propert%*, %# test%*, %# failure%*", IN_SECTION},
	{RULE_FIELD, "     left:  %A", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "     right: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "     ** (%T) %M", SET_ONCE},
	{RULE_STOP, "     stacktrace:", 0},
	{RULE_FRAME, "       (%*) %F:%L: %N", 0},
	{RULE_FRAME, "       %F:%L: %N", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner exunit = {.language = "elixir", .rules = exunit_rules};

FORMAT(exunit, "exunit", exunit, "\n  1) ", ") test ", ") doctest ", ") property ",
	"\nFinished in ");

static const char *const sbt_prefixes[] = {"[info] ", "[info]", "[error] ", "[warn] ", NULL};

static const struct rule scala_rules[] = {
	{RULE_SUITE, "%S:", 0},
	{RULE_HEAD, "%_- %N *** FAILED *** (%D second%*)", 0},
	{RULE_HEAD, "%_- %N *** FAILED *** (%m millisecond%*)", 0},
	{RULE_HEAD, "%_- %N *** FAILED ***%*", 0},
	{RULE_HEAD, "%_*** %N *** ABORTED ***%*", IS_CRASH},
	{RULE_HEAD, "==> X %N  %Ds %M", 0},
	{RULE_HEAD, "Test %N failed: %M, took %D sec", 0},
	{RULE_HEAD, "Test %N failed: %M, took %Ds", 0},
	{RULE_HEAD, "  x %N", MUST_NEXT},
	{RULE_HEAD, "  ! %N", MUST_NEXT | IS_ERROR},
	{RULE_NEXT, "  %M (%F:%L)", 0},
	{RULE_FIELD, "%_%M (%F:%L)", SET_ONCE},
	{RULE_END, "Total for specification%*", 0},
	{RULE_END, "Run completed in %*", 0},
	{RULE_END, "%_- %*", 0},
	{RULE_END, "%_+ %*", 0},
	{RULE_TALLY, "Tests: succeeded %M", LAST_TALLY},
	{RULE_TALLY, "Failed: Total %*", LAST_TALLY},
	{RULE_TALLY, "Error: Total %*", LAST_TALLY},
	{RULE_TALLY, "Passed: Total %*", LAST_TALLY},
	{RULE_NONE, NULL, 0},
};

static const struct runner scala = {
	.language = "scala",
	.rules = scala_rules,
	.prefixes = sbt_prefixes,
	.frame = frame_of_java,
	.is_library = frame_is_java_library,
	.name = runner_dotted_name,
};

FORMAT(scala, "scala", scala, " *** FAILED ***", " *** ABORTED ***", "==> X ", ", took ", "]   x ",
	"]   ! ", "\n  x ", "\n  ! ", "Tests: succeeded ", "Failed: Total ", "Error: Total ",
	"Passed: Total ");

static const struct rule clojure_rules[] = {
	{RULE_SUITE, "Testing %S", 0},
	{RULE_SUITE, "lein test %S", 0},
	{RULE_HEAD, "FAIL in (%N) (%F:%L)", 0},
	{RULE_HEAD, "ERROR in (%N) (%F:%L)", IS_ERROR},
	{RULE_HEAD, "FAIL in %N (%F:%L)", 0},
	{RULE_HEAD, "ERROR in %N (%F:%L)", IS_ERROR},
	{RULE_FIELD, "expected: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "  actual: %A", SET_ONCE | IN_MESSAGE},
	{RULE_TALLY, "Ran %t tests containing %*", TESTS_ONLY},

	{RULE_NONE, NULL, 0},
};

static const struct runner clojure = {.language = "clojure",
	.rules = clojure_rules,
	.frame = frame_of_java,
	.is_library = frame_is_java_library,
	.separator = "/",
	.blank_ends = 1};

FORMAT(clojure, "clojure", clojure, "\nFAIL in ", "\nERROR in ", " tests containing ", "\nTesting ",
	"\nlein test ");

static const struct rule dart_rules[] = {
	{RULE_HEAD, "%#:%# +%# ~%# -%#: %N [E]", 0},
	{RULE_HEAD, "%#:%# +%# -%#: %N [E]", 0},
	{RULE_HEAD, "%*%#:%# +%# -%#: %N [E]", 0},
	{RULE_END, "%#:%# +%#: %*", 0},
	{RULE_TALLY, "%#:%# +%p ~%s -%f: Some tests failed.", LAST_TALLY},
	{RULE_TALLY, "%#:%# +%p -%f: Some tests failed.", LAST_TALLY},
	{RULE_TALLY, "%#:%# +%p ~%s: All tests passed!", LAST_TALLY},
	{RULE_TALLY, "%#:%# +%p: All tests passed!", LAST_TALLY},
	{RULE_END, "%#:%# +%*", 0},
	{RULE_FIELD, "  Expected: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%_Actual: %A", SET_ONCE | IN_MESSAGE},
	{RULE_STOP, "To run this test again: %*", 0},
	{RULE_STOP, "  package:test%*", 0},
	{RULE_STOP, "  package:matcher%*", 0},
	{RULE_STOP, "  package:flutter_test%*", 0},
	{RULE_NONE, NULL, 0},
};

/* "test/a_test.dart: group name": the file is part of the printed name when several ran. */
static bool dart_name(struct failure *f, struct report_out *out)
{
	ptrdiff_t at = str_find_c(f->name, ".dart: ");

	(void)out;
	f->id = f->name;
	if (at > 0) {
		f->suite = str_slice(f->name, 0, (size_t)at + 5);
		f->name = str_from(f->name, (size_t)at + 7);
	}
	return true;
}

static const struct runner dart = {
	.language = "dart",
	.rules = dart_rules,
	.frame = frame_of_dart,
	.is_library = frame_is_dart_library,
	.name = dart_name,
};

FORMAT(dart, "dart", dart, " [E]\n", ": Some tests failed.", ": All tests passed!");

static const struct rule tasty_rules[] = {
	{RULE_HEAD, "  %_%N: %_FAIL (%Ds)", UNSURE},
	{RULE_HEAD, "  %_%N: %_FAIL", UNSURE},
	{RULE_FIELD, "%_expected: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%_but got: %A", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%_%F:%L:%*", SET_ONCE},
	{RULE_STOP, "%_Use -p %*", 0},
	{RULE_TALLY, "%f out of %t tests failed%*", CONFIRMS},
	{RULE_TALLY, "All %t tests passed%*", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner tasty = {.language = "haskell", .rules = tasty_rules, .indented = true};

FORMAT(tasty, "tasty", tasty, " FAIL\n", " FAIL (", " tests failed", " tests passed");

#define LINE "\xe2\x94\x80" /* ─ */

static const struct rule testthat_rules[] = {
	{RULE_HEAD, LINE LINE " Failure (%F:%L:%C): %N " LINE "%*", 0},
	{RULE_HEAD, LINE LINE " Error (%F:%L:%C): %N " LINE "%*", IS_ERROR},
	{RULE_HEAD, LINE LINE " Failure ('%F:%L:%C'): %N " LINE "%*", 0},
	{RULE_HEAD, LINE LINE " Error ('%F:%L:%C'): %N " LINE "%*", IS_ERROR},
	{RULE_HEAD, LINE LINE " %#. Failure: %N (@%F#%L) " LINE "%*", 0},
	{RULE_HEAD, LINE LINE " %#. Error: %N (@%F#%L) " LINE "%*", IS_ERROR},
	{RULE_TALLY, "[ FAIL %*", LAST_TALLY},
	{RULE_END, LINE LINE "%*", 0},
	{RULE_FIELD, "%_`actual`: %A", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%_`expected`: %E", SET_ONCE | IN_MESSAGE},
	{RULE_STOP, "Backtrace:", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner testthat = {.language = "r", .rules = testthat_rules};

FORMAT(testthat, "testthat", testthat, LINE LINE " Failure (", LINE LINE " Error (",
	". Failure: ", ". Error: ", "\n[ FAIL ");

#define ARROW "\xe2\x86\x92" /* → */

static const struct rule busted_rules[] = {
	{RULE_HEAD, "Failure " ARROW " %F @ %L", MUST_NEXT},
	{RULE_HEAD, "Error " ARROW " %F @ %L", MUST_NEXT | IS_ERROR},
	{RULE_NEXT, "%N", 0},
	{RULE_FIELD, "%F:%L: %M", SET_ONCE},
	{RULE_TALLY, "%# success%* / %# failure%* / %*", LAST_TALLY},
	{RULE_STOP, "stack traceback:", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner busted = {.language = "lua", .rules = busted_rules};

FORMAT(busted, "busted", busted, "\nFailure " ARROW " ", "\nError " ARROW " ", " success");

static const struct rule erlang_rules[] = {
	{RULE_HEAD, "%_%S:%L: %N...*failed*", 0},
	{RULE_HEAD, "%_%S: %N...*failed*", 0},
	{RULE_HEAD, "%_%S:%L:%*: %N...*failed*", 0},
	{RULE_HEAD, "%%%%%% %S ==> %N: FAILED", 0},
	{RULE_FIELD, "in function %* (%F, line %L)", SET_ONCE},
	{RULE_FIELD, "%_{expected,%E},", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%_{value,%A},", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%_{value,%A}]}", SET_ONCE | IN_MESSAGE},
	{RULE_TALLY, "  Failed: %#.  Skipped: %*", LAST_TALLY},
	{RULE_TALLY, "  All %t tests passed.", LAST_TALLY},
	{RULE_TALLY, "Failed %f tests. Passed %p tests.", LAST_TALLY},
	{RULE_TALLY, "Failed %f tests. Skipped %s %*tests. Passed %p tests.", LAST_TALLY},
	{RULE_NONE, NULL, 0},
};

static const struct runner erlang = {
	.language = "erlang", .separator = ":", .rules = erlang_rules, .blank_ends = 2};

FORMAT(erlang, "erlang", erlang, "...*failed*", "\n%%% ", "\n  Failed: ", " tests passed.\n",
	"\nFailed ");

/* "[chromium] › a.spec.ts:5:3 › cart › adds" */
static bool playwright_name(struct failure *f, struct report_out *out)
{
	static const char *const separator = " " CHEVRON_OF_PLAYWRIGHT " ";
	struct str rest = f->name, part, place, file;
	int line;
	ptrdiff_t at;

	f->id = f->name;
	if (str_starts(rest, "["))
		(void)str_cut(&rest, separator, &part);
	if (!str_cut(&rest, separator, &place) || !str_cut(&place, ":", &file) ||
		!str_take_int(&place, &line))
		return false;
	if (f->line == 0) {
		f->file = out_scratch(out, file);
		f->line = line;
	}
	f->suite = STR("");
	f->name = rest;
	while ((at = str_find_c(f->name, separator)) >= 0)
		f->name = str_from(f->name, (size_t)at + strlen(separator));
	if (f->name.p > rest.p)
		f->suite = str_slice(rest, 0, (size_t)(f->name.p - rest.p) - strlen(separator));
	return true;
}

static const struct rule playwright_rules[] = {
	{RULE_HEAD, "  %#) %N " LINE LINE "%*", UNSURE},
	{RULE_SECTION, "  %# failed", RUNNING_SUM},
	{RULE_SECTION_END, "  %# flaky", RUNNING_SUM | PARTIAL},
	{RULE_SECTION_END, "  %# skipped", RUNNING_SUM},
	{RULE_SECTION_END, "  %# did not run", 0},
	{RULE_SECTION_END, "  %# passed (%*)", RUNNING_SUM},
	{RULE_HEAD, "    %N " LINE LINE "%*", IN_SECTION | ONE_LINE},
	{RULE_FIELD, "    Expected: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "    Received: %A", SET_ONCE | IN_MESSAGE},
	{RULE_STOP, "    %_%# |%*", 0},
	{RULE_STOP, "    > %# |%*", 0},
	{RULE_STOP, "    Retry #%*", 0},
	{RULE_NONE, NULL, 0},
};

static const struct runner playwright = {
	.language = "typescript",
	.rules = playwright_rules,
	.frame = frame_of_js,
	.is_library = frame_is_js_library,
	.name = playwright_name,
};

FORMAT(playwright, "playwright", playwright, " " LINE LINE, " failed\n", " flaky\n", " skipped\n",
	" passed (", " did not run\n");

/* "Chrome Headless 120.0.0.0 (Linux x86_64) cart adds prices FAILED": the browser is no suite. */
static bool karma_name(struct failure *f, struct report_out *out)
{
	static const char *const browsers[] = {"Chrome", "HeadlessChrome", "Chromium", "Firefox",
		"Safari", "Mobile Safari", "Edge", "Electron", "PhantomJS", "Opera", "IE ", "jsdom",
		"Android"};

	(void)out;
	for (size_t i = 0; i < ARRAY_LEN(browsers); i++)
		if (str_starts(f->suite, browsers[i])) {
			f->suite = STR("");
			return true;
		}
	return false;
}

static const struct rule karma_rules[] = {
	{RULE_HEAD, "%S (%*) %N FAILED", 0},
	{RULE_TALLY, "%*: Executed %# of %t (%f FAILED) (skipped %s)%*", LAST_TALLY},
	{RULE_TALLY, "%*: Executed %# of %t (%f FAILED)%*", LAST_TALLY},
	{RULE_TALLY, "%*: Executed %# of %t (skipped %s) SUCCESS%*", LAST_TALLY},
	{RULE_TALLY, "%*: Executed %# of %t SUCCESS%*", LAST_TALLY},
	{RULE_SKIP, "\t    at <Jasmine>", 0},
	{RULE_FIELD, "\tExpected %A to be %E.", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "\tExpected %A to equal %E.", SET_ONCE | IN_MESSAGE},
	{RULE_NONE, NULL, 0},
};

static const struct runner karma = {
	.language = "javascript",
	.rules = karma_rules,
	.frame = frame_of_js,
	.is_library = frame_is_js_library,
	.name = karma_name,
	.indented = true,
};

FORMAT(karma, "karma", karma, ") FAILED", " FAILED\n", ": Executed ");

#define BALLOT "\xe2\x9c\x98" /* ✘ */

static const struct rule ava_rules[] = {
	{RULE_HEAD, "  " BALLOT " [fail]: %N", ONE_LINE},
	{RULE_TALLY, "  %# tests failed", RUNNING_SUM},
	{RULE_TALLY, "  %# test failed", RUNNING_SUM},
	{RULE_TALLY, "  %# tests passed", RUNNING_SUM},
	{RULE_TALLY, "  %# test passed", RUNNING_SUM},
	{RULE_TALLY, "  %# tests skipped", RUNNING_SUM},
	{RULE_TALLY, "  %# test skipped", RUNNING_SUM},
	{RULE_TALLY, "  %# tests todo", RUNNING_SUM},
	{RULE_TALLY, "  %# test todo", RUNNING_SUM},
	{RULE_NONE, NULL, 0},
};

static const struct runner ava = {.language = "javascript", .rules = ava_rules};

FORMAT(ava, "ava", ava, "\n  " BALLOT " [fail]: ", " tests failed\n", " test failed\n",
	" tests passed\n", " test passed\n", " tests skipped\n", " test skipped\n", " tests todo\n",
	" test todo\n");

/* SymPy's own: a heading of underscores with "path:test", a traceback. */
static bool sympy_name(struct failure *f, struct report_out *out)
{
	if (!str_ends(f->suite, ".py"))
		return false;
	if (f->line == 0)
		f->file = f->suite;
	f->id = arena_printf(&out->scratch, "%.*s:%.*s", STR_ARGS(f->suite), STR_ARGS(f->name));
	return true;
}

static const struct rule sympy_rules[] = {
	{RULE_SECTION, "%*= test process starts =%*", 0},
	{RULE_HEAD, "%*_ %S:%N _%*", IN_SECTION},
	{RULE_END,
		"________________________________________________________________________________",
		0},
	{RULE_TALLY, " tests finished: %M", 0},
	{RULE_TALLY, "%# exceptions, in %*", IN_SECTION},
	{RULE_TALLY, "%# exceptions, %*", IN_SECTION},
	{RULE_SKIP, "Traceback (most recent call last):", 0},
	{RULE_FIELD, "  File \"%F\", line %L, in %*", 0},
	{RULE_FIELD, "%T: %M", NEW_MESSAGE},
	{RULE_FIELD, "%T", NEW_MESSAGE},
	{RULE_NONE, NULL, 0},
};

static const struct runner sympy = {
	.language = "python", .rules = sympy_rules, .name = sympy_name, .blank_ends = 1};

FORMAT(sympy, "sympy", sympy, "= test process starts =", "\n tests finished: ");

/* prove shows of the tests only what they say on standard error; with -v the points, too. */
static const struct rule prove_rules[] = {
	{RULE_HEAD, "#   Failed test '%N'", MUST_NEXT | UNSURE},
	{RULE_NEXT, "#   at %F line %L.", 0},
	{RULE_FIELD, "# %_got: %A", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "# %_expected: %E", SET_ONCE | IN_MESSAGE},
	{RULE_END, "# Looks like you %*", 0},
	{RULE_END, "", 0},
	{RULE_FIELD, "# %M", 0},
	{RULE_OFF, "1..%#", 0},
	{RULE_TALLY, "Files=%#, Tests=%t, %*", TESTS_ONLY},
	{RULE_SECTION_END, "Result: FAIL", CONFIRMS},
	{RULE_NONE, NULL, 0},
};

static const struct runner prove = {.language = "perl", .rules = prove_rules, .blank_ends = 1};

FORMAT(prove, "prove", prove, "\n#   Failed test '", "\nResult: FAIL", "\n1..", "\nFiles=");

#define BALLOT_LIGHT "\xe2\x9c\x97" /* ✗ */
#define TICK "\xe2\x9c\x93"         /* ✓ */

static const struct rule bats_rules[] = {
	{RULE_HEAD, "%* " BALLOT_LIGHT " %N", ENTERS},
	{RULE_SECTION, "%* " TICK " %*", 0},
	{RULE_FIELD, "   (in test file %F, line %L)", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "    in test file %F, line %L)", SET_ONCE | IN_MESSAGE},
	{RULE_TALLY, "%# tests, %# failure%*", IN_SECTION},
	{RULE_TALLY, "%# test, %# failure%*", IN_SECTION},
	{RULE_NONE, NULL, 0},
};

static const struct runner bats = {.language = "shell", .rules = bats_rules};

FORMAT(bats, "bats", bats, " " BALLOT_LIGHT " ", " " TICK " ");
