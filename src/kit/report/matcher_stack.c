#include "kit/report/matcher_stack.h"

#include "kit/report/document/stack_text.h"

void matcher_stack_reset(struct matcher_stack *s)
{
	s->n = s->at = 0;
	s->function[0] = '\0';
	s->lead = 0;
}

static void insert(struct matcher_stack *s, struct report_out *out, struct frame frame)
{
	if (s->n == STACK_FRAMES)
		return;
	frame.path = out_scratch(out, frame.path);
	frame.function = out_scratch(out, frame.function);
	memmove(&s->frames[s->at + 1], &s->frames[s->at], (s->n - s->at) * sizeof(s->frames[0]));
	s->frames[s->at++] = frame;
	s->n++;
}

static bool at_line(struct matcher_stack *s, struct report_out *out, struct str text)
{
	struct str trimmed = str_trim(text);
	struct frame frame;

	if (!str_starts(trimmed, "at ") || trimmed.p == text.p ||
		!stack_text_frame(trimmed, &frame, &out->scratch))
		return str_starts(trimmed, "at ") && trimmed.p != text.p && s->n > 0;
	insert(s, out, frame);
	return true;
}

static bool frame_line(
	struct matcher_stack *s, struct matcher *m, struct report_out *out, struct str text)
{
	struct matcher_take take = {0};
	struct frame frame = {0};

	if (m->at_frames)
		return at_line(s, out, text);
	if (!matcher_step_match(&m->frame, text, &take))
		return false;
	frame.path = str_trim(take.file);
	(void)str_skip(&frame.path, "file://");
	frame.function = take.function.n ? take.function : str_of(s->function);
	if (take.line.n && !str_to_int(take.line, 0, INT32_MAX, &frame.line))
		frame.line = 0;
	if (take.column.n && !str_to_int(take.column, 0, INT32_MAX, &frame.column))
		frame.column = 0;
	insert(s, out, frame);
	s->function[0] = '\0';
	return true;
}

/* The exception that it comes from happened before: its frames are the inner ones. */
static bool cause_line(struct matcher_stack *s, struct matcher *m, struct report_out *out,
	struct str text, struct failure *f)
{
	struct matcher_take take = {0};

	if (!matcher_step_match(&m->cause, text, &take))
		return false;
	if (!f->message.n)
		f->message = out_scratch(out, str_trim(text));
	else
		f->message = out_join(out, f->message, str_trim(text));
	s->at = 0;
	return true;
}

bool matcher_stack_line(struct matcher_stack *s, struct matcher *m, struct report_out *out,
	struct str text, struct failure *f)
{
	struct matcher_take take = {0};

	if (frame_line(s, m, out, text) || cause_line(s, m, out, text, f))
		return true;
	if (matcher_step_match(&m->function, text, &take)) {
		snprintf(s->function, sizeof(s->function), "%.*s", STR_ARGS(take.function));
		return true;
	}
	return matcher_step_match(&m->between, text, &take);
}

bool matcher_stack_waits(struct matcher_stack *s, const struct matcher *m)
{
	return s->n == 0 && s->lead++ < m->lead;
}

void matcher_stack_give(const struct matcher_stack *s, struct report_out *out, struct failure *f)
{
	const struct frame *place = NULL;

	for (size_t i = 0; i < s->n; i++) {
		failure_add_frame(f, &out->scratch, s->frames[i]);
		if (!place && s->frames[i].line && !stack_text_is_library(&s->frames[i]))
			place = &s->frames[i];
	}
	if (!place && s->n)
		place = &s->frames[0];
	if (f->file.n || !place)
		return;
	f->file = place->path;
	f->line = place->line;
	f->column = place->column;
}
