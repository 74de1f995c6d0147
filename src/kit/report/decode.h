/* decode: UTF-16 -> UTF-8, as a text's first two bytes tell it: Windows' tools write that.
 * Layer: kit, inside report/. Other encodings go through as they are. */
#pragma once

#include "base/buf.h"

struct decode {
	enum { DECODE_START, DECODE_NONE, DECODE_LITTLE, DECODE_BIG } kind;
	unsigned char head[2]; /* the text's first bytes; later half a unit */
	int head_n;
	uint32_t high; /* the first half of a surrogate pair */
	struct buf out;
};

void decode_init(struct decode *d);
void decode_release(struct decode *d);
/* Takes the next part off *text; false when it is used up. *out is what it says, valid until the
 * next call, and perhaps nothing. */
bool decode_next(struct decode *d, struct str *text, struct str *out);
/* The text ended; *out as above. */
void decode_finish(struct decode *d, struct str *out);
