/* base64: bytes as text (RFC 4648). Layer: port. Pure. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Appends with padding, without line breaks. */
void base64_encode(struct buf *out, struct str bytes);
/* Appends in the alphabet of addresses, without padding, as tokens want it. */
void base64url_encode(struct buf *out, struct str bytes);
/* Appends the bytes; line breaks and spaces are passed over. false: not base64, or out is over. */
bool base64_decode(struct buf *out, struct str text);
