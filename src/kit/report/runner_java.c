/* runner_java: the tables of the JVM's builds and runners: Surefire and Failsafe, Gradle, Ant, and
 * JUnit's own consoles. https://maven.apache.org/surefire/, https://docs.gradle.org,
 * https://ant.apache.org/manual/Tasks/junit.html */
#include "base/cleanup.h"
#include "kit/report/frames.h"
#include "kit/report/runner.h"

/* What JUnit, TestNG, Hamcrest, AssertJ say of two values. */
#define VALUES                                                                                     \
	{RULE_FIELD, "%*xpected:<%E> but was:<%A>%*", SET_ONCE | IN_MESSAGE},                      \
		{RULE_FIELD, "%*xpected: <%E> but was: <%A>%*", SET_ONCE | IN_MESSAGE},            \
		{RULE_FIELD, "%*xpected [%E] but found [%A]%*", SET_ONCE | IN_MESSAGE},            \
		{RULE_FIELD, "%_Expected: %E", SET_ONCE | IN_MESSAGE},                             \
		{RULE_FIELD, "%_expected: %E", SET_ONCE | IN_MESSAGE},                             \
		{RULE_FIELD, "%_but: %A", SET_ONCE | IN_MESSAGE},                                  \
		{RULE_FIELD, "%_but was: %A", SET_ONCE | IN_MESSAGE},                              \
		{RULE_STOP, "%_Caused by: %*", 0}, {RULE_STOP, "%_... %# more", 0},                \
	{                                                                                          \
		RULE_STOP, "%_Suppressed: %*", 0                                                   \
	}

static size_t end_of_name(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '(' && s.p[n] != '[' && s.p[n] != '{' && s.p[n] != ' ')
		n++;
	return n;
}

/* "method(pkg.Class)" until Surefire 2, "pkg.Class.method(int)[1]" since; the id is the former. */
static bool java_name(struct failure *f, struct report_out *out)
{
	struct str s = f->name, head = str_slice(s, 0, end_of_name(s));
	ptrdiff_t dot = str_rfind_char(head, '.'), open = str_rfind_char(s, '(');

	/* Other tools have lists under "Failures:", too. */
	if (str_find_char(f->suite, ' ') >= 0)
		return false;

	if (f->suite.n == 0 && dot < 0 && open > 0 && str_ends(s, ")")) {
		f->suite = str_slice(s, (size_t)open + 1, s.n - 1);
		f->name = str_slice(s, 0, (size_t)open);
	} else if (f->suite.n == 0 && dot > 0) {
		f->suite = str_slice(s, 0, (size_t)dot);
		f->name = str_from(s, (size_t)dot + 1);
		/* A class alone: what runs before and after its tests. */
		if (f->name.n && f->name.p[0] >= 'A' && f->name.p[0] <= 'Z' && head.n == s.n) {
			f->suite = s;
			f->id = s;
			return true;
		}
	}
	if (f->suite.n)
		f->id = arena_printf(
			&out->scratch, "%.*s(%.*s)", STR_ARGS(f->name), STR_ARGS(f->suite));
	return true;
}

/* "Class.method": without the package and what follows the name. */
static struct str java_alias(const struct failure *f, struct report_out *out)
{
	struct str class = f->suite, name = str_slice(f->name, 0, end_of_name(f->name));
	ptrdiff_t dot = str_rfind_char(class, '.');

	if (dot >= 0)
		class = str_from(class, (size_t)dot + 1);
	return arena_printf(&out->scratch, "%.*s.%.*s", STR_ARGS(class), STR_ARGS(name));
}

static const char *const maven_prefixes[] = {"[ERROR] ", "[ERROR]", "[WARNING] ", "[INFO] ",
	"[INFO]", "Error:  ", "Error: ", "Warning:  ", NULL};

