#include "kit/rewrite/ingredient.h"

#include <ctype.h>

#include "base/limits.h"
#include "base/vec.h"

struct collector {
	const struct site *site;
	const struct ingredient *in;
	struct arena *mem;
	struct strmap seen; /* text -> index + 1 */
	struct str like;
	struct str excluded[8];
	size_t n_excluded;
	enum value_type type; /* wanted */
	vec(struct value) values;
};

static struct str rendered(const struct site *site, struct str text, struct arena *mem)
{
	BUF_AUTO out;

	buf_init(&out, LIMIT_LINE_BYTES);
	if (!text.p || !site_render(site, text, &out))
		return STR_NULL;
	return arena_str(mem, buf_view(&out));
}

static bool is_excluded(const struct collector *c, struct str text)
{
	for (size_t i = 0; i < c->n_excluded; i++)
		if (str_eq(c->excluded[i], text))
			return true;
	return false;
}

/* Nearer to the text looked for is likelier. */
static double likeness(const struct collector *c, struct str text)
{
	int distance = str_distance(text, c->like, c->in->distance);
	size_t shorter = text.n < c->like.n ? text.n : c->like.n;

	/* "string" for "str", "fact" for "factorial". */
	if (distance > 1 && c->in->distance > 0 && shorter >= 3 &&
		memcmp(text.p, c->like.p, shorter) == 0)
		return 0.5;

	if (distance > c->in->distance || (size_t)distance * 2 > c->like.n)
		return 0;
	return 1.0 / (1 + distance * distance);
}

/* A text that is given twice keeps its better weight. */
static void give(struct collector *c, struct str text, double weight)
{
	uintptr_t at;

	text = str_trim(text);
	if (text.n == 0 || (int)text.n > c->in->max_length || weight <= 0 || is_excluded(c, text))
		return;
	if (c->in->matches && !regex_match(c->in->matches, text, NULL))
		return;
	weight *= c->in->weight * (c->like.p ? likeness(c, text) : 1);
	if (weight <= 0)
		return;
	at = (uintptr_t)strmap_get(&c->seen, text);
	if (at) {
		struct value *v = &c->values.v[at - 1];

		v->weight = weight > v->weight ? weight : v->weight;
		return;
	}
	vec_push(&c->values, (struct value){text, weight});
	strmap_put(&c->seen, text, (void *)(uintptr_t)c->values.n);
}

static void give_list(struct collector *c, struct weighted_list list)
{
	for (size_t i = 0; i < list.n; i++)
		give(c, rendered(c->site, list.v[i].text, c->mem), list.v[i].weight);
}

static void give_siblings(struct collector *c)
{
	struct str of = rendered(c->site, c->in->of, c->mem), tables = c->in->in, table;

	while (str_next(&tables, ' ', &table))
		give_list(c, pack_siblings(c->site->source->pack, table, of));
}

static bool wants_class(const struct ingredient *in, enum name_class class)
{
	return in->names == 0 || (in->names & 1u << class);
}

static double type_factor(const struct collector *c, enum value_type type)
{
	if (c->in->types && type != TYPE_UNKNOWN && !(c->in->types & 1u << type))
		return 0.1;
	if (c->in->types && type == TYPE_UNKNOWN)
		return 0.5;
	if (c->type == TYPE_UNKNOWN)
		return 1;
	if (type == TYPE_UNKNOWN)
		return 0.6;
	return type == c->type ? 1 : 0.15;
}

/* The node that stands for where the match is. */
static uint32_t place_of(const struct site *site)
{
	for (size_t i = 0; i < site->n; i++)
		if (site->v[i].node != SYNTAX_NONE)
			return site->v[i].node;
	return 0;
}

static size_t uses_in(const struct source *s, uint32_t root, struct str text)
{
	size_t n = 0;

	for (uint32_t i = root; i < root + s->tree->v[root].count; i++)
		n += pack_is(s->pack, PACK_NAME, s->tree, i) && !s->is_member[i] &&
		     str_eq(syntax_text(s->tree, i), text);
	return n;
}

static double class_factor(enum name_class class)
{
	static const double factors[NAME_CLASS_COUNT] = {1, 1, 0.5, 0.4, 0.2, 0.2, 0.5, 0.2, 0};

	return factors[class];
}

