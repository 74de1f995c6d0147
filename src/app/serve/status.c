#include "app/serve/status.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "json/json.h"
#include "port/store/spool.h"

enum { METRICS_BYTES = 256 << 10 };

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct buf *out, const char *name, const char *type, const char *help, double v)
{
	head(out, name, type, help);
	buf_printf(out, "%s %.15g\n", name, v);
}

static void add_deliveries(struct buf *out, struct counts *c)
{
	head(out, "selfheal_deliveries_total", "counter",
		"Webhook deliveries by what was answered");
	for (int event = 0; event < EVENT_COUNT; event++)
		for (int result = 0; result < DELIVERY_RESULTS; result++) {
			unsigned long long n = atomic_load(&c->deliveries[event][result]);

			if (n)
				buf_printf(out,
					"selfheal_deliveries_total{event=\"%s\",result=\"%s\"} "
					"%llu\n",
					event_to_name((enum event)event),
					delivery_result_to_string((enum delivery_result)result), n);
		}
}

static void add_ingested(struct buf *out, struct counts *c)
{
	head(out, "selfheal_ingested_total", "counter",
		"Stored deliveries by what was made of them: a job, or why none");
	for (int event = 0; event < EVENT_COUNT; event++)
		for (int result = 0; result < INGEST_RESULTS; result++) {
			unsigned long long n = atomic_load(&c->ingested[event][result]);

			if (n)
				buf_printf(out,
					"selfheal_ingested_total{event=\"%s\",result=\"%s\"} "
					"%llu\n",
					event_to_name((enum event)event),
					ingest_result_to_string((enum ingest_result)result), n);
		}
}

static void add_job_seconds(struct buf *out, struct counts *c)
{
	unsigned long long sum = 0;

	head(out, "selfheal_job_seconds", "histogram", "How long jobs took");
	for (int i = 0; i < JOB_BUCKETS; i++) {
		sum += atomic_load(&c->jobs_in_bucket[i]);
		buf_printf(out, "selfheal_job_seconds_bucket{le=\"%d\"} %llu\n",
			job_second_buckets[i], sum);
	}
	sum += atomic_load(&c->jobs_in_bucket[JOB_BUCKETS]);
	buf_printf(out,
		"selfheal_job_seconds_bucket{le=\"+Inf\"} %llu\nselfheal_job_seconds_sum %.3f\n"
		"selfheal_job_seconds_count %llu\n",
		sum, (double)atomic_load(&c->job_ms) / 1000, sum);
}

static void add_jobs(struct buf *out, struct counts *c)
{
	head(out, "selfheal_jobs_total", "counter", "Jobs by how they ended");
	buf_printf(out,
		"selfheal_jobs_total{result=\"done\"} %llu\n"
		"selfheal_jobs_total{result=\"retried\"} %llu\n"
		"selfheal_jobs_total{result=\"dead\"} %llu\n"
		"selfheal_jobs_total{result=\"superseded\"} %llu\n"
		"selfheal_jobs_total{result=\"lease_lost\"} %llu\n",
		atomic_load(&c->jobs_done), atomic_load(&c->jobs_retried),
		atomic_load(&c->jobs_dead), atomic_load(&c->superseded),
		atomic_load(&c->leases_lost));
	head(out, "selfheal_queue_jobs", "gauge", "Jobs in the queue");
	buf_printf(out,
		"selfheal_queue_jobs{state=\"waiting\"} %lld\n"
		"selfheal_queue_jobs{state=\"running\"} %d\n"
		"selfheal_queue_jobs{state=\"dead\"} %lld\n",
		atomic_load(&c->waiting), atomic_load(&c->jobs_running), atomic_load(&c->dead));
	one(out, "selfheal_queue_oldest_timestamp_seconds", "gauge",
		"When the oldest waiting job came; 0 when none waits",
		(double)atomic_load(&c->oldest_waiting_at));
}

