#include "port/format/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/strmap.h"
#include "base/vec.h"

struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the current one */
	bool has_event;
	struct arena *mem;
	struct strmap anchors; /* name -> complete node */
	const char *name;
	size_t nodes;
};

static void reader_release(struct reader *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	yaml_parser_delete(&r->parser);
	strmap_release(&r->anchors);
}

static int fail_at(struct reader *r, const yaml_mark_t *mark, struct err *err, const char *what)
{
	return err_set(err, ERR_PARSE, "cannot parse '%s' line %zu column %zu: %s", r->name,
		mark->line + 1, mark->column + 1, what);
}

static int advance(struct reader *r, struct err *err)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = false;
	if (!yaml_parser_parse(&r->parser, &r->event))
		return fail_at(r,
			r->parser.problem_mark.line ? &r->parser.problem_mark
						    : &r->parser.context_mark,
			err, r->parser.problem ? r->parser.problem : "not YAML");
	r->has_event = true;
	return 0;
}

static struct yaml_node *node_new(struct reader *r, enum yaml_kind kind)
{
	struct yaml_node *node = arena_new(r->mem, struct yaml_node);

	node->kind = kind;
	node->line = (int)r->event.start_mark.line + 1;
	node->column = (int)r->event.start_mark.column + 1;
	node->source = r->name;
	node->weight = 1;
	return node;
}

/* The cap is on the tree written out: an alias must not make a small text a huge tree. */
static int count_nodes(struct reader *r, size_t weight, struct err *err)
{
	r->nodes += weight;
	if (r->nodes > YAML_NODES_MAX)
		return err_set(err, ERR_LIMIT, "cannot parse '%s': more than %d nodes", r->name,
			YAML_NODES_MAX);
	return 0;
}

static enum yaml_style style_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return YAML_QUOTED;
	case YAML_LITERAL_SCALAR_STYLE:
	case YAML_FOLDED_SCALAR_STYLE:
		return YAML_BLOCK;
	default:
		return YAML_PLAIN;
	}
}

static void remember_anchor(struct reader *r, const char *anchor, struct yaml_node *node)
{
	if (anchor)
		strmap_put(&r->anchors, str_of(anchor), node);
}

static int read_node(struct reader *r, const struct yaml_node **out, int depth, struct err *err);

static int read_scalar(struct reader *r, const struct yaml_node **out, struct err *err)
{
	struct yaml_node *node = node_new(r, YAML_SCALAR);

	node->text = arena_str(r->mem,
		str_make((const char *)r->event.data.scalar.value, r->event.data.scalar.length));
	node->style = style_of(r->event.data.scalar.style);
	remember_anchor(r, (const char *)r->event.data.scalar.anchor, node);
	*out = node;
	return count_nodes(r, 1, err);
}

static int read_alias(struct reader *r, const struct yaml_node **out, struct err *err)
{
	struct yaml_node *node =
		strmap_get(&r->anchors, str_of((const char *)r->event.data.alias.anchor));

	/* An anchor inside itself is not yet known here, so trees have no cycle. */
	if (!node)
		return fail_at(r, &r->event.start_mark, err, "unknown alias");
	*out = node;
	return count_nodes(r, node->weight, err);
}