static void give_names(struct collector *c)
{
	const struct source *s = c->site->source;
	uint32_t place = place_of(c->site), function = source_function(s, place);
	struct name *names = NULL;
	size_t n = source_names_at(s, place, &names, c->mem);

	for (size_t i = 0; i < n; i++) {
		double weight = c->like.p ? 1 : class_factor(names[i].class);

		if (!wants_class(c->in, names[i].class))
			continue;
		weight *= type_factor(c, names[i].type);
		/* Defined here but never used: something that should use it does not. */
		if (names[i].class <= NAME_PARAM && function != 0 &&
			uses_in(s, function, names[i].text) <= 1)
			weight *= 2;
		if (source_function(s, names[i].node) != function && names[i].class <= NAME_PARAM)
			weight *= 0.6;
		give(c, names[i].text, weight);
	}
	for (size_t i = 0; i < s->pack->n_builtins && (c->in->names & 1u << NAME_BUILTIN); i++)
		give(c, s->pack->builtins[i], c->like.p ? 0.7 : class_factor(NAME_BUILTIN));
}

static void give_members_of(
	struct collector *c, const struct source *s, struct str receiver, double weight)
{
	vec_each (name, &s->names) {
		uint32_t parent, object;
		bool same;

		if (name->class != NAME_MEMBER)
			continue;
		parent = s->tree->v[name->node].parent;
		object = parent == SYNTAX_NONE ? SYNTAX_NONE
					       : syntax_named_child(s->tree, parent, 0);
		same = receiver.p && object != SYNTAX_NONE &&
		       str_eq(syntax_text(s->tree, object), receiver);
		give(c, name->text, weight * (same ? 1 : 0.4));
	}
}

static void give_members(struct collector *c)
{
	struct str receiver = rendered(c->site, c->in->of, c->mem);

	give_members_of(c, c->site->source, receiver, 1);
	for (size_t i = 0; i < c->site->n_context; i++)
		give_members_of(c, &c->site->context[i], receiver, 0.6);
}

static void give_number(struct collector *c, int64_t value, double weight)
{
	give(c, arena_printf(c->mem, "%lld", (long long)value), weight);
}

static void give_numbers(struct collector *c)
{
	struct str of = rendered(c->site, c->in->of, c->mem);
	int64_t value;

	if (!str_to_i64(of, -1000000000000, 1000000000000, &value))
		return;
	give_number(c, value + 1, 1);
	give_number(c, value - 1, 1);
	give_number(c, 0, value == 1 || value == -1 ? 0.9 : 0.3);
	give_number(c, 1, value == 0 ? 1 : 0.3);
	give_number(c, 2, value == 1 || value == 3 ? 0.8 : 0.2);
	give_number(c, -value, 0.3);
	give_number(c, value + 2, 0.1);
	give_number(c, value - 2, 0.1);
	give_number(c, value * 2, 0.1);
	give_number(c, value * 10, 0.1);
	if (value % 2 == 0)
		give_number(c, value / 2, 0.1);
	if (value % 10 == 0)
		give_number(c, value / 10, 0.1);
}

/* Whether every name an expression uses is known at the place it would go to. */
static bool names_are_known(
	const struct site *site, const struct source *s, uint32_t node, uint32_t place)
{
	for (uint32_t i = node; i < node + s->tree->v[node].count; i++)
		if (pack_is(s->pack, PACK_NAME, s->tree, i) && !s->is_member[i] &&
			source_class(site->source, place, syntax_text(s->tree, i)) == NAME_UNKNOWN)
			return false;
	return true;
}

/* The text of a node with each use of one name replaced. */
static struct str renamed(
	const struct source *s, uint32_t node, struct str from, struct str to, struct arena *mem)
{
	size_t at = s->tree->v[node].start;
	BUF_AUTO out;

	buf_init(&out, LIMIT_LINE_BYTES);
	for (uint32_t i = node; i < node + s->tree->v[node].count; i++) {
		if (!pack_is(s->pack, PACK_NAME, s->tree, i) || s->is_member[i] ||
			!str_eq(syntax_text(s->tree, i), from))
			continue;
		buf_str(&out, str_slice(s->tree->text, at, s->tree->v[i].start));
		buf_str(&out, to);
		at = s->tree->v[i].end;
	}
	buf_str(&out, str_slice(s->tree->text, at, s->tree->v[node].end));
	return arena_str(mem, buf_view(&out));
}

