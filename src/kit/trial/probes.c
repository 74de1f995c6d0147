#include "kit/trial/probes.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/limits.h"
#include "kit/trial/c_scan.h"
#include "kit/trial/choice.h"
#include "port/syntax/syntax.h"

struct insertion {
	size_t at, order; /* ends of statements before starts of others */
	struct str text;
};

struct weaver {
	const struct probes_options *options;
	const struct syntax_tree *tree;
	struct choice_grammar grammar;
	struct syntax_kinds listed; /* parents whose statements stand in a row */
	struct syntax_kinds bodies; /* parents with a statement as their body */
	struct syntax_kinds declarations, functions, ifs, expressions;
	struct probes *probes;
	struct arena mem;
	vec(struct insertion) insertions;
};

static void add_kinds(
	struct syntax_kinds *set, const struct syntax_language *language, const char *const *names)
{
	for (; *names; names++)
		(void)syntax_kinds_add(set, language, str_of(*names)); /* not all are in C */
}

static void learn_kinds(struct weaver *w, const struct syntax_language *language)
{
	static const char *const listed[] = {"compound_statement", "case_statement", "preproc_if",
		"preproc_ifdef", "preproc_else", "preproc_elif", NULL};
	static const char *const bodies[] = {"if_statement", "else_clause", "for_statement",
		"for_range_loop", "while_statement", "do_statement", NULL};
	static const char *const declarations[] = {"declaration", NULL};
	static const char *const functions[] = {"function_definition", NULL};
	static const char *const ifs[] = {"if_statement", NULL};
	static const char *const expressions[] = {"expression_statement", NULL};

	choice_grammar_init(&w->grammar, language);
	add_kinds(&w->listed, language, listed);
	add_kinds(&w->bodies, language, bodies);
	add_kinds(&w->declarations, language, declarations);
	add_kinds(&w->functions, language, functions);
	add_kinds(&w->ifs, language, ifs);
	add_kinds(&w->expressions, language, expressions);
}

static int line_of_end(const struct syntax_tree *t, uint32_t node)
{
	struct str rest = syntax_text(t, node), line;
	int n = (int)t->v[node].line - 1;

	while (str_next_line(&rest, &line))
		n++;
	return n;
}

/* A loop or a condition is its head; what is in it has probes of its own. */
static struct probe extent(const struct weaver *w, uint32_t node)
{
	const struct syntax_tree *t = w->tree;
	struct probe p = {w->options->file, (int)t->v[node].line, line_of_end(t, node)};

	syntax_each_child(child, t, node)
	{
		if (syntax_kinds_has(&w->grammar.statement, &t->v[child])) {
			p.last = (int)t->v[child].line - 1;
			break;
		}
	}
	p.last = p.last > p.first ? p.last : p.first;
	return p;
}

static bool inside_function(const struct weaver *w, uint32_t node)
{
	return syntax_enclosing(w->tree, node, &w->grammar.block, false) != SYNTAX_NONE;
}

static uint32_t parent_of(const struct weaver *w, uint32_t node)
{
	return w->tree->v[node].parent;
}

/* In ({ ... }) the last statement is a value. */
static bool in_expression(const struct weaver *w, uint32_t parent)
{
	uint32_t outer = parent_of(w, parent);

	return outer != SYNTAX_NONE && syntax_kinds_has(&w->grammar.block, &w->tree->v[parent]) &&
	       syntax_kinds_has(&w->grammar.unwrapped, &w->tree->v[outer]) &&
	       str_starts(syntax_text(w->tree, outer), "(");
}

/* A statement that may become "{ probe; statement }". */
static bool wraps(const struct weaver *w, uint32_t node)
{
	const struct syntax_tree *t = w->tree;
	uint32_t parent = parent_of(w, node);

	if (parent == SYNTAX_NONE || !syntax_kinds_has(&w->grammar.statement, &t->v[node]) ||
		syntax_kinds_has(&w->grammar.block, &t->v[node]) ||
		t->v[node].start == t->v[node].end)
		return false;
	if (!syntax_kinds_has(&w->listed, &t->v[parent]) &&
		!syntax_kinds_has(&w->bodies, &t->v[parent]))
		return false;
	return inside_function(w, node) && !in_expression(w, parent) &&
	       !str_starts(syntax_text(t, node), "[[") && c_scan_balanced(syntax_text(t, node));
}

/* A declaration lives on behind itself, so its probe stands before it; not behind something that
 * may be a macro in an if's clothes. */
