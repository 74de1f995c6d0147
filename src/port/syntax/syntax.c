#include "port/syntax/syntax.h"

#include <tree_sitter/api.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/vec.h"
#include "port/syntax/grammar.h"

const TSLanguage *tree_sitter_python(void);
const TSLanguage *tree_sitter_c(void);
const TSLanguage *tree_sitter_cpp(void);

struct syntax_language {
	const char *name;
	const TSLanguage *(*grammar)(void);
};

static const struct syntax_language languages[] = {
	{"c", tree_sitter_c},
	{"cpp", tree_sitter_cpp},
	{"python", tree_sitter_python},
};

struct syntax_parser {
	const struct syntax_language *language;
	TSParser *parser;
	struct syntax_tree tree;
	size_t room;
};

const struct syntax_language *syntax_language(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		if (str_eq_c(name, languages[i].name))
			return &languages[i];
	return NULL;
}

const char *syntax_language_name(const struct syntax_language *language)
{
	return language->name;
}

const struct TSLanguage *syntax_grammar(const struct syntax_language *language)
{
	return language->grammar();
}

static struct syntax_node *node_add(struct syntax_tree *tree, size_t *room)
{
	if (tree->n == *room) {
		*room = *room ? *room * 2 : 256;
		tree->v = xreallocarray(tree->v, *room, sizeof(*tree->v));
	}
	return &tree->v[tree->n++];
}

static void flatten_one(
	struct syntax_tree *tree, TSTreeCursor *cursor, uint32_t parent, size_t *room)
{
	TSNode node = ts_tree_cursor_current_node(cursor);
	struct syntax_node *to = node_add(tree, room);

	*to = (struct syntax_node){.start = ts_node_start_byte(node),
		.end = ts_node_end_byte(node),
		.parent = parent,
		.count = 1,
		.line = ts_node_start_point(node).row + 1,
		.symbol = ts_node_symbol(node),
		.field = (uint8_t)ts_tree_cursor_current_field_id(cursor)};
	to->flags = (uint8_t)((ts_node_is_named(node) ? SYNTAX_NAMED : 0) |
			      (ts_node_is_extra(node) ? SYNTAX_EXTRA : 0) |
			      (ts_node_is_error(node) ? SYNTAX_ERROR : 0) |
			      (ts_node_is_missing(node) ? SYNTAX_MISSING : 0));
	tree->errors += (to->flags & (SYNTAX_ERROR | SYNTAX_MISSING)) != 0;
}

/* Preorder by cursor, without recursion: hostile text nests as deep as it likes. */
static bool flatten(struct syntax_tree *tree, TSTree *parsed, size_t *room)
{
	TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(parsed));
	uint32_t at = SYNTAX_NONE, depth = 0;
	bool more = true;

	tree->n = tree->errors = 0;
	while (more && depth < SYNTAX_DEPTH_MAX) {
		flatten_one(tree, &cursor, at, room);
		if (ts_tree_cursor_goto_first_child(&cursor)) {
			at = (uint32_t)tree->n - 1;
			depth++;
			continue;
		}
		while (!(more = ts_tree_cursor_goto_next_sibling(&cursor)) && at != SYNTAX_NONE) {
			tree->v[at].count = (uint32_t)tree->n - at;
			at = tree->v[at].parent;
			ts_tree_cursor_goto_parent(&cursor);
			depth--;
		}
	}
	ts_tree_cursor_delete(&cursor);
	return depth < SYNTAX_DEPTH_MAX;
}

static TSParser *parser_new(const struct syntax_language *language)
{
	TSParser *parser = ts_parser_new();

	if (!ts_parser_set_language(parser, language->grammar()))
		abort(); /* a grammar whose ABI the runtime refuses: our own build is wrong */
	return parser;
}

int syntax_parse(struct syntax_tree **out, const struct syntax_language *language, struct str text,
	struct err *err)
{
	CLEANUP(syntax_tree_freep) struct syntax_tree *tree = xcalloc(1, sizeof(*tree));
	size_t room = 0;
	TSParser *parser;

	if (text.n > LIMIT_SOURCE_BYTES)
		return err_set(err, ERR_LIMIT, "cannot parse %zu bytes of %s: over %d", text.n,
			language->name, LIMIT_SOURCE_BYTES);
	parser = parser_new(language);
	tree->language = language;
	tree->text = text;
	tree->handle = ts_parser_parse_string(parser, NULL, text.p ? text.p : "", (uint32_t)text.n);
	ts_parser_delete(parser);
	if (!tree->handle)
		return err_set(err, ERR_INTERNAL, "cannot parse %s: no tree", language->name);
	if (!flatten(tree, tree->handle, &room))
		return err_set(err, ERR_LIMIT, "cannot parse %s: nested deeper than %d",
			language->name, SYNTAX_DEPTH_MAX);
	*out = TAKE(tree);
	return 0;
}

void syntax_tree_free(struct syntax_tree *tree)
{
	if (!tree)
		return;
	if (tree->handle)
		ts_tree_delete(tree->handle);
	free(tree->v);
	free(tree);
}

struct syntax_parser *syntax_parser_new(const struct syntax_language *language)
{
	struct syntax_parser *p = xcalloc(1, sizeof(*p));

	p->language = p->tree.language = language;
	p->parser = parser_new(language);
	return p;
}

void syntax_parser_free(struct syntax_parser *p)
{
	if (!p)
		return;
	ts_parser_delete(p->parser);
	free(p->tree.v);
	free(p);
}

const struct syntax_tree *syntax_parser_run(struct syntax_parser *p, struct str text)
{
	TSTree *parsed;
	bool fits;

	if (text.n > LIMIT_SOURCE_BYTES)
		return NULL;
	p->tree.text = text;
	parsed = ts_parser_parse_string(p->parser, NULL, text.p ? text.p : "", (uint32_t)text.n);
	if (!parsed)
		return NULL;
	fits = flatten(&p->tree, parsed, &p->room);
	ts_tree_delete(parsed);
	return fits ? &p->tree : NULL;
}

const char *syntax_kind(const struct syntax_tree *tree, uint32_t node)
{
	return ts_language_symbol_name(tree->language->grammar(), tree->v[node].symbol);
}

const char *syntax_field(const struct syntax_tree *tree, uint32_t node)
{
	uint8_t field = tree->v[node].field;

	return field ? ts_language_field_name_for_id(tree->language->grammar(), field) : "";
}

bool syntax_kinds_add(
	struct syntax_kinds *set, const struct syntax_language *language, struct str name)
{
	const TSLanguage *grammar = language->grammar();
	uint32_t n = ts_language_symbol_count(grammar);
	bool found = false;

	for (uint32_t i = 0; i < n && i < SYNTAX_KINDS_MAX; i++) {
		TSSymbolType type = ts_language_symbol_type(grammar, (TSSymbol)i);

		if (type > TSSymbolTypeAnonymous ||
			!str_eq_c(name, ts_language_symbol_name(grammar, (TSSymbol)i)))
			continue;
		set->bits[i / 64] |= (uint64_t)1 << (i % 64);
		found = set->any = true;
	}
	return found;
}
