/* memory: what the cycle writes down and knows from before.
 * Layer: heal. A journal row is durable before the next stage starts; a resumed run reads them
 * back. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/failure.h"
#include "model/patch.h"
#include "model/verdict.h"

struct heal_options;
struct heal_result;
struct memory;
struct json_t;
struct trial;

/* Opens the store and takes the tree's lock. A dry run takes none and keeps nothing of what it is
 * given: MEMORY_NONE when there is nothing to read either, and no store is made. */
enum { MEMORY_NONE = 1 };
int memory_open(
	struct memory **out, const struct heal_options *options, struct err *err) MUST_CHECK;
void memory_free(struct memory *m);
DEFINE_CLEANUP(struct memory *, memory_free)

/* Begins a session, or goes on with options->resume. *id lives in mem. */
int memory_begin(struct memory *m, struct str *id, struct arena *mem, struct err *err) MUST_CHECK;
int memory_end(struct memory *m, enum outcome outcome, struct err *err) MUST_CHECK;
/* One stage's result; takes json. A row that is there already (resumed) is kept as it is. */
int memory_note(struct memory *m, const char *stage, const char *key, struct json_t *json,
	struct err *err) MUST_CHECK;
int memory_note_failures(
	struct memory *m, const struct failure_list *failures, struct err *err) MUST_CHECK;
int memory_note_attempt(struct memory *m, int attempt, const struct patch *patch,
	const struct verdict *verdict, struct err *err) MUST_CHECK;

/* 10 x the last green run of the command, or 0 when unknown. */
int memory_learned_timeout_ms(struct memory *m, const char *command);
int memory_learn_green(
	struct memory *m, const char *command, int64_t wall_us, struct err *err) MUST_CHECK;
/* What reruns showed of tests that pass and fail; and whether one of these did so before. */
int memory_learn_flaky(struct memory *m, const struct failure_list *failures, int runs,
	int red_runs, struct err *err) MUST_CHECK;
int memory_knows_flaky(struct memory *m, const struct failure_list *failures, bool *known,
	struct arena *mem, struct err *err) MUST_CHECK;
/* A factor on a template's prior from how often it held here: 1 when unknown. */
double memory_origin_factor(const struct memory *m, struct str origin);

/* Patches to try first: the candidates of the session that is resumed, then known fixes of alike
 * failures, re-bound to the files in the trial. */
int memory_recall(struct memory *m, const struct failure_list *failures, struct trial *trial,
	struct patch **out, size_t *n, struct arena *mem, struct err *err) MUST_CHECK;
/* Stores a verified fix, or counts one more success of the one it came from. */
int memory_learn_fix(
	struct memory *m, const struct heal_result *result, struct err *err) MUST_CHECK;
