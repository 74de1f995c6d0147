#include "kit/rewrite/template.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/vec.h"
#include "kit/rewrite/scope.h"
#include "port/format/yaml.h"

struct loader {
	struct pack *pack;
	struct arena *mem;
	struct err *err;
	struct buf query; /* all patterns */
	vec(struct template) templates;
	vec(size_t) begins;                  /* of each template's patterns in query */
	vec(const struct yaml_node *) nodes; /* of each template, for messages */
};

static int read_kinds(
	struct loader *l, const struct yaml_node *map, const char *key, struct syntax_kinds *out)
{
	const struct yaml_node *node = yaml_get(map, key);
	struct str *texts = NULL;
	size_t n = 0;

	if (yaml_read_strs(map, key, &texts, &n, l->mem, l->err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!syntax_kinds_add(out, l->pack->language, texts[i]))
			return yaml_error(node, l->err, "no kind '%.*s' in %.*s",
				STR_ARGS(texts[i]), STR_ARGS(l->pack->name));
	return 0;
}

static int read_regex(
	struct loader *l, const struct yaml_node *map, const char *key, struct regex **out)
{
	struct str pattern = STR_NULL;

	if (yaml_read_str(map, key, &pattern, l->err) < 0)
		return -1;
	if (pattern.p && regex_new(out, pattern, l->err) < 0)
		return yaml_error(map, l->err, "%s", l->err->msg);
	return 0;
}

/* A list of words as bits; find gives a word's number. */
static int read_bits(struct loader *l, const struct yaml_node *map, const char *key, unsigned *bits,
	bool (*find)(struct str s, int *out))
{
	struct str *texts = NULL;
	size_t n = 0;

	if (yaml_read_strs(map, key, &texts, &n, l->mem, l->err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int number;

		if (!find(texts[i], &number))
			return yaml_error(yaml_get(map, key), l->err, "unknown word '%.*s' in '%s'",
				STR_ARGS(texts[i]), key);
		*bits |= 1u << number;
	}
	return 0;
}

static bool find_type(struct str s, int *out)
{
	enum value_type type;
	bool found = value_type_from_string(s, &type);

	*out = found ? (int)type : 0;
	return found;
}

static bool find_class(struct str s, int *out)
{
	enum name_class class;
	bool found = name_class_from_string(s, &class);

	*out = found ? (int)class : 0;
	return found;
}

static bool find_failure_kind(struct str s, int *out)
{
	enum failure_kind kind;
	bool found = failure_kind_from_string(s, &kind);

	*out = found ? (int)kind : 0;
	return found;
}

static bool find_relation(struct str s, int *out)
{
	enum relation relation;
	bool found = relation_from_string(s, &relation);

	*out = found ? (int)relation : 0;
	return found;
}

static int read_condition_shape(struct loader *l, struct condition *c, const struct yaml_node *map)
{
	struct err *err = l->err;

	if (read_kinds(l, map, "kind", &c->kind) < 0 ||
		read_kinds(l, map, "not_kind", &c->not_kind) < 0 ||
		read_kinds(l, map, "parent", &c->parent) < 0 ||
		read_kinds(l, map, "not_parent", &c->not_parent) < 0 ||
		read_kinds(l, map, "inside", &c->inside) < 0 ||
		read_kinds(l, map, "not_inside", &c->not_inside) < 0 ||
		read_kinds(l, map, "has", &c->has) < 0 ||
		read_kinds(l, map, "lacks", &c->lacks) < 0)
		return -1;
	c->max_children = CHILDREN_MAX;
	if (yaml_read_int(map, "min_children", 0, CHILDREN_MAX, &c->min_children, err) < 0 ||
		yaml_read_int(map, "max_children", 0, CHILDREN_MAX, &c->max_children, err) < 0)
		return -1;
	if (yaml_read_strs(map, "not_field", &c->not_field, &c->n_not_field, l->mem, err) < 0)
		return -1;
	return yaml_read_strs(map, "field", &c->field, &c->n_field, l->mem, err);
}

/* true: 1, false: -1, absent: 0. */
static int read_sign(struct loader *l, const struct yaml_node *map, const char *key, int *out)
{
	bool flag = false;

	if (yaml_read_bool(map, key, &flag, l->err) < 0)
		return -1;
	if (yaml_get(map, key))
		*out = flag ? 1 : -1;
	return 0;
}

static int read_condition(
	struct loader *l, struct condition *c, struct str capture, const struct yaml_node *map)
{
	static const char *const keys[] = {"text", "not_text", "matches", "not_matches", "kind",
		"not_kind", "parent", "not_parent", "inside", "not_inside", "has", "lacks",
		"same_as", "differs", "field", "not_field", "type", "not_type", "name", "not_name",
		"min_children", "max_children", "last", "defines", "member"};
	c->capture = capture;
	if (yaml_check_keys(map, keys, ARRAY_LEN(keys), l->err) < 0 ||
		yaml_read_strs(map, "text", &c->text, &c->n_text, l->mem, l->err) < 0 ||
		yaml_read_strs(map, "not_text", &c->not_text, &c->n_not_text, l->mem, l->err) < 0 ||
		yaml_read_strs(map, "same_as", &c->same_as, &c->n_same_as, l->mem, l->err) < 0 ||
		yaml_read_strs(map, "differs", &c->differs, &c->n_differs, l->mem, l->err) < 0 ||
		read_regex(l, map, "matches", &c->matches) < 0 ||
		read_regex(l, map, "not_matches", &c->not_matches) < 0 ||
		read_bits(l, map, "type", &c->types, find_type) < 0 ||
		read_bits(l, map, "not_type", &c->not_types, find_type) < 0 ||
		read_bits(l, map, "name", &c->names, find_class) < 0 ||
		read_bits(l, map, "not_name", &c->not_names, find_class) < 0 ||
		read_sign(l, map, "last", &c->last) < 0 ||
		read_sign(l, map, "defines", &c->defines) < 0 ||
		read_sign(l, map, "member", &c->member) < 0)
		return -1;
	return read_condition_shape(l, c, map);
}

static int read_where(struct loader *l, struct template *t, const struct yaml_node *map)
{
	const struct yaml_node *where = yaml_get(map, "where");

	if (!where)
		return 0;
	if (yaml_want(where, YAML_MAP, l->err) < 0)
		return -1;
	t->where = arena_array(l->mem, where->n, sizeof(*t->where));
	for (; t->n_where < where->n; t->n_where++)
		if (read_condition(l, &t->where[t->n_where], where->pairs[t->n_where].key,
			    where->pairs[t->n_where].value) < 0)
			return t->n_where++, -1;
	return 0;
}

static int read_evidence(struct loader *l, struct evidence_rule *rule, const struct yaml_node *map)
{
	static const char *const keys[] = {"kind", "type", "message", "relation", "near", "times"};

	rule->near = -1;
	rule->times = 1;
	if (yaml_check_keys(map, keys, ARRAY_LEN(keys), l->err) < 0 ||
		read_bits(l, map, "kind", &rule->kinds, find_failure_kind) < 0 ||
		read_bits(l, map, "relation", &rule->relations, find_relation) < 0 ||
		read_regex(l, map, "type", &rule->type) < 0 ||
		read_regex(l, map, "message", &rule->message) < 0 ||
		yaml_read_int(map, "near", 0, 1000, &rule->near, l->err) < 0)
		return -1;
	return yaml_read_real(map, "times", 0, 1000, &rule->times, l->err);
}

static int read_evidences(struct loader *l, const struct yaml_node *map, const char *key,
	struct evidence_rule **out, size_t *n)
{
	const struct yaml_node *list = yaml_get(map, key);

	if (!list)
		return 0;
	if (yaml_want(list, YAML_LIST, l->err) < 0)
		return -1;
	*out = arena_array(l->mem, list->n, sizeof(**out));
	for (; *n < list->n; ++*n)
		if (read_evidence(l, &(*out)[*n], list->items[*n]) < 0)
			return ++*n, -1;
	return 0;
}

static const char *const generators[INGREDIENT_KIND_COUNT] = {"list", "siblings", "names",
	"members", "numbers", "literals", "expressions", "statements", "parts", "elements", "words",
	"imports", "keywords"};

/* The key that names the generator; its value is what it works on. */
static int read_generator(struct loader *l, struct ingredient *in, const struct yaml_node *map)
{
	for (int k = 0; k < INGREDIENT_KIND_COUNT; k++) {
		const struct yaml_node *value = yaml_get(map, generators[k]);

		if (!value)
			continue;
		in->kind = (enum ingredient_kind)k;
		switch (in->kind) {
		case INGREDIENT_LIST:
			return weighted_read(&in->list, value, l->mem, l->err);
		case INGREDIENT_NAMES:
			return read_bits(l, map, "names", &in->names, find_class);
		case INGREDIENT_LITERALS:
		case INGREDIENT_EXPRESSIONS:
		case INGREDIENT_STATEMENTS:
		case INGREDIENT_PARTS:
			return read_kinds(l, map, generators[k], &in->kinds);
		default:
			in->of = value->text;
			return yaml_want(value, YAML_SCALAR, l->err);
		}
	}
	return yaml_error(map, l->err, "an ingredient names no generator");
}

static int read_ingredient(
	struct loader *l, struct ingredient *in, struct str name, const struct yaml_node *map)
{
	static const char *const keys[] = {"list", "siblings", "names", "members", "numbers",
		"literals", "expressions", "statements", "parts", "elements", "words", "imports",
		"keywords", "of", "in", "like", "distance", "type_of", "type", "from", "change",
		"not", "matches", "max", "max_length", "rename", "as_is", "weight"};
	struct err *err = l->err;

	*in = (struct ingredient){.name = name,
		.distance = 2,
		.max = 400,
		.max_length = 120,
		.as_is = true,
		.weight = 1,
		.from = STR("function")};
	if (map->kind == YAML_LIST) {
		in->kind = INGREDIENT_LIST;
		return weighted_read(&in->list, map, l->mem, err);
	}
	if (yaml_check_keys(map, keys, ARRAY_LEN(keys), err) < 0 ||
		read_generator(l, in, map) < 0 || yaml_read_str(map, "of", &in->of, err) < 0 ||
		yaml_read_str(map, "in", &in->in, err) < 0 ||
		yaml_read_str(map, "like", &in->like, err) < 0 ||
		yaml_read_int(map, "distance", 0, 10, &in->distance, err) < 0 ||
		yaml_read_str(map, "type_of", &in->type_of, err) < 0 ||
		read_bits(l, map, "type", &in->types, find_type) < 0 ||
		yaml_read_str(map, "from", &in->from, err) < 0 ||
		yaml_read_strs(map, "change", &in->changes, &in->n_changes, l->mem, err) < 0 ||
		yaml_read_strs(map, "not", &in->not_texts, &in->n_not_texts, l->mem, err) < 0 ||
		yaml_read_int(map, "max", 1, 100000, &in->max, err) < 0 ||
		yaml_read_int(map, "max_length", 1, 10000, &in->max_length, err) < 0 ||
		yaml_read_bool(map, "rename", &in->rename, err) < 0 ||
		yaml_read_bool(map, "as_is", &in->as_is, err) < 0 ||
		yaml_read_real(map, "weight", 0, 1000, &in->weight, err) < 0)
		return -1;
	return read_regex(l, map, "matches", &in->matches);
}

static int read_ingredients(struct loader *l, struct template *t, const struct yaml_node *map)
{
	const struct yaml_node *list = yaml_get(map, "ingredients");

	if (!list)
		return 0;
	if (yaml_want(list, YAML_MAP, l->err) < 0)
		return -1;
	t->ingredients = arena_array(l->mem, list->n, sizeof(*t->ingredients));
	for (; t->n_ingredients < list->n; t->n_ingredients++)
		if (read_ingredient(l, &t->ingredients[t->n_ingredients],
			    list->pairs[t->n_ingredients].key,
			    list->pairs[t->n_ingredients].value) < 0)
			return t->n_ingredients++, -1;
	return 0;
}

/* Where the new text of an `insert` or `statement` goes. */
static int read_place(
	struct loader *l, struct edit_rule *e, const struct yaml_node *map, bool statement)
{
	static const struct {
		const char *key;
		enum edit_kind raw, statement;
	} places[] = {
		{"before", EDIT_BEFORE, EDIT_STATEMENT_BEFORE},
		{"after", EDIT_AFTER, EDIT_STATEMENT_AFTER},
		{"start_of", EDIT_BLOCK_START, EDIT_BLOCK_START},
		{"end_of", EDIT_BLOCK_END, EDIT_BLOCK_END},
	};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (!yaml_get(map, places[i].key))
			continue;
		e->kind = statement ? places[i].statement : places[i].raw;
		return yaml_read_str(map, places[i].key, &e->at, l->err);
	}
	return yaml_error(map, l->err, "an edit needs one of before, after, start_of, end_of");
}

static int read_edit(struct loader *l, struct edit_rule *e, const struct yaml_node *map)
{
	static const char *const keys[] = {"replace", "to", "with", "insert", "statement", "import",
		"before", "after", "start_of", "end_of", "delete", "swap", "indent", "like"};
	struct str *pair = NULL;
	size_t n = 0;

	if (yaml_check_keys(map, keys, ARRAY_LEN(keys), l->err) < 0 ||
		yaml_read_str(map, "replace", &e->at, l->err) < 0 ||
		yaml_read_str(map, "to", &e->to, l->err) < 0 ||
		yaml_read_str(map, "with", &e->text, l->err) < 0 ||
		yaml_read_strs(map, "swap", &pair, &n, l->mem, l->err) < 0)
		return -1;
	if (e->at.p) {
		e->kind = EDIT_REPLACE;
		return e->text.p ? 0 : yaml_error(map, l->err, "'replace' needs 'with'");
	}
	if (pair) {
		e->kind = EDIT_SWAP;
		if (n != 2)
			return yaml_error(map, l->err, "'swap' needs two captures");
		e->at = pair[0];
		e->to = pair[1];
		return 0;
	}
	if (yaml_get(map, "delete")) {
		e->kind = EDIT_DELETE;
		return yaml_read_str(map, "delete", &e->at, l->err);
	}
	if (yaml_get(map, "indent")) {
		e->kind = EDIT_INDENT;
		if (yaml_read_str(map, "indent", &e->at, l->err) < 0)
			return -1;
		return yaml_read_str(map, "like", &e->to, l->err);
	}
	if (yaml_get(map, "import")) {
		e->kind = EDIT_IMPORT;
		return yaml_read_str(map, "import", &e->text, l->err);
	}
	if (yaml_get(map, "insert"))
		return yaml_read_str(map, "insert", &e->text, l->err) < 0
			       ? -1
			       : read_place(l, e, map, false);
	if (yaml_read_str(map, "statement", &e->text, l->err) < 0)
		return -1;
	return read_place(l, e, map, true);
}

static int read_edits(struct loader *l, struct template *t, const struct yaml_node *map)
{
	const struct yaml_node *rewrite = yaml_get(map, "rewrite");

	if (!rewrite || rewrite->kind == YAML_SCALAR)
		return yaml_error(map, l->err, "no 'rewrite'");
	t->n_edits = rewrite->kind == YAML_LIST ? rewrite->n : 1;
	t->edits = arena_array(l->mem, t->n_edits, sizeof(*t->edits));
	if (rewrite->kind == YAML_MAP)
		return read_edit(l, &t->edits[0], rewrite);
	for (size_t i = 0; i < rewrite->n; i++)
		if (read_edit(l, &t->edits[i], rewrite->items[i]) < 0)
			return -1;
	return 0;
}

static int read_token(struct loader *l, struct token_pattern *token, const struct yaml_node *node)
{
	static const char *const keys[] = {"text", "class", "as", "matches"};

	if (node->kind == YAML_SCALAR) {
		token->text = node->text;
		return 0;
	}
	if (yaml_check_keys(node, keys, ARRAY_LEN(keys), l->err) < 0 ||
		yaml_read_str(node, "text", &token->text, l->err) < 0 ||
		yaml_read_str(node, "class", &token->class_, l->err) < 0 ||
		yaml_read_str(node, "as", &token->capture, l->err) < 0)
		return -1;
	return read_regex(l, node, "matches", &token->matches);
}

static int read_tokens(struct loader *l, struct template *t, const struct yaml_node *list)
{
	if (yaml_want(list, YAML_LIST, l->err) < 0)
		return -1;
	t->tokens = arena_array(l->mem, list->n, sizeof(*t->tokens));
	for (; t->n_tokens < list->n; t->n_tokens++)
		if (read_token(l, &t->tokens[t->n_tokens], list->items[t->n_tokens]) < 0)
			return t->n_tokens++, -1;
	return 0;
}

static int read_pattern(struct loader *l, struct template *t, const struct yaml_node *map)
{
	const struct yaml_node *tokens = yaml_get(map, "tokens");
	struct str query = STR_NULL;

	if (yaml_read_str(map, "query", &query, l->err) < 0)
		return -1;
	if (tokens && query.p)
		return yaml_error(map, l->err, "both 'query' and 'tokens'");
	if (tokens)
		return read_tokens(l, t, tokens);
	if (!query.p)
		return yaml_error(map, l->err, "neither 'query' nor 'tokens'");
	buf_str(&l->query, query);
	buf_char(&l->query, '\n');
	return 0;
}

static int read_template(struct loader *l, const struct yaml_node *map, bool is_user)
{
	static const char *const keys[] = {"name", "note", "prior", "query", "tokens", "where",
		"when", "boost", "ingredients", "rewrite", "same_sites", "swap_sites", "alone",
		"anywhere"};
	struct template *t;

	vec_push(&l->begins, l->query.n);
	vec_push(&l->nodes, map);
	t = vec_add(&l->templates);
	t->prior = 0.01;
	t->is_user = is_user;
	if (yaml_check_keys(map, keys, ARRAY_LEN(keys), l->err) < 0 ||
		yaml_read_str(map, "name", &t->name, l->err) < 0 ||
		yaml_read_str(map, "note", &t->note, l->err) < 0 ||
		yaml_read_real(map, "prior", 0, 1, &t->prior, l->err) < 0 ||
		yaml_read_bool(map, "same_sites", &t->same_sites, l->err) < 0 ||
		yaml_read_bool(map, "swap_sites", &t->swap_sites, l->err) < 0 ||
		yaml_read_bool(map, "alone", &t->alone, l->err) < 0 ||
		yaml_read_bool(map, "anywhere", &t->anywhere, l->err) < 0)
		return -1;
	if (!t->name.n)
		return yaml_error(map, l->err, "a template without a name");
	if (read_pattern(l, t, map) < 0 || read_where(l, t, map) < 0 ||
		read_evidences(l, map, "when", &t->when, &t->n_when) < 0 ||
		read_evidences(l, map, "boost", &t->boost, &t->n_boost) < 0 ||
		read_ingredients(l, t, map) < 0)
		return -1;
	return read_edits(l, t, map);
}

static int read_text(struct loader *l, const struct template_text *text)
{
	static const char *const keys[] = {"languages", "templates"};
	const struct yaml_node *root = NULL, *list;
	struct str *languages = NULL;
	size_t n = 0;
	bool ours = false;

	if (yaml_parse(&root, text->text, text->name, LIMIT_CONFIG_BYTES, l->mem, l->err) < 0 ||
		yaml_check_keys(root, keys, ARRAY_LEN(keys), l->err) < 0 ||
		yaml_read_strs(root, "languages", &languages, &n, l->mem, l->err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		ours = ours || str_eq(languages[i], l->pack->name);
	list = yaml_get(root, "templates");
	if (!ours || !list)
		return 0;
	if (yaml_want(list, YAML_LIST, l->err) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++)
		if (read_template(l, list->items[i], text->is_user) < 0)
			return -1;
	return 0;
}

/* The template whose patterns lie at that offset of the joint query. */
static size_t template_at(const struct loader *l, size_t offset)
{
	size_t i = 0;

	while (i + 1 < l->begins.n && l->begins.v[i + 1] <= offset)
		i++;
	return i;
}

static int compile(struct loader *l, struct template_set *set)
{
	size_t at = 0;

	if (l->query.over)
		return err_set(l->err, ERR_LIMIT, "cannot load templates: too many patterns");
	if (l->query.n == 0)
		return 0;
	if (syntax_query_new(&set->query, l->pack->language, buf_view(&l->query), &at, l->err) < 0)
		return yaml_error(l->nodes.v[template_at(l, at)], l->err,
			"template '%.*s': %s near '%.*s'",
			STR_ARGS(l->templates.v[template_at(l, at)].name), l->err->msg,
			STR_ARGS(str_slice(buf_view(&l->query), at, at + 40)));
	set->of_pattern =
		arena_array(l->mem, syntax_query_patterns(set->query), sizeof(*set->of_pattern));
	for (size_t p = 0; p < syntax_query_patterns(set->query); p++) {
		size_t i = template_at(l, syntax_query_pattern_at(set->query, p));

		if (l->templates.v[i].n_patterns++ == 0)
			l->templates.v[i].first_pattern = p;
		set->of_pattern[p] = (uint32_t)i;
	}
	return 0;
}

static int load_all(
	struct loader *l, struct template_set *set, const struct template_text *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (read_text(l, &texts[i]) < 0)
			return -1;
	return compile(l, set);
}

int template_set_load(struct template_set *set, struct pack *pack,
	const struct template_text *texts, size_t n, struct arena *mem, struct err *err)
{
	struct loader l = {.pack = pack, .mem = mem, .err = err};
	int rc;

	*set = (struct template_set){.pack = pack};
	buf_init(&l.query, LIMIT_CONFIG_BYTES);
	rc = load_all(&l, set, texts, n);
	set->v = l.templates.v;
	set->n = l.templates.n;
	buf_release(&l.query);
	vec_free(&l.begins);
	vec_free(&l.nodes);
	return rc;
}

static void release_evidence(struct evidence_rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		regex_free(rules[i].type);
		regex_free(rules[i].message);
	}
}

static void release_one(struct template *t)
{
	for (size_t i = 0; i < t->n_where; i++) {
		regex_free(t->where[i].matches);
		regex_free(t->where[i].not_matches);
	}
	for (size_t i = 0; i < t->n_ingredients; i++)
		regex_free(t->ingredients[i].matches);
	for (size_t i = 0; i < t->n_tokens; i++)
		regex_free(t->tokens[i].matches);
	release_evidence(t->when, t->n_when);
	release_evidence(t->boost, t->n_boost);
}

void template_set_release(struct template_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		release_one(&set->v[i]);
	free(set->v);
	syntax_query_free(set->query);
	*set = (struct template_set){0};
}
