/* filter: the system calls that no test needs and an attacker wants, denied with EPERM (seccomp).
 * Layer: port/child. What ASan, LSan, Go, Java and Node need stays. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>

#include "base/err.h"

/* The compiled program; the caller frees out->filter. trace: let a process trace others (safe only
 * where it cannot see any but its own). */
int filter_build(struct sock_fprog *out, bool trace, struct err *err) MUST_CHECK;
/* Installs it for the caller, for good; no_new_privs must be set. Safe after fork(). 0 or errno. */
int filter_install(const struct sock_fprog *filter);
