#include "app/config/config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "port/format/yaml.h"

enum { ITEMS_MAX = 1000 };

static const char *get_process(void *user, const char *name)
{
	(void)user;
	return getenv(name);
}

const struct config_env config_env_process = {.get = get_process};

static void problem(struct config *c, const char *where, int line, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

static void problem(struct config *c, const char *where, int line, const char *fmt, ...)
{
	BUF_AUTO text = BUF_INIT(LIMIT_LINE_BYTES);
	va_list args;

	va_start(args, fmt);
	buf_vprintf(&text, fmt, args);
	va_end(args);
	vec_push(&c->problems,
		(struct config_problem){
			.where = where, .line = line, .text = arena_str(&c->mem, buf_view(&text))});
}

/* Values as texts, whatever they came from. */
struct texts {
	const char *where;
	int line;
	enum config_origin origin;
	bool is_list;
	const struct str *items;
	size_t n;
};

static bool read_seconds(struct str text, double *out)
{
	static const struct {
		char unit;
		int seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	int factor = 1;

	for (size_t i = 0; text.n && i < ARRAY_LEN(units); i++)
		if (text.p[text.n - 1] == units[i].unit) {
			factor = units[i].seconds;
			text = str_trim(str_slice(text, 0, text.n - 1));
			break;
		}
	if (!str_to_double(text, out))
		return false;
	*out *= factor;
	return true;
}

static bool read_bool(struct str text, int64_t *out)
{
	static const char *const yes[] = {"true", "yes", "on", "1"};
	static const char *const no[] = {"false", "no", "off", "0"};

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		*out = str_eq_nocase(text, str_of(yes[i]));
		if (*out || str_eq_nocase(text, str_of(no[i])))
			return true;
	}
	return false;
}

static bool read_word(const struct setting *s, struct str text, int64_t *out)
{
	for (*out = 0; s->words[*out]; ++*out)
		if (str_eq_c(text, s->words[*out]))
			return true;
	return false;
}

static bool read_scalar(const struct setting *s, struct str text, struct setting_value *v)
{
	v->text = text;
	switch (s->kind) {
	case SETTING_INT:
		return str_to_i64(text, s->min, s->max, &v->number);
	case SETTING_SECONDS:
		return read_seconds(text, &v->real) && v->real >= (double)s->min &&
		       v->real <= (double)s->max;
	case SETTING_BOOL:
		return read_bool(text, &v->number);
	case SETTING_ENUM:
		return read_word(s, text, &v->number);
	default:
		return str_trim(text).n > 0 && !memchr(text.p, 0, text.n);
	}
}

/* Commands in turn until one fails, as one for the shell. */
static struct str join_commands(struct config *c, const struct texts *t)
{
	BUF_AUTO out = BUF_INIT(LIMIT_CONFIG_BYTES * 2);

	if (t->n == 1)
		return t->items[0];
	for (size_t i = 0; i < t->n; i++)
		buf_printf(&out, "%s{ %.*s\n}", i ? " && " : "", STR_ARGS(t->items[i]));
	return arena_str(&c->mem, buf_view(&out));
}

static bool takes_list(const struct setting *s)
{
	return s->kind == SETTING_COMMAND || s->kind == SETTING_COMMANDS || s->kind == SETTING_STRS;
}

static bool read_texts(
	struct config *c, const struct setting *s, const struct texts *t, struct setting_value *v)
{
	if (!takes_list(s))
		return !t->is_list && read_scalar(s, t->items[0], v);
	for (size_t i = 0; i < t->n; i++)
		if (!str_trim(t->items[i]).n || memchr(t->items[i].p, 0, t->items[i].n))
			return false;
	if (s->kind == SETTING_COMMAND) {
		v->text = t->n ? join_commands(c, t) : STR_NULL;
		return t->n > 0;
	}
	v->n = t->n;
	v->items = arena_array(&c->mem, t->n, sizeof(*v->items));
	if (t->n)
		memcpy(v->items, t->items, t->n * sizeof(*v->items));
	return true;
}

static void wrong_value(struct config *c, const struct setting *s, const struct texts *t)
{
	BUF_AUTO wants = BUF_INIT(LIMIT_LINE_BYTES);

	setting_wants(s, &wants);
	if (t->is_list && !takes_list(s))
		problem(c, t->where, t->line, "'%s' takes %s, not a list", s->key,
			buf_text(&wants));
	else if (t->n != 1)
		problem(c, t->where, t->line, "'%s' takes %s", s->key, buf_text(&wants));
	else
		problem(c, t->where, t->line, "'%s' takes %s, not '%.*s'", s->key, buf_text(&wants),
			(int)(t->items[0].n < 80 ? t->items[0].n : 80), t->items[0].p);
}

static void set(struct config *c, const struct setting *s, const struct texts *t)
{
	struct setting_value v = {
		.set = true, .origin = t->origin, .where = t->where, .line = t->line};

	if (read_texts(c, s, t, &v))
		c->values[s - settings] = v;
	else
		wrong_value(c, s, t);
}

/* A list given as one text: commands one a line, words separated by commas. */
static void set_text(struct config *c, const struct setting *s, struct texts *t, struct str text)
{
	struct str items[ITEMS_MAX], rest = text, item;
	bool by_line = s->kind == SETTING_COMMANDS;

	t->items = &text;
	t->n = 1;
	if (by_line || s->kind == SETTING_STRS) {
		t->items = items;
		for (t->n = 0; t->n < ITEMS_MAX && str_next(&rest, by_line ? '\n' : ',', &item);)
			if (str_trim(item).n)
				items[t->n++] = str_trim(item);
	}
	set(c, s, t);
}

void config_set(struct config *c, enum setting_id id, enum config_origin origin, const char *where,
	struct str text)
{
	struct texts t = {.where = arena_cstr(&c->mem, str_of(where)), .origin = origin};

	set_text(c, &settings[id], &t, arena_str(&c->mem, text));
}

void config_init(struct config *c)
{
	*c = (struct config){0};
	arena_init(&c->mem);
	for (int i = 0; i < SETTING_COUNT; i++)
		if (settings[i].fallback)
			config_set(c, i, ORIGIN_DEFAULT, "default", str_of(settings[i].fallback));
	assert(!c->problems.n);
}

void config_release(struct config *c)
{
	vec_free(&c->problems);
	arena_release(&c->mem);
}

/* One file being read. */
struct reading {
	struct config *c;
	enum config_origin origin;
	const char *where;
};

static void read_value(struct reading *r, const struct setting *s, const struct yaml_pair *pair)
{
	const struct yaml_node *node = pair->value;
	struct str items[ITEMS_MAX];
	struct texts t = {
		.where = r->where, .line = pair->line, .origin = r->origin, .items = items};

	if (yaml_is_null(node))
		return;
	t.is_list = node->kind == YAML_LIST;
	if (node->kind == YAML_SCALAR)
		items[t.n++] = node->text;
	for (size_t i = 0; t.is_list && i < node->n && t.n < ITEMS_MAX; i++) {
		if (node->items[i]->kind != YAML_SCALAR) {
			problem(r->c, r->where, node->items[i]->line,
				"'%s' takes a list of texts, not of %s", s->key,
				node->items[i]->kind == YAML_MAP ? "maps" : "lists");
			return;
		}
		items[t.n++] = node->items[i]->text;
	}
	if (node->kind == YAML_MAP) {
		BUF_AUTO wants = BUF_INIT(LIMIT_LINE_BYTES);
		setting_wants(s, &wants);
		problem(r->c, r->where, pair->line, "'%s' takes %s, not a map", s->key,
			buf_text(&wants));
		return;
	}
	set(r->c, s, &t);
}

/* Whether key is a setting or a section under prefix ("" or "sandbox."). */
static const char *name_under(const struct setting *s, const char *prefix, struct str *name)
{
	struct str rest = str_of(s->key), section;

	if (!str_skip(&rest, prefix))
		return NULL;
	*name = str_cut(&rest, ".", &section) ? section : rest;
	return s->key;
}

static void unknown_key(struct reading *r, const char *prefix, const struct yaml_pair *pair)
{
	int distance = pair->key.n <= 3 ? 2 : 3;
	struct str best = STR_NULL, name;

	for (int i = 0; i < SETTING_COUNT; i++) {
		int d;
		if (!name_under(&settings[i], prefix, &name))
			continue;
		d = str_distance(name, pair->key, distance);
		if (d < distance) {
			distance = d;
			best = name;
		}
	}
	if (best.n)
		problem(r->c, r->where, pair->line, "unknown key '%s%.*s' (did you mean '%s%.*s'?)",
			prefix, STR_ARGS(pair->key), prefix, STR_ARGS(best));
	else
		problem(r->c, r->where, pair->line, "unknown key '%s%.*s'", prefix,
			STR_ARGS(pair->key));
}

static void read_map(struct reading *r, const char *prefix, const struct yaml_node *map);

static bool is_section(struct str key)
{
	struct str name;

	for (int i = 0; i < SETTING_COUNT; i++)
		if (name_under(&settings[i], "", &name) && str_eq(name, key) &&
			strlen(settings[i].key) > key.n)
			return true;
	return false;
}

static void read_pair(struct reading *r, const char *prefix, const struct yaml_pair *pair)
{
	BUF_AUTO key = BUF_INIT(LIMIT_LINE_BYTES);
	const struct setting *s;

	buf_printf(&key, "%s%.*s", prefix, STR_ARGS(pair->key));
	s = setting_find(buf_text(&key));
	if (s) {
		read_value(r, s, pair);
	} else if (!*prefix && is_section(pair->key)) {
		buf_char(&key, '.');
		read_map(r, buf_text(&key), pair->value);
	} else {
		unknown_key(r, prefix, pair);
	}
}

static void read_map(struct reading *r, const char *prefix, const struct yaml_node *map)
{
	if (yaml_is_null(map))
		return;
	if (map->kind != YAML_MAP) {
		problem(r->c, r->where, map->line, "%s%.*s%s takes a map of settings, not a %s",
			*prefix ? "'" : "the file", (int)(*prefix ? strlen(prefix) - 1 : 0), prefix,
			*prefix ? "'" : "", map->kind == YAML_LIST ? "list" : "text");
		return;
	}
	for (size_t i = 0; i < map->n; i++)
		read_pair(r, prefix, &map->pairs[i]);
}

void config_read_text(
	struct config *c, enum config_origin origin, const char *where, struct str text)
{
	struct reading r = {.c = c, .origin = origin, .where = arena_cstr(&c->mem, str_of(where))};
	const struct yaml_node *root;
	struct err err = ERR_INIT;

	if (yaml_parse(&root, text, r.where, LIMIT_CONFIG_BYTES, &c->mem, &err) < 0)
		problem(c, NULL, 0, "%s", err.msg);
	else
		read_map(&r, "", root);
}

/* Reads path if it is there; *out is then its name as messages show it. */
static int read_file(struct config *c, enum config_origin origin, const char *path,
	const char *shown, const char **out, struct err *err)
{
	BUF_AUTO text = BUF_INIT(LIMIT_CONFIG_BYTES);

	if (file_read(&text, path, err) < 0) {
		bool absent = err->sys_errno == ENOENT || err->sys_errno == ENOTDIR;
		if (absent)
			err_reset(err);
		return absent ? 0 : -1;
	}
	*out = arena_cstr(&c->mem, str_of(shown));
	config_read_text(c, origin, shown, buf_view(&text));
	return 0;
}

static int read_repository(struct config *c, const char *root, struct err *err)
{
	static const char *const names[] = {".selfheal.yml", ".github/selfheal.yml"};

	for (size_t i = 0; i < ARRAY_LEN(names) && !c->file; i++) {
		struct str path = arena_printf(&c->mem, "%s/%s", root, names[i]);
		if (read_file(c, ORIGIN_FILE, path.p, names[i], &c->file, err) < 0)
			return -1;
	}
	return 0;
}

static int read_user(struct config *c, const struct config_env *env, struct err *err)
{
	const char *base = env->get(env->user, "XDG_CONFIG_HOME");
	const char *middle = "";
	struct str path;

	if (!base || *base != '/') {
		base = env->get(env->user, "HOME");
		middle = "/.config";
	}
	if (!base || *base != '/')
		return 0;
	path = arena_printf(&c->mem, "%s%s/selfheal/config.yml", base, middle);
	return read_file(c, ORIGIN_USER_FILE, path.p, path.p, &c->user_file, err);
}

static void read_environment(struct config *c, const struct config_env *env)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		const char *value = env->get(env->user, settings[i].env);
		if (value && *value)
			config_set(c, i, ORIGIN_ENVIRONMENT, settings[i].env, str_of(value));
	}
}

