/* ctest: CMake's test driver. Each test is a program; with --output-on-failure its output follows
 * the result line, with -V it stands before, marked "3: " (lines.c takes that off).
 * https://cmake.org/cmake/help/latest/manual/ctest.1.html */
#include "kit/report/scan.h"

#include "kit/report/format.h"

struct ctest {
	report_ref current; /* the failed test whose output may follow, + 1 */
	int verbose_from;   /* where the output of the test begun last starts, 0: not printed */
	int verbose_number;
	int session_from, skipped;
	bool in_list; /* "The following tests FAILED:" */
};

struct outcome {
	const char *text; /* in the result line, and in the list behind */
	const char *type;
	enum failure_kind kind;
};

/* The first that fits. */
static const struct outcome outcomes[] = {
	{"Timeout", "timeout", FAILURE_TIMEOUT},
	{"SegFault", "SIGSEGV", FAILURE_CRASH},
	{"SEGFAULT", "SIGSEGV", FAILURE_CRASH},
	{"Subprocess aborted", "SIGABRT", FAILURE_CRASH},
	{"Exception: Numerical", "SIGFPE", FAILURE_CRASH},
	{"NUMERICAL", "SIGFPE", FAILURE_CRASH},
	{"Exception: Illegal", "SIGILL", FAILURE_CRASH},
	{"ILLEGAL", "SIGILL", FAILURE_CRASH},
	{"Subprocess killed", "SIGKILL", FAILURE_CRASH},
	{"Exception", "exception", FAILURE_CRASH},
	{"BAD_COMMAND", "not run", FAILURE_CONFIGURATION},
	{"Bad Command", "not run", FAILURE_CONFIGURATION},
	{"Not Run", "not run", FAILURE_CONFIGURATION},
	{"Failed", "exit", FAILURE_TEST},
	{"regular expression", "exit", FAILURE_TEST},
};

static const struct outcome *find_outcome(struct str s)
{
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
		if (str_has(s, outcomes[i].text))
			return &outcomes[i];
	return NULL;
}

/* " 1/11 Test  #1: name ......Subprocess aborted***Exception:   0.00 sec" -> number, name, the
 * rest. Names may hold spaces and dots; ctest pads with a blank and dots. */
static bool result_line(struct str s, int *number, struct str *name, struct str *rest)
{
	struct str before;
	int total;
	ptrdiff_t dots;

	s = str_ltrim(s);
	if (!str_take_int(&s, &total) || !str_skip(&s, "/") || !str_take_int(&s, &total) ||
		!str_cut(&s, "Test", &before) || str_trim(before).n)
		return false;
	s = str_ltrim(s);
	if (!str_skip(&s, "#") || !str_take_int(&s, number) || !str_skip(&s, ": "))
		return false;
	dots = str_find_c(s, " ..");
	if (dots < 0)
		dots = str_find_c(s, " .");
	if (dots < 0)
		dots = str_find_c(s, "   ");
	if (dots < 0)
		return false;
	*name = str_slice(s, 0, (size_t)dots);
	s = str_from(s, (size_t)dots + 1);
	while (str_skip(&s, "."))
		;
	*rest = s;
	return true;
}

static double duration(struct str rest)
{
	double seconds;
	ptrdiff_t at;

	rest = str_rtrim(rest);
	if (!str_ends(rest, " sec"))
		return -1;
	rest.n -= strlen(" sec");
	rest = str_rtrim(rest);
	at = str_rfind_char(rest, ' ');
	return str_to_double(str_from(rest, (size_t)(at + 1)), &seconds) ? seconds : -1;
}

/* Why a test failed beyond its exit status: "Required regular expression not found. ..." */
static struct str reason(struct str rest)
{
	ptrdiff_t at = str_find_c(rest, "***Failed");
	struct str s = str_trim(at < 0 ? STR("") : str_from(rest, (size_t)at + 9));

	return str_has(s, "regular expression") ? s : STR("");
}

/* What the line says of a test that did not simply return a failure. */
static struct str status(struct str rest)
{
	struct str before = scan_until(rest, "***"), s;

	s = str_trim(str_from(rest, before.n + (before.n < rest.n ? 3 : 0)));
	s = str_trim(scan_until(scan_until(s, "   "), "  "));
	before = str_trim(before);
	return before.n && before.n < rest.n ? before : s;
}

