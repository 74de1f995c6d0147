#include "port/child/reap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

/* One bit per process id: descendants found. The kernel's upper bound of pid_max is 4 Mi. */
enum { PID_MAX = 4 << 20 };
static uint64_t known[PID_MAX / 64];

static bool is_known(pid_t pid)
{
	return known[pid / 64] >> (pid % 64) & 1;
}

static pid_t number(const char *s)
{
	pid_t n = 0;

	for (; *s >= '0' && *s <= '9' && n < PID_MAX; s++)
		n = n * 10 + (*s - '0');
	return n < PID_MAX ? n : 0;
}

/* The parent of a process as /proc/<name>/stat says: "pid (name) state ppid", where the name may
 * hold anything, so the last ')' counts. */
static pid_t parent_of(int proc, const char *name)
{
	char path[32], text[512];
	size_t n = 0;
	ssize_t got;

	for (; name[n] && n < 20; n++)
		path[n] = name[n];
	memcpy(path + n, "/stat", sizeof("/stat"));
	CLEANUP(fd_closep) int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		return 0;
	text[got] = '\0';
	name = strrchr(text, ')');
	return name && strlen(name) > 4 ? number(name + 4) : 0;
}

/* Looks at one name of /proc; stops the process if it is a new descendant. */
static bool stop_if_new(int proc, const char *name, pid_t self)
{
	pid_t pid = number(name), parent;

	if (pid <= 0 || is_known(pid))
		return false;
	parent = parent_of(proc, name);
	if (!parent || (parent != self && !is_known(parent)))
		return false;
	known[pid / 64] |= 1ULL << (pid % 64);
	kill(pid, SIGSTOP);
	return true;
}

/* One pass over /proc. True when new descendants were found. */
static bool stop_pass(pid_t self)
{
	_Alignas(struct dirent64) char entries[8192];
	bool found = false;
	ssize_t n;

	CLEANUP(fd_closep) int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (proc >= 0 && (n = getdents64(proc, entries, sizeof(entries))) > 0)
		for (ssize_t at = 0; at < n;) {
			struct dirent64 *entry = (void *)(entries + at);

			found |= stop_if_new(proc, entry->d_name, self);
			at += entry->d_reclen;
		}
	return found;
}

static void kill_known(void)
{
	for (pid_t pid = 1; pid < PID_MAX; pid++) {
		if (pid % 64 == 0 && !known[pid / 64]) {
			pid += 63;
			continue;
		}
		if (is_known(pid))
			kill(pid, SIGKILL);
	}
	memset(known, 0, sizeof(known));
}

/* A fork bomb makes processes as fast as they are killed one by one. So all are stopped first, and
 * killed when a pass finds no further one. */
void reap_descendants(pid_t command, int *status)
{
	pid_t self = getpid(), pid;
	int st;

	for (;;) {
		while ((pid = waitpid(-1, &st, WNOHANG)) > 0)
			if (pid == command)
				*status = st;
		if (pid < 0 && errno == ECHILD)
			return;
		while (stop_pass(self))
			;
		kill_known();
		pid = waitpid(-1, &st, 0);
		if (pid == command)
			*status = st;
	}
}

void reap_namespace(pid_t command, int *status)
{
	pid_t pid;
	int st;

	kill(-1, SIGKILL);
	while ((pid = waitpid(-1, &st, 0)) > 0)
		if (pid == command)
			*status = st;
}