static bool precedes(const struct weaver *w, uint32_t node)
{
	const struct syntax_tree *t = w->tree;
	uint32_t parent = parent_of(w, node), before = syntax_leaf_before(t, node);

	if (parent == SYNTAX_NONE || !syntax_kinds_has(&w->declarations, &t->v[node]) ||
		!syntax_kinds_has(&w->grammar.block, &t->v[parent]) || in_expression(w, parent) ||
		before == SYNTAX_NONE)
		return false;
	struct str leaf = syntax_text(t, before);

	return str_eq(leaf, STR(";")) || str_eq(leaf, STR("{")) || str_eq(leaf, STR("}"));
}

static void insert(struct weaver *w, size_t at, bool closes, struct str text)
{
	size_t order = w->insertions.n + (closes ? 0 : PROBES_MAX * 4);

	vec_push(&w->insertions, (struct insertion){at, order, text});
}

static bool holds_failing(const struct weaver *w, uint32_t node)
{
	int first = (int)w->tree->v[node].line, last = line_of_end(w->tree, node);

	for (size_t i = 0; i < w->options->n_failing; i++)
		if (w->options->failing[i] >= first && w->options->failing[i] <= last)
			return true;
	return false;
}

/* "ASSERT_EQ", "ck_assert_int_eq", "CHECK", "expectEqual", "verify". */
static bool names_assertion(struct str name)
{
	static const char *const words[] = {"assert", "check", "expect", "require", "verify", NULL};

	for (size_t i = 0; i < name.n; i++)
		for (const char *const *word = words; *word; word++)
			if (str_eq_nocase(str_slice(name, i, i + strlen(*word)), str_of(*word)))
				return true;
	return false;
}

/* A call that checks, or "if (...) complain" without an else. */
static bool is_assertion(const struct weaver *w, uint32_t node)
{
	struct str text = syntax_text(w->tree, node);
	bool line_start = true;
	struct c_token t;

	if (syntax_kinds_has(&w->ifs, &w->tree->v[node]))
		return syntax_child(w->tree, node, "alternative") == SYNTAX_NONE;
	if (!syntax_kinds_has(&w->expressions, &w->tree->v[node]))
		return false;
	return holds_failing(w, node) || (c_scan_next(&text, &line_start, &t) &&
						 t.kind == C_IDENTIFIER && names_assertion(t.text));
}

static bool wants_mark(const struct weaver *w, uint32_t node)
{
	uint32_t function = syntax_enclosing(w->tree, node, &w->functions, false);

	if (!w->options->marks || !is_assertion(w, node))
		return false;
	return !w->options->only_failing || (function != SYNTAX_NONE && holds_failing(w, function));
}

static struct str probe_text(struct weaver *w, uint32_t node, const char *before)
{
	if (!w->options->lines || w->probes->v.n >= PROBES_MAX)
		return str_of(before);
	vec_push(&w->probes->v, extent(w, node));
	return arena_printf(&w->mem, "%sselfheal_hits[%zu] = 1; ", before, w->probes->v.n - 1);
}

static void visit(struct weaver *w, uint32_t node)
{
	const struct syntax_node *n = &w->tree->v[node];

	if (precedes(w, node)) {
		insert(w, n->start, false, probe_text(w, node, ""));
	} else if (wraps(w, node)) {
		insert(w, n->start, false, probe_text(w, node, "{ "));
		insert(w, n->end, true,
			wants_mark(w, node)
				? arena_printf(&w->mem, " selfheal_mark(%u); }", n->line)
				: STR(" }"));
	}
}

static int by_place(const void *a, const void *b)
{
	const struct insertion *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void write_all(struct weaver *w, struct buf *out)
{
	size_t at = 0;

	if (w->insertions.n > 0)
		qsort(w->insertions.v, w->insertions.n, sizeof(w->insertions.v[0]), by_place);
	vec_each (i, &w->insertions) {
		buf_str(out, str_slice(w->tree->text, at, i->at));
		buf_str(out, i->text);
		at = i->at;
	}
	buf_str(out, str_from(w->tree->text, at));
}

int probes_weave(struct buf *out, struct probes *probes, struct str content,
	const struct probes_options *options, struct err *err)
{
	const struct syntax_language *language = syntax_language(str_of(options->language));
	CLEANUP(syntax_tree_freep) struct syntax_tree *tree = NULL;
	struct weaver w = {.options = options, .probes = probes};

	if (!language)
		return err_set(err, ERR_CONFIG, "no grammar for language '%s'", options->language);
	if (syntax_parse(&tree, language, content, err) < 0)
		return -1;
	w.tree = tree;
	arena_init(&w.mem);
	learn_kinds(&w, language);
	for (uint32_t i = 0; i < tree->n;) {
		bool skip = choice_is_constant(&w.grammar, tree, i) ||
			    syntax_kinds_has(&w.grammar.barrier, &tree->v[i]);

		if (!skip)
			visit(&w, i);
		i += skip ? tree->v[i].count : 1;
	}
	write_all(&w, out);
	vec_free(&w.insertions);
	arena_release(&w.mem);
	return 0;
}
