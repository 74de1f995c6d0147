/* accel_python: candidates for Python projects. The processes are templates/languages/python/. */
#include "kit/trial/accel.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "base/log.h"
#include "json/json.h"
#include "kit/trial/forkserver.h"
#include "kit/trial/python_runtime.h"
#include "kit/trial/trial.h"
#include "port/child/child.h"

enum {
	TARGETS_MAX = 200,
	WINDOW = 256, /* candidates on their way for each job: a child takes some at a time */
	ROUND = 256,  /* candidates encoded at once */
	SILENCE_MS = 60 * 1000, /* beyond any budget: the server kills what hangs far earlier */
	REOPENS_MAX = 8,
	OPEN_MIN_MS = 20 * 1000,
	COMMAND_BYTES = 256 << 10,
};

struct accel {
	struct trial *trial;
	char *command, *subdir;
	int command_timeout_ms;
	struct buf settings; /* the body of SERVE */
	int window;
	int reopens;
	struct forkserver *fs;
	struct child *process;
};

static struct json_t *targets_json(const struct failure_list *failures)
{
	struct json_t *targets = json_arr();

	for (size_t i = 0; failures && i < failures->items.n && i < TARGETS_MAX; i++) {
		const struct failure *f = &failures->items.v[i];
		struct json_t *one = json_obj();
		json_put_str(one, "id", f->id);
		json_put_str(one, "name", f->name);
		json_push(targets, one);
	}
	return targets;
}

static void write_settings(struct buf *out, const struct accel_options *options)
{
	CLEANUP(json_freep) struct json_t *settings = json_obj();

	json_put(settings, "targets", targets_json(options->failures));
	json_put_int(settings, "timeout_ms", options->candidate_timeout_ms);
	json_put_int(settings, "command_ms",
		options->command_timeout_ms > 0 ? options->command_timeout_ms : 60000);
	json_put_int(settings, "jobs", options->jobs > 1 ? options->jobs : 1);
	json_put_bool(settings, "all_tests", options->all_tests);
	json_write(out, settings, 0);
}

static bool choose(void *data, struct str hello, struct buf *serve)
{
	const struct accel *a = data;

	(void)hello; /* the process itself looks for the targets, and declines without them */
	buf_str(serve, buf_view(&a->settings));
	return true;
}

static void stop_process(struct accel *a)
{
	forkserver_free(TAKE(a->fs));
	child_free(TAKE(a->process));
}

static int start_process(struct accel *a, struct err *err)
{
	CLEANUP(freep) char *hook = python_runtime_hook_env(a->trial);
	CLEANUP(freep) char *root = python_runtime_root_env(a->trial);
	const char *env[] = {forkserver_env(a->fs), hook, root, "PYTHONHASHSEED=0",
		"PYTHONDONTWRITEBYTECODE=1", NULL};
	BUF_AUTO command;

	buf_init(&command, COMMAND_BYTES);
	python_runtime_command(&command, str_of(a->command));
	if (command.over)
		return err_set(err, ERR_LIMIT, "test command too long");
	return trial_start(a->trial,
		&(struct trial_command){
			.command = buf_text(&command), .subdir = a->subdir, .env_set = env},
		&a->process, err);
}

/* Starts the command and waits for its server. */
static int stand_up(struct accel *a, struct err *err)
{
	CHILD_RESULT_AUTO ended;
	struct str ready;
	int r;

	child_result_init(&ended);
	if (python_runtime_install(a->trial, err))
		return -1;
	if (forkserver_open(&a->fs,
		    &(struct forkserver_options){.exchange = trial_exchange(a->trial),
			    .exchange_inside = trial_exchange_inside(a->trial),
			    .choose = choose,
			    .data = a},
		    err))
		return -1;
	if (start_process(a, err))
		return -1;
	r = forkserver_wait(a->fs, a->process, a->command_timeout_ms, &ready, &ended, err);
	if (r == 0)
		log_debug("python accelerator: %.*s", STR_ARGS(ready));
	return r;
}

static void python_free(struct accel *a)
{
	if (!a)
		return;
	stop_process(a);
	buf_release(&a->settings);
	free(a->command);
	free(a->subdir);
	free(a);
}
DEFINE_CLEANUP(struct accel *, python_free)

static int python_open(struct accel **out, struct trial *trial, const struct accel_options *options,
	struct err *err)
{
	CLEANUP(python_freep) struct accel *a = xcalloc(1, sizeof(*a));
	int r;

