#include "model/patch.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/vec.h"
#include "json/json.h"

static int by_start(const void *a, const void *b)
{
	const struct edit *x = *(const struct edit *const *)a, *y = *(const struct edit *const *)b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

int patch_apply_to(struct buf *out, const struct patch *patch, struct str path, struct str content,
	struct err *err)
{
	CLEANUP(freep) const struct edit **order = xcalloc(patch->n, sizeof(*order));
	size_t n = 0, at = 0;

	for (size_t i = 0; i < patch->n; i++)
		if (str_eq(patch->edits[i].path, path))
			order[n++] = &patch->edits[i];
	if (n)
		qsort(order, n, sizeof(*order), by_start);
	buf_reset(out);
	for (size_t i = 0; i < n; i++) {
		const struct edit *e = order[i];

		if (e->start < at || e->end < e->start || e->end > content.n)
			return err_set(err, ERR_CONFLICT, "cannot apply edit at byte %zu of '%.*s'",
				e->start, STR_ARGS(path));
		buf_str(out, str_slice(content, at, e->start));
		buf_str(out, e->text);
		at = e->end;
	}
	buf_str(out, str_from(content, at));
	if (out->over)
		return err_set(err, ERR_LIMIT, "cannot apply patch to '%.*s': over %zu bytes",
			STR_ARGS(path), out->cap);
	return 0;
}

bool patch_touches(const struct patch *patch, struct str path)
{
	for (size_t i = 0; i < patch->n; i++)
		if (str_eq(patch->edits[i].path, path))
			return true;
	return false;
}

struct str *patch_paths(const struct patch *patch, size_t *n, struct arena *mem)
{
	struct str *paths = arena_array(mem, patch->n, sizeof(*paths));

	*n = 0;
	for (size_t i = 0; i < patch->n; i++) {
		bool seen = false;

		for (size_t k = 0; k < *n && !seen; k++)
			seen = str_eq(paths[k], patch->edits[i].path);
		if (!seen)
			paths[(*n)++] = patch->edits[i].path;
	}
	return paths;
}

struct patch patch_dup(const struct patch *patch, struct arena *mem)
{
	struct edit *edits = arena_array(mem, patch->n, sizeof(*edits));
	struct patch copy = *patch;

	for (size_t i = 0; i < patch->n; i++) {
		edits[i] = patch->edits[i];
		edits[i].path = arena_str(mem, edits[i].path);
		edits[i].text = arena_str(mem, edits[i].text);
	}
	copy.edits = edits;
	copy.source = arena_str(mem, patch->source);
	copy.origin = arena_str(mem, patch->origin);
	copy.note = arena_str(mem, patch->note);
	return copy;
}

struct json_t *patch_to_json(const struct patch *patch)
{
	struct json_t *j = json_obj(), *edits = json_arr();

	for (size_t i = 0; i < patch->n; i++) {
		struct json_t *e = json_obj();

		json_put_str(e, "path", patch->edits[i].path);
		json_put_int(e, "start", (int64_t)patch->edits[i].start);
		json_put_int(e, "end", (int64_t)patch->edits[i].end);
		json_put_str(e, "text", patch->edits[i].text);
		json_push(edits, e);
	}
	json_put(j, "edits", edits);
	json_put_str(j, "source", patch->source);
	json_put_str(j, "origin", patch->origin);
	json_put_str(j, "note", patch->note);
	json_put_real(j, "prior", patch->prior);
	json_put_real(j, "score", patch->score);
	json_put_int(j, "line", patch->line);
	return j;
}

void patch_from_json(struct patch *patch, const struct json_t *j, struct arena *mem)
{
	const struct json_t *edits = json_get_arr(j, "edits");
	size_t n =
		json_len(edits) < LIMIT_CANDIDATE_EDITS ? json_len(edits) : LIMIT_CANDIDATE_EDITS;
	struct edit *copy = arena_array(mem, n, sizeof(*copy));

	for (size_t i = 0; i < n; i++) {
		const struct json_t *e = json_at(edits, i);
		int64_t start = json_get_int(e, "start", 0), end = json_get_int(e, "end", 0);

		copy[i] = (struct edit){.path = arena_str(mem, json_get_str(e, "path")),
			.start = start < 0 ? SIZE_MAX : (size_t)start,
			.end = end < 0 ? 0 : (size_t)end,
			.text = arena_str(mem, json_get_str(e, "text"))};
	}
	*patch = (struct patch){.edits = copy,
		.n = n,
		.source = arena_str(mem, json_get_str(j, "source")),
		.origin = arena_str(mem, json_get_str(j, "origin")),
		.note = arena_str(mem, json_get_str(j, "note")),
		.prior = json_get_real(j, "prior", 0),
		.score = json_get_real(j, "score", 0),
		.line = (int)json_get_int(j, "line", 0)};
}
