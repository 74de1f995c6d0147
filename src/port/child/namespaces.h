/* namespaces: making them and entering them.
 * Layer: port/child. Descriptors of /proc/self/ns keep them alive; no process has to. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Descriptors, -1 where there is none. */
struct namespaces {
	int user, mount, network, ipc;
	bool pid; /* every command gets its own, with its own /proc */
};

#define NAMESPACES_NONE ((struct namespaces){-1, -1, -1, -1, false})

void namespaces_close(struct namespaces *ns);
/* In a process made for it: leaves ours for new ones. As root without a user namespace, else with
 * one in which the ids are uid and gid. network: keep ours. Those of *ns that are given are entered
 * instead of made. Fills *ns with descriptors. */
int namespaces_make(
	struct namespaces *ns, bool network, uid_t uid, gid_t gid, struct err *err) MUST_CHECK;
/* Enters all. Safe after fork(). 0 or errno. */
int namespaces_enter(const struct namespaces *ns);
/* Whether a pid namespace with a /proc of its own is to be had here (some containers cover parts of
 * /proc, and the kernel then refuses new ones), and whether root, become uid and gid, can enclose
 * itself there. In a process made for it. */
struct namespaces_probe {
	bool pid, enclose;
};
struct namespaces_probe namespaces_probe(bool privileged, uid_t uid, gid_t gid);
/* A user namespace that holds the caller's own ids alone: what it runs is counted apart from what
 * else runs under its uid. Safe after fork(). 0 or errno; then the process must not go on. */
int namespaces_enclose(void);
/* In the first process of a new pid namespace, mounts its /proc. Safe after fork(). 0 or errno. */
int namespaces_mount_proc(void);
/* A user namespace for an id-mapped mount that swaps root with uid and gid (0: not). Its
 * descriptor, or -1 with *err. Needs root. */
int namespaces_swap_root(uid_t uid, gid_t gid, struct err *err) MUST_CHECK;
