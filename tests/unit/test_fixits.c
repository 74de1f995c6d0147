#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repair/fixits.h"

static struct rewrite_file file = {STR("a.c"), STR("int f(void)\n{\n\treturn 1\n}\n"), "c"};

static void add(struct scene *s, const char *path, const char *text, int line, int from, int to)
{
	struct failure *f = failure_list_add(&s->failures);

	f->file = str_of(path);
	f->fixit = str_of(text);
	f->fix_line = f->fix_end_line = line;
	f->fix_column = from;
	f->fix_end_column = to;
}

static int set_up(void **state)
{
	static struct scene scene;

	scene = (struct scene){.files = &file, .n_files = 1};
	failure_list_init(&scene.failures);
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	scene_release(*state);
	return 0;
}

static void a_fixit_becomes_a_patch(void **state)
{
	struct scene *scene = *state;
	struct err err = ERR_INIT;
	struct patch *patches;
	ARENA_AUTO mem;
	BUF_AUTO out;
	size_t n;

	arena_init(&mem);
	buf_init(&out, 1000);
	add(scene, "a.c", ";", 3, 10, 10);
	patches = fixits_collect(scene, &n, &mem);
	assert_int_equal(n, 1);
	assert_int_equal(patch_apply_to(&out, &patches[0], STR("a.c"), file.content, &err), 0);
	assert_string_equal(buf_text(&out), "int f(void)\n{\n\treturn 1;\n}\n");
	assert_true(str_eq_c(patches[0].source, "fixit"));
}

static void several_also_come_together(void **state)
{
	struct scene *scene = *state;
	struct patch *patches;
	ARENA_AUTO mem;
	size_t n;

	arena_init(&mem);
	add(scene, "a.c", ";", 3, 10, 10);
	add(scene, "a.c", "g", 1, 5, 6);
	add(scene, "a.c", "h", 1, 5, 6); /* overlaps: alone only */
	patches = fixits_collect(scene, &n, &mem);
	assert_int_equal(n, 4);
	assert_int_equal(patches[3].n, 2);
}

static void what_lies_elsewhere_is_left_out(void **state)
{
	struct scene *scene = *state;
	ARENA_AUTO mem;
	size_t n;

	arena_init(&mem);
	add(scene, "b.c", ";", 1, 1, 1);
	add(scene, "a.c", ";", 99, 1, 1);
	add(scene, "a.c", ";", 4, 500, 500);
	add(scene, "a.c", ";", 3, 5, 2);
	fixits_collect(scene, &n, &mem);
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_fixit_becomes_a_patch, set_up, tear_down),
		cmocka_unit_test_setup_teardown(several_also_come_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_lies_elsewhere_is_left_out, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
