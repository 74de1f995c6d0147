/* check: libcheck's console output, "file:line:F:case:test:n: message".
 * https://libcheck.github.io/check/doc/check_html/check_3.html */
#include "kit/report/scan.h"

#include "kit/report/format.h"

/* "Assertion 'a == b' failed: a == 1, b == 2" -> 1 and 2. */
static void read_values(struct failure *f)
{
	struct str rest = f->message, left, right, before;

	if (!str_cut(&rest, "' failed: ", &before) || !str_cut(&rest, ", ", &left))
		return;
	right = rest;
	if (str_cut(&left, " == ", &before))
		f->actual = left;
	if (str_cut(&right, " == ", &before))
		f->expected = right;
}

static void judge(struct failure *f, char result)
{
	f->type = STR("assert");
	if (result != 'E')
		return;
	f->kind = FAILURE_CRASH;
	f->type = STR("error");
	if (str_has(f->message, "timeout expired")) {
		f->kind = FAILURE_TIMEOUT;
		f->type = STR("timeout");
	} else if (str_has(f->message, "signal 11")) {
		f->type = STR("SIGSEGV");
	} else if (str_has(f->message, "signal 6")) {
		f->type = STR("SIGABRT");
	} else if (str_has(f->message, "signal 8")) {
		f->type = STR("SIGFPE");
	}
}

static bool test_line(struct report_out *out, const struct report_line *line)
{
	struct str s = line->text, count;
	struct location at;
	struct failure f = {.language = STR("c"), .duration_s = -1};
	char result;

	if (!scan_location(&s, &at) || s.n < 2 || s.p[1] != ':' || !strchr("FE", s.p[0]))
		return false;
	result = s.p[0];
	s = str_from(s, 2);
	if (!str_cut(&s, ":", &f.suite) || !str_cut(&s, ":", &f.name) || !str_cut(&s, ": ", &count))
		return false;
	f.id = f.name;
	f.file = at.path;
	f.line = at.line;
	f.message = s;
	judge(&f, result);
	read_values(&f);
	failure_add_frame(&f, &out->scratch,
		(struct frame){.path = at.path, .function = f.name, .line = at.line});
	out_emit(out, &f, ROLE_RUNNER, line->number, line->number);
	return true;
}

/* "50%: Checks: 2, Failures: 1, Errors: 0" */
static void count_line(struct report_out *out, struct str s)
{
	static const char *const names[] = {"Checks: ", "Failures: ", "Errors: "};
	int n[3] = {0};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		ptrdiff_t at = str_find_c(s, names[i]);
		struct str rest = at < 0 ? STR("") : str_from(s, (size_t)at + strlen(names[i]));

		if (!str_take_int(&rest, &n[i]))
			return;
	}
	out_count(&out->counts.tests, n[0]);
	out_count(&out->counts.failed, n[1]);
	out_count(&out->counts.errors, n[2]);
	out_count(&out->counts.skipped, 0);
	out_count(&out->counts.passed, n[0] > n[1] + n[2] ? n[0] - n[1] - n[2] : 0);
}

static bool check_line(void *state, struct report_out *out, const struct report_line *line)
{
	(void)state;
	if (!test_line(out, line))
		count_line(out, line->text);
	return false;
}

const struct report_format format_check = {
	.name = "check",
	.literals = (const char *const[]){"%: Checks: ", ":F:", ":E:", NULL},
	.line = check_line,
};
