#include "port/child/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"

enum { DEPTH_MAX = 200, COPY_CHUNK = 1 << 30 };

struct copy {
	const char *const *ignore;
	struct buf path; /* of what is being copied, for globs and messages */
	int depth;
	bool merge;
	struct err *err;
};

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int fail(struct copy *c, const char *what)
{
	return err_sys(c->err, errno, "cannot %s '%s'", what, buf_text(&c->path));
}

static bool is_ignored(const struct copy *c)
{
	for (const char *const *glob = c->ignore; glob && *glob; glob++)
		if (str_glob(str_of(*glob), buf_view(&c->path)))
			return true;
	return false;
}

static int copy_bytes(struct copy *c, int in, int out)
{
	char bytes[64 << 10];
	ssize_t n;

	if (!ioctl(out, FICLONE, in))
		return 0;
	while ((n = copy_file_range(in, NULL, out, NULL, COPY_CHUNK, 0)) > 0)
		;
	if (n == 0)
		return 0;
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		for (ssize_t at = 0, put; at < n; at += put) {
			put = write(out, bytes + at, (size_t)(n - at));
			if (put < 0)
				return fail(c, "write the copy of");
		}
	return n < 0 ? fail(c, "read") : 0;
}

static void keep_times(int folder, const char *name, const struct stat *st)
{
	const struct timespec times[] = {st->st_atim, st->st_mtim};

	if (utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW))
		errno = 0; /* a build may do more work, that is all */
}

static int copy_file(struct copy *c, int from, int to, const char *name, const struct stat *st)
{
	CLEANUP(fd_closep) int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0)
		return fail(c, "read");
	CLEANUP(fd_closep)
	int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return c->merge && errno == EEXIST ? 0 : fail(c, "write the copy of");
	if (copy_bytes(c, in, out))
		return -1;
	if (fchmod(out, (st->st_mode & 07777) | S_IRUSR | S_IWUSR))
		return fail(c, "set the mode of the copy of");
	keep_times(to, name, st);
	return 0;
}

static int copy_link(struct copy *c, int from, int to, const char *name, const struct stat *st)
{
	char target[LIMIT_PATH_BYTES];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return fail(c, "read the link");
	target[n] = '\0';
	if (symlinkat(target, to, name))
		return fail(c, "make a copy of the link");
	keep_times(to, name, st);
	return 0;
}

static int copy_entries(struct copy *c, int from, int to);

static int copy_folder(struct copy *c, int from, int to, const char *name, const struct stat *st)
{
	int r;

	if (c->depth >= DEPTH_MAX)
		return err_set(c->err, ERR_LIMIT, "cannot copy '%s': over %d folders deep",
			buf_text(&c->path), DEPTH_MAX);
	CLEANUP(fd_closep)
	int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0)
		return fail(c, "read the folder");
	if (mkdirat(to, name, 0700) && !(c->merge && errno == EEXIST))
		return fail(c, "make a copy of the folder");
	CLEANUP(fd_closep)
	int out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return fail(c, "open the copy of");
	c->depth++;
	r = copy_entries(c, in, out);
	c->depth--;
	if (!r && fchmod(out, (st->st_mode & 07777) | S_IRWXU))
		return fail(c, "set the mode of the copy of");
	keep_times(to, name, st);
	return r;
}

static int copy_entry(struct copy *c, int from, int to, const char *name)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : fail(c, "look at");
	if (S_ISREG(st.st_mode))
		return copy_file(c, from, to, name, &st);
	if (S_ISDIR(st.st_mode))
		return copy_folder(c, from, to, name, &st);
	if (S_ISLNK(st.st_mode))
		return copy_link(c, from, to, name, &st);
	return 0;
}

static int copy_entries(struct copy *c, int from, int to)
{
	size_t base = c->path.n;
	struct dirent *entry;
	int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	CLEANUP(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail(c, "read the folder");
	while (!r && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (base)
			buf_char(&c->path, '/');
		buf_c(&c->path, entry->d_name);
		if (c->path.over)
			return err_set(c->err, ERR_LIMIT,
				"cannot copy below '%.200s': path too long", buf_text(&c->path));
		if (!is_ignored(c))
			r = copy_entry(c, from, to, entry->d_name);
		buf_truncate(&c->path, base);
	}
	return r;
}

static int copy_all(struct copy c, int from, int to)
{
	int r;

	buf_init(&c.path, (size_t)LIMIT_PATH_BYTES * 16);
	r = copy_entries(&c, from, to);
	buf_release(&c.path);
	return r;
}

static int chown_entry(
	int folder, const char *name, const struct copy_owner *owner, struct err *err)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) ||
		fchownat(folder, name, owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW))
		return err_sys(err, errno, "cannot give away '%s'", name);
	/* chown takes set-id bits away, which is as well. */
	if (!S_ISDIR(st.st_mode))
		return 0;
	CLEANUP(fd_closep)
	int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return inner < 0 ? err_sys(err, errno, "cannot open '%s'", name)
			 : copy_chown(inner, owner, err);
}

int copy_chown(int folder, const struct copy_owner *owner, struct err *err)
{
	struct dirent *entry;
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	CLEANUP(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir || fchown(folder, owner->uid, owner->gid))
		return err_sys(err, errno, "cannot give away a folder");
	while (!r && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			r = chown_entry(folder, entry->d_name, owner, err);
	return r;
}

int copy_tree(int from, int to, const char *const *ignore, struct err *err)
{
	return copy_all((struct copy){.ignore = ignore, .err = err}, from, to);
}

int copy_merge(int from, int to, const char *const *ignore, struct err *err)
{
	return copy_all((struct copy){.ignore = ignore, .merge = true, .err = err}, from, to);
}

void remove_entry(int folder, const char *name)
{
	if (!unlinkat(folder, name, 0) || errno == ENOENT)
		return;
	CLEANUP(fd_closep)
	int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner < 0 && !fchmodat(folder, name, 0700, 0))
		inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner < 0)
		return;
	if (fchmod(inner, 0700))
		return;
	remove_tree(inner);
	unlinkat(folder, name, AT_REMOVEDIR);
}

void remove_tree(int folder)
{
	struct dirent *entry;
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CLEANUP(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			remove_entry(folder, entry->d_name);
}