static int read_items(struct reader *r, struct yaml_node *list, int depth, struct err *err)
{
	vec(const struct yaml_node *) items = {0};
	int rc;

	for (;;) {
		const struct yaml_node *item = NULL;

		rc = advance(r, err);
		if (rc < 0 || r->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		rc = read_node(r, &item, depth, err);
		if (rc < 0)
			break;
		vec_push(&items, item);
		list->weight += item->weight;
	}
	list->n = items.n;
	list->items = arena_array(r->mem, items.n, sizeof(*items.v));
	if (items.n)
		memcpy((void *)(uintptr_t)list->items, items.v, items.n * sizeof(*items.v));
	vec_free(&items);
	return rc;
}

static int read_list(struct reader *r, const struct yaml_node **out, int depth, struct err *err)
{
	struct yaml_node *list = node_new(r, YAML_LIST);
	CLEANUP(freep) char *anchor = NULL;

	if (r->event.data.sequence_start.anchor)
		anchor = xstrdup((const char *)r->event.data.sequence_start.anchor);
	if (count_nodes(r, 1, err) < 0 || read_items(r, list, depth, err) < 0)
		return -1;
	remember_anchor(r, anchor, list);
	*out = list;
	return 0;
}

static int read_pair(
	struct reader *r, struct yaml_pair *pair, struct strmap *seen, int depth, struct err *err)
{
	char what[160];

	if (r->event.type != YAML_SCALAR_EVENT)
		return fail_at(r, &r->event.start_mark, err, "a key must be a plain text");
	pair->line = (int)r->event.start_mark.line + 1;
	pair->column = (int)r->event.start_mark.column + 1;
	pair->key = arena_str(r->mem,
		str_make((const char *)r->event.data.scalar.value, r->event.data.scalar.length));
	if (!strmap_put(seen, pair->key, r)) {
		snprintf(what, sizeof(what), "duplicate key '%.*s'",
			pair->key.n < 100 ? (int)pair->key.n : 100, pair->key.p);
		return fail_at(r, &r->event.start_mark, err, what);
	}
	if (advance(r, err) < 0)
		return -1;
	return read_node(r, &pair->value, depth, err);
}

static int read_pairs(struct reader *r, struct yaml_node *map, int depth, struct err *err)
{
	vec(struct yaml_pair) pairs = {0};
	CLEANUP(strmap_release) struct strmap seen;
	int rc;

	strmap_init(&seen);
	for (;;) {
		struct yaml_pair pair = {0};

		rc = advance(r, err);
		if (rc < 0 || r->event.type == YAML_MAPPING_END_EVENT)
			break;
		rc = read_pair(r, &pair, &seen, depth, err);
		if (rc < 0)
			break;
		vec_push(&pairs, pair);
		map->weight += 1 + pair.value->weight;
	}
	map->n = pairs.n;
	map->pairs = arena_array(r->mem, pairs.n, sizeof(*pairs.v));
	if (pairs.n)
		memcpy((void *)(uintptr_t)map->pairs, pairs.v, pairs.n * sizeof(*pairs.v));
	vec_free(&pairs);
	return rc;
}

static int read_map(struct reader *r, const struct yaml_node **out, int depth, struct err *err)
{
	struct yaml_node *map = node_new(r, YAML_MAP);
	CLEANUP(freep) char *anchor = NULL;

	if (r->event.data.mapping_start.anchor)
		anchor = xstrdup((const char *)r->event.data.mapping_start.anchor);
	if (count_nodes(r, 1, err) < 0 || read_pairs(r, map, depth, err) < 0)
		return -1;
	remember_anchor(r, anchor, map);
	*out = map;
	return 0;
}

/* The current event starts the node. */
static int read_node(struct reader *r, const struct yaml_node **out, int depth, struct err *err)
{
	if (depth > YAML_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "cannot parse '%s' line %zu: nested too deep",
			r->name, r->event.start_mark.line + 1);
	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r, out, err);
	case YAML_ALIAS_EVENT:
		return read_alias(r, out, err);
	case YAML_SEQUENCE_START_EVENT:
		return read_list(r, out, depth + 1, err);
	case YAML_MAPPING_START_EVENT:
		return read_map(r, out, depth + 1, err);
	default:
		return fail_at(r, &r->event.start_mark, err, "unexpected end");
	}
}

static int read_document(struct reader *r, const struct yaml_node **out, struct err *err)
{
	if (advance(r, err) < 0 || advance(r, err) < 0) /* stream start; document start */
		return -1;
	if (r->event.type == YAML_STREAM_END_EVENT) {
		struct yaml_node *nothing = node_new(r, YAML_SCALAR);

		nothing->text = STR("");
		*out = nothing;
		return 0;
	}
	if (advance(r, err) < 0 || read_node(r, out, 0, err) < 0)
		return -1;
	if (advance(r, err) < 0 || advance(r, err) < 0) /* document end; what follows */
		return -1;
	if (r->event.type != YAML_STREAM_END_EVENT)
		return fail_at(r, &r->event.start_mark, err, "more than one document");
	return 0;
}

int yaml_parse(const struct yaml_node **out, struct str text, const char *name, size_t cap,
	struct arena *mem, struct err *err)
{
	CLEANUP(reader_release) struct reader r = {.mem = mem};
	const struct yaml_node *root = NULL;

	strmap_init(&r.anchors);
	if (!yaml_parser_initialize(&r.parser))
		return err_set(err, ERR_INTERNAL, "cannot start the YAML parser");
	r.name = arena_cstr(mem, str_of(name));
	if (text.n > cap)
		return err_set(err, ERR_LIMIT, "cannot parse '%s': over %zu bytes", name, cap);
	yaml_parser_set_input_string(
		&r.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
	if (read_document(&r, &root, err) < 0)
		return -1;
	*out = root;
	return 0;
}
