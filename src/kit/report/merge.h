/* merge: the failures of several texts as one list; what was met in several of them (console and
 * XML, the jobs of a matrix, reruns) is one record.
 * Layer: kit. */
#pragma once

#include "base/strmap.h"
#include "model/failure.h"

struct merge {
	struct failure_list *out; /* the caller's */
	struct arena *mem;
	struct strmap known; /* key -> index of the last such failure + 1 */
	vec(size_t) same;    /* ... of each failure: of the one before it with its key */
	struct test_counts texts, documents; /* summed by how they were told */
};

void merge_init(struct merge *m, struct failure_list *out, struct arena *mem);
void merge_release(struct merge *m);
/* Adds what the text called file told; part keeps nothing of worth. Its excerpt becomes the list's
 * if it is the first with failures. Records of one part are left apart: its reader has judged them.
 */
void merge_add(struct merge *m, struct failure_list *part, struct str file);
/* Fills the counts: the same run told by console and by documents counts once. */
void merge_finish(struct merge *m);
