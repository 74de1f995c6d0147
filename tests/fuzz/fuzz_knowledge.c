/* Any bytes as knowledge of strangers: imported, exported, imported again: nothing may change. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "learn/exchange.h"
#include "port/store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/selfheal-fuzz-XXXXXX";
static struct store *store;

static void leave(void)
{
	char path[64];

	store_free(store);
	snprintf(path, sizeof(path), "%s/s.db", folder);
	unlink(path);
	rmdir(folder);
}

static void enter(void)
{
	struct store_options options;
	struct err err = ERR_INIT;
	char path[64];

	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof(path), "%s/s.db", folder);
	options = (struct store_options){.path = path};
	if (store_open(&store, &options, &err) != 0)
		abort();
	atexit(leave);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exchange_import got;
	struct exchange_export counts;
	struct err err = ERR_INIT;
	BUF_AUTO text;

	if (!store)
		enter();
	buf_init(&text, 256 << 20);
	if (knowledge_import(store, str_make((const char *)data, size), &got, &err) < 0)
		return 0;
	assert(got.added + got.merged + got.same == got.fixes);
	if (!got.fixes)
		return 0;
	if (knowledge_export(store, 0, &text, &counts, &err) < 0)
		abort();
	if (knowledge_import(store, buf_view(&text), &got, &err) < 0)
		abort();
	assert(got.added == 0 && got.refused == 0);
	return 0;
}