/* The text of a node with two of its names exchanged. */
static struct str exchanged(
	const struct source *s, uint32_t node, struct str a, struct str b, struct arena *mem)
{
	size_t at = s->tree->v[node].start;
	BUF_AUTO out;

	buf_init(&out, LIMIT_LINE_BYTES);
	for (uint32_t i = node; i < node + s->tree->v[node].count; i++) {
		struct str name = syntax_text(s->tree, i);

		if (!pack_is(s->pack, PACK_NAME, s->tree, i) || s->is_member[i] ||
			(!str_eq(name, a) && !str_eq(name, b)))
			continue;
		buf_str(&out, str_slice(s->tree->text, at, s->tree->v[i].start));
		buf_str(&out, str_eq(name, a) ? b : a);
		at = s->tree->v[i].end;
	}
	buf_str(&out, str_slice(s->tree->text, at, s->tree->v[node].end));
	return arena_str(mem, buf_view(&out));
}

static void give_renamed(struct collector *c, const struct source *s, uint32_t node, double weight)
{
	struct str done[16];
	size_t n_done = 0, n;
	struct name *names = NULL;

	n = source_names_at(c->site->source, place_of(c->site), &names, c->mem);
	for (uint32_t i = node; i < node + s->tree->v[node].count && n_done < 16; i++) {
		struct str from = syntax_text(s->tree, i);
		bool seen = false;

		if (!pack_is(s->pack, PACK_NAME, s->tree, i) || s->is_member[i])
			continue;
		for (size_t k = 0; k < n_done; k++)
			seen = seen || str_eq(done[k], from);
		if (seen)
			continue;
		done[n_done++] = from;
		for (size_t k = 0; k < n && k < 40; k++)
			if (names[k].class <= NAME_PARAM && !str_eq(names[k].text, from))
				give(c, renamed(s, node, from, names[k].text, c->mem), weight);
		for (size_t k = 0; k + 1 < n_done; k++)
			give(c, exchanged(s, node, from, done[k], c->mem), weight);
	}
}

/* A node of the wanted kind somewhere nearby. */
static void give_node(struct collector *c, const struct source *s, uint32_t node, double weight)
{
	uint32_t place = place_of(c->site);
	bool known = names_are_known(c->site, s, node, place);

	if ((int)(s->tree->v[node].end - s->tree->v[node].start) > c->in->max_length)
		return;
	weight *= type_factor(c, source_type(s, node));
	if (c->in->as_is && known)
		give(c, syntax_text(s->tree, node), weight);
	if (c->in->rename)
		give_renamed(c, s, node, weight * 0.4);
}

static double by_distance(const struct source *s, uint32_t a, uint32_t b)
{
	int lines = (int)s->tree->v[a].line - (int)s->tree->v[b].line;

	return 1.0 / (1 + (lines < 0 ? -lines : lines) / 6.0);
}

enum { GATHER_NODES_MAX = 20000 };

static void give_nodes_of(
	struct collector *c, const struct source *s, uint32_t root, double weight, bool by_line)
{
	uint32_t place = place_of(c->site), end = root + s->tree->v[root].count;
	const struct syntax_kinds *kinds = &c->in->kinds;

	if (!kinds->any)
		kinds = &s->pack->kinds[c->in->kind == INGREDIENT_STATEMENTS ? PACK_STATEMENT
									     : PACK_EXPRESSION];
	if (end - root > GATHER_NODES_MAX)
		end = root + GATHER_NODES_MAX;
	for (uint32_t i = root; i < end; i++)
		if (syntax_kinds_has(kinds, &s->tree->v[i]))
			give_node(c, s, i, weight * (by_line ? by_distance(s, i, place) : 1));
}

static void give_nodes(struct collector *c)
{
	const struct source *s = c->site->source;
	uint32_t function = source_function(s, place_of(c->site));

	give_nodes_of(c, s, function, 1, true);
	if (str_eq_c(c->in->from, "function"))
		return;
	if (function != 0)
		give_nodes_of(c, s, 0, 0.4, false);
	if (str_eq_c(c->in->from, "context"))
		for (size_t i = 0; i < c->site->n_context; i++)
			give_nodes_of(c, &c->site->context[i], 0, 0.2, false);
}

