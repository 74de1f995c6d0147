#include "kit/report/python_trace.h"

#include "base/limits.h"
#include "kit/report/scan.h"

static const char *const header = "Traceback (most recent call last):";

void python_trace_reset(struct python_trace *t, bool loose)
{
	*t = (struct python_trace){.loose = loose};
	t->f.duration_s = -1;
}

bool python_trace_starts(struct str line)
{
	struct frame frame;

	return str_has(line, header) ||
	       (str_starts(line, "  File \"") && python_frame(line, &frame));
}

bool python_frame(struct str line, struct frame *out)
{
	struct str rest = str_ltrim(line), path;

	*out = (struct frame){0};
	if (!str_skip(&rest, "File \"") || !str_cut(&rest, "\", line ", &path) ||
		!str_take_int(&rest, &out->line))
		return false;
	out->path = path;
	if (str_skip(&rest, ", in ") || str_skip(&rest, " in "))
		out->function = str_trim(rest);
	return true;
}

bool python_exception(struct str line, struct str *type, struct str *message)
{
	size_t n = 0;
	struct str rest;

	while (n < line.n && (scan_is_word(line.p[n]) || line.p[n] == '<' || line.p[n] == '>'))
		n++;
	rest = str_from(line, n);
	if (n == 0 || line.p[0] == '.' || (line.p[0] >= '0' && line.p[0] <= '9'))
		return false;
	if (rest.n && !str_skip(&rest, ":"))
		return false;
	*type = str_slice(line, 0, n);
	*message = str_trim(rest);
	return true;
}

/* Without the margin of exception groups ("  | "); a rule between members is all margin. */
static struct str without_margin(struct python_trace *t, struct str line, bool *rule)
{
	struct str rest = str_ltrim(line);

	*rule = false;
	if (str_starts(rest, "+ Exception Group ")) {
		t->group = true;
		return str_from(rest, 2);
	}
	if (!t->group)
		return line;
	if (str_starts(rest, "+-")) {
		*rule = true;
		return STR("");
	}
	if (str_skip(&rest, "| "))
		return rest;
	return str_eq_c(rest, "|") ? STR("") : line;
}

/* Deep recursion: the outermost and the innermost frames stay. */
void python_trace_add_frame(struct python_trace *t, struct report_out *out, struct frame frame)
{
	enum { HALF = LIMIT_FRAMES / 2 };
	struct failure list = {.stack = {t->frames.v, t->frames.n, t->frames.cap}};

	frame.path = out_scratch(out, frame.path);
	frame.function = out_scratch(out, frame.function);
	if (frame.path.n == 0)
		return;
	if (list.stack.n == LIMIT_FRAMES) {
		memmove(&list.stack.v[HALF], &list.stack.v[HALF + 1], (HALF - 1) * sizeof(frame));
		list.stack.n--;
	}
	failure_add_frame(&list, &out->scratch, frame);
	t->frames.v = list.stack.v;
	t->frames.n = list.stack.n;
	t->frames.cap = list.stack.cap;
}

/* Puts the frames just read, innermost first, before those of the exceptions before. */
void python_trace_push(struct python_trace *t, struct report_out *out)
{
	struct failure whole = {0};

	for (size_t i = t->frames.n; i-- > 0;)
		failure_add_frame(&whole, &out->scratch, t->frames.v[i]);
	for (size_t i = 0; i < t->f.stack.n; i++)
		failure_add_frame(&whole, &out->scratch, t->f.stack.v[i]);
	t->f.stack.v = whole.stack.v;
	t->f.stack.n = whole.stack.n;
	t->f.stack.cap = whole.stack.cap;
	t->frames.n = t->frames.cap = 0;
}

static void take_exception(struct python_trace *t, struct report_out *out, struct str line,
	struct str type, struct str message)
{
	if (!t->inside) {
		python_trace_push(t, out);
		t->f.type = out_scratch(out, type);
		t->f.message = out_scratch(out, message);
		t->inside = t->group;
	} else {
		/* A member of a group: the first one's frames are as near as it gets. */
		if (t->leaves++ == 0)
			python_trace_push(t, out);
		t->frames.n = 0;
		t->f.message = out_join(out, t->f.message, line);
	}
	t->at = TRACE_MESSAGE;
}