static report_ref report_test(struct report_out *out, struct str name, struct str rest, int line)
{
	const struct outcome *outcome = find_outcome(rest);
	struct failure f = {.id = name,
		.name = name,
		.kind = outcome ? outcome->kind : FAILURE_TEST,
		.type = str_of(outcome ? outcome->type : "exit"),
		.message = reason(rest),
		.duration_s = duration(rest)};

	if (outcome && outcome->kind != FAILURE_TEST)
		f.message = status(rest);

	return out_emit(out, &f, ROLE_SUITE, line, line);
}

static bool take_result(struct ctest *c, struct report_out *out, const struct report_line *line)
{
	struct str name, rest;
	int number;

	if (!result_line(line->text, &number, &name, &rest))
		return false;
	c->current = 0;
	if (str_has(rest, "***Skipped") || str_has(rest, "(Disabled)")) {
		c->skipped++;
	} else if (!str_starts(str_ltrim(rest), "Passed")) {
		report_ref ref = report_test(out, name, rest, line->number);

		if (c->verbose_from && c->verbose_number == number)
			out_move(out, ref, c->verbose_from, line->number);
		c->current = ref + 1;
	}
	c->verbose_from = 0;
	return true;
}

/* "	  1 - name (Failed)", with labels behind */
static void list_line(struct report_out *out, const struct report_line *line)
{
	struct str s = str_trim(line->text), status;
	int number;
	ptrdiff_t open;

	if (!str_take_int(&s, &number) || !str_skip(&s, " - "))
		return;
	open = str_find_c(s, " (");
	if (open < 0)
		return;
	status = str_from(s, (size_t)open + 1);
	s = str_slice(s, 0, (size_t)open);
	for (report_ref ref = out_next(out, -1); ref >= 0; ref = out_next(out, ref))
		if (str_eq(out_at(out, ref)->id, s))
			return;
	report_test(out, s, status, line->number);
}

/* "86% tests passed, 1 tests failed out of 7" */
static void summary_line(struct ctest *c, struct report_out *out, const struct report_line *line)
{
	struct test_counts *counts = &out->counts;
	int failed, total;

	if (!scan_count(line->text, " tests failed out of ", &failed) &&
		!scan_count(line->text, " test failed out of ", &failed))
		return;
	struct str rest =
		str_from(line->text, (size_t)str_find_c(line->text, "out of ") + strlen("out of "));

	if (!str_take_int(&rest, &total))
		return;
	out->suite_counts = true;
	out_count(&counts->tests, total);
	out_count(&counts->failed, failed);
	out_count(&counts->errors, 0);
	out_count(&counts->skipped, c->skipped);
	out_count(&counts->passed, total > failed + c->skipped ? total - failed - c->skipped : 0);
	out_session(out, c->session_from, line->number);
	c->skipped = 0;
	c->current = 0;
}

static bool ctest_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct ctest *c = state;
	struct str s = line->text, trimmed = str_ltrim(s);

	if (take_result(c, out, line))
		return true;
	if (str_starts(s, "Test project ")) {
		c->session_from = line->number;
	} else if (str_skip(&trimmed, "Start ") && s.n && s.p[0] == ' ') {
		c->current = 0;
		c->verbose_from = line->number;
		trimmed = str_ltrim(trimmed);
		if (!str_take_int(&trimmed, &c->verbose_number))
			c->verbose_from = 0;
	} else if (str_has(s, "% tests passed, ")) {
		summary_line(c, out, line);
	} else if (str_starts(s, "The following tests FAILED:")) {
		c->in_list = true;
	} else if (c->in_list) {
		list_line(out, line);
		c->in_list = s.n > 0 && s.p[0] == '\t';
		return c->in_list;
	} else if (c->current && s.n) {
		out_extend(out, c->current - 1, line->number);
	}
	return true;
}

const struct report_format format_ctest = {
	.name = "ctest",
	.literals = (const char *const[]){"\nTest project ", "% tests passed, ",
		"\nThe following tests FAILED:", " Test #", " Test  #", " Test   #", NULL},
	.state_size = sizeof(struct ctest),
	.line = ctest_line,
};