static const struct rule surefire_rules[] = {
	{RULE_SUITE, "Running %S", 0},
	{RULE_SUITE, "Tests run: %*Time elapsed: %* - in %S", 0},
	{RULE_SUITE, "Tests run: %*Time elapsed: %* -- in %S", 0},
	{RULE_SUITE, "Tests run: %*Time elapsed: %*", 0},
	{RULE_HEAD, "%N -- Time elapsed: %D s%*<<< FAILURE!%*", 0},
	{RULE_HEAD, "%N -- Time elapsed: %D s%*<<< ERROR!%*", IS_ERROR},
	{RULE_HEAD, "%N  Time elapsed: %D s%*<<< FAILURE!%*", 0},
	{RULE_HEAD, "%N  Time elapsed: %D s%*<<< ERROR!%*", IS_ERROR},
	{RULE_SECTION, "Failures:%_", 0},
	{RULE_SECTION, "Errors:%_", 0},
	{RULE_SECTION, "Failed tests:%_", 0},
	{RULE_SECTION, "Tests in error:%_", 0},
	{RULE_HEAD, "Failed tests: %_%N(%S): %M", ENTERS | IN_LIST},
	{RULE_HEAD, "Failed tests: %_%S.%N:%L %M", ENTERS | IN_LIST},
	{RULE_SECTION_END, "Flakes:%_", 0},
	{RULE_TALLY, "Tests run: %*", 0},
	{RULE_SECTION_END, "", IN_SECTION},
	{RULE_SECTION_END, "  Run %#: %*", IN_SECTION},
	{RULE_HEAD, "  %S.%N:%L->%*:%L %M", IN_SECTION | IN_LIST},
	{RULE_HEAD, "  %S.%N:%L->%*:%L", IN_SECTION | IN_LIST},
	{RULE_HEAD, "  %S>%*.%N:%L %M", IN_SECTION | IN_LIST},
	{RULE_HEAD, "  %S.%N:%L %M", IN_SECTION | IN_LIST},
	{RULE_HEAD, "  %S.%N:%L", IN_SECTION | IN_LIST},
	{RULE_HEAD, "  %N(%S): %M", IN_SECTION | IN_LIST},
	{RULE_HEAD, "  %N(%S)", IN_SECTION | IN_LIST},
	{RULE_HEAD, "  %S.%N \xc2\xbb %M", IN_SECTION | IN_LIST},
	{RULE_HEAD, "  %S.%N %M", IN_SECTION | IN_LIST},
	VALUES,
	{RULE_NONE, NULL, 0},
};

static const struct runner surefire = {
	.language = "java",
	.rules = surefire_rules,
	.frame = frame_of_java,
	.is_library = frame_is_java_library,
	.name = java_name,
	.alias = java_alias,
	.prefixes = maven_prefixes,
	.blank_ends = 1,
};

