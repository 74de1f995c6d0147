/* audit: who did what on which evidence, append-only.
 * Layer: port. Each row's hash covers the row before it, so that a changed or removed row in the
 * middle is seen; rows cut off at the end are not, unless the last hash is kept elsewhere. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct store;

/* Evidence is JSON. */
int audit_append(struct store *store, struct str actor, struct str action, struct str subject,
	struct str evidence, struct err *err) MUST_CHECK;
/* Walks the chain: 0 and how many rows, or ERR_PARSE naming the first row that does not fit. */
int audit_verify(struct store *store, int64_t *rows, struct err *err) MUST_CHECK;
