/* redact: secrets in text that leaves this machine or is shown.
 * Layer: kit. Pure. Finds what is a credential by its form (issuers' own prefixes, private keys,
 * JSON web tokens, passwords in URLs); a plain password in a sentence has none. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* The first secret in text, a part of it; p NULL if there is none. */
struct str redact_find(struct str text);
/* Appends text with each secret replaced by "[secret]". */
void redact_text(struct buf *out, struct str text);
