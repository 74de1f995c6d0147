#include "port/child/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

void namespaces_close(struct namespaces *ns)
{
	int *fds[] = {&ns->user, &ns->mount, &ns->network, &ns->ipc};

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		if (*fds[i] >= 0)
			close_fd(*fds[i]);
		*fds[i] = -1;
	}
}

static int write_text(const char *path, const char *text)
{
	CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

/* One id each is all that a plain user may map. */
static int map_self(uid_t outer_uid, gid_t outer_gid, uid_t uid, gid_t gid, struct err *err)
{
	char line[64];

	/* The files of /proc/self belong to root while we are not dumpable. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (write_text("/proc/self/setgroups", "deny") && errno != ENOENT)
		return err_sys(err, errno, "cannot set up a user namespace (setgroups)");
	snprintf(line, sizeof(line), "%u %u 1", uid, outer_uid);
	if (write_text("/proc/self/uid_map", line))
		return err_sys(err, errno, "cannot set up a user namespace (uid_map)");
	snprintf(line, sizeof(line), "%u %u 1", gid, outer_gid);
	if (write_text("/proc/self/gid_map", line))
		return err_sys(err, errno, "cannot set up a user namespace (gid_map)");
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return 0;
}

static int open_ns(const char *name, int *fd, struct err *err)
{
	char path[64];

	if (*fd >= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? err_sys(err, errno, "cannot open '%s'", path) : 0;
}

static void loopback_up(void)
{
	struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
	CLEANUP(fd_closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(request.ifr_name, "lo", 3);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		errno = 0; /* no loopback: tests that need it say so */
}

static int make_user(struct namespaces *ns, uid_t uid, gid_t gid, struct err *err)
{
	uid_t outer_uid = geteuid();
	gid_t outer_gid = getegid();

	if (ns->user >= 0)
		return setns(ns->user, CLONE_NEWUSER)
			       ? err_sys(err, errno, "cannot enter the user namespace")
			       : 0;
	if (unshare(CLONE_NEWUSER))
		return err_sys(err, errno, "cannot make a user namespace");
	return map_self(outer_uid, outer_gid, uid, gid, err) ? -1 : open_ns("user", &ns->user, err);
}

/* Network and ipc are worth having but no mount depends on them: without, their descriptor stays
 * -1. */
static void make_side(int *fd, int flag, const char *name)
{
	struct err ignored = ERR_INIT;

	if (*fd >= 0 ? setns(*fd, flag) : unshare(flag)) {
		if (*fd >= 0)
			close_fd(*fd);
		*fd = -1;
		return;
	}
	if (flag == CLONE_NEWNET && *fd < 0)
		loopback_up();
	if (open_ns(name, fd, &ignored))
		*fd = -1;
}

int namespaces_make(struct namespaces *ns, bool network, uid_t uid, gid_t gid, struct err *err)
{
	if ((geteuid() != 0 || ns->user >= 0 || unshare(CLONE_NEWNS)) &&
		(make_user(ns, uid, gid, err) || unshare(CLONE_NEWNS)))
		return err->code ? -1 : err_sys(err, errno, "cannot make a mount namespace");
	if (!network)
		make_side(&ns->network, CLONE_NEWNET, "net");
	make_side(&ns->ipc, CLONE_NEWIPC, "ipc");
	return open_ns("mnt", &ns->mount, err);
}

int namespaces_enter(const struct namespaces *ns)
{
	if (ns->user >= 0 && setns(ns->user, CLONE_NEWUSER))
		return errno;
	if (ns->mount >= 0 && setns(ns->mount, CLONE_NEWNS))
		return errno;
	if (ns->network >= 0 && setns(ns->network, CLONE_NEWNET))
		return errno;
	if (ns->ipc >= 0 && setns(ns->ipc, CLONE_NEWIPC))
		return errno;
	return ns->pid && unshare(CLONE_NEWPID) ? errno : 0;
}

int namespaces_enclose(void)
{
	struct err err = ERR_INIT;
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER))
		return errno;
	return map_self(uid, gid, uid, gid, &err) ? err.sys_errno : 0;
}

enum { PROBE_NOTHING, PROBE_PID, PROBE_BOTH };

static int probe(bool privileged, uid_t uid, gid_t gid)
{
	if (namespaces_mount_proc())
		return PROBE_NOTHING;
	if (!privileged || setgroups(0, NULL) || setresgid(gid, gid, gid) ||
		setresuid(uid, uid, uid) || namespaces_enclose())
		return PROBE_PID;
	return PROBE_BOTH;
}

struct namespaces_probe namespaces_probe(bool privileged, uid_t uid, gid_t gid)
{
	struct namespaces_probe found = {false, false};
	int status = 0;
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		return found;
	pid = fork();
	if (pid == 0)
		_exit(probe(privileged, uid, gid));
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status)) {
		found.pid = WEXITSTATUS(status) >= PROBE_PID;
		found.enclose = WEXITSTATUS(status) == PROBE_BOTH;
	}
	return found;
}

int namespaces_mount_proc(void)
{
	if (unshare(CLONE_NEWNS))
		return errno;
	return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) ? errno : 0;
}

/* Every id but 0 and `id` for itself, those two exchanged. */
static void swap_map(char *out, size_t room, unsigned id)
{
	const uint32_t last = UINT32_MAX - 1;

	if (id == 0) {
		snprintf(out, room, "0 0 %" PRIu32 "\n", UINT32_MAX);
		return;
	}
	snprintf(out, room, "0 %u 1\n%u 0 1\n1 1 %u\n%u %u %" PRIu32 "\n", id, id, id - 1, id + 1,
		id + 1, last - id);
}

static _Noreturn void hold_user_namespace(int ready, int release)
{
	char byte = 0;

	if (unshare(CLONE_NEWUSER))
		_exit(1);
	if (write(ready, &byte, 1) == 1 && read(release, &byte, 1) == 1)
		_exit(0);
	_exit(1);
}

static int write_swap_maps(pid_t holder, uid_t uid, gid_t gid, struct err *err)
{
	char path[64], map[200];

	swap_map(map, sizeof(map), uid);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", holder);
	if (write_text(path, map))
		return err_sys(err, errno, "cannot map ids (uid_map)");
	swap_map(map, sizeof(map), gid);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", holder);
	if (write_text(path, map))
		return err_sys(err, errno, "cannot map ids (gid_map)");
	snprintf(path, sizeof(path), "/proc/%d/ns/user", holder);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "cannot open '%s'", path) : fd;
}

int namespaces_swap_root(uid_t uid, gid_t gid, struct err *err)
{
	int pair[2], fd = -1;
	char byte = 0;
	pid_t holder;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return err_sys(err, errno, "cannot make a socket pair");
	holder = fork();
	if (holder == 0) {
		close_fd(pair[0]);
		hold_user_namespace(pair[1], pair[1]);
	}
	close_fd(pair[1]);
	if (holder < 0 || read(pair[0], &byte, 1) != 1)
		err_sys(err, errno ? errno : EPERM, "cannot make a user namespace to map ids");
	else
		fd = write_swap_maps(holder, uid, gid, err);
	close_fd(pair[0]);
	if (holder > 0)
		waitpid(holder, NULL, 0);
	return fd;
}
