#include "port/store/spool_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static uint64_t word(const unsigned char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Against torn writes, not against people: four lanes keep the multiplier busy, 10 GB/s where a
 * table-driven CRC gives a tenth. The frame is a multiple of 8 bytes long, zeros at its end. */
uint64_t frame_sum(const struct frame *f)
{
	const unsigned char *p = (const unsigned char *)f, *end = p + frame_size(f);
	uint64_t lane[4] = {1, 2, 3, 4};

	for (size_t i = 0; i < offsetof(struct frame, sum) / 8; i++)
		lane[0] = hash_mix(lane[0], word(p + i * 8));
	for (p += sizeof(*f); p + 32 <= end; p += 32)
		for (int i = 0; i < 4; i++)
			lane[i] = hash_mix(lane[i], word(p + i * 8));
	for (; p < end; p += 8)
		lane[1] = hash_mix(lane[1], word(p));
	return hash_mix(hash_mix(lane[0], lane[1]), hash_mix(lane[2], lane[3]));
}

int spool_write_all(int fd, struct str bytes, uint64_t at, const char *dir, struct err *err)
{
	while (bytes.n) {
		ssize_t n = pwrite(fd, bytes.p, bytes.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(err, n ? errno : EIO, "cannot write in '%s'", dir);
		bytes = str_from(bytes, (size_t)n);
		at += (uint64_t)n;
	}
	return 0;
}

static bool read_at(int fd, struct buf *mem, size_t n, uint64_t at)
{
	char *to = buf_reserve(mem, n);

	if (!to || pread(fd, to, n, (off_t)at) != (ssize_t)n)
		return false;
	mem->n += n;
	return true;
}

bool spool_read_frame(int fd, uint64_t segment, uint64_t at, uint64_t limit, struct buf *mem)
{
	struct frame f;

	buf_reset(mem);
	if (limit - at < sizeof(f) || !read_at(fd, mem, sizeof(f), at))
		return false;
	memcpy(&f, mem->p, sizeof(f));
	if (f.magic != FRAME_MAGIC || f.segment != segment || f.offset != at ||
		f.head_bytes > SPOOL_HEAD_MAX || f.packed_bytes > SPOOL_BODY_MAX + SPOOL_HEAD_MAX ||
		frame_size(&f) > limit - at)
		return false;
	if (!read_at(fd, mem, frame_size(&f) - sizeof(f), at + sizeof(f)))
		return false;
	return frame_sum((const void *)mem->p) == f.sum;
}

uint64_t spool_seek_magic(int fd, uint64_t at, uint64_t limit)
{
	const uint32_t magic = FRAME_MAGIC;
	char piece[64 << 10];

	while (at < limit) {
		size_t want = limit - at < sizeof(piece) ? (size_t)(limit - at) : sizeof(piece);
		ssize_t n = pread(fd, piece, want, (off_t)at);

		n -= n > 0 ? n % FRAME_ALIGN : 0;
		if (n <= 0)
			return limit;
		for (ssize_t i = 0; i + FRAME_ALIGN <= n; i += FRAME_ALIGN)
			if (!memcmp(piece + i, &magic, sizeof(magic)))
				return at + (uint64_t)i;
		at += (uint64_t)n;
	}
	return limit;
}
