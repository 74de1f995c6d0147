#include "repair/fixits.h"

#include "base/limits.h"

enum { FIXITS_MAX = 32 };

static const double fixit_prior = 0.8;

/* The offset of a 1-based line and byte column, or SIZE_MAX when the text has no such place. */
static size_t offset_of(struct str text, int line, int column)
{
	struct str rest = text;
	size_t at;

	for (int i = 1; i < line; i++) {
		ptrdiff_t end = str_find_char(rest, '\n');

		if (end < 0)
			return SIZE_MAX;
		rest = str_from(rest, (size_t)end + 1);
	}
	at = (size_t)(rest.p - text.p) + (size_t)(column > 0 ? column - 1 : 0);
	return line > 0 && at <= text.n ? at : SIZE_MAX;
}

static bool to_edit(struct edit *out, const struct failure *f, const struct rewrite_file *file)
{
	out->path = file->path;
	out->start = offset_of(file->content, f->fix_line, f->fix_column);
	out->end = offset_of(file->content, f->fix_end_line, f->fix_end_column);
	out->text = f->fixit;
	return out->start != SIZE_MAX && out->end != SIZE_MAX && out->start <= out->end;
}

static bool find_edit(struct edit *out, const struct failure *f, const struct scene *scene)
{
	if (!f->fixit.p)
		return false;
	for (size_t i = 0; i < scene->n_files; i++)
		if (str_eq(scene->files[i].path, f->file))
			return to_edit(out, f, &scene->files[i]);
	return false;
}

static struct patch patch_of(const struct edit *edits, size_t n, struct str what, struct arena *mem)
{
	return (struct patch){.edits = edits,
		.n = n,
		.source = STR("fixit"),
		.origin = STR("compiler"),
		.note = arena_printf(mem, "the compiler's own fix: %.*s", STR_ARGS(what)),
		.prior = fixit_prior,
		.score = fixit_prior};
}

static bool overlaps(const struct edit *edits, size_t n, const struct edit *e)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(edits[i].path, e->path) && e->start <= edits[i].end &&
			edits[i].start <= e->end)
			return true;
	return false;
}

struct patch *fixits_collect(const struct scene *scene, size_t *n, struct arena *mem)
{
	struct patch *patches = arena_array(mem, FIXITS_MAX + 1, sizeof(*patches));
	struct edit *all = arena_array(mem, FIXITS_MAX, sizeof(*all));
	size_t together = 0;

	*n = 0;
	vec_each (f, &scene->failures.items) {
		struct edit *e = arena_new(mem, struct edit);

		if (*n == FIXITS_MAX)
			break;
		if (!find_edit(e, f, scene))
			continue;
		patches[(*n)++] = patch_of(e, 1, f->message, mem);
		if (!overlaps(all, together, e))
			all[together++] = *e;
	}
	if (together > 1)
		patches[(*n)++] = patch_of(all, together, STR("all of them"), mem);
	return patches;
}
