#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "port/store/spool_private.h"

enum {
	GATHER_US = 300, /* at most added to a delivery's answer */
};

static int spare_take(struct spool *s, uint64_t *number)
{
	int there;

	pthread_mutex_lock(&s->lock);
	there = s->spares.n > 0;
	if (there)
		*number = s->spares.v[--s->spares.n];
	pthread_mutex_unlock(&s->lock);
	return there;
}

/* A released segment under its new name, else a new one with its room reserved. Its name is durable
 * before anything in it is told. */
static int segment_make(struct spool *s, uint64_t number, struct err *err)
{
	CLEANUP(freep) char *name = spool_segment_name(number);
	CLEANUP(fd_closep) int fd = -1;
	uint64_t spare;
	int result, no;

	if (spare_take(s, &spare)) {
		CLEANUP(freep) char *old = spool_spare_name(spare);

		if (renameat(s->dir_fd, old, s->dir_fd, name) < 0)
			return err_sys(err, errno, "cannot rename '%s/%s'", s->dir, old);
	}
	fd = openat(s->dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, errno, "cannot make '%s/%s'", s->dir, name);
	if ((no = posix_fallocate(fd, 0, s->segment_bytes))) {
		unlinkat(s->dir_fd, name, 0);
		return err_sys(err, no, "cannot reserve room for '%s/%s'", s->dir, name);
	}
	if (fsync(fd) < 0 || fsync(s->dir_fd) < 0)
		return err_sys(err, errno, "cannot store '%s/%s'", s->dir, name);
	result = fd;
	fd = -1;
	return result;
}

static int next_segment(struct spool *s, struct err *err)
{
	int fd = segment_make(s, s->active.segment + 1, err);

	if (s->active_fd >= 0)
		close_fd(s->active_fd);
	s->active_fd = fd;
	if (fd < 0)
		return -1;
	s->active = (struct spool_place){s->active.segment + 1, 0};
	pthread_mutex_lock(&s->lock);
	s->used += s->segment_bytes;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

/* How much of the batch from `from` on fits into the segment: whole frames. */
static size_t fitting(const struct batch *b, size_t from, size_t room)
{
	size_t n = 0;

	while (from + n < b->n) {
		const struct frame *f = (const void *)(b->p + from + n);

		if (n + frame_size(f) > room)
			break;
		n += frame_size(f);
	}
	return n;
}

/* The body of the frame at `from` in the batch, which will stand at place `at`: durable under its
 * name before the frame that promises it. */
static int publish_part(
	struct spool *s, struct spool_part *p, struct spool_place at, struct err *err)
{
	CLEANUP(freep) char *made = spool_part_name(p->number), *name = spool_large_name(at);

	if (fdatasync(p->fd) < 0 || renameat(s->dir_fd, made, s->dir_fd, name) < 0 ||
		fsync(s->dir_fd) < 0)
		return err_sys(err, errno, "cannot store '%s/%s'", s->dir, name);
	pthread_mutex_lock(&s->lock);
	s->used += p->bytes;
	vec_push(&s->large, (struct spool_large){at, p->bytes});
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static int publish_parts(struct spool *s, struct batch *b, size_t from, size_t n, struct err *err)
{
	vec_each (part, &b->parts) {
		struct spool_place at = {s->active.segment, s->active.offset + part->at - from};

		if (part->at < from || part->at >= from + n)
			continue;
		if (publish_part(s, part->part, at, err) < 0)
			return -1;
		spool_part_end(TAKE(part->part), true);
	}
	return 0;
}

static void seal_frames(struct spool *s, struct batch *b, size_t from, size_t n)
{
	for (size_t at = 0; at < n;) {
		struct frame *f = (void *)(b->p + from + at);

		f->segment = s->active.segment;
		f->offset = (uint32_t)(s->active.offset + at);
		f->sum = frame_sum(f);
		at += frame_size(f);
	}
}

static int write_some(struct spool *s, struct batch *b, size_t from, size_t n, struct err *err)
{
	if (publish_parts(s, b, from, n, err) < 0)
		return -1;
	seal_frames(s, b, from, n);
	if (spool_write_all(s->active_fd, str_make(b->p + from, n), s->active.offset, s->dir, err) <
		0)
		return -1;
	if (fdatasync(s->active_fd) < 0)
		return err_sys(err, errno, "cannot store in '%s'", s->dir);
	s->active.offset += n;
	return 0;
}

static int write_batch(struct spool *s, struct batch *b, struct err *err)
{
	for (size_t from = 0; from < b->n;) {
		size_t n = s->active_fd < 0 ? 0
					    : fitting(b, from, s->segment_bytes - s->active.offset);

		if (!n && next_segment(s, err) < 0)
			return -1;
		if (!n)
			continue;
		if (write_some(s, b, from, n, err) < 0)
			return -1;
		from += n;
	}
	return 0;
}

/* A segment that a write failed in is not written to again: after a failed fdatasync nobody knows
 * what it holds. */
static void give_up_segment(struct spool *s)
{
	if (s->active_fd >= 0)
		close_fd(s->active_fd);
	s->active_fd = -1;
}

static void tell(struct spool *s, struct batch *b, int rc, const struct err *err)
{
	pthread_mutex_lock(&s->lock);
	s->commits++;
	if (rc == 0) {
		s->end = s->active;
		s->records += b->waiters.n;
		pthread_cond_signal(&s->news);
	}
	pthread_mutex_unlock(&s->lock);
	vec_each (part, &b->parts)
		if (part->part)
			spool_part_end(TAKE(part->part), false);
	vec_each (waiter, &b->waiters)
		waiter->told(waiter->data, rc, err);
	b->n = b->waiters.n = b->parts.n = 0;
}

static void wait_for(struct spool *s, size_t wanted, const struct timespec *until)
{
	int rc = 0;

	s->wanted = wanted;
	while (s->filling->waiters.n < wanted && !s->stopping && rc == 0)
		rc = until ? pthread_cond_timedwait(&s->wake, &s->lock, until)
			   : pthread_cond_wait(&s->wake, &s->lock);
	s->wanted = 0;
}

/* Those who send wait for an answer before they send again, so about as many records are on their
 * way as were in the last batch and came while it was written. To wait a moment for most of these
 * costs less than a write for each few of them; the rest is read in while the disk is busy. */
static void gather(struct spool *s)
{
	size_t together = s->last_batch + s->filling->waiters.n, wanted = together - together / 4;
	int64_t until_us = clock_mono_us() + GATHER_US;
	struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};

	wait_for(s, 1, NULL);
	if (wanted > 1)
		wait_for(s, wanted, &until);
	s->last_batch = s->filling->waiters.n;
}

/* The batch to write, or NULL at the end. */
static struct batch *take_batch(struct spool *s)
{
	struct batch *full;

	pthread_mutex_lock(&s->lock);
	gather(s);
	full = s->filling->n ? s->filling : NULL;
	if (full)
		s->filling = full == &s->batches[0] ? &s->batches[1] : &s->batches[0];
	pthread_mutex_unlock(&s->lock);
	return full;
}

void *spool_write_loop(void *data)
{
	struct spool *s = data;
	struct batch *b;

	while ((b = take_batch(s))) {
		struct err err = ERR_INIT;
		int rc = write_batch(s, b, &err);

		if (rc < 0)
			give_up_segment(s);
		tell(s, b, rc, &err);
	}
	return NULL;
}
