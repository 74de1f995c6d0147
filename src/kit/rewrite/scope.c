#include "kit/rewrite/scope.h"

#include "base/vec.h"

static const char *const class_names[NAME_CLASS_COUNT] = {
	"local", "param", "global", "function", "class", "import", "member", "builtin", "unknown"};

const char *name_class_to_string(enum name_class class)
{
	return class_names[class];
}

bool name_class_from_string(struct str s, enum name_class *out)
{
	for (int i = 0; i < NAME_CLASS_COUNT; i++)
		if (str_eq_c(s, class_names[i])) {
			*out = (enum name_class)i;
			return true;
		}
	return false;
}

static uint32_t scope_of(const struct source *s, uint32_t node)
{
	uint32_t scope = syntax_enclosing(s->tree, node, &s->pack->kinds[PACK_SCOPE], false);

	return scope == SYNTAX_NONE ? 0 : scope;
}

uint32_t source_function(const struct source *s, uint32_t node)
{
	uint32_t at = syntax_enclosing(s->tree, node, &s->pack->kinds[PACK_FUNCTION], true);

	return at == SYNTAX_NONE ? 0 : at;
}

struct visitor {
	struct source *source;
};

static void add_name(struct source *s, uint32_t node, enum name_class class)
{
	struct name *name;
	uint32_t scope = scope_of(s, node);

	/* A function's name stands inside the function, but is known outside of it. */
	if ((class == NAME_FUNCTION || class == NAME_CLASS) && scope != 0)
		scope = scope_of(s, scope);
	if (class == NAME_MEMBER)
		s->is_member[node] = true;
	else
		s->is_definition[node] = strcmp(syntax_field(s->tree, node), "function") != 0;
	if (class == NAME_LOCAL && scope == 0)
		class = NAME_GLOBAL;
	if (class == NAME_IMPORT)
		scope = 0;
	if (class == NAME_PARAM && scope == 0) /* of a mere declaration */
		return;
	name = vec_add(&s->names);
	*name = (struct name){
		.text = syntax_text(s->tree, node), .class = class, .node = node, .scope = scope};
}

static bool visit_definition(void *data, const struct syntax_match *match)
{
	struct visitor *v = data;

	for (size_t i = 0; i < match->n; i++) {
		const char *capture =
			syntax_query_capture(v->source->pack->definitions, match->captures[i].id);
		enum name_class class;

		if (name_class_from_string(str_of(capture), &class))
			add_name(v->source, match->captures[i].node, class);
	}
	return true;
}

static uint32_t strip(const struct source *s, uint32_t node)
{
	while (pack_is(s->pack, PACK_PARENS, s->tree, node) &&
		syntax_named_count(s->tree, node) == 1)
		node = syntax_named_child(s->tree, node, 0);
	return node;
}

enum { NAME_BYTES_MAX = 256 };

/* Index + 1 of the name in that very scope, 0 without one. */
static size_t name_in_scope(const struct source *s, uint32_t scope, struct str text)
{
	char key[NAME_BYTES_MAX + sizeof(scope)];

	if (text.n > NAME_BYTES_MAX)
		return 0;
	memcpy(key, &scope, sizeof(scope));
	if (text.n)
		memcpy(key + sizeof(scope), text.p, text.n);
	return (uintptr_t)strmap_get(&s->by_scope, str_make(key, sizeof(scope) + text.n));
}

static void put_in_scope(struct source *s, size_t index)
{
	char key[NAME_BYTES_MAX + sizeof(uint32_t)];
	const struct name *name = &s->names.v[index];

	if (name->text.n > NAME_BYTES_MAX || name->class == NAME_MEMBER ||
		name_in_scope(s, name->scope, name->text))
		return;
	memcpy(key, &name->scope, sizeof(name->scope));
	if (name->text.n)
		memcpy(key + sizeof(name->scope), name->text.p, name->text.n);
	strmap_put(&s->by_scope, str_make(key, sizeof(name->scope) + name->text.n),
		(void *)(uintptr_t)(index + 1));
}

