/* document: finds reports that are XML or JSON in a text and reads them.
 * Layer: kit, inside report/. A text may be a document, hold one or many, behind lines of
 * anything, cut off anywhere. A document begins at the start of a line (blanks aside); what begins
 * so is held back, at most DOCUMENT_SIGHT_BYTES of it, until it is known which dialect it is of, or
 * that it is of none and the line formats' business. The bytes of a known document are not seen by
 * line formats. */
#pragma once

#include "kit/report/format.h"

enum { DOCUMENT_SIGHT_BYTES = 256 << 10 };

struct catalogue;
struct documents;

/* only: a dialect's name, or NULL for all. What is known of dialects is read into *catalogue when
 * the first document may begin, and is the caller's to free: many texts share it. */
struct documents *documents_new(
	struct report *report, const char *only, struct catalogue **catalogue);
void documents_free(struct documents *d);
DEFINE_CLEANUP(struct documents *, documents_free)
/* Takes the next part off *text; false when it is used up. *plain is what of it, or of what was
 * held back, is for the line formats: it is valid until the next call. */
bool documents_next(struct documents *d, struct str *text, struct str *plain);
/* The input ended; *plain as above. */
void documents_finish(struct documents *d, struct str *plain);
/* How many lines ended in documents since it was asked last. */
int documents_lines(struct documents *d);
/* Lines that went another way: what comes is n lines further down. */
void documents_skip_lines(struct documents *d, int n);
/* The i-th dialect that was met: its counts, or NULL behind the last. */
const struct report_out *documents_out(const struct documents *d, size_t i);
/* *catalogue, made of what is built in if it is NULL. */
struct catalogue *documents_catalogue(struct catalogue **catalogue);
