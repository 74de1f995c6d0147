#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>

#include "port/store/queue.h"
#include "port/store/spool.h"
#include "port/store/store.h"
#include "support/scratch.h"

static struct scratch box;
static struct store *store;
static struct arena mem;
static const struct queue_rules rules = {.max_tries = 3, .backoff_s = 10, .lease_s = 60};

static void set_now(int64_t now)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, now);
	setenv("SELFHEAL_NOW", text, 1);
}

static int setup(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	scratch_make(&box);
	arena_init(&mem);
	set_now(1000);
	return store_open(
		&store, &(struct store_options){.path = scratch_path(&box, "s.db")}, &err);
}

static int teardown(void **state)
{
	(void)state;
	store_free(store);
	arena_release(&mem);
	scratch_remove(&box);
	unsetenv("SELFHEAL_NOW");
	return 0;
}

static struct job make_job(const char *repo, const char *key)
{
	return (struct job){.kind = JOB_HEAL_RUN, .repo = str_of(repo), .key = str_of(key)};
}

/* One delivery with that body and id. */
static enum queued deliver_as(
	const char *sum, const char *id, const struct job *job, uint64_t *superseded)
{
	struct delivery_row row = {.sum = str_of(sum),
		.id = str_of(id),
		.event = STR("workflow_run"),
		.job = job,
		.result = job ? "job" : "ignored"};
	enum queued result;
	uint64_t ignored = 0;
	struct err err = ERR_INIT;

	if (queue_ingest(store, &row, 1, &(struct spool_place){1, 2}, &rules, &result,
		    superseded ? superseded : &ignored, &err) < 0)
		fail_msg("%s", err.msg);
	return result;
}

static enum queued deliver(const struct job *job)
{
	static int n;
	char sum[16];

	snprintf(sum, sizeof(sum), "s%d", n++);
	return deliver_as(sum, sum, job, NULL);
}

static int claim_with(
	const char *owner, const struct queue_rules *with, struct job *out, int64_t *wait_s)
{
	uint64_t lost = 0;
	struct err err = ERR_INIT;
	int rc = queue_claim(store, owner, with, out, wait_s, &lost, &mem, &err);

	if (rc < 0)
		fail_msg("%s", err.msg);
	return rc;
}

/* The key of the job leased, or "". */
static const char *claim(const char *owner, int64_t *id)
{
	struct job job;
	int64_t wait_s;

	if (claim_with(owner, &rules, &job, &wait_s))
		return "";
	if (id)
		*id = job.id;
	return arena_cstr(&mem, job.key);
}

static void add(const char *repo, const char *key)
{
	struct job job = make_job(repo, key);

	assert_int_equal(deliver(&job), QUEUED);
}

static bool fail_job(int64_t id, const char *owner, bool final)
{
	struct err err = ERR_INIT;
	bool dead = false;

	assert_int_equal(
		queue_fail(store, id, owner, &rules, STR("no luck"), final, &dead, &err), 0);
	return dead;
}

static void done(int64_t id, const char *owner)
{
	struct err err = ERR_INIT;

	assert_int_equal(queue_done(store, id, owner, &err), 0);
}

static void in_order_within_a_repository(void **state)
{
	int64_t first, other, second;

	(void)state;
	add("a/a", "a1");
	add("a/a", "a2");
	add("b/b", "b1");
	assert_string_equal(claim("w", &first), "a1");
	assert_string_equal(claim("w", &other), "b1");
	assert_string_equal(claim("w", NULL), "");
	done(first, "w");
	assert_string_equal(claim("w", &second), "a2");
	done(other, "w");
	done(second, "w");
	assert_string_equal(claim("w", NULL), "");
}

static void a_job_that_waits_for_its_next_try_holds_up_its_repository_only(void **state)
{
	int64_t id;

	(void)state;
	add("a/a", "a1");
	add("a/a", "a2");
	assert_string_equal(claim("w", &id), "a1");
	assert_false(fail_job(id, "w", false));
	add("b/b", "b1");
	assert_string_equal(claim("w", NULL), "b1");
	assert_string_equal(claim("w", NULL), "");
	set_now(1010);
	assert_string_equal(claim("w", NULL), "a1");
}

