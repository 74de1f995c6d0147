#include "kit/rewrite/pack.h"

#include "base/buf.h"
#include "base/limits.h"
#include "port/format/yaml.h"

static const char *const type_names[TYPE_COUNT] = {"unknown", "int", "real", "bool", "string",
	"list", "tuple", "map", "set", "function", "module", "pointer", "none"};

const char *value_type_to_string(enum value_type type)
{
	return type_names[type];
}

bool value_type_from_string(struct str s, enum value_type *out)
{
	for (int i = 0; i < TYPE_COUNT; i++)
		if (str_eq_c(s, type_names[i])) {
			*out = (enum value_type)i;
			return true;
		}
	return false;
}

static int weighted_one(struct weighted *out, const struct yaml_node *node, struct err *err)
{
	if (node->kind == YAML_SCALAR) {
		*out = (struct weighted){node->text, 1};
		return 0;
	}
	if (node->kind != YAML_MAP || node->n != 1 || node->pairs[0].value->kind != YAML_SCALAR)
		return yaml_error(node, err, "expected a text or {text: weight}");
	out->text = node->pairs[0].key;
	if (!str_to_double(node->pairs[0].value->text, &out->weight) || out->weight < 0)
		return yaml_error(node, err, "bad weight");
	return 0;
}

int weighted_read(
	struct weighted_list *out, const struct yaml_node *node, struct arena *mem, struct err *err)
{
	if (yaml_want(node, YAML_LIST, err) < 0)
		return -1;
	out->n = node->n;
	out->v = arena_array(mem, node->n, sizeof(*out->v));
	for (size_t i = 0; i < node->n; i++)
		if (weighted_one(&out->v[i], node->items[i], err) < 0)
			return -1;
	return 0;
}

static int load_kinds(struct pack *pack, const struct yaml_node *root, struct err *err)
{
	static const char *const names[PACK_KIND_COUNT] = {"function", "scope", "statement",
		"block", "expression", "group", "parens", "comparison", "not", "augmented",
		"string", "name", "comma_list", "import", "comment"};
	const struct yaml_node *kinds = yaml_get(root, "kinds");

	if (!kinds)
		return yaml_error(root, err, "no 'kinds'");
	if (yaml_check_keys(kinds, names, ARRAY_LEN(names), err) < 0)
		return -1;
	for (int k = 0; k < PACK_KIND_COUNT; k++) {
		const struct yaml_node *list = yaml_get(kinds, names[k]);

		if (list && yaml_want(list, YAML_LIST, err) < 0)
			return -1;
		for (size_t i = 0; list && i < list->n; i++)
			if (!syntax_kinds_add(
				    &pack->kinds[k], pack->language, list->items[i]->text))
				return yaml_error(list->items[i], err, "no kind '%.*s' in %.*s",
					STR_ARGS(list->items[i]->text), STR_ARGS(pack->name));
	}
	return 0;
}

static int load_decisions(
	struct pack *pack, const struct yaml_node *root, struct arena *mem, struct err *err)
{
	struct str *names = NULL;
	size_t n = 0;

	if (yaml_read_strs(root, "decisions", &names, &n, mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!syntax_kinds_add(&pack->decisions, pack->language, names[i]))
			return yaml_error(yaml_get(root, "decisions"), err,
				"no kind '%.*s' in %.*s", STR_ARGS(names[i]), STR_ARGS(pack->name));
	return 0;
}

/* "- _" in the list of a level is the prefix operator "-"; "*" of `associative` says so. */
static int load_operators(
	struct pack *pack, const struct yaml_node *root, struct arena *mem, struct err *err)
{
	const struct yaml_node *levels = yaml_get(root, "operators");
	size_t n = 0;

	if (!levels || yaml_want(levels, YAML_LIST, err) < 0)
		return levels ? -1 : yaml_error(root, err, "no 'operators'");
	for (size_t i = 0; i < levels->n; i++)
		n += levels->items[i]->n;
	pack->operators.v = arena_array(mem, n, sizeof(*pack->operators.v));
	for (size_t i = 0; i < levels->n; i++) {
		const struct yaml_node *level = levels->items[i];

		if (yaml_want(level, YAML_LIST, err) < 0)
			return -1;
		for (size_t k = 0; k < level->n; k++) {
			struct str text = level->items[k]->text;
			bool prefix = str_ends(text, " _");

			if (prefix)
				text.n -= 2;
			pack->operators.v[pack->operators.n++] = (struct pack_operator){
				.text = text, .level = (int)i + 1, .prefix = prefix};
		}
	}
	return 0;
}

const struct pack_operator *pack_operator(const struct pack *pack, struct str text, bool prefix)
{
	for (size_t i = 0; i < pack->operators.n; i++)
		if (pack->operators.v[i].prefix == prefix &&
			str_eq(pack->operators.v[i].text, text))
			return &pack->operators.v[i];
	return NULL;
}

static struct pack_operator *binary(struct pack *pack, struct str text)
{
	for (size_t i = 0; i < pack->operators.n; i++)
		if (!pack->operators.v[i].prefix && str_eq(pack->operators.v[i].text, text))
			return &pack->operators.v[i];
	return NULL;
}

/* negations and mirrors: maps read in both directions; symmetric and associative: lists. */
static int load_algebra(
	struct pack *pack, const struct yaml_node *root, struct arena *mem, struct err *err)
{
	const struct yaml_node *negations = yaml_get(root, "negations");
	const struct yaml_node *mirrors = yaml_get(root, "mirrors");
	struct str *symmetric = NULL, *associative = NULL;
	size_t n_symmetric = 0, n_associative = 0;
	struct pack_operator *a, *b;

