/* utf8: which bytes are text. Layer: base. */
#pragma once

#include "base/str.h"

/* The length of the character that s starts with, or 0 when it is not UTF-8 (RFC 3629: overlong
 * forms, surrogates and what is past U+10FFFF are not). 0 for an empty s. */
size_t utf8_length(struct str s);
