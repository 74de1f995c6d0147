#include "port/forge/forge_private.h"

#include "base/alloc.h"

/* A few answers that are asked for again and again, least recently used first out. An answer that
 * did not change (304) costs nothing of the limit. */

struct cache_item *cache_find(struct forge *f, struct str path)
{
	for (size_t i = 0; i < CACHE_ITEMS; i++) {
		struct cache_item *item = &f->cache[i];

		if (!item->path || !str_eq_c(path, item->path))
			continue;
		item->used = ++f->cache_clock;
		return item;
	}
	return NULL;
}

static void drop(struct forge *f, struct cache_item *item)
{
	f->cache_bytes -= item->size;
	free(item->path);
	free(item->etag);
	free(item->body);
	free(item->link);
	*item = (struct cache_item){0};
}

static struct cache_item *oldest(struct forge *f, bool filled)
{
	struct cache_item *found = NULL;

	for (size_t i = 0; i < CACHE_ITEMS; i++) {
		struct cache_item *item = &f->cache[i];

		if (filled && !item->path)
			continue;
		if (!found || item->used < found->used)
			found = item;
	}
	return found;
}

static char *copy(struct str s)
{
	return xstrndup(s.p ? s.p : "", s.n);
}

void cache_store(
	struct forge *f, struct str path, struct str etag, struct str body, struct str link)
{
	struct cache_item *item = cache_find(f, path);
	size_t size = path.n + etag.n + body.n + link.n;

	if (item)
		drop(f, item);
	if (!etag.n || size > CACHE_ITEM_BYTES)
		return;
	while (f->cache_bytes + size > CACHE_BYTES && (item = oldest(f, true)))
		drop(f, item);
	item = oldest(f, false);
	if (item->path)
		drop(f, item);
	*item = (struct cache_item){.path = copy(path),
		.etag = copy(etag),
		.body = copy(body),
		.link = copy(link),
		.size = size,
		.used = ++f->cache_clock};
	f->cache_bytes += size;
}

void cache_release(struct forge *f)
{
	for (size_t i = 0; i < CACHE_ITEMS; i++)
		if (f->cache[i].path)
			drop(f, &f->cache[i]);
}
