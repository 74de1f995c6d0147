/* publish_local: a verified fix into the user's own repository: files, or a branch.
 * Layer: heal, private to it. Only --apply and --branch get here. */
#pragma once

#include "base/err.h"

struct cycle;

/* Before anything is spent: whether what is asked for can be done. */
int check_local(struct cycle *c, struct err *err) MUST_CHECK;
int publish_local(struct cycle *c, struct err *err) MUST_CHECK;
/* Completes or undoes an apply that was cut off, before anything else in the tree. */
int recover_local(struct cycle *c, struct err *err) MUST_CHECK;
