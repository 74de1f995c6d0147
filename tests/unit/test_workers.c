/* The workers start /proc/self/exe, which is this test: as "work" it is a job, whose repository's
 * name says how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>

#include "app/serve/workers.h"
#include "base/clock.h"
#include "base/log.h"
#include "port/store/queue.h"
#include "port/store/store.h"
#include "support/scratch.h"

static struct scratch box;
static struct store *store;
static struct arena mem;
static struct counts counts;

static int setup(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	scratch_make(&box);
	arena_init(&mem);
	counts = (struct counts){0};
	return store_open(
		&store, &(struct store_options){.path = scratch_path(&box, "s.db")}, &err);
}

static int teardown(void **state)
{
	(void)state;
	store_free(store);
	arena_release(&mem);
	scratch_remove(&box);
	return 0;
}

/* --- the job --- */

static int play_job(const char *store_path, int64_t id)
{
	struct store *s;
	struct str state;
	struct job job;
	struct err err = ERR_INIT;
	ARENA_AUTO a;

	arena_init(&a);
	if (store_open(&s, &(struct store_options){.path = store_path}, &err) < 0 ||
		queue_get(s, id, &job, &state, &a, &err))
		return 9;
	store_free(s);
	if (str_ends(job.repo, "/crash"))
		raise(SIGABRT);
	if (str_ends(job.repo, "/hang"))
		clock_sleep_ms(60000);
	if (str_ends(job.repo, "/slow"))
		clock_sleep_ms(400);
	fprintf(stderr, "noise\nselfheal: cannot do it: no luck\n");
	if (str_ends(job.repo, "/later"))
		return 3;
	return str_ends(job.repo, "/never") ? 2 : 0;
}

/* --- the tests --- */

static int64_t add(const char *repo, const char *key)
{
	struct job job = {.kind = JOB_COMMAND, .repo = str_of(repo), .key = str_of(key)}, *all;
	struct err err = ERR_INIT;
	size_t n;

	assert_int_equal(queue_add(store, &job, &err), 0);
	assert_int_equal(queue_list(store, "waiting", 1, &all, &n, &mem, &err), 0);
	return all[0].id;
}

static struct job look(int64_t id, const char *expected)
{
	struct str state;
	struct job job;
	struct err err = ERR_INIT;

	assert_int_equal(queue_get(store, id, &job, &state, &mem, &err), 0);
	if (!str_eq_c(state, expected))
		fail_msg("%.*s is %.*s, not %s: %.*s", STR_ARGS(job.repo), STR_ARGS(state),
			expected, STR_ARGS(job.error));
	return job;
}

static struct workers_options options_of(int jobs)
{
	return (struct workers_options){.jobs = jobs,
		.timeout_s = 1,
		.store_path = store_path(store),
		.rules = {.max_tries = 2, .backoff_s = 100}};
}

static void run_once(int jobs)
{
	struct workers_options o = options_of(jobs);
	struct workers *w = workers_new(&o, store, &counts);
	struct err err = ERR_INIT;

	if (workers_run(w, true, &err) < 0)
		fail_msg("%s", err.msg);
	workers_free(w);
}

static void every_end_of_a_job(void **state)
{
	int64_t well = add("a/well", "1"), later = add("a/later", "2"), never = add("a/never", "3"),
		crash = add("a/crash", "4"), hang = add("a/hang", "5");

	(void)state;
	run_once(4);
	look(well, "done");
	assert_true(str_eq_c(look(later, "waiting").error, "exit 3: cannot do it: no luck"));
	assert_true(str_eq_c(look(never, "dead").error, "exit 2: cannot do it: no luck"));
	assert_true(str_has(look(crash, "waiting").error, "signal 6"));
	assert_true(str_has(look(hang, "waiting").error, "longer than it may"));
	assert_int_equal(look(hang, "waiting").tries, 1);
	assert_int_equal(counts.jobs_done, 1);
	assert_int_equal(counts.jobs_dead, 1);
	assert_int_equal(counts.jobs_retried, 3);
	assert_int_equal(counts.jobs_running, 0);
}

static void side_by_side_but_not_within_a_repository(void **state)
{
	int64_t begin = clock_mono_ms();

	(void)state;
	add("a/slow", "1");
	add("b/slow", "2");
	add("c/slow", "3");
	run_once(3);
	assert_in_range(clock_mono_ms() - begin, 400, 1100);
	begin = clock_mono_ms();
	add("a/slow", "4");
	add("a/slow", "5");
	run_once(3);
	assert_in_range(clock_mono_ms() - begin, 800, 5000);
	assert_int_equal(counts.jobs_done, 5);
}

static void *run_workers(void *data)
{
	struct err err = ERR_INIT;

	return (void *)(intptr_t)workers_run(data, false, &err);
}

static void asked_to_stop(int grace_ms, const char *repo, const char *end, int tries)
{
	struct workers_options o = options_of(1);
	struct workers *w;
	pthread_t thread;
	int64_t id = add(repo, "1"), begin;

	o.timeout_s = 100;
	w = workers_new(&o, store, &counts);
	assert_int_equal(pthread_create(&thread, NULL, run_workers, w), 0);
	while (!atomic_load(&counts.jobs_running))
		clock_sleep_ms(5);
	begin = clock_mono_ms();
	workers_stop(w, grace_ms);
	pthread_join(thread, NULL);
	assert_in_range(clock_mono_ms() - begin, 0, 5000);
	workers_free(w);
	assert_int_equal(look(id, end).tries, tries);
}

static void a_job_that_ends_in_time_is_waited_for(void **state)
{
	(void)state;
	asked_to_stop(10000, "a/slow", "done", 1);
}

static void a_job_that_does_not_is_given_back(void **state)
{
	(void)state;
	asked_to_stop(100, "a/hang", "waiting", 0);
}

int main(int argc, char **argv)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(every_end_of_a_job),
		T(side_by_side_but_not_within_a_repository),
		T(a_job_that_ends_in_time_is_waited_for),
		T(a_job_that_does_not_is_given_back),
	};
	int64_t id;

	if (argc > 6 && !strcmp(argv[1], "work"))
		return str_to_i64(str_of(argv[4]), 1, INT64_MAX, &id) ? play_job(argv[6], id) : 9;
	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
