/* matchers: diagnostics of the many compilers and linters whose lines differ only in their shape,
 * read by the patterns of templates/matchers/ as an editor's problem matchers do
 * (https://code.visualstudio.com/docs/editor/tasks#_defining-a-problem-matcher). */
#include "kit/report/scan.h"

#include "kit/report/matcher_stack.h"

#include "kit/report/format.h"

enum {
	LOOKED_AT_BYTES = 4096, /* of one line: what a pattern costs must not grow with it */
	FIELD_BYTES = 1024,
	MORE_LINES = 60, /* that a message may go on for */
	GUESSES_MAX = 500,
};

/* What the first lines said, kept for the findings behind them. */
struct head {
	char file[FIELD_BYTES], message[FIELD_BYTES], code[128], severity[32], type[256];
	int line, column;
};

struct matchers {
	struct matcher *active; /* whose further lines are awaited; NULL: none */
	size_t step;            /* the step awaited; active->steps: all are there */
	int skipped, more;      /* lines since that fit no step; lines of the message */
	bool have;              /* f is whole */
	struct head head;
	struct failure f; /* texts in the scratch */
	struct matcher_stack stack;
	int first_line, last_line;
	struct matcher *listing; /* has found something in the line before, below head's file */
	int listed_line;
	int guesses;             /* emitted */
	char start[FIELD_BYTES]; /* the line that active began with, which others may claim */
	size_t start_n;
	long index; /* of active */
};

static bool is_one_of(struct str word, const char *const *words)
{
	for (; *words; words++)
		if (str_eq_nocase(word, str_of(*words)))
			return true;
	return false;
}

/* The many words for how bad it is. */
static const char *severity_of(struct str word)
{
	static const char *const errors[] = {"error", "err", "e", "fatal", "fatal error", "f",
		"severe", "severe error", "s", "u", "critical", "crit", "high", "failure", "fehler",
		"erreur", "catastrophic error", "internal error", "syntax error", "parse error",
		"blocker", "\xe2\x9c\x96", "\xe2\x9d\x8c", "x", "runtime error", "panic", NULL};
	static const char *const notes[] = {"note", "info", "i", "information", "hint", "remark",
		"style", "message", "msg", "advice", NULL};

	if (is_one_of(word, errors))
		return "error";
	return is_one_of(word, notes) ? "note" : "warning";
}

static void keep(char *to, size_t size, struct str from)
{
	if (from.n)
		snprintf(to, size, "%.*s", STR_ARGS(from));
}

static void keep_number(int *to, struct str from)
{
	if (from.n && !str_to_int(from, 0, INT32_MAX, to))
		*to = 0;
}

static void remember(struct head *h, const struct matcher_take *take)
{
	struct str file = str_trim(take->file);

	(void)str_skip(&file, "file://");
	keep(h->file, sizeof(h->file), file);
	keep(h->message, sizeof(h->message), str_trim(take->message));
	keep(h->code, sizeof(h->code), str_trim(take->code));
	keep(h->severity, sizeof(h->severity), str_trim(take->severity));
	keep(h->type, sizeof(h->type), take->type);
	keep_number(&h->line, take->line);
	keep_number(&h->column, take->column);
}

static void make_failure(struct matchers *s, struct report_out *out, const struct matcher *m)
{
	const struct head *h = &s->head;
	struct str severity = h->severity[0] ? str_of(h->severity) : m->severity;
	const char *type = severity_of(severity.n ? severity : STR("error"));
	struct failure *f = &s->f;

	*f = (struct failure){.type = str_of(type),
		.kind = strcmp(type, "error") == 0 ? m->kind : FAILURE_LINT,
		.line = h->line,
		.column = h->column,
		.language = m->language,
		.duration_s = -1};
	f->file = out_scratch(out, str_of(h->file));
	if (h->type[0] || m->type.n)
		f->type = h->type[0] ? out_scratch(out, str_of(h->type)) : m->type;
	else if (m->role == ROLE_SIGNAL)
		f->type = m->name;
	f->name = out_scratch(out, str_of(h->code));
	f->message = out_scratch(out, str_of(h->message));
	if (!f->language.n)
		f->language = scan_language(f->file);
	if (!f->language.p)
		f->language = STR("");
	s->have = true;
	matcher_stack_reset(&s->stack);
}

