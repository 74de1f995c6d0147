#include "kit/report/utf8.h"

size_t utf8_encode(uint32_t c, char out[4])
{
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static bool continues(struct str s, size_t i)
{
	return i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80;
}

/* The length of the character at s, 0 when it is none (RFC 3629). */
static size_t character(struct str s)
{
	unsigned char c = (unsigned char)s.p[0], d = s.n > 1 ? (unsigned char)s.p[1] : 0;
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if (!continues(s, i))
			return 0;
	if ((c == 0xe0 && d < 0xa0) || (c == 0xed && d >= 0xa0) || (c == 0xf0 && d < 0x90) ||
		(c == 0xf4 && d >= 0x90))
		return 0;
	return n;
}

/* How many bytes at the start are ASCII, eight at a time. */
static size_t ascii_run(struct str s)
{
	size_t n = 0;
	uint64_t word;

	for (; n + sizeof(word) <= s.n; n += sizeof(word)) {
		memcpy(&word, s.p + n, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (n < s.n && (unsigned char)s.p[n] < 0x80)
		n++;
	return n;
}

bool utf8_is_valid(struct str s)
{
	size_t i = ascii_run(s), n;

	while (i < s.n) {
		struct str rest = {s.p + i, s.n - i};

		n = character(rest);
		if (n == 0)
			return false;
		i += n == 1 ? ascii_run(rest) : n;
	}
	return true;
}

struct str utf8_cut(struct str s, size_t n)
{
	if (s.n <= n)
		return s;
	while (n > 0 && continues(s, n))
		n--;
	return str_slice(s, 0, n);
}

void utf8_add(struct buf *b, struct str s)
{
	static const uint16_t windows[32] = {0x20ac, 0, 0x201a, 0x192, 0x201e, 0x2026, 0x2020,
		0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0, 0x17d, 0, 0, 0x2018, 0x2019, 0x201c,
		0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0, 0x17e,
		0x178};
	char out[4];

	if (utf8_is_valid(s)) {
		buf_str(b, s);
		return;
	}
	for (size_t i = 0; i < s.n; i++) {
		uint32_t c = (unsigned char)s.p[i];

		if (c >= 0x80 && c < 0xa0)
			c = windows[c - 0x80];
		buf_add(b, out, utf8_encode(c, out));
	}
}