/* The name as it is known at the node: in the nearest scope that has it. */
static struct name *lookup(const struct source *s, uint32_t node, struct str text)
{
	uint32_t scope = node;

	do {
		size_t at;

		scope = syntax_enclosing(s->tree, scope, &s->pack->kinds[PACK_SCOPE], false);
		if (scope == SYNTAX_NONE)
			scope = 0;
		at = name_in_scope(s, scope, text);
		if (at)
			return &s->names.v[at - 1];
	} while (scope != 0);
	return NULL;
}

static void set_name_type(struct source *s, uint32_t node, enum value_type type)
{
	struct name *name = lookup(s, node, syntax_text(s->tree, node));

	if (name && name->type == TYPE_UNKNOWN &&
		source_function(s, name->node) == source_function(s, node))
		name->type = type;
}

static uint32_t capture_named(
	const struct syntax_query *query, const struct syntax_match *match, const char *name)
{
	for (size_t i = 0; i < match->n; i++)
		if (strcmp(syntax_query_capture(query, match->captures[i].id), name) == 0)
			return match->captures[i].node;
	return SYNTAX_NONE;
}

static bool visit_type(void *data, const struct syntax_match *match)
{
	struct source *s = ((struct visitor *)data)->source;
	const struct syntax_query *query = s->pack->types;
	enum value_type type = s->pack->types_of[match->pattern];
	uint32_t it = capture_named(query, match, "it");

	if (it == SYNTAX_NONE || type == TYPE_UNKNOWN)
		return true;
	if (s->types[it] == TYPE_UNKNOWN)
		s->types[it] = (uint8_t)type;
	if (pack_is(s->pack, PACK_NAME, s->tree, it))
		set_name_type(s, it, type);
	return true;
}

/* @to takes the type of @from; matches come in the order of the text, so most flows are seen after
 * their sources, and one more round finds nearly all of the rest. */
static bool visit_flow(void *data, const struct syntax_match *match)
{
	struct source *s = ((struct visitor *)data)->source;
	const struct syntax_query *query = s->pack->types;
	uint32_t from = capture_named(query, match, "from"), to = capture_named(query, match, "to");
	enum value_type type;

	if (from == SYNTAX_NONE || to == SYNTAX_NONE)
		return true;
	type = source_type(s, from);
	if (type == TYPE_UNKNOWN)
		return true;
	if (s->types[to] == TYPE_UNKNOWN)
		s->types[to] = (uint8_t)type;
	if (pack_is(s->pack, PACK_NAME, s->tree, to))
		set_name_type(s, to, type);
	return true;
}

/* Bigger files keep their names, but types would cost more than they bring. */
enum { TYPED_NODES_MAX = 200000 };

