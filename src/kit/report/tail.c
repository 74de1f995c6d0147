#include "kit/report/tail.h"

#include <signal.h>

void tail_init(struct tail *t)
{
	*t = (struct tail){0};
	for (size_t i = 0; i < TAIL_LINES; i++)
		buf_init(&t->lines[i].text, TAIL_LINE_BYTES);
}

void tail_release(struct tail *t)
{
	for (size_t i = 0; i < TAIL_LINES; i++)
		buf_release(&t->lines[i].text);
}

void tail_add(struct tail *t, const struct report_line *line)
{
	struct str text = str_rtrim(line->text);
	struct buf *b;

	if (text.n == 0)
		return;
	b = &t->lines[t->n % TAIL_LINES].text;
	t->lines[t->n % TAIL_LINES].number = line->number;
	t->n++;
	buf_reset(b);
	buf_str(b, str_slice(text, 0, TAIL_LINE_BYTES));
}

struct str tail_signal_name(int number)
{
	static const struct {
		int number;
		const char *name;
	} table[] = {{SIGSEGV, "SIGSEGV"}, {SIGABRT, "SIGABRT"}, {SIGFPE, "SIGFPE"},
		{SIGILL, "SIGILL"}, {SIGBUS, "SIGBUS"}, {SIGKILL, "SIGKILL"}, {SIGTRAP, "SIGTRAP"},
		{SIGPIPE, "SIGPIPE"}, {SIGTERM, "SIGTERM"}, {SIGSYS, "SIGSYS"},
		{SIGALRM, "SIGALRM"}, {SIGXCPU, "SIGXCPU"}, {SIGINT, "SIGINT"}};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].number == number)
			return str_of(table[i].name);
	return STR("");
}

static void judge_exit(int exit_code, struct failure *f)
{
	f->type = STR("exit");
	f->kind = FAILURE_TEST;
	if (exit_code == 127)
		f->kind = FAILURE_DEPENDENCY;
	else if (exit_code == 126)
		f->kind = FAILURE_CONFIGURATION;
	if (exit_code <= 128 || tail_signal_name(exit_code - 128).n == 0)
		return;
	f->type = tail_signal_name(exit_code - 128);
	f->kind = exit_code - 128 == SIGKILL || exit_code - 128 == SIGTERM ? FAILURE_TIMEOUT
									   : FAILURE_CRASH;
}

void tail_explain(const struct tail *t, int exit_code, struct failure *f, struct arena *mem)
{
	size_t first = t->n > TAIL_LINES ? t->n - TAIL_LINES : 0;
	BUF_AUTO text = {.cap = (TAIL_LINES + 1) * (TAIL_LINE_BYTES + 1)};

	judge_exit(exit_code, f);
	buf_printf(&text, "exit status %d", exit_code);
	for (size_t i = first; i < t->n; i++) {
		buf_char(&text, '\n');
		buf_str(&text, buf_view(&t->lines[i % TAIL_LINES].text));
		f->source.last_line = t->lines[i % TAIL_LINES].number;
	}
	f->source.first_line = t->n ? t->lines[first % TAIL_LINES].number : 0;
	f->message = arena_str(mem, buf_view(&text));
}
