#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

#include "app/cli/serve_args.h"
#include "app/cli/work_job.h"
#include "kit/clean/clean.h"
#include "base/clock.h"
#include "base/limits.h"
#include "json/json.h"
#include "port/store/store.h"

enum { LISTED = 1000, GRACE_MS = 20000 };

static const struct opt opts[] = {
	SERVE_STORE_OPT,
	SERVE_JOBS_OPT,
	{"once", 0, OPT_FLAG, NULL, NULL, "'run': end when nothing is left to do"},
	{"job", 0, OPT_INT, "ID", NULL, "'run': do this one job, leased already, in this process",
		.min = 1, .max = INT64_MAX},
	{0},
};

static int open_store(
	struct store **out, const struct serve_args *args, bool read_only, struct err *err)
{
	return store_open(out,
		&(struct store_options){.path = buf_text(&args->store), .read_only = read_only},
		err);
}

static int no_job(int64_t id, struct err *err)
{
	return err_set(err, ERR_CONFIG, "there is no job %" PRId64, id);
}

/* --- run --- */

static int run_one(
	const struct serve_args *args, const struct cli *cli, int64_t id, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	struct str state;
	struct job job;
	ARENA_AUTO mem;
	int rc;

	arena_init(&mem);
	if (open_store(&store, args, false, err) < 0 ||
		(rc = queue_get(store, id, &job, &state, &mem, err)) < 0)
		return -1;
	if (rc == QUEUE_NONE)
		return no_job(id, err);
	store_free(TAKE(store)); /* the queue is its parent's business */
	return work_job(cli, args, &job, &mem, err) < 0 ? -1 : EXIT_DONE;
}

struct stopper {
	struct workers *workers;
	sigset_t set;
};

static void *wait_for_signal(void *data)
{
	struct stopper *s = data;
	int signo;

	sigwait(&s->set, &signo);
	workers_stop(s->workers, GRACE_MS);
	return NULL;
}

static int run_many(const struct cli *cli, struct serve_args *args, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	CLEANUP(workers_freep) struct workers *workers = NULL;
	struct counts counts = {0};
	struct stopper stopper;
	pthread_t thread;
	int rc;

	if (!args->workers.jobs)
		args->workers.jobs = 1;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (open_store(&store, args, false, err) < 0)
		return -1;
	workers = workers_new(&args->workers, store, &counts);
	stopper.workers = workers;
	sigemptyset(&stopper.set);
	sigaddset(&stopper.set, SIGINT);
	sigaddset(&stopper.set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &stopper.set, NULL);
	if ((rc = pthread_create(&thread, NULL, wait_for_signal, &stopper)))
		return err_sys(err, rc, "cannot start a thread");
	rc = workers_run(workers, opts_flag(&cli->opts, "once", false), err);
	pthread_kill(thread, SIGTERM);
	pthread_join(thread, NULL);
	return rc < 0 ? -1 : EXIT_DONE;
}

static int work(struct cli *cli, struct err *err)
{
	SERVE_ARGS_AUTO args;

	serve_args_init(&args);
	if (serve_args_load(&args, cli, err) < 0)
		return -1;
	if (opts_has(&cli->opts, "job"))
		return run_one(&args, cli, opts_int(&cli->opts, "job", 0), err);
	return run_many(cli, &args, err);
}

/* --- looking --- */

static struct json_t *describe(const struct job *job, struct str state)
{
	struct json_t *j = job_to_json(job);
	char at[CLOCK_ISO_SIZE];

	clock_iso(job->created_at, at);
	json_put_int(j, "id", job->id);
	json_put_str(j, "state", state);
	json_put_int(j, "tries", job->tries);
	json_put_c(j, "created_at", at);
	json_put_str(j, "error", job->error);
	return j;
}

static void print_line(struct buf *out, const struct job *job)
{
	char at[CLOCK_ISO_SIZE];

	clock_iso(job->created_at, at);
	buf_printf(out, "%" PRId64 "  %s  %s  ", job->id, at, job_kind_to_string(job->kind));
	clean_line(out, job->repo.n ? job->repo : STR("-"), 0);
	buf_printf(out, "  tries %" PRId64, job->tries);
	if (job->error.n) {
		buf_c(out, "  ");
		clean_line(out, job->error, 0);
	}
	buf_char(out, '\n');
}

