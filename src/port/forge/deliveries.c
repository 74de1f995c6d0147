#include <inttypes.h>

#include "base/strmap.h"
#include "port/forge/forge_private.h"

static bool read_delivery(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_delivery *d = out;

	d->id = json_get_int(j, "id", 0);
	d->delivered_at = read_time(j, "delivered_at");
	d->guid = read_str(j, "guid", mem);
	d->event = read_str(j, "event", mem);
	d->action = read_str(j, "action", mem);
	d->status_code = (int)json_get_int(j, "status_code", 0);
	return d->id > 0;
}

const struct reader delivery_reader = {"delivery", sizeof(struct forge_delivery), read_delivery};

static bool is_since(void *data, const void *item)
{
	const int64_t *since = data;
	const struct forge_delivery *d = item;

	return d->delivered_at >= *since;
}

/* The same guid comes again with each new attempt, newest first: only the last attempt counts. */
static size_t keep_failed(struct forge_delivery *v, size_t n)
{
	struct strmap seen;
	size_t kept = 0;

	strmap_init(&seen);
	for (size_t i = 0; i < n; i++) {
		bool well = v[i].status_code >= 200 && v[i].status_code < 300;

		if (strmap_put(&seen, v[i].guid, NULL) && !well)
			v[kept++] = v[i];
	}
	strmap_release(&seen);
	return kept;
}

int forge_failed_deliveries(struct forge *f, int64_t since, struct forge_delivery **out, size_t *n,
	struct arena *mem, struct err *err)
{
	struct list_query query = {.reader = &delivery_reader, .goes_on = is_since, .data = &since};
	struct ask ask = {.path = STR("/app/hook/deliveries?per_page=100"), .as = AS_APP};
	struct list list;

	if (forge_list(f, &ask, &query, &list, mem, err) < 0)
		return -1;
	*out = list.v;
	*n = keep_failed(list.v, list.n);
	return 0;
}

int forge_redeliver(struct forge *f, int64_t delivery, struct err *err)
{
	ARENA_AUTO mem = {0};
	struct ask ask = {.method = "POST",
		.as = AS_APP,
		.path = arena_printf(&mem, "/app/hook/deliveries/%" PRId64 "/attempts", delivery)};

	return forge_do(f, &ask, &mem, err);
}