	a->trial = trial;
	a->command = xstrdup(options->command);
	a->subdir = options->subdir ? xstrdup(options->subdir) : NULL;
	/* What ends a test run of the project must not end our preparations. */
	a->command_timeout_ms = options->command_timeout_ms > OPEN_MIN_MS
					? options->command_timeout_ms
					: OPEN_MIN_MS;
	a->window = WINDOW * (options->jobs > 1 ? options->jobs : 1);
	buf_init(&a->settings, LIMIT_TEXT_BYTES);
	write_settings(&a->settings, options);
	r = stand_up(a, err);
	if (r < 0)
		return -1;
	if (r > 0)
		return ACCEL_UNAVAILABLE;
	*out = TAKE(a);
	return 0;
}

static void encode(struct buf *out, const struct patch *patch)
{
	forkserver_put_u32(out, (uint32_t)patch->n);
	for (size_t i = 0; i < patch->n; i++) {
		const struct edit *e = &patch->edits[i];
		forkserver_put_str(out, e->path);
		forkserver_put_u64(out, e->start);
		forkserver_put_u64(out, e->end);
		forkserver_put_str(out, e->text);
	}
}

/* A set of candidates on their way through run(). */
struct round {
	struct forkserver_job jobs[ROUND];
	size_t index[ROUND]; /* of jobs[i] in the caller's arrays */
	struct observed seen[ROUND];
	bool done[ROUND], sent[ROUND];
	size_t n;
};

/* Keeps the candidates without a result for another attempt with a new server; the one that was
 * alone with the lost server is not tried again. */
static size_t keep_rest(struct round *round, int window, struct observed *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < round->n; i++) {
		if (round->done[i]) {
			out[round->index[i]] = round->seen[i];
		} else if (window == 1 && round->sent[i]) {
			out[round->index[i]].status = OBSERVED_CRASH;
		} else {
			round->jobs[kept] = round->jobs[i];
			round->index[kept++] = round->index[i];
		}
	}
	return kept;
}

static int run_round(struct accel *a, struct round *round, struct observed *out, struct arena *mem,
	struct err *err)
{
	int window = a->window;

	while (round->n) {
		int r = FORKSERVER_LOST;
		if (a->fs)
			r = forkserver_run(a->fs, round->jobs, round->n, window, round->seen,
				round->done, round->sent, mem, err);
		if (r < 0)
			return -1;
		if (a->fs)
			round->n = keep_rest(round, window, out);
		if (r == 0)
			return 0;
		log_debug("python accelerator: %s", err->msg);
		stop_process(a);
		if (a->reopens++ >= REOPENS_MAX)
			return 0; /* the rest stays OBSERVED_UNSUPPORTED */
		window = 1;
		r = stand_up(a, err);
		if (r < 0)
			return -1;
		if (r > 0)
			stop_process(a);
	}
	return 0;
}

static int python_run(struct accel *a, const struct patch *patches, size_t n, struct observed *out,
	struct arena *mem, struct err *err)
{
	CLEANUP(freep) struct round *round = xcalloc(1, sizeof(*round));

	for (size_t i = 0; i < n; i++)
		out[i] = (struct observed){
			.status = OBSERVED_UNSUPPORTED, .tests_passed = -1, .tests_failed = -1};
	for (size_t at = 0; at < n;) {
		BUF_AUTO bodies;
		size_t ends[ROUND], from = 0;

		buf_init(&bodies, FORKSERVER_BODY_MAX);
		round->n = 0;
		while (at < n && round->n < ROUND) {
			encode(&bodies, &patches[at]);
			if (bodies.over)
				break;
			ends[round->n] = bodies.n;
			round->index[round->n++] = at++;
		}
		if (!round->n) /* too large to send: stays unsupported */
			at++;
		for (size_t i = 0; i < round->n; from = ends[i++])
			round->jobs[i] = (struct forkserver_job){
				.body = str_slice(buf_view(&bodies), from, ends[i]),
				.timeout_ms = SILENCE_MS};
		if (run_round(a, round, out, mem, err))
			return -1;
	}
	return 0;
}

static const char *const python_languages[] = {"python", NULL};

const struct accel_ops accel_python = {
	.name = "python",
	.languages = python_languages,
	.open = python_open,
	.run = python_run,
	.free = python_free,
};
