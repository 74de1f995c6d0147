/* walk: moving about in a syntax tree. */
#include "port/syntax/syntax.h"

struct str syntax_text(const struct syntax_tree *tree, uint32_t node)
{
	return str_slice(tree->text, tree->v[node].start, tree->v[node].end);
}

bool syntax_is_leaf(const struct syntax_tree *tree, uint32_t node)
{
	return tree->v[node].count == 1;
}

uint32_t syntax_next_sibling(const struct syntax_tree *tree, uint32_t node)
{
	uint32_t parent = tree->v[node].parent, next = node + tree->v[node].count;

	if (parent == SYNTAX_NONE || next >= parent + tree->v[parent].count)
		return SYNTAX_NONE;
	return next;
}

uint32_t syntax_child(const struct syntax_tree *tree, uint32_t node, const char *field)
{
	syntax_each_child(child, tree, node)
	{
		if (tree->v[child].field && strcmp(syntax_field(tree, child), field) == 0)
			return child;
	}
	return SYNTAX_NONE;
}

static bool is_named(const struct syntax_node *node)
{
	return (node->flags & (SYNTAX_NAMED | SYNTAX_EXTRA)) == SYNTAX_NAMED;
}

size_t syntax_named_count(const struct syntax_tree *tree, uint32_t node)
{
	size_t n = 0;

	syntax_each_child(child, tree, node) n += is_named(&tree->v[child]);
	return n;
}

uint32_t syntax_named_child(const struct syntax_tree *tree, uint32_t node, size_t i)
{
	syntax_each_child(child, tree, node)
	{
		if (is_named(&tree->v[child]) && i-- == 0)
			return child;
	}
	return SYNTAX_NONE;
}

static bool is_token(const struct syntax_tree *tree, uint32_t i)
{
	const struct syntax_node *node = &tree->v[i];

	return node->count == 1 && node->end > node->start && !(node->flags & SYNTAX_EXTRA);
}

uint32_t syntax_leaf_before(const struct syntax_tree *tree, uint32_t node)
{
	for (uint32_t i = node; i-- > 0;)
		if (is_token(tree, i) && tree->v[i].end <= tree->v[node].start)
			return i;
	return SYNTAX_NONE;
}

uint32_t syntax_leaf_after(const struct syntax_tree *tree, uint32_t node)
{
	for (uint32_t i = node + tree->v[node].count; i < tree->n; i++)
		if (is_token(tree, i))
			return i;
	return SYNTAX_NONE;
}

uint32_t syntax_covering(const struct syntax_tree *tree, size_t start, size_t end)
{
	size_t low = 0, high = tree->n;
	uint32_t node;

	/* The last node that starts at or before start, then up until the end is covered, too. */
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (tree->v[middle].start <= start)
			low = middle + 1;
		else
			high = middle;
	}
	node = low ? (uint32_t)low - 1 : 0;
	while (tree->v[node].end < end && tree->v[node].parent != SYNTAX_NONE)
		node = tree->v[node].parent;
	return node;
}

uint32_t syntax_previous_sibling(const struct syntax_tree *tree, uint32_t node)
{
	uint32_t parent = tree->v[node].parent, at = node - 1;

	if (parent == SYNTAX_NONE || at == parent)
		return SYNTAX_NONE;
	while (tree->v[at].parent != parent)
		at = tree->v[at].parent;
	return at;
}

uint32_t syntax_enclosing(
	const struct syntax_tree *tree, uint32_t node, const struct syntax_kinds *set, bool or_self)
{
	uint32_t i = or_self ? node : tree->v[node].parent;

	while (i != SYNTAX_NONE && !syntax_kinds_has(set, &tree->v[i]))
		i = tree->v[i].parent;
	return i;
}
