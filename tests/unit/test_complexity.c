#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/embed.h"
#include "base/limits.h"
#include "kit/complexity/complexity.h"

struct fixture {
	struct arena mem;
	struct err err;
	struct pack packs[3];
};

static const char *const languages[] = {"python", "c", "cpp"};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	arena_init(&f->mem);
	for (size_t i = 0; i < ARRAY_LEN(languages); i++) {
		char path[64];

		snprintf(path, sizeof(path), "templates/languages/%s.yml", languages[i]);
		if (pack_load(&f->packs[i], embed_get(path), languages[i], &f->mem, &f->err) < 0)
			fail_msg("%s", f->err.msg);
	}
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		pack_release(&f->packs[i]);
	arena_release(&f->mem);
	free(f);
	return 0;
}

static struct str measured(struct fixture *f, int language, const char *text, int threshold)
{
	struct syntax_tree *tree = NULL;
	complexity_list_t list = {0};
	BUF_AUTO out = BUF_INIT(LIMIT_TEXT_BYTES);
	struct str s;

	assert_int_equal(
		syntax_parse(&tree, f->packs[language].language, str_of(text), &f->err), 0);
	complexity_measure(&list, &f->packs[language], tree, threshold, &f->mem);
	vec_each (c, &list)
		buf_printf(&out, "%.*s:%d=%d ", STR_ARGS(c->name), c->line, c->value);
	vec_free(&list);
	syntax_tree_free(tree);
	s = arena_str(&f->mem, buf_view(&out));
	return s;
}

static void values(void **state)
{
	static const struct {
		int language;
		const char *text, *expect;
	} cases[] = {
		{0, "def f(): pass\n", "f:1=1 "},
		{0, "x = 1\nif x: pass\n", ""},
		{0, "def f(a):\n  if a: pass\n  elif b: pass\n  else: pass\n", "f:1=3 "},
		{0, "def f(a):\n  return a and b or not c\n", "f:1=3 "},
		{0, "def f(a):\n  try: g()\n  except A: pass\n  except B: pass\n", "f:1=3 "},
		{0, "def f(a):\n  return [x for x in a if x]\n", "f:1=3 "},
		{0, "def f(a):\n  match a:\n    case 1: pass\n    case _: pass\n", "f:1=3 "},
		{0, "def f(a):\n  while a: a = 1 if a else 2\n", "f:1=3 "},
		/* A function inside has decisions of its own. */
		{0, "def f(a):\n  def g():\n    if a: pass\n    if b: pass\n  if a: pass\n",
			"f:1=2 g:2=3 "},
		{0, "class A:\n  def m(self):\n    if x: pass\n", "m:2=2 "},
		{1, "int f(void) { return 0; }", "f:1=1 "},
		{1, "int f(int a) { switch (a) { case 1: case 2: return 1; default: return 0; } }",
			"f:1=3 "},
		{1,
			"static char *f(int a)\n{\n\tfor (;;) while (a && b || c) do {} while (a ? "
			"1 : "
			"2);\n}\n",
			"f:1=7 "},
		{1, "int *f(int a) { if (a) { int g(int); } return 0; }", "f:1=2 "},
		{2,
			"int f(A a) { for (auto x : a) try { g(); } catch (B &b) {} return a and b "
			"or "
			"c; }",
			"f:1=5 "},
		{2, "struct S { int m() { if (x) return 1; return 2; } };", "m:1=2 "},
		{2, "int *A::m(void) { return x && y; }", "A::m:1=2 "},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str got = measured(f, cases[i].language, cases[i].text, 0);

		if (!str_eq_c(got, cases[i].expect))
			fail_msg("%s: expected '%s', got '%.*s'", cases[i].text, cases[i].expect,
				STR_ARGS(got));
	}
}

static void threshold(void **state)
{
	struct fixture *f = *state;
	const char *text = "def f(a):\n  if a: pass\ndef g():\n  pass\n";

	assert_true(str_eq_c(measured(f, 0, text, 1), "f:1=2 "));
	assert_int_equal(measured(f, 0, text, 2).n, 0);
}

/* Deeper than is kept apart, and text that is no program: told, not lost in. */
static void hostile(void **state)
{
	struct fixture *f = *state;
	BUF_AUTO text = BUF_INIT(LIMIT_SOURCE_BYTES);

	for (int i = 0; i < 400; i++) {
		buf_fill(&text, ' ', (size_t)i);
		buf_printf(&text, "def f%d():\n", i);
	}
	buf_fill(&text, ' ', 400);
	buf_c(&text, "if x: pass\n");
	assert_true(str_has(measured(f, 0, buf_text(&text), 0), "f255:256=2 "));
	(void)measured(f, 1, "}}}} if ((( && ) int f( { case", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values, setup, teardown),
		cmocka_unit_test_setup_teardown(threshold, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
