#include "kit/report/prefilter.h"

#include <assert.h>

#include "base/alloc.h"

enum {
	HIT = 0x8000, /* in next: the state found something; states are fewer than that */
	STATE = 0x7fff,
};

/* State 0 is the root; next[state << shift | class_of[byte]]. The hot loop has two loads a byte. */
struct prefilter {
	uint8_t class_of[256]; /* 0: a byte that no literal has */
	unsigned classes, shift;
	uint16_t *next;
	uint64_t *found;
	size_t states;
};

static uint16_t *edge(const struct prefilter *p, unsigned state, unsigned class)
{
	return &p->next[state << p->shift | class];
}

static size_t classify_bytes(struct prefilter *p, const char *const *const *groups, size_t n)
{
	size_t total = 1;

	p->classes = 1;
	for (size_t i = 0; i < n; i++)
		for (const char *const *literal = groups[i]; *literal; literal++)
			for (const char *c = *literal; *c; c++, total++)
				if (!p->class_of[(uint8_t)*c])
					p->class_of[(uint8_t)*c] = (uint8_t)p->classes++;
	return total;
}

static void add_literal(struct prefilter *p, const char *literal, uint64_t bit)
{
	uint16_t at = 0;

	for (; *literal; literal++) {
		uint16_t *to = edge(p, at, p->class_of[(uint8_t)*literal]);

		if (!*to)
			*to = (uint16_t)p->states++;
		at = *to;
	}
	p->found[at] |= bit;
}

/* Breadth first: a missing edge leads where the longest proper suffix's edge leads. */
static void link_suffixes(struct prefilter *p)
{
	uint16_t *suffix = xcalloc(p->states, sizeof(*suffix));
	uint16_t *queue = xcalloc(p->states, sizeof(*queue));
	size_t head = 0, tail = 0;

	for (unsigned c = 0; c < p->classes; c++)
		if (*edge(p, 0, c))
			queue[tail++] = *edge(p, 0, c);
	while (head < tail) {
		uint16_t at = queue[head++];

		p->found[at] |= p->found[suffix[at]];
		for (unsigned c = 0; c < p->classes; c++) {
			uint16_t *to = edge(p, at, c);
			uint16_t fallback = *edge(p, suffix[at], c);

			if (*to) {
				suffix[*to] = fallback;
				queue[tail++] = *to;
			} else {
				*to = fallback;
			}
		}
	}
	free(suffix);
	free(queue);
}

static void mark_hits(struct prefilter *p)
{
	for (unsigned at = 0; at < p->states; at++)
		for (unsigned c = 0; c < p->classes; c++)
			if (p->found[*edge(p, at, c)])
				*edge(p, at, c) |= HIT;
}

struct prefilter *prefilter_new(const char *const *const *groups, size_t n)
{
	struct prefilter *p = xcalloc(1, sizeof(*p));
	size_t most;

	assert(n <= PREFILTER_GROUPS);
	most = classify_bytes(p, groups, n);
	assert(most <= STATE);
	while (1U << p->shift < p->classes)
		p->shift++;
	p->next = xcalloc(most << p->shift, sizeof(*p->next));
	p->found = xcalloc(most, sizeof(*p->found));
	p->states = 1;
	for (size_t i = 0; i < n; i++)
		for (const char *const *literal = groups[i]; *literal; literal++)
			add_literal(p, *literal, UINT64_C(1) << i);
	link_suffixes(p);
	mark_hits(p);
	return p;
}

void prefilter_free(struct prefilter *p)
{
	if (!p)
		return;
	free(p->next);
	free(p->found);
	free(p);
}

uint64_t prefilter_scan(const struct prefilter *p, struct str line)
{
	const uint16_t *next = p->next;
	unsigned shift = p->shift;
	unsigned at = *edge(p, 0, p->class_of['\n']) & STATE;
	uint64_t found = p->found[at];

	for (size_t i = 0; i < line.n; i++) {
		at = next[at << shift | p->class_of[(uint8_t)line.p[i]]];
		if (__builtin_expect(at & HIT, 0)) {
			at &= STATE;
			found |= p->found[at];
		}
	}
	return found;
}
