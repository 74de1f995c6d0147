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
};

/* A state while the automaton is built: a node of the tree of all literals. */
struct node {
	uint16_t child, sibling; /* 0: none */
	uint16_t suffix;         /* the longest proper suffix that is a node, too */
	uint8_t class;           /* of the byte that leads here */
};

struct tree {
	struct node *nodes;
	size_t n;
};

/* Gives every byte of a literal a class; the number of nodes there can be. */
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

static uint16_t child_of(struct tree *t, uint16_t at, uint8_t class)
{
	uint16_t child = t->nodes[at].child;

	while (child && t->nodes[child].class != class)
		child = t->nodes[child].sibling;
	if (child)
		return child;
	child = (uint16_t)t->n++;
	t->nodes[child] = (struct node){.sibling = t->nodes[at].child, .class = class};
	t->nodes[at].child = child;
	return child;
}

static void add_literal(struct prefilter *p, struct tree *t, const char *literal, uint64_t bit)
{
	uint16_t at = 0;

	for (; *literal; literal++)
		at = child_of(t, at, p->class_of[(uint8_t)*literal]);
	p->found[at] |= bit;
}

/* Breadth first: a state goes where its longest suffix goes, but for its own children. */
static void fill_table(struct prefilter *p, struct tree *t)
{
	uint16_t *queue = xcalloc(t->n, sizeof(*queue));
	size_t row = sizeof(*p->next) << p->shift;

	for (size_t head = 0, tail = 1; head < tail; head++) {
		uint16_t at = queue[head];
		uint16_t *edges = &p->next[(size_t)at << p->shift];

		if (at)
			memcpy(edges, &p->next[(size_t)t->nodes[at].suffix << p->shift], row);
		for (uint16_t c = t->nodes[at].child; c; c = t->nodes[c].sibling) {
			uint16_t *edge = &edges[t->nodes[c].class];

			t->nodes[c].suffix = *edge & STATE;
			p->found[c] |= p->found[t->nodes[c].suffix];
			*edge = p->found[c] ? c | HIT : c;
			queue[tail++] = c;
		}
	}
	free(queue);
}

struct prefilter *prefilter_new(const char *const *const *groups, size_t n)
{
	struct prefilter *p = xcalloc(1, sizeof(*p));
	struct tree tree = {.n = 1};
	size_t most;

	assert(n <= PREFILTER_GROUPS);
	most = classify_bytes(p, groups, n);
	assert(most <= STATE);
	while (1U << p->shift < p->classes)
		p->shift++;
	tree.nodes = xcalloc(most, sizeof(*tree.nodes));
	p->found = xcalloc(most, sizeof(*p->found));
	for (size_t i = 0; i < n; i++)
		for (const char *const *literal = groups[i]; *literal; literal++)
			add_literal(p, &tree, *literal, UINT64_C(1) << i);
	p->next = xcalloc(tree.n << p->shift, sizeof(*p->next));
	fill_table(p, &tree);
	free(tree.nodes);
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
	unsigned at = next[p->class_of['\n']] & STATE;
	uint64_t found = p->found[at];

	for (size_t i = 0; i < line.n; i++) {
		at = next[at << shift | p->class_of[(uint8_t)line.p[i]]];
		if (__builtin_expect(at & HIT, 0)) {
			at &= STATE;
			found |= p->found[at];
		}
	}
	return found | p->found[next[at << shift | p->class_of['\n']] & STATE];
}
