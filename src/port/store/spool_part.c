#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "port/store/spool_private.h"

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
	name = spool_part_name(number);
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

void spool_part_end(struct spool_part *p, bool keep)
{
	struct spool *s = p->spool;

	pthread_mutex_lock(&s->lock);
	s->part_used -= p->bytes;
	pthread_mutex_unlock(&s->lock);
	if (!keep) {
		CLEANUP(freep) char *name = spool_part_name(p->number);

		unlinkat(s->dir_fd, name, 0);
	}
	close_fd(p->fd);
	free(p);
}

void spool_part_free(struct spool_part *p)
{
	if (p)
		spool_part_end(p, false);
}
