#include "kit/report/prefilter.h"

#include <assert.h>

#include "base/alloc.h"

enum {
	GRAM = 4,
	MARK_BITS = 18, /* of a gram's hash: a bitmap of 16 KiB */
	SLOT_BITS = 13, /* ... that find the literals */
};

struct literal {
	const char *text; /* between the line feeds; the caller's */
	size_t n;
	uint32_t gram; /* what is looked up, if in a slot */
	int anchor;    /* where in the text it starts; -1 is the line feed before */
	bool at_start, at_end;
	uint16_t group, next; /* the next of the same slot, 0: none */
};

struct prefilter {
	uint32_t marks[(1 << MARK_BITS) / 32];
	uint16_t slots[1 << SLOT_BITS]; /* index of the first literal + 1 */
	uint16_t starts[256];           /* "\nx": at the start of a line, by its first byte */
	uint16_t pairs[256];            /* of one or two bytes anywhere, by the first */
	bool has_pairs;
	struct literal *literals;
	size_t n;
};

static uint32_t hash_of(uint32_t gram)
{
	return gram * UINT32_C(2654435761);
}

static uint32_t load(const char *p)
{
	uint32_t gram;

	memcpy(&gram, p, GRAM);
	return gram;
}

/* Its lowest bit. */
static inline uint32_t mark_of(const struct prefilter *p, uint32_t hash)
{
	uint32_t at = hash >> (32 - MARK_BITS);

	return p->marks[at / 32] >> (at % 32);
}

/* --- building --- */

/* How common a byte is in logs, roughly. */
static int frequency(char c)
{
	if (c == '\n')
		return -100;
	if (c == ' ')
		return 5;
	if (strchr("etaonirsl", c))
		return 4;
	if (c >= 'a' && c <= 'z')
		return 3;
	if (strchr("/.-_", c))
		return 2;
	return 1;
}

/* The offset of the four bytes that are the least common, line feeds counted. */
static size_t rarest(const char *text, size_t n)
{
	size_t best = 0;
	int least = INT32_MAX;

	for (size_t i = 0; i + GRAM <= n; i++) {
		int sum = 0;

		for (size_t k = 0; k < GRAM; k++)
			sum += frequency(text[i + k]);
		if (sum < least) {
			least = sum;
			best = i;
		}
	}
	return best;
}

static void chain(uint16_t *slot, struct prefilter *p, struct literal *l)
{
	l->next = *slot;
	*slot = (uint16_t)(l - p->literals + 1);
}

/* Formats share literals, and so do the many matchers behind one. */
static bool is_known(const struct prefilter *p, uint16_t first, const struct literal *l)
{
	const struct literal *other;

	for (uint16_t i = first; i; i = other->next) {
		other = &p->literals[i - 1];
		if (other->group == l->group && other->n == l->n &&
			other->at_start == l->at_start && other->at_end == l->at_end &&
			memcmp(other->text, l->text, l->n) == 0)
			return true;
	}
	return false;
}

static void mark(struct prefilter *p, const char gram[GRAM])
{
	uint32_t at = hash_of(load(gram)) >> (32 - MARK_BITS);

	p->marks[at / 32] |= UINT32_C(1) << (at % 32);
}

/* Three bytes anywhere: with whatever follows. Literals of one slot are told apart by their text,
 * so that a slot for all of these does. */
static void add_three(struct prefilter *p, const char *text, struct literal *l)
{
	char gram[GRAM];

	memcpy(gram, text, GRAM - 1);
	for (int c = 0; c < 256; c++) {
		gram[GRAM - 1] = (char)c;
		mark(p, gram);
	}
	chain(&p->pairs[(uint8_t)text[0]], p, l);
}

static void add_literal(struct prefilter *p, const char *text, size_t group)
{
	struct literal *l = &p->literals[p->n++];
	size_t n = strlen(text), at;

	l->group = (uint16_t)group;
	l->at_start = text[0] == '\n';
	l->at_end = n > 1 && text[n - 1] == '\n';
	l->text = text + l->at_start;
	l->n = n - l->at_start - l->at_end;
	assert(l->n > 0);
	if (n >= GRAM) {
		uint16_t *slot;

		at = rarest(text, n);
		slot = &p->slots[hash_of(load(text + at)) >> (32 - SLOT_BITS)];
		if (is_known(p, *slot, l))
			return;
		l->anchor = (int)at - l->at_start;
		l->gram = load(text + at);
		mark(p, text + at);
		chain(slot, p, l);
	} else if (l->at_start) {
		chain(&p->starts[(uint8_t)l->text[0]], p, l);
	} else if (l->n == GRAM - 1) {
		add_three(p, text, l);
	} else {
		chain(&p->pairs[(uint8_t)l->text[0]], p, l);
		p->has_pairs = true;
	}
}

