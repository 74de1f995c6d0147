#include "port/child/capture.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"

enum { MARK_ROOM = 80 };

void capture_init(struct capture *c, size_t cap)
{
	*c = (struct capture){.head_cap = cap - cap / 2, .tail_cap = cap / 2};
	buf_init(&c->head, cap + MARK_ROOM);
}

void capture_release(struct capture *c)
{
	buf_release(&c->head);
	free(c->tail);
	c->tail = NULL;
}

static void ring_add(struct capture *c, const char *p, size_t n)
{
	size_t first;

	if (!c->tail_cap)
		return;
	if (!c->tail)
		c->tail = xmalloc(c->tail_cap);
	if (n > c->tail_cap) {
		p += n - c->tail_cap;
		n = c->tail_cap;
	}
	first = c->tail_cap - c->tail_at < n ? c->tail_cap - c->tail_at : n;
	memcpy(c->tail + c->tail_at, p, first);
	memcpy(c->tail, p + first, n - first);
	c->tail_at = (c->tail_at + n) % c->tail_cap;
	c->tail_n = c->tail_n + n < c->tail_cap ? c->tail_n + n : c->tail_cap;
}

void capture_add(struct capture *c, const char *p, size_t n)
{
	size_t room = c->head_cap - c->head.n, first = n < room ? n : room;

	c->total += n;
	buf_add(&c->head, p, first);
	if (n > first)
		ring_add(c, p + first, n - first);
}

bool capture_take(struct capture *c, struct buf *out)
{
	uint64_t dropped = c->total - c->head.n - c->tail_n;
	size_t begin = c->tail_n < c->tail_cap ? 0 : c->tail_at;

	if (dropped)
		buf_printf(&c->head, "\n[... %" PRIu64 " bytes dropped ...]\n", dropped);
	if (c->tail_n) {
		buf_add(&c->head, c->tail + begin, c->tail_n - begin);
		buf_add(&c->head, c->tail, begin);
	}
	*out = c->head;
	buf_init(&c->head, c->head.cap);
	capture_release(c);
	return dropped > 0;
}
