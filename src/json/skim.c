#include "json/skim.h"

#include <string.h>

void json_skim_init(struct json_skim *s, const char *const *wanted, size_t cap)
{
	*s = (struct json_skim){.wanted = wanted};
	buf_init(&s->out, cap);
	buf_char(&s->out, '{');
}

void json_skim_release(struct json_skim *s)
{
	buf_release(&s->out);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_wanted(const struct json_skim *s)
{
	for (const char *const *name = s->wanted; *name; name++)
		if (str_eq_c(str_make(s->name, s->name_n), *name))
			return true;
	return false;
}

static void begin_value(struct json_skim *s)
{
	s->state = SKIM_VALUE;
	s->depth = 0;
	s->in_string = s->escaped = false;
	s->keep = s->name_n < SKIM_NAME_MAX && is_wanted(s);
	if (!s->keep)
		return;
	buf_printf(&s->out, "%s\"%.*s\":", s->any ? "," : "", (int)s->name_n, s->name);
	s->any = true;
}

/* Outside of values: names and what is between. */
static void step(struct json_skim *s, char c)
{
	switch (s->state) {
	case SKIM_START:
		if (!is_space(c))
			s->state = c == '{' ? SKIM_MEMBER : SKIM_BROKEN;
		break;
	case SKIM_MEMBER:
		if (c == '"')
			s->state = SKIM_NAME, s->name_n = 0;
		else if (c == '}')
			s->state = SKIM_DONE;
		else if (!is_space(c))
			s->state = SKIM_BROKEN;
		break;
	case SKIM_NAME:
		if (s->escaped)
			s->escaped = false;
		else if (c == '"')
			s->state = SKIM_COLON;
		else if (c == '\\') /* no name of ours has one: the value is passed over */
			s->escaped = true, s->name_n = SKIM_NAME_MAX;
		else if (s->name_n < SKIM_NAME_MAX)
			s->name[s->name_n++] = c;
		break;
	case SKIM_COLON:
		if (c == ':')
			begin_value(s);
		else if (!is_space(c))
			s->state = SKIM_BROKEN;
		break;
	default:
		break;
	}
}

/* Bytes of a string's inside from p on: up to its closing quote, an escape, or the end. */
static size_t string_run(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '"' && s.p[n] != '\\')
		n++;
	return n;
}

/* How many bytes of the piece belong to the value; the state moves on when it is over. */
static size_t value_run(struct json_skim *s, struct str piece)
{
	size_t i = 0;

	while (i < piece.n) {
		char c = piece.p[i];

		if (s->in_string && !s->escaped) {
			i += string_run(str_from(piece, i));
			if (i == piece.n)
				break;
			c = piece.p[i];
			s->escaped = c == '\\';
			s->in_string = s->escaped;
		} else if (s->in_string) {
			s->escaped = false;
		} else if (c == '"') {
			s->in_string = true;
		} else if (c == '{' || c == '[') {
			s->depth++;
		} else if ((c == '}' || c == ']') && s->depth) {
			s->depth--;
		} else if (!s->depth && (c == ',' || c == '}')) {
			s->state = c == ',' ? SKIM_MEMBER : SKIM_DONE;
			return i;
		}
		i++;
	}
	return i;
}

void json_skim_add(struct json_skim *s, struct str piece)
{
	while (piece.n && s->state != SKIM_DONE && s->state != SKIM_BROKEN) {
		size_t n;

		if (s->state != SKIM_VALUE) {
			step(s, piece.p[0]);
			piece = str_from(piece, 1);
			continue;
		}
		n = value_run(s, piece);
		if (s->keep)
			buf_add(&s->out, piece.p, n);
		piece = str_from(piece, s->state == SKIM_VALUE ? n : n + 1);
	}
}

struct str json_skim_end(struct json_skim *s)
{
	buf_char(&s->out, '}');
	return s->state == SKIM_DONE && !s->out.over ? buf_view(&s->out) : STR_NULL;
}
