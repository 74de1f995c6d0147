/* arena: memory of one run or one parse, freed at once.
 * Layer: base. Nothing allocated in it is freed alone. A sanitizer build makes each item its own
 * malloc, so that overruns and uses after release are seen. */
#pragma once

#include "base/cleanup.h"
#include "base/str.h"

struct arena {
	struct arena_block *blocks;
	size_t total;
};

void arena_init(struct arena *a);
void arena_release(struct arena *a);
/* Zeroed, aligned for any type; never NULL. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t n, size_t size);
char *arena_strndup(struct arena *a, const char *p, size_t n);
/* A copy of the bytes (NUL-terminated behind n). */
struct str arena_str(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
const char *arena_cstr(struct arena *a, struct str s);

#define ARENA_AUTO CLEANUP(arena_release) struct arena
#define arena_new(a, T) ((T *)arena_alloc((a), sizeof(T)))
