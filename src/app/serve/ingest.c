#include "app/serve/ingest.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/serve/delivery.h"
#include "app/serve/form.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "json/json.h"
#include "json/skim.h"
#include "port/store/spool.h"
#include "port/store/store.h"

enum {
	BATCH = 512, /* deliveries in a transaction: its sync is what takes time */
	BATCH_BYTES = 2 << 20,
	WAIT_MS = 500,
	GIVE_WAY_MS = 20,
	RUSH = 500,    /* deliveries a second */
	CALM_MS = 250, /* without a rush before we believe that it is over */
	RETRY_MS = 1000,
	SKIMMED_MAX = 1 << 20, /* of one body, after what nobody looks at is left out */
	PIECE = 64 << 10,
	KEEP_DAYS = 30,
	DAY_S = 86400,
};

struct ingest {
	struct ingest_options options;
	struct spool *spool;
	struct store *store;
	struct counts *counts;
	void (*queued)(void *data);
	void *data;
	pthread_t thread;
	bool started;
	atomic_bool stopping;
	struct spool_place place;
	uint64_t seen; /* records stored when we last looked at the door, */
	int64_t seen_us;
	int64_t rush_until_us; /* and until when we take it for a rush */
	int64_t forgot_at;
};

/* One delivery of a batch. */
struct item {
	struct delivery_row row;
	struct job job;
	enum event event;
	enum ingest_result result;
	struct json_t *payload;
};

/* --- reading one --- */

static void add_text(struct json_skim *skim, struct form_reader *form, struct str piece)
{
	BUF_AUTO plain = BUF_INIT(PIECE);

	if (!form) {
		json_skim_add(skim, piece);
		return;
	}
	while (piece.n) {
		buf_reset(&plain);
		form_read(form, str_slice(piece, 0, PIECE), &plain);
		json_skim_add(skim, buf_view(&plain));
		piece = str_from(piece, PIECE);
	}
}

static int skim_file(int fd, struct json_skim *skim, struct form_reader *form, struct err *err)
{
	char piece[PIECE];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) > 0)
		add_text(skim, form, str_make(piece, (size_t)n));
	return n < 0 ? err_sys(err, errno, "cannot read a large delivery") : 0;
}

/* The payload, cut down to what intake looks at; NULL with *why when it is not to be read. */
static int read_payload(struct json_t **out, const struct spool_record *record, bool form,
	const char **why, struct err *err)
{
	struct form_reader reader = {0};
	struct err parse = ERR_INIT;
	JSON_SKIM_AUTO skim;
	struct str text;

	json_skim_init(&skim, intake_members, SKIMMED_MAX);
	if (record->body_fd >= 0) {
		if (skim_file(record->body_fd, &skim, form ? &reader : NULL, err) < 0)
			return -1;
	} else {
		add_text(&skim, form ? &reader : NULL, record->body);
	}
	text = json_skim_end(&skim);
	*why = skim.out.over ? "too much in it" : "no JSON object";
	if (text.n && json_parse(out, text, &parse) < 0)
		*out = NULL;
	return 0;
}

static bool is_allowed(const struct ingest *in, struct str repo)
{
	if (!in->options.allow || !repo.n)
		return true;
	for (const char *const *glob = in->options.allow; *glob; glob++)
		if (str_glob(str_of(*glob), repo))
			return true;
	return false;
}

static void judge(struct ingest *in, struct item *item, struct arena *mem)
{
	enum intake intake;

	item->job.delivery = item->row.id;
	intake = intake_read(
		&item->job, &item->row.why, item->event, item->payload, &in->options.context, mem);
	item->row.action = json_get_str(item->payload, "action");
	item->row.repo = json_get_str(json_get_obj(item->payload, "repository"), "full_name");
	item->result = intake == INTAKE_JOB         ? INGEST_JOB
		       : intake == INTAKE_MALFORMED ? INGEST_UNREADABLE
						    : INGEST_IGNORED;
	if (item->result == INGEST_JOB && !is_allowed(in, item->job.repo))
		item->result = INGEST_REFUSED;
	if (item->result != INGEST_JOB)
		return;
	item->row.job = &item->job;
	if (item->job.kind == JOB_PUSH)
		item->result = INGEST_NOTED;
}

/* Fills the item from a record. < 0 only when the machine fails, not the delivery. */
static int read_item(struct ingest *in, struct item *item, const struct spool_record *record,
	struct arena *mem, struct err *err)
{
	struct delivery d;

	*item = (struct item){.result = INGEST_UNREADABLE};
	item->row = (struct delivery_row){.why = "an unknown record",
		.bytes = (int64_t)record->body_bytes,
		.received_at = clock_wall_s()};
	if (!delivery_read(&d, arena_str(mem, record->head)))
		return 0;
	item->event = event_from_name(d.event);
	item->row.sum = d.sum;
	item->row.id = d.id;
	item->row.event = d.event;
	item->row.received_at = d.received_s;
	item->row.why = "event";
	item->result = INGEST_IGNORED;
	if (item->event == EVENT_OTHER || item->event == EVENT_PING)
		return 0;
	item->result = INGEST_UNREADABLE;
	if (read_payload(&item->payload, record, d.form, &item->row.why, err) < 0)
		return -1;
	if (item->payload)
		judge(in, item, mem);
	return 0;
}

/* --- a batch --- */

static int read_batch(struct ingest *in, struct item *items, size_t *n, struct spool_place *place,
	struct arena *mem, struct err *err)
{
	BUF_AUTO text = BUF_INIT(4 * SPOOL_BODY_MAX);
	struct spool_record record;
	uint64_t bytes = 0;
	int rc = 0;

