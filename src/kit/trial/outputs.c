#include "kit/trial/outputs.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/trace.h"
#include "kit/trial/forkserver.h"
#include "kit/trial/trial.h"

enum {
	PROCESSES_HELD_MAX = 64,
	BUDGET_MIN_MS = 20,
	BUDGET_FACTOR = 10,
	BASE_MS = 2000, /* for the unpatched program */
	NAP_FACTOR = 5, /* wall time over processor time, */
	NAP_MS = 500,   /* and this on top */
	LOST_MS = 5000,
	ENV_MAX = 16,
};

enum judgement { JUDGEMENT_NONE, JUDGEMENT_RIGHT, JUDGEMENT_WRONG };

/* What is known of one process: what the unpatched program printed, and who printed the same. */
struct held {
	bool steady; /* it prints the same twice */
	bool silent; /* it prints nothing: perhaps it writes files */
	bool *same;  /* by candidate */
};

struct watch {
	const struct outputs_options *options;
	struct outputs *out;
	struct arena *mem;
	size_t held_n, passed; /* held; let through, over the cap */
	struct held held[PROCESSES_HELD_MAX];
	int verdicts_read;
};

static bool hold(void *data, struct str hello, struct buf *serve)
{
	struct watch *w = data;

	if (w->held_n >= PROCESSES_HELD_MAX) {
		w->passed++;
		return false;
	}
	forkserver_put_u32(serve, (uint32_t)w->options->command_timeout_ms);
	forkserver_put_u32(serve, 1); /* held */
	return true;
}

static struct forkserver_job job(struct watch *w, struct str spec, int cpu_ms)
{
	int wall_ms = cpu_ms * NAP_FACTOR + NAP_MS;
	BUF_AUTO body = BUF_INIT(FORKSERVER_BODY_MAX);

	forkserver_put_u32(&body, (uint32_t)cpu_ms);
	forkserver_put_u32(&body, (uint32_t)wall_ms);
	buf_str(&body, spec);
	return (struct forkserver_job){arena_str(w->mem, buf_view(&body)), wall_ms + LOST_MS};
}

/* Output and status in one number; the runtime gives the status in the line's place. */
static uint64_t print_of(const struct observed *o)
{
	uint64_t status = o->status == OBSERVED_TIMEOUT ? 0xffff : (uint64_t)(uint32_t)o->line;

	return o->signature * 31 + status;
}

/* The unpatched program twice. 0, or > 0 when the server is lost. */
static int try_base(struct watch *w, struct forkserver *fs, struct held *h, struct observed *base,
	struct err *err)
{
	struct forkserver_job jobs[2] = {job(w, STR("0:0"), BASE_MS), job(w, STR("0:0"), BASE_MS)};
	struct observed seen[2];
	bool done[2];
	int r = forkserver_run(fs, jobs, 2, 1, seen, done, NULL, w->mem, err);

	if (r != 0)
		return r;
	h->steady = print_of(&seen[0]) == print_of(&seen[1]);
	h->silent = seen[0].message.n == 0;
	*base = seen[0];
	return 0;
}

static int candidate_ms(const struct watch *w, const struct observed *base)
{
	int64_t ms = base->wall_us * BUDGET_FACTOR / 1000;

	if (w->options->candidate_timeout_ms > 0)
		return w->options->candidate_timeout_ms;
	if (base->status == OBSERVED_TIMEOUT)
		return BASE_MS / 4;
	return ms < BUDGET_MIN_MS ? BUDGET_MIN_MS : ms > BASE_MS ? BASE_MS : (int)ms;
}

static void note(struct watch *w, struct held *h, size_t i, const struct observed *o,
	const struct observed *base)
{
	h->same[i] = print_of(o) == print_of(base);
	w->out->printed[i] = w->out->printed[i] * 1099511628211u + print_of(o);
	if (o->status == OBSERVED_TIMEOUT && base->status != OBSERVED_TIMEOUT) {
		w->out->refused[i] = true;
		w->out->how[i] = OBSERVED_TIMEOUT;
	}
}

/* All candidates not yet refused, in the process that is held now. */
static int try_all(struct watch *w, struct forkserver *fs, struct err *err)
{
	const struct outputs_options *o = w->options;
	struct held *h = &w->held[w->held_n];
	struct forkserver_job *jobs = arena_array(w->mem, o->n, sizeof(*jobs));
	struct observed *seen = arena_array(w->mem, o->n, sizeof(*seen));
	size_t *index = arena_array(w->mem, o->n, sizeof(*index)), n = 0;
	bool *done = arena_array(w->mem, o->n, sizeof(*done));
	struct observed base;
	int r = try_base(w, fs, h, &base, err);

	if (r != 0)
		return r;
	h->same = arena_array(w->mem, o->n, sizeof(*h->same));
	w->held_n++;
	int cpu_ms = candidate_ms(w, &base);
	for (size_t i = 0; i < o->n; i++)
		if (!w->out->refused[i]) {
			index[n] = i;
			jobs[n++] = job(w, o->specs[i], cpu_ms);
		}
	r = n > 0 ? forkserver_run(fs, jobs, n, o->jobs, seen, done, NULL, w->mem, err) : 0;
	if (r != 0)
		return r;
	for (size_t i = 0; i < n; i++)
		note(w, h, index[i], &seen[i], &base);
	return 0;
}

