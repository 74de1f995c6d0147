#include "repair/search.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/trace.h"
#include "base/vec.h"
#include "kit/trial/trial.h"
#include "repair/round.h"

enum {
	CANDIDATES_MAX = 1000000,
	DEPTH_MAX = 3,      /* candidates taken together at most */
	PARTIALS_MAX = 6,   /* that a further round may start from, per round */
	PARTIALS_KEPT = 64, /* from which these are chosen */
	FIRST_BATCH = 32,
	LAST_BATCH = 512,
};

/* A candidate that came closer without passing: where a further round may start. */
struct partial {
	struct patch patch; /* relative to the original */
	struct observed observed;
	int depth;
	bool used;
};

struct search {
	struct search_options options;
	struct arena mem;
	struct round *round;         /* the one under way */
	struct partial base;         /* that it builds on */
	vec(struct search_hit) hits; /* found, not yet given */
	size_t next_hit;
	vec(struct partial) partials;
	struct search_stats stats;
	size_t batch;
	int64_t begin_ms, round_end_ms;
	size_t pause_tried; /* 0: no pause is asked for */
	int64_t pause_ms;
	bool started;
};

void scene_release(struct scene *scene)
{
	failure_list_release(&scene->failures);
}

int search_open(struct search **out, const struct search_options *options, struct err *err)
{
	struct search *s = xcalloc(1, sizeof(*s));

	(void)err;
	s->options = *options;
	if (!s->options.max_candidates)
		s->options.max_candidates = CANDIDATES_MAX;
	arena_init(&s->mem);
	s->begin_ms = clock_mono_ms();
	*out = s;
	return 0;
}

void search_free(struct search *s)
{
	if (!s)
		return;
	round_free(s->round);
	vec_free(&s->hits);
	vec_free(&s->partials);
	arena_release(&s->mem);
	free(s);
}

static bool out_of_budget(struct search *s)
{
	if (s->stats.tried < s->options.max_candidates && clock_mono_ms() < s->options.deadline_ms)
		return false;
	s->stats.cut_by_time = true;
	return true;
}

/* The first round may use most of the time; each further one half of what is left. */
static int64_t share_of_time(const struct search *s, int depth)
{
	int64_t now = clock_mono_ms(), left = s->options.deadline_ms - now;

	return now + (depth == 0 ? left * 6 / 10 : left / 2);
}

static int start_round(struct search *s, const struct partial *base, struct err *err)
{
	struct round_options options = {.search = &s->options,
		.base = base ? &base->patch : NULL,
		.depth = base ? base->depth : 0};
	int rc;

	round_free(TAKE(s->round));
	rc = round_open(&s->round, &options, err);
	if (rc < 0)
		return -1;
	s->batch = FIRST_BATCH;
	s->round_end_ms = share_of_time(s, options.depth);
	s->stats.generated += round_generated(s->round);
	if (!base) {
		s->stats.accel = arena_str(&s->mem, round_accel(s->round));
		s->stats.no_accel = arena_str(&s->mem, round_no_accel(s->round));
	}
	return 0;
}

static bool comes_before(const struct partial *a, const struct partial *b)
{
	int order = observed_progress(&a->observed, &b->observed);

	if (order)
		return order > 0;
	if (a->depth != b->depth)
		return a->depth < b->depth;
	return a->patch.score > b->patch.score;
}

static bool fails_like_a_known_one(const struct search *s, const struct observed *o)
{
	vec_each (p, &s->partials)
		if (p->observed.signature == o->signature && p->observed.line == o->line &&
			p->observed.tests_failed == o->tests_failed &&
			p->observed.status == o->status && !p->used)
			return true;
	return false;
}

/* Where a partial that good is kept: behind the others, or in the place of the worst of too many;
 * NULL: it is none of the best. */
static struct partial *place_for(struct search *s, const struct partial *one)
{
	struct partial *worst = NULL;

	if (s->partials.n < PARTIALS_KEPT)
		return vec_add(&s->partials);
	vec_each (p, &s->partials)
		if (!p->used && (!worst || comes_before(worst, p)))
			worst = p;
	return worst && comes_before(one, worst) ? worst : NULL;
}

static void keep_partial(struct search *s, const struct patch *candidate, const struct observed *o)
{
	struct partial one = {
		.patch = *candidate, .observed = *o, .depth = round_depth(s->round) + 1};
	struct partial *place;

	if (one.depth >= DEPTH_MAX || fails_like_a_known_one(s, o))
		return;
	place = place_for(s, &one);
	if (!place)
		return;
	one.patch = round_compose(s->round, candidate, &s->mem);
	one.observed.message = arena_str(&s->mem, o->message);
	*place = one;
}

