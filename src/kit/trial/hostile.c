#include "kit/trial/hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "port/child/child.h"
#include "port/child/copy.h"
#include "port/child/sandbox.h"

#define TOKEN_NAME "SELFHEAL_DOCTOR_TOKEN"
enum {
	RUN_MS = 20000,
	BOMB_MS = 3000,
	FORKS_MAX = 5000,
	STACK_SIZE = 16 << 10,
	CONNECT_MS = 500,
	DEATH_MS = 200,
	TOKEN_SIZE = 40
};

/* One go at the sandbox. */
struct attempt {
	struct trial *trial;
	const char *base;    /* our scratch folder, outside */
	const char *project; /* in it */
	char token[TOKEN_SIZE];
	struct child *victim; /* a process beside the sandbox, with the token in its environment */
	pid_t victim_pid;
	struct child_result result;
	struct err *err;
};

struct attack {
	const char *name;
	/* 1 it was stopped, 0 it was not, < 0 it could not be tried. */
	int (*run)(struct attempt *a);
	const char *always; /* what stands against it beside layers; NULL: nothing */
	enum sandbox_layer layers[3];
	int n;
};

static int run(struct attempt *a, const char *command, int timeout_ms)
{
	struct trial_command c = {.command = command, .timeout_ms = timeout_ms};

	return trial_run(a->trial, &c, &a->result, a->err);
}

static bool printed(const struct attempt *a, const char *text)
{
	return str_has(buf_view(&a->result.output), text);
}

static int read_environment(struct attempt *a)
{
	return run(a, "env", RUN_MS) ? -1 : !printed(a, a->token);
}

/* Every process it can see, and us by number. */
static int read_proc(struct attempt *a)
{
	CLEANUP(freep)
	char *command =
		xasprintf("cat /proc/[0-9]*/environ 2>/dev/null\n"
			  "for p in %d %d; do\n"
			  "  grep -q 'PPid:' /proc/$p/status 2>/dev/null || continue\n"
			  "  head -c 1 /proc/$p/environ 2>/dev/null | grep -qa . && echo LEAK\n"
			  "  head -c 1 /proc/$p/maps 2>/dev/null | grep -qa . && echo LEAK\n"
			  "done",
			getpid(), a->victim_pid);

	return run(a, command, RUN_MS) ? -1 : !printed(a, a->token) && !printed(a, "LEAK");
}

static bool take_mark(const char *folder, const char *name)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", folder, name);

	return !unlink(path);
}

static int write_outside(struct attempt *a)
{
	const char *home = getenv("HOME");
	const char *const folders[] = {
		a->base, a->project, "/tmp", "/var/tmp", "/dev/shm", "/etc", home ? home : "/"};
	CLEANUP(freep) char *name = xasprintf(".%s", a->token);
	BUF_AUTO command;
	int written = 0;

	buf_init(&command, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		buf_printf(&command, "(: > '%s/%s') 2>/dev/null\n", folders[i], name);
	/* The project's real folder may also be there under another name. */
	buf_printf(&command, "(: > '/proc/1/root%s/%s') 2>/dev/null", a->base, name);
	if (run(a, buf_text(&command), RUN_MS))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		written += take_mark(folders[i], name);
	return written == 0;
}

/* In the sandbox, to a port of ours on the host's loopback. */
static int try_connect(void *context)
{
	const struct sockaddr_in *address = context;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int error = 0;

	if (fd < 0)
		return 1;
	if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)))
		return 0;
	if (errno != EINPROGRESS || poll(&ready, 1, CONNECT_MS) <= 0)
		return 1;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) || error ? 1 : 0;
}

static int run_entry(struct attempt *a, int (*entry)(void *), void *context, int timeout_ms)
{
	const char *const argv[] = {"attack", NULL};
	struct child_options options = {.argv = argv,
		.entry = entry,
		.context = context,
		.timeout_ms = timeout_ms,
		.sandbox = trial_sandbox(a->trial)};

	return child_run(&a->result, &options, a->err);
}

static int connect_out(struct attempt *a)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	CLEANUP(fd_closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 1) ||
		getsockname(fd, (struct sockaddr *)&address, &size))
		return err_sys(a->err, errno, "cannot listen on the loopback");
	return run_entry(a, try_connect, &address, RUN_MS) ? -1 : a->result.exit_code != 0;
}

static int kill_process(struct attempt *a)
{
	CLEANUP(freep) char *command = xasprintf("kill -9 %d 2>/dev/null", a->victim_pid);

	if (run(a, command, RUN_MS))
		return -1;
	return child_wait(a->victim, DEATH_MS, &a->result, a->err) == CHILD_RUNNING;
}

static int sleep_for_ever(void *context)
{
	while (!context)
		pause();
	return 0;
}

/* Makes processes until it may not, or has shown that nothing stops it. They share our memory, with
 * a small stack each: copies of a large process would weigh on the machine for real. */
static int try_forks(void *context)
{
	char *stacks = context;

	for (size_t n = 1; n <= FORKS_MAX; n++)
		if (clone(sleep_for_ever, stacks + n * STACK_SIZE, CLONE_VM | SIGCHLD, NULL) < 0)
			return 1;
	return 0;
}

static int fork_bomb(struct attempt *a)
{
	size_t size = (size_t)STACK_SIZE * FORKS_MAX;
	void *stacks = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int r;

	if (stacks == MAP_FAILED)
		return err_sys(a->err, errno, "cannot map memory");
	r = run_entry(a, try_forks, stacks, RUN_MS);
	munmap(stacks, size);
	return r ? -1 : a->result.exit_code == 1;
}

