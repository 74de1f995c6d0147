/* reap: ends every descendant of this process.
 * Layer: port/child. Safe after fork() (no allocation). For a child subreaper: descendants that
 * lost their parent are our children. */
#pragma once

#include <sys/types.h>

/* Kills and waits until none is left. The status of `command` goes to *status when it is among
 * them. */
void reap_descendants(pid_t command, int *status);
/* The same by the first process of a pid namespace, which can kill all the others at once. */
void reap_namespace(pid_t command, int *status);