/* Verdicts written since the last look: right when all were 0. */
static enum judgement read_judgement(struct watch *w, int *count)
{
	enum judgement all = JUDGEMENT_NONE;
	BUF_AUTO text = BUF_INIT(1 << 20);
	struct err ignored = ERR_INIT;
	struct str rest, line;

	*count = 0;
	if (file_read_untrusted(&text, w->options->judged, &ignored) < 0)
		return JUDGEMENT_NONE;
	rest = buf_view(&text);
	for (int i = 0; str_next_line(&rest, &line); i++) {
		if (i < w->verdicts_read)
			continue;
		w->verdicts_read++;
		(*count)++;
		if (!str_eq(line, STR("0")))
			all = JUDGEMENT_WRONG;
		else if (all == JUDGEMENT_NONE)
			all = JUDGEMENT_RIGHT;
	}
	return all;
}

/* What the command thought of the process held last decides about who printed the same there. */
static void judge_last(struct watch *w)
{
	int count;
	enum judgement judgement = read_judgement(w, &count);
	const struct held *h = w->held_n > 0 ? &w->held[w->held_n - 1] : NULL;

	if (!h || !h->steady || judgement == JUDGEMENT_NONE)
		return;
	for (size_t i = 0; i < w->options->n; i++)
		if (judgement == JUDGEMENT_RIGHT ? !h->same[i] : h->same[i] && !h->silent)
			w->out->refused[i] = true;
}

/* Who prints in all as the unpatched program does is refused as that is. */
static void refuse_alike(struct watch *w)
{
	for (size_t i = 0; i < w->options->n; i++) {
		bool same = w->held_n > 0;

		for (size_t k = 0; k < w->held_n; k++)
			same = same && w->held[k].same[i];
		if (same)
			w->out->refused[i] = true;
	}
}

static void conclude(struct watch *w)
{
	bool silent = false, steady = true;

	for (size_t k = 0; k < w->held_n; k++) {
		silent = silent || w->held[k].silent;
		steady = steady && w->held[k].steady;
	}
	w->out->processes = w->held_n;
	w->out->comparable = w->held_n > 0 && w->passed == 0 && steady && !silent;
	if (w->out->comparable)
		refuse_alike(w);
}

static int start_command(
	struct watch *w, struct forkserver *fs, struct child **out, struct err *err)
{
	const char *env[ENV_MAX] = {forkserver_env(fs)};

	for (size_t i = 0; w->options->env[i] && i + 2 < ENV_MAX; i++)
		env[i + 1] = w->options->env[i];
	return trial_start(w->options->trial,
		&(struct trial_command){.command = w->options->command,
			.subdir = w->options->subdir,
			.env_set = env},
		out, err);
}

/* 0 at the command's end, > 0 when it did not get there. */
static int follow(struct watch *w, struct err *err)
{
	CLEANUP(forkserver_freep) struct forkserver *fs = NULL;
	CLEANUP(child_freep) struct child *child = NULL;
	CHILD_RESULT_AUTO ended;
	int r;

	child_result_init(&ended);
	if (forkserver_open(&fs,
		    &(struct forkserver_options){trial_exchange(w->options->trial),
			    trial_exchange_inside(w->options->trial), hold, w},
		    err) < 0 ||
		start_command(w, fs, &child, err) < 0)
		return -1;
	while ((r = forkserver_wait(
			fs, child, w->options->command_timeout_ms, NULL, &ended, err)) == 0) {
		judge_last(w);
		r = try_all(w, fs, err);
		if (r != 0)
			return r;
		forkserver_release(fs);
	}
	if (r < 0)
		return -1;
	judge_last(w);
	return err->code == ERR_TIMEOUT;
}

int outputs_observe(struct outputs *out, const struct outputs_options *options, struct arena *mem,
	struct err *err)
{
	struct watch *w = arena_new(mem, struct watch);
	int64_t begin = trace_begin();

	*out = (struct outputs){.refused = arena_array(mem, options->n, sizeof(*out->refused)),
		.how = arena_array(mem, options->n, sizeof(*out->how)),
		.printed = arena_array(mem, options->n, sizeof(*out->printed))};
	for (size_t i = 0; i < options->n; i++)
		out->how[i] = OBSERVED_FAIL;
	w->options = options;
	w->out = out;
	w->mem = mem;
	int r = follow(w, err);
	if (r < 0)
		return -1;
	if (r == 0)
		conclude(w);
	trace_end(begin, "outputs", "%zu candidates in %zu processes", options->n, w->held_n);
	return 0;
}
