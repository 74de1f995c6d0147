/* The descriptions in templates/reports/ and the texts that they are made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strmap.h"
#include "kit/report/document/catalogue.h"
#include "kit/report/document/field.h"
#include "kit/report/document/stack_text.h"

static void all_load(void **state)
{
	struct shapes shapes = {0};
	struct strmap names;
	struct arena mem;
	struct err err = ERR_INIT;

	(void)state;
	arena_init(&mem);
	strmap_init(&names);
	if (shapes_load(&shapes, NULL, &mem, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(shapes.dialects.n > 100);
	vec_each (d, &shapes.dialects) {
		assert_true(strmap_put(&names, str_of((*d)->name), &names));
		for (const char *const *paths = (*d)->known_by; *paths; paths++)
			if (((*paths)[0] == '/') != (*d)->json)
				fail_msg("%s: '%s' is of the other kind", (*d)->name, *paths);
	}
	shapes_release(&shapes);
	strmap_release(&names);
	arena_release(&mem);
}

/* No list of conditions is there twice: which dialect it means would be chance. */
static void signatures_differ(void **state)
{
	struct catalogue *c = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(catalogue_new(&c, NULL, &err), 0);
	vec_each (a, &c->signatures)
		for (const struct signature *b = a + 1; b < c->signatures.v + c->signatures.n; b++)
			if (a->n == b->n && a->dialect != b->dialect &&
				a->dialect->json == b->dialect->json &&
				!memcmp(a->conditions, b->conditions, sizeof(a->conditions)))
				fail_msg("%s and %s are known by the same", a->dialect->name,
					b->dialect->name);
	catalogue_free(c);
}

/* <item kind="k"><at line="3"/><tag>x</tag><tag>y</tag><run ok="no" n="1"/><run ok="yes" n="2"/> */
static struct node *make_item(struct node_pool *pool)
{
	struct node *file = node_add(pool, NULL, STR("file"));
	struct node *item = node_add(pool, file, STR("item")), *n;
	static const char *const runs[] = {"no", "yes"};

	node_set_text(pool, node_add(pool, file, STR("path")), STR("a.c"));
	node_set_text(pool, node_add(pool, item, STR("kind")), STR("k"));
	node_set_text(pool, node_add(pool, node_add(pool, item, STR("at")), STR("line")), STR("3"));
	node_set_text(pool, node_add(pool, item, STR("tag")), STR("x"));
	node_set_text(pool, node_add(pool, item, STR("tag")), STR("y"));
	for (int i = 0; i < 2; i++) {
		n = node_add(pool, item, STR("run"));
		node_set_text(pool, node_add(pool, n, STR("ok")), str_of(runs[i]));
		node_set_text(pool, node_add(pool, n, STR("n")), i ? STR("2") : STR("1"));
	}
	return item;
}

static void fields(void **state)
{
	static const struct {
		const char *texts[2], *value;
	} examples[] = {
		{{"kind"}, "k"},
		{{"at/line"}, "3"},
		{{"../path"}, "a.c"},
		{{"gone", "kind"}, "k"},
		{{"{kind}: {at/line}!"}, "k: 3!"},
		{{"{kind} of {gone}", "{kind}"}, "k"},
		{{"tag"}, "x"},
		{{"tag*"}, "x > y"},
		{{"tag+"}, "x\ny"},
		{{"@"}, "item"},
		{{"../@"}, "file"},
		{{"at/*"}, "3"},
		{{"run[ok=yes]/n"}, "2"},
		{{"run[ok=maybe|no]/n"}, "1"},
		{{"run[ok=maybe]/n"}, ""},
		{{"../../../gone"}, ""},
	};
	struct node_pool pool;
	struct node *item;

	(void)state;
	node_pool_init(&pool, 64, 4096);
	item = make_item(&pool);
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		struct str texts[2] = {str_of(examples[i].texts[0]), str_of(examples[i].texts[1])};
		struct field f = {0};
		struct arena mem;
		struct str value;

		arena_init(&mem);
		field_compile(&f, texts, examples[i].texts[1] ? 2 : 1, &mem);
		value = field_eval(&f, item, &mem);
		if (!str_eq_c(value, examples[i].value))
			fail_msg("'%s' is '%.*s'", examples[i].texts[0], STR_ARGS(value));
		arena_release(&mem);
	}
	node_pool_release(&pool);
}

