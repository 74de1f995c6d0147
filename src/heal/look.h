/* look: everything a state of the tree shows: failures, suspects, the files that may change.
 * Layer: heal. What the search calls again for every partial fix it builds on. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "kit/project/tree.h"
#include "repair/search.h"

struct report_tables;
struct look_options {
	struct trial *trial;
	const char *command;
	struct report_tables *tables; /* for reports (report.h); NULL: those built in */
	int timeout_ms;
	const struct project_tree *tree;
};

/* From failures already read (taken over; the list is empty afterwards). */
int look_at(struct scene *out, struct failure_list *failures, const struct look_options *options,
	struct arena *mem, struct err *err) MUST_CHECK;
/* Runs the command first. */
int look_again(struct scene *out, const struct look_options *options, struct arena *mem,
	struct err *err) MUST_CHECK;