/* A daemon that would leave a mark after the command has ended, in a folder that it may write. */
static int outlive(struct attempt *a)
{
	CLEANUP(freep)
	char *command =
		xasprintf("(setsid sh -c 'sleep 0.3; : > %s/late' >/dev/null 2>&1 &) ; true",
			trial_exchange_inside(a->trial));

	if (run(a, command, BOMB_MS))
		return -1;
	clock_sleep_ms(500);
	return !take_mark(trial_exchange(a->trial), "late");
}

static const struct attack attacks[HOSTILE_ATTACKS] = {
	{"read a token from its environment", read_environment, "environment allow-list", {0}, 0},
	{"read a token from /proc of its parent", read_proc, NULL,
		{LAYER_PID, LAYER_LANDLOCK, LAYER_SECCOMP}, 2},
	{"write outside of its tree", write_outside, NULL, {LAYER_MOUNT, LAYER_LANDLOCK}, 2},
	{"connect out", connect_out, NULL, {LAYER_NETWORK}, 1},
	{"kill a process of ours", kill_process, NULL, {LAYER_PID, LAYER_LANDLOCK}, 2},
	{"fork without end", fork_bomb, NULL, {LAYER_LIMITS}, 1},
	{"go on after its end", outlive, "process-tree kill", {LAYER_PID}, 1},
};

static void list_layers(
	struct hostile_result *out, const struct attack *attack, const struct sandbox *box, bool on)
{
	BUF_AUTO list;

	buf_init(&list, sizeof(out->layers) - 1);
	if (on && attack->always)
		buf_c(&list, attack->always);
	for (int i = 0; i < attack->n; i++) {
		const char *why;
		enum layer_state state =
			box ? sandbox_layer(box, attack->layers[i], &why) : LAYER_MISSING;

		if ((state == LAYER_ON) == on)
			buf_printf(&list, "%s%s", list.n ? ", " : "",
				sandbox_layer_to_string(attack->layers[i]));
	}
	if (!list.n)
		buf_c(&list, on ? "the user's own rights" : "nothing: a defect of ours");
	memcpy(out->layers, buf_text(&list), list.n + 1);
}

static int start_victim(struct attempt *a)
{
	CLEANUP(freep) char *variable = xasprintf(TOKEN_NAME "=%s", a->token);
	const char *const argv[] = {"/bin/sh", "-c", "echo $$; exec sleep 600", NULL};
	const char *const env[] = {variable, "PATH=/usr/bin:/bin", NULL};
	struct child_options options = {.argv = argv, .env = env};

	if (child_start(&a->victim, &options, a->err))
		return -1;
	for (int i = 0; i < 500 && !a->victim_pid; i++) {
		struct str text;

		if (child_wait(a->victim, 10, &a->result, a->err) != CHILD_RUNNING)
			return err_set(a->err, ERR_SYS, "cannot keep a process running");
		text = str_trim(child_output(a->victim));
		if (!str_to_int(text, 1, 1 << 30, &a->victim_pid))
			a->victim_pid = 0;
	}
	return a->victim_pid ? 0 : err_set(a->err, ERR_TIMEOUT, "cannot start a process");
}

static int prepare(struct attempt *a, enum sandbox_mode mode)
{
	static const char *const allow[] = {TOKEN_NAME, NULL};
	int r;

	snprintf(
		a->token, sizeof(a->token), "canary-%d-%lld", getpid(), (long long)clock_mono_us());
	/* The worst case: the token is in our environment, and the user has allowed its name. */
	setenv(TOKEN_NAME, a->token, 1);
	r = trial_open(&a->trial,
		&(struct trial_options){.root = a->project, .sandbox = mode, .env_allow = allow},
		a->err);
	unsetenv(TOKEN_NAME);
	return r ? -1 : start_victim(a);
}

static int attack_all(
	struct attempt *a, struct hostile_result out[HOSTILE_ATTACKS], struct buf *layers)
{
	trial_layers(a->trial, layers);
	for (size_t i = 0; i < HOSTILE_ATTACKS; i++) {
		int stopped = attacks[i].run(a);

		if (stopped < 0)
			return err_wrap(a->err, "cannot try to %s", attacks[i].name);
		out[i] = (struct hostile_result){.attack = attacks[i].name, .stopped = stopped};
		list_layers(&out[i], &attacks[i], trial_sandbox(a->trial), stopped);
	}
	return 0;
}

static void remove_folder(const char *path)
{
	CLEANUP(freep) char *parent = xstrdup(path);
	char *slash = strrchr(parent, '/');

	*slash = '\0';
	CLEANUP(fd_closep) int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		remove_entry(fd, slash + 1);
}

int hostile_run(struct hostile_result out[HOSTILE_ATTACKS], enum sandbox_mode mode,
	struct buf *layers, struct err *err)
{
	char base[] = "/tmp/selfheal-doctor-XXXXXX";
	struct attempt a = {.base = base, .err = err};
	int r;

	if (!mkdtemp(base))
		return err_sys(err, errno, "cannot make a scratch folder");
	CLEANUP(freep) char *project = xasprintf("%s/project", base);
	a.project = project;
	child_result_init(&a.result);
	r = mkdir(project, 0755) ? err_sys(err, errno, "cannot make the folder '%s'", project)
				 : prepare(&a, mode);
	if (!r)
		r = attack_all(&a, out, layers);
	child_free(a.victim);
	trial_free(a.trial);
	child_result_release(&a.result);
	remove_folder(base);
	return r;
}
