#include "port/store/spool.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lz4.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "port/store/spool_private.h"
#include "port/store/store.h"

enum {
	SEGMENT_BYTES = 16 << 20,
	PENDING_BYTES = 4 << 20, /* of records that wait for the disk */
	LOCK_WAIT_MS = 2000,
};
static const uint64_t max_bytes = UINT64_C(1) << 30, max_part_bytes = UINT64_C(256) << 20;

/* --- names --- */

char *spool_segment_name(uint64_t number)
{
	return xasprintf("%016" PRIx64 ".segment", number);
}

char *spool_spare_name(uint64_t number)
{
	return xasprintf("%016" PRIx64 ".spare", number);
}

char *spool_part_name(uint64_t number)
{
	return xasprintf("%016" PRIx64 ".part", number);
}

char *spool_large_name(struct spool_place at)
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
	if ((no = pthread_create(&s->thread, NULL, spool_write_loop, s)))
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
