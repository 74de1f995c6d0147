/* landlock: this process, and all it starts, may write beneath a few paths only.
 * Layer: port/child. linux/landlock.h of the kernel, by system calls. */
#pragma once

/* The kernel's version of the interface, 0 when it has none. Asked once per sandbox. */
int landlock_abi(void);
/* Confines the caller for good; no_new_privs must be set. Paths that are not there are skipped.
 * Safe after fork(). 0, or an errno. */
int landlock_restrict(int abi, const char *const *writable);
