/* strmap: string keys to pointers, in the order of insertion.
 * Layer: base. Keys are copied; values are borrowed. Lookup O(1), iteration deterministic. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/str.h"

struct strmap_item {
	struct str key;
	void *value;
	uint64_t hash;
};

struct strmap {
	struct strmap_item *items;
	uint32_t *slots;
	size_t n, cap, slot_count;
};

void strmap_init(struct strmap *m);
/* Frees keys; values are the caller's. */
void strmap_release(struct strmap *m);
/* The value, or NULL. */
void *strmap_get(const struct strmap *m, struct str key);
bool strmap_has(const struct strmap *m, struct str key);
/* Sets; true if the key was new. */
bool strmap_put(struct strmap *m, struct str key, void *value);

#define strmap_each(item, m)                                                                       \
	for (struct strmap_item *item = (m)->items; item && item < (m)->items + (m)->n; item++)
