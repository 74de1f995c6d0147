#include "kit/report/document/xml_reader.h"

#include <assert.h>

#include "kit/report/utf8.h"

enum {
	IN_TEXT,
	IN_ENTITY,      /* behind '&' in text */
	IN_OPENING,     /* behind '<' */
	IN_DECLARATION, /* behind "<!" */
	IN_TAG,
	IN_CDATA,
	IN_PASSED, /* a comment or a processing instruction */
	IN_DOCTYPE,
};

void xml_reader_init(struct xml_reader *x, const struct document_events *events, void *sink)
{
	*x = (struct xml_reader){
		.events = events, .sink = sink, .state = IN_TEXT, .stop_at = DOCUMENT_NO_STOP};
	names_init(&x->names);
	buf_init(&x->tag, DOCUMENT_TAG_BYTES);
	buf_init(&x->value, DOCUMENT_VALUE_BYTES);
}

void xml_reader_release(struct xml_reader *x)
{
	names_release(&x->names);
	buf_release(&x->tag);
	buf_release(&x->value);
}

static void tell_text(struct xml_reader *x, const char *from, const char *to)
{
	if (to > from && x->names.n && !x->unwanted && !x->too_deep)
		x->events->text(x->sink, str_make(from, (size_t)(to - from)));
}

/* --- entities --- */

static int digit(char c, int base)
{
	int v = c >= '0' && c <= '9'                 ? c - '0'
		: (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						     : 99;

	return v < base ? v : -1;
}

/* "#123" or "#x1f" */
static size_t decode_number(struct str s, char out[4])
{
	int base = s.n > 1 && (s.p[1] | 32) == 'x' ? 16 : 10, d;
	size_t i = base == 16 ? 2 : 1;
	uint32_t c = 0;

	if (i >= s.n)
		return 0;
	for (; i < s.n; i++) {
		if ((d = digit(s.p[i], base)) < 0 || c > 0x10ffff)
			return 0;
		c = c * (uint32_t)base + (uint32_t)d;
	}
	return utf8_encode(c, out);
}

/* What the entity of that name stands for, as bytes in out; 0 when it is none. */
static size_t decode_entity(struct str name, char out[4])
{
	static const struct {
		const char *name;
		char c;
	} known[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};

	if (name.n && name.p[0] == '#')
		return decode_number(name, out);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq_c(name, known[i].name)) {
			out[0] = known[i].c;
			return 1;
		}
	return 0;
}

