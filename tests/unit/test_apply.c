#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>

#include "kit/apply/apply.h"
#include "support/scratch.h"

enum { FILES = 3, STEPS_MAX = 40 };

static const struct apply_file files[FILES] = {
	{STR("a.py"), STR("old a\n"), STR("new a\n")},
	{STR("sub/b.py"), STR("old b"), STR("new b, longer\n")},
	{STR("sub/deep/c.py"), STR("old c\r\n"), STR("")},
};

struct fixture {
	struct scratch box;
	struct arena mem;
	struct err err;
};

static void make_tree(struct fixture *f)
{
	scratch_sh(&f->box, "rm -rf r; mkdir -p r/sub/deep && git init -q r");
	for (size_t i = 0; i < FILES; i++) {
		char path[64];

		snprintf(path, sizeof(path), "r/%s", files[i].path.p);
		scratch_write_n(&f->box, path, files[i].old.p, files[i].old.n);
	}
	scratch_sh(&f->box, "chmod 755 r/a.py; chmod 600 r/sub/b.py; chmod 444 r/sub/deep/c.py");
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	scratch_make(&f->box);
	arena_init(&f->mem);
	make_tree(f);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_release(&f->mem);
	scratch_remove(&f->box);
	free(f);
	return 0;
}

static const char *root(struct fixture *f)
{
	return scratch_path(&f->box, "r");
}

/* 'o' old, 'n' new, 'x' neither; one letter a file. */
static void states(struct fixture *f, char out[FILES + 1])
{
	for (size_t i = 0; i < FILES; i++) {
		char path[64], *text;
		size_t n = 0;

		snprintf(path, sizeof(path), "r/%s", files[i].path.p);
		text = scratch_read(&f->box, path, &n);
		out[i] = 'x';
		if (text && str_eq(str_make(text, n), files[i].old))
			out[i] = 'o';
		else if (text && str_eq(str_make(text, n), files[i].new))
			out[i] = 'n';
		free(text);
	}
	out[FILES] = '\0';
}

/* Modes kept, nothing left beside the files or in the git folder. */
static void assert_tidy(struct fixture *f)
{
	assert_int_equal(
		scratch_sh(&f->box,
			"test \"$(stat -c %%a r/a.py r/sub/b.py r/sub/deep/c.py | xargs)\" = "
			"'755 600 444' && test -z \"$(find r -name '*selfheal-apply*')\" && "
			"test -z \"$(find r/.git -name '*.apply*')\""),
		0);
}

static void applied_whole(void **state)
{
	struct fixture *f = *state;
	struct apply_recovery r;
	char now[FILES + 1];

	if (apply_files(root(f), files, FILES, &f->err) < 0)
		fail_msg("%s", f->err.msg);
	states(f, now);
	assert_string_equal(now, "nnn");
	assert_tidy(f);
	assert_int_equal(apply_recover(root(f), &r, &f->mem, &f->err), 0);
	assert_int_equal(apply_files(root(f), files, FILES, &f->err), -1); /* not old any more */
	assert_int_equal(f->err.code, ERR_CONFLICT);
	assert_non_null(strstr(f->err.msg, "a.py"));
}

/* Runs apply (or recovery) in a child that dies at its step-th step; whether it died. */
static bool killed_at(struct fixture *f, int step, bool recovery)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct apply_recovery r;
		char text[16];

		snprintf(text, sizeof(text), "%d", step);
		setenv("SELFHEAL_TEST_KILL_AT_STEP", text, 1);
		if (recovery)
			_exit(apply_recover(root(f), &r, &f->mem, &f->err) < 0);
		_exit(apply_files(root(f), files, FILES, &f->err) < 0);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status);
}

static void killed_at_each_step_it_is_completed(void **state)
{
	struct fixture *f = *state;
	int step;

	for (step = 1; step < STEPS_MAX; step++) {
		struct apply_recovery r;
		char now[FILES + 1];

		make_tree(f);
		if (!killed_at(f, step, false))
			break;
		states(f, now);
		assert_null(strchr(now, 'x'));
		if (step > 1) /* a second change must wait for the first */
			assert_int_equal(apply_files(root(f), files, FILES, &f->err), -1);
		assert_int_equal(apply_recover(root(f), &r, &f->mem, &f->err), APPLY_COMPLETED);
		assert_int_equal(r.n, 0);
		states(f, now);
		assert_string_equal(now, "nnn");
		assert_tidy(f);
	}
	assert_int_equal(step, 1 + 1 + 2 * FILES); /* the intent, each prepared, each replaced */
}

