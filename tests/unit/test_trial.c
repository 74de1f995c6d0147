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
#include "kit/trial/blame.h"
#include "port/child/sandbox.h"

struct fixture {
	char base[64];
	char root[128]; /* a project whose path needs care wherever it is quoted */
	enum sandbox_mode mode;
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

static void outside(const char *script)
{
	const char *const argv[] = {"/bin/sh", "-ec", script, NULL};
	const char *const env[] = {"PATH=/usr/bin:/bin", "GIT_AUTHOR_NAME=a",
		"GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b", NULL};
	struct err err = ERR_INIT;
	CHILD_RESULT_AUTO r;

	child_result_init(&r);
	assert_int_equal(child_run(&r, &(struct child_options){.argv = argv, .env = env}, &err), 0);
	if (r.exit_code)
		fail_msg("%s", buf_text(&r.output));
}

static void open_trial(struct fixture *f)
{
	struct trial_options options = {.root = f->root, .sandbox = f->mode};
	struct err err = ERR_INIT;

	trial_free(TAKE(f->trial));
	if (trial_open(&f->trial, &options, &err))
		fail_msg("%s", err.msg);
}

static int setup_in(void **state, enum sandbox_mode mode)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	memcpy(f->base, "/tmp/test-trial-XXXXXX", sizeof("/tmp/test-trial-XXXXXX"));
	assert_non_null(mkdtemp(f->base));
	snprintf(f->root, sizeof(f->root), "%s/a,b:c\n'\"d", f->base);
	f->mode = mode;
	assert_int_equal(chmod(f->base, 0755) || mkdir(f->root, 0755), 0);
	put(f, "a.txt", "one\n");
	put(f, "tool.sh", "#!/bin/sh\necho tool\n");
	CLEANUP(freep) char *tool = xasprintf("%s/tool.sh", f->root);
	chmod(tool, 0755);
	CLEANUP(freep) char *link = xasprintf("%s/out", f->root);
	assert_int_equal(symlink("/etc/hostname", link), 0);
	buf_init(&f->text, 1 << 20);
	open_trial(f);
	*state = f;
	return 0;
}

static int setup(void **state)
{
	return setup_in(state, SANDBOX_AUTO);
}

