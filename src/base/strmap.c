#include "base/strmap.h"

#include <stdlib.h>

#include "base/alloc.h"

void strmap_init(struct strmap *m)
{
	*m = (struct strmap){0};
}

void strmap_release(struct strmap *m)
{
	strmap_each(item, m) free((void *)(uintptr_t)item->key.p);
	free(m->items);
	free(m->slots);
	strmap_init(m);
}

/* The slot that holds key, or the empty one where it belongs. Slots hold index + 1. */
static size_t slot_of(const struct strmap *m, struct str key, uint64_t hash)
{
	size_t mask = m->slot_count - 1;
	size_t at = (size_t)hash & mask;

	while (m->slots[at]) {
		const struct strmap_item *item = &m->items[m->slots[at] - 1];

		if (item->hash == hash && str_eq(item->key, key))
			break;
		at = (at + 1) & mask;
	}
	return at;
}

static void rehash(struct strmap *m)
{
	free(m->slots);
	m->slot_count = m->slot_count ? m->slot_count * 2 : 16;
	m->slots = xcalloc(m->slot_count, sizeof(*m->slots));
	for (size_t i = 0; i < m->n; i++)
		m->slots[slot_of(m, m->items[i].key, m->items[i].hash)] = (uint32_t)i + 1;
}

static struct strmap_item *find(const struct strmap *m, struct str key)
{
	size_t at;

	if (m->n == 0)
		return NULL;
	at = slot_of(m, key, str_hash(key));
	return m->slots[at] ? &m->items[m->slots[at] - 1] : NULL;
}

void *strmap_get(const struct strmap *m, struct str key)
{
	struct strmap_item *item = find(m, key);

	return item ? item->value : NULL;
}

bool strmap_has(const struct strmap *m, struct str key)
{
	return find(m, key) != NULL;
}

bool strmap_put(struct strmap *m, struct str key, void *value)
{
	struct strmap_item *item = find(m, key);
	uint64_t hash = str_hash(key);

	if (item) {
		item->value = value;
		return false;
	}
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 8;
		m->items = xreallocarray(m->items, m->cap, sizeof(*m->items));
	}
	m->items[m->n++] = (struct strmap_item){
		.key = {xstrndup(key.p, key.n), key.n}, .value = value, .hash = hash};
	if (m->n * 4 > m->slot_count * 3)
		rehash(m);
	else
		m->slots[slot_of(m, key, hash)] = (uint32_t)m->n;
	return true;
}