static void flush(struct matchers *s, struct report_out *out)
{
	struct failure *f = &s->f;

	if (!s->have)
		return;
	s->have = false;
	if (matcher_has_frames(s->active) && s->stack.n == 0 && !s->active->bare)
		return;
	if (!f->message.n)
		f->message = f->name;
	matcher_stack_give(&s->stack, out, f);
	if (f->file.n && f->stack.n == 0)
		failure_add_frame(f, &out->scratch,
			(struct frame){.path = f->file, .line = f->line, .column = f->column});
	s->guesses += s->active->role == ROLE_GUESS;
	out_emit(out, f, s->active->role, s->first_line, s->last_line);
	out_reset(out);
}

static void leave(struct matchers *s, struct report_out *out)
{
	flush(s, out);
	s->active = NULL;
}

/* The first line of something. */
struct beginning {
	struct matcher *m;
	long index;
	struct matcher_take before, first;
	bool listed; /* below the same head as the line before */
};

static void begin(struct matchers *s, struct report_out *out, const struct beginning *b, int number)
{
	struct matcher *m = b->m;
	struct head head;

	if (!b->listed)
		s->head = (struct head){0};
	remember(&s->head, &b->before);
	head = s->head;
	remember(&s->head, &b->first);
	s->active = m;
	s->index = b->index;
	s->step = 0;
	s->skipped = s->more = 0;
	s->first_line = m->before.pattern.n && !b->listed ? number - 1 : number;
	s->last_line = number;
	if (m->steps == 0)
		make_failure(s, out, m);
	if (!m->before.pattern.n)
		return;
	if (m->steps == 0)
		s->head = head;
	s->listing = m;
	s->listed_line = number;
}

/* A finding of the step that loops starts anew from what the head said. */
static bool take_step(struct matchers *s, struct report_out *out, const struct report_line *line)
{
	struct matcher *m = s->active;
	struct matcher_step *step = &m->then[s->step];
	struct str text = str_slice(line->text, 0, LOOKED_AT_BYTES);
	struct matcher_take take = {0};
	struct head head;

	if (!matcher_step_match(step, text, &take))
		return false;
	flush(s, out);
	head = s->head;
	remember(&s->head, &take);
	s->skipped = s->more = 0;
	s->last_line = line->number;
	if (step->loop || s->step + 1 == m->steps)
		make_failure(s, out, m);
	if (step->loop) {
		s->first_line = line->number;
		s->head = head;
	} else {
		s->step++;
	}
	return true;
}

static bool take_more(struct matchers *s, struct report_out *out, const struct report_line *line)
{
	struct str text = str_slice(line->text, 0, LOOKED_AT_BYTES);
	struct matcher_take take = {0};

	if (!s->have || s->more >= MORE_LINES || !matcher_step_match(&s->active->more, text, &take))
		return false;
	s->more++;
	s->skipped = 0;
	s->last_line = line->number;
	if (s->listing == s->active)
		s->listed_line = line->number;
	take.message = str_trim(take.message);
	if (take.message.n && s->f.message.n)
		s->f.message = out_join(out, s->f.message, take.message);
	else if (take.message.n)
		s->f.message = out_scratch(out, take.message);
	if (take.code.n && !s->f.name.n)
		s->f.name = out_scratch(out, take.code);
	return true;
}

static bool take_frame(struct matchers *s, struct report_out *out, const struct report_line *line)
{
	struct str text = str_slice(line->text, 0, LOOKED_AT_BYTES);

	if (!s->have || !matcher_has_frames(s->active) ||
		!matcher_stack_line(&s->stack, s->active, out, text, &s->f))
		return false;
	s->last_line = line->number;
	s->skipped = 0;
	return true;
}