	for (*n = 0; *n < BATCH && bytes < BATCH_BYTES && rc == 0;) {
		rc = spool_next(in->spool, place, &record, &text, err);
		if (rc)
			break;
		rc = read_item(in, &items[*n], &record, mem, err);
		if (record.body_fd >= 0)
			close_fd(record.body_fd);
		bytes += record.body_bytes;
		*n += rc == 0;
	}
	return rc < 0 ? -1 : 0;
}

static void count(struct ingest *in, struct item *item, enum queued queued)
{
	static const enum ingest_result results[] = {[QUEUED_KNOWN] = INGEST_DUPLICATE,
		[QUEUED_DUPLICATE] = INGEST_DUPLICATE,
		[QUEUED_OUTDATED] = INGEST_OUTDATED,
		[QUEUED_CROWDED] = INGEST_CROWDED};

	if (queued != QUEUED)
		item->result = results[queued];
	count_up(&in->counts->ingested[item->event][item->result]);
}

static int store_batch(struct ingest *in, struct item *items, size_t n,
	const struct spool_place *place, struct arena *mem, struct err *err)
{
	struct delivery_row *rows = arena_array(mem, n, sizeof(*rows));
	enum queued *queued = arena_array(mem, n, sizeof(*queued));
	uint64_t superseded = 0;
	bool jobs = false;

	for (size_t i = 0; i < n; i++) {
		items[i].row.result = ingest_result_to_string(items[i].result);
		rows[i] = items[i].row;
	}
	if (queue_ingest(in->store, rows, n, place, &in->options.rules, queued, &superseded, err) <
		0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		count(in, &items[i], queued[i]);
		jobs = jobs || items[i].result == INGEST_JOB;
	}
	atomic_fetch_add(&in->counts->superseded, superseded);
	if (jobs)
		in->queued(in->data);
	return 0;
}

/* How many were taken on, or < 0: then the same ones come again. */
static int ingest_some(struct ingest *in, struct err *err)
{
	struct spool_place place = in->place;
	struct item *items;
	ARENA_AUTO mem;
	size_t n = 0;
	int rc;

	arena_init(&mem);
	items = arena_array(&mem, BATCH, sizeof(*items));
	rc = read_batch(in, items, &n, &place, &mem, err);
	if (rc == 0 && n)
		rc = store_batch(in, items, n, &place, &mem, err);
	for (size_t i = 0; i < n; i++)
		json_free(items[i].payload);
	if (rc < 0)
		return -1;
	in->place = place;
	spool_release(in->spool, place);
	return (int)n;
}

/* --- the thread --- */

/* Whether deliveries come so fast that the door needs the processor more than we do. */
static bool is_rush(struct ingest *in)
{
	int64_t now_us = clock_mono_us(), took_us = now_us - in->seen_us;
	struct spool_state now;

	if (took_us < GIVE_WAY_MS * 1000 / 2)
		return now_us < in->rush_until_us;
	spool_state(in->spool, &now);
	if ((int64_t)(now.records - in->seen) * 1000000 / took_us > RUSH)
		in->rush_until_us = now_us + CALM_MS * 1000;
	if (now.bytes > now.max_bytes / 2)
		in->rush_until_us = 0;
	in->seen = now.records;
	in->seen_us = now_us;
	return now_us < in->rush_until_us;
}

static void forget_old(struct ingest *in)
{
	int days = in->options.keep_days ? in->options.keep_days : KEEP_DAYS;
	int64_t now = clock_wall_s();
	struct err err = ERR_INIT;

	if (now - in->forgot_at < DAY_S)
		return;
	in->forgot_at = now;
	if (queue_forget(in->store, now - (int64_t)days * DAY_S, &err) < 0)
		log_warn("%s", err.msg);
}

/* A store that does not work is told once, and tried again: the spool keeps what comes. */
static void note_failure(struct ingest *in, const struct err *err)
{
	if (atomic_exchange(&in->counts->store_works, false))
		log_error("%s", err->msg);
	clock_sleep_ms(RETRY_MS);
}

static void *ingest_loop(void *data)
{
	struct ingest *in = data;

	while (!atomic_load(&in->stopping)) {
		struct err err = ERR_INIT;
		int n;

		spool_wait(in->spool, &in->place, WAIT_MS);
		while (is_rush(in) && !atomic_load(&in->stopping))
			clock_sleep_ms(GIVE_WAY_MS);
		n = ingest_some(in, &err);
		if (n < 0) {
			note_failure(in, &err);
			continue;
		}
		atomic_store(&in->counts->store_works, true);
		if (n == 0)
			forget_old(in);
	}
	return NULL;
}

int ingest_start(struct ingest **out, const struct ingest_options *options, struct spool *spool,
	struct store **store, struct counts *counts, void (*queued)(void *data), void *data,
	struct err *err)
{
	CLEANUP(ingest_freep) struct ingest *in = xcalloc(1, sizeof(*in));
	int no;

	in->options = *options;
	in->spool = spool;
	in->counts = counts;
	in->queued = queued;
	in->data = data;
	in->store = TAKE(*store);
	if (queue_place(in->store, &in->place, err) < 0)
		return -1;
	spool_release(spool, in->place);
	atomic_store(&counts->store_works, true);
	if ((no = pthread_create(&in->thread, NULL, ingest_loop, in)))
		return err_sys(err, no, "cannot start a thread");
	in->started = true;
	*out = TAKE(in);
	return 0;
}

void ingest_free(struct ingest *in)
{
	if (!in)
		return;
	atomic_store(&in->stopping, true);
	if (in->started)
		pthread_join(in->thread, NULL);
	store_free(in->store);
	free(in);
}
