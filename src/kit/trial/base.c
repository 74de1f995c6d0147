#include "kit/trial/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "port/child/copy.h"

#define PREFIX "selfheal-trial-"
/* TMPDIR may be long; STALE_S: the lock of a new folder is not there yet. */
enum { TMPDIR_MAX = 50, STALE_S = 60 };

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static const char *temp_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	return tmp && *tmp == '/' && strlen(tmp) <= TMPDIR_MAX ? tmp : "/tmp";
}

/* Ours, not new, and its lock is free: the process that made it was killed. */
static void remove_if_stale(int folder, const char *name)
{
	struct stat st;

	CLEANUP(fd_closep)
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || st.st_uid != geteuid() ||
		st.st_mtim.tv_sec > time(NULL) - STALE_S || flock(fd, LOCK_EX | LOCK_NB))
		return;
	remove_tree(fd);
	unlinkat(folder, name, AT_REMOVEDIR);
}

static void sweep(const char *path)
{
	struct dirent *entry;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CLEANUP(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (entry = readdir(dir)))
		if (str_starts(str_of(entry->d_name), PREFIX))
			remove_if_stale(fd, entry->d_name);
}

int base_make(char **path, int *lock, struct err *err)
{
	CLEANUP(freep) char *made = xasprintf("%s/" PREFIX "XXXXXX", temp_folder());

	sweep(temp_folder());
	if (!mkdtemp(made))
		return err_sys(err, errno, "cannot make a private folder '%s'", made);
	*lock = open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*lock < 0 || flock(*lock, LOCK_SH)) {
		err_sys(err, errno, "cannot lock the folder '%s'", made);
		rmdir(made);
		return -1;
	}
	*path = TAKE(made);
	return 0;
}

void base_remove(const char *path)
{
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		remove_tree(fd);
	rmdir(path);
}
