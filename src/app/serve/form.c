#include "app/serve/form.h"

#include <ctype.h>

static void end_pair(struct form_reader *f)
{
	f->done = f->wanted;
	f->in_value = f->wanted = false;
	f->key_n = 0;
	f->hex = 0;
}

static char digit(char c)
{
	return (char)(isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10);
}

static void read_value(struct form_reader *f, char c, struct buf *out)
{
	if (f->hex && isxdigit((unsigned char)c)) {
		f->code = (char)((unsigned char)f->code << 4 | (unsigned char)digit(c));
		if (!--f->hex)
			buf_char(out, f->code);
		return;
	}
	f->hex = c == '%' ? 2 : 0;
	if (!f->hex)
		buf_char(out, c == '+' ? ' ' : c);
}

void form_read(struct form_reader *f, struct str piece, struct buf *out)
{
	for (size_t i = 0; i < piece.n && !f->done; i++) {
		char c = piece.p[i];

		if (c == '&') {
			end_pair(f);
		} else if (!f->in_value && c == '=') {
			f->in_value = true;
			f->wanted = str_eq(str_make(f->key, f->key_n), STR("payload"));
		} else if (!f->in_value) {
			/* One byte more than the name, so that a longer one is not it. */
			if (f->key_n < sizeof(f->key))
				f->key[f->key_n++] = c;
		} else if (f->wanted) {
			read_value(f, c, out);
		}
	}
}
