/* accel_c: candidates for C and C++ by mutant schemata (schemata.h) and a fork server.
 *
 * A run of candidates is taken in builds of some hundreds. Each build is the project's own command
 * with the metamutant in place of the source: what does not compile is dropped and the command
 * started again; the first process that fails with the file as it was then serves, one fork a
 * candidate. Where the processes end well and a driver (a script that compares outputs) makes the
 * verdict, the command is run per candidate, with nothing left to compile. */
#include "kit/trial/accel.h"

#include <sys/wait.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/trace.h"
#include "kit/trial/feedback.h"
#include "kit/trial/forkserver.h"
#include "kit/trial/metamutant.h"
#include "kit/trial/outputs.h"
#include "kit/trial/schemata.h"
#include "kit/trial/toolbox.h"
#include "kit/trial/trial.h"

enum {
	BUILD_FIRST = 100, /* candidates of the first build: an early answer */
	BUILD_MAX = 500,
	ROUNDS_MAX = 16,      /* of dropping what does not compile */
	HALVINGS_MAX = 20,    /* of builds that fail for no reason we see */
	CONFIRM_MAX = 3,      /* candidates that the command itself is asked about */
	BUDGET_MIN_MS = 20,   /* processor time of a candidate */
	BUDGET_FACTOR = 10,   /* times the unpatched run */
	HANG_MS = 500,        /* of an unpatched run that is known to hang */
	NAP_FACTOR = 5,       /* wall time over processor time, */
	NAP_MS = 500,         /* and this on top: other processes, sleeps */
	LOST_MS = 5000,       /* a server silent for so long beyond that is given up */
	RETRY_FACTOR = 5,     /* more time for candidates that were out of it, */
	RETRY_MS_MAX = 1000,  /* at most so much in all */
	SLOW_RUN_MS = 30,     /* from here on running costs more than compiling with optimisation */
	COMMAND_MIN_MS = 500, /* a command run for one candidate */
	PROCESS_MIN_MS = 30,  /* processor time of one process in it */
};

/* READY's status of an unpatched run that was still going at its limit. */
static const uint32_t STATUS_HANGS = 0xffffffff;

/* Who says whether a candidate holds. */
enum verdict_by {
	BY_UNKNOWN,
	BY_PROCESS, /* the exit status of the process, as the command itself confirmed */
	BY_COMMAND, /* only the command as a whole */
};

struct accel {
	struct trial *trial;
	char *command, *subdir;
	struct metamutant *metamutant;
	int command_timeout_ms, candidate_timeout_ms, jobs;
	bool hangs;           /* the unpatched run ended by its time-out */
	bool optimise;        /* the failure does not show without optimisation */
	bool started;         /* the first build is done */
	struct observed base; /* what the unpatched run showed */
	int halvings;
	enum verdict_by by;
	int64_t command_us; /* of a run that compiled nothing, 0 unknown */
	int process_cpu_ms; /* what one process of it may take, 0: any time */
};

/* As feedback_read would see it: the last assertion told. */
static struct observed observe_base(const struct failure_list *failures)
{
	struct observed o = {.status = OBSERVED_FAIL, .tests_passed = -1, .tests_failed = -1};

	for (size_t i = 0; failures && i < failures->items.n; i++) {
		const struct failure *f = &failures->items.v[i];

		o.status = f->kind == FAILURE_COMPILE   ? OBSERVED_INVALID
			   : f->kind == FAILURE_TIMEOUT ? OBSERVED_TIMEOUT
			   : f->kind == FAILURE_CRASH   ? OBSERVED_CRASH
							: OBSERVED_FAIL;
		if (f->line > 0)
			o.line = f->line;
	}
	return o;
}

static int accel_c_open(struct accel **out, struct trial *trial,
	const struct accel_options *options, struct err *err)
{
	struct accel *a;

#if !defined(__linux__) || __SIZEOF_POINTER__ != 8
	err_set(err, ERR_CONFIG, "the fork server of C programs is written for 64-bit Linux");
	return ACCEL_UNAVAILABLE;
#endif
	a = xcalloc(1, sizeof(*a));
	a->trial = trial;
	a->command = xstrdup(options->command);
	a->subdir = options->subdir ? xstrdup(options->subdir) : NULL;
	a->metamutant = metamutant_new(trial, options->failures);
	a->command_timeout_ms =
		options->command_timeout_ms > 0 ? options->command_timeout_ms : 60000;
	a->candidate_timeout_ms = options->candidate_timeout_ms;
	a->jobs = options->jobs > 0 ? options->jobs : 1;
	a->base = observe_base(options->failures);
	a->hangs = a->base.status == OBSERVED_TIMEOUT;
	*out = a;
	return 0;
}

