/* fix: verified repairs as rows.
 * Layer: port. What a fix means, when it may be reused and how it is exchanged is learn/knowledge's
 * business. Strings given are borrowed for the call; strings received live in mem. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct store;

/* One failure that the fix turned green. */
struct fix_failure {
	struct str fingerprint, cause;
};

/* SPEC 13's knowledge record. */
struct fix_record {
	struct str id;
	struct str fp_version; /* of the fingerprints */
	const struct fix_failure *failures;
	size_t n_failures;
	struct str language, error_type, error_pattern; /* the message, masked */
	struct str root_cause, code_context;            /* the code as it was, around the change */
	struct str patch;                               /* unified diff */
	struct str rewrite;                             /* JSON of the rewrite form, "" if none */
	struct str normal_form; /* of the changed files, hex; "" if not computed */
	struct str proof;       /* JSON: the rungs climbed */
	struct str source, origin, note;
	struct str environment; /* JSON: {} when not known */
	int64_t attempts;       /* tries it took to find */
	int64_t successes, failed;
	int64_t created_at, updated_at;
};

/* Stores a fix. Where its id is known already the two are merged: the union of the failures, the
 * greater counts, the earlier creation, the later update and the texts of the later updated (equal
 * times: the greater text), so that merging in any order, any number of times, ends the same.
 * FIX_MERGED then, 0 when it is new, FIX_SAME when it was known just like that. */
enum { FIX_MERGED = 1, FIX_SAME = 2 };
int fix_save(struct store *store, const struct fix_record *fix, struct err *err) MUST_CHECK;
/* Many in one transaction: all or none. counts[0] new, [FIX_MERGED] merged, [FIX_SAME] the same. */
int fix_save_all(struct store *store, const struct fix_record *fixes, size_t n, size_t counts[3],
	struct err *err) MUST_CHECK;

/* Those that healed that fingerprint (or, as second choice, that cause), best first: most successes
 * less failures, then the latest, then by id. At most max. Empty strings match nothing. */
int fix_find(struct store *store, struct str fingerprint, struct str cause, size_t max,
	struct fix_record **fixes, size_t *n, struct arena *mem, struct err *err) MUST_CHECK;
/* All, by id. */
int fix_list(struct store *store, struct fix_record **fixes, size_t *n, struct arena *mem,
	struct err *err) MUST_CHECK;
/* By id or a unique beginning of one (4 characters or more). FIX_NONE; ERR_CONFLICT if several. */
enum { FIX_NONE = 1 };
int fix_get(struct store *store, struct str id, struct fix_record *out, struct arena *mem,
	struct err *err) MUST_CHECK;
/* Counts one more use that was verified (held) or that failed here; FIX_NONE. */
int fix_count_use(struct store *store, struct str id, bool held, struct err *err) MUST_CHECK;
