#include "app/render/progress.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kit/clean/clean.h"
#include "base/clock.h"
#include "base/limits.h"

enum { REDRAW_MS = 100, WIDTH_DEFAULT = 80 };

void progress_init(struct progress *p, bool quiet)
{
	const char *term = getenv("TERM");
	bool dumb = term && !strcmp(term, "dumb");

	*p = (struct progress){.on = !quiet && !dumb && isatty(STDERR_FILENO)};
}

static size_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

void progress_line(struct buf *out, const struct heal_progress *state, size_t width)
{
	BUF_AUTO line = BUF_INIT(LIMIT_LINE_BYTES);

	buf_c(&line, state->stage);
	if (state->tried)
		buf_printf(&line, "  %zu tried", state->tried);
	if (state->rate > 0)
		buf_printf(&line, "  %.0f/s", state->rate);
	if (state->seconds_left > 0) {
		int left = (int)state->seconds_left;
		buf_printf(&line, "  %d:%02d left", left / 60, left % 60);
	}
	if (state->best.n) {
		buf_c(&line, "  best: ");
		clean_line(&line, state->best, 200);
	}
	if (line.n >= width) {
		size_t keep = width - 1;
		while (keep && ((unsigned char)line.p[keep] & 0xc0) == 0x80)
			keep--;
		buf_truncate(&line, keep);
	}
	buf_str(out, buf_view(&line));
}

static void draw(struct str text)
{
	/* A terminal that went away is no reason to stop. */
	if (write(STDERR_FILENO, text.p, text.n) < 0)
		return;
}

void progress_show(void *data, const struct heal_progress *state)
{
	struct progress *p = data;
	int64_t now = clock_mono_ms();
	BUF_AUTO out = BUF_INIT(LIMIT_LINE_BYTES * 2);

	if (!p->on || (p->stage == state->stage && now - p->last_ms < REDRAW_MS))
		return;
	p->last_ms = now;
	p->stage = state->stage;
	p->shown = true;
	buf_c(&out, "\r\033[K");
	progress_line(&out, state, terminal_width());
	draw(buf_view(&out));
}

void progress_clear(struct progress *p)
{
	if (p->shown)
		draw(STR("\r\033[K"));
	p->shown = false;
	p->stage = NULL;
}