static void accel_c_free(struct accel *a)
{
	if (!a)
		return;
	metamutant_free(a->metamutant);
	free(a->command);
	free(a->subdir);
	free(a);
}

/* One build on its way. */
struct build {
	struct accel *accel;
	const struct patch *patches;
	size_t n;
	struct observed *out;
	struct arena *mem;
	bool *settled;        /* tried, or in flight when a server was lost */
	struct toolbox tools; /* of this build, once env[0] is set */
	int processes;        /* that carry the metamutant and said so */
};

static bool choose(void *data, struct str hello, struct buf *serve)
{
	struct build *b = data;
	int limit_ms = b->accel->hangs ? HANG_MS : b->accel->command_timeout_ms / 2;

	b->processes++;
	forkserver_put_u32(serve, (uint32_t)limit_ms);
	return true;
}

/* Runs the command for one candidate, everything compiled. */
static int run_command(struct build *b, struct str spec, int timeout_ms,
	struct child_result *result, struct err *err)
{
	struct accel *a = b->accel;
	CLEANUP(freep) char *env = xasprintf("SELFHEAL_CANDIDATE=%.*s", STR_ARGS(spec));
	CLEANUP(freep) char *cpu = xasprintf("SELFHEAL_CPU_MS=%d", a->process_cpu_ms);

	if (!b->tools.env[0] && toolbox_make(&b->tools, a->trial, b->mem, err) < 0)
		return -1;
	const char *const set[] = {env, cpu, b->tools.env[0], b->tools.env[1], NULL};
	return trial_run(a->trial,
		&(struct trial_command){.command = a->command,
			.subdir = a->subdir,
			.timeout_ms = timeout_ms,
			.env_set = set},
		result, err);
}

/* What the whole command says of one candidate. */
static int command_observe(
	struct build *b, size_t i, int timeout_ms, struct observed *o, struct err *err)
{
	CHILD_RESULT_AUTO r;
	BUF_AUTO spec;

	child_result_init(&r);
	buf_init(&spec, LIMIT_TEXT_BYTES);
	metamutant_spec(b->accel->metamutant, i, &spec);
	if (run_command(b, buf_view(&spec), timeout_ms, &r, err) < 0)
		return -1;
	*o = (struct observed){.status = r.timed_out        ? OBSERVED_TIMEOUT
					 : r.exit_code == 0 ? OBSERVED_PASS
							    : OBSERVED_FAIL,
		.wall_us = r.wall_us,
		.tests_passed = -1,
		.tests_failed = -1};
	feedback_read(o, buf_view(&r.output), r.exit_code, SCHEMATA_LINE_STRIDE, b->mem);
	return 0;
}

/* How long the command takes when it has nothing to compile: after a first run, which does. */
static int time_command(struct build *b, struct err *err)
{
	struct accel *a = b->accel;
	int processes = b->processes > 0 ? b->processes : 1;

	for (int i = a->command_us > 0; i < 2; i++) {
		CHILD_RESULT_AUTO base;

		child_result_init(&base);
		if (run_command(b, STR("0:0"), a->command_timeout_ms, &base, err) < 0)
			return -1;
		a->command_us = base.wall_us;
	}
	int64_t ms = a->command_us * BUDGET_FACTOR / processes / 1000;
	a->process_cpu_ms = a->hangs              ? HANG_MS
			    : ms > PROCESS_MIN_MS ? (int)(ms < INT32_MAX ? ms : INT32_MAX)
						  : PROCESS_MIN_MS;
	return 0;
}

static int command_limit_ms(const struct accel *a)
{
	int64_t ms = a->command_us * BUDGET_FACTOR / 1000;

	if (ms < COMMAND_MIN_MS)
		ms = COMMAND_MIN_MS;
	return ms < a->command_timeout_ms ? (int)ms : a->command_timeout_ms;
}

/* The candidate tried before that prints the same as index[i], or itself. */
static size_t first_alike(const struct outputs *o, size_t i)
{
	for (size_t k = 0; o->comparable && k < i; k++)
		if (!o->refused[k] && o->printed[k] == o->printed[i])
			return k;
	return i;
}

/* The second tier: what candidates print rules most of them out; the command is asked about each of
 * the others, with nothing to compile. */
