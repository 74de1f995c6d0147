/* bundle: what a machine that runs repository code hands to one that may write (SPEC 14 "Bundle").
 * Layer: kit. One JSON document: where and on what it was made, heal's results, and the fixes to
 * remember as exchanged text. Self-contained and capped. Its hash finds damage, not forgery:
 * whoever reads one trusts the diffs' bytes alone, and judges these again. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct json_t;

enum { BUNDLE_VERSION = 1, BUNDLE_FIXES_MAX = 100, BUNDLE_BYTES_MAX = 32 << 20 };

struct bundle {
	struct str program;          /* the selfheal that made it */
	struct str repository;       /* "owner/name", or empty */
	struct str folder;           /* of the project in the repository, "" at the top */
	struct str commit;           /* what was healed */
	struct str branch;           /* its name; empty: detached or unknown */
	struct str event;            /* what started the run: "workflow_run"...; empty: by hand */
	int64_t run_id, run_attempt; /* of GitHub Actions; 0: none */
	int64_t pull;                /* the pull request whose head it is; 0: none */
	struct str run_url;
	bool trusted;                  /* the head belongs to the repository itself: a claim */
	struct json_t *const *results; /* heal's JSON */
	size_t n;
	struct str knowledge; /* lines of learn/exchange.h */
};

/* The document, with its hash, at most BUNDLE_BYTES_MAX (ERR_LIMIT). */
int bundle_write(struct buf *out, const struct bundle *bundle, struct err *err) MUST_CHECK;
/* Reads one: ERR_PARSE when it is none, of a later form, damaged, or one of its parts is of a wrong
 * type. *document owns the results; the caller frees it. Strings live in mem. */
int bundle_read(struct bundle *out, struct json_t **document, struct str text, struct arena *mem,
	struct err *err) MUST_CHECK;
