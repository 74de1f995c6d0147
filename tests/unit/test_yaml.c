#include "port/format/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

static void write_node(struct buf *out, const struct yaml_node *node)
{
	static const char marks[] = {'.', '\'', '|'};

	switch (node->kind) {
	case YAML_SCALAR:
		buf_printf(out, "%d:%d%c%.*s", node->line, node->column, marks[node->style],
			STR_ARGS(node->text));
		return;
	case YAML_LIST:
		buf_char(out, '[');
		for (size_t i = 0; i < node->n; i++) {
			buf_c(out, i ? "," : "");
			write_node(out, node->items[i]);
		}
		buf_char(out, ']');
		return;
	case YAML_MAP:
		buf_char(out, '{');
		for (size_t i = 0; i < node->n; i++) {
			buf_printf(out, "%s%.*s=", i ? "," : "", STR_ARGS(node->pairs[i].key));
			write_node(out, node->pairs[i].value);
		}
		buf_char(out, '}');
	}
}

/* The tree in one line, or the message. */
static void check(const char *text, const char *expect)
{
	struct arena mem;
	struct buf out;
	struct err err = ERR_INIT;
	const struct yaml_node *root = NULL;

	arena_init(&mem);
	buf_init(&out, 4096);
	if (yaml_parse(&root, str_of(text), "f.yml", 4096, &mem, &err) < 0)
		buf_c(&out, err.msg);
	else
		write_node(&out, root);
	assert_string_equal(buf_text(&out), expect);
	buf_release(&out);
	arena_release(&mem);
}

static void parse_gives_tree_with_places_and_styles(void **state)
{
	check("", "1:1.");
	check("a: 1\nb:\n  - x\n  - 'y'\n", "{a=1:4.1,b=[3:5.x,4:5'y]}");
	check("a: |\n  one\n  two\n", "{a=1:4|one\ntwo\n}");
	check("{a: [1, \"2\"], b: {}}", "{a=[1:6.1,1:9'2],b={}}");
	check("a: &x [1]\nb: *x\n", "{a=[1:8.1],b=[1:8.1]}");
	check("a:\nb: ~\n", "{a=1:3.,b=2:4.~}");
}

static void parse_refuses(void **state)
{
	check("a: 1\na: 2\n", "cannot parse 'f.yml' line 2 column 1: duplicate key 'a'");
	check("a: *b\n", "cannot parse 'f.yml' line 1 column 4: unknown alias");
	check("a: &a [*a]\n", "cannot parse 'f.yml' line 1 column 8: unknown alias");
	check("? [a]\n: b\n", "cannot parse 'f.yml' line 1 column 3: a key must be a plain text");
	check("a\n---\nb\n", "cannot parse 'f.yml' line 2 column 1: more than one document");
	check("a: [1\nb: 2",
		"cannot parse 'f.yml' line 2 column 2: did not find expected ',' or ']'");
}

static void parse_caps_depth_size_and_aliases(void **state)
{
	struct buf text;

	buf_init(&text, 8192);
	buf_fill(&text, '[', 100);
	check(buf_text(&text), "cannot parse 'f.yml' line 1: nested too deep");
	buf_fill(&text, ' ', 5000);
	check(buf_text(&text), "cannot parse 'f.yml': over 4096 bytes");
	buf_reset(&text);
	buf_c(&text, "a: &a [x,x,x,x,x,x,x,x,x,x]\n");
	for (char c = 'b'; c < 'i'; c++) {
		buf_printf(&text, "%c: &%c [", c, c);
		for (int i = 0; i < 10; i++)
			buf_printf(&text, "*%c,", c - 1);
		buf_c(&text, "]\n");
	}
	check(buf_text(&text), "cannot parse 'f.yml': more than 200000 nodes");
	buf_release(&text);
}

static const char typed[] = "s: text\nn: 12\nr: 0.5\nyes: On\nq: 'true'\nlist: [a, b]\n"
			    "one: a\nmap: {k: v}\nnothing:\n";

static void readers_take_what_fits(void **state)
{
	struct arena mem;
	struct err err = ERR_INIT;
	const struct yaml_node *root = NULL;
	struct str s = STR("old"), *list = NULL;
	size_t n_list = 0;
	double real = 0;
	bool flag = false;
	int n = 0;

	arena_init(&mem);
	assert_int_equal(yaml_parse(&root, str_of(typed), "f.yml", 4096, &mem, &err), 0);
	assert_int_equal(yaml_read_str(root, "nothing", &s, &err), 0);
	assert_true(str_eq_c(s, "old"));
	assert_int_equal(yaml_read_str(root, "s", &s, &err), 0);
	assert_true(str_eq_c(s, "text"));
	assert_int_equal(yaml_read_int(root, "n", 0, 12, &n, &err), 0);
	assert_int_equal(n, 12);
	assert_int_equal(yaml_read_real(root, "r", 0, 1, &real, &err), 0);
	assert_true(real > 0.4 && real < 0.6);
	assert_int_equal(yaml_read_bool(root, "yes", &flag, &err), 0);
	assert_true(flag);
	assert_int_equal(yaml_read_strs(root, "list", &list, &n_list, &mem, &err), 0);
	assert_int_equal(n_list, 2);
	assert_true(str_eq_c(list[1], "b"));
	assert_int_equal(yaml_read_strs(root, "one", &list, &n_list, &mem, &err), 0);
	assert_int_equal(n_list, 1);
	assert_null(yaml_get(root, "absent"));
	arena_release(&mem);
}

static void readers_refuse_what_does_not(void **state)
{
	static const char *const known[] = {"s", "n", "r", "yes", "q", "lists", "one", "map"};
	struct arena mem;
	struct err err = ERR_INIT;
	const struct yaml_node *root = NULL;
	struct str s, *list;
	size_t n_list;
	double real;
	bool flag;
	int n;

	arena_init(&mem);
	assert_int_equal(yaml_parse(&root, str_of(typed), "f.yml", 4096, &mem, &err), 0);
	assert_true(yaml_read_str(root, "map", &s, &err) < 0);
	assert_string_equal(
		err.msg, "cannot parse 'f.yml' line 8: 'map' must be a text, not a map");
	assert_true(yaml_read_int(root, "n", 0, 11, &n, &err) < 0);
	assert_true(yaml_read_int(root, "s", 0, 11, &n, &err) < 0);
	assert_true(yaml_read_real(root, "r", 0, 0.4, &real, &err) < 0);
	assert_true(yaml_read_bool(root, "q", &flag, &err) < 0);
	assert_string_equal(err.msg, "cannot parse 'f.yml' line 5: 'q' must be true or false");
	assert_true(yaml_read_strs(root, "map", &list, &n_list, &mem, &err) < 0);
	assert_true(yaml_check_keys(root, known, ARRAY_LEN(known), &err) < 0);
	assert_string_equal(
		err.msg, "cannot parse 'f.yml' line 6: unknown key 'list' (did you mean 'lists'?)");
	arena_release(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_gives_tree_with_places_and_styles),
		cmocka_unit_test(parse_refuses),
		cmocka_unit_test(parse_caps_depth_size_and_aliases),
		cmocka_unit_test(readers_take_what_fits),
		cmocka_unit_test(readers_refuse_what_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
