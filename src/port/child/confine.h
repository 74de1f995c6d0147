/* confine: what a command gives up before it is executed: identity, privileges, writing, calls.
 * Layer: port/child. Safe after fork(). */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

struct confinement {
	bool drop; /* root becomes this */
	uid_t uid;
	gid_t gid;
	bool enclose;                /* then, in a user namespace of its own */
	int landlock_abi;            /* 0: no Landlock */
	const char *const *writable; /* for Landlock, NULL-terminated */
	struct sock_fprog filter;    /* len 0: no seccomp */
	rlim_t processes;            /* RLIMIT_NPROC; 0: as it is */
};

/* A step that failed, with errno; the process must not go on. */
struct confine_failure {
	const char *step; /* NULL: all is well. Static */
	int error;
};

/* Gives up root (first of all, the keeper's own), and every capability. */
struct confine_failure confine_identity(const struct confinement *c);
/* The rest, in the command's own process. */
struct confine_failure confine_command(const struct confinement *c);
