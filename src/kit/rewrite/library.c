#include "kit/rewrite/library.h"

#include "base/embed.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/overlay.h"

void library_init(struct library *l, const char *dir, struct str user_rules)
{
	*l = (struct library){.dir = dir, .user_rules = user_rules};
}

void library_release(struct library *l)
{
	for (size_t i = 0; i < l->n; i++) {
		template_set_release(&l->sets[i]);
		pack_release(&l->packs[i]);
	}
	arena_release(&l->mem);
	*l = (struct library){0};
}

static int read_file(struct str *out, const char *path, struct arena *mem, struct err *err)
{
	BUF_AUTO text;

	buf_init(&text, LIMIT_CONFIG_BYTES);
	if (file_read(&text, path, err) < 0)
		return err_wrap(err, "cannot load templates");
	*out = arena_str(mem, buf_view(&text));
	return 0;
}

int library_pack_text(
	struct str *out, const char *dir, struct str language, struct arena *mem, struct err *err)
{
	struct str path;

	if (dir) {
		path = arena_printf(mem, "%s/languages/%.*s.yml", dir, STR_ARGS(language));
		if (file_is_regular(path.p))
			return read_file(out, path.p, mem, err);
	}
	path = arena_printf(mem, "templates/languages/%.*s.yml", STR_ARGS(language));
	*out = embed_get(path.p);
	return 0;
}

struct texts {
	struct template_text v[LIBRARY_FILES_MAX];
	size_t n;
};

static void add_text(struct texts *t, struct str text, const char *name, bool is_user)
{
	if (text.n && t->n < LIBRARY_FILES_MAX)
		t->v[t->n++] = (struct template_text){text, name, is_user};
}

static int gather(struct library *l, struct texts *texts, struct err *err)
{
	struct overlay files;

	if (overlay_read(&files, l->dir, "repair/", &l->mem, err) < 0)
		return -1;
	for (size_t i = 0; i < files.n; i++)
		add_text(texts, files.v[i].text, files.v[i].path, false);
	add_text(texts, l->user_rules, "rules", true);
	return 0;
}

int library_set(
	struct library *l, struct str language, const struct template_set **out, struct err *err)
{
	struct texts texts = {.n = 0};
	struct str text = STR_NULL;
	struct pack *pack;

	*out = NULL;
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->packs[i].name, language)) {
			*out = &l->sets[i];
			return 0;
		}
	if (library_pack_text(&text, l->dir, language, &l->mem, err) < 0)
		return -1;
	if (!text.p || l->n == LIBRARY_LANGUAGES_MAX)
		return 0;
	pack = &l->packs[l->n++];
	if (pack_load(pack, text, arena_printf(&l->mem, "languages/%.*s.yml", STR_ARGS(language)).p,
		    &l->mem, err) < 0 ||
		gather(l, &texts, err) < 0 ||
		template_set_load(&l->sets[l->n - 1], pack, texts.v, texts.n, &l->mem, err) < 0)
		return -1;
	*out = &l->sets[l->n - 1];
	return 0;
}