static void recovery_may_be_killed_too(void **state)
{
	struct fixture *f = *state;

	for (int first = 1; first < 2 + 2 * FILES; first++)
		for (int step = 1;; step++) {
			struct apply_recovery r;
			char now[FILES + 1];

			make_tree(f);
			assert_true(killed_at(f, first, false));
			if (!killed_at(f, step, true))
				break;
			assert_int_equal(
				apply_recover(root(f), &r, &f->mem, &f->err), APPLY_COMPLETED);
			states(f, now);
			assert_string_equal(now, "nnn");
			assert_tidy(f);
		}
}

static void changed_meanwhile_is_left_alone(void **state)
{
	struct fixture *f = *state;

	for (int step = 1; step < 2 + 2 * FILES; step++) {
		struct apply_recovery r;
		char now[FILES + 1];

		make_tree(f);
		assert_true(killed_at(f, step, false));
		scratch_write(&f->box, "r/sub/b.py", "mine");
		assert_int_equal(apply_recover(root(f), &r, &f->mem, &f->err), APPLY_UNDONE);
		assert_int_equal(r.n, 1);
		assert_true(str_eq_c(r.left_alone[0], "sub/b.py"));
		states(f, now);
		assert_string_equal(now, "oxo");
		assert_tidy(f);
	}
	make_tree(f);
	scratch_write(&f->box, "r/sub/deep/../b.py", "mine");
	assert_int_equal(apply_files(root(f), files, FILES, &f->err), -1);
	assert_int_equal(f->err.code, ERR_CONFLICT);
	assert_non_null(strstr(f->err.msg, "sub/b.py"));
	assert_tidy(f);
}

static void refusals(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *make, *path;
		enum err_code code;
	} cases[] = {
		{"ln -s a.py r/l.py", "l.py", ERR_POLICY},
		{"ln -s sub r/s", "s/b.py", ERR_POLICY},
		{"ln -s /tmp r/t", "t/x", ERR_POLICY},
		{"true", "../r/a.py", ERR_POLICY},
		{"true", "/etc/hostname", ERR_POLICY},
		{"true", ".git/config", ERR_POLICY},
		{"true", "sub", ERR_POLICY},
		{"mkfifo r/p", "p", ERR_POLICY},
		{"true", "missing", ERR_CONFLICT},
		{"true", "no/folder", ERR_SYS},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct apply_file both[] = {
			files[0], {str_of(cases[i].path), STR("old a\n"), STR("y")}};
		char now[FILES + 1];

		assert_int_equal(scratch_sh(&f->box, "%s", cases[i].make), 0);
		f->err = ERR_INIT;
		if (apply_files(root(f), both, 2, &f->err) != -1 || f->err.code != cases[i].code)
			fail_msg("case %zu: %d %s", i, f->err.code, f->err.msg);
		states(f, now);
		assert_string_equal(now, "ooo");
		assert_tidy(f);
	}
}

static void diff_is_applied_strictly(void **state)
{
	struct fixture *f = *state;
	static const char diff[] = "--- a/a.py\n+++ b/a.py\n@@ -1 +1,2 @@\n-old a\n+fresh\n+A\n"
				   "--- a/sub/b.py\n+++ b/sub/b.py\n@@ -1 +1 @@\n-old b\n\\ No "
				   "newline at end of file\n"
				   "+old B\n\\ No newline at end of file\n";
	static const char *const refused[] = {
		"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-other\n+x\n",
		"--- /dev/null\n+++ b/fresh.py\n@@ -0,0 +1 @@\n+x\n",
		"--- a/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-old a\n",
		"--- a/../a.py\n+++ b/../a.py\n@@ -1 +1 @@\n-old a\n+x\n",
		"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-old a\n+x\n"
		"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-old a\n+y\n",
		"no diff",
	};
	char *text, now[FILES + 1];

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		assert_int_equal(apply_diff(root(f), str_of(refused[i]), &f->err), -1);
	states(f, now);
	assert_string_equal(now, "ooo");
	if (apply_diff(root(f), str_of(diff), &f->err) < 0)
		fail_msg("%s", f->err.msg);
	text = scratch_read(&f->box, "r/a.py", NULL);
	assert_string_equal(text, "fresh\nA\n");
	free(text);
	text = scratch_read(&f->box, "r/sub/b.py", NULL);
	assert_string_equal(text, "old B");
	free(text);
	assert_tidy(f);
	assert_int_equal(apply_diff(root(f), str_of(diff), &f->err), -1);
	assert_int_equal(f->err.code, ERR_CONFLICT);
	assert_non_null(strstr(f->err.msg, "a.py"));
}