static int setup_copy(void **state)
{
	return setup_in(state, SANDBOX_OFF);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	CLEANUP(freep) char *rm = xasprintf("rm -rf %s", f->base);

	trial_free(f->trial);
	buf_release(&f->text);
	outside(rm);
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
	const char *const allow[] = {"MY_TOKEN", "MY_*", NULL};
	struct trial_options options = {.root = f->root, .sandbox = f->mode, .env_allow = allow};
	struct err err = ERR_INIT;

	setenv("MY_TOKEN", "ghp_0123456789", 1);
	setenv("MY_COLOUR", "red", 1);
	setenv("LC_TOKEN", "x", 1);
	setenv("LC_TIME", "C", 1);
	trial_free(TAKE(f->trial));
	assert_int_equal(trial_open(&f->trial, &options, &err), 0);
	assert_string_equal(
		sh(f, "env | grep -c TOKEN; echo $LC_TIME $MY_COLOUR; touch $HOME/a $TMPDIR/b"),
		"0\nC red\n");
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

static void test_runtime_is_shown_read_only(void **state)
{
	struct fixture *f = *state;
	struct trial_options options = {
		.root = f->root, .sandbox = f->mode, .runtime_dir = f->base};
	struct err err = ERR_INIT;
	FILE *file;

	CLEANUP(freep) char *path = xasprintf("%s/hook.py", f->base);
	file = fopen(path, "we");
	assert_non_null(file);
	fclose(file);
	trial_free(TAKE(f->trial));
	assert_int_equal(trial_open(&f->trial, &options, &err), 0);
	CLEANUP(freep)
	char *command = xasprintf("cd %s && test -f hook.py && echo there; %s",
		trial_runtime_inside(f->trial), f->mode == SANDBOX_OFF ? "" : "touch x");
	assert_memory_equal(sh(f, command), "there\n", 6);
	assert_true(f->mode == SANDBOX_OFF || str_has(buf_view(&f->text), "touch"));
}

/* What a test may do to the tree and to itself. */
static void test_a_test_that_wrecks_the_tree(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	assert_string_equal(
		sh(f, "rm -f a.txt tool.sh && mv out in && mkdir a.txt && ls"), "a.txt\nin\n");
	assert_int_equal(trial_reset(f->trial, &err), 0);
	sh(f, "rm -rf ./* && mkdir tool.sh");
	assert_int_equal(trial_reset(f->trial, &err), 0);
	assert_string_equal(sh(f, "cat a.txt; ls; ./tool.sh"), "one\na.txt\nout\ntool.sh\ntool\n");
}

static void test_a_folder_is_made_where_one_was_removed(void **state)
{
	struct fixture *f = *state;
	CLEANUP(freep) char *script = xasprintf("cd %s/a* && mkdir -p build/x", f->base);

	outside(script);
	open_trial(f);
	assert_string_equal(
		sh(f, "rm -r build && mkdir build && ls build && mv build b2 && ls -d b*"), "b2\n");
}

static void test_secrets_are_masked(void **state)
{
	struct fixture *f = *state;
	CLEANUP(freep)
	char *script = xasprintf(
		"cd %s/a* && git init -q . && git add . && git commit -qm x && mkdir -p sub/deep\n"
		"printf '[remote \"o\"]\\n\\turl = https://u:pass@host/x\\n' >> .git/config\n"
		"printf '[http]\\n\\textraheader = basic s3cret\\n' >> .git/config\n"
		"echo KEY=s3cret | tee .env .env.local sub/deep/.env > sub/.env.example",
		f->base);

	outside(script);
	open_trial(f);
	assert_string_equal(sh(f, "cat .env .env.local sub/deep/.env; grep -r s3cret . ;"
				  "grep -c pass .git/config; git status --short"),
		"./sub/.env.example:KEY=s3cret\n0\n?? .env\n?? .env.local\n?? sub/\n");
	CLEANUP(freep)
	char *commit = xasprintf("%s", "git -c user.name=a -c user.email=a@b commit -qam y "
				       "--allow-empty && git log --oneline | wc -l");
	assert_string_equal(sh(f, commit), "2\n");
	CLEANUP(freep)
	char *check = xasprintf("cd %s/a* && test $(git log --oneline | wc -l) = 1", f->base);
	outside(check);
}

static void test_linked_worktree(void **state)
{
	struct fixture *f = *state;
	CLEANUP(freep)
	char *script =
		xasprintf("cd %s && git init -q main && cd main && echo x > f && git add f &&"
			  " git commit -qm x && git config http.extraheader s3cret &&"
			  " rm -rf ../a* && git worktree add -q \"$(printf '%%s' '%s')\"",
			f->base, "../wt");

	outside(script);
	snprintf(f->root, sizeof(f->root), "%s/wt", f->base);
	open_trial(f);
	assert_string_equal(sh(f, "cat f; git config http.extraheader; git checkout -q -b other &&"
				  " git branch | wc -l"),
		"x\n3\n");
	CLEANUP(freep)
	char *check = xasprintf("cd %s/wt && test $(git branch | wc -l) = 2", f->base);
	outside(check);
}

static void test_names_are_bytes(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	put(f, "\xff\xfe 'x'\n", "bytes\n");
	put(f, "crlf.txt", "a\r\nb\r\n");
	open_trial(f);
	assert_string_equal(
		sh(f, "cat ./*\\'x*; od -An -c crlf.txt | tr -d ' \n'"), "bytes\na\\r\\nb\\r\\n");
	assert_int_equal(trial_write(f->trial, STR("\xff\xfe 'x'\n"), STR("more\n"), &err), 0);
	assert_string_equal(sh(f, "cat ./*\\'x*"), "more\n");
}

static void test_change_underneath_is_seen(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	put(f, "other.txt", "x");
	assert_int_equal(trial_write(f->trial, STR("a.txt"), STR("two\n"), &err), 0);
	assert_int_equal(trial_restore(f->trial, &err), 0);
	assert_int_equal(trial_check_unchanged(f->trial, &err), 0);
	put(f, "other.txt", "not looked at");
	put(f, "a.txt", "one\n"); /* as it was, only newer */
	assert_int_equal(trial_check_unchanged(f->trial, &err), 0);
	put(f, "a.txt", "the user was here\n");
	assert_int_equal(trial_check_unchanged(f->trial, &err), -1);
	assert_int_equal(err.code, ERR_CONFLICT);
	assert_true(str_has(str_of(err.msg), "'a.txt'"));
}

static void test_ignored_is_left_out(void **state)
{
	struct fixture *f = *state;
	const char *const ignore[] = {"cache", "*.log", NULL};
	struct trial_options options = {.root = f->root, .sandbox = f->mode, .ignore = ignore};
	struct err err = ERR_INIT;
	CLEANUP(freep)
	char *script = xasprintf("cd %s/a* && mkdir -p cache/x && touch a.log cache/x/y", f->base);

	outside(script);
	trial_free(TAKE(f->trial));
	assert_int_equal(trial_open(&f->trial, &options, &err), 0);
	assert_string_equal(sh(f, "ls"), "a.txt\nout\ntool.sh\n");
	assert_int_equal(trial_reset(f->trial, &err), 0);
	assert_string_equal(sh(f, "ls"), "a.txt\nout\ntool.sh\n");
}

static void test_own_place_or_relocated(void **state)
{
	struct fixture *f = *state;

	const char *why;

	if (f->mode != SANDBOX_OFF) {
		if (sandbox_layer(trial_sandbox(f->trial), LAYER_MOUNT, &why) == LAYER_MISSING)
			skip();
		assert_string_equal(trial_root(f->trial), f->root);
		return;
	}
	CLEANUP(freep)
	char *script = xasprintf("cd %s && rm -rf a* && mkdir -p p/build p/venv/lib && cd p &&"
				 " echo CMAKE_HOME_DIRECTORY=$PWD > build/CMakeCache.txt &&"
				 " echo $PWD/src > venv/lib/x.pth && echo $PWD-2 > venv/lib/y.pth",
		f->base);
	outside(script);
	snprintf(f->root, sizeof(f->root), "%s/p", f->base);
	open_trial(f);
	assert_string_equal(
		sh(f, "test $(cat venv/lib/x.pth) = $PWD/src && echo moved; ls"), "moved\nvenv\n");
	buf_reset(&f->text);
	trial_layers(f->trial, &f->text);
	assert_true(str_has(buf_view(&f->text), "dropped the build folder 'build'"));
}

static void test_blame_of_a_variable_held_back(void **state)
{
	struct fixture *f = *state;
	struct blame blame;

	setenv("TRIAL_TEST_URL", "http://localhost/", 1);
	sh(f, "sh -uc 'echo $TRIAL_TEST_URL'");
	assert_true(trial_blame(f->trial, buf_view(&f->text), &blame));
	assert_string_equal(blame.setting, "sandbox.env");
	sh(f, "sh -uc 'echo $TRIAL_TEST_OTHER'");
	assert_false(trial_blame(f->trial, buf_view(&f->text), &blame));
	unsetenv("TRIAL_TEST_URL");
}

/* What a process that was killed left behind goes with the next trial; what is in use stays. */
static void test_left_overs_are_swept(void **state)
{
	struct fixture *f = *state;
	char dead[] = "/tmp/selfheal-trial-XXXXXX";

	assert_non_null(mkdtemp(dead));
	CLEANUP(freep)
	char *age = xasprintf("mkdir -p %s/w/x; touch -d '1 hour ago' %s", dead, dead);
	outside(age);
	CLEANUP(freep) char *used = xstrdup(trial_exchange(f->trial));
	*strrchr(used, '/') = '\0';
	CLEANUP(freep) char *age_used = xasprintf("touch -d '1 hour ago' %s", used);
	outside(age_used);
	struct trial *second = NULL;
	struct err err = ERR_INIT;
	assert_int_equal(trial_open(&second, &(struct trial_options){.root = f->root}, &err), 0);
	trial_free(second);
	assert_int_equal(access(dead, F_OK), -1);
	assert_int_equal(access(used, F_OK), 0);
}

static void test_huge_output_and_no_end(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	CHILD_RESULT_AUTO r;

	child_result_init(&r);
	assert_int_equal(trial_run(f->trial,
				 &(struct trial_command){.command = "yes & cat /dev/zero",
					 .timeout_ms = 300,
					 .output_cap = 4096},
				 &r, &err),
		0);
	assert_true(r.timed_out && r.truncated && r.output.n < 5000);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, setup, teardown),                                    \
		cmocka_unit_test_setup_teardown(name, setup_copy, teardown)

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
		TEST(test_runtime_is_shown_read_only),
		TEST(test_a_test_that_wrecks_the_tree),
		TEST(test_a_folder_is_made_where_one_was_removed),
		TEST(test_secrets_are_masked),
		TEST(test_linked_worktree),
		TEST(test_names_are_bytes),
		TEST(test_change_underneath_is_seen),
		TEST(test_ignored_is_left_out),
		TEST(test_own_place_or_relocated),
		TEST(test_blame_of_a_variable_held_back),
		TEST(test_left_overs_are_swept),
		TEST(test_huge_output_and_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