static bool is_entity_char(char c)
{
	return c == '#' || digit(c, 10) >= 0 || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* The mark holds what follows '&', c ends it. Whether c belongs to it. */
static bool end_entity(struct xml_reader *x, char c)
{
	char out[4];
	size_t n = c == ';' ? decode_entity(str_make(x->mark, x->mark_n), out) : 0;

	x->state = IN_TEXT;
	if (n) {
		tell_text(x, out, out + n);
		return true;
	}
	tell_text(x, "&", &"&"[1]);
	tell_text(x, x->mark, x->mark + x->mark_n);
	return false;
}

static const char *read_entity(struct xml_reader *x, const char *p)
{
	if (is_entity_char(*p) && x->mark_n < 12) {
		x->mark[x->mark_n++] = *p;
		return p + 1;
	}
	return p + end_entity(x, *p);
}

/* An attribute's value with its entities resolved; valid until the next. */
static struct str resolved(struct xml_reader *x, struct str s)
{
	char out[4];
	ptrdiff_t at;

	s = str_slice(s, 0, DOCUMENT_VALUE_BYTES);
	if (!memchr(s.p, '&', s.n))
		return s;
	buf_reset(&x->value);
	while ((at = str_find_char(s, '&')) >= 0) {
		size_t i = (size_t)at + 1, n = 0;

		buf_add(&x->value, s.p, (size_t)at);
		while (i < s.n && i < (size_t)at + 13 && is_entity_char(s.p[i]))
			i++;
		if (i < s.n && s.p[i] == ';')
			n = decode_entity(str_slice(s, (size_t)at + 1, i), out);
		buf_add(&x->value, n ? out : "&", n ? n : 1);
		s = str_from(s, n ? i + 1 : (size_t)at + 1);
	}
	buf_str(&x->value, s);
	return buf_view(&x->value);
}

/* --- tags --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Takes a name off *s, without its prefix. */
static struct str take_name(struct str *s)
{
	const char *p = s->p, *end = p + s->n, *from = p;

	for (; p < end && !is_blank(*p) && *p != '=' && *p != '/'; p++)
		if (*p == ':')
			from = p + 1;
	s->n = (size_t)(end - p);
	s->p = p;
	return str_make(from, (size_t)(p - from));
}

static void skip_blanks(struct str *s)
{
	while (s->n && is_blank(s->p[0])) {
		s->p++;
		s->n--;
	}
}

static struct str take_attribute_value(struct str *s)
{
	const char *end;
	struct str value;

	if (s->n && (s->p[0] == '"' || s->p[0] == '\'')) {
		end = memchr(s->p + 1, s->p[0], s->n - 1);
		value = str_slice(*s, 1, end ? (size_t)(end - s->p) : s->n);
		*s = str_from(*s, value.n + 2);
		return value;
	}
	for (value = *s, value.n = 0; value.n < s->n && !is_blank(s->p[value.n]);)
		value.n++;
	*s = str_from(*s, value.n);
	return value;
}

static void tell_attributes(struct xml_reader *x, struct str s)
{
	struct str name, value;

	for (skip_blanks(&s); s.n; skip_blanks(&s)) {
		name = take_name(&s);
		skip_blanks(&s);
		if (!str_skip(&s, "=")) {
			if (name.n == 0)
				s = str_from(s, 1);
			continue;
		}
		skip_blanks(&s);
		value = take_attribute_value(&s);
		if (name.n)
			x->events->value(x->sink, name, resolved(x, value));
	}
}

static void leave(struct xml_reader *x)
{
	bool told = !x->unwanted || x->unwanted == 1;

	if (x->unwanted)
		x->unwanted--;
	names_pop(&x->names);
	if (told)
		x->events->leave(x->sink);
	if (x->names.n == 0)
		x->end = DOCUMENT_DONE;
}

static void start_tag(struct xml_reader *x, struct str s)
{
	bool empty = s.n && s.p[s.n - 1] == '/';
	struct str name;

	if (empty)
		s.n--;
	name = take_name(&s);
	if (x->too_deep || !names_push(&x->names, name)) {
		x->too_deep += !empty;
		return;
	}
	if (x->unwanted)
		x->unwanted++;
	else if (x->events->enter(x->sink, str_slice(name, 0, DOCUMENT_NAME_BYTES)))
		tell_attributes(x, s);
	else
		x->unwanted = 1;
	if (empty)
		leave(x);
}

/* Leaves everything up to the element of that name; without one the tag is passed over. */
static void end_tag(struct xml_reader *x, struct str s)
{
	struct str name = take_name(&s);
	int i = x->names.n;

	name = str_slice(name, 0, DOCUMENT_NAME_BYTES);
	if (x->too_deep) {
		x->too_deep--;
		return;
	}
	while (i > 0 && !str_eq(names_at(&x->names, i - 1), name))
		i--;
	while (i > 0 && x->names.n >= i)
		leave(x);
}

static void tell_tag(struct xml_reader *x, struct str s)
{
	s = str_slice(s, 0, DOCUMENT_TAG_BYTES);
	if (s.n && s.p[0] == '/')
		end_tag(x, str_from(s, 1));
	else
		start_tag(x, s);
}

/* The '>' outside of quotes, or NULL. */
static const char *find_tag_end(struct xml_reader *x, const char *p, const char *end)
{
	while (p < end) {
		if (x->quote) {
			p = memchr(p, x->quote, (size_t)(end - p));
			if (!p)
				return NULL;
			x->quote = 0;
		} else if (*p == '>') {
			return p;
		} else if (*p == '"' || *p == '\'') {
			x->quote = *p;
		}
		p++;
	}
	return NULL;
}

static const char *read_tag(struct xml_reader *x, const char *p, const char *end)
{
	const char *stop = find_tag_end(x, p, end);
	struct str part = str_make(p, (size_t)((stop ? stop : end) - p));

	if (!stop || x->tag_open)
		buf_str(&x->tag, str_slice(part, 0, x->tag.cap - x->tag.n));
	if (!stop) {
		x->tag_open = true;
		return end;
	}
	x->at = stop + 1;
	x->state = IN_TEXT;
	tell_tag(x, x->tag_open ? buf_view(&x->tag) : part);
	x->tag_open = false;
	buf_reset(&x->tag);
	return stop + 1;
}

/* --- what is not a tag --- */

static void pass_until(struct xml_reader *x, int state, char c, int n)
{
	x->state = state;
	x->stop_char = c;
	x->stop_n = n;
	x->stopped = 0;
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
	       (unsigned char)c >= 0x80;
}

/* Behind '<'. */
static const char *read_opening(struct xml_reader *x, const char *p)
{
	if (*p == '?') {
		pass_until(x, IN_PASSED, '?', 1);
		return p + 1;
	}
	if (*p == '!') {
		x->state = IN_DECLARATION;
		x->mark_n = 0;
		return p + 1;
	}
	if (*p == '/' || is_name_start(*p)) {
		x->state = IN_TAG;
		x->quote = 0;
		return p;
	}
	x->state = IN_TEXT;
	x->at = p;
	if (x->names.n == 0)
		x->end = DOCUMENT_BROKEN;
	tell_text(x, "<", &"<"[1]);
	return p;
}

/* Behind "<!": a comment, CDATA, or a document type. */
static const char *read_declaration(struct xml_reader *x, const char *p)
{
	static const char cdata[] = "[CDATA[";

	x->mark[x->mark_n++] = *p;
	if (x->mark[0] == '-' && (x->mark_n < 2 || x->mark[1] == '-')) {
		if (x->mark_n == 2)
			pass_until(x, IN_PASSED, '-', 2);
		return p + 1;
	}
	if (x->mark[0] == '[' && x->mark[x->mark_n - 1] == cdata[x->mark_n - 1]) {
		if (x->mark_n == strlen(cdata))
			pass_until(x, IN_CDATA, ']', 2);
		return p + 1;
	}
	x->state = IN_DOCTYPE;
	x->quote = 0;
	x->subset = false;
	return p;
}

/* Inside of "]]>" that may be cut by the end of a piece: stopped of its brackets were seen. */
static const char *read_stopping(struct xml_reader *x, const char *p, bool told)
{
	char run[2] = {x->stop_char, x->stop_char};

	if (*p == x->stop_char && x->stopped < x->stop_n) {
		x->stopped++;
	} else if (*p == x->stop_char) {
		if (told)
			tell_text(x, run, run + 1);
	} else if (*p == '>' && x->stopped == x->stop_n) {
		x->state = IN_TEXT;
	} else {
		if (told)
			tell_text(x, run, run + x->stopped);
		x->stopped = 0;
		return p;
	}
	return p + 1;
}

/* Up to the end of a comment, CDATA, or a processing instruction. */
static const char *read_until(struct xml_reader *x, const char *p, const char *end, bool told)
{
	const char stop[] = {x->stop_char, x->stop_n == 2 ? x->stop_char : '>', '>'};
	const char *found, *tail = end;

	if (x->stopped)
		return read_stopping(x, p, told);
	found = memmem(p, (size_t)(end - p), stop, (size_t)x->stop_n + 1);
	if (found) {
		x->at = found;
		if (told)
			tell_text(x, p, found);
		x->state = IN_TEXT;
		return found + x->stop_n + 1;
	}
	while (tail > p && end - tail < x->stop_n && tail[-1] == x->stop_char)
		tail--;
	x->stopped = (int)(end - tail);
	x->at = end;
	if (told)
		tell_text(x, p, tail);
	return end;
}

/* "DOCTYPE html [ ... ]>": nothing in it matters. */
static const char *read_doctype(struct xml_reader *x, const char *p)
{
	if (x->subset) {
		if (*p == ']')
			x->quote = ']';
		else if (*p == '>' && x->quote)
			x->state = IN_TEXT;
		else if (!is_blank(*p))
			x->quote = 0;
	} else if (x->quote) {
		if (*p == x->quote)
			x->quote = 0;
	} else if (*p == '"' || *p == '\'') {
		x->quote = *p;
	} else if (*p == '[') {
		x->subset = true;
	} else if (*p == '>') {
		x->state = IN_TEXT;
	}
	return p + 1;
}

static const char *find_word(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

static const char *read_text(struct xml_reader *x, const char *p, const char *end)
{
	const char *markup = memchr(p, '<', (size_t)(end - p));
	const char *stop = markup ? markup : end, *entity = NULL;

	if (x->names.n && !x->unwanted && !x->too_deep)
		entity = memchr(p, '&', (size_t)(stop - p));
	x->at = entity ? entity : stop;
	if (x->names.n == 0 && (p = find_word(p, stop)) < stop) {
		x->end = DOCUMENT_BROKEN;
		return p;
	}
	x->stop_at = DOCUMENT_NO_STOP;
	tell_text(x, p, x->at);
	if (x->stop_at != DOCUMENT_NO_STOP) {
		x->end = DOCUMENT_BROKEN;
		return p + x->stop_at;
	}
	if (entity) {
		x->state = IN_ENTITY;
		x->mark_n = 0;
		return entity + 1;
	}
	if (!markup)
		return end;
	x->state = IN_OPENING;
	return markup + 1;
}

static const char *step(struct xml_reader *x, const char *p, const char *end)
{
	switch (x->state) {
	case IN_TEXT:
		return read_text(x, p, end);
	case IN_ENTITY:
		x->at = p;
		return read_entity(x, p);
	case IN_OPENING:
		return read_opening(x, p);
	case IN_DECLARATION:
		return read_declaration(x, p);
	case IN_TAG:
		return read_tag(x, p, end);
	case IN_CDATA:
		x->at = p;
		return read_until(x, p, end, true);
	case IN_PASSED:
		return read_until(x, p, end, false);
	default:
		assert(x->state == IN_DOCTYPE);
		return read_doctype(x, p);
	}
}

size_t xml_reader_feed(struct xml_reader *x, struct str piece)
{
	const char *p = piece.p, *end = p + piece.n;

	while (p < end && x->end == DOCUMENT_OPEN && !x->pause)
		p = step(x, p, end);
	x->at = p;
	return (size_t)(p - piece.p);
}

void xml_reader_finish(struct xml_reader *x)
{
	while (x->names.n)
		leave(x);
	x->end = DOCUMENT_DONE;
}
