/* sections: a fix and its proof as Markdown, piece by piece.
 * Layer: publish. Pure. The step summary and the pull request are made of the same pieces; whatever
 * outsiders wrote is cleaned. Each appends nothing when there is nothing to say. */
#pragma once

#include "base/buf.h"
#include "model/fix.h"

/* The fix without secrets, for what is shown of it: before anything is escaped, as a secret is not
 * found any more behind that. */
struct fix section_fix(const struct fix *fix, struct arena *mem);
/* Text of outsiders as running Markdown, at most SECTION_TEXT_MAX bytes of it; and as a code span.
 */
enum { SECTION_TEXT_MAX = 1000 };
void section_text(struct buf *out, struct str text);
void section_code(struct buf *out, struct str text);
/* A table of the failures, at most max of them. */
void section_failures(struct buf *out, const struct fix *fix, size_t max);
/* A table of the rungs, and the command. */
void section_proof(struct buf *out, const struct fix *fix);
/* "0.86: 12 tests, no rival". */
void section_confidence(struct buf *out, const struct fix *fix);
/* A list of what no rung looked at. */
void section_unchecked(struct buf *out, const struct fix *fix);
/* Note, source and the diff, whose lines beyond max_bytes are counted instead. */
void section_change(struct buf *out, const struct fix *fix, size_t max_bytes);
