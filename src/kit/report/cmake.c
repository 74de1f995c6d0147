/* cmake: errors of configuring with CMake; the message is indented under "CMake Error at".
 * https://cmake.org/cmake/help/latest/command/message.html */
#include "kit/report/scan.h"

#include "kit/report/format.h"

struct cmake {
	struct failure f;
	char step[64]; /* what a CI system puts before each line of a step: "[step1] " */
	bool have, in_stack, warning;
	int first_line, last_line;
};

static void flush_as(struct cmake *c, struct report_out *out, bool warning)
{
	struct failure *f = &c->f;

	if (!c->have)
		return;
	c->have = false;
	f->kind = warning ? FAILURE_LINT : FAILURE_CONFIGURATION;
	f->type = warning ? STR("warning") : STR("cmake");
	f->language = STR("cmake");
	f->duration_s = -1;
	f->message = str_trim(f->message);
	out_emit(out, f, ROLE_DETAIL, c->first_line, c->last_line);
	out_reset(out);
}

static void flush(struct cmake *c, struct report_out *out)
{
	flush_as(c, out, c->warning);
}

/* The lines below the first one are known by their margin: without the name of the step. */
static struct str without_step(const struct cmake *c, struct str s)
{
	(void)str_skip(&s, c->step);
	return s;
}

/* "CMake Error", "CMake Warning (dev)", "CMake Deprecation Warning" */
static bool take_severity(struct cmake *c, struct str *s)
{
	ptrdiff_t at = str_find_c(*s, "CMake ");
	size_t step = at > 0 && s->p[0] == '[' ? (size_t)at : 0;

	if (at < 0)
		return false;
	snprintf(c->step, sizeof(c->step), "%.*s", (int)step, s->p);
	*s = str_from(*s, step);
	c->warning = str_skip(s, "CMake Warning") || str_skip(s, "CMake Deprecation Warning") ||
		     str_skip(s, "CMake Author Warning");
	if (!c->warning && !str_skip(s, "CMake Error"))
		return false;
	(void)str_skip(s, " (dev)");
	return true;
}

/* "CMake Error at CMakeLists.txt:5 (find_package):", "CMake Error: text" */
static bool starts(struct cmake *c, struct report_out *out, const struct report_line *line)
{
	struct str s = line->text, path;
	struct frame frame = {0};
	bool was_warning = c->warning;

	if (!take_severity(c, &s)) {
		c->warning = was_warning;
		return false;
	}
	flush_as(c, out, was_warning);
	c->f = (struct failure){0};
	c->have = true;
	c->in_stack = false;
	c->first_line = c->last_line = line->number;
	if (str_skip(&s, " at ") && str_cut(&s, ":", &path) && str_take_int(&s, &frame.line)) {
		frame.path = out_scratch(out, path);
		c->f.file = frame.path;
		c->f.line = frame.line;
		if (str_skip(&s, " ("))
			frame.function = out_scratch(out, scan_until(s, ")"));
		c->f.name = frame.function;
		failure_add_frame(&c->f, &out->scratch, frame);
	} else if (str_skip(&s, " in ") && str_cut(&s, ":", &path)) {
		c->f.file = out_scratch(out, path);
	} else if (str_skip(&s, ": ")) {
		c->f.message = out_scratch(out, s);
	}
	return true;
}

/* "  CMakeLists.txt:5 (find_package)" */
static void stack_line(struct cmake *c, struct report_out *out, struct str s)
{
	struct frame frame = {0};
	struct str path;

	s = str_trim(s);
	if (!str_cut(&s, ":", &path) || !str_take_int(&s, &frame.line) || !str_skip(&s, " ("))
		return;
	frame.path = out_scratch(out, path);
	frame.function = out_scratch(out, scan_until(s, ")"));
	failure_add_frame(&c->f, &out->scratch, frame);
}

static bool cmake_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct cmake *c = state;
	struct str s = line->text;

	if (starts(c, out, line))
		return true;
	if (!c->have)
		return false;
	s = without_step(c, s);
	if (str_starts(s, "Call Stack (most recent call first)")) {
		c->in_stack = true;
	} else if (s.n && s.p[0] != ' ') {
		flush(c, out);
		return false;
	} else if (c->in_stack) {
		stack_line(c, out, s);
	} else if (str_trim(s).n) {
		s = str_trim(s);
		c->f.message =
			c->f.message.n ? out_join(out, c->f.message, s) : out_scratch(out, s);
	}
	if (s.n)
		c->last_line = line->number;
	return true;
}

static void cmake_end(void *state, struct report_out *out)
{
	flush(state, out);
}

const struct report_format format_cmake = {
	.name = "cmake",
	.literals = (const char *const[]){"\nCMake Error", "CMake Warning",
		"CMake Deprecation Warning", "CMake Author Warning", NULL},
	.state_size = sizeof(struct cmake),
	.line = cmake_line,
	.end = cmake_end,
};
