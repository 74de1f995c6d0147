/* capture: what a child prints, its head and its tail, in bounded memory.
 * Layer: port/child. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct capture {
	size_t head_cap, tail_cap;
	struct buf head;
	char *tail; /* ring of tail_cap bytes, made when the head is full */
	size_t tail_at, tail_n;
	uint64_t total;
};

/* cap > 0: the most bytes kept. */
void capture_init(struct capture *c, size_t cap);
void capture_release(struct capture *c);
void capture_add(struct capture *c, const char *p, size_t n);
/* Moves what was kept to *out (initialised by this). True when the middle was dropped: a line that
 * says how much stands in its place. */
bool capture_take(struct capture *c, struct buf *out);
