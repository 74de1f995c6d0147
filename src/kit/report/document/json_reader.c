#include "kit/report/document/json_reader.h"

#include <assert.h>

#include "kit/report/utf8.h"

/* What may come next. */
enum {
	AT_VALUE, /* or the end of the array that is open */
	AT_KEY,   /* or the end of the object */
	AT_COLON,
	AT_COMMA, /* or the end of what is open */
	IN_STRING,
	IN_LITERAL, /* a number, true, null, NaN */
};

void json_reader_init(struct json_reader *j, const struct document_events *events, void *sink)
{
	*j = (struct json_reader){.events = events, .sink = sink, .state = AT_VALUE};
	names_init(&j->names);
	buf_init(&j->key, DOCUMENT_NAME_BYTES);
	buf_init(&j->value, DOCUMENT_VALUE_BYTES);
}

void json_reader_release(struct json_reader *j)
{
	names_release(&j->names);
	buf_release(&j->key);
	buf_release(&j->value);
}

static bool in_array(const struct json_reader *j)
{
	int i = j->names.n - 1;

	return i >= 0 && (j->arrays[i / 64] >> (i % 64) & 1);
}

/* The name of what comes next: a member's key; the array's name for its items. */
static struct str name_here(const struct json_reader *j)
{
	return in_array(j) ? names_at(&j->names, j->names.n - 1) : buf_view(&j->key);
}

static int open_thing(struct json_reader *j, bool array)
{
	char copy[DOCUMENT_NAME_BYTES];
	struct str name = name_here(j);
	int i = j->names.n;

	memcpy(copy, name.p, name.n);
	if (!names_push(&j->names, str_make(copy, name.n)))
		return -1;
	j->arrays[i / 64] &= ~(UINT64_C(1) << (i % 64));
	j->arrays[i / 64] |= (uint64_t)array << (i % 64);
	if (j->unwanted)
		j->unwanted++;
	else if (!array && !j->events->enter(j->sink, names_at(&j->names, i)))
		j->unwanted = 1;
	j->state = array ? AT_VALUE : AT_KEY;
	return 0;
}

static void close_thing(struct json_reader *j)
{
	bool told = !in_array(j) && j->unwanted <= 1;

	if (j->unwanted)
		j->unwanted--;
	names_pop(&j->names);
	if (told)
		j->events->leave(j->sink);
	j->state = AT_COMMA;
	if (j->names.n == 0)
		j->end = DOCUMENT_DONE;
}

static void tell_value(struct json_reader *j, struct str text)
{
	if (!j->unwanted)
		j->events->value(j->sink, name_here(j), text);
	j->state = AT_COMMA;
}

/* --- strings --- */

static struct buf *target(struct json_reader *j)
{
	return j->is_key ? &j->key : &j->value;
}

/* Adds as much as there is room for. */
static void keep(struct json_reader *j, struct str s)
{
	struct buf *b = target(j);

	if (j->is_key || !j->unwanted)
		buf_str(b, str_slice(s, 0, b->cap - b->n));
}

static void keep_code(struct json_reader *j, uint32_t c)
{
	char out[4];
	size_t n;

	if (c >= 0xd800 && c < 0xdc00) {
		j->high = c;
		return;
	}
	if (c >= 0xdc00 && c < 0xe000)
		c = j->high ? 0x10000 + ((j->high - 0xd800) << 10) + (c - 0xdc00) : 0xfffd;
	j->high = 0;
	n = utf8_encode(c, out);
	keep(j, str_make(out, n));
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char escaped(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	default:
		return c;
	}
}

static const char *read_escape(struct json_reader *j, const char *p)
{
	char c = *p;
	int v;

	if (j->escape == 1 && c == 'u') {
		j->escape = 2;
		j->code = 0;
	} else if (j->escape == 1) {
		c = escaped(c);
		keep(j, str_make(&c, 1));
		j->escape = 0;
	} else if ((v = hex_value(c)) < 0) {
		j->end = DOCUMENT_BROKEN;
		return p;
	} else {
		j->code = j->code << 4 | (uint32_t)v;
		if (++j->escape == 6) {
			j->escape = 0;
			keep_code(j, j->code);
		}
	}
	return p + 1;
}

static void end_string(struct json_reader *j, struct str text)
{
	if (j->is_key)
		j->state = AT_COLON;
	else
		tell_value(j, text);
}

/* The first quote, backslash, or line feed. */
static const char *find_special(const char *p, const char *end)
{
	while (p < end && *p != '"' && *p != '\\' && *p != '\n')
		p++;
	return p;
}

