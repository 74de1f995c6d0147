#include "base/overlay.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/embed.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/vec.h"

#define BUILT_IN "templates/"

struct gathering {
	vec(struct overlay_file) files;
	const char *dir;
	struct arena *mem;
};

static bool is_data(const char *name)
{
	return name[0] != '.' && str_ends(str_of(name), ".yml");
}

static int add_own(struct gathering *g, const char *name, const char *path, struct err *err)
{
	BUF_AUTO text = BUF_INIT(LIMIT_CONFIG_BYTES);

	if (g->files.n == OVERLAY_FILES_MAX)
		return err_set(
			err, ERR_LIMIT, "more than %d files in '%s'", OVERLAY_FILES_MAX, g->dir);
	if (file_read(&text, path, err) < 0)
		return -1;
	vec_push(&g->files, (struct overlay_file){name, path, arena_str(g->mem, buf_view(&text))});
	return 0;
}

/* folder ends in a slash. One that is not there holds nothing. */
static int add_folder(struct gathering *g, const char *folder, int depth, struct err *err)
{
	DIR *d = opendir(arena_printf(g->mem, "%s/%s", g->dir, folder).p);
	const struct dirent *entry;
	int rc = 0;

	while (d && rc == 0 && (entry = readdir(d))) {
		const char *name = arena_printf(g->mem, "%s%s", folder, entry->d_name).p;
		const char *path = arena_printf(g->mem, "%s/%s", g->dir, name).p;

		if (is_data(entry->d_name) && file_is_regular(path))
			rc = add_own(g, name, path, err);
		else if (entry->d_name[0] != '.' && depth < OVERLAY_DEPTH_MAX && file_is_dir(path))
			rc = add_folder(g, arena_printf(g->mem, "%s/", name).p, depth + 1, err);
	}
	if (d)
		closedir(d);
	return rc;
}

static bool has(const struct gathering *g, const char *name)
{
	vec_each (file, &g->files)
		if (strcmp(file->name, name) == 0)
			return true;
	return false;
}

static void add_built_in(struct gathering *g, const char *folder)
{
	const char *prefix = arena_printf(g->mem, BUILT_IN "%s", folder).p;

	for (long i = embed_next(prefix, 0); i >= 0; i = embed_next(prefix, i + 1)) {
		const struct embed *e = &embed_table[i];
		const char *name = e->path + strlen(BUILT_IN);

		if (is_data(str_basename(str_of(name)).p) && !has(g, name))
			vec_push(&g->files,
				(struct overlay_file){name, e->path,
					str_make(e->begin, (size_t)(e->end - e->begin))});
	}
}

static int by_name(const void *a, const void *b)
{
	const struct overlay_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int overlay_read(struct overlay *out, const char *dir, const char *folder, struct arena *mem,
	struct err *err)
{
	struct gathering g = {.dir = dir, .mem = mem};
	int rc = 0;

	if (dir && !file_is_dir(dir))
		return err_set(err, ERR_CONFIG, "no folder of templates '%s'", dir);
	if (dir)
		rc = add_folder(&g, folder, 0, err);
	if (rc == 0) {
		add_built_in(&g, folder);
		qsort(g.files.v, g.files.n, sizeof(*g.files.v), by_name);
		out->v = arena_array(mem, g.files.n, sizeof(*out->v));
		out->n = g.files.n;
		memcpy(out->v, g.files.v, g.files.n * sizeof(*out->v));
	}
	vec_free(&g.files);
	return rc;
}
