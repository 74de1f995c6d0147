#include "kit/trial/feedback.h"

#include <ctype.h>

#include "base/buf.h"
#include "base/limits.h"

enum { MESSAGE_BYTES = 2000 };

/* Numbers that carry a candidate are made true; addresses, which differ by themselves, are
 * shortened to "0x". */
static void clean(struct str text, int stride, struct buf *out)
{
	while (text.n > 0) {
		bool word = out->n > 0 && isalnum((unsigned char)out->p[out->n - 1]);
		struct str before = text;
		int number;

		if (!word && str_skip(&text, "0x")) {
			while (text.n > 0 && isxdigit((unsigned char)text.p[0]))
				text = str_from(text, 1);
			buf_c(out, "0x");
		} else if (!word && str_take_int(&text, &number)) {
			if (number >= stride && out->n > 0 && out->p[out->n - 1] == ':')
				buf_printf(out, "%d", number % stride);
			else
				buf_str(out, str_slice(before, 0, before.n - text.n));
		} else {
			buf_char(out, text.p[0]);
			text = str_from(text, 1);
		}
	}
}

/* The number of "name.c:12" in a line, 0 without one: letters and a dot stand before the colon. */
static int line_number(struct str line)
{
	for (size_t i = 1; i + 1 < line.n; i++) {
		struct str rest = str_from(line, i + 1);
		size_t dot = i;
		int number;

		if (line.p[i] != ':')
			continue;
		while (dot > 0 && isalpha((unsigned char)line.p[dot - 1]))
			dot--;
		if (dot > 1 && dot < i && line.p[dot - 1] == '.' && str_take_int(&rest, &number) &&
			number > 0)
			return number;
	}
	return 0;
}

/* Of the last line that names a place; a stack's frames ("#1 0x... in f x.c:3") end in the
 * runtime's own files, so they do not count. */
static int failing_line(struct str text)
{
	struct str line;
	int found = 0;

	while (str_next_line(&text, &line)) {
		int number = str_starts(str_ltrim(line), "#") ? 0 : line_number(line);

		if (number > 0)
			found = number;
	}
	return found;
}

static bool sanitizer_spoke(struct str text)
{
	return str_has(text, "ERROR: AddressSanitizer") || str_has(text, "runtime error: ") ||
	       str_has(text, "WARNING: ThreadSanitizer") ||
	       str_has(text, "WARNING: MemorySanitizer") || str_has(text, "ERROR: LeakSanitizer");
}

void feedback_read(
	struct observed *o, struct str output, int wait_status, int stride, struct arena *mem)
{
	BUF_AUTO text;

	buf_init(&text, LIMIT_TEXT_BYTES);
	clean(output, stride, &text);
	if (o->status == OBSERVED_FAIL && sanitizer_spoke(buf_view(&text)))
		o->status = OBSERVED_CRASH;
	if (o->line == 0 && o->status != OBSERVED_PASS)
		o->line = failing_line(buf_view(&text));
	struct str tail = buf_view(&text);
	if (tail.n > MESSAGE_BYTES)
		tail = str_from(tail, tail.n - MESSAGE_BYTES);
	o->message = arena_str(mem, str_trim(tail));
	o->signature = str_hash(buf_view(&text)) ^ ((uint64_t)o->status << 32) ^
		       (uint64_t)(unsigned)wait_status;
}
