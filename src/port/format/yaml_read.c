/* yaml_read: typed members of a map, with messages that name the line. */
#include <stdarg.h>
#include <stdio.h>

#include "port/format/yaml.h"

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (str_eq_c(map->pairs[i].key, key))
			return map->pairs[i].value;
	return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
	if (!node)
		return true;
	if (node->kind != YAML_SCALAR || node->style != YAML_PLAIN)
		return false;
	return node->text.n == 0 || str_eq_c(node->text, "~") || str_eq_c(node->text, "null");
}

static int error_at(const char *source, int line, struct err *err, const char *what)
{
	return err_set(err, ERR_CONFIG, "cannot parse '%s' line %d: %s", source, line, what);
}

int yaml_error(const struct yaml_node *node, struct err *err, const char *fmt, ...)
{
	char what[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return error_at(node->source, node->line, err, what);
}

static const char *kind_name(enum yaml_kind kind)
{
	static const char *const names[] = {"a text", "a list", "a map"};

	return names[kind];
}

int yaml_want(const struct yaml_node *node, enum yaml_kind kind, struct err *err)
{
	if (node->kind == kind)
		return 0;
	return yaml_error(node, err, "expected %s, not %s", kind_name(kind), kind_name(node->kind));
}

static const char *nearest(struct str key, const char *const *known, size_t n)
{
	const char *best = NULL;
	int best_distance = 3;

	for (size_t i = 0; i < n; i++) {
		int distance = str_distance(key, str_of(known[i]), 2);

		if (distance < best_distance) {
			best = known[i];
			best_distance = distance;
		}
	}
	return best;
}

static bool is_known(struct str key, const char *const *known, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_c(key, known[i]))
			return true;
	return false;
}

int yaml_check_keys(
	const struct yaml_node *map, const char *const *known, size_t n, struct err *err)
{
	if (yaml_want(map, YAML_MAP, err) < 0)
		return -1;
	for (size_t i = 0; i < map->n; i++) {
		struct str key = map->pairs[i].key;
		const char *like;
		char what[300];

		if (is_known(key, known, n))
			continue;
		like = nearest(key, known, n);
		key = str_slice(key, 0, 100);
		snprintf(what, sizeof(what), "unknown key '%.*s'%s%s%s", STR_ARGS(key),
			like ? " (did you mean '" : "", like ? like : "", like ? "'?)" : "");
		return error_at(map->source, map->pairs[i].line, err, what);
	}
	return 0;
}

/* > 0: *out is a scalar to read. */
static int get_scalar(
	const struct yaml_node *map, const char *key, const struct yaml_node **out, struct err *err)
{
	const struct yaml_node *node = yaml_get(map, key);

	if (yaml_is_null(node))
		return 0;
	if (node->kind != YAML_SCALAR)
		return yaml_error(
			node, err, "'%s' must be a text, not %s", key, kind_name(node->kind));
	*out = node;
	return 1;
}

int yaml_read_str(const struct yaml_node *map, const char *key, struct str *out, struct err *err)
{
	const struct yaml_node *node = NULL;
	int rc = get_scalar(map, key, &node, err);

	if (rc > 0 && node)
		*out = node->text;
	return rc < 0 ? -1 : 0;
}

int yaml_read_bool(const struct yaml_node *map, const char *key, bool *out, struct err *err)
{
	static const char *const words[] = {"true", "yes", "on", "false", "no", "off"};
	const struct yaml_node *node = NULL;
	int rc = get_scalar(map, key, &node, err);

	if (rc <= 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(words) && node->style == YAML_PLAIN; i++)
		if (str_eq_nocase(node->text, str_of(words[i]))) {
			*out = i < 3;
			return 0;
		}
	return yaml_error(node, err, "'%s' must be true or false", key);
}

int yaml_read_int(
	const struct yaml_node *map, const char *key, int min, int max, int *out, struct err *err)
{
	const struct yaml_node *node = NULL;
	int rc = get_scalar(map, key, &node, err);

	if (rc <= 0)
		return rc;
	if (!str_to_int(node->text, min, max, out))
		return yaml_error(
			node, err, "'%s' must be a whole number from %d to %d", key, min, max);
	return 0;
}

int yaml_read_real(const struct yaml_node *map, const char *key, double min, double max,
	double *out, struct err *err)
{
	const struct yaml_node *node = NULL;
	int rc = get_scalar(map, key, &node, err);
	double value;

	if (rc <= 0)
		return rc;
	if (!str_to_double(node->text, &value) || !(value >= min && value <= max))
		return yaml_error(node, err, "'%s' must be a number from %g to %g", key, min, max);
	*out = value;
	return 0;
}

int yaml_read_strs(const struct yaml_node *map, const char *key, struct str **out, size_t *n,
	struct arena *mem, struct err *err)
{
	const struct yaml_node *node = yaml_get(map, key);
	struct str *texts;

	if (yaml_is_null(node))
		return 0;
	if (node->kind == YAML_MAP)
		return yaml_error(node, err, "'%s' must be a list of texts", key);
	texts = arena_array(mem, node->kind == YAML_LIST ? node->n : 1, sizeof(*texts));
	if (node->kind == YAML_SCALAR)
		texts[0] = node->text;
	for (size_t i = 0; node->kind == YAML_LIST && i < node->n; i++) {
		if (node->items[i]->kind != YAML_SCALAR)
			return yaml_error(node->items[i], err, "'%s' must hold texts only", key);
		texts[i] = node->items[i]->text;
	}
	*out = texts;
	*n = node->kind == YAML_LIST ? node->n : 1;
	return 0;
}
