#include "kit/trial/files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"

void files_init(struct files *f, int root)
{
	*f = (struct files){.root = root, .uid = (uid_t)-1, .gid = (gid_t)-1};
}

void files_forget(struct files *f)
{
	vec_each (saved, &f->saved) {
		free(saved->path);
		free(saved->content);
	}
	f->saved.n = 0;
}

void files_release(struct files *f)
{
	files_forget(f);
	vec_free(&f->saved);
}

static int open_beneath(int root, const char *path, int flags, mode_t mode)
{
	int extra = flags & O_PATH ? O_CLOEXEC : O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	struct open_how how = {.flags = (unsigned)(flags | extra),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* Fails on what is no regular file: reading a pipe could wait for ever. */
static int open_regular(
	struct files *f, const char *path, int flags, struct stat *st, struct err *err)
{
	CLEANUP(fd_closep) int fd = open_beneath(f->root, path, flags, 0);
	int got;

	if (fd < 0)
		return err_sys(err, errno, "cannot open '%s' in the scratch tree", path);
	if (fstat(fd, st))
		return err_sys(err, errno, "cannot look at '%s' in the scratch tree", path);
	if (!S_ISREG(st->st_mode))
		return err_set(err, ERR_POLICY, "cannot use '%s': not a regular file", path);
	got = fd;
	fd = -1;
	return got;
}

static int check_path(struct str path, char text[LIMIT_PATH_BYTES], struct err *err)
{
	if (!path.n || path.n >= LIMIT_PATH_BYTES || memchr(path.p, '\0', path.n))
		return err_set(err, ERR_POLICY, "cannot use '%.*s' as a path in the scratch tree",
			path.n < 200 ? (int)path.n : 200, path.p ? path.p : "");
	memcpy(text, path.p, path.n);
	text[path.n] = '\0';
	return 0;
}

static int read_all(struct files *f, const char *path, struct buf *out, struct err *err)
{
	struct stat st;
	ssize_t n;

	CLEANUP(fd_closep) int fd = open_regular(f, path, O_RDONLY, &st, err);
	if (fd < 0)
		return -1;
	if (st.st_size > LIMIT_SOURCE_BYTES)
		return err_set(err, ERR_LIMIT, "cannot read '%s': over %d bytes", path,
			LIMIT_SOURCE_BYTES);
	do {
		/* One byte more than it had: a read of 0 is then its end. */
		char *at = buf_reserve(out, (size_t)st.st_size + 1);

		if (!at)
			return err_set(err, ERR_LIMIT, "cannot read '%s': too large", path);
		n = read(fd, at, (size_t)st.st_size + 1);
		if (n < 0)
			return err_sys(err, errno, "cannot read '%s' in the scratch tree", path);
		out->n += (size_t)n;
		out->p[out->n] = '\0';
	} while (n > 0);
	return 0;
}

int files_read(struct files *f, struct str path, struct buf *out, struct err *err)
{
	char text[LIMIT_PATH_BYTES];

	if (check_path(path, text, err))
		return -1;
	return read_all(f, text, out, err);
}

/* The folder a path is in, made when missing, or -1 with errno. *name: its last part. */
static int open_parent(struct files *f, char *path, const char **name)
{
	int fd = -1;

	for (char *slash = path; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		if (fd >= 0)
			close_fd(fd);
		fd = open_beneath(f->root, path, O_PATH | O_DIRECTORY, 0);
		if (fd < 0 && errno == ENOENT) {
			char *cut = strrchr(path, '/');
			int at;

			if (cut)
				*cut = '\0';
			at = open_beneath(f->root, cut ? path : ".", O_PATH | O_DIRECTORY, 0);
			if (cut)
				*cut = '/';
			if (at < 0)
				return -1;
			if (!mkdirat(at, cut ? cut + 1 : path, 0755) && f->uid != (uid_t)-1 &&
				fchownat(at, cut ? cut + 1 : path, f->uid, f->gid, 0))
				errno = EACCES;
			close_fd(at);
			fd = open_beneath(f->root, path, O_PATH | O_DIRECTORY, 0);
		}
		if (fd < 0)
			return -1;
	}
	*name = strrchr(path, '/');
	*name = *name ? *name + 1 : path;
	return fd >= 0 ? fd : open_beneath(f->root, ".", O_PATH | O_DIRECTORY, 0);
}

/* A new file in place of what may be there: for a missing one, and for one that cannot be written
 * (read-only, or owned by an id that the overlay's user namespace does not map: such a file cannot
 * be copied up, but it can be replaced). */
static int open_anew(struct files *f, const char *path, mode_t mode, struct err *err)
{
	char copy[LIMIT_PATH_BYTES];
	const char *name;
	struct stat st;
	int fd;

	memcpy(copy, path, strlen(path) + 1);
	CLEANUP(fd_closep) int parent = open_parent(f, copy, &name);
	if (parent < 0)
		return err_sys(err, errno, "cannot open the folder of '%s'", path);
	if (!fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (!S_ISREG(st.st_mode))
			return err_set(
				err, ERR_POLICY, "cannot write '%s': not a regular file", path);
		if (unlinkat(parent, name, 0))
			return err_sys(err, errno, "cannot replace '%s'", path);
	}
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return err_sys(err, errno, "cannot create '%s'", path);
	if (fchmod(fd, mode) || (f->uid != (uid_t)-1 && fchown(fd, f->uid, f->gid))) {
		err_sys(err, errno, "cannot set the mode of '%s'", path);
		close_fd(fd);
		return -1;
	}
	return fd;
}

static int open_for_write(struct files *f, const char *path, struct err *err)
{
	mode_t mode = 0644;
	struct stat st;
	int fd = open_regular(f, path, O_WRONLY, &st, err);

	if (fd >= 0) {
		if (!ftruncate(fd, 0))
			return fd;
		err_sys(err, errno, "cannot empty '%s'", path);
		close_fd(fd);
		return -1;
	}
	if (err->code != ERR_SYS || err->sys_errno == ELOOP || err->sys_errno == EXDEV)
		return -1;
	CLEANUP(fd_closep) int look = open_beneath(f->root, path, O_PATH, 0);
	if (look >= 0 && !fstat(look, &st))
		mode = st.st_mode & 07777;
	return open_anew(f, path, mode, err);
}

static int write_all(struct files *f, const char *path, struct str content, struct err *err)
{
	struct timespec now[2];

	CLEANUP(fd_closep) int fd = open_for_write(f, path, err);
	if (fd < 0)
		return -1;
	for (size_t at = 0; at < content.n;) {
		ssize_t n = write(fd, content.p + at, content.n - at);

		if (n < 0)
			return err_sys(err, errno, "cannot write '%s'", path);
		at += (size_t)n;
	}
	/* The kernel's own stamp is up to a timer tick old, and an object file may have been made
	 * in that tick: the exact time is later than any such stamp. */
	clock_gettime(CLOCK_REALTIME, &now[0]);
	now[1] = now[0];
	return futimens(fd, now) ? err_sys(err, errno, "cannot set the time of '%s'", path) : 0;
}

static int save(struct files *f, const char *path, struct err *err)
{
	struct saved_file saved = {0};
	BUF_AUTO content;

	buf_init(&content, LIMIT_SOURCE_BYTES + 1);
	vec_each (known, &f->saved)
		if (!strcmp(known->path, path))
			return 0;
	if (!read_all(f, path, &content, err)) {
		buf_text(&content);
		saved.n = content.n;
		saved.content = content.p ? buf_steal(&content) : xstrdup("");
	} else if (err->code != ERR_SYS || err->sys_errno != ENOENT) {
		return -1;
	}
	saved.path = xstrdup(path);
	vec_push(&f->saved, saved);
	return 0;
}

int files_write(struct files *f, struct str path, struct str content, struct err *err)
{
	char text[LIMIT_PATH_BYTES];

	if (check_path(path, text, err) || save(f, text, err))
		return -1;
	return write_all(f, text, content, err);
}

static int unlink_beneath(struct files *f, const char *path, struct err *err)
{
	char copy[LIMIT_PATH_BYTES];
	const char *name;

	memcpy(copy, path, strlen(path) + 1);
	CLEANUP(fd_closep) int parent = open_parent(f, copy, &name);
	if (parent < 0 || (unlinkat(parent, name, 0) && errno != ENOENT))
		return err_sys(err, errno, "cannot remove '%s'", path);
	return 0;
}

int files_restore(struct files *f, struct err *err)
{
	int r = 0;

	vec_each (saved, &f->saved) {
		if (r)
			break;
		if (saved->content)
			r = write_all(f, saved->path, str_make(saved->content, saved->n), err);
		else
			r = unlink_beneath(f, saved->path, err);
	}
	if (!r)
		files_forget(f);
	return r;
}
