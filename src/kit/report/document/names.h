/* names: the names of what is open in a document, outermost first.
 * Layer: kit, inside report/. */
#pragma once

#include "base/buf.h"
#include "kit/report/document/event.h"

struct names {
	struct buf text;
	size_t from[DOCUMENT_DEPTH + 1];
	int n;
};

void names_init(struct names *n);
void names_release(struct names *n);
/* False past DOCUMENT_DEPTH. Names are cut at DOCUMENT_NAME_BYTES. */
bool names_push(struct names *n, struct str name);
void names_pop(struct names *n);
/* The i-th, valid until the next push. */
struct str names_at(const struct names *n, int i);
