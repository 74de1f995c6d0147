/* tap_yaml: the details that a TAP point carries, "  ---" to "  ...".
 * Layer: kit, inside report/. Producers write YAML of their own making, often broken: the lines are
 * read one by one, and of their keys the ones with a meaning for a failure are taken. */
#pragma once

#include "kit/report/block.h"

struct tap_yaml {
	size_t indent;             /* of "---" */
	const struct tap_key *key; /* the one whose value goes on over lines, or NULL */
	size_t key_indent, margin;
	bool quoted;          /* in a double-quoted value over several lines */
	bool started;         /* a line of the value was read */
	bool subtests_failed; /* node: what failed is inside */
	int line, column;     /* of "line:", "column:" that came before "file:" */
};

void tap_yaml_open(struct tap_yaml *y, size_t indent);
/* Takes one line between them. */
void tap_yaml_line(struct tap_yaml *y, struct block *b, struct report_out *out, struct str line);
