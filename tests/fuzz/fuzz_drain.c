/* Log lines of outsiders, and templates as text: mined, written, read again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "kit/drain/drain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct drain *mine(struct str text)
{
	struct drain *drain = NULL;
	struct err err = ERR_INIT;
	struct str line;

	if (drain_new(&drain, &err) < 0)
		abort();
	for (int64_t number = 1; str_next_line(&text, &line); number++) {
		uint32_t id = drain_resolve(drain, drain_add(drain, line, number));

		assert(drain_resolve(drain, id) == id);
		assert(!id || drain_count(drain, id) > 0);
	}
	return drain;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_make((const char *)data, size);
	struct drain *drain, *other = NULL;
	struct err err = ERR_INIT;
	struct buf out;

	if (size > 1 << 14)
		return 0;
	drain = mine(text);
	buf_init(&out, 1 << 24);
	drain_write(drain, &out);
	assert(!out.over);
	if (drain_new(&other, &err) < 0)
		abort();
	if (drain_read(other, buf_view(&out), &err) < 0)
		abort();
	(void)!drain_read(other, text, &err);
	buf_release(&out);
	drain_free(drain);
	drain_free(other);
	return 0;
}
