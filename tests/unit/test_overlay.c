/* Files built in, with a user's over them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/overlay.h"

static char folder[] = "/tmp/test-overlay-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[256];
	struct err err = ERR_INIT;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(file_replace(path, str_of(text), &err), 0);
}

static int setup(void **state)
{
	static const char *const folders[] = {"matchers", "repair", "repair/c"};
	char path[256];

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	put("matchers/linters.yml", "matchers: []\n");
	put("matchers/00-mine.yml", "fragments: {}\n");
	put("matchers/notes.txt", "no template");
	put("repair/c/mine.yml", "templates: []\n");
	return 0;
}

static int teardown(void **state)
{
	static const char *const paths[] = {"matchers/linters.yml", "matchers/00-mine.yml",
		"matchers/notes.txt", "repair/c/mine.yml", "repair/c", "repair", "matchers", ""};
	char path[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, paths[i]);
		(void)remove(path);
	}
	return 0;
}

static const struct overlay_file *find(const struct overlay *o, const char *name)
{
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->v[i].name, name) == 0)
			return &o->v[i];
	return NULL;
}

static void own_files_stand_for_built_in_ones(void **state)
{
	ARENA_AUTO mem = {0};
	struct overlay built_in, both;
	struct err err = ERR_INIT;
	const struct overlay_file *file;

	(void)state;
	assert_int_equal(overlay_read(&built_in, NULL, "matchers/", &mem, &err), 0);
	assert_int_equal(overlay_read(&both, folder, "matchers/", &mem, &err), 0);
	assert_int_equal(both.n, built_in.n + 1);
	for (size_t i = 1; i < both.n; i++)
		assert_true(strcmp(both.v[i - 1].name, both.v[i].name) < 0);
	file = find(&both, "matchers/linters.yml");
	assert_non_null(file);
	assert_true(str_eq_c(file->text, "matchers: []\n"));
	assert_true(str_starts(str_of(file->path), folder));
	file = find(&both, "matchers/compilers.yml");
	assert_non_null(file);
	assert_string_equal(file->path, "templates/matchers/compilers.yml");
	assert_null(find(&both, "matchers/notes.txt"));
	assert_non_null(find(&both, "matchers/00-mine.yml"));
}

static void folders_inside_count(void **state)
{
	ARENA_AUTO mem = {0};
	struct overlay o;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(overlay_read(&o, folder, "repair/", &mem, &err), 0);
	assert_non_null(find(&o, "repair/c/mine.yml"));
	assert_true(o.n > 3);
	/* What the folder has nothing of is as it was built in. */
	assert_int_equal(overlay_read(&o, folder, "reports/", &mem, &err), 0);
	assert_non_null(find(&o, "reports/xml.yml"));
}

static void a_folder_must_be_one(void **state)
{
	ARENA_AUTO mem = {0};
	struct overlay o = {0};
	struct err err = ERR_INIT;

	(void)state;
	assert_true(overlay_read(&o, "/no/such", "matchers/", &mem, &err) < 0);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_string_equal(err.msg, "no folder of templates '/no/such'");
	assert_int_equal(o.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_files_stand_for_built_in_ones),
		cmocka_unit_test(folders_inside_count),
		cmocka_unit_test(a_folder_must_be_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