/* In the order of scopes, so that the names of one scope stand together. */
static int by_scope(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	if (x->scope != y->scope)
		return x->scope < y->scope ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

static void index_names(struct source *s)
{
	if (s->names.n)
		qsort(s->names.v, s->names.n, sizeof(*s->names.v), by_scope);
	for (size_t i = 0; i < s->names.n; i++)
		put_in_scope(s, i);
}

static void read_names(struct source *s)
{
	struct visitor v = {s};

	syntax_query_run(s->pack->definitions, s->tree, 0, s->tree->text.n, visit_definition, &v);
	index_names(s);
	if (!s->pack->types || s->tree->n > TYPED_NODES_MAX)
		return;
	syntax_query_run(s->pack->types, s->tree, 0, s->tree->text.n, visit_type, &v);
	for (int round = 0; round < 2; round++)
		syntax_query_run(s->pack->types, s->tree, 0, s->tree->text.n, visit_flow, &v);
}

/* The indentation of the first indented line; four blanks without one. */
static struct str indent_of(struct str text)
{
	struct str line;

	while (str_next_line(&text, &line)) {
		size_t n = 0;

		while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
			n++;
		if (n > 0 && n < line.n && n <= 8)
			return line.p[0] == '\t' ? str_slice(line, 0, 1) : str_slice(line, 0, n);
	}
	return STR("    ");
}

int source_open(
	struct source *s, const struct rewrite_file *file, const struct pack *pack, struct err *err)
{
	*s = (struct source){.path = file->path, .pack = pack};
	strmap_init(&s->by_scope);
	if (syntax_parse(&s->tree, pack->language, file->content, err) < 0)
		return err_wrap(err, "read '%.*s'", STR_ARGS(file->path));
	s->normal = normal_new(pack, s->tree);
	s->types = xcalloc(s->tree->n, 1);
	s->is_definition = xcalloc(s->tree->n, sizeof(*s->is_definition));
	s->is_member = xcalloc(s->tree->n, sizeof(*s->is_member));
	s->indent = indent_of(file->content);
	read_names(s);
	return 0;
}

void source_release(struct source *s)
{
	normal_free(s->normal);
	syntax_tree_free(s->tree);
	vec_free(&s->names);
	strmap_release(&s->by_scope);
	free(s->types);
	free(s->is_definition);
	free(s->is_member);
	*s = (struct source){0};
}

/* The first of the names of a scope. */
static size_t first_of_scope(const struct source *s, uint32_t scope)
{
	size_t low = 0, high = s->names.n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->names.v[middle].scope < scope)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

enum { SCOPE_NAMES_MAX = 200, NAMES_AT_MAX = 1000 };

struct gathering {
	struct name *v;
	size_t n;
	struct strmap seen;
};

/* The names of one scope, or a window of them around the node. */
static void gather(const struct source *s, struct gathering *g, uint32_t scope, uint32_t node)
{
	size_t from = first_of_scope(s, scope), to = from, at;

	while (to < s->names.n && s->names.v[to].scope == scope)
		to++;
	for (at = from; at < to && s->names.v[at].node < node;)
		at++;
	if (at - from > SCOPE_NAMES_MAX / 2)
		from = at - SCOPE_NAMES_MAX / 2;
	for (size_t i = from; i < to && i < from + SCOPE_NAMES_MAX && g->n < NAMES_AT_MAX; i++)
		if (s->names.v[i].class != NAME_MEMBER &&
			strmap_put(&g->seen, s->names.v[i].text, g))
			g->v[g->n++] = s->names.v[i];
}

size_t source_names_at(const struct source *s, uint32_t node, struct name **out, struct arena *mem)
{
	size_t room = s->names.n < NAMES_AT_MAX ? s->names.n : NAMES_AT_MAX;
	struct gathering g = {.v = arena_array(mem, room, sizeof(*g.v))};
	uint32_t scope = node;

	strmap_init(&g.seen);
	do {
		scope = syntax_enclosing(s->tree, scope, &s->pack->kinds[PACK_SCOPE], false);
		if (scope == SYNTAX_NONE)
			scope = 0;
		gather(s, &g, scope, node);
	} while (scope != 0);
	strmap_release(&g.seen);
	*out = g.v;
	return g.n;
}

const struct name *source_name(const struct source *s, uint32_t node, struct str text)
{
	return lookup(s, node, text);
}

enum name_class source_class(const struct source *s, uint32_t node, struct str text)
{
	const struct name *name = source_name(s, node, text);

	if (name)
		return name->class;
	return strmap_has(&s->pack->known, text) ? NAME_BUILTIN : NAME_UNKNOWN;
}

enum value_type source_type(const struct source *s, uint32_t node)
{
	const struct name *name;

	node = strip(s, node);
	if (s->types[node] != TYPE_UNKNOWN)
		return s->types[node];
	if (!pack_is(s->pack, PACK_NAME, s->tree, node))
		return TYPE_UNKNOWN;
	name = source_name(s, node, syntax_text(s->tree, node));
	return name ? name->type : TYPE_UNKNOWN;
}
