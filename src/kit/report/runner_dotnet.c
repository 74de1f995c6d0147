/* runner_dotnet: `dotnet test` with xUnit, NUnit, MSTest, by VSTest's console and by
 * Microsoft.Testing.Platform. https://learn.microsoft.com/dotnet/core/tools/dotnet-test */
#include "base/cleanup.h"
#include "kit/report/frames.h"
#include "kit/report/runner.h"

static bool is_library(const struct frame *frame)
{
	return frame->path.n == 0 || str_starts(frame->path, "/_/");
}

static const struct rule dotnet_rules[] = {
	{RULE_HEAD, "[xUnit.net %*]%_%N [FAIL]", ONE_LINE},
	{RULE_HEAD, "  Failed %N [%D s]", 0},
	{RULE_HEAD, "  Failed %N [%m ms]", 0},
	{RULE_HEAD, "  Failed %N [< 1 ms]", 0},
	{RULE_HEAD, "  Failed %N [%*]", 0},
	{RULE_HEAD, "  X %N [%*]", 0},
	{RULE_HEAD, "Failed   %_%N", 0},
	{RULE_HEAD, "    %N [FAIL]", 0},
	{RULE_HEAD, "%#) Failed : %N", 0},
	{RULE_HEAD, "%#) Error : %N", 0},
	{RULE_HEAD, "%#) Test Failure : %N", 0},
	{RULE_HEAD, "%#) Test Error : %N", 0},
	{RULE_HEAD, "failed %N (%mms)", 0},
	{RULE_HEAD, "failed %N (%*)", 0},
	{RULE_END, "  Passed %* [%*]", 0},
	{RULE_END, "  Skipped %* [%*]", 0},
	{RULE_SKIP, "%_Error Message:", 0},
	{RULE_STOP, "%_Stack Trace:", 0},
	{RULE_END, "%_Standard Output Messages:", 0},
	{RULE_TALLY, "Failed!  - %M", 0},
	{RULE_TALLY, "Passed!  - %M", 0},
	{RULE_TALLY, "Skipped! - %M", 0},
	{RULE_TALLY, "Total tests: %#. %*", 0},
	{RULE_TALLY, "%_Test Count: %*", 0},
	{RULE_TALLY, "%*  Total: %#, Errors: %*", 0},
	{RULE_TALLY, "Total tests: %#", PARTIAL | OPENS},
	{RULE_TALLY, "     Passed: %#", PARTIAL},
	{RULE_TALLY, "     Failed: %#", PARTIAL},
	{RULE_TALLY, "    Skipped: %#", PARTIAL},
	{RULE_TALLY, "  total: %#", PARTIAL | OPENS},
	{RULE_TALLY, "  failed: %#", PARTIAL},
	{RULE_TALLY, "  succeeded: %#", PARTIAL},
	{RULE_TALLY, "  skipped: %#", PARTIAL},
	{RULE_FIELD, "%_Expected: %E", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%_Actual: %A", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%_But was: %A", SET_ONCE | IN_MESSAGE},
	{RULE_FIELD, "%_Assert.AreEqual failed. Expected:<%E>. Actual:<%A>.%*",
		SET_ONCE | IN_MESSAGE},
	{RULE_NONE, NULL, 0},
};

static const struct runner dotnet = {
	.language = "csharp",
	.rules = dotnet_rules,
	.frame = frame_of_dotnet,
	.is_library = is_library,
	.name = runner_dotted_name,
};

const struct report_format format_dotnet = {
	.name = "dotnet",
	.literals = (const char *const[]){" [FAIL]\n", "\n  Failed ", "\n  X ", "\nFailed   ",
		"\nfailed ", "\nFailed!  - ", "\nPassed!  - ", "\nSkipped! - ",
		"\nTotal tests: ", "\n  total: ", ") Failed : ", ") Error : ", ") Test Failure : ",
		") Test Error : ", "Test Count: ", "  Total: ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &dotnet,
};
