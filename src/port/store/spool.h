/* spool: what was received and must not be lost, on disk within a millisecond and in order.
 * Layer: port. An append-only log in segment files of fixed size, preallocated and used again. A
 * thread of its own writes all that waits in one go, with one fdatasync for all of it (group
 * commit), then tells those who wait. Readers see only what is on disk for good. After a kill the
 * log ends behind the last whole record; what was told to be stored is always before that.
 *
 * A frame is a header (struct frame in spool.c) with a sum over itself, its place and its payload:
 * neither a torn write nor what a segment held in an earlier life is taken for a record. Payloads
 * are packed by LZ4: hooks are JSON full of alike URLs, and the disk is what limits us.
 *
 * Bodies too large for memory go to a file of their own while they come in, before anybody knows
 * whether they will be believed (struct spool_part). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

struct spool;
struct spool_part;

/* Where a record begins, or where the next one is looked for. {0} is the beginning of all. */
struct spool_place {
	uint64_t segment;
	uint64_t offset;
};

struct spool_options {
	const char *dir;         /* made when absent; one process at a time (flock) */
	uint32_t segment_bytes;  /* 0: 16 MiB */
	uint64_t max_bytes;      /* of all segments and large bodies; 0: 1 GiB */
	uint64_t max_part_bytes; /* of large bodies not stored yet; 0: 256 MiB */
	/* Where the reader will go on. A spool that was emptied behind its back numbers its
	 * segments from there, so that nothing new looks read. */
	struct spool_place from;
};

/* Reads nothing but names; ERR_CONFLICT when another process has it. */
int spool_open(struct spool **out, const struct spool_options *options, struct err *err) MUST_CHECK;
/* Writes what waits, tells those who wait, then ends. */
void spool_free(struct spool *s);
DEFINE_CLEANUP(struct spool *, spool_free)

/* Called by the spool's thread: 0 on disk for good; < 0 not, *err says why. */
typedef void spool_told(void *data, int rc, const struct err *err);

/* Takes a record: head is the caller's, small; body as it is, or that of part (which is the spool's
 * from then on; NULL: none). Both are copied. told is called exactly once, unless it returns
 * SPOOL_FULL (nothing was taken). */
enum { SPOOL_FULL = 1, SPOOL_HEAD_MAX = 4096, SPOOL_BODY_MAX = 256 << 10 };
int spool_add(struct spool *s, struct str head, struct str body, struct spool_part **part,
	spool_told *told, void *data) MUST_CHECK;

/* A large body in the making. SPOOL_FULL when there is no room for more of them. */
int spool_part_open(struct spool_part **out, struct spool *s, struct err *err) MUST_CHECK;
int spool_part_add(struct spool_part *p, struct str piece, struct err *err) MUST_CHECK;
/* Drops one that was not taken. */
void spool_part_free(struct spool_part *p);
DEFINE_CLEANUP(struct spool_part *, spool_part_free)

struct spool_record {
	struct str head;
	struct str body; /* of a large one: empty, and body_fd is open */
	int body_fd;     /* the caller's to close; < 0: none */
	uint64_t body_bytes;
};
/* The record at *place or the next one behind it, which *place is moved past; texts live in mem
 * (reset here) until the next call. SPOOL_END: nothing more is on disk yet. One reader. */
enum { SPOOL_END = 1 };
int spool_next(struct spool *s, struct spool_place *place, struct spool_record *out,
	struct buf *mem, struct err *err) MUST_CHECK;
/* Waits until there may be something at or behind place, or for so long. */
void spool_wait(struct spool *s, const struct spool_place *place, int timeout_ms);
/* What is before place is not needed any more. */
void spool_release(struct spool *s, struct spool_place place);

struct spool_state {
	uint64_t bytes; /* on disk, and not released */
	uint64_t max_bytes;
	uint64_t records;    /* stored since the start */
	uint64_t commits;    /* ... by so many writes */
	uint64_t torn_bytes; /* passed over while reading */
};
void spool_state(struct spool *s, struct spool_state *out);
