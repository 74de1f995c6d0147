#include "kit/rewrite/site.h"

void site_bind(struct site *site, struct str name, struct str text, uint32_t node)
{
	struct binding b = {name, text, node, 0, 0};

	if (node != SYNTAX_NONE) {
		b.start = site->source->tree->v[node].start;
		b.end = site->source->tree->v[node].end;
	}
	if (site->n < BINDINGS_MAX)
		site->v[site->n++] = b;
}

void site_bind_range(struct site *site, struct str name, size_t start, size_t end)
{
	struct str text = str_slice(site->source->tree->text, start, end);

	if (site->n < BINDINGS_MAX)
		site->v[site->n++] = (struct binding){name, text, SYNTAX_NONE, start, end};
}

const struct binding *site_get(const struct site *site, struct str name)
{
	for (size_t i = 0; i < site->n; i++)
		if (str_eq(site->v[i].name, name))
			return &site->v[i];
	return NULL;
}

uint32_t site_node(const struct site *site, struct str name)
{
	const struct binding *b = site_get(site, name);

	return b ? b->node : SYNTAX_NONE;
}

static bool is_one_of(struct str text, const struct str *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(texts[i], text))
			return true;
	return false;
}

static bool same_text(const struct site *site, struct str text, struct str capture)
{
	const struct binding *b = site_get(site, capture);

	return b && str_eq(b->text, text);
}

static bool text_holds(const struct site *site, const struct condition *c, struct str text)
{
	if (c->n_text && !is_one_of(text, c->text, c->n_text))
		return false;
	if (is_one_of(text, c->not_text, c->n_not_text))
		return false;
	if (c->matches && !regex_match(c->matches, text, NULL))
		return false;
	if (c->not_matches && regex_match(c->not_matches, text, NULL))
		return false;
	for (size_t i = 0; i < c->n_same_as; i++)
		if (!same_text(site, text, c->same_as[i]))
			return false;
	for (size_t i = 0; i < c->n_differs; i++)
		if (same_text(site, text, c->differs[i]))
			return false;
	return true;
}

static bool has_descendant(
	const struct syntax_tree *tree, uint32_t node, const struct syntax_kinds *kinds)
{
	for (uint32_t i = node + 1; i < node + tree->v[node].count; i++)
		if (syntax_kinds_has(kinds, &tree->v[i]))
			return true;
	return false;
}

static bool place_holds(const struct syntax_tree *tree, const struct condition *c, uint32_t node)
{
	const struct syntax_node *n = &tree->v[node];
	const struct syntax_node *parent = n->parent == SYNTAX_NONE ? NULL : &tree->v[n->parent];

	if (c->kind.any && !syntax_kinds_has(&c->kind, n))
		return false;
	if (c->not_kind.any && syntax_kinds_has(&c->not_kind, n))
		return false;
	if (c->parent.any && (!parent || !syntax_kinds_has(&c->parent, parent)))
		return false;
	if (c->not_parent.any && parent && syntax_kinds_has(&c->not_parent, parent))
		return false;
	if (c->inside.any && syntax_enclosing(tree, node, &c->inside, false) == SYNTAX_NONE)
		return false;
	if (c->not_inside.any && syntax_enclosing(tree, node, &c->not_inside, false) != SYNTAX_NONE)
		return false;
	if (c->has.any && !has_descendant(tree, node, &c->has))
		return false;
	return !c->lacks.any || !has_descendant(tree, node, &c->lacks);
}

static bool is_last_statement(const struct source *s, uint32_t node)
{
	uint32_t next = syntax_next_sibling(s->tree, node);

	while (next != SYNTAX_NONE && !pack_is(s->pack, PACK_STATEMENT, s->tree, next))
		next = syntax_next_sibling(s->tree, next);
	return next == SYNTAX_NONE;
}

static bool shape_holds(const struct source *s, const struct condition *c, uint32_t node)
{
	if (c->n_not_field &&
		is_one_of(str_of(syntax_field(s->tree, node)), c->not_field, c->n_not_field))
		return false;
	if (c->n_field && !is_one_of(str_of(syntax_field(s->tree, node)), c->field, c->n_field))
		return false;
	if (c->min_children > 0 || c->max_children < CHILDREN_MAX) {
		size_t n = syntax_named_count(s->tree, node);

		if (n < (size_t)c->min_children || n > (size_t)c->max_children)
			return false;
	}
	return c->last == 0 || (c->last > 0) == is_last_statement(s, node);
}

static bool meaning_holds(const struct source *s, const struct condition *c, uint32_t node)
{
	if (c->types || c->not_types) {
		unsigned type = 1u << source_type(s, node);

		if ((c->types && !(c->types & type)) || (c->not_types & type))
			return false;
	}
	if (c->names || c->not_names) {
		unsigned class = 1u << source_class(s, node, syntax_text(s->tree, node));

		if ((c->names && !(c->names & class)) || (c->not_names & class))
			return false;
	}
	if (c->defines && (c->defines > 0) != s->is_definition[node])
		return false;
	return !c->member || (c->member > 0) == s->is_member[node];
}

bool site_holds(const struct site *site)
{
	for (size_t i = 0; i < site->template->n_where; i++) {
		const struct condition *c = &site->template->where[i];
		const struct binding *b = site_get(site, c->capture);

		if (!b) /* an optional capture that took no part */
			continue;
		if (!text_holds(site, c, b->text))
			return false;
		if (b->node == SYNTAX_NONE)
			continue;
		if (!place_holds(site->source->tree, c, b->node) ||
			!shape_holds(site->source, c, b->node) ||
			!meaning_holds(site->source, c, b->node))
			return false;
	}
	return true;
}
