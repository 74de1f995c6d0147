/* assert: the line that a failing assert() of a C library prints before it aborts, and what C++
 * prints when it terminates. One line each (terminate has two); the forms are a table. */
#include "kit/report/scan.h"

#include "kit/report/format.h"

struct assertion {
	struct failure terminate; /* "terminate called after throwing an instance of 'T'" */
	bool waiting;             /* for its "  what():  text" */
	int line;
};

struct parts {
	struct str file, function, expression, line;
};

/* The last ": " or ":" before which only prog, file and line stand. */
static bool place_before(struct str s, struct parts *p)
{
	/* "prog: file:line: function" or, from library headers, "file:line: function". */
	for (size_t i = 0; i + 1 < s.n; i++) {
		struct str number = str_from(s, i + 1), digits;
		int n;
		ptrdiff_t start;

		if (s.p[i] != ':')
			continue;
		digits = number;
		if (!str_take_int(&digits, &n) || !(str_starts(digits, ": ") || digits.n == 0))
			continue;
		p->line = str_slice(number, 0, number.n - digits.n);
		p->function = digits.n ? str_trim(str_from(digits, 2)) : STR("");
		p->file = str_slice(s, 0, i);
		start = str_find_c(p->file, ": ");
		if (start >= 0)
			p->file = str_from(p->file, (size_t)start + 2);
		return p->file.n > 0;
	}
	return false;
}

/* glibc: prog: a.c:3: f: Assertion `x' failed.   libstdc++: .../v.h:9: T f(): Assertion 'x' failed.
 */
static bool glibc_form(struct str s, struct parts *p)
{
	struct str before;

	s = str_rtrim(s);
	if (!str_cut(&s, ": Assertion ", &before) || !str_ends(s, " failed."))
		return false;
	s = str_slice(s, 0, s.n - strlen(" failed."));
	if (s.n < 2)
		return false;
	p->expression = str_slice(s, 1, s.n - 1);
	/* UTF-8 quotes have three bytes. */
	if ((uint8_t)s.p[0] == 0xe2)
		p->expression = str_slice(s, 3, s.n > 6 ? s.n - 3 : 3);
	return place_before(before, p);
}

/* macOS: Assertion failed: (x), function f, file a.c, line 3.   MSVC: no function. */
static bool bsd_form(struct str s, struct parts *p)
{
	if (!str_skip(&s, "Assertion failed: ") || !str_has(s, ", line "))
		return false;
	if (!str_cut(&s, ", function ", &p->expression)) {
		if (!str_cut(&s, ", file ", &p->expression))
			return false;
	} else if (!str_cut(&s, ", file ", &p->function)) {
		return false;
	}
	if (!str_cut(&s, ", line ", &p->file))
		return false;
	p->line = s;
	if (str_starts(p->expression, "(") && str_ends(p->expression, ")"))
		p->expression = str_slice(p->expression, 1, p->expression.n - 1);
	return true;
}

/* musl: Assertion failed: x (a.c: f: 3) */
static bool musl_form(struct str s, struct parts *p)
{
	ptrdiff_t open = str_rfind_char(s, '(');

	if (!str_skip(&s, "Assertion failed: ") || !str_ends(s, ")") || open < 0)
		return false;
	open = str_rfind_char(s, '(');
	if (open <= 0)
		return false;
	p->expression = str_trim(str_slice(s, 0, (size_t)open));
	s = str_slice(s, (size_t)open + 1, s.n - 1);
	if (!str_cut(&s, ": ", &p->file) || !str_cut(&s, ": ", &p->function))
		return false;
	p->line = s;
	return true;
}

/* newlib: assertion "x" failed: file "a.c", line 3, function: f */
static bool newlib_form(struct str s, struct parts *p)
{
	if (!str_skip(&s, "assertion \"") || !str_cut(&s, "\" failed: file \"", &p->expression) ||
		!str_cut(&s, "\", line ", &p->file))
		return false;
	if (!str_cut(&s, ", function: ", &p->line)) {
		p->line = s;
		return true;
	}
	p->function = s;
	return true;
}

/* GLib: ERROR:a.c:3:f: assertion failed (x): (1 == 2) */
static bool glib_form(struct str s, struct parts *p)
{
	struct str rest = s, before;

	if (!str_cut(&rest, ": assertion failed", &before))
		return false;
	str_cut(&before, "ERROR:", &s);
	if (!str_cut(&before, ":", &p->file) || !str_cut(&before, ":", &p->line))
		return false;
	p->function = before;
	str_skip(&rest, ":");
	p->expression = str_trim(rest);
	return true;
}

static bool read_parts(struct str s, struct parts *p, int *line)
{
	static bool (*const forms[])(struct str, struct parts *) = {
		glibc_form, bsd_form, musl_form, newlib_form, glib_form};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		*p = (struct parts){0};
		if (forms[i](s, p) && str_take_int(&p->line, line))
			return true;
	}
	return false;
}

static bool assert_form(struct report_out *out, const struct report_line *line)
{
	struct parts p;
	struct failure f = {.kind = FAILURE_TEST, .type = STR("assert"), .duration_s = -1};

	if (!read_parts(line->text, &p, &f.line))
		return false;
	f.file = p.file;
	f.message = p.expression;
	f.name = p.function;
	f.language = scan_language(p.file);
	if (!f.language.p)
		f.language = str_has(p.file, "/c++/") ? STR("cpp") : STR("c");
	failure_add_frame(&f, &out->scratch,
		(struct frame){.path = p.file, .function = p.function, .line = f.line});
	out_emit(out, &f, ROLE_DETAIL, line->number, line->number);
	return true;
}

static void flush(struct assertion *a, struct report_out *out, int last)
{
	if (a->waiting)
		out_emit(out, &a->terminate, ROLE_DETAIL, a->line, last);
	a->waiting = false;
}

static bool terminate_line(
	struct assertion *a, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text, type;

	a->terminate =
		(struct failure){.kind = FAILURE_CRASH, .language = STR("cpp"), .duration_s = -1};
	a->terminate.message = out_scratch(out, str_trim(s));
	if (str_skip(&s, "terminate called after throwing an instance of '") &&
		str_cut(&s, "'", &type))
		a->terminate.type = out_scratch(out, type);
	else if (str_skip(&s, "terminating with uncaught exception of type ") ||
		 str_skip(&s, "terminating due to uncaught exception of type "))
		a->terminate.type = out_scratch(out, str_cut(&s, ": ", &type) ? type : s);
	else
		a->terminate.type = STR("terminate");
	a->line = line->number;
	a->waiting = true;
	return true;
}

static bool assert_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct assertion *a = state;
	struct str s = str_ltrim(line->text);

	if (a->waiting && str_skip(&s, "what():")) {
		a->terminate.message = out_scratch(out, str_trim(s));
		flush(a, out, line->number);
		return false;
	}
	flush(a, out, line->number - 1);
	if (str_starts(line->text, "terminate called ") || str_starts(line->text, "terminating "))
		return terminate_line(a, out, line);
	(void)assert_form(out, line);
	return false;
}

static void assert_end(void *state, struct report_out *out)
{
	struct assertion *a = state;

	flush(a, out, a->line);
}

const struct report_format format_assert = {
	.name = "assert",
	.literals = (const char *const[]){": Assertion ", "Assertion failed: ", "\nassertion \"",
		": assertion failed", "\nterminate called ",
		"\nterminating with uncaught exception", "\nterminating due to uncaught exception",
		NULL},
	.state_size = sizeof(struct assertion),
	.line = assert_line,
	.end = assert_end,
};
