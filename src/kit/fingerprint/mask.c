/* The masks of fingerprints: what differs between two runs of the same failure becomes a sign. */
#include "base/buf.h"
#include "base/limits.h"
#include "kit/fingerprint/fingerprint.h"

struct masker {
	struct str in;
	size_t at;
	struct buf out;
};

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_alpha(c) || is_digit(c) || (uint8_t)c >= 0x80;
}

static char last_out(const struct masker *m)
{
	return m->out.n ? m->out.p[m->out.n - 1] : ' ';
}

/* Numbers side by side (a list, a date, a version, "1m 3s") are one sign. */
static void put_number(struct masker *m)
{
	size_t n = m->out.n;

	while (n > 0 && strchr(" ,.:-+/_", m->out.p[n - 1]))
		n--;
	if (n > 0 && m->out.p[n - 1] == '#')
		buf_truncate(&m->out, n);
	else
		buf_char(&m->out, '#');
}

/* Names of months and days belong to dates. */
static bool is_calendar(struct str word)
{
	static const char names[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec "
				    "Mon Tue Wed Thu Fri Sat Sun";
	struct str rest = STR_NULL, one;

	if (word.n != 3)
		return false;
	for (rest = str_of(names); str_next(&rest, ' ', &one);)
		if (str_eq(one, word))
			return true;
	return false;
}

/* Long hexadecimal words with digits (hashes, parts of UUIDs), "tmpab12cd". */
static bool is_random(struct str word)
{
	size_t digits = 0, hex = 0;

	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i];

		digits += is_digit(c);
		hex += is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
	}
	if (word.n >= 7 && hex == word.n && digits)
		return true;
	return str_starts(word, "tmp") && word.n >= 9;
}

static struct str word_at(struct str s, size_t at)
{
	size_t n = at;

	while (n < s.n && is_word(s.p[n]))
		n++;
	return str_slice(s, at, n);
}

/* Whether the number's word goes on as one: "1.5e-05", "3.11.2", "0x7f00", "12ms". */
static size_t number_end(struct str s, size_t at)
{
	while (at < s.n) {
		bool exponent = (s.p[at] == '-' || s.p[at] == '+') && at > 0 &&
				(s.p[at - 1] == 'e' || s.p[at - 1] == 'E') && at + 1 < s.n &&
				is_digit(s.p[at + 1]);
		bool dot = s.p[at] == '.' && at + 1 < s.n && is_digit(s.p[at + 1]);

		if (!is_word(s.p[at]) && !exponent && !dot)
			break;
		at++;
	}
	return at;
}

static bool names_code(struct str before)
{
	static const char *const words[] = {"name", "named", "attribute", "module", "function",
		"method", "argument", "keyword", "variable", "class", "type", "option", "target",
		"package", "from", "symbol", "to", "of", "field", "fixture", "import", "object",
		"parameter", "member", "operator", "command"};
	size_t from;

	before = str_rtrim(before);
	for (from = before.n; from > 0 && is_word(before.p[from - 1]);)
		from--;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq_c(str_from(before, from), words[i]))
			return true;
	return false;
}

static bool is_identifier(struct str s)
{
	if (s.n == 0 || s.n > 80 || !(is_alpha(s.p[0])) || is_random(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_word(s.p[i]) && s.p[i] != '.' && s.p[i] != ':' && s.p[i] != '-')
			return false;
	return true;
}

/* Quoted data is a sign; a quoted name of the code says which failure it is and stays. */
static bool take_quoted(struct masker *m)
{
	char open = m->in.p[m->at];
	char close = open == '`' ? '\'' : open;
	struct str inside = str_from(m->in, m->at + 1);
	size_t n = 0;

	if ((open != '\'' && open != '"' && open != '`') || is_word(last_out(m)))
		return false;
	while (n < inside.n && inside.p[n] != close)
		n += inside.p[n] == '\\' ? 2 : 1;
	if (n >= inside.n)
		return false;
	inside.n = n;
	buf_char(&m->out, '\'');
	if (is_identifier(inside) && names_code(str_slice(m->in, 0, m->at)))
		buf_str(&m->out, inside);
	else
		buf_char(&m->out, '*');
	buf_char(&m->out, '\'');
	m->at += n + 2;
	return true;
}

/* A path is its last component: "/tmp/x1/a.txt" and "/home/u/a.txt" are one. */
static bool skip_folders(struct masker *m)
{
	size_t n = m->at, last = 0;

	if (is_word(last_out(m)) && m->out.n)
		return false;
	if (n + 2 < m->in.n && is_alpha(m->in.p[n]) && m->in.p[n + 1] == ':' &&
		(m->in.p[n + 2] == '\\' || m->in.p[n + 2] == '/'))
		n += 2;
	for (; n < m->in.n && (is_word(m->in.p[n]) || strchr("/\\.-+@~", m->in.p[n])); n++)
		if ((m->in.p[n] == '/' || m->in.p[n] == '\\') && n + 1 < m->in.n &&
			is_word(m->in.p[n + 1]))
			last = n + 1;
	if (last <= m->at)
		return false;
	m->at = last;
	return true;
}

/* 8-4-4-4-12 hexadecimal digits. */
static bool take_uuid(struct masker *m)
{
	enum { UUID_LENGTH = 36 };
	struct str s = str_slice(m->in, m->at, m->at + UUID_LENGTH);

	if (s.n < UUID_LENGTH)
		return false;
	for (size_t i = 0; i < UUID_LENGTH; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s.p[i] != '-' : !strchr("0123456789abcdefABCDEF", s.p[i]))
			return false;
	}
	m->at += UUID_LENGTH;
	put_number(m);
	return true;
}

static void take_word(struct masker *m)
{
	struct str word = word_at(m->in, m->at);

	m->at += word.n;
	if (is_random(word) || is_calendar(word))
		put_number(m);
	else
		buf_str(&m->out, word);
}

static void take_one(struct masker *m)
{
	char c = m->in.p[m->at];
	bool fresh = !is_word(last_out(m));

	if (take_quoted(m) || (fresh && (take_uuid(m) || skip_folders(m))))
		return;
	if (c == '-' && fresh && last_out(m) != ')' && last_out(m) != ']' && m->at + 1 < m->in.n &&
		is_digit(m->in.p[m->at + 1])) {
		m->at++;
	} else if (is_digit(c)) {
		m->at = number_end(m->in, m->at);
		put_number(m);
	} else if (is_word(c)) {
		take_word(m);
	} else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		if (last_out(m) != ' ')
			buf_char(&m->out, ' ');
		m->at++;
	} else {
		buf_char(&m->out, c);
		m->at++;
	}
}

struct str fingerprint_mask(struct str message, struct arena *mem)
{
	struct masker m = {.in = message};
	struct str masked;

	buf_init(&m.out, LIMIT_TEXT_BYTES);
	while (m.at < m.in.n && !m.out.over)
		take_one(&m);
	masked = arena_str(mem, str_trim(buf_view(&m.out)));
	buf_release(&m.out);
	return masked;
}
