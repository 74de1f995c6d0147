#include "port/store/spool.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lz4.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/vec.h"
#include "port/store/spool_private.h"
#include "port/store/store.h"

enum {
	SEGMENT_BYTES = 16 << 20,
	PENDING_BYTES = 4 << 20, /* of records that wait for the disk */
	LOCK_WAIT_MS = 2000,
	GATHER_US = 300,    /* at most added to a delivery's answer */
	SPARE_SEGMENTS = 4, /* released ones kept to be used again */
};
static const uint64_t max_bytes = UINT64_C(1) << 30, max_part_bytes = UINT64_C(256) << 20;

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

/* --- names --- */

static char *segment_name(uint64_t number)
{
	return xasprintf("%016" PRIx64 ".segment", number);
}

static char *spare_name(uint64_t number)
{
	return xasprintf("%016" PRIx64 ".spare", number);
}

static char *part_name(uint64_t number)
{
	return xasprintf("%016" PRIx64 ".part", number);
}

static char *large_name(struct spool_place at)
{
	return xasprintf("%016" PRIx64 "-%08" PRIx64 ".body", at.segment, at.offset);
}

/* --- adding --- */

/* An LZ4 block, or the bytes themselves where that is not shorter. */
static size_t pack(char *to, size_t room, struct str body, uint32_t *flags)
{
	int n = LZ4_compress_default(body.p, to, (int)body.n, (int)room);

	if (n > 0 && (size_t)n < body.n) {
		*flags |= FRAME_PACKED;
		return (size_t)n;
	}
	if (body.n)
		memcpy(to, body.p, body.n);
	return body.n;
}

static bool make_room(struct batch *b, size_t need)
{
	if (b->n + need > PENDING_BYTES)
		return false;
	if (b->n + need > b->room) {
		b->room = b->room ? b->room : 64 << 10;
		while (b->room < b->n + need)
			b->room *= 2;
		b->p = xreallocarray(b->p, b->room, 1);
	}
	return true;
}

/* Everything but the place and the sum, which are known when it is written. */
static bool add_frame(struct batch *b, struct str head, struct str body, struct spool_part *part)
{
	struct frame f = {.magic = FRAME_MAGIC,
		.head_bytes = (uint32_t)head.n,
		.body_bytes = part ? part->bytes : body.n,
		.flags = part ? FRAME_LARGE : 0};
	size_t bound = part ? 0 : (size_t)LZ4_compressBound((int)body.n);
	char *to;

	if (!make_room(b, sizeof(f) + head.n + bound + FRAME_ALIGN))
		return false;
	to = b->p + b->n;
	memcpy(to + sizeof(f), head.p, head.n);
	if (!part)
		f.packed_bytes = (uint32_t)pack(to + sizeof(f) + head.n, bound, body, &f.flags);
	memcpy(to, &f, sizeof(f));
	memset(to + frame_payload_end(&f), 0, frame_size(&f) - frame_payload_end(&f));
	if (part)
		vec_push(&b->parts, (struct part_at){part, b->n});
	b->n += frame_size(&f);
	return true;
}

