/* Answers of a forge: any JSON read as each of the records, and as what a refusal says. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "port/forge/forge_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as_each(const struct json_t *j, struct arena *mem)
{
	for (size_t i = 0; forge_readers[i]; i++) {
		const struct reader *reader = forge_readers[i];

		(void)reader->read(arena_alloc(mem, reader->size), j, mem);
	}
}

static void read_members(const struct json_t *j, struct arena *mem)
{
	struct json_each each = {0};

	for (size_t i = 0; json_is_arr(j) && i < json_len(j) && i < 64; i++)
		read_as_each(json_at(j, i), mem);
	while (json_is_obj(j) && json_next(j, &each))
		for (size_t i = 0; json_is_arr(each.value) && i < json_len(each.value) && i < 64;
			i++)
			read_as_each(json_at(each.value, i), mem);
}

static void explain(struct str body, struct arena *mem)
{
	static const int statuses[] = {301, 401, 403, 404, 409, 422, 500};
	struct http_response r = {.body = body};
	struct ask ask = {.path = arena_str(mem, str_slice(body, 0, 300))};

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct err err = ERR_INIT;

		r.status = statuses[i];
		if (refusal_explain(&ask, &r, &err) != -1 || err.code == ERR_NONE)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO mem = {0};
	CLEANUP(json_freep) struct json_t *j = NULL;
	struct str text = str_make((const char *)data, size);
	struct err err = ERR_INIT;
	const char *path = path_encoded(&mem, text);

	/* What is taken as a path never leads out of its place. */
	if (path && (strstr(path, "/../") || strchr(path, '?') || strchr(path, '#')))
		abort();
	explain(text, &mem);
	if (json_parse_mended(&j, text, &err) < 0)
		return 0;
	read_as_each(j, &mem);
	read_members(j, &mem);
	return 0;
}
