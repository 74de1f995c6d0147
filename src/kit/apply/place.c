#include "kit/apply/place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "model/udiff.h"

static int behind_link(struct str path, int no, struct err *err)
{
	if (no == ELOOP || no == ENOTDIR)
		return err_set(err, ERR_POLICY,
			"cannot change '%.*s': it is, or is behind, a symbolic link",
			STR_ARGS(path));
	return err_sys(err, no, "cannot open '%.*s'", STR_ARGS(path));
}

int place_open(struct place *place, int root_fd, struct str path, struct err *err)
{
	CLEANUP(fd_closep) int folder = -1;
	struct str rest = path, part = STR_NULL;

	*place = PLACE_INIT;
	if (!udiff_path_is_safe(path))
		return err_set(err, ERR_POLICY, "cannot change '%.*s': not a path of the tree",
			STR_ARGS(path));
	if ((folder = openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return err_sys(err, errno, "cannot open the folder of '%.*s'", STR_ARGS(path));
	while (str_next(&rest, '/', &part) && rest.n) {
		CLEANUP(freep) char *name = xstrndup(part.p, part.n);
		int next = openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (next < 0)
			return behind_link(path, errno, err);
		close_fd(folder);
		folder = next;
	}
	*place = (struct place){.path = path,
		.folder = folder,
		.name = xstrndup(part.p, part.n),
		.beside = xasprintf(".selfheal-apply-%016llx", (unsigned long long)str_hash(path))};
	folder = -1;
	return 0;
}

void place_release(struct place *place)
{
	fd_closep(&place->folder);
	free(place->name);
	free(place->beside);
	*place = PLACE_INIT;
}

/* The file itself: regular, no link. */
static int open_file(struct place *place, int *fd, struct stat *st, struct err *err)
{
	*fd = openat(place->folder, place->name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*fd < 0)
		return behind_link(place->path, errno, err);
	if (fstat(*fd, st) < 0)
		return err_sys(err, errno, "cannot look at '%.*s'", STR_ARGS(place->path));
	if (!S_ISREG(st->st_mode))
		return err_set(err, ERR_POLICY, "cannot change '%.*s': it is no regular file",
			STR_ARGS(place->path));
	return 0;
}

int place_read(struct place *place, struct buf *out, struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;
	struct stat st;

	if (open_file(place, &fd, &st, err) < 0)
		return -1;
	for (;;) {
		char chunk[16 << 10];
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "cannot read '%.*s'", STR_ARGS(place->path));
		if (n == 0)
			return 0;
		buf_add(out, chunk, (size_t)n);
		if (out->over)
			return err_set(err, ERR_LIMIT, "cannot read '%.*s': over %zu bytes",
				STR_ARGS(place->path), out->cap);
	}
}

int place_holds(struct place *place, struct str content, struct err *err)
{
	BUF_AUTO now;

	buf_init(&now, content.n + 1);
	if (place_read(place, &now, err) < 0) {
		bool other = err->code == ERR_LIMIT ||
			     (err->code == ERR_SYS && err->sys_errno == ENOENT);

		return other ? PLACE_DIFFERS : -1;
	}
	return str_eq(buf_view(&now), content) ? 0 : PLACE_DIFFERS;
}

static int write_all(int fd, struct str rest)
{
	while (rest.n) {
		ssize_t n = write(fd, rest.p, rest.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		rest = str_from(rest, (size_t)n);
	}
	return 0;
}

/* Owner before mode: changing the owner clears set-id bits. Where we may not give the file back to
 * its owner nothing is replaced: it would become ours. */
static int dress(int fd, const struct stat *like)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if ((st.st_uid != like->st_uid || st.st_gid != like->st_gid) &&
		fchown(fd, like->st_uid, like->st_gid) < 0)
		return -1;
	return fchmod(fd, like->st_mode & 07777);
}

int place_prepare(struct place *place, struct str content, struct err *err)
{
	CLEANUP(fd_closep) int now = -1;
	CLEANUP(fd_closep) int fd = -1;
	struct stat st;

	if (open_file(place, &now, &st, err) < 0)
		return -1;
	place_discard(place);
	fd = openat(place->folder, place->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, errno, "cannot write beside '%.*s'", STR_ARGS(place->path));
	place->prepared = true;
	if (write_all(fd, content) < 0 || dress(fd, &st) < 0 || fsync(fd) < 0) {
		int no = errno;

		place_discard(place);
		return err_sys(err, no, "cannot write the new '%.*s'", STR_ARGS(place->path));
	}
	return 0;
}

/* An O_PATH descriptor cannot be synced. */
static int sync_folder(int folder)
{
	CLEANUP(fd_closep) int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : fsync(fd);
}

int place_replace(struct place *place, struct err *err)
{
	assert(place->prepared);
	if (renameat(place->folder, place->beside, place->folder, place->name) < 0 ||
		sync_folder(place->folder) < 0)
		return err_sys(err, errno, "cannot replace '%.*s'", STR_ARGS(place->path));
	place->prepared = false;
	return 0;
}

void place_discard(struct place *place)
{
	unlinkat(place->folder, place->beside, 0);
	place->prepared = false;
}
