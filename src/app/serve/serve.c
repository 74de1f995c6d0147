#include "app/serve/serve.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "app/serve/access.h"
#include "app/serve/status.h"
#include "app/serve/webhooks.h"
#include "base/clock.h"
#include "base/log.h"
#include "port/store/spool.h"

enum { ANSWER_GRACE_MS = 5000, TICK_MS = 1000, BUSY_MS = 5000 };

struct serve {
	const struct serve_options *options;
	struct counts counts;
	struct status status;
	struct spool *spool;
	struct webhooks *hooks;
	struct access *access;
	struct httpd *httpd;
	struct ingest *ingest;
	struct store *work_store;
	struct workers *workers;
	pthread_t work_thread;
	bool working;
};

static int open_store(struct store **out, const struct serve_options *o, struct err *err)
{
	return store_open(out,
		&(struct store_options){.path = o->workers.store_path, .busy_ms = BUSY_MS}, err);
}

static int open_spool(struct serve *s, struct store *store, struct err *err)
{
	struct spool_options o = {
		.dir = s->options->spool_dir, .max_bytes = s->options->spool_bytes};

	if (queue_place(store, &o.from, err) < 0)
		return -1;
	return spool_open(&s->spool, &o, err);
}

static int listen_now(struct serve *s, struct err *err)
{
	const struct serve_options *o = s->options;
	struct httpd_route routes[1 + STATUS_ROUTES] = {{.method = "POST",
		.path = "/webhooks/github",
		.max_body = WEBHOOK_BODY_MAX,
		.stream = &webhooks_stream,
		.data = s->hooks}};
	struct httpd_options http = {.listen = o->listen,
		.routes = routes,
		.n_routes = 1 + STATUS_ROUTES,
		.max_connections = o->max_connections,
		.max_per_address = o->max_per_address,
		.idle_ms = o->idle_ms,
		.request_ms = o->request_ms,
		.seen = s->access ? access_add : NULL,
		.data = s->access};

	status_routes(&s->status, routes + 1);
	return httpd_open(&s->httpd, &http, err);
}

static void *work(void *data)
{
	struct serve *s = data;
	struct err err = ERR_INIT;

	if (workers_run(s->workers, false, &err) < 0)
		log_error("%s", err.msg);
	return NULL;
}

static void poke(void *data)
{
	struct serve *s = data;

	workers_poke(s->workers);
}

static int start_working(struct serve *s, struct store **ingest_store, struct err *err)
{
	int no;

	s->workers = workers_new(&s->options->workers, s->work_store, &s->counts);
	if (ingest_start(&s->ingest, &s->options->ingest, s->spool, ingest_store, &s->counts, poke,
		    s, err) < 0)
		return -1;
	if ((no = pthread_create(&s->work_thread, NULL, work, s)))
		return err_sys(err, no, "cannot start a thread");
	s->working = true;
	return 0;
}

static int start(struct serve *s, struct err *err)
{
	CLEANUP(store_freep) struct store *ingest_store = NULL;

	if (open_store(&ingest_store, s->options, err) < 0 ||
		open_store(&s->work_store, s->options, err) < 0 ||
		open_spool(s, ingest_store, err) < 0)
		return -1;
	s->hooks = webhooks_new(s->spool, &s->counts, s->options->secret);
	s->access = s->options->log_requests ? access_new(STDERR_FILENO) : NULL;
	s->status = (struct status){&s->counts, s->spool, clock_wall_s()};
	atomic_store(&s->counts.spool_works, true);
	if (listen_now(s, err) < 0)
		return -1;
	if (!s->options->secret.n && !httpd_is_local(s->httpd))
		return err_set(err, ERR_CONFIG,
			"cannot take unsigned deliveries on '%s': --no-webhook-secret is for "
			"loopback addresses alone",
			s->options->listen);
	return start_working(s, &ingest_store, err);
}

/* In order: the door, then what is behind it. What was answered is on disk; what is in the spool
 * and was not read waits there for the next start. */
static void stop(struct serve *s, int grace_ms)
{
	if (s->httpd)
		httpd_quiesce(s->httpd);
	if (s->workers)
		workers_stop(s->workers, grace_ms);
	for (int ms = 0; s->httpd && httpd_pending(s->httpd) && ms < ANSWER_GRACE_MS; ms += 10)
		clock_sleep_ms(10);
	httpd_free(s->httpd);
	ingest_free(s->ingest);
	if (s->working)
		pthread_join(s->work_thread, NULL);
	workers_free(s->workers);
	spool_free(s->spool);
	webhooks_free(s->hooks);
	access_free(s->access);
	store_free(s->work_store);
}

static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* Once a second what nobody else has a clock for; until a signal says to stop. */
static void wait_for_signal(struct serve *s, const sigset_t *set)
{
	static const struct timespec tick = {TICK_MS / 1000, 0};
	int signo;

	do {
		httpd_tick(s->httpd);
		if (s->access)
			access_flush(s->access);
		signo = sigtimedwait(set, NULL, &tick);
	} while (signo < 0 || signo == SIGHUP);
	log_warn("stopping: %s", signo == SIGINT ? "interrupted" : "asked to end");
}

int serve_run(const struct serve_options *options, void (*ready)(void *data, int port), void *data,
	struct err *err)
{
	struct serve s = {.options = options};
	sigset_t set;
	int rc;

	/* The secret is in our memory and environment: no debugger, core or /proc may show it. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* Each thread with an arena of its own would keep what the busiest moment needed. */
	mallopt(M_ARENA_MAX, 1);
	block_signals(&set);
	rc = start(&s, err);
	if (rc == 0) {
		if (ready)
			ready(data, httpd_port(s.httpd));
		wait_for_signal(&s, &set);
	}
	stop(&s, rc == 0 ? options->grace_ms : 0);
	return rc;
}
