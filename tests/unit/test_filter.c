/* filter: calls that are denied, and calls that tools need. */
#include "port/child/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sock_fprog filter;

static long call_keyctl(void)
{
	return syscall(SYS_keyctl, 0, 0, 0, 0, 0);
}

static long call_mount(void)
{
	return mount("none", "/nowhere", "tmpfs", 0, NULL);
}

static long call_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

static long call_clone(void)
{
	return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
}

static long call_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}

static long call_vsock(void)
{
	return socket(AF_VSOCK, SOCK_STREAM, 0);
}

static long call_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static long call_sti(void)
{
	return ioctl(0, TIOCSTI, "x");
}

static long call_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void *nothing(void *arg)
{
	return arg;
}

static long call_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL) ? -1 : 0;
}

static long call_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 || waitpid(pid, NULL, 0) != pid ? -1 : 0;
}

static long call_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long call_inet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long call_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

/* The errno of a call made behind the filter; 0: it worked. */
static int errno_of(long (*call)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || filter_install(&filter))
			_exit(255);
		_exit(call() < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_denied(void **state)
{
	long (*const calls[])(void) = {call_keyctl, call_mount, call_unshare, call_clone, call_bpf,
		call_vsock, call_packet, call_sti};

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		assert_int_equal(errno_of(calls[i]), EPERM);
}

static void test_allowed(void **state)
{
	long (*const calls[])(void) = {
		call_ptrace, call_thread, call_fork, call_unix, call_inet, call_netlink};

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		assert_int_equal(errno_of(calls[i]), 0);
}

static void test_tracing_can_be_denied(void **state)
{
	struct sock_fprog all = filter;
	struct err err = ERR_INIT;

	assert_int_equal(filter_build(&filter, false, &err), 0);
	assert_int_equal(errno_of(call_ptrace), EPERM);
	free(filter.filter);
	filter = all;
}

static int setup(void **state)
{
	struct err err = ERR_INIT;

	return filter_build(&filter, true, &err);
}

static int teardown(void **state)
{
	free(filter.filter);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_tracing_can_be_denied),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
