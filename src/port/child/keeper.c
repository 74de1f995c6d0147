#include "port/child/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "port/child/confine.h"
#include "port/child/namespaces.h"
#include "port/child/reap.h"

enum { EXEC_NOT_EXECUTABLE = 126, EXEC_NOT_FOUND = 127 };

/* After close_range below only these are open. */
enum { FD_STDIN, FD_OUTPUT, FD_OUTPUT_TOO, FD_REPORT, FD_CONTROL, FD_COUNT };

static void send_report(enum keeper_event event, int value, const char *step)
{
	struct keeper_report report = {
		.event = event, .value = value, .step = step, .end_us = clock_mono_us()};

	if (event == KEEPER_ENDED)
		getrusage(RUSAGE_CHILDREN, &report.usage);
	if (write(FD_REPORT, &report, sizeof(report)) < 0)
		_exit(EXEC_NOT_FOUND); /* nobody listens: the parent is gone */
}

static void give_up(const char *step, int error)
{
	send_report(KEEPER_NO_SANDBOX, error, step);
	_exit(EXEC_NOT_EXECUTABLE);
}

/* The plan's descriptors to 0..FD_COUNT, all others closed: other children's pipes are among them,
 * and a copy of such a write end here would keep their readers waiting. */
static void settle_descriptors(const struct keeper_plan *plan)
{
	const int from[FD_COUNT] = {plan->stdin_fd, plan->output_fd, plan->output_fd,
		plan->report_fd, plan->control_fd};
	int high[FD_COUNT];

	for (int i = 0; i < FD_COUNT; i++)
		high[i] = fcntl(from[i], F_DUPFD, FD_COUNT);
	for (int i = 0; i < FD_COUNT; i++)
		dup2(high[i], i);
	close_range(FD_COUNT, ~0U, 0);
	fcntl(FD_REPORT, F_SETFD, FD_CLOEXEC);
	fcntl(FD_CONTROL, F_SETFD, FD_CLOEXEC);
}

static void reset_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		if (s != SIGKILL && s != SIGSTOP)
			signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static const char *env_path(const char *const *env)
{
	for (; env && *env; env++)
		if (!strncmp(*env, "PATH=", 5))
			return *env + 5;
	return "/usr/local/bin:/usr/bin:/bin";
}

/* Tries dir/name; a file that is there but cannot be run is remembered as EACCES. */
static void exec_at(const char *dir, size_t n, const struct keeper_plan *plan, int *why)
{
	char path[4096];
	size_t name_n = strlen(plan->argv[0]);
	union {
		const char *const *in;
		char *const *out;
	} argv = {plan->argv}, env = {plan->env};

	if (n + name_n + 2 > sizeof(path))
		return;
	memcpy(path, dir, n);
	if (n)
		path[n++] = '/';
	memcpy(path + n, plan->argv[0], name_n + 1);
	execve(path, argv.out, env.out);
	if (errno != ENOENT && errno != ENOTDIR && *why != EACCES)
		*why = errno;
}

static _Noreturn void exec_command(const struct keeper_plan *plan)
{
	const char *path = env_path(plan->env), *end;
	int why = ENOENT;

	if (plan->cwd && chdir(plan->cwd)) {
		send_report(KEEPER_NO_FOLDER, errno, NULL);
		_exit(EXEC_NOT_FOUND);
	}
	if (plan->entry)
		_exit(plan->entry(plan->context));
	if (strchr(plan->argv[0], '/'))
		path = "";
	do {
		end = strchrnul(path, ':');
		exec_at(path, (size_t)(end - path), plan, &why);
		path = end + 1;
	} while (*end);
	send_report(KEEPER_NO_PROGRAM, why, NULL);
	_exit(why == ENOENT ? EXEC_NOT_FOUND : EXEC_NOT_EXECUTABLE);
}

static bool was_told_to_end(int timeout_ms, int signals)
{
	struct signalfd_siginfo info;
	struct pollfd fds[] = {
		{.fd = FD_CONTROL, .events = POLLIN}, {.fd = signals, .events = POLLIN}};

	if (poll(fds, 2, timeout_ms) <= 0)
		return false;
	if (fds[1].revents && read(signals, &info, sizeof(info)) < 0)
		return false;
	return fds[0].revents != 0;
}

static void enter_sandbox(const struct keeper_plan *plan)
{
	struct confine_failure failure = {NULL, 0};

	if (plan->namespaces && plan->namespaces->pid)
		failure = (struct confine_failure){"mounting /proc", namespaces_mount_proc()};
	if (!failure.error && plan->confinement)
		failure = confine_identity(plan->confinement);
	if (failure.error)
		give_up(failure.step, failure.error);
}

static _Noreturn void become_command(const struct keeper_plan *plan)
{
	struct confine_failure failure = {NULL, 0};

	setsid(); /* so that kill 0 does not hit the keeper */
	reset_signals();
	if (plan->confinement)
		failure = confine_command(plan->confinement);
	if (failure.error)
		give_up(failure.step, failure.error);
	exec_command(plan);
}

/* Waits for the command, adopting and reaping what it orphans. -1: told to end before it did. */
static int watch(pid_t command, int signals)
{
	int status;
	pid_t pid;

	for (;;) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == command)
				return status;
		if (was_told_to_end(-1, signals))
			return -1;
	}
}

_Noreturn void keeper_main(const struct keeper_plan *plan)
{
	sigset_t chld;
	int signals, status;
	pid_t command;

	settle_descriptors(plan);
	reset_signals();
	setsid();
	enter_sandbox(plan);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	signals = signalfd(-1, &chld, SFD_CLOEXEC);
	command = fork();
	if (command == 0)
		become_command(plan);
	if (command < 0) {
		send_report(KEEPER_NO_PROGRAM, errno, NULL);
		_exit(EXEC_NOT_EXECUTABLE);
	}
	close(FD_OUTPUT);
	close(FD_OUTPUT_TOO);
	status = watch(command, signals);
	if (plan->namespaces && plan->namespaces->pid)
		reap_namespace(command, &status);
	else
		reap_descendants(command, &status);
	send_report(KEEPER_ENDED, status, NULL);
	_exit(0);
}

_Noreturn void keeper_enter(const struct keeper_plan *plan, int start_fd)
{
	struct namespaces ns = *plan->namespaces;
	struct keeper_start start;
	int error;

	setsid(); /* out of reach of the terminal's interrupt: who asked for it decides */
	if (plan->open_network)
		ns.network = -1;
	error = namespaces_enter(&ns);
	start = (struct keeper_start){-error, "entering the namespaces"};
	if (!error) {
		start.step = "making a process";
		start.pid = (int)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
		if (start.pid == 0)
			keeper_main(plan);
		if (start.pid < 0)
			start.pid = -errno;
	}
	_exit(write(start_fd, &start, sizeof(start)) != sizeof(start));
}
