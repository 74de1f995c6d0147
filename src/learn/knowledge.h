/* knowledge: verified fixes kept, found again, exchanged.
 * Layer: learn. A fix is kept under what identifies its change (paths and hunks without line
 * numbers), with every failure it turned green. What is found is a candidate: it counts as a
 * success only when it is verified again. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/diagnosis.h"
#include "model/failure.h"
#include "model/patch.h"
#include "model/verdict.h"
#include "port/store/fix.h"

struct store;
struct trial;

/* A fix that held, as the cycle knows it. */
struct knowledge_fix {
	const struct failure_list *healed; /* those without a fingerprint are left out */
	const struct patch *patch;         /* who proposed it */
	struct str diff;                   /* unified */
	const struct diagnosis *diagnosis; /* may be NULL */
	const struct verdict *verdict;
	size_t attempts; /* candidates it took */
};

enum { KNOWLEDGE_ID_SIZE = 41 };

/* Stores it, or adds to what is stored: one more success, more failures healed. A patch that came
 * from knowledge_lookup counts for the fix it came from. id: where it is. ERR_PARSE for a diff that
 * cannot be read, ERR_LIMIT for one over our caps. */
int knowledge_record(struct store *store, const struct knowledge_fix *fix,
	char id[KNOWLEDGE_ID_SIZE], struct err *err) MUST_CHECK;
/* A fix from knowledge_lookup did not hold here. */
int knowledge_failed(struct store *store, const struct patch *patch, struct err *err) MUST_CHECK;

/* Known fixes of the failure (same fingerprint first, then same cause), bound to the files as they
 * are in the trial now: at most max patches with source "knowledge" and origin the fix's id, best
 * first. A fix whose hunks fit nowhere, or in several places, is left out, as is one that failed
 * more often than it held. */
int knowledge_lookup(struct store *store, const struct failure *failure, struct trial *trial,
	struct patch *out, size_t max, size_t *n, struct arena *mem, struct err *err) MUST_CHECK;

/* The same over any files: read gives a file's content, < 0 when it cannot be had. */
struct knowledge_files {
	int (*read)(void *data, struct str path, struct buf *out, struct err *err);
	void *data;
};
int knowledge_lookup_in(struct store *store, const struct failure *failure,
	const struct knowledge_files *files, struct patch *out, size_t max, size_t *n,
	struct arena *mem, struct err *err) MUST_CHECK;

/* All of a fix; the exchanged form (learn/exchange.h) has less. The caller frees. */
struct json_t *knowledge_to_json(const struct fix_record *fix);
/* What identifies a change. */
int knowledge_id(char id[KNOWLEDGE_ID_SIZE], struct str diff, struct err *err) MUST_CHECK;
