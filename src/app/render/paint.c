#include "app/render/paint.h"

#include "kit/clean/clean.h"

static const char *const codes[] = {
	[PAINT_RED] = "\033[31m",
	[PAINT_GREEN] = "\033[32m",
	[PAINT_YELLOW] = "\033[33m",
	[PAINT_CYAN] = "\033[36m",
	[PAINT_BOLD] = "\033[1m",
	[PAINT_DIM] = "\033[2m",
};

void paint_text(const struct painter *p, enum paint paint, struct str text)
{
	if (p->color)
		buf_c(p->out, codes[paint]);
	clean_terminal(p->out, text);
	if (p->color)
		buf_c(p->out, "\033[0m");
}

void paint_c(const struct painter *p, enum paint paint, const char *text)
{
	paint_text(p, paint, str_of(text));
}

static void diff_line(const struct painter *p, struct str line)
{
	if (str_starts(line, "+++") || str_starts(line, "---"))
		paint_text(p, PAINT_BOLD, line);
	else if (str_starts(line, "+"))
		paint_text(p, PAINT_GREEN, line);
	else if (str_starts(line, "-"))
		paint_text(p, PAINT_RED, line);
	else if (str_starts(line, "@@"))
		paint_text(p, PAINT_CYAN, line);
	else
		clean_terminal(p->out, line);
}

void paint_diff(const struct painter *p, struct str diff, size_t indent)
{
	struct str line;

	while (str_next_line(&diff, &line)) {
		buf_fill(p->out, ' ', line.n ? indent : 0);
		diff_line(p, line);
		buf_char(p->out, '\n');
	}
}
