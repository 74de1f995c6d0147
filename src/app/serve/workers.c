#include "app/serve/workers.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/serve/job_env.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "port/child/child.h"
#include "port/store/store.h"

enum {
	JOBS_MAX = 64,
	TIMEOUT_S = 7200,
	LOOK_MS = 100,  /* at running children */
	IDLE_MS = 2000, /* between looks at a queue that others may fill */
	OUTPUT_BYTES = 64 << 10,
	CATCH_UP_S = 3600,
	EXIT_RETRY = 3, /* SPEC 11: infrastructure */
};

struct slot {
	struct child *child; /* NULL: free */
	int64_t job, began_ms, renew_ms;
};

struct workers {
	struct workers_options options;
	struct store *store;
	struct counts *counts;
	struct job_env env;
	char owner[64];
	struct slot slots[JOBS_MAX];
	int64_t depth_ms, catch_up_s;

	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool poked, stopping;
	int64_t kill_ms; /* when stopping: until when jobs may go on */
};

struct workers *workers_new(
	const struct workers_options *options, struct store *store, struct counts *counts)
{
	struct workers *w = xcalloc(1, sizeof(*w));
	pthread_condattr_t monotonic;
	char host[32] = "";

	w->options = *options;
	if (w->options.jobs > JOBS_MAX)
		w->options.jobs = JOBS_MAX;
	w->store = store;
	w->counts = counts;
	job_env_init(&w->env);
	gethostname(host, sizeof(host) - 1);
	snprintf(w->owner, sizeof(w->owner), "%s:%d:%" PRIx64, host, (int)getpid(),
		(uint64_t)clock_mono_us());
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return w;
}

