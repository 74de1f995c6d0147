#include "port/child/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "port/child/filter.h"
#include "port/child/landlock.h"
#include "port/child/namespaces.h"

#define FILE_SIZE_MAX (8ULL << 30)

static const struct confine_failure fine = {NULL, 0};

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return errno;
	return syscall(SYS_capset, &header, none) ? errno : 0;
}

struct confine_failure confine_identity(const struct confinement *c)
{
	int r;

	/* By system call: glibc's wrappers want to tell the other threads, which fork() left. */
	if (c->drop && (syscall(SYS_setgroups, 0, NULL) ||
			       syscall(SYS_setresgid, c->gid, c->gid, c->gid) ||
			       syscall(SYS_setresuid, c->uid, c->uid, c->uid)))
		return (struct confine_failure){"giving up root", errno};
	if (c->enclose) {
		r = namespaces_enclose();
		if (r)
			return (struct confine_failure){"making a user namespace", r};
	}
	r = drop_capabilities();
	if (r)
		return (struct confine_failure){"dropping capabilities", r};
	/* /proc/1/environ of the command's own /proc is the keeper, a copy of us. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return (struct confine_failure){"closing the keeper's memory", errno};
	return fine;
}

static int limit(int resource, rlim_t value)
{
	struct rlimit r;

	if (getrlimit((__rlimit_resource_t)resource, &r))
		return errno;
	if (r.rlim_max < value)
		value = r.rlim_max;
	r.rlim_cur = r.rlim_max = value;
	return setrlimit((__rlimit_resource_t)resource, &r) ? errno : 0;
}

/* When memory runs out, the command goes first. */
static void volunteer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "800", 3) < 0)
		errno = 0; /* a favour, no more */
	if (fd >= 0)
		close(fd);
}

static int set_limits(const struct confinement *c)
{
	int r = limit(RLIMIT_CORE, 0);

	if (!r)
		r = limit(RLIMIT_FSIZE, FILE_SIZE_MAX);
	if (!r && c->processes)
		r = limit(RLIMIT_NPROC, c->processes);
	return r;
}

struct confine_failure confine_command(const struct confinement *c)
{
	int r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? errno : 0;

	if (r)
		return (struct confine_failure){"no_new_privs", r};
	volunteer();
	r = set_limits(c);
	if (r)
		return (struct confine_failure){"resource limits", r};
	r = c->landlock_abi ? landlock_restrict(c->landlock_abi, c->writable) : 0;
	if (r)
		return (struct confine_failure){"Landlock", r};
	r = c->filter.len ? filter_install(&c->filter) : 0;
	if (r)
		return (struct confine_failure){"seccomp", r};
	return fine;
}
