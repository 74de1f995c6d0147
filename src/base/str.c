#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "base/alloc.h"

bool str_eq_nocase(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

ptrdiff_t str_find(struct str s, struct str needle)
{
	const char *at;

	if (needle.n == 0)
		return 0;
	if (s.n < needle.n)
		return -1;
	at = memmem(s.p, s.n, needle.p, needle.n);
	return at ? at - s.p : -1;
}

ptrdiff_t str_find_c(struct str s, const char *needle)
{
	return str_find(s, str_of(needle));
}

ptrdiff_t str_rfind_char(struct str s, char c)
{
	const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_ltrim(struct str s)
{
	while (s.n && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	return s;
}

struct str str_rtrim(struct str s)
{
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_trim(struct str s)
{
	return str_rtrim(str_ltrim(s));
}

bool str_next(struct str *rest, char sep, struct str *piece)
{
	ptrdiff_t at;

	if (rest->n == 0)
		return false;
	at = str_find_char(*rest, sep);
	if (at < 0) {
		*piece = *rest;
		*rest = str_from(*rest, rest->n);
		return true;
	}
	*piece = str_slice(*rest, 0, (size_t)at);
	*rest = str_from(*rest, (size_t)at + 1);
	return true;
}

bool str_next_line(struct str *rest, struct str *line)
{
	if (!str_next(rest, '\n', line))
		return false;
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

bool str_cut(struct str *rest, const char *sep, struct str *before)
{
	ptrdiff_t at = str_find_c(*rest, sep);

	if (at < 0)
		return false;
	*before = str_slice(*rest, 0, (size_t)at);
	*rest = str_from(*rest, (size_t)at + strlen(sep));
	return true;
}

bool str_to_i64(struct str s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = false;
	int64_t value = 0;
	size_t i = 0;

	if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
		negative = s.p[0] == '-';
		i = 1;
	}
	if (i == s.n)
		return false;
	for (; i < s.n; i++) {
		if (!isdigit((unsigned char)s.p[i]))
			return false;
		if (__builtin_mul_overflow(value, 10, &value))
			return false;
		if (__builtin_sub_overflow(value, s.p[i] - '0', &value))
			return false;
	}
	if (!negative && __builtin_mul_overflow(value, -1, &value))
		return false;
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

bool str_to_int(struct str s, int min, int max, int *out)
{
	int64_t value;

	if (!str_to_i64(s, min, max, &value))
		return false;
	*out = (int)value;
	return true;
}

bool str_to_double(struct str s, double *out)
{
	char text[64], *end;
	double value;

	if (s.n == 0 || s.n >= sizeof(text) || is_space(s.p[0]))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	errno = 0;
	value = strtod(text, &end);
	if (errno || end != text + s.n)
		return false;
	*out = value;
	return true;
}

bool str_take_int(struct str *s, int *out)
{
	size_t n = 0;

	while (n < s->n && isdigit((unsigned char)s->p[n]))
		n++;
	if (!str_to_int(str_slice(*s, 0, n), 0, INT32_MAX, out))
		return false;
	*s = str_from(*s, n);
	return true;
}

struct str str_basename(struct str path)
{
	ptrdiff_t at = str_rfind_char(path, '/');

	return at < 0 ? path : str_from(path, (size_t)at + 1);
}

struct str str_dirname(struct str path)
{
	ptrdiff_t at = str_rfind_char(path, '/');

	return at < 0 ? str_slice(path, 0, 0) : str_slice(path, 0, (size_t)at);
}

struct str str_extension(struct str path)
{
	struct str base = str_basename(path);
	ptrdiff_t at = str_rfind_char(base, '.');

	return at <= 0 ? str_from(base, base.n) : str_from(base, (size_t)at);
}

static int min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

enum { DISTANCE_MAX = 64 };

int str_distance(struct str a, struct str b, int cap)
{
	int rows[3][DISTANCE_MAX + 1];
	int *before = rows[0], *last = rows[1], *now = rows[2];
	ptrdiff_t gap = (ptrdiff_t)a.n - (ptrdiff_t)b.n;

	if (gap > cap || -gap > cap || a.n > DISTANCE_MAX || b.n > DISTANCE_MAX)
		return cap + 1;
	for (int j = 0; j <= (int)b.n; j++)
		last[j] = j;
	for (int i = 1; i <= (int)a.n; i++) {
		int *spare = before;
		int best = now[0] = i;

		for (int j = 1; j <= (int)b.n; j++) {
			int cost = a.p[i - 1] != b.p[j - 1];

			now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + cost);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
				a.p[i - 2] == b.p[j - 1] && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
			if (now[j] < best)
				best = now[j];
		}
		if (best > cap)
			return cap + 1;
		before = last;
		last = now;
		now = spare;
	}
	return last[b.n] > cap ? cap + 1 : last[b.n];
}

/* One '[...]' set at p; gives the place behind it, or NULL when it is not closed. */
static const char *glob_set(const char *p, const char *end, char c, bool *hit)
{
	bool negate = p < end && (*p == '!' || *p == '^');

	*hit = false;
	if (negate)
		p++;
	for (const char *first = p; p < end && (*p != ']' || p == first); p++) {
		if (p + 2 < end && p[1] == '-' && p[2] != ']') {
			if (c >= p[0] && c <= p[2])
				*hit = true;
			p += 2;
		} else if (*p == c) {
			*hit = true;
		}
	}
	if (negate)
		*hit = !*hit;
	return p < end ? p + 1 : NULL;
}

/* Budgeted: a pattern of many stars must not cost exponential time. */
static bool glob_at(const char *p, const char *pe, const char *s, const char *se, int *budget)
{
	while (p < pe) {
		if (--*budget < 0)
			return false;
		if (*p == '*') {
			bool across = p + 1 < pe && p[1] == '*';

			p += across ? 2 : 1;
			if (across && p < pe && *p == '/' && glob_at(p + 1, pe, s, se, budget))
				return true;
			for (;; s++) {
				if (glob_at(p, pe, s, se, budget))
					return true;
				if (s >= se || (!across && *s == '/'))
					return false;
			}
		}
		if (s >= se)
			return false;
		if (*p == '[') {
			bool hit;
			const char *next = glob_set(p + 1, pe, *s, &hit);

			if (next) {
				if (!hit || *s == '/')
					return false;
				p = next;
				s++;
				continue;
			}
		}
		if (*p == '?' ? *s == '/' : *p != *s)
			return false;
		p++;
		s++;
	}
	return s == se;
}

bool str_glob(struct str pattern, struct str path)
{
	int budget = 100000;
	const char *p = pattern.p ? pattern.p : "", *s = path.p ? path.p : "";

	return glob_at(p, p + pattern.n, s, s + path.n, &budget);
}

uint64_t str_hash(struct str s)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a, finished with murmur's mixer */

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	return h ^ (h >> 33);
}
