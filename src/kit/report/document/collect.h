/* collect: events -> the records of a dialect.
 * Layer: kit, inside report/. Memory is fixed: a record over it loses its end. */
#pragma once

#include "kit/report/document/dialect.h"
#include "kit/report/document/event.h"

enum { COLLECT_NAMES = 16 };

struct collect {
	const struct dialect *dialect;
	void *state;
	struct document_out *out;
	/* The line of the reader, asked when a record begins and ends. */
	int (*line)(void *reader);
	void *reader;
	size_t *stop_at; /* of XML's reader, see there; NULL */
	struct str records[COLLECT_NAMES], keep[COLLECT_NAMES], skip[COLLECT_NAMES];
	size_t record_count, keep_count, skip_count; /* as the dialect has them */
	struct node_pool pool;
	struct node *here;                          /* the innermost open node */
	struct node_mark marks[DOCUMENT_DEPTH + 1]; /* before each open node */
	int depth;
	int record_depth; /* of the record that is open, 0 without one */
	int kept_depth;   /* of the kept part that is open */
	int lost;         /* open things that are left out */
	struct buf text;  /* of here */
	bool at_line;     /* a line began since the last tag, with nothing in it so far */
};

extern const struct document_events collect_events;

void collect_init(struct collect *c);
void collect_release(struct collect *c);
/* A document of that dialect begins. */
void collect_start(
	struct collect *c, const struct dialect *dialect, void *state, struct document_out *out);