static int run_commands(struct build *b, struct err *err)
{
	struct accel *a = b->accel;
	size_t *index = arena_array(b->mem, b->n, sizeof(*index)), n = 0;
	struct str *specs = arena_array(b->mem, b->n, sizeof(*specs));
	struct outputs outputs;

	if (time_command(b, err) < 0)
		return -1;
	for (size_t i = 0; i < b->n; i++) {
		BUF_AUTO spec = BUF_INIT(LIMIT_TEXT_BYTES);

		if (metamutant_fate(a->metamutant, i) != CANDIDATE_LIVE)
			continue;
		metamutant_spec(a->metamutant, i, &spec);
		specs[n] = arena_str(b->mem, buf_view(&spec));
		index[n++] = i;
	}
	const char *const env[] = {b->tools.env[0], b->tools.env[1], b->tools.env[2], NULL};
	if (outputs_observe(&outputs,
		    &(struct outputs_options){.trial = a->trial,
			    .command = a->command,
			    .subdir = a->subdir,
			    .env = env,
			    .judged = b->tools.judged,
			    .specs = specs,
			    .n = n,
			    .command_timeout_ms = a->command_timeout_ms,
			    .candidate_timeout_ms = a->candidate_timeout_ms,
			    .jobs = a->jobs},
		    b->mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		size_t alike = first_alike(&outputs, i);

		if (outputs.refused[i])
			b->out[index[i]].status = outputs.how[i];
		else if (alike < i)
			b->out[index[i]] = b->out[index[alike]];
		else if (command_observe(b, index[i], command_limit_ms(a), &b->out[index[i]], err) <
			 0)
			return -1;
	}
	return 0;
}

/* Whether the command agrees with the processes' exit status, asked for the first that pass. */
static int confirm(struct build *b, struct err *err)
{
	struct accel *a = b->accel;
	int asked = 0;

	for (size_t i = 0; i < b->n && asked < CONFIRM_MAX && a->by == BY_UNKNOWN; i++) {
		struct observed o;

		if (b->out[i].status != OBSERVED_PASS)
			continue;
		asked++;
		if (command_observe(b, i, a->command_timeout_ms, &o, err) < 0)
			return -1;
		if (o.status == OBSERVED_PASS)
			a->by = BY_PROCESS;
	}
	if (asked > 0 && a->by == BY_UNKNOWN)
		a->by = BY_COMMAND;
	return 0;
}

/* Which candidates to try with how much time. */
struct sweep {
	size_t *index; /* into the build */
	size_t n;
	int cpu_ms;
};

/* What TRY says to the runtime. */
static struct str job_body(struct build *b, size_t i, int cpu_ms, int wall_ms)
{
	BUF_AUTO body;
	BUF_AUTO spec;

	buf_init(&body, LIMIT_TEXT_BYTES);
	buf_init(&spec, LIMIT_TEXT_BYTES);
	metamutant_spec(b->accel->metamutant, i, &spec);
	forkserver_put_u32(&body, (uint32_t)cpu_ms);
	forkserver_put_u32(&body, (uint32_t)wall_ms);
	buf_str(&body, buf_view(&spec));
	return arena_str(b->mem, buf_view(&body));
}

static int serve_sweep(
	struct build *b, struct forkserver *fs, const struct sweep *s, struct err *err)
{
	struct forkserver_job *jobs = arena_array(b->mem, s->n, sizeof(*jobs));
	struct observed *out = arena_array(b->mem, s->n, sizeof(*out));
	bool *done = arena_array(b->mem, s->n, sizeof(*done));
	bool *sent = arena_array(b->mem, s->n, sizeof(*sent));
	int wall_ms = s->cpu_ms * NAP_FACTOR + NAP_MS;

	for (size_t i = 0; i < s->n; i++)
		jobs[i] = (struct forkserver_job){
			job_body(b, s->index[i], s->cpu_ms, wall_ms), wall_ms + LOST_MS};
	int r = forkserver_run(fs, jobs, s->n, b->accel->jobs, out, done, sent, b->mem, err);
	if (r < 0)
		return -1;
	for (size_t i = 0; i < s->n; i++) {
		struct observed *o = &b->out[s->index[i]];

		b->settled[s->index[i]] = sent[i];
		if (!done[i])
			continue;
		*o = out[i];
		o->line = 0; /* the runtime gives the wait status there */
		feedback_read(o, out[i].message, out[i].line, SCHEMATA_LINE_STRIDE, b->mem);
	}
	return r;
}

/* What ran out of time may only be slow: a failing run can be far shorter than a passing one. So,
 * unless something passed, again with more time, as many as that allows. */
static int retry_slow(
	struct build *b, struct forkserver *fs, const struct sweep *first, struct err *err)
{
	struct sweep s = {.index = arena_array(b->mem, first->n, sizeof(size_t)),
		.cpu_ms = first->cpu_ms * RETRY_FACTOR};

	if (s.cpu_ms > b->accel->command_timeout_ms)
		s.cpu_ms = b->accel->command_timeout_ms;
	for (size_t i = 0; i < first->n; i++) {
		enum observed_status status = b->out[first->index[i]].status;

		if (status == OBSERVED_PASS)
			return 0;
		if (status == OBSERVED_TIMEOUT && ((int)s.n + 1) * s.cpu_ms <= RETRY_MS_MAX)
			s.index[s.n++] = first->index[i];
	}
	return s.n > 0 ? serve_sweep(b, fs, &s, err) : 0;
}

enum {
	BUILD_DONE = 0,
	BUILD_AGAIN = 1, /* something was learned */
	BUILD_STUCK = 2, /* errors nobody explains: smaller builds */
	BUILD_VAIN = 3,  /* this accelerator is of no use here */
};

static bool unsettled(const struct build *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (metamutant_fate(b->accel->metamutant, i) == CANDIDATE_LIVE && !b->settled[i])
			return true;
	return false;
}

static int budget_ms(const struct accel *a, int64_t base_us)
{
	if (a->candidate_timeout_ms > 0)
		return a->candidate_timeout_ms;
	if (a->hangs)
		return HANG_MS / 2;
	int64_t ms = base_us * BUDGET_FACTOR / 1000;
	if (ms > a->command_timeout_ms)
		ms = a->command_timeout_ms;
	return ms > BUDGET_MIN_MS ? (int)ms : BUDGET_MIN_MS;
}

static int serve_all(struct build *b, struct forkserver *fs, struct str ready, struct err *err)
{
	struct sweep s = {.index = arena_array(b->mem, b->n, sizeof(size_t))};
	uint32_t status = 0;
	uint64_t us = 0;

	/* READY's text: how the unpatched run ended, how long it took. */
	(void)(forkserver_take_u32(&ready, &status) && forkserver_take_u64(&ready, &us));
	b->accel->hangs = b->accel->hangs || status == STATUS_HANGS;
	s.cpu_ms = budget_ms(b->accel, (int64_t)(us < INT32_MAX ? us : INT32_MAX));
	if (us / 1000 >= SLOW_RUN_MS)
		b->accel->optimise = true; /* from the next build on */
	for (size_t i = 0; i < b->n; i++)
		if (metamutant_fate(b->accel->metamutant, i) == CANDIDATE_LIVE && !b->settled[i])
			s.index[s.n++] = i;
	int64_t begin = trace_begin();
	int r = serve_sweep(b, fs, &s, err);
	trace_end(begin, "accel_c.serve", "%zu candidates, %d ms each at most", s.n, s.cpu_ms);
	if (r != 0)
		return r < 0 ? -1 : unsettled(b) ? BUILD_AGAIN : BUILD_DONE;
	return retry_slow(b, fs, &s, err) < 0 ? -1 : BUILD_DONE;
}

/* The command ended and no process serves. */
static int judge_end(struct build *b, const struct child_result *ended, struct err *err)
{
	struct accel *a = b->accel;

	if (ended->exit_code == 0 && metamutant_is_broken(a->metamutant)) {
		/* What does not compile is left out and was not missed: all that compile hold. */
		for (size_t i = 0; i < b->n; i++)
			if (metamutant_fate(a->metamutant, i) == CANDIDATE_LIVE)
				b->out[i].status = OBSERVED_PASS;
		return BUILD_DONE;
	}
	if (ended->exit_code == 0) {
		bool again = !a->optimise;

		a->optimise = true;
		return again ? BUILD_AGAIN : BUILD_VAIN;
	}
	int r = metamutant_learn(a->metamutant, buf_view(&ended->output), err);
	if (r != METAMUTANT_CLEAN)
		return r < 0 ? -1 : r == METAMUTANT_AGAIN ? BUILD_AGAIN : BUILD_STUCK;
	if (b->processes == 0)
		return BUILD_VAIN;
	a->by = BY_COMMAND;
	return run_commands(b, err) < 0 ? -1 : BUILD_DONE;
}

/* Starts the command with the metamutant as it is now, and serves or learns. */
static int attempt(struct build *b, struct err *err)
{
	struct accel *a = b->accel;
	CLEANUP(forkserver_freep) struct forkserver *fs = NULL;
	CLEANUP(child_freep) struct child *child = NULL;
	CHILD_RESULT_AUTO ended;
	struct str ready = STR_NULL;

	child_result_init(&ended);
	b->tools.env[0] = NULL;
	if (metamutant_install(a->metamutant, a->optimise, err) < 0)
		return -1;
	if (a->by == BY_COMMAND && a->started) {
		if (run_command(b, STR("0:0"), a->command_timeout_ms, &ended, err) < 0)
			return -1;
		b->processes = 1;
		return judge_end(b, &ended, err);
	}
	if (forkserver_open(&fs,
		    &(struct forkserver_options){
			    trial_exchange(a->trial), trial_exchange_inside(a->trial), choose, b},
		    err) < 0)
		return -1;
	const char *const env[] = {
		forkserver_env(fs), "CCC_OVERRIDE_OPTIONS=#+-ferror-limit=0", "GCC_COLORS=", NULL};
	if (trial_start(a->trial,
		    &(struct trial_command){
			    .command = a->command, .subdir = a->subdir, .env_set = env},
		    &child, err) < 0)
		return -1;
	b->processes = 0;
	int r = forkserver_wait(fs, child, a->command_timeout_ms, &ready, &ended, err);
	if (r < 0)
		return -1;
	if (r == 0)
		return serve_all(b, fs, ready, err);
	return err->code == ERR_TIMEOUT ? BUILD_VAIN : judge_end(b, &ended, err);
}

static void mark_invalid(struct build *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (metamutant_fate(b->accel->metamutant, i) == CANDIDATE_INVALID)
			b->out[i].status = OBSERVED_INVALID;
}

static int run_build(struct build *b, struct err *err)
{
	struct accel *a = b->accel;
	int r = BUILD_AGAIN;

	b->settled = arena_array(b->mem, b->n, sizeof(*b->settled));
	if (metamutant_plan(a->metamutant, b->patches, b->n, err) < 0)
		return -1;
	for (int round = 0; r == BUILD_AGAIN && round < ROUNDS_MAX; round++) {
		r = metamutant_live(a->metamutant) > 0 ? attempt(b, err) : BUILD_DONE;
		if (r < 0)
			return -1;
		if (r == BUILD_STUCK && !a->optimise) {
			a->optimise = true; /* fewer directives of ours to go wrong */
			r = BUILD_AGAIN;
		}
	}
	mark_invalid(b);
	a->started = true;
	if (r == BUILD_DONE && a->by == BY_UNKNOWN) {
		if (confirm(b, err) < 0)
			return -1;
		if (a->by == BY_COMMAND && run_commands(b, err) < 0)
			return -1;
	}
	if (metamutant_remove(a->metamutant, err) < 0)
		return -1;
	return r == BUILD_AGAIN ? BUILD_STUCK : r;
}

/* A build that failed for no reason we see is tried by halves, as long as that may take; what is
 * left is for the slow way. */
static int run_some(struct accel *a, const struct patch *patches, size_t n, struct observed *out,
	struct arena *mem, struct err *err)
{
	struct build b = {.accel = a, .patches = patches, .n = n, .out = out, .mem = mem};
	int r = run_build(&b, err);

	if (r < 0)
		return -1;
	if (r != BUILD_STUCK || n == 1 || a->halvings == HALVINGS_MAX)
		return 0;
	a->halvings++;
	if (run_some(a, patches, n / 2, out, mem, err) < 0)
		return -1;
	return run_some(a, patches + n / 2, n - n / 2, out + n / 2, mem, err);
}

static int accel_c_run(struct accel *a, const struct patch *patches, size_t n, struct observed *out,
	struct arena *mem, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (struct observed){
			.status = OBSERVED_UNSUPPORTED, .tests_passed = -1, .tests_failed = -1};
	if (n == 1 && patches[0].n == 0) {
		out[0] = a->base;
		return 0;
	}
	for (size_t from = 0; from < n;) {
		size_t most = a->started ? BUILD_MAX : BUILD_FIRST;
		size_t count = n - from < most ? n - from : most;

		if (run_some(a, patches + from, count, out + from, mem, err) < 0)
			return -1;
		from += count;
	}
	return 0;
}

static const char *const languages[] = {"c", "cpp", NULL};

const struct accel_ops accel_c = {
	.name = "c",
	.languages = languages,
	.open = accel_c_open,
	.run = accel_c_run,
	.free = accel_c_free,
};
