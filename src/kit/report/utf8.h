/* utf8: text of any encoding that agrees with ASCII -> UTF-8.
 * Layer: kit, inside report/. */
#pragma once

#include "base/buf.h"

/* UTF-8 of a character; 0 for what is no character. */
size_t utf8_encode(uint32_t c, char out[4]);
bool utf8_is_valid(struct str s);
/* The longest start of s, at most n bytes, that does not cut a character. */
struct str utf8_cut(struct str s, size_t n);
/* Appends s: as it is when it is UTF-8, else read as Latin-1 with the punctuation that Windows has
 * put into its control characters. */
void utf8_add(struct buf *b, struct str s);
