#include "base/utf8.h"

/* The bytes the first one announces, and its own bits. */
static size_t announced(unsigned char first, uint32_t *bits)
{
	if (first >= 0xc2 && first < 0xe0) {
		*bits = first & 0x1fU;
		return 2;
	}
	if (first >= 0xe0 && first < 0xf0) {
		*bits = first & 0x0fU;
		return 3;
	}
	if (first >= 0xf0 && first < 0xf5) {
		*bits = first & 0x07U;
		return 4;
	}
	return 0;
}

size_t utf8_length(struct str s)
{
	uint32_t c = 0;
	size_t n;

	if (s.n == 0)
		return 0;
	if ((unsigned char)s.p[0] < 0x80)
		return 1;
	n = announced((unsigned char)s.p[0], &c);
	if (n == 0 || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((unsigned char)s.p[i] & 0x3fU);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	return c >= 0xd800 && c < 0xe000 ? 0 : n;
}