	for (size_t i = 0; negations && i < negations->n; i++) {
		a = binary(pack, negations->pairs[i].key);
		b = binary(pack, negations->pairs[i].value->text);
		if (!a || !b)
			return yaml_error(negations, err, "unknown operator");
		a->negated = b->text;
		b->negated = a->text;
	}
	for (size_t i = 0; mirrors && i < mirrors->n; i++) {
		a = binary(pack, mirrors->pairs[i].key);
		b = binary(pack, mirrors->pairs[i].value->text);
		if (!a || !b)
			return yaml_error(mirrors, err, "unknown operator");
		a->mirrored = b->text;
		b->mirrored = a->text;
	}
	if (yaml_read_strs(root, "symmetric", &symmetric, &n_symmetric, mem, err) < 0 ||
		yaml_read_strs(root, "associative", &associative, &n_associative, mem, err) < 0)
		return -1;
	for (size_t i = 0; i < n_symmetric; i++)
		if ((a = binary(pack, symmetric[i])))
			a->mirrored = a->text;
	for (size_t i = 0; i < n_associative; i++)
		if ((a = binary(pack, associative[i])))
			a->associative = true;
	return 0;
}

static int load_table(struct pack *pack, struct str name, const struct yaml_node *table,
	struct arena *mem, struct err *err)
{
	if (yaml_want(table, YAML_MAP, err) < 0)
		return -1;
	for (size_t i = 0; i < table->n; i++) {
		struct weighted_list *list = arena_new(mem, struct weighted_list);

		if (weighted_read(list, table->pairs[i].value, mem, err) < 0)
			return -1;
		strmap_put(&pack->tables,
			arena_printf(
				mem, "%.*s/%.*s", STR_ARGS(name), STR_ARGS(table->pairs[i].key)),
			list);
	}
	return 0;
}

static int load_tables(
	struct pack *pack, const struct yaml_node *root, struct arena *mem, struct err *err)
{
	const struct yaml_node *tables = yaml_get(root, "siblings");

	for (size_t i = 0; tables && i < tables->n; i++)
		if (load_table(pack, tables->pairs[i].key, tables->pairs[i].value, mem, err) < 0)
			return -1;
	return 0;
}

struct weighted_list pack_siblings(const struct pack *pack, struct str table, struct str text)
{
	char key[256];
	int n = snprintf(key, sizeof(key), "%.*s/%.*s", STR_ARGS(table), STR_ARGS(text));
	const struct weighted_list *list = NULL;

	if (n > 0 && (size_t)n < sizeof(key))
		list = strmap_get(&pack->tables, str_make(key, (size_t)n));
	return list ? *list : (struct weighted_list){0};
}

static int load_query(struct syntax_query **out, const struct pack *pack,
	const struct yaml_node *node, struct str text, struct err *err)
{
	size_t at = 0;

	if (syntax_query_new(out, pack->language, text, &at, err) < 0)
		return yaml_error(node, err, "%s near '%.*s'", err->msg,
			STR_ARGS(str_slice(text, at, at + 40)));
	return 0;
}

/* One query of all types' patterns, so that one walk gives every type. */
static int load_types(
	struct pack *pack, const struct yaml_node *root, struct arena *mem, struct err *err)
{
	const struct yaml_node *types = yaml_get(root, "types");
	size_t begins[TYPE_COUNT + 1];
	enum value_type order[TYPE_COUNT + 1];
	BUF_AUTO text;

