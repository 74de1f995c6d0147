#include "kit/report/lines.h"

#include "base/limits.h"

void lines_init(struct lines *l)
{
	*l = (struct lines){0};
	buf_init(&l->carry, LIMIT_LINE_BYTES);
	buf_init(&l->clean, LIMIT_LINE_BYTES);
}

void lines_release(struct lines *l)
{
	buf_release(&l->carry);
	buf_release(&l->clean);
}

/* The length of the escape sequence at s (ECMA-48: CSI; OSC, APC, DCS, PM, SOS; or two bytes). */
static size_t escape_length(struct str s)
{
	size_t i = 2;

	if (s.n < 2)
		return s.n;
	if (s.p[1] == '[') {
		while (i < s.n && (s.p[i] < '@' || s.p[i] > '~'))
			i++;
	} else if (strchr("]_P^X", s.p[1]) && s.p[1]) {
		while (i < s.n && s.p[i] != '\a' && s.p[i] != '\033')
			i++;
		if (i < s.n && s.p[i] == '\033')
			i++;
	} else if (s.p[1] == '(' || s.p[1] == ')') {
		i = 2;
	} else {
		return 2;
	}
	return i < s.n ? i + 1 : s.n;
}

static struct str without_escapes(struct lines *l, struct str s)
{
	ptrdiff_t at;

	if (!memchr(s.p, '\033', s.n))
		return s;
	buf_reset(&l->clean);
	while ((at = str_find_char(s, '\033')) >= 0) {
		buf_add(&l->clean, s.p, (size_t)at);
		s = str_from(s, (size_t)at);
		s = str_from(s, escape_length(s));
	}
	buf_str(&l->clean, s);
	return buf_view(&l->clean);
}

/* What a terminal shows: the text behind the last carriage return that something follows. */
static struct str without_overwritten(struct str s)
{
	ptrdiff_t at;

	while (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	at = s.n ? str_rfind_char(s, '\r') : -1;
	return at < 0 ? s : str_from(s, (size_t)at + 1);
}

static struct report_line finished(struct lines *l, struct str s)
{
	size_t n;

	if (l->number++ == 0)
		str_skip(&s, "\xef\xbb\xbf");
	if (s.n == 0 || l->as_is)
		return (struct report_line){.text = s, .number = l->number};
	s = without_overwritten(without_escapes(l, s));
	n = s.n;
	s = prefix_cut(&l->prefixes, s);
	return (struct report_line){
		.text = s, .number = l->number, .stream = l->prefixes.stream, .prefixed = s.n < n};
}

/* Keeps as much of s as the cap allows. */
static void carry(struct lines *l, struct str s)
{
	l->carrying = true;
	buf_str(&l->carry, str_slice(s, 0, l->carry.cap - l->carry.n));
}

bool lines_next(struct lines *l, struct str *text, struct report_line *out)
{
	const char *end = text->n ? memchr(text->p, '\n', text->n) : NULL;
	struct str line = str_slice(*text, 0, end ? (size_t)(end - text->p) : text->n);

	*text = str_from(*text, end ? line.n + 1 : line.n);
	if (!end) {
		if (line.n)
			carry(l, line);
		return false;
	}
	if (l->carrying) {
		carry(l, line);
		return lines_last(l, out);
	}
	*out = finished(l, str_slice(line, 0, LIMIT_LINE_BYTES));
	return true;
}

bool lines_last(struct lines *l, struct report_line *out)
{
	if (!l->carrying)
		return false;
	*out = finished(l, buf_view(&l->carry));
	/* The view stays good until the next carry: only the length is taken back. */
	l->carry.n = 0;
	l->carrying = false;
	return true;
}
