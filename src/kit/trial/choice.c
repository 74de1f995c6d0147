#include "kit/trial/choice.h"

#include "kit/trial/c_scan.h"

static void add_kinds(
	struct syntax_kinds *set, const struct syntax_language *language, const char *const *names)
{
	for (; *names; names++)
		(void)syntax_kinds_add(set, language, str_of(*names)); /* not all are in C */
}

void choice_grammar_init(struct choice_grammar *grammar, const struct syntax_language *language)
{
	static const char *const statements[] = {"expression_statement", "if_statement",
		"for_statement", "for_range_loop", "while_statement", "do_statement",
		"switch_statement", "return_statement", "break_statement", "continue_statement",
		"goto_statement", "try_statement", "throw_statement", "compound_statement", NULL};
	static const char *const blocks[] = {"compound_statement", NULL};
	/* No directive may stand in a macro's arguments, and any call may be one. */
	static const char *const barriers[] = {"argument_list", "init_statement",
		"condition_clause", "preproc_def", "preproc_function_def", "decltype", NULL};
	static const char *const functions[] = {"function_definition", "lambda_expression", NULL};
	static const char *const scopes[] = {"translation_unit", "declaration_list",
		"linkage_specification", "namespace_definition", "preproc_if", "preproc_ifdef",
		"preproc_else", "preproc_elif", "preproc_elifdef", NULL};
	/* switch (x) {...} holds the cases; ({...}) is an expression. */
	static const char *const unwrapped[] = {
		"switch_statement", "parenthesized_expression", NULL};

	*grammar = (struct choice_grammar){.statement = {.any = false}};
	add_kinds(&grammar->statement, language, statements);
	add_kinds(&grammar->block, language, blocks);
	add_kinds(&grammar->barrier, language, barriers);
	add_kinds(&grammar->function, language, functions);
	add_kinds(&grammar->scope, language, scopes);
	add_kinds(&grammar->unwrapped, language, unwrapped);
}

static bool is_block(const struct choice_grammar *g, const struct syntax_tree *t, uint32_t node)
{
	return syntax_kinds_has(&g->block, &t->v[node]);
}

static bool is_statement(const struct choice_grammar *g, const struct syntax_tree *t, uint32_t node)
{
	const struct syntax_node *n = &t->v[node];

	if (!syntax_kinds_has(&g->statement, n) || n->start == n->end)
		return false;
	if (is_block(g, t, node) && n->parent != SYNTAX_NONE &&
		syntax_kinds_has(&g->unwrapped, &t->v[n->parent]))
		return false;
	return c_scan_balanced(syntax_text(t, node));
}

/* A statement expression is a barrier: the value is that of its last statement. */
static bool is_barrier(const struct choice_grammar *g, const struct syntax_tree *t, uint32_t node)
{
	if (syntax_kinds_has(&g->barrier, &t->v[node]))
		return true;
	if (!syntax_kinds_has(&g->unwrapped, &t->v[node]) || !str_starts(syntax_text(t, node), "("))
		return false;
	syntax_each_child(child, t, node) if (is_block(g, t, child)) return true;
	return false;
}

bool choice_is_constant(const struct choice_grammar *g, const struct syntax_tree *t, uint32_t node)
{
	struct str head = syntax_text(t, node);

	if (!syntax_kinds_has(&g->function, &t->v[node]))
		return false;
	syntax_each_child(child, t, node) if (is_block(g, t, child)) head =
		str_slice(t->text, t->v[node].start, t->v[child].start);
	return c_scan_mentions(head, STR("constexpr")) || c_scan_mentions(head, STR("consteval"));
}

/* Whether directives may stand before the node: not between a function's head and its body, which
 * the grammar tears apart where a macro confuses it. */
static bool starts_fresh(const struct syntax_tree *t, uint32_t node)
{
	uint32_t before = syntax_leaf_before(t, node);

	if (before == SYNTAX_NONE)
		return true;
	struct str text = syntax_text(t, before);
	uint32_t parent = t->v[before].parent;

	return str_eq(text, STR("}")) || str_eq(text, STR(";")) || str_eq(text, STR("{")) ||
	       str_ends(text, "\n") ||
	       (parent != SYNTAX_NONE && str_starts(str_of(syntax_kind(t, parent)), "preproc"));
}

/* From node up: the first statement that is wider than inner, or the widest of all. A barrier above
 * a statement rules it out. */
static bool climb(const struct choice_grammar *g, const struct syntax_tree *t, uint32_t node,
	const struct choice_region *inner, bool widest, struct choice_region *out)
{
	struct choice_region found = {0};
	uint32_t item = node;
	bool any = false;

	for (; node != SYNTAX_NONE; node = t->v[node].parent) {
		const struct syntax_node *n = &t->v[node];
		bool wider = !inner || n->start < inner->start || n->end > inner->end;

		if (choice_is_constant(g, t, node))
			return false;
		any = any && !is_barrier(g, t, node);
		if ((!any || widest) && wider && is_statement(g, t, node)) {
			found = (struct choice_region){.start = n->start, .end = n->end};
			any = true;
		}
		item = syntax_kinds_has(&g->scope, n) ? item : node;
	}
	if (!any)
		return false;
	if (starts_fresh(t, item)) {
		uint32_t after = syntax_leaf_after(t, item);
		bool closed = after == SYNTAX_NONE || !str_eq(syntax_text(t, after), STR(";"));

		/* The semicolon of a class is not always in its node. */
		found.item_start = t->v[item].start;
		found.item_end = t->v[closed ? item : after].end;
	}
	*out = found;
	return true;
}

bool choice_statement(const struct choice_grammar *grammar, const struct syntax_tree *tree,
	size_t start, size_t end, struct choice_region *out)
{
	return climb(grammar, tree, syntax_covering(tree, start, end), NULL, false, out);
}

bool choice_around(const struct choice_grammar *grammar, const struct syntax_tree *tree,
	const struct choice_region *r, struct choice_region *out)
{
	struct choice_region inner = *r;

	return climb(grammar, tree, syntax_covering(tree, r->start, r->end), &inner, false, out);
}

bool choice_body(const struct choice_grammar *grammar, const struct syntax_tree *tree, size_t start,
	size_t end, struct choice_region *out)
{
	return climb(grammar, tree, syntax_covering(tree, start, end), NULL, true, out);
}
