/* sandbox: attacks from inside, as root and as a plain user, with and without namespaces; and that
 * each attack works where nothing stands against it. */
#include "kit/trial/hostile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <grp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/child/filter.h"
#include "port/child/landlock.h"

enum { TOKEN, PROC, WRITE, CONNECT, KILL, FORK, OUTLIVE, PLAIN_UID = 54321 };

/* What a process does to itself before it tries: become a plain user, lose namespaces. */
enum { AS_USER = 1, WITHOUT_NAMESPACES = 2 };

/* Each attack as a bit: those that were stopped. < 0: it could not be tried. */
static int stopped_attacks(enum sandbox_mode mode)
{
	struct hostile_result results[HOSTILE_ATTACKS];
	struct err err = ERR_INIT;
	int bits = 0;
	BUF_AUTO layers;

	buf_init(&layers, 1 << 16);
	if (hostile_run(results, mode, &layers, &err)) {
		print_error("%s\n", err.msg);
		return -1;
	}
	for (int i = 0; i < HOSTILE_ATTACKS; i++)
		bits |= results[i].stopped << i;
	return bits;
}

static bool change_self(int how)
{
	struct sock_fprog filter = {0};
	struct err err = ERR_INIT;

	if (how & AS_USER && geteuid() == 0 &&
		(setgroups(0, NULL) || setgid(PLAIN_UID) || setuid(PLAIN_UID)))
		return false;
	if (how & AS_USER)
		setenv("HOME", "/", 1);
	/* The filter that denies commands namespaces and mounts does it to us. */
	return !(how & WITHOUT_NAMESPACES) ||
	       (!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !filter_build(&filter, true, &err) &&
		       !filter_install(&filter));
}

/* The same in a process that changed itself first. */
static int stopped_attacks_as(int how, enum sandbox_mode mode)
{
	int status, bits = -1, fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		bits = change_self(how) ? stopped_attacks(mode) : -1;
		_exit(write(fds[1], &bits, sizeof(bits)) != sizeof(bits));
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &bits, sizeof(bits)), sizeof(bits));
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return bits;
}

static bool has_namespaces(int how)
{
	struct trial *trial = NULL;
	struct err err = ERR_INIT;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		bool opened =
			change_self(how) && !trial_open(&trial,
						    &(struct trial_options){.root = "/usr/share",
							    .sandbox = SANDBOX_REQUIRE},
						    &err);
		if (!opened)
			print_message("skipped: %s\n", err.msg);
		trial_free(trial);
		_exit(!opened);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

static void assert_all_stopped(int how)
{
	if (!has_namespaces(how))
		skip();
	assert_int_equal(stopped_attacks_as(how, SANDBOX_REQUIRE), (1 << HOSTILE_ATTACKS) - 1);
}

static void test_all_is_stopped(void **state)
{
	assert_all_stopped(0);
}

static void test_all_is_stopped_for_a_plain_user(void **state)
{
	assert_all_stopped(AS_USER);
}

static void test_attacks_work_where_nothing_stops_them(void **state)
{
	int bits = stopped_attacks_as(AS_USER, SANDBOX_OFF);

	assert_int_equal(bits & ~(1 << FORK), 1 << TOKEN | 1 << OUTLIVE);
}

static void test_landlock_holds_without_namespaces(void **state)
{
	int bits, abi = landlock_abi();

	if (abi < 6)
		skip();
	for (int how = 0; how <= AS_USER; how++) {
		bits = stopped_attacks_as(how | WITHOUT_NAMESPACES, SANDBOX_AUTO);
		assert_int_equal(bits & (1 << WRITE | 1 << KILL | 1 << PROC | 1 << TOKEN |
						1 << OUTLIVE | 1 << CONNECT),
			1 << WRITE | 1 << KILL | 1 << PROC | 1 << TOKEN | 1 << OUTLIVE);
	}
}

static void test_require_refuses_what_is_missing(void **state)
{
	assert_int_equal(stopped_attacks_as(WITHOUT_NAMESPACES, SANDBOX_REQUIRE), -1);
}

static void open_scratch(struct trial **trial)
{
	struct err err = ERR_INIT;

	if (trial_open(trial, &(struct trial_options){.root = "/usr/share"}, &err))
		fail_msg("%s", err.msg);
}

static int fork_for_ever(void *context)
{
	while (!context)
		if (fork() < 0)
			usleep(50000);
	return 0;
}

static void test_a_bomb_does_not_starve_others(void **state)
{
	const struct trial_command work = {.command = "for i in 1 2 3 4 5; do sh -c true; done"};
	const char *const argv[] = {"bomb", NULL};
	struct child_options bomb = {.argv = argv, .entry = fork_for_ever, .timeout_ms = 20000};
	struct trial *first = NULL, *second = NULL;
	struct child *child = NULL;
	struct err err = ERR_INIT;
	struct child_result r;

	if (!has_namespaces(0))
		skip();
	child_result_init(&r);
	open_scratch(&first);
	open_scratch(&second);
	bomb.sandbox = trial_sandbox(first);
	assert_int_equal(child_start(&child, &bomb, &err), 0);
	assert_int_equal(child_wait(child, 300, &r, &err), CHILD_RUNNING);
	assert_int_equal(trial_run(second, &work, &r, &err), 0);
	assert_int_equal(r.exit_code, 0);
	child_free(child);
	child_result_release(&r);
	trial_free(first);
	trial_free(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_is_stopped),
		cmocka_unit_test(test_all_is_stopped_for_a_plain_user),
		cmocka_unit_test(test_attacks_work_where_nothing_stops_them),
		cmocka_unit_test(test_landlock_holds_without_namespaces),
		cmocka_unit_test(test_a_bomb_does_not_starve_others),
		cmocka_unit_test(test_require_refuses_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
