/* gtest: GoogleTest's console output, plain and --gtest_brief.
 * https://google.github.io/googletest/advanced.html#running-test-programs-advanced-options */
#include "kit/report/scan.h"

#include "kit/report/format.h"

struct gtest {
	struct failure f; /* the first failed expectation; further ones are frames */
	bool have, filling;
	struct str running; /* "Suite.Name" between RUN and its result */
	int first_line, last_line;
	int session_from;
	int tests, passed, skipped;
};

/* "[ RUN      ] " etc. -> the text behind; NULL p when s is no such line. */
static struct str behind_tag(struct str s, const char *tag)
{
	return str_skip(&s, tag) ? s : STR_NULL;
}

/* "Suite.Name (3 ms)", "Suite/0.Name/1, where GetParam() = 1 (0 ms)" -> the name, and the time. */
static struct str take_name(struct str s, double *duration_s)
{
	ptrdiff_t at = str_rfind_char(s, '(');
	int ms;

	*duration_s = -1;
	if (at > 0 && str_ends(s, " ms)") &&
		str_to_int(str_slice(s, (size_t)at + 1, s.n - 4), 0, INT32_MAX, &ms)) {
		*duration_s = ms / 1000.0;
		s = str_rtrim(str_slice(s, 0, (size_t)at));
	}
	s = scan_until(s, ", where ");
	return str_trim(s);
}

static bool is_test_name(struct str s)
{
	ptrdiff_t dot = str_find_char(s, '.');

	return dot > 0 && (size_t)dot + 1 < s.n && str_find_char(s, ' ') < 0;
}

static void set_name(struct failure *f, struct str id)
{
	size_t dot = (size_t)str_find_char(id, '.');

	f->id = id;
	f->suite = str_slice(id, 0, dot);
	f->name = str_from(id, dot + 1);
	f->language = STR("cpp");
}

struct values {
	struct str actual, expected;
	struct str *last; /* the one that "Which is:" speaks of */
};

static void take_value(struct values *v, struct str line, bool equality)
{
	struct str s = str_ltrim(line), part;

	if (str_skip(&s, "Actual: ")) {
		v->actual = s;
	} else if (str_skip(&s, "Expected: ")) {
		/* "Expected: (3) < (2), actual: 3 vs 2" */
		if (str_cut(&s, ", actual: ", &part)) {
			v->actual = s;
			s = part;
		}
		v->expected = s;
	} else if (v->last && str_skip(&s, "Which is: ")) {
		*v->last = s;
	} else if (equality && str_starts(line, "  ")) {
		v->last = v->actual.p ? &v->expected : &v->actual;
		*v->last = s;
	}
}

/* The values in the message of an expectation. */
static void read_values(struct gtest *g, struct report_out *out)
{
	struct str rest = g->f.message, line;
	bool equality = str_starts(rest, "Expected equality");
	struct values v = {0};

	while (str_next_line(&rest, &line))
		take_value(&v, line, equality);
	g->f.actual = out_scratch(out, v.actual);
	g->f.expected = out_scratch(out, v.expected);
}

static void report_test(struct gtest *g, struct report_out *out, struct str id, double duration_s)
{
	if (!g->have)
		g->f = (struct failure){.type = STR("")};
	set_name(&g->f, id);
	g->f.duration_s = duration_s;
	if (str_starts(g->f.message, "C++ exception with "))
		g->f.type = STR("exception");
	/* FAIL() << "text" */
	(void)str_skip(&g->f.message, "Failed\n");
	read_values(g, out);
	out_emit(out, &g->f, ROLE_RUNNER, g->first_line, g->last_line);
}

static void forget(struct gtest *g, struct report_out *out)
{
	g->have = g->filling = false;
	g->running = STR("");
	g->f = (struct failure){0};
	out_reset(out);
}

/* The program ended in the middle of a test: what follows tells how. */
static void report_unfinished(struct gtest *g, struct report_out *out)
{
	if (g->running.n == 0)
		return;
	if (!g->have) {
		g->f = (struct failure){.kind = FAILURE_CRASH};
		g->have = true;
	}
	report_test(g, out, g->running, -1);
	forget(g, out);
}

