#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

struct arena_block {
	struct arena_block *next;
	size_t used, room;
	max_align_t data[];
};

enum { BLOCK_SIZE = 16 << 10 };

#if defined(__SANITIZE_ADDRESS__)
#define EACH_ALONE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EACH_ALONE 1
#endif
#endif
#ifndef EACH_ALONE
#define EACH_ALONE 0
#endif

void arena_init(struct arena *a)
{
	*a = (struct arena){0};
}

void arena_release(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	a->total = 0;
}

static struct arena_block *block_add(struct arena *a, size_t room)
{
	struct arena_block *b = xmalloc(sizeof(*b) + room);

	*b = (struct arena_block){.next = a->blocks, .room = room};
	a->blocks = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = sizeof(max_align_t);
	size_t need = EACH_ALONE ? size : (size + align - 1) / align * align;
	struct arena_block *b = a->blocks;
	void *p;

	if (need < size)
		abort();
	if (EACH_ALONE || !b || b->room - b->used < need)
		b = block_add(a, EACH_ALONE || need > BLOCK_SIZE ? need : BLOCK_SIZE);
	p = (char *)b->data + b->used;
	b->used += need;
	a->total += need;
	memset(p, 0, size);
	return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		abort();
	return arena_alloc(a, total);
}

char *arena_strndup(struct arena *a, const char *p, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	if (n)
		memcpy(copy, p, n);
	return copy;
}

struct str arena_str(struct arena *a, struct str s)
{
	return (struct str){arena_strndup(a, s.p, s.n), s.n};
}

const char *arena_cstr(struct arena *a, struct str s)
{
	return arena_strndup(a, s.p, s.n);
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args, again;
	char *text;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		abort();
	text = arena_alloc(a, (size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, fmt, args);
	va_end(args);
	return (struct str){text, (size_t)n};
}
