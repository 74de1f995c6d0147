/* notice_log: which notices went out, so that nobody hears the same thing twice.
 * Layer: port. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct store;

/* 0: that channel was told that key at since or later; NOTICE_UNSENT: it was not. */
enum { NOTICE_UNSENT = 1 };
int notice_log_has(struct store *store, struct str channel, struct str key, int64_t since,
	struct err *err) MUST_CHECK;
/* It was told now; what was told before forget_before is forgotten. */
int notice_log_add(struct store *store, struct str channel, struct str key, int64_t forget_before,
	struct err *err) MUST_CHECK;
