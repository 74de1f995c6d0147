/* JUnit XML, as CI systems take it in: one suite for each source of failures. Other than tests
 * become cases, too, of a suite of their kind. */
#include "app/render/render.h"
#include "base/utf8.h"
#include "model/failure.h"

enum { MESSAGE_MAX = 2000 };

/* Whether XML 1.0 may hold the character (section 2.2). */
static bool is_character(struct str s, size_t n)
{
	unsigned char c = (unsigned char)s.p[0];

	if (n == 1)
		return c >= ' ' || c == '\t' || c == '\n' || c == '\r';
	return n != 3 || memcmp(s.p, "\xef\xbf", 2) != 0 || (unsigned char)s.p[2] < 0xbe;
}

static void escape_one(struct buf *out, char c, bool attribute)
{
	if (c == '<')
		buf_c(out, "&lt;");
	else if (c == '>')
		buf_c(out, "&gt;");
	else if (c == '&')
		buf_c(out, "&amp;");
	else if (attribute && c == '"')
		buf_c(out, "&quot;");
	else if (c == '\r' || (attribute && (c == '\n' || c == '\t')))
		buf_printf(out, "&#%d;", c);
	else
		buf_char(out, c);
}

static void escape(struct buf *out, struct str s, bool attribute)
{
	while (s.n) {
		size_t n = utf8_length(s);

		if (n == 0 || !is_character(s, n))
			buf_c(out, "\xef\xbf\xbd");
		else if (n == 1)
			escape_one(out, s.p[0], attribute);
		else
			buf_add(out, s.p, n);
		s = str_from(s, n ? n : 1);
	}
}

static void attribute(struct buf *out, const char *name, struct str value)
{
	buf_printf(out, " %s=\"", name);
	escape(out, value, true);
	buf_char(out, '"');
}

static void frames(struct buf *out, const struct failure *f)
{
	for (size_t i = 0; i < f->stack.n; i++) {
		const struct frame *frame = &f->stack.v[i];

		buf_c(out, "\n    at ");
		escape(out, frame->path, false);
		if (frame->line)
			buf_printf(out, ":%d", frame->line);
		if (frame->function.n)
			buf_c(out, " in ");
		escape(out, frame->function, false);
	}
}

static bool is_test(const struct failure *f)
{
	return f->kind == FAILURE_TEST && f->name.n;
}

static void one(struct buf *out, const struct failure *f)
{
	const char *what = f->kind == FAILURE_TEST ? "failure" : "error";
	struct str kind = str_of(failure_kind_to_string(f->kind));
	struct str name = f->name.n ? f->name : f->type.n ? f->type : kind;

	buf_c(out, "    <testcase");
	attribute(out, "name", name);
	attribute(out, "classname", f->suite.n ? f->suite : f->file.n ? f->file : kind);
	if (f->file.n)
		attribute(out, "file", f->file);
	if (f->line)
		buf_printf(out, " line=\"%d\"", f->line);
	if (f->duration_s >= 0)
		buf_printf(out, " time=\"%.3f\"", f->duration_s);
	buf_printf(out, ">\n      <%s", what);
	attribute(out, "type", f->type.n ? f->type : kind);
	attribute(out, "message", str_slice(f->message, 0, MESSAGE_MAX));
	buf_char(out, '>');
	escape(out, f->message, false);
	frames(out, f);
	buf_printf(out, "</%s>\n    </testcase>\n", what);
}

static int known(int n)
{
	return n < 0 ? 0 : n;
}

/* The totals hold what was counted, or at least what is listed. */
static void totals(struct buf *out, const struct failure_list *list)
{
	int failures = 0, errors = 0, tests;

	vec_each (f, &list->items) {
		failures += f->kind == FAILURE_TEST;
		errors += f->kind != FAILURE_TEST;
	}
	tests = known(list->counts.tests);
	if (tests < failures + errors)
		tests = failures + errors;
	buf_printf(out, " tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\"", tests,
		failures, errors, known(list->counts.skipped));
}

void render_failures_junit(struct buf *out, const struct failure_list *list)
{
	buf_c(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"selfheal\"");
	totals(out, list);
	buf_c(out, ">\n");
	for (int tests = 1; tests >= 0; tests--) {
		size_t n = 0, failures = 0;

		vec_each (f, &list->items) {
			n += is_test(f) == (tests == 1);
			failures += is_test(f) == (tests == 1) && f->kind == FAILURE_TEST;
		}
		if (n == 0)
			continue;
		buf_printf(out,
			"  <testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
			"skipped=\"0\">\n",
			tests ? "failed tests" : "failures", n, failures, n - failures);
		vec_each (f, &list->items)
			if (is_test(f) == (tests == 1))
				one(out, f);
		buf_c(out, "  </testsuite>\n");
	}
	buf_c(out, "</testsuites>\n");
}
