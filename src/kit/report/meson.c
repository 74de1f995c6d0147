/* meson: configuring errors and "meson test"; ninja's own complaints.
 * https://mesonbuild.com/Unit-tests.html */
#include "kit/report/scan.h"

#include "kit/report/format.h"

struct meson {
	report_ref current; /* a failed test whose output may follow, + 1 */
	int counts[6];
	int session_from;
};

/* "meson.build:3:0: ERROR: Dependency "foo" not found, tried pkgconfig" */
static bool build_error(struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;
	struct location at;
	struct failure f = {.kind = FAILURE_CONFIGURATION,
		.type = STR("meson"),
		.language = STR("meson"),
		.duration_s = -1};

	if (!str_has(s, "meson.build:") || !scan_location(&s, &at) || !str_skip(&s, " ERROR: "))
		return false;
	f.file = at.path;
	f.line = at.line;
	f.column = at.column;
	f.message = s;
	failure_add_frame(&f, &out->scratch,
		(struct frame){.path = at.path, .line = at.line, .column = at.column});
	out_emit(out, &f, ROLE_DETAIL, line->number, line->number);
	return true;
}

/* " 1/3 suite:name / case        FAIL            0.01s   exit status 1" */
static bool test_line(struct meson *m, struct report_out *out, const struct report_line *line)
{
	static const struct {
		const char *word, *type;
		enum failure_kind kind;
	} results[] = {{" FAIL ", "exit", FAILURE_TEST}, {" ERROR ", "exit", FAILURE_CRASH},
		{" TIMEOUT ", "timeout", FAILURE_TIMEOUT},
		{" UNEXPECTEDPASS ", "UnexpectedSuccess", FAILURE_TEST}};
	struct str s = str_trim(line->text), name;
	struct failure f = {0};
	int number;

	if (!str_take_int(&s, &number) || !str_skip(&s, "/") || !str_take_int(&s, &number) ||
		!str_skip(&s, " "))
		return false;
	m->current = 0;
	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		if (!str_cut(&s, results[i].word, &name))
			continue;
		f.id = f.name = str_trim(name);
		f.type = str_of(results[i].type);
		f.kind = results[i].kind;
		s = str_trim(s);
		if (!str_to_double(scan_until(s, "s"), &f.duration_s))
			f.duration_s = -1;
		if (str_has(s, "SIGSEGV"))
			f.type = STR("SIGSEGV");
		else if (str_has(s, "SIGABRT"))
			f.type = STR("SIGABRT");
		if (str_starts(f.type, "SIG"))
			f.kind = FAILURE_CRASH;
		m->current = out_emit(out, &f, ROLE_SUITE, line->number, line->number) + 1;
	}
	return true;
}

/* "Ok:                 2", "Fail:               1" at the end, Timeout the last. */
static bool count_line(struct meson *m, struct report_out *out, const struct report_line *line)
{
	static const char *const names[] = {
		"Ok:", "Expected Fail:", "Fail:", "Unexpected Pass:", "Skipped:", "Timeout:"};
	struct test_counts *counts = &out->counts;
	struct str s = line->text;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!str_skip(&s, names[i]))
			continue;
		s = str_ltrim(s);
		if (!str_take_int(&s, &m->counts[i]) || str_trim(s).n)
			return false;
		if (i + 1 < ARRAY_LEN(names))
			return true;
		out->suite_counts = true;
		for (size_t k = 0; k < ARRAY_LEN(names); k++)
			out_count(&counts->tests, m->counts[k]);
		out_count(&counts->passed, m->counts[0] + m->counts[1]);
		out_count(&counts->failed, m->counts[2] + m->counts[3] + m->counts[5]);
		out_count(&counts->errors, 0);
		out_count(&counts->skipped, m->counts[4]);
		m->current = 0;
		return true;
	}
	return false;
}

static bool ninja_line(struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;
	struct failure f = {.type = STR("exit"), .duration_s = -1};

	if (str_skip(&s, "ninja: build stopped: ")) {
		f.message = s;
		out_emit(out, &f, ROLE_RESULT, line->number, line->number);
	} else if (str_skip(&s, "ninja: error: ")) {
		f.kind = FAILURE_CONFIGURATION;
		f.type = STR("ninja");
		f.message = s;
		out_emit(out, &f, ROLE_DETAIL, line->number, line->number);
	} else {
		return false;
	}
	return true;
}

static bool meson_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct meson *m = state;

	if (build_error(out, line) || ninja_line(out, line))
		return out->open;
	if (str_starts(line->text, "Summary of Failures:"))
		m->current = 0;
	else if (!test_line(m, out, line) && !count_line(m, out, line) && m->current &&
		 line->text.n)
		out_extend(out, m->current - 1, line->number);
	return m->current != 0;
}

const struct report_format format_meson = {
	.name = "meson",
	.literals = (const char *const[]){": ERROR: ", " FAIL  ", " ERROR  ", " TIMEOUT  ",
		" UNEXPECTEDPASS  ", "\nOk:  ", "\nExpected Fail:  ", "\nFail:  ",
		"\nUnexpected Pass:  ", "\nSkipped:  ", "\nTimeout:  ", "\nninja: ", NULL},
	.state_size = sizeof(struct meson),
	.line = meson_line,
};
