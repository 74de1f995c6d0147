#include "kit/report/document/node.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "kit/report/document/event.h"
#include "kit/report/utf8.h"

void node_pool_init(struct node_pool *p, size_t nodes, size_t text)
{
	*p = (struct node_pool){.room = nodes, .text_room = text};
	p->nodes = xreallocarray(NULL, nodes, sizeof(*p->nodes));
	p->text = xmalloc(text);
}

void node_pool_release(struct node_pool *p)
{
	free(p->nodes);
	free(p->text);
	*p = (struct node_pool){0};
}

struct node_mark node_pool_mark(const struct node_pool *p)
{
	return (struct node_mark){p->n, p->used};
}

void node_pool_reset(struct node_pool *p, struct node_mark mark)
{
	p->n = mark.n;
	p->used = mark.used;
	p->over = false;
}

static struct str pool_str(struct node_pool *p, struct str s)
{
	char *at = p->text + p->used;

	if (s.n > p->text_room - p->used) {
		p->over = true;
		return STR("");
	}
	if (s.n)
		memcpy(at, s.p, s.n);
	p->used += s.n;
	return str_make(at, s.n);
}

struct node *node_add(struct node_pool *p, struct node *parent, struct str name)
{
	struct node *node;

	if (p->n == p->room || name.n > p->text_room - p->used) {
		p->over = true;
		return NULL;
	}
	node = &p->nodes[p->n++];
	*node = (struct node){.name = pool_str(p, name), .text = STR(""), .parent = parent};
	if (!parent)
		return node;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	return node;
}

void node_set_text(struct node_pool *p, struct node *node, struct str text)
{
	text = utf8_cut(text, DOCUMENT_VALUE_BYTES);
	if (utf8_is_valid(text)) {
		node->text = pool_str(p, text);
	} else {
		BUF_AUTO utf8 = BUF_INIT(3 * DOCUMENT_VALUE_BYTES);

		utf8_add(&utf8, text);
		node->text = pool_str(p, buf_view(&utf8));
	}
}

static bool is_named(const struct node *node, struct str name)
{
	return str_eq_c(name, "*") || str_eq(node->name, name);
}

/* "key=x|y": whether the node has a child of that name with one of these texts. */
static bool passes(const struct node *node, struct str filter)
{
	struct str key, one;

	if (filter.n == 0)
		return true;
	if (!str_cut(&filter, "=", &key))
		return false;
	for (const struct node *n = node->first; n; n = n->next) {
		struct str values = filter;

		while (str_eq(n->name, key) && str_next(&values, '|', &one))
			if (str_eq(str_trim(n->text), one))
				return true;
	}
	return false;
}

/* The first child from n on of the name that the step "name" or "name[key=x|y]" asks for. */
static const struct node *find(const struct node *n, struct str step)
{
	struct str filter = step, name;

	if (!n)
		return NULL;
	if (!str_cut(&filter, "[", &name)) {
		name = step;
		filter = STR("");
	} else if (str_ends(filter, "]")) {
		filter.n--;
	}
	while (n && (!is_named(n, name) || !passes(n, filter)))
		n = n->next;
	return n;
}

const struct node *node_child(const struct node *node, struct str step, const struct node *before)
{
	return find(before ? before->next : node->first, step);
}

const struct node *node_get(const struct node *node, const char *path)
{
	struct str rest = str_of(path), name;

	while (node && str_next(&rest, '/', &name)) {
		if (str_eq_c(name, ".."))
			node = node->parent;
		else if (!str_eq_c(name, "."))
			node = find(node->first, name);
	}
	return node;
}

const struct node *node_again(const struct node *node)
{
	const struct node *n = node->next;

	while (n && !str_eq(n->name, node->name))
		n = n->next;
	return n;
}

struct str node_text(const struct node *node, const char *path)
{
	const struct node *n = node_get(node, path);

	return n ? str_trim(n->text) : STR("");
}

struct str node_text_any(const struct node *node, const char *const *paths)
{
	struct str s = STR("");

	for (; *paths && s.n == 0; paths++)
		s = node_text(node, *paths);
	return s;
}

int node_int(const struct node *node, const char *path, int none)
{
	struct str s = node_text(node, path);
	int n;

	return str_take_int(&s, &n) ? n : none;
}

double node_seconds(const struct node *node, const char *path)
{
	struct str s = node_text(node, path);
	double v;

	return str_to_double(s, &v) && v >= 0 ? v : -1;
}

bool node_is_true(const struct node *node, const char *path)
{
	struct str s = node_text(node, path);

	return str_eq_nocase(s, STR("true")) || str_eq_c(s, "1");
}
