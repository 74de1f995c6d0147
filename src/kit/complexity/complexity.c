#include "kit/complexity/complexity.h"

enum { NAME_BYTES = 200 };

/* A function that is open while the tree is walked. */
struct open_function {
	uint32_t end;
	int decisions;
	size_t slot; /* in the list of all */
};

struct walk {
	const struct pack *pack;
	const struct syntax_tree *tree;
	complexity_list_t all;
	struct open_function open[COMPLEXITY_NESTED_MAX];
	size_t depth;
};

static void close_function(struct walk *w)
{
	const struct open_function *f = &w->open[--w->depth];

	w->all.v[f->slot].value = f->decisions + 1;
}

static void open_function(struct walk *w, uint32_t node)
{
	const struct syntax_node *n = &w->tree->v[node];

	/* What is nested deeper belongs to the innermost that is counted. */
	if (w->depth == COMPLEXITY_NESTED_MAX || w->all.n == COMPLEXITY_FUNCTIONS_MAX)
		return;
	w->open[w->depth++] = (struct open_function){.end = node + n->count, .slot = w->all.n};
	vec_push(&w->all, (struct complexity){.line = (int)n->line, .node = node});
}

static void count(struct walk *w)
{
	for (uint32_t i = 0; i < w->tree->n; i++) {
		while (w->depth && i >= w->open[w->depth - 1].end)
			close_function(w);
		if (pack_is(w->pack, PACK_FUNCTION, w->tree, i))
			open_function(w, i);
		else if (w->depth && syntax_kinds_has(&w->pack->decisions, &w->tree->v[i]))
			w->open[w->depth - 1].decisions++;
	}
	while (w->depth)
		close_function(w);
}

/* As grammars name these fields: a name, or a declarator in declarators, the innermost of which is
 * the name with what qualifies it. */
static struct str name_of(const struct syntax_tree *tree, uint32_t function)
{
	uint32_t node = syntax_child(tree, function, "name"), inner;

	if (node == SYNTAX_NONE)
		node = syntax_child(tree, function, "declarator");
	while (node != SYNTAX_NONE &&
		(inner = syntax_child(tree, node, "declarator")) != SYNTAX_NONE)
		node = inner;
	return node == SYNTAX_NONE ? STR("") : syntax_text(tree, node);
}

void complexity_measure(complexity_list_t *out, const struct pack *pack,
	const struct syntax_tree *tree, int threshold, struct arena *mem)
{
	struct walk w = {.pack = pack, .tree = tree};

	count(&w);
	vec_each (f, &w.all) {
		if (f->value <= threshold)
			continue;
		f->name = arena_str(mem, str_slice(name_of(tree, f->node), 0, NAME_BYTES));
		vec_push(out, *f);
	}
	vec_free(&w.all);
}