static void give_parts(struct collector *c)
{
	const struct source *s = c->site->source;
	struct str name = c->in->of;
	uint32_t root;
	const struct syntax_kinds *kinds =
		c->in->kinds.any ? &c->in->kinds : &s->pack->kinds[PACK_EXPRESSION];

	if (name.n > 2 && name.p[0] == '{')
		name = str_slice(name, 1, name.n - 1);
	root = site_node(c->site, name);
	if (root == SYNTAX_NONE)
		return;
	for (uint32_t i = root + 1; i < root + s->tree->v[root].count; i++) {
		double weight = 1;

		if (!syntax_kinds_has(kinds, &s->tree->v[i]) || s->is_member[i])
			continue;
		for (uint32_t up = s->tree->v[i].parent; up != root; up = s->tree->v[up].parent)
			weight *= 0.5;
		give(c, syntax_text(s->tree, i), weight);
	}
}

enum { ELEMENTS_MAX = 24 };

static void give_joined(struct collector *c, const struct str *items, size_t n, double weight)
{
	BUF_AUTO out;

	buf_init(&out, LIMIT_LINE_BYTES);
	for (size_t i = 0; i < n; i++) {
		buf_c(&out, i ? ", " : "");
		buf_str(&out, items[i]);
	}
	give(c, arena_str(c->mem, buf_view(&out)), weight);
}

static bool has_change(const struct ingredient *in, const char *change)
{
	for (size_t i = 0; i < in->n_changes; i++)
		if (str_eq_c(in->changes[i], change))
			return true;
	return false;
}

static void give_swaps(struct collector *c, const struct str *items, size_t n)
{
	struct str copy[ELEMENTS_MAX];

	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++) {
			memcpy(copy, items, n * sizeof(*items));
			copy[i] = items[k];
			copy[k] = items[i];
			give_joined(c, copy, n, k == i + 1 ? 1 : 0.6);
		}
}

static void give_drops(struct collector *c, const struct str *items, size_t n)
{
	struct str copy[ELEMENTS_MAX];

	for (size_t i = 0; i < n && n > 1; i++) {
		memcpy(copy, items, i * sizeof(*items));
		memcpy(copy + i, items + i + 1, (n - i - 1) * sizeof(*items));
		give_joined(c, copy, n - 1, 1);
	}
}

static void give_rotations(struct collector *c, const struct str *items, size_t n)
{
	struct str copy[ELEMENTS_MAX];

	for (size_t i = 0; i < n && n > 2; i++)
		for (size_t k = 0; k < n; k++) {
			/* Takes item i out and puts it back at place k. */
			size_t from = 0;

			if (k == i || k + 1 == i || i + 1 == k)
				continue;
			for (size_t at = 0; at < n; at++) {
				from += from == i;
				copy[at] = at == k ? items[i] : items[from++];
			}
			give_joined(c, copy, n, 0.3);
		}
}

static void give_elements(struct collector *c)
{
	const struct source *s = c->site->source;
	struct str items[ELEMENTS_MAX], name = c->in->of;
	size_t n = 0;
	uint32_t list;

	if (name.n > 2 && name.p[0] == '{')
		name = str_slice(name, 1, name.n - 1);
	list = site_node(c->site, name);
	if (list == SYNTAX_NONE)
		return;
	syntax_each_child(child, s->tree, list)
	{
		if (!(s->tree->v[child].flags & SYNTAX_NAMED))
			continue;
		if (n == ELEMENTS_MAX || (s->tree->v[child].flags & SYNTAX_EXTRA))
			return;
		items[n++] = syntax_text(s->tree, child);
	}
	if (has_change(c->in, "swap"))
		give_swaps(c, items, n);
	if (has_change(c->in, "move"))
		give_rotations(c, items, n);
	if (has_change(c->in, "drop"))
		give_drops(c, items, n);
}

/* The insides of quoted texts in free text. */
static void give_quoted(struct collector *c, struct str text, double weight)
{
	for (size_t i = 0; i < text.n; i++) {
		char quote = text.p[i];
		size_t end = i + 1;

		if (quote != '\'' && quote != '"')
			continue;
		while (end < text.n && text.p[end] != quote && text.p[end] != '\n')
			end++;
		if (end < text.n && text.p[end] == quote)
			give(c, str_slice(text, i + 1, end), weight);
		i = end;
	}
}

static void give_strings_of(
	struct collector *c, const struct source *s, uint32_t root, double weight)
{
	for (uint32_t i = root; i < root + s->tree->v[root].count; i++)
		if (pack_is(s->pack, PACK_STRING, s->tree, i))
			give_quoted(c, syntax_text(s->tree, i), weight);
}

