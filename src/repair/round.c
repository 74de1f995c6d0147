#include "repair/round.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/vec.h"
#include "kit/trial/trial.h"
#include "repair/fixits.h"

enum { SLOW_MAX = 400, MESSAGE_BYTES = 2000 };

struct round {
	struct round_options options;
	const struct search_options *search;
	struct arena mem;
	struct scene own_scene; /* of a base with a partial fix */
	bool owns_scene;
	const struct scene *scene;
	struct rewrite *rewrite;
	const struct accel_ops *ops;
	struct accel *accel;
	struct str no_accel;
	struct observed baseline;
	const struct patch *fixits; /* tried first */
	size_t n_fixits, next_fixit;
	size_t slow;
};

int observed_progress(const struct observed *a, const struct observed *b)
{
	bool a_runs = a->status != OBSERVED_INVALID, b_runs = b->status != OBSERVED_INVALID;

	if (a->status == OBSERVED_UNSUPPORTED || b->status == OBSERVED_UNSUPPORTED)
		return 0;
	if (a_runs != b_runs)
		return a_runs ? 1 : -1;
	if (a->status == OBSERVED_TIMEOUT || b->status == OBSERVED_TIMEOUT)
		return (b->status == OBSERVED_TIMEOUT) - (a->status == OBSERVED_TIMEOUT);
	if (a->tests_failed >= 0 && b->tests_failed >= 0 && a->tests_failed != b->tests_failed)
		return a->tests_failed < b->tests_failed ? 1 : -1;
	if (a->line > 0 && b->line > 0 && a->line != b->line)
		return a->line > b->line ? 1 : -1;
	return 0;
}

static int read_file(struct round *r, struct str path, struct str *out, struct err *err)
{
	BUF_AUTO content;

	buf_init(&content, LIMIT_SOURCE_BYTES);
	if (trial_read(r->search->trial, path, &content, err) < 0)
		return -1;
	*out = arena_str(&r->mem, buf_view(&content));
	return 0;
}

/* The original with the base's edits: written to the trial, so that candidates build on it. */
static int put_base(struct round *r, struct err *err)
{
	const struct patch *base = r->options.base;
	size_t n;
	struct str *paths;

	if (trial_restore(r->search->trial, err) < 0)
		return -1;
	if (!base)
		return 0;
	paths = patch_paths(base, &n, &r->mem);
	for (size_t i = 0; i < n; i++) {
		BUF_AUTO changed;
		struct str original;

		buf_init(&changed, LIMIT_SOURCE_BYTES);
		if (read_file(r, paths[i], &original, err) < 0 ||
			patch_apply_to(&changed, base, paths[i], original, err) < 0 ||
			trial_write(r->search->trial, paths[i], buf_view(&changed), err) < 0)
			return -1;
	}
	return 0;
}

static int look(struct round *r, struct err *err)
{
	if (!r->options.base) {
		r->scene = r->search->scene;
		return 0;
	}
	failure_list_init(&r->own_scene.failures);
	r->owns_scene = true;
	r->scene = &r->own_scene;
	return r->search->look(r->search->data, &r->own_scene, &r->mem, err);
}

static int open_stream(struct round *r, struct err *err)
{
	struct rewrite_options options = {.files = r->scene->files,
		.n_files = r->scene->n_files,
		.context = r->scene->context,
		.n_context = r->scene->n_context,
		.failures = &r->scene->failures,
		.diagnosis = &r->scene->diagnosis,
		.templates_dir = r->search->templates_dir,
		.user_rules = r->search->user_rules,
		.record = r->search->record,
		.record_data = r->search->data};

	r->fixits = fixits_collect(r->scene, &r->n_fixits, &r->mem);
	return rewrite_open(&r->rewrite, &options, err);
}

