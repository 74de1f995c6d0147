#include "kit/clean/clean.h"

/* U+200E, U+200F, U+202A..U+202E, U+2066..U+2069 and U+FEFF: they reorder or hide what is around
 * them. The length of one at p, or 0. */
static size_t direction_mark(struct str at)
{
	const unsigned char *p = (const unsigned char *)at.p;

	if (at.n < 3)
		return 0;
	if (p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf)
		return 3;
	if (p[0] != 0xe2)
		return 0;
	if (p[1] == 0x80)
		return p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xaa && p[2] <= 0xae) ? 3 : 0;
	return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9 ? 3 : 0;
}

/* The length of a control character at p, or 0: C0 but newline and tab, DEL, and C1 as UTF-8
 * (U+0080 to U+009F, which some terminals obey). */
static size_t control(struct str at)
{
	const unsigned char *p = (const unsigned char *)at.p;

	if ((p[0] < 0x20 && p[0] != '\n' && p[0] != '\t') || p[0] == 0x7f)
		return 1;
	return at.n > 1 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f ? 2 : 0;
}

static size_t unwanted(struct str at)
{
	size_t n = control(at);

	return n ? n : direction_mark(at);
}

void clean_terminal(struct buf *out, struct str text)
{
	size_t start = 0, i = 0;

	while (i < text.n) {
		struct str at = str_from(text, i);
		size_t n = unwanted(at);
		if (!n) {
			i++;
			continue;
		}
		buf_str(out, str_slice(text, start, i));
		/* The CR of a CRLF is no news. */
		if (!(text.p[i] == '\r' && at.n > 1 && at.p[1] == '\n'))
			buf_c(out, "\xef\xbf\xbd");
		i += n;
		start = i;
	}
	buf_str(out, str_from(text, start));
}

/* The longest beginning of at most max bytes that does not cut a UTF-8 character. */
static struct str shorten(struct str text, size_t max)
{
	if (text.n <= max)
		return text;
	while (max && ((unsigned char)text.p[max] & 0xc0) == 0x80)
		max--;
	return str_slice(text, 0, max);
}

void clean_line(struct buf *out, struct str text, size_t max)
{
	struct str kept = max ? shorten(text, max) : text;
	BUF_AUTO line = BUF_INIT(kept.n * 3 + 1);
	bool space = false;

	clean_terminal(&line, str_trim(kept));
	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];
		if (c == '\n' || c == '\t' || c == ' ') {
			space = true;
			continue;
		}
		if (space)
			buf_char(out, ' ');
		space = false;
		buf_char(out, c);
	}
	if (kept.n < text.n)
		buf_c(out, "...");
}

static size_t longest_run(struct str text, char c)
{
	size_t longest = 0, run = 0;

	for (size_t i = 0; i < text.n; i++) {
		run = text.p[i] == c ? run + 1 : 0;
		if (run > longest)
			longest = run;
	}
	return longest;
}

void clean_md_code(struct buf *out, struct str text)
{
	size_t ticks = longest_run(text, '`') + 1;
	bool pad = ticks > 1;

	buf_fill(out, '`', ticks);
	if (pad || !text.n)
		buf_char(out, ' ');
	clean_line(out, text, 0);
	if (pad)
		buf_char(out, ' ');
	buf_fill(out, '`', ticks);
}

void clean_md_fence(struct buf *out, const char *language, struct str text)
{
	size_t ticks = longest_run(text, '`');

	ticks = ticks < 3 ? 3 : ticks + 1;
	buf_fill(out, '`', ticks);
	buf_printf(out, "%s\n", language);
	clean_terminal(out, text);
	if (text.n && text.p[text.n - 1] != '\n')
		buf_char(out, '\n');
	buf_fill(out, '`', ticks);
	buf_char(out, '\n');
}

void clean_md_text(struct buf *out, struct str text)
{
	BUF_AUTO line = BUF_INIT(text.n * 3 + 1);

	clean_line(&line, text, 0);
	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];
		if (c == '<')
			buf_c(out, "&lt;");
		else if (c == '&')
			buf_c(out, "&amp;");
		else if (c == '@')
			buf_c(out, "&#64;");
		else if (strchr("\\`*_[]|#~!", c))
			buf_printf(out, "\\%c", c);
		else
			buf_char(out, c);
	}
}

static void workflow_line(struct buf *out, struct str line, bool json)
{
	size_t indent = line.n - str_ltrim(line).n;
	ptrdiff_t at;

	if (!json && str_starts(str_from(line, indent), "::")) {
		buf_str(out, str_slice(line, 0, indent));
		buf_c(out, ": :");
		line = str_from(line, indent + 2);
	}
	while ((at = str_find_c(line, "##[")) >= 0) {
		buf_str(out, str_slice(line, 0, (size_t)at));
		buf_c(out, json ? "#\\u0023[" : "# #[");
		line = str_from(line, (size_t)at + 3);
	}
	buf_str(out, line);
}

void clean_workflow(struct buf *out, struct str text, bool json)
{
	size_t start = 0;

	/* The runner ends lines at CR, too. */
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n' || text.p[i] == '\r') {
			workflow_line(out, str_slice(text, start, i), json);
			buf_char(out, text.p[i]);
			start = i + 1;
		}
	workflow_line(out, str_from(text, start), json);
}

static void percent(struct buf *out, struct str text, const char *escaped)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (c && strchr(escaped, c))
			buf_printf(out, "%%%02X", c);
		else
			buf_char(out, (char)c);
	}
}

void clean_workflow_data(struct buf *out, struct str text)
{
	percent(out, text, "%\r\n");
}

void clean_workflow_property(struct buf *out, struct str text)
{
	percent(out, text, "%\r\n:,");
}
