/* trial: a scratch tree that is patched, run in and put back, and a user's tree that stays. */
#include "kit/trial/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

struct fixture {
	char root[64];
	struct trial *trial;
	struct buf text;
};

static void put(const struct fixture *f, const char *path, const char *content)
{
	CLEANUP(freep) char *full = xasprintf("%s/%s", f->root, path);
	FILE *file = fopen(full, "we");

	assert_non_null(file);
	fputs(content, file);
	fclose(file);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err err = ERR_INIT;

	memcpy(f->root, "/tmp/test-trial-XXXXXX", sizeof("/tmp/test-trial-XXXXXX"));
	assert_non_null(mkdtemp(f->root));
	chmod(f->root, 0755);
	put(f, "a.txt", "one\n");
	put(f, "tool.sh", "#!/bin/sh\necho tool\n");
	CLEANUP(freep) char *tool = xasprintf("%s/tool.sh", f->root);
	chmod(tool, 0755);
	CLEANUP(freep) char *link = xasprintf("%s/out", f->root);
	assert_int_equal(symlink("/etc/hostname", link), 0);
	buf_init(&f->text, 1 << 20);
	if (trial_open(&f->trial, &(struct trial_options){.root = f->root}, &err))
		fail_msg("%s", err.msg);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	CLEANUP(freep) char *rm = xasprintf("rm -rf %s", f->root);
	const char *const argv[] = {"/bin/sh", "-c", rm, NULL};
	struct err err = ERR_INIT;
	CHILD_RESULT_AUTO r;

	child_result_init(&r);
	trial_free(f->trial);
	buf_release(&f->text);
	assert_int_equal(child_run(&r, &(struct child_options){.argv = argv}, &err), 0);
	free(f);
	return 0;
}

static const char *sh(struct fixture *f, const char *command)
{
	struct err err = ERR_INIT;
	CHILD_RESULT_AUTO r;

	child_result_init(&r);
	if (trial_run(f->trial, &(struct trial_command){.command = command, .timeout_ms = 30000},
		    &r, &err))
		fail_msg("%s", err.msg);
	buf_reset(&f->text);
	buf_str(&f->text, buf_view(&r.output));
	return buf_text(&f->text);
}

static const char *user_file(struct fixture *f, const char *path)
{
	CLEANUP(freep) char *full = xasprintf("%s/%s", f->root, path);
	char bytes[1000];
	FILE *file = fopen(full, "re");

	assert_non_null(file);
	buf_reset(&f->text);
	buf_add(&f->text, bytes, fread(bytes, 1, sizeof(bytes), file));
	fclose(file);
	return buf_text(&f->text);
}

static void test_write_and_restore(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	assert_int_equal(trial_write(f->trial, STR("a.txt"), STR("two\n"), &err), 0);
	assert_int_equal(trial_write(f->trial, STR("a.txt"), STR("three\n"), &err), 0);
	assert_int_equal(trial_write(f->trial, STR("new/dir/b.txt"), STR("b\n"), &err), 0);
	assert_string_equal(sh(f, "cat a.txt new/dir/b.txt"), "three\nb\n");
	assert_int_equal(trial_restore(f->trial, &err), 0);
	assert_string_equal(sh(f, "cat a.txt; ls new/dir/b.txt 2>/dev/null"), "one\n");
	assert_string_equal(user_file(f, "a.txt"), "one\n");
}

static void test_mode_is_kept_and_time_moves(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	sh(f, "touch built; touch -d '1 hour ago' tool.sh");
	assert_int_equal(
		trial_write(f->trial, STR("tool.sh"), STR("#!/bin/sh\necho new\n"), &err), 0);
	assert_string_equal(
		sh(f, "./tool.sh; test tool.sh -nt built && echo newer"), "new\nnewer\n");
}

static void test_read_only_file_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	sh(f, "chmod 0444 a.txt");
	assert_int_equal(trial_write(f->trial, STR("a.txt"), STR("two\n"), &err), 0);
	assert_string_equal(sh(f, "cat a.txt; stat -c %a a.txt"), "two\n444\n");
}

static void test_links_do_not_lead_out(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	BUF_AUTO text;

	buf_init(&text, 1000);
	assert_int_equal(trial_write(f->trial, STR("out"), STR("x"), &err), -1);
	assert_int_equal(trial_read(f->trial, STR("out"), &text, &err), -1);
	assert_int_equal(trial_read(f->trial, STR("../../etc/passwd"), &text, &err), -1);
	assert_int_equal(trial_write(f->trial, STR("../x"), STR("x"), &err), -1);
	assert_int_equal(trial_write(f->trial, STR("/tmp/x"), STR("x"), &err), -1);
	sh(f, "ln -s /etc dir; ln -s a.txt in; mkfifo pipe");
	assert_int_equal(trial_write(f->trial, STR("dir/x"), STR("x"), &err), -1);
	assert_int_equal(trial_read(f->trial, STR("pipe"), &text, &err), -1);
	assert_int_equal(trial_read(f->trial, STR("in"), &text, &err), 0);
	assert_string_equal(buf_text(&text), "one\n");
	assert_int_equal(trial_read(f->trial, STR("none"), &text, &err), -1);
	assert_int_equal(err.sys_errno, ENOENT);
}

static void test_user_tree_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	sh(f, "echo changed > a.txt; rm tool.sh; mkdir junk");
	assert_string_equal(user_file(f, "a.txt"), "one\n");
	assert_string_equal(user_file(f, "tool.sh"), "#!/bin/sh\necho tool\n");
	assert_int_equal(trial_reset(f->trial, &err), 0);
	assert_string_equal(sh(f, "cat a.txt; ls"), "one\na.txt\nout\ntool.sh\n");
}

static void test_environment(void **state)
{
	struct fixture *f = *state;

	setenv("MY_TOKEN", "ghp_0123456789", 1);
	setenv("LC_TOKEN", "x", 1);
	setenv("LC_TIME", "C", 1);
	trial_free(f->trial);
	struct err err = ERR_INIT;
	const char *const allow[] = {"MY_TOKEN", "MY_*", NULL};
	assert_int_equal(
		trial_open(&f->trial, &(struct trial_options){.root = f->root, .env_allow = allow},
			&err),
		0);
	assert_string_equal(
		sh(f, "env | grep -c TOKEN; echo $LC_TIME; touch $HOME/a $TMPDIR/b"), "0\nC\n");
}

static void test_exchange(void **state)
{
	struct fixture *f = *state;
	CLEANUP(freep)
	char *command = xasprintf("echo hi > %s/note", trial_exchange_inside(f->trial));
	CLEANUP(freep) char *seen = xasprintf("%s/note", trial_exchange(f->trial));

	sh(f, command);
	assert_int_equal(access(seen, R_OK), 0);
	assert_true(strlen(trial_exchange(f->trial)) < 80);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_write_and_restore),
		TEST(test_mode_is_kept_and_time_moves),
		TEST(test_read_only_file_is_replaced),
		TEST(test_links_do_not_lead_out),
		TEST(test_user_tree_is_left_alone),
		TEST(test_environment),
		TEST(test_exchange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