/* Pages that are in memory; /proc/self/statm's second number. */
static double resident_bytes(void)
{
	BUF_AUTO text = BUF_INIT(256);
	struct err ignored = ERR_INIT;
	int64_t pages = 0;
	struct str rest, word;

	if (file_read(&text, "/proc/self/statm", &ignored) < 0)
		return 0;
	rest = buf_view(&text);
	if (str_next(&rest, ' ', &word) && str_next(&rest, ' ', &word))
		(void)str_to_i64(word, 0, INT64_MAX, &pages);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

void status_metrics(struct buf *out, struct status *s)
{
	struct spool_state spool;

	spool_state(s->spool, &spool);
	add_deliveries(out, s->counts);
	one(out, "selfheal_last_delivery_timestamp_seconds", "gauge",
		"When a delivery was stored last: the heartbeat",
		(double)atomic_load(&s->counts->last_delivery_s));
	add_ingested(out, s->counts);
	add_jobs(out, s->counts);
	add_job_seconds(out, s->counts);
	one(out, "selfheal_spool_bytes", "gauge", "The spool's files that are not read yet",
		(double)spool.bytes);
	one(out, "selfheal_spool_limit_bytes", "gauge", "How large they may become",
		(double)spool.max_bytes);
	one(out, "selfheal_spool_commits_total", "counter", "Writes that were synced to disk",
		(double)spool.commits);
	one(out, "selfheal_store_up", "gauge", "Whether the store took what came last",
		atomic_load(&s->counts->store_works));
	one(out, "selfheal_spool_up", "gauge", "Whether the spool took what came last",
		atomic_load(&s->counts->spool_works));
	one(out, "process_start_time_seconds", "gauge", "When this process started",
		(double)s->started_s);
	one(out, "process_resident_memory_bytes", "gauge", "Its memory", resident_bytes());
}

static void answer_json(struct httpd_request *r, int status, struct json_t *j)
{
	BUF_AUTO text = BUF_INIT(4096);

	json_write(&text, j, 0);
	httpd_answer(r, &(struct httpd_answer){.status = status, .body = buf_view(&text)});
}

static void health(void *data, struct httpd_request *r, struct str body)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();

	(void)data, (void)body;
	json_put_c(j, "service", "serve");
	json_put_c(j, "status", "ok");
	json_put_c(j, "version", SELFHEAL_VERSION);
	answer_json(r, 200, j);
}

/* Whether a delivery sent now would be taken and worked on. */
static void ready(void *data, struct httpd_request *r, struct str body)
{
	struct status *s = data;
	CLEANUP(json_freep) struct json_t *j = json_obj();
	struct spool_state spool;
	bool store = atomic_load(&s->counts->store_works), disk, room;

	(void)body;
	spool_state(s->spool, &spool);
	disk = atomic_load(&s->counts->spool_works);
	room = spool.bytes < spool.max_bytes;
	json_put_bool(j, "ready", store && disk && room);
	json_put_bool(j, "spool", disk);
	json_put_bool(j, "spool_has_room", room);
	json_put_bool(j, "store", store);
	answer_json(r, store && disk && room ? 200 : 503, j);
}

static void metrics(void *data, struct httpd_request *r, struct str body)
{
	BUF_AUTO text = BUF_INIT(METRICS_BYTES);

	(void)body;
	status_metrics(&text, data);
	httpd_answer(r, &(struct httpd_answer){.status = 200,
				.type = "text/plain; version=0.0.4; charset=utf-8",
				.body = buf_view(&text)});
}

void status_routes(struct status *s, struct httpd_route out[STATUS_ROUTES])
{
	out[0] = (struct httpd_route){
		.method = "GET", .path = "/healthz", .handle = health, .data = s};
	out[1] = (struct httpd_route){
		.method = "GET", .path = "/readyz", .handle = ready, .data = s};
	out[2] = (struct httpd_route){
		.method = "GET", .path = "/metrics", .handle = metrics, .data = s};
}
