#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "port/git/locate.h"
#include "support/scratch.h"

static struct scratch box;

static int setup(void **state)
{
	(void)state;
	scratch_make(&box);
	return scratch_sh(&box,
		"git init -q -b main r && cd r && mkdir -p a/b && : > a/f && git add . && "
		"git commit -qm one && git worktree add -q ../linked && cd .. && "
		"git clone -q --bare r bare.git && "
		"git -C r -c protocol.file.allow=always submodule --quiet add ../bare.git sub && "
		"mkdir -p plain/deep broken nested/.git gone && echo 'gitdir: /nowhere' > "
		"broken/.git && "
		"echo junk > gone/.git && ln -s r/a alias");
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(&box);
	return 0;
}

static void expect(const struct buf *got, const char *want)
{
	assert_string_equal(buf_text(got), scratch_path(&box, want));
}

static void found_from_anywhere_inside(void **state)
{
	static const struct {
		const char *from, *workdir, *git_dir, *common_dir;
	} cases[] = {
		{"r", "r", "r/.git", "r/.git"},
		{"r/a/b", "r", "r/.git", "r/.git"},
		{"r/a/f", "r", "r/.git", "r/.git"},
		{"alias/b", "r", "r/.git", "r/.git"},
		{"linked/a", "linked", "r/.git/worktrees/linked", "r/.git"},
		{"r/sub", "r/sub", "r/.git/modules/sub", "r/.git/modules/sub"},
	};
	CLEANUP(git_place_release) struct git_place place;
	struct err err = ERR_INIT;

	(void)state;
	git_place_init(&place);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (git_locate(&place, scratch_path(&box, cases[i].from), &err) != 0)
			fail_msg("%s: %s", cases[i].from, err.msg);
		expect(&place.workdir, cases[i].workdir);
		expect(&place.git_dir, cases[i].git_dir);
		expect(&place.common_dir, cases[i].common_dir);
	}
}

static void absent_bare_and_broken(void **state)
{
	static const struct {
		const char *from;
		int rc;
		enum err_code code;
		const char *says;
	} cases[] = {
		{"plain/deep", GIT_PLACE_NONE, ERR_NONE, ""},
		{"nested", GIT_PLACE_NONE, ERR_NONE, ""},
		{"bare.git", -1, ERR_CONFIG, "bare repository"},
		{"bare.git/objects", -1, ERR_CONFIG, "bare repository"},
		{"r/.git/refs", -1, ERR_CONFIG, "git folder"},
		{"broken", -1, ERR_PARSE, "/nowhere"},
		{"gone", -1, ERR_PARSE, "gitdir:"},
		{"missing", -1, ERR_SYS, "missing"},
	};
	CLEANUP(git_place_release) struct git_place place;

	(void)state;
	git_place_init(&place);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;
		int rc = git_locate(&place, scratch_path(&box, cases[i].from), &err);

		if (rc != cases[i].rc || err.code != cases[i].code ||
			!strstr(err.msg, cases[i].says))
			fail_msg("%s: %d %s", cases[i].from, rc, err.msg);
	}
}

static void ceiling_ends_the_search(void **state)
{
	CLEANUP(git_place_release) struct git_place place;
	struct err err = ERR_INIT;
	char list[600];

	(void)state;
	git_place_init(&place);
	snprintf(list, sizeof(list), "/elsewhere:%s", scratch_path(&box, "r"));
	setenv("GIT_CEILING_DIRECTORIES", list, 1);
	assert_int_equal(git_locate(&place, scratch_path(&box, "r/a"), &err), GIT_PLACE_NONE);
	assert_int_equal(git_locate(&place, scratch_path(&box, "r"), &err), 0);
	unsetenv("GIT_CEILING_DIRECTORIES");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_from_anywhere_inside),
		cmocka_unit_test(absent_bare_and_broken),
		cmocka_unit_test(ceiling_ends_the_search),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
