#include "port/child/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Newer than the headers we build with. */
enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_SCOPE = 6 };
#define ACCESS_FS_REFER (1ULL << 13)
#define ACCESS_FS_TRUNCATE (1ULL << 14)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL (1ULL << 1)

struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

#define FILE_WRITES ((uint64_t)LANDLOCK_ACCESS_FS_WRITE_FILE)
#define FOLDER_WRITES                                                                              \
	((uint64_t)(LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |               \
		    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |                   \
		    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |                   \
		    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |                 \
		    LANDLOCK_ACCESS_FS_MAKE_SYM))

int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

static int allow_beneath(int ruleset, const char *path, uint64_t file, uint64_t folder)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = file};
	struct stat st;

	CLEANUP(fd_closep) int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return 0;
	if (S_ISDIR(st.st_mode))
		rule.allowed_access |= folder;
	rule.parent_fd = fd;
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) ? errno
											     : 0;
}

int landlock_restrict(int abi, const char *const *writable)
{
	uint64_t file = FILE_WRITES, folder = FOLDER_WRITES;
	struct ruleset_attr attr = {0};
	size_t size = sizeof(attr.handled_access_fs);
	int r;

	if (abi >= ABI_REFER)
		folder |= ACCESS_FS_REFER;
	if (abi >= ABI_TRUNCATE)
		file |= ACCESS_FS_TRUNCATE;
	if (abi >= ABI_SCOPE) {
		attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
		size = sizeof(attr);
	}
	attr.handled_access_fs = file | folder;
	CLEANUP(fd_closep)
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (ruleset < 0)
		return errno;
	for (; *writable; writable++) {
		r = allow_beneath(ruleset, *writable, file, folder);
		if (r)
			return r;
	}
	return syscall(SYS_landlock_restrict_self, ruleset, 0) ? errno : 0;
}
