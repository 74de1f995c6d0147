#include "port/store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "port/store/store.h"

struct lock {
	int fd;
};

enum { POLL_MS = 50 };

/* What the holder wrote: "PID TIME\n". It may be caught between taking the lock and writing. */
static int refuse(int fd, const char *root, struct err *err)
{
	char text[64] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	struct str rest = str_trim(str_make(text, n > 0 ? (size_t)n : 0)), pid;

	if (!str_cut(&rest, " ", &pid))
		return err_set(err, ERR_CONFLICT,
			"cannot work in '%s': another selfheal is at work there; wait for it to "
			"end",
			root);
	return err_set(err, ERR_CONFLICT,
		"cannot work in '%s': selfheal with process id %.*s has been at work there since "
		"%.*s; wait for it to end, or stop it (kill %.*s)",
		root, STR_ARGS(pid), STR_ARGS(rest), STR_ARGS(pid));
}

static int take(int fd, const char *root, int wait_ms, struct err *err)
{
	int64_t until = clock_mono_ms() + wait_ms;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return err_sys(err, errno, "cannot lock '%s'", root);
		if (clock_mono_ms() >= until)
			return refuse(fd, root, err);
		clock_sleep_ms(POLL_MS);
	}
	return 0;
}

static void sign(int fd)
{
	char now[CLOCK_ISO_SIZE];

	clock_iso(clock_wall_s(), now);
	/* Only for the message of others: a disk without room does not stop us here. */
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d %s\n", (int)getpid(), now) < 0)
		errno = 0;
}

int lock_take(
	struct lock **out, const char *store_path, const char *root, int wait_ms, struct err *err)
{
	CLEANUP(freep)
	char *path = xasprintf(
		"%s.%08x.lock", store_path, (unsigned)(str_hash(str_of(root)) & 0xffffffffu));
	CLEANUP(fd_closep) int fd = -1;

	if (store_make_folders(path, err) < 0)
		return -1;
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
		return err_sys(err, errno, "cannot open lock file '%s'", path);
	if (take(fd, root, wait_ms, err) < 0)
		return -1;
	sign(fd);
	*out = xmalloc(sizeof(**out));
	(*out)->fd = fd;
	fd = -1;
	return 0;
}

void lock_free(struct lock *lock)
{
	if (!lock)
		return;
	/* The file stays: removing it would let two processes lock two files of one name. */
	if (ftruncate(lock->fd, 0) < 0)
		errno = 0;
	close_fd(lock->fd);
	free(lock);
}
