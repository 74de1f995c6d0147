/* form: payload=... out of an application/x-www-form-urlencoded body that comes in pieces.
 * Layer: app/serve. Pure. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

struct form_reader {
	char key[8];
	size_t key_n;
	bool in_value, wanted, done;
	int hex; /* digits still to come of a %XX */
	char code;
};

/* Appends what the piece holds of the value, decoded. {0} is the start. */
void form_read(struct form_reader *f, struct str piece, struct buf *out);