static const char *read_string(struct json_reader *j, const char *p, const char *end)
{
	const char *stop;
	struct str part;

	if (j->escape)
		return read_escape(j, p);
	stop = find_special(p, end);
	part = str_make(p, (size_t)(stop - p));
	/* Most values lie whole in the piece: these are not copied. */
	if (stop < end && *stop == '"' && !j->is_key && target(j)->n == 0) {
		j->at = stop + 1;
		end_string(j, str_slice(part, 0, DOCUMENT_VALUE_BYTES));
		return stop + 1;
	}
	keep(j, part);
	if (stop == end)
		return end;
	j->at = stop + 1;
	if (*stop == '"')
		end_string(j, buf_view(target(j)));
	else if (*stop == '\\')
		j->escape = 1;
	else
		j->end = DOCUMENT_BROKEN;
	return *stop == '\n' ? stop : stop + 1;
}

static void start_string(struct json_reader *j, bool is_key)
{
	j->state = IN_STRING;
	j->is_key = is_key;
	j->escape = 0;
	j->high = 0;
	buf_reset(target(j));
}

/* --- literals --- */

static bool is_literal_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '+' || c == '.';
}

/* true, false, null, NaN, Infinity, numbers; not just any word. */
static bool is_literal(struct str s)
{
	static const char *const words[] = {
		"true", "false", "null", "NaN", "Infinity", "-Infinity"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq_c(s, words[i]))
			return true;
	return s.n && ((s.p[0] >= '0' && s.p[0] <= '9') || s.p[0] == '-') && s.n < 64;
}

static void end_literal(struct json_reader *j)
{
	struct str s = buf_view(&j->value);

	if (!is_literal(s))
		j->end = DOCUMENT_BROKEN;
	else if (str_eq_c(s, "null"))
		j->state = AT_COMMA;
	else
		tell_value(j, s);
}

static const char *read_literal(struct json_reader *j, const char *p, const char *end)
{
	const char *stop = p;

	while (stop < end && is_literal_char(*stop))
		stop++;
	buf_str(&j->value, str_slice(str_make(p, (size_t)(stop - p)), 0, 64 - j->value.n));
	j->at = stop;
	if (stop < end)
		end_literal(j);
	return stop;
}

/* --- between --- */

static const char *read_value(struct json_reader *j, const char *p)
{
	bool opens = *p == '{' || *p == '[';

	if (opens ? open_thing(j, *p == '[') < 0 : j->names.n == 0) {
		j->end = DOCUMENT_BROKEN;
		return p;
	}
	if (opens)
		return p + 1;
	if (*p == ']' && in_array(j)) {
		close_thing(j);
		return p + 1;
	}
	if (*p == ',' && in_array(j))
		return p + 1;
	if (*p == '"') {
		start_string(j, false);
		return p + 1;
	}
	if (!is_literal_char(*p)) {
		j->end = DOCUMENT_BROKEN;
		return p;
	}
	j->state = IN_LITERAL;
	buf_reset(&j->value);
	return p;
}

static const char *read_between(struct json_reader *j, const char *p)
{
	bool array = in_array(j);

	if (j->state == AT_COLON && *p == ':')
		j->state = AT_VALUE;
	else if (j->state != AT_COLON && *p == ',')
		j->state = array ? AT_VALUE : AT_KEY;
	else if (j->state != AT_COLON && *p == (array ? ']' : '}'))
		close_thing(j);
	else if (j->state == AT_KEY && *p == '"')
		start_string(j, true);
	else
		j->end = DOCUMENT_BROKEN;
	return j->end == DOCUMENT_BROKEN ? p : p + 1;
}

static const char *step(struct json_reader *j, const char *p, const char *end)
{
	if (j->state == IN_STRING)
		return read_string(j, p, end);
	if (j->state == IN_LITERAL)
		return read_literal(j, p, end);
	if (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')
		return p + 1;
	j->at = p + 1;
	return j->state == AT_VALUE ? read_value(j, p) : read_between(j, p);
}

size_t json_reader_feed(struct json_reader *j, struct str piece)
{
	const char *p = piece.p, *end = p + piece.n;

	while (p < end && j->end == DOCUMENT_OPEN && !j->pause)
		p = step(j, p, end);
	j->at = p;
	return (size_t)(p - piece.p);
}

void json_reader_finish(struct json_reader *j)
{
	while (j->names.n)
		close_thing(j);
	j->end = DOCUMENT_DONE;
}
