/* search: candidate patches, tried in a trial until one makes the failing tests pass.
 * Layer: repair. Merges the streams of the fix sources into one total order, tries them by the
 * language's accelerator (the project's command, one run each, where there is none), and goes on
 * from a candidate that came closer when no single one is enough. What it finds is plausible, no
 * more: the verdict is made by verify/. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "kit/rewrite/rewrite.h"
#include "kit/trial/accel.h"
#include "model/diagnosis.h"
#include "model/failure.h"
#include "model/patch.h"

struct trial;

/* What one state of the tree shows: why it is red, and which files may change. */
struct scene {
	struct failure_list failures; /* owned: scene_release */
	struct diagnosis diagnosis;
	struct rewrite_file *files, *context; /* contents as in the trial; arena */
	size_t n_files, n_context;
};

void scene_release(struct scene *scene);

struct search_progress {
	size_t tried;
	double rate;     /* candidates a second */
	int depth;       /* edits already taken over from candidates that came closer */
	struct str best; /* note of the best so far; may be empty */
};

struct search_options {
	struct trial *trial; /* its files are the original; the search patches and restores them */
	const char *command;
	int command_timeout_ms;
	int candidate_timeout_ms; /* 0: the accelerator's own rule */
	int jobs;
	size_t max_candidates;     /* tried in all; 0: 1000000 */
	int64_t deadline_ms;       /* clock_mono_ms() at which it gives up */
	const struct scene *scene; /* of the original tree; borrowed */
	const char *templates_dir;
	struct str user_rules;
	double (*record)(void *data, struct str origin); /* as in rewrite_options */
	/* Looks at the trial as it is now (a partial fix applied): fills a new scene. */
	int (*look)(void *data, struct scene *out, struct arena *mem, struct err *err);
	void (*progress)(void *data, const struct search_progress *progress);
	void *data; /* for the three callbacks */
};

/* One plausible patch, relative to the original tree. */
struct search_hit {
	struct patch patch; /* lives as long as the search */
	size_t index;       /* how many candidates had been tried before it */
	int depth;          /* 1: a single candidate; n: n of them together */
};

struct search_stats {
	size_t tried, generated;
	size_t by_status[OBSERVED_UNSUPPORTED + 1];
	size_t slow;         /* tried by a whole run of the command */
	bool cut_by_time;    /* the deadline or max_candidates ended it */
	struct str accel;    /* "python", "c", "" */
	struct str no_accel; /* why there was none */
	struct str closest;  /* note of the candidate that came closest, when none passed */
	double seconds;
};

struct search;

int search_open(
	struct search **out, const struct search_options *options, struct err *err) MUST_CHECK;
void search_free(struct search *search);
DEFINE_CLEANUP(struct search *, search_free)
enum { SEARCH_DONE = 1, SEARCH_PAUSED };
/* Goes on to the next plausible patch, in the total order of candidates. 0, SEARCH_DONE,
 * SEARCH_PAUSED, or < 0. */
int search_next(struct search *search, struct search_hit *out, struct err *err) MUST_CHECK;
/* From now on search_next() pauses once so many have been tried, at that time, or before a round
 * that would build on candidates that only came closer. 0, 0 lifts it. */
void search_pause_at(struct search *search, size_t tried, int64_t at_ms);
void search_get_stats(const struct search *search, struct search_stats *out);
/* The accelerator that stands for the original tree, for measuring further patches (mutants) with
 * n results in out; SEARCH_DONE when there is none. Patches are relative to the original tree. */
int search_try(struct search *search, const struct patch *patches, size_t n, struct observed *out,
	struct arena *mem, struct err *err) MUST_CHECK;