/* Others begin with the same words, and go on with this line. */
static bool take_rival(struct matchers *s, struct report_out *out, const struct report_line *line)
{
	struct matcher_set *set = out_matchers(out);
	struct str text = str_slice(line->text, 0, LOOKED_AT_BYTES);
	struct str start = str_make(s->start, s->start_n);
	struct matcher_take ignored = {0};
	struct beginning b = {0};

	if (s->step > 0 || s->active->steps == 0)
		return false;
	for (long i = s->index + 1; (i = matcher_set_next(set, start, (size_t)i)) >= 0; i++) {
		b.m = matcher_set_at(set, (size_t)i);
		b.index = i;
		b.first = (struct matcher_take){0};
		if (!b.m->steps || b.m->before.pattern.n || !out_wants(out, b.m) ||
			!matcher_step_match(&b.m->then[0], text, &ignored) ||
			!matcher_step_match(&b.m->first, start, &b.first))
			continue;
		begin(s, out, &b, s->first_line);
		return take_step(s, out, line);
	}
	return false;
}

/* Whether the line belongs to what an earlier one began. */
static bool go_on(struct matchers *s, struct report_out *out, const struct report_line *line)
{
	struct matcher *m = s->active;

	if (s->step < m->steps && (take_step(s, out, line) || take_rival(s, out, line)))
		return true;
	if (s->step == m->steps && take_frame(s, out, line))
		return true;
	if (s->stack.n == 0 && take_more(s, out, line))
		return true;
	if (s->have && matcher_has_frames(m) && s->step == m->steps &&
		matcher_stack_waits(&s->stack, m)) {
		s->skipped++;
		return true;
	}
	return s->step < m->steps && s->skipped++ < m->then[s->step].skip;
}

static bool begins(const struct matchers *s, struct beginning *b, const struct report_line *line)
{
	struct matcher *m = b->m;

	b->before = b->first = (struct matcher_take){0};
	if (!matcher_step_match(&m->first, str_slice(line->text, 0, LOOKED_AT_BYTES), &b->first))
		return false;
	b->listed = m->before.pattern.n && s->listing == m && s->listed_line == line->number - 1;
	return !m->before.pattern.n || b->listed ||
	       matcher_step_match(&m->before, line->before, &b->before);
}

static bool find_beginning(const struct matchers *s, struct report_out *out,
	const struct report_line *line, struct beginning *b)
{
	struct matcher_set *set = out_matchers(out);
	struct str text = str_slice(line->text, 0, LOOKED_AT_BYTES);

	for (long i = 0; (i = matcher_set_next(set, text, (size_t)i)) >= 0; i++) {
		b->m = matcher_set_at(set, (size_t)i);
		b->index = i;
		if (b->m->role == ROLE_GUESS && (s->active || s->guesses >= GUESSES_MAX))
			return false;
		if (out_wants(out, b->m) && begins(s, b, line))
			return true;
	}
	return false;
}

/* Nothing more can come of a single line. */
static bool awaits(const struct matchers *s)
{
	return s->active->steps || s->active->more.pattern.n || matcher_has_frames(s->active);
}

static bool matchers_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct matchers *s = state;
	struct beginning b;

	/* A line that fits no step may be the first of another finding. */
	if (s->active && go_on(s, out, line) &&
		(s->skipped == 0 || !find_beginning(s, out, line, &b)))
		return true;
	if (s->active)
		leave(s, out);
	if (!find_beginning(s, out, line, &b))
		return false;
	begin(s, out, &b, line->number);
	s->start_n = line->text.n < sizeof(s->start) ? line->text.n : sizeof(s->start);
	if (s->start_n)
		memcpy(s->start, line->text.p, s->start_n);
	/* What is known by its first frame has its exception in the line before. */
	if (b.m->before.pattern.n && matcher_has_frames(b.m))
		(void)take_frame(s, out, line);
	if (awaits(s))
		return true;
	leave(s, out);
	return false;
}

static void matchers_end(void *state, struct report_out *out)
{
	struct matchers *s = state;

	if (s->active)
		leave(s, out);
}

const struct report_format format_matchers = {
	.name = "matchers",
	.literals = NULL, /* those of the data */
	.state_size = sizeof(struct matchers),
	.line = matchers_line,
	.end = matchers_end,
};
