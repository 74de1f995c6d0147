#include "base/trace.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

static int sink = -1;
static int64_t origin;

enum { LINE_CAP = 8 << 10 };

void trace_open(void)
{
	const char *path = getenv("SELFHEAL_TRACE");

	if (path && *path)
		sink = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	origin = clock_mono_us();
}

void trace_close(void)
{
	if (sink >= 0)
		close(sink);
	sink = -1;
}

static void escape(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			buf_printf(out, "\\u%04x", c);
		else
			buf_char(out, (char)c);
	}
}

static void emit(const char *name, int64_t duration_us, const char *fmt, va_list args)
{
	BUF_AUTO detail;
	BUF_AUTO line;
	ssize_t ignored;

	buf_init(&detail, LINE_CAP / 8);
	buf_init(&line, LINE_CAP);
	buf_vprintf(&detail, fmt, args);
	buf_printf(&line, "{\"event\":\"%s\",\"us\":%lld", name,
		(long long)(clock_mono_us() - origin));
	if (duration_us >= 0)
		buf_printf(&line, ",\"took_us\":%lld", (long long)duration_us);
	buf_c(&line, ",\"detail\":\"");
	escape(&line, buf_view(&detail));
	buf_c(&line, "\"}\n");
	ignored = write(sink, line.p, line.n);
	(void)ignored;
}

void trace_event(const char *name, const char *fmt, ...)
{
	va_list args;

	if (sink < 0)
		return;
	va_start(args, fmt);
	emit(name, -1, fmt, args);
	va_end(args);
}

int64_t trace_begin(void)
{
	return sink < 0 ? 0 : clock_mono_us();
}

void trace_end(int64_t begin, const char *name, const char *fmt, ...)
{
	va_list args;

	if (sink < 0)
		return;
	va_start(args, fmt);
	emit(name, clock_mono_us() - begin, fmt, args);
	va_end(args);
}