static int open_accel(struct round *r, struct err *err)
{
	struct accel_options options = {.command = r->search->command,
		.failures = &r->scene->failures,
		.command_timeout_ms = r->search->command_timeout_ms,
		.candidate_timeout_ms = r->search->candidate_timeout_ms,
		.jobs = r->search->jobs};
	struct err why = ERR_INIT;
	int rc;

	if (!r->scene->n_files)
		return 0;
	r->ops = accel_for(str_of(r->scene->files[0].language));
	if (!r->ops) {
		r->no_accel = arena_printf(&r->mem, "none for %s", r->scene->files[0].language);
		return 0;
	}
	rc = r->ops->open(&r->accel, r->search->trial, &options, &why);
	if (rc < 0 && why.code == ERR_INTERRUPT) {
		*err = why;
		return -1;
	}
	if (rc)
		r->no_accel = arena_str(&r->mem, str_of(why.msg));
	return 0;
}

static int observe_baseline(struct round *r, struct err *err)
{
	struct patch nothing = {0};

	r->baseline = (struct observed){
		.status = OBSERVED_UNSUPPORTED, .tests_passed = -1, .tests_failed = -1};
	if (!r->accel)
		return 0;
	return r->ops->run(r->accel, &nothing, 1, &r->baseline, &r->mem, err);
}

int round_open(struct round **out, const struct round_options *options, struct err *err)
{
	struct round *r = xcalloc(1, sizeof(*r));

	r->options = *options;
	r->search = options->search;
	arena_init(&r->mem);
	if (put_base(r, err) < 0 || look(r, err) < 0 || open_stream(r, err) < 0 ||
		open_accel(r, err) < 0 || observe_baseline(r, err) < 0) {
		round_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

void round_free(struct round *r)
{
	struct err ignored = ERR_INIT;

	if (!r)
		return;
	if (r->accel)
		r->ops->free(r->accel);
	rewrite_free(r->rewrite);
	if (r->owns_scene)
		scene_release(&r->own_scene);
	/* A trial that cannot be restored is noticed by its next use. */
	if (trial_restore(r->search->trial, &ignored) < 0)
		err_reset(&ignored);
	arena_release(&r->mem);
	free(r);
}

size_t round_next(struct round *r, struct patch *out, size_t max)
{
	size_t n = 0;

	while (n < max && r->next_fixit < r->n_fixits)
		out[n++] = r->fixits[r->next_fixit++];
	return n ? n : rewrite_next(r->rewrite, out, max);
}

static int write_candidate(
	struct round *r, const struct patch *p, struct arena *mem, struct err *err)
{
	size_t n;
	struct str *paths = patch_paths(p, &n, mem);

	for (size_t i = 0; i < n; i++) {
		BUF_AUTO before;
		BUF_AUTO after;

		buf_init(&before, LIMIT_SOURCE_BYTES);
		buf_init(&after, LIMIT_SOURCE_BYTES);
		if (trial_read(r->search->trial, paths[i], &before, err) < 0 ||
			patch_apply_to(&after, p, paths[i], buf_view(&before), err) < 0 ||
			trial_write(r->search->trial, paths[i], buf_view(&after), err) < 0)
			return -1;
	}
	return 0;
}

/* One whole run of the project's command with the candidate in place. */
static int try_slowly(struct round *r, const struct patch *p, struct observed *out,
	struct arena *mem, struct err *err)
{
	struct trial_command command = {
		.command = r->search->command, .timeout_ms = r->search->command_timeout_ms};
	CHILD_RESULT_AUTO result;

	child_result_init(&result);
	*out = (struct observed){.tests_passed = -1, .tests_failed = -1};
	r->slow++;
	if (write_candidate(r, p, mem, err) < 0) {
		out->status = OBSERVED_INVALID;
		err_reset(err);
	} else if (trial_run(r->search->trial, &command, &result, err) < 0) {
		return -1;
	} else {
		out->status = result.timed_out   ? OBSERVED_TIMEOUT
			      : result.exit_code ? OBSERVED_FAIL
						 : OBSERVED_PASS;
		out->wall_us = result.wall_us;
		out->message =
			arena_str(mem, str_slice(buf_view(&result.output), 0, MESSAGE_BYTES));
		out->signature = str_hash(out->message);
	}
	return put_base(r, err);
}

static int try_the_unsupported(struct round *r, const struct patch *patches, size_t n,
	struct observed *out, struct arena *mem, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (out[i].status != OBSERVED_UNSUPPORTED || !patches[i].n)
			continue;
		if (r->slow >= SLOW_MAX || clock_mono_ms() >= r->search->deadline_ms)
			break;
		if (try_slowly(r, &patches[i], &out[i], mem, err) < 0)
			return -1;
	}
	return 0;
}

int round_try_fast(struct round *r, const struct patch *patches, size_t n, struct observed *out,
	struct arena *mem, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (struct observed){
			.status = OBSERVED_UNSUPPORTED, .tests_passed = -1, .tests_failed = -1};
	return r->accel ? r->ops->run(r->accel, patches, n, out, mem, err) : 0;
}

int round_try(struct round *r, const struct patch *patches, size_t n, struct observed *out,
	struct arena *mem, struct err *err)
{
	if (round_try_fast(r, patches, n, out, mem, err) < 0)
		return -1;
	return try_the_unsupported(r, patches, n, out, mem, err);
}

/* The part of two texts that differs, as one edit relative to the first. */
static struct edit difference(struct str path, struct str from, struct str to, struct arena *mem)
{
	size_t head = 0, tail = 0, shorter = from.n < to.n ? from.n : to.n;

	while (head < shorter && from.p[head] == to.p[head])
		head++;
	while (tail < shorter - head && from.p[from.n - 1 - tail] == to.p[to.n - 1 - tail])
		tail++;
	return (struct edit){.path = arena_str(mem, path),
		.start = head,
		.end = from.n - tail,
		.text = arena_str(mem, str_slice(to, head, to.n - tail))};
}

static const struct rewrite_file *scene_file(const struct round *r, struct str path)
{
	for (size_t i = 0; i < r->scene->n_files; i++)
		if (str_eq(r->scene->files[i].path, path))
			return &r->scene->files[i];
	return NULL;
}

/* The file's original text, from the search's own scene or, failing that, from its base. */
static struct str original_of(const struct round *r, struct str path, struct str fallback)
{
	const struct scene *first = r->search->scene;

	for (size_t i = 0; i < first->n_files; i++)
		if (str_eq(first->files[i].path, path))
			return first->files[i].content;
	return fallback;
}

/* One edit a file from the original to base plus candidate. */
static size_t compose_files(const struct round *r, const struct patch *candidate, struct str *paths,
	size_t n, struct edit *edits, struct arena *mem)
{
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		const struct rewrite_file *file = scene_file(r, paths[i]);
		struct err ignored = ERR_INIT;
		BUF_AUTO text;

		buf_init(&text, LIMIT_SOURCE_BYTES);
		if (file &&
			patch_apply_to(&text, candidate, paths[i], file->content, &ignored) == 0)
			edits[done++] = difference(paths[i],
				original_of(r, paths[i], file->content), buf_view(&text), mem);
	}
	return done;
}