/* "path:3: Failure", "unknown file: Failure" */
static bool failure_line(struct gtest *g, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;
	struct location at = {0};

	if (!str_ends(s, ": Failure"))
		return false;
	if (!scan_location(&s, &at) && !str_starts(s, "unknown file"))
		return false;
	g->filling = !g->have;
	if (!g->have) {
		g->f = (struct failure){.type = STR("expectation")};
		g->f.file = out_scratch(out, at.path);
		g->f.line = at.line;
		if (g->running.n == 0)
			g->first_line = line->number;
	}
	g->have = true;
	if (at.path.n)
		failure_add_frame(&g->f, &out->scratch,
			(struct frame){.path = out_scratch(out, at.path), .line = at.line});
	return true;
}

static void summary_line(struct gtest *g, struct report_out *out, const struct report_line *line)
{
	struct test_counts *counts = &out->counts;
	struct str s = line->text;
	int n;

	if (str_has(s, " ran.") && (scan_count(s, " tests from ", &g->tests) ||
					   scan_count(s, " test from ", &g->tests))) {
		out_session(out, g->session_from, line->number);
	} else if (str_starts(s, "[  PASSED  ] ") && g->tests >= 0 &&
		   (scan_count(s, " tests.", &g->passed) || scan_count(s, " test.", &g->passed))) {
		out_count(&counts->tests, g->tests);
		out_count(&counts->passed, g->passed);
		out_count(&counts->errors, 0);
		out_count(&counts->skipped, g->skipped);
		out_count(&counts->failed, g->tests - g->passed - g->skipped < 0
						   ? 0
						   : g->tests - g->passed - g->skipped);
		g->tests = -1;
	} else if (str_starts(s, "[  SKIPPED ] ") && g->skipped == 0 &&
		   (scan_count(s, " tests, listed", &n) || scan_count(s, " test, listed", &n)) &&
		   n <= counts->failed) {
		/* --gtest_brief tells of them only here. */
		out_count(&counts->skipped, n);
		counts->failed -= n;
	}
}

static bool is_reported(struct report_out *out, struct str id)
{
	for (report_ref ref = out_next(out, -1); ref >= 0; ref = out_next(out, ref))
		if (str_eq(out_at(out, ref)->id, id))
			return true;
	return false;
}

static bool result_line(struct gtest *g, struct report_out *out, const struct report_line *line)
{
	struct str s = behind_tag(line->text, "[  FAILED  ] "), id;
	double duration_s;

	if (s.p) {
		id = take_name(s, &duration_s);
		if (!is_test_name(id))
			return true;
		if (!g->have && g->running.n == 0)
			g->first_line = line->number;
		g->last_line = line->number;
		if (duration_s >= 0 || !is_reported(out, id))
			report_test(g, out, id, duration_s);
		forget(g, out);
		return true;
	}
	if (behind_tag(line->text, "[       OK ] ").p ||
		behind_tag(line->text, "[  SKIPPED ] ").p) {
		s = str_from(line->text, strlen("[       OK ] "));
		g->skipped += line->text.p[3] == 'S' && str_ends(s, " ms)");
		forget(g, out);
		return true;
	}
	return false;
}

static bool gtest_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct gtest *g = state;
	struct str s = line->text, running = behind_tag(s, "[ RUN      ] ");

	if (running.p && is_test_name(str_trim(running))) {
		report_unfinished(g, out);
		g->running = out_scratch(out, str_trim(running));
		g->first_line = g->last_line = line->number;
	} else if (str_starts(s, "[==========] Running ")) {
		report_unfinished(g, out);
		g->session_from = line->number;
		g->skipped = 0;
	} else if (!result_line(g, out, line) && !failure_line(g, out, line)) {
		if (s.n && s.p[0] == '[')
			g->filling = false;
		else if (g->filling)
			g->f.message = g->f.message.n ? out_join(out, g->f.message, str_rtrim(s))
						      : out_scratch(out, str_trim(s));
		summary_line(g, out, line);
	}
	if (g->have || g->running.n)
		g->last_line = line->number;
	return g->have || g->running.n;
}

static void gtest_end(void *state, struct report_out *out)
{
	report_unfinished(state, out);
}

const struct report_format format_gtest = {
	.name = "gtest",
	.literals = (const char *const[]){"\n[ RUN      ] ", "\n[  FAILED  ] ", "\n[  PASSED  ] ",
		"\n[  SKIPPED ] ", "\n[       OK ] ", "\n[==========] ", ": Failure", NULL},
	.state_size = sizeof(struct gtest),
	.line = gtest_line,
	.end = gtest_end,
};
