/* cmocka: the standard output of C's cmocka; the tags are gtest's, the names are C functions.
 * https://api.cmocka.org */
#include "kit/report/scan.h"

#include "kit/report/format.h"

struct cmocka {
	struct failure f;
	struct str running;
	bool have;
	int first_line, last_line, session_from;
	int tests, failed, skipped;
	bool in_list;
};

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!scan_is_word(s.p[i]) || s.p[i] == '.')
			return false;
	return s.n > 0;
}

static void forget(struct cmocka *c, struct report_out *out)
{
	c->have = false;
	c->running = STR("");
	c->f = (struct failure){0};
	out_reset(out);
}

static void report_test(struct cmocka *c, struct report_out *out)
{
	struct failure *f = &c->f;

	if (f->type.n == 0)
		f->type = STR("assert");
	f->id = f->name = c->running;
	f->language = STR("c");
	f->duration_s = -1;
	out_emit(out, f, ROLE_RUNNER, c->first_line, c->last_line);
	forget(c, out);
}

static void report_unfinished(struct cmocka *c, struct report_out *out)
{
	if (c->running.n == 0)
		return;
	if (!c->have) {
		c->f.kind = FAILURE_CRASH;
		c->f.type = STR("");
		c->f.id = c->f.name = c->running;
		c->f.language = STR("c");
		c->f.duration_s = -1;
		out_emit(out, &c->f, ROLE_RUNNER, c->first_line, c->last_line);
		forget(c, out);
		return;
	}
	report_test(c, out);
}

/* "0x3 != 0x4", "\"abc\" != \"abd\"": actual, expected. */
static void read_values(struct cmocka *c, struct report_out *out)
{
	ptrdiff_t at = scan_top_level(c->f.message, " != ");

	if (at <= 0)
		return;
	c->f.actual = out_scratch(out, str_trim(str_slice(c->f.message, 0, (size_t)at)));
	c->f.expected = out_scratch(out, str_trim(str_from(c->f.message, (size_t)at + 4)));
}

/* "--- 0x3 != 0x4", "--- [   LINE   ] --- a.c:12: error: Failure!", "name" */
static void error_line(struct cmocka *c, struct report_out *out, struct str s)
{
	struct location at;

	if (!str_skip(&s, "--- "))
		return;
	if (str_skip(&s, "[   LINE   ] --- ") && scan_location(&s, &at)) {
		if (c->f.file.n)
			return;
		c->f.file = out_scratch(out, at.path);
		c->f.line = at.line;
		failure_add_frame(&c->f, &out->scratch,
			(struct frame){.path = c->f.file, .function = c->running, .line = at.line});
		return;
	}
	if (str_skip(&s, "Test failed with exception: ")) {
		c->f.kind = FAILURE_CRASH;
		c->f.type = str_starts(s, "Segmentation") ? STR("SIGSEGV")
			    : str_starts(s, "Floating")   ? STR("SIGFPE")
							  : STR("exception");
	}
	c->f.message = c->f.message.n ? out_join(out, c->f.message, s) : out_scratch(out, s);
	read_values(c, out);
}

static void count_line(struct cmocka *c, struct report_out *out, const struct report_line *line)
{
	struct test_counts *counts = &out->counts;
	struct str s = line->text;
	int passed;

	if (str_has(s, " test(s) run.") && scan_count(s, " test(s) run.", &c->tests)) {
		out_session(out, c->session_from, line->number);
		c->skipped = 0;
	} else if (str_starts(s, "[  PASSED  ] ") && scan_count(s, " test(s).", &passed)) {
		out_count(&counts->tests, c->tests);
		out_count(&counts->passed, passed);
		out_count(&counts->failed, c->failed);
		out_count(&counts->errors, 0);
		out_count(&counts->skipped,
			c->tests > passed + c->failed ? c->tests - passed - c->failed : 0);
		c->failed = 0;
	}
}

/* The tags' lines; whether s was one. */
static bool tag_line(struct cmocka *c, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;

	if (str_skip(&s, "[ RUN      ] ")) {
		report_unfinished(c, out);
		s = str_trim(s);
		c->running = is_name(s) ? out_scratch(out, s) : STR("");
		c->first_line = c->last_line = line->number;
	} else if (c->running.n && str_skip(&s, "[  ERROR   ] ")) {
		c->have = true;
		c->last_line = line->number;
		error_line(c, out, s);
		if (str_eq(str_trim(s), c->running)) {
			c->failed++;
			report_test(c, out);
		}
	} else if (c->running.n && str_skip(&s, "[   LINE   ] ")) {
		struct str again =
			arena_printf(&out->scratch, "--- [   LINE   ] %.*s", STR_ARGS(s));

		c->last_line = line->number;
		error_line(c, out, again);
	} else if (c->running.n && str_skip(&s, "[  FAILED  ] ")) {
		c->last_line = line->number;
		c->failed++;
		report_test(c, out);
	} else if (str_starts(s, "[       OK ] ") || str_starts(s, "[  SKIPPED ] ")) {
		forget(c, out);
	} else if (str_starts(s, "[==========] ") && str_ends(s, "test(s).")) {
		report_unfinished(c, out);
		c->session_from = line->number;
		c->failed = 0;
	} else {
		return false;
	}
	return true;
}

static bool cmocka_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct cmocka *c = state;
	struct str s = line->text;

	if (tag_line(c, out, line))
		return c->running.n > 0;
	if (c->running.n && str_skip(&s, "ERROR: ")) {
		c->f.message = out_scratch(out, s);
		c->have = true;
	} else if (c->running.n && str_starts(s, "Could not run test: ")) {
		c->f.message = out_scratch(out, s);
		c->f.type = STR("setup");
		c->have = true;
	} else {
		count_line(c, out, line);
	}
	if (c->running.n)
		c->last_line = line->number;
	return c->running.n > 0;
}

static void cmocka_end(void *state, struct report_out *out)
{
	report_unfinished(state, out);
}

const struct report_format format_cmocka = {
	.name = "cmocka",
	.literals = (const char *const[]){"\n[ RUN      ] ", "\n[  PASSED  ] ", "test(s).",
		" test(s) run.", NULL},
	.state_size = sizeof(struct cmocka),
	.line = cmocka_line,
	.end = cmocka_end,
};
