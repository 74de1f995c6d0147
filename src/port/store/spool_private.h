/* spool_private: a spool from inside, and the frames of its segments. Inside port/store only:
 * spool.c opens and takes records, spool_part.c large bodies; spool_write.c is the thread that
 * writes, spool_read.c the reader. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
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

struct waiter {
	spool_told *told;
	void *data;
};

/* Records on their way to the disk: one batch fills while the other is written. */
struct batch {
	char *p;
	size_t n, room;
	vec(struct waiter) waiters;
	vec(struct part_at) parts; /* large bodies, and which frame names them */
};

struct spool {
	char *dir;
	int lock_fd, dir_fd;
	uint32_t segment_bytes;
	uint64_t max_bytes, max_part_bytes;

	pthread_t thread;
	bool started;

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t wake, news;
	bool stopping;
	size_t wanted; /* wake the writing thread at so many records; 0: it is not waiting */
	struct batch *filling;
	struct spool_place end;   /* behind the last record on disk for good */
	uint64_t first_segment;   /* the oldest that is not released */
	uint64_t used, part_used; /* bytes of segments and large bodies; of parts */
	uint64_t records, commits, torn;
	uint64_t parts_made;
	vec(uint64_t) spares; /* released segments, kept under the name .spare to be used again */
	vec(struct spool_large) large;

	/* The writing thread's. */
	struct batch batches[2];
	int active_fd;
	struct spool_place active;
	size_t last_batch;

	/* The reader's. */
	int read_fd;
	uint64_t read_segment;
};

struct spool_part {
	struct spool *spool;
	int fd;
	uint64_t number, bytes;
};

/* Names of files in dir, the caller's to free. */
char *spool_segment_name(uint64_t number);
char *spool_spare_name(uint64_t number);
char *spool_part_name(uint64_t number);
char *spool_large_name(struct spool_place at);
/* The end of a large body's part: its bytes are not counted any more; its file goes unless kept. */
void spool_part_end(struct spool_part *p, bool keep);
/* The writing thread. */
void *spool_write_loop(void *data);
