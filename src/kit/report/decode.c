#include "kit/report/decode.h"

#include "kit/report/utf8.h"

enum { DECODE_BYTES = 16 << 10 }; /* turned at once */

void decode_init(struct decode *d)
{
	*d = (struct decode){0};
	buf_init(&d->out, 3 * DECODE_BYTES);
}

void decode_release(struct decode *d)
{
	buf_release(&d->out);
}

/* A byte order mark, or a character of ASCII beside a zero byte. */
static void decide(struct decode *d)
{
	unsigned char a = d->head[0], b = d->head[1];

	if ((a == 0xff && b == 0xfe) || (a && a < 0x80 && b == 0))
		d->kind = DECODE_LITTLE;
	else if ((a == 0xfe && b == 0xff) || (a == 0 && b && b < 0x80))
		d->kind = DECODE_BIG;
	else
		d->kind = DECODE_NONE;
}

static void add_unit(struct decode *d, uint32_t unit)
{
	char out[4];

	if (unit >= 0xd800 && unit < 0xdc00) {
		d->high = unit;
		return;
	}
	if (unit >= 0xdc00 && unit < 0xe000)
		unit = d->high ? 0x10000 + ((d->high - 0xd800) << 10) + (unit - 0xdc00) : 0xfffd;
	d->high = 0;
	if (unit != 0xfeff)
		buf_add(&d->out, out, utf8_encode(unit, out));
}

static void add_head(struct decode *d)
{
	bool big = d->kind == DECODE_BIG;

	add_unit(d, (uint32_t)d->head[big ? 0 : 1] << 8 | d->head[big ? 1 : 0]);
	d->head_n = 0;
}

static void take_byte(struct decode *d, struct str *text)
{
	d->head[d->head_n++] = (unsigned char)text->p[0];
	*text = str_from(*text, 1);
}

static void begin(struct decode *d, struct str *text)
{
	while (d->head_n < 2 && text->n)
		take_byte(d, text);
	if (d->head_n < 2)
		return;
	decide(d);
	if (d->kind == DECODE_NONE)
		buf_add(&d->out, d->head, 2);
	else
		add_head(d);
}

bool decode_next(struct decode *d, struct str *text, struct str *out)
{
	if (text->n == 0)
		return false;
	buf_reset(&d->out);
	if (d->kind == DECODE_START) {
		begin(d, text);
		*out = buf_view(&d->out);
		return true;
	}
	if (d->kind == DECODE_NONE) {
		*out = *text;
		*text = STR("");
		return true;
	}
	for (int i = 0; i < DECODE_BYTES && text->n; i++) {
		take_byte(d, text);
		if (d->head_n == 2)
			add_head(d);
	}
	*out = buf_view(&d->out);
	return true;
}

void decode_finish(struct decode *d, struct str *out)
{
	buf_reset(&d->out);
	if (d->kind == DECODE_START)
		buf_add(&d->out, d->head, (size_t)d->head_n);
	*out = buf_view(&d->out);
}
