/* child: what it says of programs that end well, badly, never, or leave others behind. */
#include "port/child/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"

static int run(struct child_result *r, const char *script, int timeout_ms, size_t cap)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	const char *const env[] = {"PATH=/usr/bin:/bin", "GREETING=hello", NULL};
	struct err err = ERR_INIT;

	child_result_init(r);
	return child_run(r,
		&(struct child_options){
			.argv = argv, .env = env, .timeout_ms = timeout_ms, .output_cap = cap},
		&err);
}

static void test_results(void **state)
{
	static const struct {
		const char *script;
		int exit_code, signal;
		const char *output;
	} cases[] = {
		{"true", 0, 0, ""},
		{"exit 7", 7, 0, ""},
		{"echo out; echo err >&2", 0, 0, "out\nerr\n"},
		{"echo $GREETING", 0, 0, "hello\n"},
		{"kill -SEGV $$", 139, 11, ""},
		{"cat", 0, 0, ""},
		{"ls -1 /proc/self/fd | wc -l", 0, 0, "4\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHILD_RESULT_AUTO r;

		assert_int_equal(run(&r, cases[i].script, 10000, 0), 0);
		assert_int_equal(r.exit_code, cases[i].exit_code);
		assert_int_equal(r.signal, cases[i].signal);
		assert_string_equal(buf_text(&r.output), cases[i].output);
		assert_false(r.not_started);
		assert_false(r.timed_out);
	}
}

static void test_not_started(void **state)
{
	static const struct {
		const char *program;
		int exit_code;
	} cases[] = {{"no-such-program", 127}, {"/no/such", 127}, {"/etc/passwd", 126}, {"/", 126}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const argv[] = {cases[i].program, NULL};
		struct err err = ERR_INIT;
		CHILD_RESULT_AUTO r;

		child_result_init(&r);
		assert_int_equal(child_run(&r, &(struct child_options){.argv = argv}, &err), 0);
		assert_true(r.not_started);
		assert_int_equal(r.exit_code, cases[i].exit_code);
	}
}

static void test_missing_folder(void **state)
{
	const char *const argv[] = {"true", NULL};
	struct err err = ERR_INIT;
	CHILD_RESULT_AUTO r;

	child_result_init(&r);
	assert_int_equal(
		child_run(&r, &(struct child_options){.argv = argv, .cwd = "/no/such"}, &err), -1);
	assert_int_equal(err.sys_errno, ENOENT);
}

/* The pid the script printed. */
static pid_t printed_pid(const struct child_result *r)
{
	int pid = 0;

	assert_true(str_to_int(str_trim(buf_view(&r->output)), 1, 1 << 22, &pid));
	return pid;
}

static void assert_gone(pid_t pid)
{
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void test_timeout_kills_daemons(void **state)
{
	int64_t begin = clock_mono_ms();
	CHILD_RESULT_AUTO r;

	assert_int_equal(
		run(&r, "setsid sh -c 'echo $$; exec sleep 60 >/dev/null 2>&1' & sleep 60", 300, 0),
		0);
	assert_true(r.timed_out);
	assert_int_equal(r.signal, SIGKILL);
	assert_true(clock_mono_ms() - begin < 5000);
	assert_gone(printed_pid(&r));
}

static void test_background_child_does_not_hang_us(void **state)
{
	int64_t begin = clock_mono_ms();
	CHILD_RESULT_AUTO r;

	assert_int_equal(run(&r, "(setsid sleep 60 & echo $!); exit 3", 0, 0), 0);
	assert_int_equal(r.exit_code, 3);
	assert_false(r.timed_out);
	assert_true(clock_mono_ms() - begin < 5000);
	assert_gone(printed_pid(&r));
}

static void test_output_is_capped(void **state)
{
	CHILD_RESULT_AUTO r;

	assert_int_equal(run(&r, "echo begin; head -c 300000000 /dev/zero; echo end", 0, 1000), 0);
	assert_true(r.truncated);
	assert_int_equal(r.output_bytes, 300000000 + 10);
	assert_true(r.output.n < 1100);
	assert_memory_equal(r.output.p, "begin\n", 6);
	assert_string_equal(r.output.p + r.output.n - 4, "end\n");
	assert_true(str_has(buf_view(&r.output), "\n[... 299999010 bytes dropped ...]\n"));
}

static void test_runs_beside_us(void **state)
{
	const char *const argv[] = {"/bin/sh", "-c", "echo a; sleep 0.2; echo b", NULL};
	struct child *child = NULL;
	struct err err = ERR_INIT;
	CHILD_RESULT_AUTO r;

	child_result_init(&r);
	assert_int_equal(child_start(&child, &(struct child_options){.argv = argv}, &err), 0);
	assert_int_equal(child_wait(child, 50, &r, &err), CHILD_RUNNING);
	assert_int_equal(child_wait(child, -1, &r, &err), 0);
	assert_string_equal(buf_text(&r.output), "a\nb\n");
	assert_true(r.wall_us >= 200000);
	child_free(child);
}

/* Many processes, some orphaned, some in sessions of their own, while more are made. (A real bomb
 * is for the sandbox's tests: for root no limit would hold it here.) */
static void test_a_tree_of_processes_ends(void **state)
{
	int64_t begin = clock_mono_ms();
	CHILD_RESULT_AUTO r;

	assert_int_equal(run(&r,
				 "b() { test $1 = 0 && exec sleep 60; b $(($1-1)) & setsid sh -c"
				 " 'sleep 60 & sleep 61' & b $(($1-1)); }; b 6",
				 400, 1000),
		0);
	assert_true(r.timed_out);
	assert_true(clock_mono_ms() - begin < 20000);
}

/* Last: it cannot be taken back. */
static void test_interrupt(void **state)
{
	struct err err = ERR_INIT;
	const char *const argv[] = {"sleep", "60", NULL};
	CHILD_RESULT_AUTO r;

	child_result_init(&r);
	child_interrupt();
	assert_true(child_interrupted());
	assert_int_equal(child_run(&r, &(struct child_options){.argv = argv}, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_not_started),
		cmocka_unit_test(test_missing_folder),
		cmocka_unit_test(test_timeout_kills_daemons),
		cmocka_unit_test(test_background_child_does_not_hang_us),
		cmocka_unit_test(test_output_is_capped),
		cmocka_unit_test(test_runs_beside_us),
		cmocka_unit_test(test_a_tree_of_processes_ends),
		cmocka_unit_test(test_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