void workers_poke(struct workers *w)
{
	pthread_mutex_lock(&w->lock);
	w->poked = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void workers_stop(struct workers *w, int grace_ms)
{
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	w->kill_ms = clock_mono_ms() + grace_ms;
	w->poked = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

static bool is_stopping(struct workers *w, bool *kill)
{
	bool stopping;

	pthread_mutex_lock(&w->lock);
	stopping = w->stopping;
	*kill = stopping && clock_mono_ms() >= w->kill_ms;
	pthread_mutex_unlock(&w->lock);
	return stopping;
}

static void wait_for_news(struct workers *w, int64_t ms)
{
	int64_t until_us = clock_mono_us() + ms * 1000;
	struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};

	pthread_mutex_lock(&w->lock);
	while (!w->poked && pthread_cond_timedwait(&w->wake, &w->lock, &until) == 0)
		;
	w->poked = false;
	pthread_mutex_unlock(&w->lock);
}

/* --- one job --- */

static int start_job(struct workers *w, struct slot *slot, const struct job *job, struct err *err)
{
	char id[24];
	const char *argv[16] = {
		"/proc/self/exe", "work", "run", "--job", id, "--store", w->options.store_path};
	size_t n = 7;
	struct child_options o = {.argv = argv,
		.env = w->env.v,
		.timeout_ms = (w->options.timeout_s ? w->options.timeout_s : TIMEOUT_S) * 1000,
		.output_cap = OUTPUT_BYTES};

	snprintf(id, sizeof(id), "%" PRId64, job->id);
	for (const char *const *arg = w->options.extra; arg && *arg && n + 1 < ARRAY_LEN(argv);
		arg++)
		argv[n++] = *arg;
	if (child_start(&slot->child, &o, err) < 0)
		return -1;
	slot->job = job->id;
	slot->began_ms = slot->renew_ms = clock_mono_ms();
	atomic_fetch_add(&w->counts->jobs_running, 1);
	log_info("job %" PRId64 " (%s, %.*s) began", job->id, job_kind_to_string(job->kind),
		STR_ARGS(job->repo));
	return 0;
}

/* The last line that a child said of itself. */
static struct str last_words(struct str output)
{
	struct str line, last = STR_NULL;

	while (str_next_line(&output, &line))
		if (str_skip(&line, "selfheal: "))
			last = line;
	return last;
}

static void describe_end(struct buf *out, const struct child_result *r)
{
	struct str words = last_words(buf_view(&r->output));

	if (r->timed_out)
		buf_c(out, "took longer than it may");
	else if (r->signal)
		buf_printf(out, "ended by signal %d", r->signal);
	else
		buf_printf(out, "exit %d", r->exit_code);
	if (words.n)
		buf_printf(out, ": %.*s", STR_ARGS(words));
}

/* Writes down how a job ended. */
static int settle(
	struct workers *w, struct slot *slot, const struct child_result *r, struct err *err)
{
	bool may_retry = r->signal || r->timed_out || r->exit_code == EXIT_RETRY || r->not_started;
	BUF_AUTO why = BUF_INIT(LIMIT_LINE_BYTES);
	bool dead = false;
	int rc;

	if (!r->signal && !r->timed_out && r->exit_code == 0) {
		rc = queue_done(w->store, slot->job, w->owner, err);
		if (rc == 0)
			count_up(&w->counts->jobs_done);
		return rc;
	}
	describe_end(&why, r);
	rc = queue_fail(w->store, slot->job, w->owner, &w->options.rules, buf_view(&why),
		!may_retry, &dead, err);
	if (rc)
		return rc;
	count_up(dead ? &w->counts->jobs_dead : &w->counts->jobs_retried);
	log_warn("job %" PRId64 " %s: %s", slot->job, dead ? "is given up" : "will be tried again",
		buf_text(&why));
	return 0;
}

static void free_slot(struct workers *w, struct slot *slot)
{
	child_free(slot->child);
	*slot = (struct slot){0};
	atomic_fetch_sub(&w->counts->jobs_running, 1);
}

/* Someone else has the job, or soon will: what the child does must not happen twice. */
static void give_up_slot(struct workers *w, struct slot *slot)
{
	log_warn("job %" PRId64 ": its lease is lost", slot->job);
	count_up(&w->counts->leases_lost);
	free_slot(w, slot);
}

static int look_at_slot(struct workers *w, struct slot *slot, bool kill, struct err *err)
{
	int64_t lease_ms = (w->options.rules.lease_s ? w->options.rules.lease_s : 60) * 1000LL;
	CHILD_RESULT_AUTO result;
	int rc;

	child_result_init(&result);
	rc = child_wait(slot->child, 0, &result, err);
	if (rc == 0) {
		counts_job(w->counts, clock_mono_ms() - slot->began_ms);
		rc = settle(w, slot, &result, err);
		if (rc == QUEUE_NONE)
			count_up(&w->counts->leases_lost);
		free_slot(w, slot);
		return rc < 0 ? -1 : 0;
	}
	if (rc < 0 || kill) {
		int64_t job = slot->job;

		free_slot(w, slot); /* ended before anyone else may begin it */
		return queue_return(w->store, job, w->owner, err) < 0 || rc < 0 ? -1 : 0;
	}
	if (clock_mono_ms() - slot->renew_ms < lease_ms / 3)
		return 0;
	slot->renew_ms = clock_mono_ms();
	rc = queue_renew(w->store, slot->job, w->owner, &w->options.rules, err);
	if (rc == QUEUE_NONE)
		give_up_slot(w, slot);
	return rc < 0 ? -1 : 0;
}

/* --- all of them --- */

/* How many run afterwards. */
static int look_at_all(struct workers *w, bool kill, struct err *err)
{
	int running = 0;

	for (int i = 0; i < w->options.jobs; i++) {
		if (w->slots[i].child && look_at_slot(w, &w->slots[i], kill, err) < 0)
			return -1;
		running += w->slots[i].child != NULL;
	}
	return running;
}

/* Fills free slots; *wait_ms falls to when the next job is due. Gives how many it started. */
static int claim_some(struct workers *w, int64_t *wait_ms, struct err *err)
{
	int started = 0;

	for (int i = 0; i < w->options.jobs; i++) {
		int64_t wait_s = 0;
		uint64_t lost = 0;
		struct job job;
		ARENA_AUTO mem;
		int rc;

		arena_init(&mem);
		if (w->slots[i].child)
			continue;
		rc = queue_claim(
			w->store, w->owner, &w->options.rules, &job, &wait_s, &lost, &mem, err);
		atomic_fetch_add(&w->counts->leases_lost, lost);
		if (rc == QUEUE_NONE) {
			if (wait_s && wait_s * 1000 < *wait_ms)
				*wait_ms = wait_s * 1000;
			return started;
		}
		if (rc < 0)
			return -1;
		if (start_job(w, &w->slots[i], &job, err) < 0) {
			struct err ignored = ERR_INIT;

			(void)!queue_return(w->store, job.id, w->owner, &ignored);
			return -1;
		}
		started++;
	}
	return started;
}

static int refresh_depth(struct workers *w, struct err *err)
{
	struct queue_depth depth;

	if (clock_mono_ms() < w->depth_ms)
		return 0;
	w->depth_ms = clock_mono_ms() + IDLE_MS;
	if (queue_depth(w->store, &depth, err) < 0)
		return -1;
	atomic_store(&w->counts->waiting, depth.waiting);
	atomic_store(&w->counts->dead, depth.dead);
	atomic_store(&w->counts->oldest_waiting_at, depth.oldest_waiting_at);
	return 0;
}

static int queue_catch_up(struct workers *w, struct err *err)
{
	int64_t now = clock_wall_s();
	char key[40];
	struct job job = {.kind = JOB_CATCH_UP, .at = now};

	if (!w->options.catch_up || now < w->catch_up_s)
		return 0;
	w->catch_up_s = now + CATCH_UP_S;
	snprintf(key, sizeof(key), "catch_up:%" PRId64, now / CATCH_UP_S);
	job.key = str_of(key);
	return queue_add(w->store, &job, err) < 0 ? -1 : 0;
}

/* One round. 0 go on; 1 at the end. */
static int work_round(struct workers *w, bool once, struct err *err)
{
	bool kill, stopping = is_stopping(w, &kill);
	int64_t wait_ms = IDLE_MS;
	int started = 0, running = look_at_all(w, kill, err);

	if (running < 0)
		return -1;
	if (stopping && !running)
		return 1;
	if (!stopping && queue_catch_up(w, err) < 0)
		return -1;
	if (!stopping && (started = claim_some(w, &wait_ms, err)) < 0)
		return -1;
	if (refresh_depth(w, err) < 0)
		return -1;
	if (once && !running && !started)
		return 1;
	wait_for_news(w, running + started ? LOOK_MS : wait_ms);
	return 0;
}

int workers_run(struct workers *w, bool once, struct err *err)
{
	bool told = false;

	for (;;) {
		int rc = work_round(w, once, err);

		if (rc > 0)
			return 0;
		if (rc == 0) {
			told = false;
			continue;
		}
		if (once)
			return -1;
		if (!told)
			log_error("%s", err->msg);
		told = true;
		err_reset(err);
		wait_for_news(w, IDLE_MS);
	}
}

void workers_free(struct workers *w)
{
	if (!w)
		return;
	for (int i = 0; i < w->options.jobs; i++) {
		struct err ignored = ERR_INIT;
		int64_t job = w->slots[i].job;

		if (!w->slots[i].child)
			continue;
		free_slot(w, &w->slots[i]);
		(void)!queue_return(w->store, job, w->owner, &ignored);
	}
	job_env_release(&w->env);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	free(w);
}
