#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

enum { CHUNK = 64 << 10 };

static int read_all(struct buf *out, int fd, const char *path, struct err *err)
{
	for (;;) {
		char chunk[CHUNK];
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "cannot read '%s'", path);
		if (n == 0)
			return 0;
		buf_add(out, chunk, (size_t)n);
		if (out->over)
			return err_set(
				err, ERR_LIMIT, "cannot read '%s': over %zu bytes", path, out->cap);
	}
}

static int read_regular(struct buf *out, int dir, const char *path, int flags, struct err *err)
{
	CLEANUP(fd_closep)
	int fd = openat(dir, path, flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_sys(err, S_ISDIR(st.st_mode) ? EISDIR : EINVAL,
			"cannot read '%s': not a regular file", path);
	return read_all(out, fd, path, err);
}

int file_read_at(struct buf *out, int dir, const char *path, struct err *err)
{
	return read_regular(out, dir, path, 0, err);
}

int file_read(struct buf *out, const char *path, struct err *err)
{
	return read_regular(out, AT_FDCWD, path, 0, err);
}

int file_read_untrusted(struct buf *out, const char *path, struct err *err)
{
	return read_regular(out, AT_FDCWD, path, O_NOFOLLOW, err);
}

static int write_all(int fd, struct str rest, const char *path, struct err *err)
{
	while (rest.n) {
		ssize_t n = write(fd, rest.p, rest.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "cannot write '%s'", path);
		rest = str_from(rest, (size_t)n);
	}
	return 0;
}

static mode_t mode_for(const char *path)
{
	struct stat st;
	mode_t mask;

	if (stat(path, &st) == 0)
		return st.st_mode & 07777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static int fill_and_rename(
	int fd, const char *temp, const char *path, struct str content, struct err *err)
{
	if (write_all(fd, content, path, err) < 0)
		return -1;
	if (fchmod(fd, mode_for(path)) < 0 || fsync(fd) < 0 || rename(temp, path) < 0)
		return err_sys(err, errno, "cannot write '%s'", path);
	return 0;
}

int file_replace(const char *path, struct str content, struct err *err)
{
	CLEANUP(freep) char *temp = xasprintf("%s.XXXXXX", path);
	CLEANUP(fd_closep) int fd = mkostemp(temp, O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno, "cannot write '%s'", path);
	if (fill_and_rename(fd, temp, path, content, err) == 0)
		return 0;
	unlink(temp);
	return -1;
}

int file_append(const char *path, struct str content, struct err *err)
{
	CLEANUP(fd_closep)
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);

	if (fd < 0)
		return err_sys(err, errno, "cannot write '%s'", path);
	return write_all(fd, content, path, err);
}

static bool has_mode(const char *path, mode_t type)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

bool file_is_regular(const char *path)
{
	return has_mode(path, S_IFREG);
}

bool file_is_dir(const char *path)
{
	return has_mode(path, S_IFDIR);
}
