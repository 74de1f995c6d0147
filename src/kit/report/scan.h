/* scan: small readers that several formats share.
 * Layer: kit, inside report/. Nothing is copied. */
#pragma once

#include "base/str.h"

struct location {
	struct str path;
	int line, column; /* column 0 when there is none */
};

/* Reads "path:line:" or "path:line:column:" at the start of *s and moves behind the last colon.
 * Paths may hold spaces and a drive letter. */
bool scan_location(struct str *s, struct location *out);
/* The text before the first sep, or all of it. */
struct str scan_until(struct str s, const char *sep);
/* Whether c may be part of a word of identifiers and dotted names. */
bool scan_is_word(char c);
/* Takes letters, digits, '_', '.' off *s. */
struct str scan_word(struct str *s);
/* Takes a decimal number and the text behind it up to and with what follows: "3 passed" read with
 * " passed". */
bool scan_count(struct str s, const char *what, int *out);
/* Whether s is only the character c (at least least times). */
bool scan_is_rule(struct str s, char c, size_t least);
/* The text inside a rule "=== text ===", trimmed; p NULL when s is no such line. */
struct str scan_banner(struct str s, char c);
/* The offset of needle outside brackets and quotes, or -1. */
ptrdiff_t scan_top_level(struct str s, const char *needle);
/* Language by a path's extension: "" when it says nothing. */
struct str scan_language(struct str path);