struct patch round_compose(const struct round *r, const struct patch *candidate, struct arena *mem)
{
	const struct patch *base = r->options.base;
	struct patch out = patch_dup(candidate, mem);
	struct edit *edits;
	struct str *paths;
	size_t n, m;

	if (!base)
		return out;
	edits = arena_array(mem, base->n + candidate->n, sizeof(*edits));
	paths = patch_paths(candidate, &n, mem);
	m = compose_files(r, candidate, paths, n, edits, mem);
	for (size_t i = 0; i < base->n; i++)
		if (!patch_touches(candidate, base->edits[i].path))
			edits[m++] = base->edits[i];
	out.edits = edits;
	out.n = m;
	out.note = arena_printf(mem, "%.*s; %.*s", STR_ARGS(base->note), STR_ARGS(candidate->note));
	out.origin =
		arena_printf(mem, "%.*s+%.*s", STR_ARGS(base->origin), STR_ARGS(candidate->origin));
	out.prior = base->prior * candidate->prior;
	out.score = base->score * candidate->score;
	return out;
}

const struct observed *round_baseline(const struct round *r)
{
	return &r->baseline;
}

int round_depth(const struct round *r)
{
	return r->options.depth;
}

size_t round_generated(const struct round *r)
{
	return rewrite_count(r->rewrite);
}

size_t round_slow(const struct round *r)
{
	return r->slow;
}

struct str round_accel(const struct round *r)
{
	return r->accel ? str_of(r->ops->name) : STR("");
}

struct str round_no_accel(const struct round *r)
{
	return r->no_accel;
}
