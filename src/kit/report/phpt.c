/* phpt: PHP's own run-tests.php, what a test printed and should have printed, then its verdict.
 * https://qa.php.net/phpt_details.php */
#include "kit/report/format.h"
#include "kit/report/scan.h"

struct phpt {
	bool in_diff, summary;
	int first; /* line of the difference's head; 0: none waits for its test */
	struct str diff;
};

/* "name [path.phpt]" and what follows the bracket. */
static bool read_test(struct str s, struct failure *f, struct str *behind)
{
	ptrdiff_t end = str_find_c(s, ".phpt]"), open;

	if (end < 0)
		return false;
	open = str_rfind_char(str_slice(s, 0, (size_t)end), '[');
	if (open < 0)
		return false;
	f->name = str_trim(str_slice(s, 0, (size_t)open));
	f->file = str_slice(s, (size_t)open + 1, (size_t)end + 5);
	f->id = f->file;
	*behind = str_from(s, (size_t)end + 6);
	return true;
}

static void emit(struct phpt *p, struct report_out *out, struct str s, int line)
{
	struct failure f = {.type = STR("output"), .language = STR("php"), .duration_s = -1};
	struct str behind;
	report_ref known;

	if (!read_test(s, &f, &behind))
		return;
	f.message = p->first ? p->diff : STR("the test failed");
	known = out_find(out, f.id);
	if (known < 0)
		out_emit(out, &f, ROLE_RUNNER, p->first ? p->first : line, line);
	p->first = 0;
}

/* A line "012+ text" of the difference; "--" between its parts. */
static void add_diff(struct phpt *p, struct report_out *out, struct str s)
{
	if (p->diff.n)
		p->diff = out_join(out, p->diff, s);
	else
		p->diff = out_scratch(out, s);
}

/* "Tests failed    :    2 ( 50.0%) ( 66.7%)" */
static bool count_line(struct report_out *out, struct str s)
{
	struct test_counts *c = &out->counts;
	const struct {
		const char *name;
		int *count;
	} names[] = {{"Tests failed", &c->failed}, {"Tests passed", &c->passed},
		{"Tests skipped", &c->skipped}, {"Expected fail", &c->skipped},
		{"Number of tests", &c->tests}};
	int n;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str rest = s;

		if (!str_skip(&rest, names[i].name))
			continue;
		rest = str_ltrim(rest);
		if (!str_skip(&rest, ":"))
			return false;
		rest = str_ltrim(rest);
		if (str_take_int(&rest, &n))
			out_count(names[i].count, n);
		return true;
	}
	return false;
}

/* The list of what failed, at the end: what was not met before counts. */
static bool summary_line(struct phpt *p, struct report_out *out, const struct report_line *line)
{
	if (scan_is_rule(line->text, '=', 20)) {
		p->summary = false;
		return false;
	}
	emit(p, out, line->text, line->number);
	return true;
}

static bool phpt_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct phpt *p = state;
	struct str s = line->text;

	if (p->summary)
		return summary_line(p, out, line);
	if (str_starts(s, "========DONE========")) {
		p->in_diff = false;
	} else if (p->in_diff) {
		add_diff(p, out, s);
	} else if (str_starts(s, "========DIFF========")) {
		*p = (struct phpt){.in_diff = true, .first = line->number};
		out_reset(out);
	} else if (str_skip(&s, "FAIL ")) {
		emit(p, out, s, line->number);
	} else if (str_starts(s, "FAILED TEST SUMMARY")) {
		p->summary = true;
	} else if (!count_line(out, s) && s.n && p->first) {
		p->first = 0; /* its verdict was to follow at once */
	}
	return p->in_diff || p->summary || p->first;
}

const struct report_format format_phpt = {
	.name = "phpt",
	.literals = (const char *const[]){"\n========DIFF========", ".phpt]",
		"\nFAILED TEST SUMMARY", "\nTests failed  ", "\nTests passed  ",
		"\nTests skipped  ", "\nExpected fail  ", "\nNumber of tests :", NULL},
	.state_size = sizeof(struct phpt),
	.line = phpt_line,
};
