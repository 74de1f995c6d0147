#include "port/child/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/trace.h"
#include "port/child/capture.h"
#include "port/child/keeper.h"
#include "port/child/sandbox_entry.h"

enum {
	READ_SIZE = 64 << 10,
	END_GRACE_MS = 30000, /* for a keeper to end its tree; then it goes on without us waiting */
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128,
};

struct child {
	pid_t keeper; /* 0 once waited for */
	int output_fd, report_fd, control_fd;
	int64_t begin_us, deadline_us; /* deadline 0: none */
	bool timed_out, reported;
	int start_errno;
	enum keeper_event start_event;
	const char *start_step;
	struct keeper_report report;
	struct capture capture;
	char *name, *cwd;
};

/* The one thing here that is global, as signals are: a descriptor that is readable once
 * child_interrupt() was called. */
static int interrupt_fd = -1;
static volatile sig_atomic_t interrupted;
static pthread_once_t interrupt_once = PTHREAD_ONCE_INIT;

static void interrupt_open(void)
{
	interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void child_interrupt(void)
{
	int saved = errno;

	interrupted = 1;
	if (interrupt_fd >= 0 && eventfd_write(interrupt_fd, 1) < 0)
		errno = 0; /* full: readable already */
	errno = saved;
}

bool child_interrupted(void)
{
	return interrupted;
}

void child_result_init(struct child_result *r)
{
	*r = (struct child_result){0};
	buf_init(&r->output, LIMIT_OUTPUT_BYTES);
}

void child_result_release(struct child_result *r)
{
	buf_release(&r->output);
}

static int make_pipe(int *reader, int *writer, struct err *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return err_sys(err, errno, "cannot make a pipe");
	*reader = fds[0];
	*writer = fds[1];
	return 0;
}

static int fork_beside(struct child *child, const struct keeper_plan *plan, struct err *err)
{
	pid_t pid = fork();

	if (pid == 0)
		keeper_main(plan);
	if (pid < 0)
		return err_sys(err, errno, "cannot start '%s'", child->name);
	child->keeper = pid;
	return 0;
}

/* By way of a process that enters the namespaces and makes the keeper as our own child. */
static int fork_inside(struct child *child, const struct keeper_plan *plan, struct err *err)
{
	CLEANUP(fd_closep) int reader = -1;
	CLEANUP(fd_closep) int writer = -1;
	struct keeper_start start = {-EPIPE, "starting"};
	pid_t pid;

	if (make_pipe(&reader, &writer, err))
		return -1;
	pid = fork();
	if (pid == 0)
		keeper_enter(plan, writer);
	if (pid < 0)
		return err_sys(err, errno, "cannot start '%s'", child->name);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	fcntl(reader, F_SETFL, O_NONBLOCK);
	if (read(reader, &start, sizeof(start)) != sizeof(start) || start.pid < 0)
		return err_sys(err, -start.pid, "cannot start '%s' in the sandbox (%s)",
			child->name, start.step);
	child->keeper = start.pid;
	return 0;
}

/* Forks the keeper. Our ends of the pipes stay in *child. */
static int launch(struct child *child, const struct child_options *options, struct err *err)
{
	CLEANUP(fd_closep) int output = -1;
	CLEANUP(fd_closep) int report = -1;
	CLEANUP(fd_closep) int control = -1;
	CLEANUP(fd_closep) int null = -1;
	static const char *const no_env[] = {NULL};
	struct keeper_plan plan = {.argv = options->argv,
		.env = options->env ? options->env : no_env,
		.cwd = options->cwd,
		.entry = options->entry,
		.context = options->context,
		.stdin_fd = options->stdin_fd};

	if (make_pipe(&child->output_fd, &output, err) ||
		make_pipe(&child->report_fd, &report, err) ||
		make_pipe(&control, &child->control_fd, err))
		return -1;
	if (options->stdin_fd <= 0) {
		null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (null < 0)
			return err_sys(err, errno, "cannot open '/dev/null'");
		plan.stdin_fd = null;
	}
	plan.output_fd = output;
	plan.report_fd = report;
	plan.control_fd = control;
	if (options->sandbox) {
		plan.namespaces = sandbox_namespaces(options->sandbox);
		plan.open_network = options->open_network;
		plan.confinement = sandbox_confinement(options->sandbox);
	}
	if (plan.namespaces ? fork_inside(child, &plan, err) : fork_beside(child, &plan, err))
		return -1;
	fcntl(child->output_fd, F_SETFL, O_NONBLOCK);
	fcntl(child->report_fd, F_SETFL, O_NONBLOCK);
	return 0;
}

int child_start(struct child **out, const struct child_options *options, struct err *err)
{
	CLEANUP(child_freep) struct child *child = xcalloc(1, sizeof(*child));

	pthread_once(&interrupt_once, interrupt_open);
	child->output_fd = child->report_fd = child->control_fd = -1;
	capture_init(
		&child->capture, options->output_cap ? options->output_cap : LIMIT_OUTPUT_BYTES);
	child->name = xstrdup(options->argv[0]);
	child->cwd = options->cwd ? xstrdup(options->cwd) : NULL;
	child->begin_us = clock_mono_us();
	if (options->timeout_ms > 0)
		child->deadline_us = child->begin_us + (int64_t)options->timeout_ms * 1000;
	if (launch(child, options, err))
		return -1;
	*out = TAKE(child);
	return 0;
}

/* Reads what is there now. False at the end of the output. */
static bool drain(struct child *child)
{
	char bytes[READ_SIZE];
	ssize_t n;

	if (child->output_fd < 0)
		return false;
	while ((n = read(child->output_fd, bytes, sizeof(bytes))) > 0) {
		capture_add(&child->capture, bytes, (size_t)n);
		if (n < READ_SIZE)
			return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	close_fd(child->output_fd);
	child->output_fd = -1;
	return false;
}

/* Takes in what the keeper has said. True once it has said all. */
static bool read_report(struct child *child)
{
	struct keeper_report report;
	ssize_t n;

	while ((n = read(child->report_fd, &report, sizeof(report))) == sizeof(report)) {
		if (report.event == KEEPER_ENDED) {
			child->report = report;
			child->reported = true;
			return true;
		}
		child->start_event = report.event;
		child->start_errno = report.value;
		child->start_step = report.step;
	}
	return n == 0; /* died without a word */
}

static void ask_to_end(struct child *child)
{
	if (child->control_fd >= 0)
		close_fd(child->control_fd);
	child->control_fd = -1;
}

/* One round of waiting. 1: the keeper has ended. 0: not yet. */
static int wait_round(struct child *child, int timeout_ms)
{
	struct pollfd fds[] = {{.fd = child->report_fd, .events = POLLIN},
		{.fd = child->output_fd, .events = POLLIN},
		{.fd = child->control_fd < 0 ? -1 : interrupt_fd, .events = POLLIN}};

	if (poll(fds, ARRAY_LEN(fds), timeout_ms) <= 0)
		return 0;
	if (fds[1].revents)
		drain(child);
	return fds[0].revents && read_report(child);
}

/* The keeper is done with its tree (or too slow): collects it and what is left in the pipe. */
static void collect(struct child *child, int wait_flags)
{
	struct rusage usage = {0};

	while (drain(child)) {
		struct pollfd left = {.fd = child->output_fd, .events = POLLIN};

		/* Somebody who escaped may hold the pipe open: what is there is all we take. */
		if (poll(&left, 1, 0) <= 0)
			break;
	}
	if (wait4(child->keeper, NULL, wait_flags, &usage) >= 0 && !child->reported)
		child->report = (struct keeper_report){.event = KEEPER_ENDED,
			.value = SIGKILL,
			.end_us = clock_mono_us(),
			.usage = usage};
	child->keeper = 0;
}

/* Ends the tree, politely to the keeper first. */
static void finish(struct child *child)
{
	int64_t end = clock_mono_ms() + END_GRACE_MS;
	int64_t left;

	ask_to_end(child);
	while ((left = end - clock_mono_ms()) > 0)
		if (wait_round(child, (int)left))
			break;
	collect(child, left > 0 ? 0 : WNOHANG);
}

static int64_t to_us(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

static int fill_result(struct child *child, struct child_result *out, struct err *err)
{
	int status = child->report.value;

	if (child->start_errno && child->start_event == KEEPER_NO_FOLDER)
		return err_sys(err, child->start_errno, "cannot run '%s' in '%s'", child->name,
			child->cwd);
	if (child->start_errno && child->start_event == KEEPER_NO_SANDBOX)
		return err_sys(err, child->start_errno, "cannot run '%s' in the sandbox (%s)",
			child->name, child->start_step);
	child_result_release(out);
	out->truncated = capture_take(&child->capture, &out->output);
	out->output_bytes = child->capture.total;
	out->timed_out = child->timed_out;
	out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	out->exit_code = out->signal ? STATUS_SIGNAL + out->signal : WEXITSTATUS(status);
	out->not_started = child->start_errno != 0;
	if (out->not_started)
		out->exit_code =
			child->start_errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	out->wall_us = child->report.end_us - child->begin_us;
	out->cpu_us = to_us(child->report.usage.ru_utime) + to_us(child->report.usage.ru_stime);
	out->max_rss_kb = child->report.usage.ru_maxrss;
	trace_event("child", "%s exit %d us %lld", child->name, out->exit_code,
		(long long)out->wall_us);
	return 0;
}

static int next_timeout_ms(const struct child *child, int64_t until_us)
{
	int64_t now = clock_mono_us(), end = child->deadline_us;

	if (until_us && (!end || until_us < end))
		end = until_us;
	if (!end)
		return -1;
	return end <= now ? 0 : (int)((end - now + 999) / 1000);
}

int child_wait(struct child *child, int timeout_ms, struct child_result *out, struct err *err)
{
	int64_t until_us = timeout_ms < 0 ? 0 : clock_mono_us() + (int64_t)timeout_ms * 1000;

	while (child->keeper) {
		int ended = wait_round(child, next_timeout_ms(child, until_us));
		int64_t now = clock_mono_us();

		if (ended) {
			collect(child, 0);
		} else if (interrupted) {
			finish(child);
			return err_set(
				err, ERR_INTERRUPT, "interrupted while '%s' ran", child->name);
		} else if (child->deadline_us && now >= child->deadline_us) {
			child->timed_out = true;
			finish(child);
		} else if (until_us && now >= until_us) {
			return CHILD_RUNNING;
		}
	}
	return fill_result(child, out, err);
}

struct str child_output(const struct child *child)
{
	return buf_view(&child->capture.head);
}

void child_kill(struct child *child)
{
	if (child->keeper)
		finish(child);
}

void child_free(struct child *child)
{
	if (!child)
		return;
	child_kill(child);
	if (child->output_fd >= 0)
		close_fd(child->output_fd);
	if (child->report_fd >= 0)
		close_fd(child->report_fd);
	if (child->control_fd >= 0)
		close_fd(child->control_fd);
	capture_release(&child->capture);
	free(child->name);
	free(child->cwd);
	free(child);
}

int child_run(struct child_result *out, const struct child_options *options, struct err *err)
{
	CLEANUP(child_freep) struct child *child = NULL;

	if (child_start(&child, options, err))
		return -1;
	return child_wait(child, -1, out, err) < 0 ? -1 : 0;
}
