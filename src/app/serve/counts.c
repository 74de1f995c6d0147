#include "app/serve/counts.h"

static const char *const delivery_results[DELIVERY_RESULTS] = {
	[DELIVERY_STORED] = "stored",
	[DELIVERY_UNSIGNED] = "unsigned",
	[DELIVERY_FORGED] = "forged",
	[DELIVERY_MALFORMED] = "malformed",
	[DELIVERY_TOO_LARGE] = "too_large",
	[DELIVERY_WRONG_TYPE] = "wrong_type",
	[DELIVERY_BUSY] = "busy",
	[DELIVERY_FAILED] = "failed",
	[DELIVERY_CUT] = "cut",
};

static const char *const ingest_results[INGEST_RESULTS] = {
	[INGEST_JOB] = "job",
	[INGEST_NOTED] = "noted",
	[INGEST_IGNORED] = "ignored",
	[INGEST_DUPLICATE] = "duplicate",
	[INGEST_OUTDATED] = "outdated",
	[INGEST_REFUSED] = "refused",
	[INGEST_CROWDED] = "crowded",
	[INGEST_UNREADABLE] = "unreadable",
};

const int job_second_buckets[JOB_BUCKETS] = {1, 5, 15, 60, 180, 600, 1800, 3600};

const char *delivery_result_to_string(enum delivery_result result)
{
	return delivery_results[result];
}

const char *ingest_result_to_string(enum ingest_result result)
{
	return ingest_results[result];
}

void counts_job(struct counts *c, int64_t took_ms)
{
	int bucket = 0;

	while (bucket < JOB_BUCKETS && took_ms > job_second_buckets[bucket] * 1000LL)
		bucket++;
	count_up(&c->jobs_in_bucket[bucket]);
	atomic_fetch_add(&c->job_ms, (unsigned long long)took_ms);
}
