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

/* The length of the escape sequence at s (ECMA-48: CSI, OSC, or two bytes). */
static size_t escape_length(struct str s)
{
	size_t i = 2;

	if (s.n < 2)
		return s.n;
	if (s.p[1] == '[') {
		while (i < s.n && (s.p[i] < '@' || s.p[i] > '~'))
			i++;
	} else if (s.p[1] == ']') {
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

static bool is_digit_at(struct str s, size_t i)
{
	return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

static bool looks_like(struct str s, const char *shape)
{
	for (size_t i = 0; shape[i]; i++)
		if (i >= s.n || (shape[i] == '0' ? !is_digit_at(s, i) : s.p[i] != shape[i]))
			return false;
	return true;
}

/* "2024-01-31T12:34:56.1234567Z " of GitHub Actions and Azure; GitLab's with its "00O" marks;
 * "[2024-01-31T12:34:56.123Z] " of Jenkins. */
static struct str without_timestamp(struct str s)
{
	bool bracket = s.n && s.p[0] == '[';
	struct str rest = str_from(s, bracket);
	size_t i = 19;

	if (!looks_like(rest, "0000-00-00T00:00:00"))
		return s;
	if (i < rest.n && rest.p[i] == '.')
		for (i++; is_digit_at(rest, i);)
			i++;
	if (i >= rest.n || rest.p[i] != 'Z')
		return s;
	rest = str_from(rest, i + 1);
	if (bracket && !str_skip(&rest, "]"))
		return s;
	if (looks_like(rest, " 00O") || looks_like(rest, " 00E"))
		rest = str_from(rest, 4);
	return str_skip(&rest, " ") || rest.n == 0 ? rest : s;
}

static struct str without_marker(struct str s)
{
	if (str_starts(s, "##["))
		(void)(str_skip(&s, "##[error]") || str_skip(&s, "##[warning]"));
	return s;
}

/* "3: text" of ctest -V, once it has shown itself by "3: Test command: ...". */
static struct str without_test_number(struct lines *l, struct str s)
{
	struct str rest = s;
	int number;

	if (!is_digit_at(s, 0) || !str_take_int(&rest, &number) || !str_skip(&rest, ": "))
		return s;
	l->numbered |= str_starts(rest, "Test command: ");
	return l->numbered ? rest : s;
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
	s = without_test_number(l, without_marker(without_timestamp(s)));
	return (struct report_line){.text = s, .number = l->number, .prefixed = s.n < n};
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
