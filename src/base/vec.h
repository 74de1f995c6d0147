/* vec: growable array of a plain type. struct { T *v; size_t n, cap; }.
 * Layer: base. Zero-initialised is empty; items are moved by realloc. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define vec(T)                                                                                     \
	struct {                                                                                   \
		T *v;                                                                              \
		size_t n, cap;                                                                     \
	}

#define vec_grow(a)                                                                                \
	((a)->n < (a)->cap ? (void)0                                                               \
			   : (void)((a)->cap = (a)->cap ? (a)->cap * 2 : 8,                        \
				     (a)->v = xreallocarray((a)->v, (a)->cap, sizeof(*(a)->v))))
#define vec_push(a, ...) (vec_grow(a), (void)((a)->v[(a)->n++] = (__VA_ARGS__)))
/* A zeroed new last item, by address. */
#define vec_add(a) (vec_grow(a), memset(&(a)->v[(a)->n], 0, sizeof(*(a)->v)), &(a)->v[(a)->n++])
#define vec_free(a) (free((a)->v), (void)((a)->v = NULL, (a)->n = (a)->cap = 0))
#define vec_each(item, a)                                                                          \
	for (__typeof__(*(a)->v) *item = (a)->v; item && item < (a)->v + (a)->n; item++)