	buf_init(&text, LIMIT_CONFIG_BYTES);
	if (!types)
		return 0;
	if (yaml_want(types, YAML_MAP, err) < 0)
		return -1;
	for (size_t i = 0; i < types->n; i++) {
		if (i >= TYPE_COUNT ||
			(!str_eq_c(types->pairs[i].key, "flows") &&
				!value_type_from_string(types->pairs[i].key, &order[i])))
			return yaml_error(
				types, err, "unknown type '%.*s'", STR_ARGS(types->pairs[i].key));
		if (str_eq_c(types->pairs[i].key, "flows"))
			order[i] = TYPE_UNKNOWN;
		begins[i] = text.n;
		buf_str(&text, types->pairs[i].value->text);
		buf_char(&text, '\n');
	}
	if (load_query(&pack->types, pack, types, buf_view(&text), err) < 0)
		return -1;
	pack->types_of =
		arena_array(mem, syntax_query_patterns(pack->types), sizeof(*pack->types_of));
	for (size_t p = 0, i = 0; p < syntax_query_patterns(pack->types); p++) {
		while (i + 1 < types->n && syntax_query_pattern_at(pack->types, p) >= begins[i + 1])
			i++;
		pack->types_of[p] = order[i];
	}
	return 0;
}

static int load_modules(
	struct pack *pack, const struct yaml_node *root, struct arena *mem, struct err *err)
{
	const struct yaml_node *modules = yaml_get(root, "imports");

	if (!modules)
		return 0;
	if (yaml_want(modules, YAML_MAP, err) < 0)
		return -1;
	for (size_t i = 0; i < modules->n; i++) {
		struct str *text = arena_new(mem, struct str);

		*text = modules->pairs[i].value->text;
		strmap_put(&pack->modules, modules->pairs[i].key, text);
	}
	return 0;
}

static int load_words(
	struct pack *pack, const struct yaml_node *root, struct arena *mem, struct err *err)
{
	const struct yaml_node *definitions = yaml_get(root, "definitions");
	struct str layout = STR("braces"), *fragment = NULL;
	size_t n_fragment = 0;

	if (yaml_read_str(root, "layout", &layout, err) < 0 ||
		yaml_read_bool(root, "quotes_alike", &pack->quotes_alike, err) < 0 ||
		yaml_read_str(root, "empty", &pack->empty, err) < 0 ||
		yaml_read_str(root, "stub", &pack->stub, err) < 0 ||
		yaml_read_str(root, "comment", &pack->comment, err) < 0 ||
		yaml_read_str(root, "import_name", &pack->import_name, err) < 0 ||
		yaml_read_strs(root, "fragment", &fragment, &n_fragment, mem, err) < 0 ||
		yaml_read_strs(root, "builtins", &pack->builtins, &pack->n_builtins, mem, err) <
			0 ||
		yaml_read_strs(root, "keywords", &pack->keywords, &pack->n_keywords, mem, err) < 0)
		return -1;
	pack->indent = str_eq_c(layout, "indent");
	for (size_t i = 0; i < pack->n_builtins; i++)
		strmap_put(&pack->known, pack->builtins[i], pack);
	pack->fragment_before = n_fragment > 0 ? fragment[0] : STR("");
	pack->fragment_after = n_fragment > 1 ? fragment[1] : STR("");
	if (!definitions)
		return yaml_error(root, err, "no 'definitions'");
	return load_query(&pack->definitions, pack, definitions, definitions->text, err);
}

int pack_load(
	struct pack *pack, struct str yaml, const char *name, struct arena *mem, struct err *err)
{
	static const char *const keys[] = {"name", "layout", "quotes_alike", "empty", "stub",
		"fragment", "comment", "kinds", "operators", "negations", "mirrors", "symmetric",
		"associative", "siblings", "builtins", "keywords", "definitions", "types",
		"imports", "import_name", "decisions"};
	const struct yaml_node *root = NULL;

	*pack = (struct pack){0};
	strmap_init(&pack->tables);
	strmap_init(&pack->modules);
	strmap_init(&pack->known);
	if (yaml_parse(&root, yaml, name, LIMIT_CONFIG_BYTES, mem, err) < 0 ||
		yaml_check_keys(root, keys, ARRAY_LEN(keys), err) < 0 ||
		yaml_read_str(root, "name", &pack->name, err) < 0)
		return -1;
	pack->language = syntax_language(pack->name);
	if (!pack->language)
		return yaml_error(root, err, "no grammar for '%.*s'", STR_ARGS(pack->name));
	if (load_words(pack, root, mem, err) < 0 || load_kinds(pack, root, err) < 0 ||
		load_decisions(pack, root, mem, err) < 0 ||
		load_operators(pack, root, mem, err) < 0 ||
		load_algebra(pack, root, mem, err) < 0 || load_tables(pack, root, mem, err) < 0 ||
		load_types(pack, root, mem, err) < 0)
		return -1;
	return load_modules(pack, root, mem, err);
}

void pack_release(struct pack *pack)
{
	strmap_release(&pack->tables);
	strmap_release(&pack->modules);
	strmap_release(&pack->known);
	syntax_query_free(pack->definitions);
	syntax_query_free(pack->types);
	*pack = (struct pack){0};
}
