/* alloc: memory that is there or the program ends.
 * Layer: base. For sizes that we choose; what an outsider sizes goes through buf (capped). */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
/* Aborts when n * size overflows. */
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
/* A formatted string the caller frees. */
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* CLEANUP(freep) char *s = NULL; */
void freep(void *p);