int config_load(struct config *c, const char *root, const struct config_env *env, struct err *err)
{
	if (read_user(c, env, err) < 0 || read_repository(c, root, err) < 0) {
		err->code = ERR_CONFIG;
		return -1;
	}
	read_environment(c, env);
	return 0;
}

int config_load_base(struct config *c, struct str text, const char *where,
	const struct config_env *env, struct err *err)
{
	if (read_user(c, env, err) < 0) {
		err->code = ERR_CONFIG;
		return -1;
	}
	if (text.p) {
		c->file = arena_cstr(&c->mem, str_of(where));
		config_read_text(c, ORIGIN_FILE, where, text);
	}
	read_environment(c, env);
	return 0;
}

int config_check(const struct config *c, struct err *err)
{
	const struct config_problem *p = c->problems.v;
	char more[64] = "", line[32] = "";

	if (!c->problems.n)
		return 0;
	if (c->problems.n > 1)
		snprintf(more, sizeof(more), " (and %zu more, see 'selfheal config check')",
			c->problems.n - 1);
	if (p->line)
		snprintf(line, sizeof(line), " line %d", p->line);
	if (!p->where)
		return err_set(err, ERR_CONFIG, "%.*s%s", STR_ARGS(p->text), more);
	return err_set(err, ERR_CONFIG, "cannot read '%s'%s: %.*s%s", p->where, line,
		STR_ARGS(p->text), more);
}

const char *config_str(const struct config *c, enum setting_id id)
{
	return c->values[id].set ? c->values[id].text.p : NULL;
}

int64_t config_int(const struct config *c, enum setting_id id)
{
	return c->values[id].number;
}

bool config_bool(const struct config *c, enum setting_id id)
{
	return c->values[id].number != 0;
}

int64_t config_ms(const struct config *c, enum setting_id id)
{
	return (int64_t)(c->values[id].real * 1000);
}

const char *const *config_strs(struct config *c, enum setting_id id)
{
	const struct setting_value *v = &c->values[id];
	const char **out;

	if (!v->set || !v->n)
		return NULL;
	out = arena_array(&c->mem, v->n + 1, sizeof(*out));
	for (size_t i = 0; i < v->n; i++)
		out[i] = arena_cstr(&c->mem, v->items[i]);
	return out;
}

const char *config_origin_to_string(enum config_origin origin)
{
	static const char *const names[] = {"default", "user file", "file", "environment", "flag"};

	return names[origin];
}