struct prefilter *prefilter_new(const char *const *const *groups, size_t n)
{
	struct prefilter *p = xcalloc(1, sizeof(*p));
	size_t total = 0;

	assert(n <= PREFILTER_GROUPS);
	for (size_t i = 0; i < n; i++)
		for (const char *const *literal = groups[i]; *literal; literal++)
			total++;
	assert(total < UINT16_MAX);
	p->literals = xcalloc(total + 1, sizeof(*p->literals));
	for (size_t i = 0; i < n; i++)
		for (const char *const *literal = groups[i]; *literal; literal++)
			add_literal(p, *literal, i);
	return p;
}

void prefilter_free(struct prefilter *p)
{
	if (!p)
		return;
	free(p->literals);
	free(p);
}

/* --- looking --- */

struct look {
	const struct prefilter *p;
	struct str line;
	struct prefilter_set found;
};

static inline void compare(struct look *look, const struct literal *l, ptrdiff_t at)
{
	ptrdiff_t start = at - l->anchor;

	if (start < 0 || (size_t)start + l->n > look->line.n || (l->at_start && start) ||
		(l->at_end && (size_t)start + l->n < look->line.n) ||
		look->line.p[start + (ptrdiff_t)l->n - 1] != l->text[l->n - 1] ||
		prefilter_has(&look->found, l->group))
		return;
	if (memcmp(look->line.p + start, l->text, l->n) == 0)
		prefilter_put(&look->found, l->group, true);
}

/* Those of one or two bytes, of three, or at the start of a line, by their first byte. */
static inline void compare_short(struct look *look, uint16_t first, ptrdiff_t at)
{
	for (uint16_t i = first; i; i = look->p->literals[i - 1].next)
		compare(look, &look->p->literals[i - 1], at);
}

static __attribute__((noinline)) void hit(struct look *look, uint32_t gram, ptrdiff_t at)
{
	const struct prefilter *p = look->p;

	for (uint16_t i = p->slots[hash_of(gram) >> (32 - SLOT_BITS)]; i;
		i = p->literals[i - 1].next)
		if (p->literals[i - 1].gram == gram)
			compare(look, &p->literals[i - 1], at);
	if (at >= 0 && (size_t)at < look->line.n)
		compare_short(look, p->pairs[(uint8_t)look->line.p[at]], at);
}

static inline void look_at(struct look *look, uint32_t gram, ptrdiff_t at)
{
	if (__builtin_expect(mark_of(look->p, hash_of(gram)) & 1, 0))
		hit(look, gram, at);
}

/* The grams that hold a line feed: before the line's first byte, behind its last ones. */
static void look_at_ends(struct look *look)
{
	struct str line = look->line;
	size_t head = line.n < GRAM - 1 ? line.n : GRAM - 1;
	char gram[GRAM] = {'\n'};

	memcpy(gram + 1, line.p, head);
	if (head < GRAM - 1)
		gram[head + 1] = '\n';
	look_at(look, load(gram), -1);
	compare_short(look, look->p->starts[(uint8_t)line.p[0]], 0);
	if (line.n < GRAM - 1)
		return;
	memcpy(gram, line.p + line.n - (GRAM - 1), GRAM - 1);
	gram[GRAM - 1] = '\n';
	look_at(look, load(gram), (ptrdiff_t)line.n - (GRAM - 1));
}

static void look_at_pairs(struct look *look)
{
	for (size_t i = 0; i < look->line.n; i++)
		compare_short(look, look->p->pairs[(uint8_t)look->line.p[i]], (ptrdiff_t)i);
}

/* Unrolled, a branch for each place, which is hardly ever taken: cheaper than to gather the bits.
 */
static void look_inside(struct look *look)
{
	size_t places = look->line.n < GRAM ? 0 : look->line.n - GRAM + 1, i = 0;
	const char *at = look->line.p;

	for (; i + 4 <= places; i += 4) {
		look_at(look, load(at + i), (ptrdiff_t)i);
		look_at(look, load(at + i + 1), (ptrdiff_t)i + 1);
		look_at(look, load(at + i + 2), (ptrdiff_t)i + 2);
		look_at(look, load(at + i + 3), (ptrdiff_t)i + 3);
	}
	for (; i < places; i++)
		look_at(look, load(at + i), (ptrdiff_t)i);
}

struct prefilter_set prefilter_scan(const struct prefilter *p, struct str line)
{
	struct look look = {.p = p, .line = line};

	if (line.n == 0)
		return look.found;
	look_at_ends(&look);
	look_inside(&look);
	if (p->has_pairs)
		look_at_pairs(&look);
	return look.found;
}
