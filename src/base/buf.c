#include "base/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

void buf_init(struct buf *b, size_t cap)
{
	assert(cap > 0 && cap < SIZE_MAX / 4);
	*b = (struct buf){.cap = cap};
}

void buf_release(struct buf *b)
{
	free(b->p);
	*b = (struct buf){.cap = b->cap};
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->over = false;
	if (b->p)
		b->p[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t n)
{
	size_t room;

	assert(b->cap);
	if (b->over || n > b->cap - b->n) {
		b->over = true;
		return NULL;
	}
	if (b->n + n + 1 > b->room) {
		room = b->room ? b->room * 2 : 64;
		if (room < b->n + n + 1)
			room = b->n + n + 1;
		b->p = xreallocarray(b->p, room, 1);
		b->room = room;
	}
	return b->p + b->n;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	char *at = buf_reserve(b, n);

	if (!at)
		return;
	if (n)
		memcpy(at, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void buf_c(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_fill(struct buf *b, char c, size_t n)
{
	char *at = buf_reserve(b, n);

	if (!at)
		return;
	memset(at, c, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_vprintf(struct buf *b, const char *fmt, va_list args)
{
	va_list again;
	char *at;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(n >= 0);
	at = buf_reserve(b, (size_t)n);
	if (!at)
		return;
	vsnprintf(at, (size_t)n + 1, fmt, args);
	b->n += (size_t)n;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	buf_vprintf(b, fmt, args);
	va_end(args);
}

void buf_truncate(struct buf *b, size_t n)
{
	assert(n <= b->n);
	b->n = n;
	if (b->p)
		b->p[n] = '\0';
}

void buf_splice(struct buf *b, size_t at, size_t len, struct str s)
{
	assert(at <= b->n && len <= b->n - at);
	if (s.n > len && !buf_reserve(b, s.n - len))
		return;
	if (!b->p)
		return;
	memmove(b->p + at + s.n, b->p + at + len, b->n - at - len);
	if (s.n)
		memcpy(b->p + at, s.p, s.n);
	b->n = b->n - len + s.n;
	b->p[b->n] = '\0';
}

const char *buf_text(const struct buf *b)
{
	return b->p ? b->p : "";
}

char *buf_steal(struct buf *b)
{
	char *p = b->p ? b->p : xstrdup("");

	*b = (struct buf){.cap = b->cap};
	return p;
}
