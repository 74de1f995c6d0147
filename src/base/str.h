/* str: a borrowed view of bytes, what parsers take and give.
 * Layer: base. Never owns; p may be NULL only when n is 0; not NUL-terminated. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NULL ((struct str){NULL, 0})
/* For printf: "%.*s". */
#define STR_ARGS(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_of(const char *s)
{
	return (struct str){s, s ? strlen(s) : 0};
}

static inline struct str str_make(const char *p, size_t n)
{
	return (struct str){p, n};
}

/* Those that are asked of every line are here, so that the length of a literal costs nothing. */
static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool str_eq_c(struct str a, const char *b)
{
	return str_eq(a, str_of(b));
}
bool str_eq_nocase(struct str a, struct str b);
/* Byte order, shorter first on a common prefix: <0, 0, >0. */
int str_cmp(struct str a, struct str b);
static inline bool str_starts(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}
static inline bool str_ends(struct str s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && (n == 0 || memcmp(s.p + s.n - n, suffix, n) == 0);
}
/* Offset of the first (last) place, or -1. */
ptrdiff_t str_find(struct str s, struct str needle);
ptrdiff_t str_find_c(struct str s, const char *needle);
static inline ptrdiff_t str_find_char(struct str s, char c)
{
	const char *at = s.n ? (const char *)memchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}
ptrdiff_t str_rfind_char(struct str s, char c);
static inline bool str_has(struct str s, const char *needle)
{
	return str_find_c(s, needle) >= 0;
}
/* The part from offset on (clamped), the part [from, to) (clamped). */
static inline struct str str_from(struct str s, size_t offset)
{
	if (offset > s.n)
		offset = s.n;
	return (struct str){offset ? s.p + offset : s.p, s.n - offset};
}
static inline struct str str_slice(struct str s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from > to)
		from = to;
	return (struct str){from ? s.p + from : s.p, to - from};
}
/* Without white space (space, tab, CR, LF, VT, FF) at both ends, the start, the end. */
struct str str_trim(struct str s);
struct str str_ltrim(struct str s);
struct str str_rtrim(struct str s);
/* If s starts with prefix, moves s past it and says so. */
static inline bool str_skip(struct str *s, const char *prefix)
{
	if (!str_starts(*s, prefix))
		return false;
	*s = str_make(s->p + strlen(prefix), s->n - strlen(prefix));
	return true;
}
/* Takes the next piece up to sep off *rest; false when *rest is used up. An empty last piece after
 * a final separator is not given. */
bool str_next(struct str *rest, char sep, struct str *piece);
/* Takes the next line, without its LF or CRLF. */
bool str_next_line(struct str *rest, struct str *line);
/* Takes the text before the first sep, leaving what is behind it; false (nothing moved) without
 * one. */
bool str_cut(struct str *rest, const char *sep, struct str *before);
/* Whole view as a decimal number within [min, max]. */
bool str_to_i64(struct str s, int64_t min, int64_t max, int64_t *out);
bool str_to_int(struct str s, int min, int max, int *out);
bool str_to_double(struct str s, double *out);
/* Number at the start of *s, which is moved behind it; false without a digit or on overflow. */
bool str_take_int(struct str *s, int *out);
/* Last path component; the part before it without the slash ("" if none); ".c" like extension. */
struct str str_basename(struct str path);
struct str str_dirname(struct str path);
struct str str_extension(struct str path);
/* Damerau-Levenshtein distance (optimal string alignment), capped: returns cap + 1 when above. */
int str_distance(struct str a, struct str b, int cap);
/* fnmatch-like: '*' within a component, '**' across components, '?', '[a-z]'. */
bool str_glob(struct str pattern, struct str path);
uint64_t str_hash(struct str s);
/* A hash of what h stood for and v behind it. */
static inline uint64_t hash_mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}
