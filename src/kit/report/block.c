#include "kit/report/block.h"

#include "kit/report/scan.h"

void block_open(struct block *b, struct report_out *out, const char *language, int line)
{
	(void)out;
	*b = (struct block){.open = true, .first_line = line, .last_line = line};
	b->f.language = str_of(language);
	b->f.duration_s = -1;
}

void block_touch(struct block *b, const struct report_line *line)
{
	if (b->open && str_trim(line->text).n)
		b->last_line = line->number;
}

void block_text(struct block *b, struct report_out *out, struct str text)
{
	struct failure *f = &b->f;

	size_t indent = (size_t)(str_ltrim(text).p - text.p);

	text = str_rtrim(text);
	if (text.n == 0) {
		b->blank += f->message.n > 0;
		return;
	}
	if (b->lines >= BLOCK_MESSAGE_LINES)
		return;
	if (f->message.n && b->blank)
		f->message = out_join(out, f->message, STR(""));
	b->blank = 0;
	if (b->lines++ == 0)
		b->margin = indent;
	text = str_from(text, indent < b->margin ? 0 : b->margin);
	f->message = f->message.n ? out_join(out, f->message, text) : out_scratch(out, text);
}

void block_frame(struct block *b, struct report_out *out, struct frame frame)
{
	frame.path = out_scratch(out, frame.path);
	frame.function = out_scratch(out, frame.function);
	if (b->f.file.n == 0) {
		b->f.file = frame.path;
		b->f.line = frame.line;
		b->f.column = frame.column;
	}
	failure_add_frame(&b->f, &out->scratch, frame);
}

static bool is_type_char(char c)
{
	return scan_is_word(c) || c == '$' || c == '\\' || c == ':';
}

static bool names_exception(struct str type)
{
	static const char *const ends[] = {"Error", "Exception", "Failure", "Failed", "Fault",
		"Throwable", "Interrupt", "Timeout", "Panic", "Warning", "NotMet"};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(type, ends[i]))
			return true;
	return false;
}

bool block_exception(struct str s, struct str *type, struct str *message)
{
	size_t n = 0;
	struct str rest;

	while (n < s.n && is_type_char(s.p[n]) &&
		!(s.p[n] == ':' && (n + 1 == s.n || s.p[n + 1] != ':') &&
			!(n > 0 && s.p[n - 1] == ':')))
		n++;
	rest = str_from(s, n);
	/* "AssertionError [ERR_ASSERTION]: text" of Node.js */
	if (str_starts(rest, " [") && str_find_char(rest, ']') > 0)
		rest = str_from(rest, (size_t)str_find_char(rest, ']') + 1);
	/* "System.Exception : text" of xUnit.net */
	if (str_starts(rest, " : "))
		rest = str_from(rest, 1);
	if (!names_exception(str_slice(s, 0, n)) || (rest.n && rest.p[0] != ':'))
		return false;
	*type = str_slice(s, 0, n);
	*message = str_trim(str_from(rest, rest.n > 0));
	return true;
}

void block_split_type(struct block *b)
{
	struct str first = b->f.message, second, rest = b->f.message, type, message;

	if (b->f.type.n || !str_next_line(&rest, &first))
		return;
	if (!block_exception(first, &type, &message)) {
		/* The message, and once more with its type: the latter is enough. */
		if (!str_next_line(&rest, &second) || !block_exception(second, &type, &message) ||
			!str_eq(message, str_trim(first)))
			return;
		b->f.type = type;
		b->f.message = rest.n ? str_from(b->f.message, (size_t)(message.p - b->f.message.p))
				      : message;
		return;
	}
	b->f.type = type;
	b->f.message = message.n ? str_from(b->f.message, (size_t)(message.p - b->f.message.p))
				 : str_trim(rest);
}

report_ref block_close(struct block *b, struct report_out *out)
{
	if (!b->open)
		return -1;
	b->open = false;
	return out_emit(out, &b->f, ROLE_RUNNER, b->first_line, b->last_line);
}
