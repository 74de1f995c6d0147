#include "port/child/upper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/child/copy.h"

static int write_file(int folder, const char *name, mode_t mode, struct str content)
{
	CLEANUP(fd_closep)
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0 || fchmod(fd, mode))
		return -1;
	return write(fd, content.p, content.n) == (ssize_t)content.n ? 0 : -1;
}

/* Makes the folder `path` of the upper layer as it is in the lower one. */
static int mirror_folder(int upper, int lower, const char *path, uid_t uid, gid_t gid)
{
	struct stat st;

	if (fstatat(lower, path, &st, AT_SYMLINK_NOFOLLOW))
		return -1;
	if (mkdirat(upper, path, 0700))
		return errno == EEXIST ? 0 : -1;
	if (fchmodat(upper, path, st.st_mode & 07777, 0))
		return -1;
	return uid == (uid_t)-1 ? 0 : fchownat(upper, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

static int mirror_parents(int upper, int lower, const char *path, uid_t uid, gid_t gid)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(part, path, n + 1);
	for (char *slash = part; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		if (mirror_folder(upper, lower, part, uid, gid))
			return -1;
	}
	return 0;
}

static int lay_mask(int upper, int lower, const struct sandbox_mask *mask, uid_t uid, gid_t gid)
{
	struct stat st;

	if (fstatat(lower, mask->path, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -1;
	if (mirror_parents(upper, lower, mask->path, uid, gid))
		return -1;
	if (!mask->content.p)
		return mknodat(upper, mask->path, S_IFCHR, 0);
	if (write_file(upper, mask->path, st.st_mode & 0777, mask->content))
		return -1;
	return uid == (uid_t)-1 ? 0 : fchownat(upper, mask->path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

int upper_fill(int upper, int lower, const struct sandbox_tree *tree, uid_t uid, gid_t gid,
	struct err *err)
{
	for (size_t i = 0; i < tree->n; i++)
		if (lay_mask(upper, lower, &tree->masks[i], uid, gid))
			return err_sys(
				err, errno, "cannot mask '%s/%s'", tree->path, tree->masks[i].path);
	return 0;
}

int upper_apply_to_copy(int copy, const struct sandbox_tree *tree, struct err *err)
{
	for (size_t i = 0; i < tree->n; i++) {
		const struct sandbox_mask *mask = &tree->masks[i];
		struct stat st;

		if (fstatat(copy, mask->path, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (!mask->content.p)
			remove_entry(copy, mask->path);
		else if (write_file(copy, mask->path, st.st_mode & 0777, mask->content))
			return err_sys(err, errno, "cannot mask '%s/%s'", tree->path, mask->path);
	}
	return 0;
}