static void backed_off_longer_each_time_then_dead_then_requeued(void **state)
{
	struct job job, *dead;
	struct str why;
	int64_t id, wait_s;
	struct err err = ERR_INIT;
	size_t n;

	(void)state;
	add("a/a", "a1");
	assert_string_equal(claim("w", &id), "a1");
	assert_false(fail_job(id, "w", false));
	assert_int_equal(claim_with("w", &rules, &job, &wait_s), QUEUE_NONE);
	assert_int_equal(wait_s, 10);
	set_now(1010);
	assert_string_equal(claim("w", &id), "a1");
	assert_false(fail_job(id, "w", false));
	assert_int_equal(claim_with("w", &rules, &job, &wait_s), QUEUE_NONE);
	assert_int_equal(wait_s, 20);
	set_now(1030);
	assert_string_equal(claim("w", &id), "a1");
	assert_true(fail_job(id, "w", false));
	set_now(99999);
	assert_string_equal(claim("w", NULL), "");
	assert_int_equal(queue_list(store, "dead", 10, &dead, &n, &mem, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(dead[0].tries, 3);
	assert_true(str_eq_c(dead[0].error, "no luck"));
	assert_int_equal(queue_requeue(store, id, &err), 0);
	assert_int_equal(queue_requeue(store, id, &err), QUEUE_NONE);
	assert_int_equal(queue_get(store, id, &job, &why, &mem, &err), 0);
	assert_true(str_eq_c(why, "waiting"));
	assert_int_equal(job.tries, 0);
	assert_string_equal(claim("w", &id), "a1");
	assert_true(fail_job(id, "w", true)); /* final: at once */
}

static void leases_expire_and_are_renewed(void **state)
{
	struct err err = ERR_INIT;
	int64_t id, again;
	bool dead;

	(void)state;
	add("a/a", "a1");
	assert_string_equal(claim("one", &id), "a1");
	set_now(1050);
	assert_int_equal(queue_renew(store, id, "one", &rules, &err), 0);
	assert_int_equal(queue_renew(store, id, "two", &rules, &err), QUEUE_NONE);
	set_now(1100);
	assert_string_equal(claim("two", NULL), ""); /* until 1110 */
	set_now(1111);
	assert_string_equal(claim("two", &again), "a1");
	assert_int_equal(again, id);
	/* The first worker, come to life again, may not say anything of it. */
	assert_int_equal(queue_done(store, id, "one", &err), QUEUE_NONE);
	assert_int_equal(queue_renew(store, id, "one", &rules, &err), QUEUE_NONE);
	assert_int_equal(queue_return(store, id, "one", &err), QUEUE_NONE);
	assert_int_equal(
		queue_fail(store, id, "one", &rules, STR("x"), false, &dead, &err), QUEUE_NONE);
	done(id, "two");
}

static void a_job_that_kills_its_workers_dies(void **state)
{
	int64_t id;

	(void)state;
	add("a/a", "a1");
	for (int i = 0; i < 3; i++) {
		assert_string_equal(claim("w", &id), "a1");
		set_now(2000 + i * 100);
	}
	assert_string_equal(claim("w", &id), "");
	assert_int_equal(queue_requeue(store, id, &(struct err){0}), 0);
}

static void given_back_costs_no_try(void **state)
{
	struct job job;
	struct str status;
	int64_t id;
	struct err err = ERR_INIT;

	(void)state;
	add("a/a", "a1");
	assert_string_equal(claim("w", &id), "a1");
	assert_int_equal(queue_return(store, id, "w", &err), 0);
	assert_int_equal(queue_get(store, id, &job, &status, &mem, &err), 0);
	assert_int_equal(job.tries, 0);
	assert_string_equal(claim("w", NULL), "a1");
}

static void quota_by_the_hour(void **state)
{
	struct queue_rules two = rules;
	struct job job;
	int64_t wait_s;

	(void)state;
	two.jobs_per_hour = 2;
	add("a/a", "a1");
	add("a/a", "a2");
	add("a/a", "a3");
	add("b/b", "b1");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(claim_with("w", &two, &job, &wait_s), 0);
		done(job.id, "w");
		set_now(1100 + i * 100);
	}
	assert_int_equal(claim_with("w", &two, &job, &wait_s), 0);
	assert_true(str_eq_c(job.key, "b1"));
	assert_int_equal(claim_with("w", &two, &job, &wait_s), QUEUE_NONE);
	assert_int_equal(wait_s, 1000 + 3600 - 1200);
	set_now(1000 + 3600);
	assert_int_equal(claim_with("w", &two, &job, &wait_s), 0);
	assert_true(str_eq_c(job.key, "a3"));
}

static void the_same_delivery_body_and_job_once(void **state)
{
	struct job job = make_job("a/a", "k"), other = make_job("a/a", "other");

	(void)state;
	assert_int_equal(deliver_as("sum", "id", &job, NULL), QUEUED);
	assert_int_equal(deliver_as("sum", "id", &job, NULL), QUEUED_KNOWN);
	assert_int_equal(deliver_as("sum", "id2", &other, NULL), QUEUED_DUPLICATE); /* replayed */
	assert_int_equal(deliver_as("sum2", "id3", &job, NULL), QUEUED_DUPLICATE);
	/* An id is not signed: a body sent under another's id does not keep that other out. */
	assert_int_equal(deliver_as("sum3", "id", &other, NULL), QUEUED);
}

static struct job on_line(enum job_kind kind, const char *key, const char *sha, int64_t at)
{
	return (struct job){.kind = kind,
		.repo = STR("a/a"),
		.key = str_of(key),
		.line = STR("a/a:a/a:topic"),
		.sha = str_of(sha),
		.at = at};
}

static void a_newer_commit_makes_older_jobs_outdated(void **state)
{
	struct job red = on_line(JOB_HEAL_RUN, "r1", "aaa", 100);
	struct job push = on_line(JOB_PUSH, "p", "bbb", 200);
	struct job late = on_line(JOB_HEAL_RUN, "r2", "aaa", 100);
	struct job new = on_line(JOB_HEAL_RUN, "r3", "bbb", 210);
	struct job old_push = on_line(JOB_PUSH, "p0", "aaa", 90);
	uint64_t superseded = 0;

	(void)state;
	assert_int_equal(deliver(&red), QUEUED);
	assert_int_equal(deliver_as("push", "push", &push, &superseded), QUEUED);
	assert_int_equal(superseded, 1);
	assert_string_equal(claim("w", NULL), "");
	assert_int_equal(deliver(&late), QUEUED_OUTDATED); /* red after the push */
	assert_int_equal(deliver(&new), QUEUED);
	superseded = 0; /* a push that comes late changes nothing */
	assert_int_equal(deliver_as("old", "old", &old_push, &superseded), QUEUED_OUTDATED);
	assert_int_equal(superseded, 0);
	assert_string_equal(claim("w", NULL), "r3");
}

static void a_crowd_is_kept_out(void **state)
{
	struct queue_rules few = {.max_waiting = 2};
	enum queued results[3];
	uint64_t superseded = 0;
	struct err err = ERR_INIT;
	struct job jobs[3] = {make_job("a/a", "1"), make_job("a/a", "2"), make_job("a/a", "3")};
	struct delivery_row rows[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		rows[i] = (struct delivery_row){.sum = jobs[i].key,
			.id = STR("i"),
			.event = STR("e"),
			.job = &jobs[i],
			.result = "job"};
	assert_int_equal(queue_ingest(store, rows, 3, &(struct spool_place){1, 2}, &few, results,
				 &superseded, &err),
		0);
	assert_int_equal(results[1], QUEUED);
	assert_int_equal(results[2], QUEUED_CROWDED);
}

static void the_spools_place_is_kept(void **state)
{
	struct spool_place place = {9, 9};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(queue_place(store, &place, &err), 0);
	assert_int_equal(place.segment, 0);
	deliver_as("s", "i", NULL, NULL);
	assert_int_equal(queue_place(store, &place, &err), 0);
	assert_int_equal(place.segment, 1);
	assert_int_equal(place.offset, 2);
}

static void old_things_are_forgotten_but_not_what_waits(void **state)
{
	struct queue_depth depth;
	struct err err = ERR_INIT;
	int64_t id;

	(void)state;
	add("a/a", "a1");
	add("a/a", "a2");
	assert_string_equal(claim("w", &id), "a1");
	done(id, "w");
	assert_int_equal(deliver_as("s", "i", NULL, NULL), QUEUED);
	assert_int_equal(queue_forget(store, 5000, &err), 0);
	assert_int_equal(deliver_as("s", "i", NULL, NULL), QUEUED);
	assert_int_equal(queue_depth(store, &depth, &err), 0);
	assert_int_equal(depth.waiting, 1);
	assert_int_equal(depth.oldest_waiting_at, 1000);
	assert_string_equal(claim("w", NULL), "a2");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(in_order_within_a_repository),
		T(a_job_that_waits_for_its_next_try_holds_up_its_repository_only),
		T(backed_off_longer_each_time_then_dead_then_requeued),
		T(leases_expire_and_are_renewed),
		T(a_job_that_kills_its_workers_dies),
		T(given_back_costs_no_try),
		T(quota_by_the_hour),
		T(the_same_delivery_body_and_job_once),
		T(a_newer_commit_makes_older_jobs_outdated),
		T(a_crowd_is_kept_out),
		T(the_spools_place_is_kept),
		T(old_things_are_forgotten_but_not_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
