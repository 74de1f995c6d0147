/* delivery: what the spool keeps beside a delivery's body.
 * Layer: app/serve. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum { DELIVERY_NAME_MAX = 64 };

struct delivery {
	int64_t received_s; /* since the epoch */
	struct str event, id;
	struct str sum; /* of the body, hex */
	bool form;      /* the body is payload=..., URL-encoded */
};

void delivery_write(struct buf *out, const struct delivery *d);
/* Strings borrow from head. */
bool delivery_read(struct delivery *out, struct str head);
