#include "kit/report/document/collect.h"

#include <assert.h>

enum {
	POOL_NODES = 48 << 10,
	POOL_TEXT = 4 << 20,
};

void collect_init(struct collect *c)
{
	*c = (struct collect){0};
	buf_init(&c->text, DOCUMENT_VALUE_BYTES);
}

void collect_release(struct collect *c)
{
	node_pool_release(&c->pool);
	buf_release(&c->text);
}

/* Names are compared at every element: their lengths are counted once. */
static size_t list(struct str to[COLLECT_NAMES], const char *const *names)
{
	size_t n = 0;

	for (; names && names[n]; n++) {
		assert(n < COLLECT_NAMES);
		to[n] = str_of(names[n]);
	}
	return n;
}

static bool is_among(const struct str *names, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].n == name.n && !memcmp(names[i].p, name.p, name.n))
			return true;
	return false;
}

void collect_start(
	struct collect *c, const struct dialect *dialect, void *state, struct document_out *out)
{
	if (!c->pool.room)
		node_pool_init(&c->pool, POOL_NODES, POOL_TEXT);
	node_pool_reset(&c->pool, (struct node_mark){0, 0});
	c->dialect = dialect;
	c->state = state;
	c->out = out;
	c->here = NULL;
	c->at_line = false;
	c->record_count = list(c->records, dialect->records);
	c->keep_count = list(c->keep, dialect->keep);
	c->skip_count = list(c->skip, dialect->skip);
	c->depth = c->record_depth = c->kept_depth = c->lost = 0;
	buf_reset(&c->text);
}

/* Whether the node's path ends in this one. */
static bool has_path(const struct node *node, struct str path)
{
	ptrdiff_t slash;

	if (path.n == 1 && path.p[0] == '/')
		return !node->parent;
	for (;; node = node->parent) {
		struct str name;

		if (!node)
			return false;
		slash = str_rfind_char(path, '/');
		name = str_from(path, (size_t)(slash + 1));
		if (!str_eq_c(name, "*") && !str_eq(name, node->name))
			return false;
		if (slash < 0)
			return true;
		path = str_slice(path, 0, (size_t)slash);
	}
}

static bool is_record(const struct collect *c, const struct node *node)
{
	for (size_t i = 0; i < c->record_count; i++) {
		struct str path = c->records[i];
		char last = path.p[path.n - 1];

		/* Most names differ in their last letter. */
		if ((last == '/' || last == '*' ||
			    (node->name.n && node->name.p[node->name.n - 1] == last)) &&
			has_path(node, path))
			return true;
	}
	return false;
}

static bool in_part(const struct collect *c)
{
	return c->record_depth || c->kept_depth;
}

/* What was told of the text belongs to here. A further piece, behind a child, is added. */
static void flush_text(struct collect *c)
{
	if (c->text.n == 0)
		return;
	if (c->here && c->here->text.n == 0 && str_trim(buf_view(&c->text)).n)
		node_set_text(&c->pool, c->here, buf_view(&c->text));
	buf_reset(&c->text);
}

static bool lose(struct collect *c)
{
	c->lost++;
	return false;
}

static bool collect_enter(void *state, struct str name)
{
	struct collect *c = state;
	struct node_mark mark;
	struct node *node;

	flush_text(c);
	c->at_line = false;
	if (c->here)
		c->here->parted = true;
	mark = node_pool_mark(&c->pool);
	if (c->lost || c->depth == DOCUMENT_DEPTH || is_among(c->skip, c->skip_count, name))
		return lose(c);
	node = node_add(&c->pool, in_part(c) ? c->here : NULL, name);
	if (!node)
		return lose(c);
	node->parent = c->here;
	c->here = node;
	c->marks[c->depth++] = mark;
	if (in_part(c))
		return true;
	if (is_record(c, node))
		c->record_depth = c->depth;
	else if (is_among(c->keep, c->keep_count, name))
		c->kept_depth = c->depth;
	if (c->record_depth)
		node->line = c->line(c->reader);
	return true;
}

static void collect_value(void *state, struct str name, struct str text)
{
	struct collect *c = state;
	struct node *node;

	if (c->lost || !c->here)
		return;
	node = node_add(&c->pool, c->here, name);
	if (node)
		node_set_text(&c->pool, node, text);
}

/* Between elements there is no text: what begins on a line of its own is that of a program that
 * wrote to the same place, or all that follows a report that was cut off. */
static void look_for_foreign(struct collect *c, struct str piece)
{
	for (size_t i = 0; i < piece.n; i++) {
		if (piece.p[i] == '\n') {
			c->at_line = true;
		} else if (c->at_line && piece.p[i] != ' ' && piece.p[i] != '\t' &&
			   piece.p[i] != '\r') {
			*c->stop_at = i;
			return;
		}
	}
}

static void collect_text(void *state, struct str piece)
{
	struct collect *c = state;

	if (c->lost)
		return;
	if (in_part(c))
		buf_str(&c->text, str_slice(piece, 0, c->text.cap - c->text.n));
	else if (c->stop_at && c->here && c->here->parted)
		look_for_foreign(c, piece);
}

static void link_to(struct node *parent, struct node *node)
{
	if (!parent)
		return;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
}

static void end_record(struct collect *c, const struct node *node)
{
	c->record_depth = 0;
	for (struct node *n = node->parent; n; n = n->parent)
		n->records++;
	c->out->first_line = node->line;
	c->out->last_line = c->line(c->reader);
	c->dialect->record(c->dialect, c->state, c->out, node);
}

static void collect_leave(void *state)
{
	struct collect *c = state;
	struct node *node = c->here;
	bool stays = false;

	c->at_line = false;
	if (c->lost) {
		c->lost--;
		return;
	}
	assert(node && c->depth > 0);
	flush_text(c);
	c->here = node->parent;
	if (c->record_depth == c->depth) {
		end_record(c, node);
	} else if (c->kept_depth == c->depth) {
		c->kept_depth = 0;
		link_to(node->parent, node);
		stays = true;
	} else if (in_part(c)) {
		stays = true;
	} else if (c->dialect->leave) {
		c->out->first_line = c->out->last_line = c->line(c->reader);
		c->dialect->leave(c->state, c->out, node);
	}
	c->depth--;
	if (!stays)
		node_pool_reset(&c->pool, c->marks[c->depth]);
}

const struct document_events collect_events = {
	.enter = collect_enter,
	.value = collect_value,
	.text = collect_text,
	.leave = collect_leave,
};