static void conditions(void **state)
{
	static const struct {
		const char *text;
		bool holds;
	} examples[] = {
		{"kind", true},
		{"gone", false},
		{"!gone", true},
		{"!kind", false},
		{"kind=k", true},
		{"kind=x|k", true},
		{"kind=x", false},
		{"kind!=x|y", true},
		{"kind!=k", false},
		{"gone!=x", true},
		{"gone=", true},
		{"../path=a.c", true},
	};
	struct node_pool pool;
	struct node *item;

	(void)state;
	node_pool_init(&pool, 64, 4096);
	item = make_item(&pool);
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		struct str text = str_of(examples[i].text);
		struct field f = {0};
		struct arena mem;

		arena_init(&mem);
		field_compile(&f, &text, 1, &mem);
		if (field_holds(&f, item) != examples[i].holds)
			fail_msg("'%s'", examples[i].text);
		arena_release(&mem);
	}
	node_pool_release(&pool);
}

static void stack_lines(void **state)
{
	static const struct {
		const char *line, *path;
		int at, column;
	} examples[] = {
		{"\tat org.shop.CartTest.sums(CartTest.java:27)", "org/shop/CartTest.java", 27, 0},
		{"at app//org.shop.Cart$1.f(Cart.java:3)", "org/shop/Cart.java", 3, 0},
		{"    at java.base/java.lang.reflect.Method.invoke(Method.java:568)",
			"java/lang/reflect/Method.java", 568, 0},
		{"   at Shop.Tests.Sums(Int32 x) in C:\\src\\a b\\T.cs:line 27",
			"C:\\src\\a b\\T.cs", 27, 0},
		{"    at Context.<anonymous> (test/cart.js:7:14)", "test/cart.js", 7, 14},
		{"    at async file:///home/ci/x.mjs:3:1", "/home/ci/x.mjs", 3, 1},
		{"  File \"a/b.py\", line 3, in f", "a/b.py", 3, 0},
		{"#1 /app/tests/ATest.php(12): A->b()", "/app/tests/ATest.php", 12, 0},
		{"\t/home/ci/p_test.go:3 +0x2e", "/home/ci/p_test.go", 3, 0},
		{"test/cart_test.dart 7:9  main.<fn>", "test/cart_test.dart", 7, 9},
		{"./spec/a_spec.rb:4:in `block'", "./spec/a_spec.rb", 4, 0},
		{"tests/test_a.py:12: AssertionError", "tests/test_a.py", 12, 0},
		{"/data/test.cpp(14) : MyFun()", "/data/test.cpp", 14, 0},
		{"at once", NULL, 0, 0},
		{"see https://example.org/a.html:3", NULL, 0, 0},
		{"expected 12:30 but was 12:31", NULL, 0, 0},
		{"version 1.2.3:4", NULL, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		struct frame frame;
		struct arena mem;
		bool is;

		arena_init(&mem);
		is = stack_text_frame(str_of(examples[i].line), &frame, &mem);
		if (is != (examples[i].path != NULL))
			fail_msg("'%s' is %s frame", examples[i].line, is ? "a" : "no");
		if (is) {
			if (!str_eq_c(frame.path, examples[i].path))
				fail_msg("'%s' is in %.*s", examples[i].line, STR_ARGS(frame.path));
			assert_int_equal(frame.line, examples[i].at);
			assert_int_equal(frame.column, examples[i].column);
		}
		arena_release(&mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_load),
		cmocka_unit_test(signatures_differ),
		cmocka_unit_test(fields),
		cmocka_unit_test(conditions),
		cmocka_unit_test(stack_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