const struct report_format format_surefire = {
	.name = "surefire",
	.literals = (const char *const[]){"<<< FAILURE!", "<<< ERROR!",
		"Tests run: ", "\nFailed tests:", "\nTests in error:", "Failures:\n",
		"Failures: \n", "Errors:\n", "Errors: \n", "[ERROR] Failed tests:", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &surefire,
};

static const struct rule gradle_rules[] = {
	{RULE_HEAD, "%+S > %N FAILED", 0},
	{RULE_TALLY, "%# tests completed, %*", 0},
	{RULE_TALLY, "%# test completed, %*", 0},
	{RULE_FIELD, "    %T at %F:%L", SET_ONCE},
	VALUES,
	{RULE_NONE, NULL, 0},
};

static const struct runner gradle = {
	.language = "java",
	.rules = gradle_rules,
	.frame = frame_of_java,
	.is_library = frame_is_java_library,
	.separator = " > ",
	.indented = true,
};

const struct report_format format_gradle = {
	.name = "gradle",
	.literals = (const char *const[]){" FAILED\n", " FAILED \n", " tests completed, ",
		" test completed, ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &gradle,
};

static const char *const ant_prefixes[] = {"    [junit] ", "    [junit]", "   [junit] ",
	"   [junit]", "[junit] ", "[junitlauncher] ", NULL};

static const struct rule ant_rules[] = {
	{RULE_SUITE, "Testsuite: %S", 0},
	{RULE_TALLY, "Tests run: %*, Time elapsed: %*", OPENS},
	{RULE_HEAD, "Testcase: %N took %D sec", UNSURE},
	{RULE_HEAD, "Testcase: %N(%S):\tFAILED", 0},
	{RULE_HEAD, "Testcase: %N(%S):\tCaused an ERROR", IS_ERROR},
	{RULE_HEAD, "Testcase: %N:\tFAILED", 0},
	{RULE_HEAD, "Testcase: %N:\tCaused an ERROR", IS_ERROR},
	{RULE_END, "Test %* FAILED", 0},
	VALUES,
	{RULE_NONE, NULL, 0},
};

static const struct runner ant = {
	.language = "java",
	.rules = ant_rules,
	.frame = frame_of_java,
	.is_library = frame_is_java_library,
	.name = java_name,
	.prefixes = ant_prefixes,
	.prefixed = true,
	.blank_ends = 1,
};

const struct report_format format_ant = {
	.name = "ant",
	.literals = (const char *const[]){"[junit] Test", "[junitlauncher] Test", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &ant,
};

/* PHPUnit's list has the same words; its tests' names have no class in brackets. */
static bool junit_name(struct failure *f, struct report_out *out)
{
	return str_find_char(f->suite, ' ') < 0 && f->suite.n && java_name(f, out);
}

static const char *const junit_prefixes[] = {"     [java] ", "     [java]", NULL};

static const struct rule junit_rules[] = {
	{RULE_SECTION, "There was %# failure:", 0},
	{RULE_SECTION, "There were %# failures:", 0},
	{RULE_SECTION, "There was %# error:", 0},
	{RULE_SECTION, "There were %# errors:", 0},
	{RULE_HEAD, "%#) %+N(%S)", IN_SECTION},
	{RULE_SECTION_END, "FAILURES!!!", 0},
	{RULE_TALLY, "Tests run: %*", IN_SECTION},
	{RULE_TALLY, "Tests run: %*,  Failures: %*", 0},
	{RULE_TALLY, "OK (%# tests)", 0},
	{RULE_TALLY, "OK (%# test)", 0},
	VALUES,
	{RULE_NONE, NULL, 0},
};

static const struct runner junit_text = {
	.language = "java",
	.rules = junit_rules,
	.frame = frame_of_java,
	.is_library = frame_is_java_library,
	.name = junit_name,
	.prefixes = junit_prefixes,
};

const struct report_format format_junit_text = {
	.name = "junit-text",
	.literals =
		(const char *const[]){"There was ", "There were ", ",  Failures: ", "OK (", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &junit_text,
};

static const char *const launcher_prefixes[] = {
	"    [junit] ", "    [junit]", "     [java] ", "     [java]", "[junitlauncher] ", NULL};

/* JUnit's ConsoleLauncher, at the end of its tree. */
static const struct rule launcher_rules[] = {
	{RULE_SECTION, "Failures (%#):", 0},
	{RULE_HEAD, "  JUnit %*:%+S:%N", IN_SECTION},
	{RULE_FIELD, "    MethodSource [className = '%S', methodName = '%N', %*", 0},
	{RULE_FIELD, "    => %M", 0},
	{RULE_SKIP, "    %*Source [%*", 0},
	{RULE_STOP, "       [...]", 0},
	{RULE_FRAME, "       %N(%F:%L)", 0},
	{RULE_STOP, "       %*(Native Method)", 0},
	{RULE_SECTION_END, "Test run finished after %*", 0},
	{RULE_TALLY, "[%_%# tests successful%_]", PARTIAL},
	{RULE_TALLY, "[%_%# tests failed%_]", PARTIAL},
	{RULE_TALLY, "[%_%# tests skipped%_]", PARTIAL},
	{RULE_TALLY, "[%_%# tests found%_]", PARTIAL | OPENS},
	VALUES,
	{RULE_NONE, NULL, 0},
};

static const struct runner launcher = {
	.language = "java",
	.rules = launcher_rules,
	.frame = frame_of_java,
	.is_library = frame_is_java_library,
	.prefixes = launcher_prefixes,
};

const struct report_format format_junit_launcher = {
	.name = "junit-launcher",
	.literals = (const char *const[]){"Failures (", " tests found ", NULL},
	.state_size = sizeof(struct runner_state),
	.line = runner_line,
	.end = runner_end,
	.data = &launcher,
};
