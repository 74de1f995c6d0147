/* spool_private: the frames of a spool's segments. Inside port/store only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "port/store/spool.h"

enum {
	FRAME_MAGIC = 0x6c6f7053, /* "Spol" */
	FRAME_ALIGN = 8,
	FRAME_PACKED = 1, /* the body is an LZ4 block */
	FRAME_LARGE = 2,  /* the body is a file of its own */
};

/* Native byte order: a spool is read where it was written. */
struct frame {
	uint32_t magic, flags;
	uint64_t segment;
	uint32_t offset;
	uint32_t head_bytes, packed_bytes, unused;
	uint64_t body_bytes;
	uint64_t sum; /* of all others and the payload; last */
};
/* followed by head, body, and zeros up to FRAME_ALIGN. */

static inline size_t frame_payload_end(const struct frame *f)
{
	return sizeof(*f) + f->head_bytes + f->packed_bytes;
}

static inline size_t frame_size(const struct frame *f)
{
	return (frame_payload_end(f) + FRAME_ALIGN - 1) & ~(size_t)(FRAME_ALIGN - 1);
}

/* f with its payload behind it. */
uint64_t frame_sum(const struct frame *f);

struct part_at {
	struct spool_part *part;
	size_t at;
};
struct spool_large {
	struct spool_place at;
	uint64_t bytes;
};

int spool_write_all(
	int fd, struct str bytes, uint64_t at, const char *dir, struct err *err) MUST_CHECK;
/* Reads the frame at `at` into mem (reset); false when there is no whole one before limit. */
bool spool_read_frame(int fd, uint64_t segment, uint64_t at, uint64_t limit, struct buf *mem);
/* The next aligned place at or behind `at` where the magic stands, or limit. */
uint64_t spool_seek_magic(int fd, uint64_t at, uint64_t limit);
