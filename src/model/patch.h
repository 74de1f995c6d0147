/* patch: a candidate change: byte-range replacements in files of the repository.
 * Layer: model. Edits of one file do not overlap; applied whole or not at all. Strings and arrays
 * are borrowed (normally from the arena of the fix source that made the patch). */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct json_t;

/* Replaces bytes [start, end) of the file as it is in the tree now by text. */
struct edit {
	struct str path;
	size_t start, end;
	struct str text;
};

struct patch {
	const struct edit *edits;
	size_t n;
	struct str source; /* who proposed it: "template", "knowledge", "fixit", "rule", "revert",
			      "llm" */
	struct str origin; /* which one: template name, fix id, compiler option */
	struct str note;   /* one line for people: "change '<' to '<='" */
	double prior;      /* 0..1: how often changes of this origin were right, before location */
	double score;      /* prior x suspiciousness x ...: what the scheduler orders by */
	uint64_t normal;   /* hash of the changed files' normal form; 0 = not computed */
	uint64_t group;    /* edits of one function share it: may be compiled or run together */
	int line;          /* first changed line (1-based), for reports */
};

/* The content of one file with the patch's edits of that file applied; edits given in any order.
 * Fails with ERR_CONFLICT on overlapping or out-of-range edits, ERR_LIMIT over LIMIT_SOURCE_BYTES.
 */
int patch_apply_to(struct buf *out, const struct patch *patch, struct str path, struct str content,
	struct err *err) MUST_CHECK;
/* Whether the patch touches path. */
bool patch_touches(const struct patch *patch, struct str path);
/* The paths it touches, each once, in first-use order; n of them in mem. */
struct str *patch_paths(const struct patch *patch, size_t *n, struct arena *mem);
/* A deep copy in mem. */
struct patch patch_dup(const struct patch *patch, struct arena *mem);
struct json_t *patch_to_json(const struct patch *patch);
void patch_from_json(struct patch *patch, const struct json_t *j, struct arena *mem);
