/* index: 64-bit keys to small numbers, open addressing.
 * Layer: kit, inside drain/. Keys are hashes already; 0 is no number. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct index_slot {
	uint64_t key;
	uint32_t value;
	uint32_t used;
};

struct index {
	struct index_slot *slots;
	size_t n, cap; /* a power of two */
};

void index_init(struct index *x);
void index_release(struct index *x);
/* Empty again, memory kept. */
void index_reset(struct index *x);
/* The place of a key's number, 0 at first; valid until the next call. */
uint32_t *index_at(struct index *x, uint64_t key);
