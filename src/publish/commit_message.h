/* commit_message: what a fix's commit says (SPEC 13 "Commit message").
 * Layer: publish. Pure. Texts come from logs and models: each becomes one line without control
 * characters, so that none can forge a trailer or hide behind a terminal's escapes. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

struct commit_message {
	struct str error;              /* what failed */
	struct str root_cause;         /* one sentence, with file:line */
	struct str solution;           /* "change '<' to '<='" */
	int tests_passed, tests_total; /* < 0: not known */
	size_t attempts;
	const struct str *fingerprints; /* each its own trailer */
	size_t n_fingerprints;
	struct str session;
};

void commit_message_write(struct buf *out, const struct commit_message *m);

struct fix;
struct arena;
/* That of a fix, with all its failures' fingerprints. */
void commit_message_of(struct buf *out, const struct fix *fix, struct arena *mem);