/* The tree on a file system without room for one more file. */
static void full_disk_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct apply_file big[2] = {files[0], files[1]};
	char *text = calloc(1, 600 << 10);
	struct apply_recovery r;
	char now[FILES + 1];

	if (scratch_sh(
		    &f->box, "mkdir full && mount -t tmpfs -o size=512k none full 2>/dev/null")) {
		free(text);
		skip(); /* no right to mount */
	}
	scratch_sh(&f->box, "cp -a r full/r && rm -rf r && ln -s full/r r && mkdir git && "
			    "mv full/r/.git git/.git && echo \"gitdir: $PWD/git/.git\" > r/.git");
	memset(text, 'x', 600 << 10);
	big[1].new = str_make(text, 600 << 10);
	assert_int_equal(apply_files(root(f), big, 2, &f->err), -1);
	assert_int_equal(f->err.code, ERR_SYS);
	assert_int_equal(f->err.sys_errno, ENOSPC);
	states(f, now);
	assert_string_equal(now, "ooo");
	assert_int_equal(scratch_sh(&f->box, "test -z \"$(find r/ -name '*selfheal-apply*')\""), 0);
	assert_int_equal(apply_recover(root(f), &r, &f->mem, &f->err), 0);
	/* no room for the intent */
	scratch_sh(&f->box, "cat r/.git > .keep; rm r/.git; mv git/.git full/r/.git; "
			    "cat /dev/zero > full/fill 2>/dev/null");
	assert_int_equal(apply_files(root(f), files, FILES, &f->err), -1);
	states(f, now);
	assert_string_equal(now, "ooo");
	assert_int_equal(
		scratch_sh(&f->box, "test -z \"$(find full -name '*.apply*')\" && umount full"), 0);
	free(text);
}

static void damaged_note_is_kept_and_named(void **state)
{
	struct fixture *f = *state;
	struct apply_recovery r;

	assert_true(killed_at(f, 3, false));
	scratch_sh(&f->box,
		"printf x | dd of=$(echo r/.git/selfheal/*.apply) bs=1 seek=60 conv=notrunc "
		"status=none");
	assert_int_equal(apply_recover(root(f), &r, &f->mem, &f->err), -1);
	assert_int_equal(f->err.code, ERR_PARSE);
	assert_non_null(strstr(f->err.msg, ".apply"));
	assert_int_equal(scratch_sh(&f->box, "test -f r/.git/selfheal/*.apply"), 0);
}

static void plain_folder_without_git(void **state)
{
	struct fixture *f = *state;
	struct apply_recovery r;
	char now[FILES + 1];

	scratch_sh(&f->box, "rm -rf r/.git");
	setenv("XDG_STATE_HOME", scratch_path(&f->box, "state"), 1);
	assert_true(killed_at(f, 5, false));
	assert_int_equal(apply_recover(root(f), &r, &f->mem, &f->err), APPLY_COMPLETED);
	states(f, now);
	assert_string_equal(now, "nnn");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(applied_whole),
		TEST(killed_at_each_step_it_is_completed),
		TEST(recovery_may_be_killed_too),
		TEST(changed_meanwhile_is_left_alone),
		TEST(refusals),
		TEST(diff_is_applied_strictly),
		TEST(full_disk_changes_nothing),
		TEST(damaged_note_is_kept_and_named),
		TEST(plain_folder_without_git),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
