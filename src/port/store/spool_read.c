#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <lz4.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "port/store/spool_private.h"

enum {
	SPARE_SEGMENTS = 4, /* released ones kept to be used again */
};

static struct spool_place durable_end(struct spool *s)
{
	struct spool_place end;

	pthread_mutex_lock(&s->lock);
	end = s->end;
	pthread_mutex_unlock(&s->lock);
	return end;
}

/* 0, or SPOOL_END when there is no such segment. */
static int read_segment(struct spool *s, uint64_t number, struct err *err)
{
	CLEANUP(freep) char *name = spool_segment_name(number);

	if (s->read_fd >= 0 && s->read_segment == number)
		return 0;
	fd_closep(&s->read_fd);
	s->read_segment = number;
	s->read_fd = openat(s->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (s->read_fd >= 0)
		return 0;
	return errno == ENOENT ? SPOOL_END
			       : err_sys(err, errno, "cannot open '%s/%s'", s->dir, name);
}

static void count_torn(struct spool *s, uint64_t n)
{
	pthread_mutex_lock(&s->lock);
	s->torn += n;
	pthread_mutex_unlock(&s->lock);
}

/* The offset of the next whole frame of this segment at or behind `from`, its bytes in mem; or
 * `limit`. */
static uint64_t find_frame(struct spool *s, uint64_t from, uint64_t limit, struct buf *mem)
{
	uint64_t at = from;

	while (at + sizeof(struct frame) <= limit) {
		if (spool_read_frame(s->read_fd, s->read_segment, at, limit, mem))
			break;
		at = spool_seek_magic(s->read_fd, at + FRAME_ALIGN, limit);
	}
	at = at + sizeof(struct frame) <= limit ? at : limit;
	return at;
}

/* A large body that somebody removed is an empty one: what is behind it must not wait for it. */
static int open_large(
	struct spool *s, struct spool_place at, struct spool_record *out, struct err *err)
{
	CLEANUP(freep) char *name = spool_large_name(at);

	out->body_fd = openat(s->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (out->body_fd >= 0 || errno == ENOENT)
		return 0;
	return err_sys(err, errno, "cannot open '%s/%s'", s->dir, name);
}

static struct str unpack_body(const struct frame *f, struct buf *mem)
{
	char *body = f->body_bytes <= SPOOL_BODY_MAX ? buf_reserve(mem, f->body_bytes) : NULL;
	const char *packed = mem->p + sizeof(*f) + f->head_bytes;

	if (!body || LZ4_decompress_safe(packed, body, (int)f->packed_bytes, (int)f->body_bytes) !=
			     (int)f->body_bytes)
		return STR_NULL;
	return str_make(body, f->body_bytes);
}

static int unpack(struct spool *s, struct buf *mem, struct spool_place at, struct spool_record *out,
	struct err *err)
{
	struct frame f;

	memcpy(&f, mem->p, sizeof(f));
	*out = (struct spool_record){.body_fd = -1, .body_bytes = f.body_bytes};
	if (f.flags & FRAME_LARGE) {
		if (open_large(s, at, out, err) < 0)
			return -1;
	} else if (f.flags & FRAME_PACKED) {
		out->body = unpack_body(&f, mem);
	} else {
		out->body = str_make(mem->p + sizeof(f) + f.head_bytes, f.packed_bytes);
	}
	out->head = str_make(mem->p + sizeof(f), f.head_bytes);
	return 0;
}

int spool_next(struct spool *s, struct spool_place *place, struct spool_record *out,
	struct buf *mem, struct err *err)
{
	struct spool_place end = durable_end(s);

	if (place->segment < s->first_segment)
		*place = (struct spool_place){s->first_segment, 0};
	while (place->segment < end.segment ||
		(place->segment == end.segment && place->offset < end.offset)) {
		bool last = place->segment == end.segment;
		uint64_t limit = last ? end.offset : s->segment_bytes, at = limit;
		struct frame f;
		int there = read_segment(s, place->segment, err);

		if (there < 0)
			return -1;
		if (there == 0)
			at = find_frame(s, place->offset, limit, mem);
		if (at < limit) {
			count_torn(s, at - place->offset);
			memcpy(&f, mem->p, sizeof(f));
			place->offset = at + frame_size(&f);
			return unpack(s, mem, (struct spool_place){place->segment, at}, out, err);
		}
		if (last)
			break;
		*place = (struct spool_place){place->segment + 1, 0};
	}
	return SPOOL_END;
}

static bool is_before(struct spool_place a, struct spool_place b)
{
	return a.segment != b.segment ? a.segment < b.segment : a.offset < b.offset;
}

void spool_wait(struct spool *s, const struct spool_place *place, int timeout_ms)
{
	int64_t until_us = clock_mono_us() + (int64_t)timeout_ms * 1000;
	struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};

	pthread_mutex_lock(&s->lock);
	while (!is_before(*place, s->end) &&
		pthread_cond_timedwait(&s->news, &s->lock, &until) == 0)
		;
	pthread_mutex_unlock(&s->lock);
}

static void release_large(struct spool *s, struct spool_place place)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->large.n; i++) {
		struct spool_large large = s->large.v[i];
		CLEANUP(freep) char *name = NULL;

		if (!is_before(large.at, place)) {
			s->large.v[kept++] = large;
			continue;
		}
		name = spool_large_name(large.at);
		unlinkat(s->dir_fd, name, 0);
		s->used -= large.bytes;
	}
	s->large.n = kept;
}

static void release_segment(struct spool *s, uint64_t number)
{
	CLEANUP(freep) char *name = spool_segment_name(number), *spare = spool_spare_name(number);

	if (s->spares.n >= SPARE_SEGMENTS) {
		if (unlinkat(s->dir_fd, name, 0) < 0)
			return; /* was never made: the disk was full */
	} else {
		if (renameat(s->dir_fd, name, s->dir_fd, spare) < 0)
			return;
		vec_push(&s->spares, number);
	}
	s->used -= s->segment_bytes;
}

void spool_release(struct spool *s, struct spool_place place)
{
	pthread_mutex_lock(&s->lock);
	for (; s->first_segment < place.segment && s->first_segment <= s->end.segment;
		s->first_segment++)
		release_segment(s, s->first_segment);
	if (s->large.n)
		release_large(s, place);
	pthread_mutex_unlock(&s->lock);
}

void spool_state(struct spool *s, struct spool_state *out)
{
	pthread_mutex_lock(&s->lock);
	*out = (struct spool_state){.bytes = s->used,
		.max_bytes = s->max_bytes,
		.records = s->records,
		.commits = s->commits,
		.torn_bytes = s->torn};
	pthread_mutex_unlock(&s->lock);
}
