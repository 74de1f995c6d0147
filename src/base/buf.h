/* buf: bytes being built, with a cap. Whatever an outsider can size goes through one.
 * Layer: base. After the cap is met, appends do nothing and over is set (sticky): check it once
 * after a series. Always NUL-terminated (the NUL is not counted in n) once written to. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/str.h"

struct buf {
	char *p;
	size_t n, room, cap;
	bool over;
};

void buf_init(struct buf *b, size_t cap);
void buf_release(struct buf *b);
/* Empty again, memory kept. */
void buf_reset(struct buf *b);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_c(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_fill(struct buf *b, char c, size_t n);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list args);
/* Keeps only the first n bytes. */
void buf_truncate(struct buf *b, size_t n);
/* Replaces [at, at + len) by s. */
void buf_splice(struct buf *b, size_t at, size_t len, struct str s);
/* n writable bytes at the end (n is not moved), or NULL when the cap forbids. */
char *buf_reserve(struct buf *b, size_t n);
/* The text, never NULL. */
const char *buf_text(const struct buf *b);
/* The bytes, owned by the caller from now on; b is as after init. */
char *buf_steal(struct buf *b);
static inline struct str buf_view(const struct buf *b)
{
	return (struct str){b->p ? b->p : "", b->n};
}

#define BUF_AUTO CLEANUP(buf_release) struct buf
/* BUF_AUTO b = BUF_INIT(cap); is safe to leave by any return. */
#define BUF_INIT(max) ((struct buf){.cap = (max)})