/* Words the program is expected to say. */
static void give_words(struct collector *c)
{
	const struct failure_list *failures = c->site->options->failures;
	uint32_t function = source_function(c->site->source, place_of(c->site));

	for (size_t i = 0; failures && i < failures->items.n; i++) {
		const struct failure *f = &failures->items.v[i];

		give_quoted(c, f->expected, 1);
		give_quoted(c, f->message, 0.5);
	}
	give_strings_of(c, c->site->source, function, 0.5);
	for (size_t i = 0; i < c->site->n_context; i++)
		give_strings_of(c, &c->site->context[i], 0, 0.3);
}

static struct str module_of(struct str path, struct arena *mem)
{
	struct str stem = str_slice(path, 0, path.n - str_extension(path).n);
	char *name = arena_strndup(mem, stem.p, stem.n);

	for (size_t i = 0; i < stem.n; i++)
		name[i] = name[i] == '/' ? '.' : name[i];
	return str_make(name, stem.n);
}

static void give_import_from(struct collector *c, const struct source *s, struct str wanted)
{
	struct site inner = *c->site;

	vec_each (name, &s->names) {
		if (name->scope != 0 || name->class < NAME_GLOBAL || name->class > NAME_CLASS ||
			!str_eq(name->text, wanted))
			continue;
		inner.n = 0;
		site_bind(&inner, STR("name"), wanted, SYNTAX_NONE);
		site_bind(&inner, STR("module"), module_of(s->path, c->mem), SYNTAX_NONE);
		site_bind(&inner, STR("path"), s->path, SYNTAX_NONE);
		give(c, rendered(&inner, s->pack->import_name, c->mem), 1);
		return;
	}
}

static void give_imports(struct collector *c)
{
	struct str wanted = rendered(c->site, c->in->of, c->mem);
	const struct str *known = strmap_get(&c->site->source->pack->modules, wanted);

	for (size_t i = 0; i < c->site->n_context; i++)
		give_import_from(c, &c->site->context[i], wanted);
	if (known)
		give(c, *known, 1);
}

static void give_keywords(struct collector *c)
{
	const struct pack *pack = c->site->source->pack;

	for (size_t i = 0; i < pack->n_keywords; i++)
		give(c, pack->keywords[i], 1);
}

static void generate(struct collector *c)
{
	switch (c->in->kind) {
	case INGREDIENT_LIST:
		give_list(c, c->in->list);
		return;
	case INGREDIENT_SIBLINGS:
		give_siblings(c);
		return;
	case INGREDIENT_NAMES:
		give_names(c);
		return;
	case INGREDIENT_MEMBERS:
		give_members(c);
		return;
	case INGREDIENT_NUMBERS:
		give_numbers(c);
		return;
	case INGREDIENT_LITERALS:
	case INGREDIENT_EXPRESSIONS:
	case INGREDIENT_STATEMENTS:
		give_nodes(c);
		return;
	case INGREDIENT_PARTS:
		give_parts(c);
		return;
	case INGREDIENT_ELEMENTS:
		give_elements(c);
		return;
	case INGREDIENT_WORDS:
		give_words(c);
		return;
	case INGREDIENT_IMPORTS:
		give_imports(c);
		return;
	case INGREDIENT_KEYWORDS:
		give_keywords(c);
		return;
	case INGREDIENT_KIND_COUNT:
		return;
	}
}

static int by_weight(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return str_cmp(x->text, y->text);
}

size_t ingredient_values(
	const struct site *site, const struct ingredient *in, struct value **out, struct arena *mem)
{
	struct collector c = {.site = site, .in = in, .mem = mem};
	uint32_t typed;
	size_t n;

	strmap_init(&c.seen);
	if (in->like.p)
		c.like = rendered(site, in->like, mem);
	for (size_t i = 0; i < in->n_not_texts && c.n_excluded < ARRAY_LEN(c.excluded); i++)
		c.excluded[c.n_excluded++] = rendered(site, in->not_texts[i], mem);
	typed = in->type_of.p ? site_node(site, in->type_of) : SYNTAX_NONE;
	if (typed != SYNTAX_NONE)
		c.type = source_type(site->source, typed);
	generate(&c);
	if (c.values.n)
		qsort(c.values.v, c.values.n, sizeof(*c.values.v), by_weight);
	n = c.values.n < (size_t)in->max ? c.values.n : (size_t)in->max;
	*out = arena_array(mem, n, sizeof(**out));
	if (n)
		memcpy(*out, c.values.v, n * sizeof(**out));
	vec_free(&c.values);
	strmap_release(&c.seen);
	return n;
}
