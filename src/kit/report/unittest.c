/* unittest: Python's own runner; ERROR and FAIL blocks between rules, "Ran n tests" at the end.
 * https://docs.python.org/3/library/unittest.html, class TextTestResult */
#include "kit/report/python_trace.h"
#include "kit/report/scan.h"

struct unittest {
	enum { IDLE, TITLE, DETAILS, TRACE } at;
	struct failure head; /* id, name, suite, kind of the open block */
	struct python_trace trace;
	int first_line, last_line;
	bool captured;    /* nose: output follows until the block's end */
	int session_from; /* where tests may have begun to run */
	int ran;
	int broken;       /* tests with a block since then */
	uint64_t last_id; /* sub-tests of one test follow one another */
};

static bool is_double_rule(struct str s)
{
	return scan_is_rule(s, '=', 70);
}

static bool is_rule(struct str s)
{
	return scan_is_rule(s, '-', 70);
}

/* nose: "package.module.Class.name", "package.module.generator(1, 2)", a docstring. */
static bool read_nose_title(struct unittest *u, struct report_out *out, struct str s)
{
	struct str head = scan_until(s, "(");
	ptrdiff_t dot = str_find_char(head, ' ') < 0 ? str_rfind_char(head, '.') : -1;

	if (s.n == 0)
		return false;
	u->head = (struct failure){.id = out_scratch(out, s),
		.suite = dot > 0 ? out_scratch(out, str_slice(s, 0, (size_t)dot)) : STR(""),
		.name = out_scratch(out, str_from(s, (size_t)(dot + 1))),
		.language = STR("python"),
		.duration_s = -1};
	return true;
}

/* "name (module.Class.name)" since 3.11, "name (module.Class)" before; "(i=3)" or "[message]" of a
 * sub-test behind it. */
static bool read_title(struct unittest *u, struct report_out *out, struct str s)
{
	struct str name, inside, rest = s;
	struct str id;

	if (!str_cut(&rest, " (", &name) || !str_cut(&rest, ")", &inside) || name.n == 0)
		return read_nose_title(u, out, str_trim(s));
	if (str_ends(inside, arena_cstr(&out->scratch, name)) && inside.n > name.n &&
		inside.p[inside.n - name.n - 1] == '.')
		inside.n -= name.n + 1;
	str_skip(&inside, "unittest.loader._FailedTest");
	str_skip(&inside, ".");
	if (str_starts(name, "setUp") || str_starts(name, "tearDown") || inside.n == 0)
		id = inside.n ? inside : name;
	else
		id = arena_printf(&out->scratch, "%.*s.%.*s", STR_ARGS(inside), STR_ARGS(name));
	rest = str_trim(rest);
	u->head = (struct failure){.id = out_scratch(out, id),
		.suite = out_scratch(out, inside),
		.name = rest.n ? arena_printf(
					 &out->scratch, "%.*s %.*s", STR_ARGS(name), STR_ARGS(rest))
			       : out_scratch(out, name),
		.language = STR("python"),
		.duration_s = -1};
	return true;
}

static void report_block(struct unittest *u, struct report_out *out)
{
	struct failure *f = &u->trace.f;

	if (u->at < TRACE)
		return;
	python_trace_conclude(&u->trace, out);
	f->id = u->head.id;
	f->suite = u->head.suite;
	f->name = u->head.name;
	if (!str_starts(f->name, "setUp") && str_hash(f->id) != u->last_id)
		u->broken++;
	u->last_id = str_hash(f->id);
	out_emit(out, f, ROLE_RUNNER, u->first_line, u->last_line);
	out_reset(out);
	u->at = IDLE;
}

static void ran_line(struct unittest *u, struct str s)
{
	str_skip(&s, "Ran ");
	if (!str_take_int(&s, &u->ran))
		u->ran = 0;
}

/* "FAILED (failures=1, errors=2, skipped=3)", "OK (skipped=1)" */
static void result_line(struct unittest *u, struct report_out *out, const struct report_line *line)
{
	/* The last two are nose's. */
	static const char *const names[] = {
		"failures=", "errors=", "skipped=", "unexpected successes=", "SKIP=", "KNOWNFAIL="};
	int n[ARRAY_LEN(names)] = {0};
	struct test_counts *counts = &out->counts;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		ptrdiff_t at = str_find_c(line->text, names[i]);
		struct str rest = str_from(line->text, (size_t)at + strlen(names[i]));

		if (at >= 0 && !str_take_int(&rest, &n[i]))
			n[i] = 0;
	}
	out_count(&counts->tests, u->ran);
	out_count(&counts->failed, n[0] + n[3]);
	out_count(&counts->errors, n[1]);
	n[2] += n[4];
	out_count(&counts->skipped, n[2]);
	/* Sub-tests are failures of their own, but one test. */
	n[2] += n[3] + u->broken;
	out_count(&counts->passed, u->ran > n[2] ? u->ran - n[2] : 0);
	out_session(out, u->session_from, line->number);
	u->session_from = line->number + 1;
	u->ran = u->broken = 0;
	u->last_id = 0;
}

static bool open_block(struct unittest *u, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;

	if (!str_skip(&s, "ERROR: ") && !str_skip(&s, "FAIL: "))
		return false;
	if (!read_title(u, out, s))
		return false;
	u->first_line = u->last_line = line->number;
	u->captured = false;
	u->at = DETAILS;
	return true;
}

/* "UNEXPECTED SUCCESS: test (Class)" has no block of its own. */
static bool success_line(struct unittest *u, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text;

	if (!str_skip(&s, "UNEXPECTED SUCCESS: ") || !read_title(u, out, s))
		return false;
	u->head.type = STR("UnexpectedSuccess");
	u->head.message = STR("the test passes although it is marked as an expected failure");
	out_emit(out, &u->head, ROLE_RUNNER, line->number, line->number);
	return true;
}

static bool in_trace(struct unittest *u, struct report_out *out, const struct report_line *line)
{
	if (is_double_rule(line->text) || is_rule(line->text)) {
		report_block(u, out);
		u->at = is_rule(line->text) ? IDLE : TITLE;
		return true;
	}
	u->captured |= str_has(line->text, " >> begin captured ");
	if (u->captured)
		return true;
	/* What a failing import says stands before its traceback. */
	if (u->trace.at != TRACE_NONE || python_trace_starts(line->text))
		(void)python_trace_line(&u->trace, out, line);
	if (line->text.n)
		u->last_line = line->number;
	return true;
}

static bool unittest_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct unittest *u = state;
	struct str s = line->text;

	if (u->at == TRACE)
		return in_trace(u, out, line);
	if (u->at == DETAILS) {
		if (!is_rule(s))
			return line->number - u->first_line < 20;
		python_trace_reset(&u->trace, true);
		u->at = TRACE;
		return true;
	}
	if (u->at == TITLE && (open_block(u, out, line) || success_line(u, out, line)))
		return true;
	u->at = is_double_rule(s) ? TITLE : IDLE;
	if (str_starts(s, "Ran ") && str_has(s, " test"))
		ran_line(u, s);
	else if (u->ran && (str_starts(s, "FAILED (") || str_starts(s, "OK")))
		result_line(u, out, line);
	return u->at == TITLE || u->ran > 0;
}

static void unittest_end(void *state, struct report_out *out)
{
	report_block(state, out);
}

const struct report_format format_unittest = {
	.name = "unittest",
	.literals = (const char *const[]){"\n====================================================="
					  "=================",
		"\nRan ", "\nFAILED (", NULL},
	.state_size = sizeof(struct unittest),
	.line = unittest_line,
	.end = unittest_end,
};
