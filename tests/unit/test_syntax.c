#include "port/syntax/syntax.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "port/syntax/query.h"

static struct syntax_tree *parse(const char *language, const char *text)
{
	struct err err = ERR_INIT;
	struct syntax_tree *tree = NULL;

	assert_int_equal(
		syntax_parse(&tree, syntax_language(str_of(language)), str_of(text), &err), 0);
	return tree;
}

static uint32_t find(const struct syntax_tree *tree, const char *text)
{
	for (uint32_t i = 0; i < tree->n; i++)
		if (str_eq_c(syntax_text(tree, i), text) && syntax_is_leaf(tree, i))
			return i;
	fail_msg("no leaf '%s'", text);
	return 0;
}

static void tree_is_flat_and_walkable(void **state)
{
	struct syntax_tree *tree = parse("python", "def f(a):\n    return a + b  # sum\n");
	uint32_t plus = find(tree, "+"), binary = tree->v[plus].parent;

	assert_string_equal(syntax_kind(tree, 0), "module");
	assert_string_equal(syntax_kind(tree, binary), "binary_operator");
	assert_int_equal(tree->v[binary].line, 2);
	assert_string_equal(syntax_field(tree, plus), "operator");
	assert_true(str_eq_c(syntax_text(tree, syntax_child(tree, binary, "right")), "b"));
	assert_int_equal(syntax_named_count(tree, binary), 2);
	assert_true(str_eq_c(syntax_text(tree, syntax_named_child(tree, binary, 1)), "b"));
	assert_int_equal(syntax_named_child(tree, binary, 2), SYNTAX_NONE);
	assert_true(str_eq_c(syntax_text(tree, syntax_leaf_before(tree, binary)), "return"));
	assert_int_equal(syntax_leaf_after(tree, binary), SYNTAX_NONE);
	assert_int_equal(syntax_covering(tree, tree->v[plus].start, tree->v[plus].end), plus);
	syntax_tree_free(tree);
}

static void errors_are_counted(void **state)
{
	struct syntax_tree *good = parse("c", "int x;\n"), *bad = parse("c", "int x\n");

	assert_int_equal(good->errors, 0);
	assert_true(bad->errors > 0);
	syntax_tree_free(good);
	syntax_tree_free(bad);
}

static void deep_nesting_is_refused(void **state)
{
	struct err err = ERR_INIT;
	struct syntax_tree *tree = NULL;
	struct buf text;

	buf_init(&text, 1 << 20);
	buf_fill(&text, '(', 20000);
	buf_fill(&text, ')', 20000);
	assert_true(syntax_parse(&tree, syntax_language(STR("python")), buf_view(&text), &err) < 0);
	assert_null(tree);
	buf_release(&text);
}

static void kinds_are_sets(void **state)
{
	struct syntax_tree *tree = parse("cpp", "int f() { return 1; }\n");
	struct syntax_kinds set = {0};

	assert_true(syntax_kinds_add(&set, tree->language, STR("function_definition")));
	assert_false(syntax_kinds_add(&set, tree->language, STR("no_such_kind")));
	assert_int_equal(syntax_enclosing(tree, find(tree, "1"), &set, false), 1);
	assert_int_equal(syntax_enclosing(tree, 0, &set, true), SYNTAX_NONE);
	syntax_tree_free(tree);
}

struct seen {
	struct buf text;
	const struct syntax_query *query;
	const struct syntax_tree *tree;
};

static bool see(void *data, const struct syntax_match *match)
{
	struct seen *seen = data;

	buf_printf(&seen->text, "%u:", match->pattern);
	for (size_t i = 0; i < match->n; i++) {
		struct str text = syntax_text(seen->tree, match->captures[i].node);

		buf_printf(&seen->text, "%s=%.*s ",
			syntax_query_capture(seen->query, match->captures[i].id), STR_ARGS(text));
	}
	return true;
}