bool python_is_chain(struct str line)
{
	return str_starts(line, "During handling of the above exception") ||
	       str_starts(line, "The above exception was the direct cause");
}

static bool in_frames(struct python_trace *t, struct report_out *out, struct str line)
{
	struct frame frame;
	struct str type, message;

	if (python_frame(line, &frame)) {
		python_trace_add_frame(t, out, frame);
		return true;
	}
	if (line.n == 0 || line.p[0] == ' ' || line.p[0] == '\t')
		return t->frames.n > 0 || line.n == 0;
	if (!python_exception(line, &type, &message))
		return false;
	take_exception(t, out, line, type, message);
	return true;
}

static bool in_message(struct python_trace *t, struct report_out *out, struct str line)
{
	if (python_is_chain(line) || ((t->loose || t->group) && str_has(line, header))) {
		t->at = TRACE_FRAMES;
		t->frames.n = 0;
		return true;
	}
	if (line.n == 0 && !t->loose) {
		t->at = TRACE_GAP;
		return true;
	}
	if (t->at == TRACE_GAP || (!t->loose && line.p[0] != ' ' && line.p[0] != '\t'))
		return false;
	t->f.message = out_join(out, t->f.message, str_rtrim(line));
	return true;
}

bool python_trace_line(
	struct python_trace *t, struct report_out *out, const struct report_line *line)
{
	bool rule;
	struct str text = without_margin(t, line->text, &rule);
	bool taken = true;

	if (t->at == TRACE_NONE) {
		t->first_line = line->number;
		t->at = TRACE_FRAMES;
		t->group |= str_has(text, "Exception Group Traceback");
		if (!str_has(text, header))
			taken = in_frames(t, out, text);
	} else if (rule) {
		t->at = TRACE_FRAMES;
		t->frames.n = 0;
	} else if (t->at == TRACE_FRAMES) {
		if (!str_has(text, header))
			taken = in_frames(t, out, text);
	} else {
		taken = in_message(t, out, text);
	}
	if (taken && text.n)
		t->last_line = line->number;
	return taken;
}

bool python_trace_complete(const struct python_trace *t)
{
	return t->f.type.n > 0;
}

/* "LEFT op RIGHT" -> the two sides, by the first operator outside brackets and quotes. */
static bool split_operands(struct str s, const char *operator, struct str * left, struct str *right)
{
	ptrdiff_t at = scan_top_level(s, operator);

	if (at <= 0)
		return false;
	*left = str_trim(str_slice(s, 0, (size_t)at));
	*right = str_trim(str_from(s, (size_t)at + strlen(operator)));
	return left->n > 0 && right->n > 0;
}

void python_operands(struct failure *f, struct report_out *out)
{
	struct str rest = f->message, line, left, right;

	if (!str_ends(f->type, "AssertionError"))
		return;
	while (str_next_line(&rest, &line)) {
		/* pytest: "assert ACTUAL == EXPECTED"; unittest: "FIRST != SECOND". */
		if (str_skip(&line, "assert ") ? !split_operands(line, " == ", &left, &right)
					       : !split_operands(line, " != ", &left, &right))
			continue;
		right = scan_until(right, " : ");
		/* "Lists differ: A != B" */
		if (str_find_c(left, "s differ: ") > 0)
			left = str_from(left, (size_t)str_find_c(left, "s differ: ") + 10);
		f->actual = out_scratch(out, left);
		f->expected = out_scratch(out, right);
		return;
	}
}

void python_trace_conclude(struct python_trace *t, struct report_out *out)
{
	struct failure *f = &t->f;

	f->language = STR("python");
	if (f->stack.n) {
		f->file = f->stack.v[0].path;
		f->line = f->stack.v[0].line;
	}
	f->message = str_trim(f->message);
	python_operands(f, out);
}