/* The best unused one, or NULL. */
static struct partial *next_partial(struct search *s)
{
	struct partial *best = NULL;
	int used = 0;

	vec_each (p, &s->partials) {
		used += p->used;
		if (!p->used && (!best || comes_before(p, best)))
			best = p;
	}
	return used < PARTIALS_MAX ? best : NULL;
}

static void note_results(
	struct search *s, const struct patch *batch, size_t n, const struct observed *seen)
{
	for (size_t i = 0; i < n; i++) {
		s->stats.by_status[seen[i].status]++;
		if (seen[i].status == OBSERVED_PASS)
			vec_push(&s->hits, (struct search_hit){.patch = round_compose(s->round,
								       &batch[i], &s->mem),
						   .index = s->stats.tried + i,
						   .depth = round_depth(s->round) + 1});
		else if (observed_progress(&seen[i], round_baseline(s->round)) > 0)
			keep_partial(s, &batch[i], &seen[i]);
	}
	s->stats.tried += n;
}

static void tell_progress(struct search *s)
{
	double seconds = (double)(clock_mono_ms() - s->begin_ms) / 1000;
	struct search_progress p = {.tried = s->stats.tried,
		.rate = seconds > 0 ? (double)s->stats.tried / seconds : 0,
		.depth = s->round ? round_depth(s->round) : 0};
	const struct partial *best = next_partial(s);

	if (best)
		p.best = best->patch.note;
	if (s->options.progress)
		s->options.progress(s->options.data, &p);
}

/* One batch of the round under way. 0, or SEARCH_DONE when the round has no more. */
static int step(struct search *s, struct err *err)
{
	CLEANUP(freep) struct patch *batch = xcalloc(s->batch, sizeof(*batch));
	CLEANUP(freep) struct observed *seen = xcalloc(s->batch, sizeof(*seen));
	ARENA_AUTO mem;
	size_t n;

	arena_init(&mem);
	if (clock_mono_ms() >= s->round_end_ms)
		return SEARCH_DONE;
	n = round_next(s->round, batch, s->batch);
	if (!n)
		return SEARCH_DONE;
	if (round_try(s->round, batch, n, seen, &mem, err) < 0)
		return -1;
	note_results(s, batch, n, seen);
	s->stats.slow = round_slow(s->round);
	tell_progress(s);
	if (s->batch < LAST_BATCH)
		s->batch *= 2;
	return 0;
}

/* Moves on to a base that came closer. 0, or SEARCH_DONE when there is none. */
static int next_round(struct search *s, struct err *err)
{
	struct partial *best = next_partial(s);

	if (!best)
		return SEARCH_DONE;
	best->used = true;
	s->base = *best; /* the list moves as it grows */
	trace_event("search_round", "depth %d from %.*s", best->depth, STR_ARGS(best->patch.note));
	return start_round(s, &s->base, err);
}

void search_pause_at(struct search *s, size_t tried, int64_t at_ms)
{
	s->pause_tried = tried;
	s->pause_ms = at_ms;
}

static bool pause_is_due(const struct search *s)
{
	return s->pause_tried &&
	       (s->stats.tried >= s->pause_tried || clock_mono_ms() >= s->pause_ms);
}

int search_next(struct search *s, struct search_hit *out, struct err *err)
{
	int rc;

	if (!s->started && start_round(s, NULL, err) < 0)
		return -1;
	s->started = true;
	while (s->next_hit == s->hits.n) {
		if (out_of_budget(s))
			return SEARCH_DONE;
		if (pause_is_due(s))
			return SEARCH_PAUSED;
		rc = step(s, err);
		if (rc == SEARCH_DONE && s->pause_tried)
			return SEARCH_PAUSED;
		if (rc == SEARCH_DONE)
			rc = next_round(s, err);
		if (rc)
			return rc;
	}
	*out = s->hits.v[s->next_hit++];
	return 0;
}

void search_get_stats(const struct search *s, struct search_stats *out)
{
	*out = s->stats;
	out->seconds = (double)(clock_mono_ms() - s->begin_ms) / 1000;
	vec_each (p, &s->partials)
		if (!out->closest.n)
			out->closest = p->patch.note;
}

int search_try(struct search *s, const struct patch *patches, size_t n, struct observed *out,
	struct arena *mem, struct err *err)
{
	if (!s->round || round_depth(s->round) > 0 || !round_accel(s->round).n)
		return SEARCH_DONE;
	return round_try_fast(s->round, patches, n, out, mem, err);
}
