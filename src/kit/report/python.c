/* python: tracebacks that no test runner frames, and the interpreter's own crashes. */
#include "kit/report/python_trace.h"

struct python {
	struct python_trace trace;
	struct failure fatal; /* "Fatal Python error": frames innermost first */
	int fatal_line, fatal_last;
	bool in_fatal;
};

static void report_trace(struct python *p, struct report_out *out)
{
	if (python_trace_complete(&p->trace)) {
		python_trace_conclude(&p->trace, out);
		out_emit(out, &p->trace.f, ROLE_TRACE, p->trace.first_line, p->trace.last_line);
	}
	python_trace_reset(&p->trace, false);
	out_reset(out);
}

static void report_fatal(struct python *p, struct report_out *out)
{
	struct failure *f = &p->fatal;

	if (f->stack.n) {
		f->file = f->stack.v[0].path;
		f->line = f->stack.v[0].line;
	}
	out_emit(out, f, ROLE_DETAIL, p->fatal_line, p->fatal_last);
	p->in_fatal = false;
}

static struct str fatal_type(struct str message)
{
	if (str_has(message, "Segmentation fault"))
		return STR("SIGSEGV");
	if (str_has(message, "Aborted"))
		return STR("SIGABRT");
	if (str_has(message, "Floating point exception"))
		return STR("SIGFPE");
	if (str_has(message, "Bus error"))
		return STR("SIGBUS");
	return STR("Fatal Python error");
}

static void start_fatal(struct python *p, struct report_out *out, const struct report_line *line)
{
	struct str message = line->text, before;

	str_cut(&message, "Fatal Python error: ", &before);
	p->fatal = (struct failure){.kind = FAILURE_CRASH,
		.language = STR("python"),
		.type = fatal_type(message),
		.message = out_scratch(out, message),
		.duration_s = -1};
	p->fatal_line = p->fatal_last = line->number;
	p->in_fatal = true;
}

static bool fatal_line(struct python *p, struct report_out *out, const struct report_line *line)
{
	struct frame frame;
	struct str text = line->text;

	if (python_frame(text, &frame)) {
		frame.path = out_scratch(out, frame.path);
		frame.function = out_scratch(out, frame.function);
		failure_add_frame(&p->fatal, &out->scratch, frame);
		p->fatal_last = line->number;
		return true;
	}
	if (text.n == 0 || str_has(text, "most recent call first") ||
		str_starts(text, "Python runtime state"))
		return p->fatal.stack.n == 0 || text.n > 0;
	report_fatal(p, out);
	return false;
}

static bool python_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct python *p = state;

	if (p->in_fatal) {
		if (fatal_line(p, out, line))
			return true;
		if (p->in_fatal)
			report_fatal(p, out);
	}
	if (out->open) {
		if (python_trace_line(&p->trace, out, line))
			return true;
		report_trace(p, out);
	}
	if (str_has(line->text, "Fatal Python error: ")) {
		start_fatal(p, out, line);
		return true;
	}
	if (!python_trace_starts(line->text))
		return false;
	python_trace_reset(&p->trace, false);
	return python_trace_line(&p->trace, out, line);
}

static void python_end(void *state, struct report_out *out)
{
	struct python *p = state;

	if (p->in_fatal)
		report_fatal(p, out);
	if (out->open)
		report_trace(p, out);
}

const struct report_format format_python = {
	.name = "python",
	.literals = (const char *const[]){"Traceback (most recent call last):", "\n  File \"",
		"Fatal Python error: ", NULL},
	.state_size = sizeof(struct python),
	.line = python_line,
	.end = python_end,
};
