/* exchange: knowledge as sorted text, one JSON line a fix.
 * Layer: learn. What is written names no machine, path outside the repository or secret; what is
 * read is hostile: every member checked, every size capped, the identity computed again. Importing
 * in any order, any number of times, ends the same. docs/knowledge.md describes the form. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct store;

enum { EXCHANGE_VERSION = 1, EXCHANGE_LINES_MAX = 100000 };

struct exchange_export {
	size_t written;
	size_t secret;  /* left out: something in it looks like a credential */
	size_t unclean; /* left out: its text is not UTF-8 */
};
/* Appends the lines of what was added or changed at since or later (0: all), by id. ERR_LIMIT when
 * out's cap is met. */
int knowledge_export(struct store *store, int64_t since, struct buf *out,
	struct exchange_export *counts, struct err *err) MUST_CHECK;

struct exchange_import {
	size_t fixes, added, merged, same;
	size_t refused;
	char first_refusal[256]; /* "line 3: ..."; "" if none */
};
/* All good lines in one transaction; the others are counted. < 0 when nothing was stored. */
int knowledge_import(struct store *store, struct str text, struct exchange_import *counts,
	struct err *err) MUST_CHECK;
