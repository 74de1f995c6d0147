/* automake: "make check" with the parallel harness, one line a test program.
 * https://www.gnu.org/software/automake/manual/html_node/Tests.html */
#include "kit/report/scan.h"

#include "kit/report/format.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "FAIL: tests/a", "ERROR: tests/b", "XPASS: c"; "FAIL: a 3 - text" is a case inside of one. */
static bool test_line(struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;
	struct failure f = {.type = STR("exit"), .duration_s = -1};

	if (str_skip(&s, "XPASS: "))
		f.type = STR("UnexpectedSuccess");
	else if (!str_skip(&s, "FAIL: ") && !str_skip(&s, "ERROR: "))
		return false;
	s = str_trim(s);
	if (s.n == 0 || str_find_char(s, '(') >= 0)
		return false;
	f.id = scan_until(s, " ");
	if (f.id.n < s.n && (!str_has(s, " - ") || !is_digit(s.p[f.id.n + 1])))
		return false;
	f.name = s;
	out_emit(out, &f, ROLE_SUITE, line->number, line->number);
	return true;
}

/* "# TOTAL: 3" ... "# ERROR: 0" */
static void count_line(struct report_out *out, struct str s)
{
	struct test_counts *counts = &out->counts;
	const struct {
		const char *name;
		int *count;
	} names[] = {{"# TOTAL:", &counts->tests}, {"# PASS:", &counts->passed},
		{"# SKIP:", &counts->skipped}, {"# XFAIL:", &counts->skipped},
		{"# FAIL:", &counts->failed}, {"# XPASS:", &counts->failed},
		{"# ERROR:", &counts->errors}};
	int n;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str rest = s;

		if (!str_skip(&rest, names[i].name))
			continue;
		rest = str_trim(rest);
		if (str_to_int(rest, 0, INT32_MAX, &n)) {
			out->suite_counts = true;
			out_count(names[i].count, n);
		}
	}
}

static bool automake_line(void *state, struct report_out *out, const struct report_line *line)
{
	(void)state;
	if (!test_line(out, line))
		count_line(out, line->text);
	return false;
}

const struct report_format format_automake = {
	.name = "automake",
	.literals = (const char *const[]){"\nFAIL: ", "\nXPASS: ", "\nERROR: ", "\n# TOTAL:",
		"\n# PASS:", "\n# SKIP:", "\n# XFAIL:", "\n# FAIL:", "\n# XPASS:", "\n# ERROR:",
		NULL},
	.line = automake_line,
};