static int list_state(struct cli *cli, const char *state, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	CLEANUP(json_freep) struct json_t *all = json_arr();
	SERVE_ARGS_AUTO args;
	struct job *jobs = NULL;
	size_t n = 0;
	ARENA_AUTO mem;
	int rc;

	arena_init(&mem);
	serve_args_init(&args);
	if (serve_args_load(&args, cli, err) < 0 || (rc = open_store(&store, &args, true, err)) < 0)
		return -1;
	if (rc != STORE_ABSENT && queue_list(store, state, LISTED, &jobs, &n, &mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (cli->format == FORMAT_JSON)
			json_push(all, describe(&jobs[i], str_of(state)));
		else
			print_line(&cli->out, &jobs[i]);
	if (cli->format == FORMAT_JSON) {
		json_write(&cli->out, all, 2);
		buf_char(&cli->out, '\n');
	} else if (!n) {
		buf_printf(&cli->out, "no job is %s\n", state);
	}
	return EXIT_DONE;
}

static int dead(struct cli *cli, struct err *err)
{
	return list_state(cli, "dead", err);
}

static int waiting(struct cli *cli, struct err *err)
{
	return list_state(cli, "waiting", err);
}

static int read_id(const struct cli *cli, int64_t *id, struct err *err)
{
	if (str_to_i64(str_of(cli->opts.args.v[0]), 1, INT64_MAX, id))
		return 0;
	return err_set(err, ERR_CONFIG, "'%s' is no job's number", cli->opts.args.v[0]);
}

static int show(struct cli *cli, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	CLEANUP(json_freep) struct json_t *j = NULL;
	SERVE_ARGS_AUTO args;
	struct str state;
	struct job job;
	ARENA_AUTO mem;
	int64_t id;
	int rc;

	arena_init(&mem);
	serve_args_init(&args);
	if (read_id(cli, &id, err) < 0 || serve_args_load(&args, cli, err) < 0 ||
		(rc = open_store(&store, &args, true, err)) < 0)
		return -1;
	if (rc == STORE_ABSENT)
		return no_job(id, err);
	if ((rc = queue_get(store, id, &job, &state, &mem, err)) < 0)
		return -1;
	if (rc == QUEUE_NONE)
		return no_job(id, err);
	j = describe(&job, state);
	json_write(&cli->out, j, 2);
	buf_char(&cli->out, '\n');
	return EXIT_DONE;
}

static int requeue(struct cli *cli, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	SERVE_ARGS_AUTO args;
	int64_t id;
	int rc;

	serve_args_init(&args);
	if (read_id(cli, &id, err) < 0 || serve_args_load(&args, cli, err) < 0 ||
		open_store(&store, &args, false, err) < 0 ||
		(rc = queue_requeue(store, id, err)) < 0)
		return -1;
	if (rc == QUEUE_NONE)
		return err_set(err, ERR_CONFIG, "job %" PRId64 " is neither dead nor dropped", id);
	buf_printf(&cli->out, "job %" PRId64 " waits again\n", id);
	return EXIT_DONE;
}

static const struct cmd_verb verbs[] = {
	{"run", "", "do jobs until asked to stop", 0, 0, work},
	{"dead", "", "list the jobs that were given up", 0, 0, dead},
	{"waiting", "", "list the jobs that wait", 0, 0, waiting},
	{"show", "ID", "show one job", 1, 1, show},
	{"requeue", "ID", "let a job that was given up or dropped wait again", 1, 1, requeue},
	{0},
};

const struct cmd cmd_work = {
	.name = "work",
	.usage = "COMMAND",
	.summary = "do the jobs that webhooks asked for, and look at those given up",
	.about = "Jobs wait in the store that 'selfheal serve' fills. 'run' does them, in as many "
		 "processes as wanted beside the server's own; a job is done by one of them at a "
		 "time. A job that failed for good is dead: 'dead' lists these, 'show' tells why, "
		 "'requeue' gives one another chance.",
	.examples = "selfheal work run --store /var/lib/selfheal/serve.db --jobs 4\n"
		    "selfheal work dead\n"
		    "selfheal work requeue 42\n",
	.opts = opts,
	.verbs = verbs,
};
