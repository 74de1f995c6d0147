/* metamutant: the candidates of one build, over all the files they touch, in the trial's tree.
 * Layer: kit. Each file's schemata stand in for it (stand_in.h). */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/failure.h"
#include "model/patch.h"

struct trial;
struct metamutant;

/* failures: what the unpatched run showed; their compiler errors are lines that candidates have to
 * replace. Both are borrowed. */
struct metamutant *metamutant_new(struct trial *trial, const struct failure_list *failures);
void metamutant_free(struct metamutant *m);
DEFINE_CLEANUP(struct metamutant *, metamutant_free)

enum candidate_fate {
	CANDIDATE_LIVE,    /* woven in */
	CANDIDATE_INVALID, /* does not compile */
	CANDIDATE_OUTSIDE, /* cannot be switched: outside of functions, other languages */
};

/* Forgets the last plan and takes these candidates, at most SCHEMATA_CANDIDATES_MAX; they are
 * borrowed until the next plan. */
int metamutant_plan(
	struct metamutant *m, const struct patch *patches, size_t n, struct err *err) MUST_CHECK;
enum candidate_fate metamutant_fate(const struct metamutant *m, size_t i);
size_t metamutant_live(const struct metamutant *m);
/* Whether some file does not compile as it was: what candidates replace is then left out. */
bool metamutant_is_broken(const struct metamutant *m);

/* Writes the files; optimise as for schemata_write. */
int metamutant_install(struct metamutant *m, bool optimise, struct err *err) MUST_CHECK;
enum {
	METAMUTANT_CLEAN = 0, /* the build said nothing */
	METAMUTANT_AGAIN = 1, /* candidates were dropped or widened: install once more */
	METAMUTANT_STUCK = 2, /* errors that no candidate explains */
};
/* Learns from a failed command's output. */
int metamutant_learn(struct metamutant *m, struct str output, struct err *err) MUST_CHECK;
/* The candidate as the runtime takes it (SELFHEAL_CANDIDATE). */
void metamutant_spec(const struct metamutant *m, size_t i, struct buf *out);
/* Puts the files back as they were. */
int metamutant_remove(struct metamutant *m, struct err *err) MUST_CHECK;