static void query_gives(const char *text, const char *query_text, const char *expect)
{
	struct syntax_tree *tree = parse("python", text);
	struct seen seen = {.tree = tree};
	struct syntax_query *query = NULL;
	struct err err = ERR_INIT;
	size_t at;

	buf_init(&seen.text, 4096);
	if (syntax_query_new(&query, tree->language, str_of(query_text), &at, &err) < 0) {
		buf_printf(&seen.text, "%zu %s", at, err.msg);
	} else {
		seen.query = query;
		syntax_query_run(query, tree, 0, tree->text.n, see, &seen);
	}
	assert_string_equal(buf_text(&seen.text), expect);
	buf_release(&seen.text);
	syntax_query_free(query);
	syntax_tree_free(tree);
}

static void queries_match_many_patterns_at_once(void **state)
{
	const char *text = "x = y\nf(x, 1)\n";

	query_gives(text, "(identifier) @i", "0:i=x 0:i=y 0:i=f 0:i=x ");
	query_gives(text, "(integer) @n (call function: (_) @f)", "1:f=f 0:n=1 ");
	query_gives(text, "((identifier) @i (#eq? @i \"y\"))", "0:i=y ");
	query_gives(text, "((identifier) @i (#any-of? @i \"f\" \"y\"))", "0:i=y 0:i=f ");
	query_gives(text, "((identifier) @i (#not-match? @i \"^[xf]$\"))", "0:i=y ");
	query_gives("x = x\nx = y\n", "(assignment left: (_) @a right: (_) @b (#eq? @a @b))",
		"0:a=x b=x ");
}

static void queries_follow_anchors_and_alternatives(void **state)
{
	const char *list = "x = [a, 1, b]\n";

	query_gives(list, "(list . (_) @f)", "0:f=a ");
	query_gives(list, "(list (_) @l .)", "0:l=b ");
	query_gives(list, "(list (identifier) @i)", "0:i=a 0:i=b ");
	query_gives(list, "(list (_) @x . (_) @y)", "0:x=a y=1 0:x=1 y=b ");
	query_gives(list, "(list (identifier) @x (identifier) @y)", "0:x=a y=b ");
	query_gives(list, "(list . (_) . (_) .)", "");
	query_gives(list, "(list \",\" @c .)", "");
	query_gives(list, "(list [(integer) (string)] @n)", "0:n=1 ");
	query_gives("a = 1\nb = 2\nf()\n",
		"((expression_statement (assignment left: (_) @a)) . (expression_statement (call) "
		"@b))",
		"0:a=b b=f() ");
	query_gives("f(g(1))\n", "(call function: (_) @f arguments: (argument_list (call) @g))",
		"0:f=f g=g(1) ");
	query_gives("def f(): pass\n", "(function_definition !return_type name: (_) @n)", "0:n=f ");
	query_gives(
		"def f() -> int: pass\n", "(function_definition !return_type name: (_) @n)", "");
	query_gives("def f(a): pass\n", "(function_definition name: (_) @n return_type: (_)? @r)",
		"0:n=f ");
	query_gives("x = 'a' 'b'\n", "(concatenated_string (string)+ @s)", "0:s='a' s='b' ");
	query_gives("x = f(\n", "(ERROR) @e", "0:e=x = f( ");
	query_gives("# a\nx = 1\n", "; nothing\n(comment) @c", "0:c=# a ");
	query_gives("a if b else c\n", "(conditional_expression \"if\" . (_) @c)", "0:c=b ");
}

static void bad_queries_are_refused(void **state)
{
	query_gives("", "(integer) (nope)", "11 bad query: no such kind of node");
	query_gives("", "((integer) @a (#frob? @a))", "24 bad query: predicate not understood");
	query_gives("", "((integer) @a (#match? @a \"(\"))",
		"29 bad query: bad pattern '(' at 1: missing closing parenthesis");
	query_gives("", "((integer", "9 bad query: missing bracket");
	query_gives("", "(integer) @", "11 bad query: bad capture");
	query_gives("", "(call nope: (_))", "6 bad query: no such field");
	query_gives("", ")", "0 bad query: bad syntax");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_is_flat_and_walkable),
		cmocka_unit_test(errors_are_counted),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(kinds_are_sets),
		cmocka_unit_test(queries_match_many_patterns_at_once),
		cmocka_unit_test(queries_follow_anchors_and_alternatives),
		cmocka_unit_test(bad_queries_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
