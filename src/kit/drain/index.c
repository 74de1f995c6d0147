#include "kit/drain/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { FIRST_SLOTS = 256 };

void index_init(struct index *x)
{
	*x = (struct index){.cap = FIRST_SLOTS};
	x->slots = xcalloc(x->cap, sizeof(*x->slots));
}

void index_release(struct index *x)
{
	free(x->slots);
	*x = (struct index){0};
}

void index_reset(struct index *x)
{
	memset(x->slots, 0, x->cap * sizeof(*x->slots));
	x->n = 0;
}

static struct index_slot *find(const struct index *x, uint64_t key)
{
	size_t i = key & (x->cap - 1);

	while (x->slots[i].used && x->slots[i].key != key)
		i = (i + 1) & (x->cap - 1);
	return &x->slots[i];
}

static void grow(struct index *x)
{
	struct index old = *x;

	x->cap *= 2;
	x->slots = xcalloc(x->cap, sizeof(*x->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].used)
			*find(x, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

uint32_t *index_at(struct index *x, uint64_t key)
{
	struct index_slot *slot = find(x, key);

	if (!slot->used) {
		if (2 * (x->n + 1) > x->cap) {
			grow(x);
			slot = find(x, key);
		}
		*slot = (struct index_slot){.key = key, .used = 1};
		x->n++;
	}
	return &slot->value;
}