int spool_add(struct spool *s, struct str head, struct str body, struct spool_part **part,
	spool_told *told, void *data)
{
	struct spool_part *large = part ? *part : NULL;
	int rc = SPOOL_FULL;

	assert(head.n <= SPOOL_HEAD_MAX && body.n <= SPOOL_BODY_MAX);
	pthread_mutex_lock(&s->lock);
	if (s->used < s->max_bytes && !s->stopping && add_frame(s->filling, head, body, large)) {
		vec_push(&s->filling->waiters, (struct waiter){told, data});
		if (s->wanted && s->filling->waiters.n >= s->wanted)
			pthread_cond_signal(&s->wake);
		if (part)
			*part = NULL;
		rc = 0;
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* --- large bodies --- */

int spool_part_open(struct spool_part **out, struct spool *s, struct err *err)
{
	CLEANUP(freep) char *name = NULL;
	struct spool_part *p;
	uint64_t number;
	bool full;
	int fd;

	pthread_mutex_lock(&s->lock);
	number = s->parts_made++;
	full = s->part_used >= s->max_part_bytes || s->used + s->part_used >= s->max_bytes;
	pthread_mutex_unlock(&s->lock);
	if (full)
		return SPOOL_FULL;
	name = part_name(number);
	fd = openat(s->dir_fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, errno, "cannot make '%s/%s'", s->dir, name);
	p = xcalloc(1, sizeof(*p));
	*p = (struct spool_part){.spool = s, .fd = fd, .number = number};
	*out = p;
	return 0;
}

static bool claim_part_bytes(struct spool *s, uint64_t n)
{
	bool fits;

	pthread_mutex_lock(&s->lock);
	fits = s->part_used + n <= s->max_part_bytes;
	if (fits)
		s->part_used += n;
	pthread_mutex_unlock(&s->lock);
	return fits;
}

int spool_part_add(struct spool_part *p, struct str piece, struct err *err)
{
	if (!claim_part_bytes(p->spool, piece.n))
		return SPOOL_FULL;
	p->bytes += piece.n;
	return spool_write_all(p->fd, piece, p->bytes - piece.n, p->spool->dir, err);
}

static void part_end(struct spool_part *p, bool keep)
{
	struct spool *s = p->spool;

	pthread_mutex_lock(&s->lock);
	s->part_used -= p->bytes;
	pthread_mutex_unlock(&s->lock);
	if (!keep) {
		CLEANUP(freep) char *name = part_name(p->number);

		unlinkat(s->dir_fd, name, 0);
	}
	close_fd(p->fd);
	free(p);
}

void spool_part_free(struct spool_part *p)
{
	if (p)
		part_end(p, false);
}

/* --- writing --- */

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
	CLEANUP(freep) char *name = segment_name(number);
	CLEANUP(fd_closep) int fd = -1;
	uint64_t spare;
	int result, no;

	if (spare_take(s, &spare)) {
		CLEANUP(freep) char *old = spare_name(spare);

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
	CLEANUP(freep) char *made = part_name(p->number), *name = large_name(at);

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
		part_end(TAKE(part->part), true);
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
			part_end(TAKE(part->part), false);
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

static void *write_loop(void *data)
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

/* --- opening --- */

static void note_file(struct spool *s, const char *name)
{
	struct spool_place at;
	struct stat st;
	char rest[8];

	if (sscanf(name, "%16" SCNx64 "-%8" SCNx64 ".%7s", &at.segment, &at.offset, rest) == 3 &&
		!strcmp(rest, "body") && fstatat(s->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		vec_push(&s->large, (struct spool_large){at, (uint64_t)st.st_size});
		s->used += (uint64_t)st.st_size;
	} else if (sscanf(name, "%16" SCNx64 ".%7s", &at.segment, rest) == 2 &&
		   !strcmp(rest, "segment")) {
		if (!s->first_segment || at.segment < s->first_segment)
			s->first_segment = at.segment;
		if (at.segment > s->active.segment)
			s->active.segment = at.segment;
		s->used += s->segment_bytes;
	} else if (sscanf(name, "%16" SCNx64 ".%7s", &at.segment, rest) == 2 &&
		   !strcmp(rest, "spare")) {
		vec_push(&s->spares, at.segment);
	} else if (str_ends(str_of(name), ".part")) {
		unlinkat(s->dir_fd, name, 0); /* of a request that was never answered */
	}
}

/* What is there stays as it is; new records go to a new segment, made when the first one comes. */
static int look_around(struct spool *s, struct err *err)
{
	int fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d)
		return err_sys(err, errno, "cannot read '%s'", s->dir);
	while ((entry = readdir(d)))
		note_file(s, entry->d_name);
	closedir(d);
	s->end = (struct spool_place){s->active.segment + 1, 0};
	if (!s->first_segment)
		s->first_segment = s->active.segment + 1;
	return 0;
}

static int open_dir(struct spool *s, struct err *err)
{
	CLEANUP(freep) char *inside = xasprintf("%s/", s->dir);

	if (store_make_folders(inside, err) < 0)
		return -1;
	s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0)
		return err_sys(err, errno, "cannot open '%s'", s->dir);
	s->lock_fd = openat(s->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		return err_sys(err, errno, "cannot open '%s/lock'", s->dir);
	/* One that is being stopped, or was killed, lets go in a moment. */
	for (int64_t until = clock_mono_ms() + LOCK_WAIT_MS;
		flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0; clock_sleep_ms(20))
		if (clock_mono_ms() > until)
			return err_set(err, ERR_CONFLICT,
				"cannot use '%s': another selfheal serve is at work there", s->dir);
	return 0;
}

int spool_open(struct spool **out, const struct spool_options *o, struct err *err)
{
	CLEANUP(spool_freep) struct spool *s = xcalloc(1, sizeof(*s));
	pthread_condattr_t monotonic;
	int no;

	s->dir = xstrdup(o->dir);
	s->lock_fd = s->dir_fd = s->active_fd = s->read_fd = -1;
	s->segment_bytes = o->segment_bytes ? o->segment_bytes : SEGMENT_BYTES;
	assert(s->segment_bytes >= 2 * SPOOL_BODY_MAX);
	s->max_bytes = o->max_bytes ? o->max_bytes : max_bytes;
	s->max_part_bytes = o->max_part_bytes ? o->max_part_bytes : max_part_bytes;
	s->filling = &s->batches[0];
	s->active.segment = o->from.segment;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &monotonic);
	pthread_cond_init(&s->news, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (open_dir(s, err) < 0 || look_around(s, err) < 0)
		return -1;
	if ((no = pthread_create(&s->thread, NULL, write_loop, s)))
		return err_sys(err, no, "cannot start a thread");
	s->started = true;
	*out = TAKE(s);
	return 0;
}

static void batch_release(struct batch *b)
{
	free(b->p);
	vec_free(&b->waiters);
	vec_free(&b->parts);
}

void spool_free(struct spool *s)
{
	if (!s)
		return;
	if (s->started) {
		pthread_mutex_lock(&s->lock);
		s->stopping = true;
		pthread_cond_signal(&s->wake);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->thread, NULL);
	}
	fd_closep(&s->active_fd);
	fd_closep(&s->read_fd);
	fd_closep(&s->lock_fd);
	fd_closep(&s->dir_fd);
	batch_release(&s->batches[0]);
	batch_release(&s->batches[1]);
	vec_free(&s->spares);
	vec_free(&s->large);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->wake);
	pthread_cond_destroy(&s->news);
	free(s->dir);
	free(s);
}

/* --- reading --- */

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
	CLEANUP(freep) char *name = segment_name(number);

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

static int unpack(struct spool *s, struct buf *mem, struct spool_place at, struct spool_record *out,
	struct err *err)
{
	struct frame f;
	char *body;

	memcpy(&f, mem->p, sizeof(f));
	*out = (struct spool_record){.body_fd = -1, .body_bytes = f.body_bytes};
	if (f.flags & FRAME_LARGE) {
		CLEANUP(freep) char *name = large_name(at);

		out->body_fd = openat(s->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (out->body_fd < 0)
			return err_sys(err, errno, "cannot open '%s/%s'", s->dir, name);
	} else if (f.flags & FRAME_PACKED) {
		if (f.body_bytes > SPOOL_BODY_MAX || !(body = buf_reserve(mem, f.body_bytes)) ||
			LZ4_decompress_safe(mem->p + sizeof(f) + f.head_bytes, body,
				(int)f.packed_bytes, (int)f.body_bytes) != (int)f.body_bytes)
			return err_set(err, ERR_PARSE, "cannot unpack a record of '%s'", s->dir);
		out->body = str_make(body, f.body_bytes);
	} else {
		out->body = str_make(mem->p + sizeof(f) + f.head_bytes, f.body_bytes);
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
		name = large_name(large.at);
		unlinkat(s->dir_fd, name, 0);
		s->used -= large.bytes;
	}
	s->large.n = kept;
}

static void release_segment(struct spool *s, uint64_t number)
{
	CLEANUP(freep) char *name = segment_name(number), *spare = spare_name(number);

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
