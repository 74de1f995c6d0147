#include "kit/report/pattern.h"

#include "kit/report/scan.h"

static const char letters[] = "NSFLCTMEADmItpfes*#";

static bool is_number_char(enum pattern_slot slot, char c)
{
	bool fraction = slot == SLOT_SECONDS || slot == SLOT_MILLISECONDS;

	return (c >= '0' && c <= '9') || (fraction && (c == '.' || c == ','));
}

static bool is_number(enum pattern_slot slot)
{
	return slot == SLOT_LINE || slot == SLOT_COLUMN || slot == SLOT_DIGITS ||
	       (slot >= SLOT_TESTS && slot <= SLOT_SKIPPED) || slot == SLOT_SECONDS ||
	       slot == SLOT_MILLISECONDS;
}

static bool may_be_empty(enum pattern_slot slot)
{
	return slot == SLOT_ANY || slot == SLOT_MESSAGE || slot == SLOT_EXPECTED ||
	       slot == SLOT_ACTUAL;
}

/* A word of a type: "java.lang.Error", "App\Error", "std::error", "Outer$Inner" */
static size_t type_length(struct str s)
{
	size_t n = 0;

	while (n < s.n && (scan_is_word(s.p[n]) || s.p[n] == '$' || s.p[n] == '\\' ||
				  (s.p[n] == ':' && n + 1 < s.n &&
					  (s.p[n + 1] == ':' || (n > 0 && s.p[n - 1] == ':')))))
		n++;
	return n;
}

static size_t run_length(enum pattern_slot slot, struct str s)
{
	size_t n = 0;

	if (slot == SLOT_TYPE)
		return type_length(s);
	while (n < s.n && is_number_char(slot, s.p[n]))
		n++;
	return n;
}

/* The text of the pattern up to its next slot. */
static struct str next_text(const char *pattern)
{
	return str_make(pattern, strcspn(pattern, "%"));
}

/* How much a slot takes before the text, or -1. */
static ptrdiff_t take_until(struct str s, struct str text, bool last, bool at_end)
{
	ptrdiff_t found = -1;

	if (at_end) {
		if (s.n < text.n || memcmp(s.p + s.n - text.n, text.p, text.n) != 0)
			return -1;
		return (ptrdiff_t)(s.n - text.n);
	}
	if (!last)
		return str_find(s, text);
	for (size_t i = s.n < text.n ? 0 : s.n - text.n + 1; i-- > 0 && found < 0;)
		if (memcmp(s.p + i, text.p, text.n) == 0)
			found = (ptrdiff_t)i;
	return found;
}

/* Reads one slot at pattern ("N...", "+N...") off *s; the pattern behind it, or NULL. */
static const char *match_slot(const char *pattern, struct str *s, struct captures *c)
{
	bool last = *pattern == '+', trim = false;
	const char *letter = strchr(letters, pattern[last]);
	enum pattern_slot slot = (enum pattern_slot)(letter ? letter - letters : SLOT_ANY);
	struct str text;
	ptrdiff_t n;

	pattern += last + 1;
	if (slot == SLOT_TYPE || is_number(slot)) {
		n = (ptrdiff_t)run_length(slot, *s);
	} else {
		if (pattern[0] == '%' && pattern[1] == '_') {
			trim = true;
			pattern += 2;
		}
		text = next_text(pattern);
		n = text.n ? take_until(*s, text, last, pattern[text.n] == '\0') : (ptrdiff_t)s->n;
	}
	if (n < 0 || (n == 0 && !may_be_empty(slot)))
		return NULL;
	if ((slot == SLOT_NAME || slot == SLOT_SUITE) && s->p[0] == ' ')
		return NULL;
	c->v[slot] = str_slice(*s, 0, (size_t)n);
	if (trim)
		c->v[slot] = str_rtrim(c->v[slot]);
	*s = str_from(*s, (size_t)n);
	return pattern;
}

bool pattern_match(const char *pattern, struct str line, struct captures *out)
{
	struct captures c = {0};

	line = str_rtrim(line);
	while (pattern && *pattern) {
		if (*pattern != '%' || pattern[1] == '%') {
			if (line.n == 0 || line.p[0] != *pattern)
				return false;
			pattern += *pattern == '%' ? 2 : 1;
			line = str_from(line, 1);
		} else if (pattern[1] == '_') {
			line = str_ltrim(line);
			pattern += 2;
		} else {
			pattern = match_slot(pattern + 1, &line, &c);
		}
	}
	if (!pattern || line.n)
		return false;
	*out = c;
	return true;
}

int captures_int(const struct captures *c, enum pattern_slot slot, int missing)
{
	int n;

	return c->v[slot].p && str_to_int(c->v[slot], 0, INT32_MAX, &n) ? n : missing;
}

double captures_seconds(const struct captures *c)
{
	double n;

	if (c->v[SLOT_SECONDS].p && str_to_double(c->v[SLOT_SECONDS], &n))
		return n;
	if (c->v[SLOT_MILLISECONDS].p && str_to_double(c->v[SLOT_MILLISECONDS], &n))
		return n / 1000;
	return -1;
}
