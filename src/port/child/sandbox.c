#include "port/child/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/trace.h"
#include "base/vec.h"
#include "port/child/filter.h"
#include "port/child/landlock.h"
#include "port/child/mounts.h"
#include "port/child/namespaces.h"
#include "port/child/sandbox_entry.h"

enum {
	NOBODY = 65534,
	PROCESSES_MAX = 1024,      /* where the count is of the sandbox alone */
	PROCESSES_MAX_BARE = 4096, /* where it is of all that the user runs */
	FD_MAX = 5,
};

struct layer {
	enum layer_state state;
	char why[200];
};

struct sandbox {
	struct namespaces ns;
	struct confinement confinement;
	vec(char *) writable;
	struct layer layers[LAYER_COUNT];
	struct namespaces_probe probed;
	uid_t uid; /* who commands run as, as seen from here */
	gid_t gid;
	int tree;
};

static const char *const layer_names[] = {
	[LAYER_MOUNT] = "mount namespace",
	[LAYER_PID] = "pid namespace",
	[LAYER_NETWORK] = "network namespace",
	[LAYER_IPC] = "ipc namespace",
	[LAYER_IDENTITY] = "unprivileged uid",
	[LAYER_LANDLOCK] = "landlock",
	[LAYER_SECCOMP] = "seccomp",
	[LAYER_LIMITS] = "resource limits",
};

const char *sandbox_layer_to_string(enum sandbox_layer layer)
{
	return layer_names[layer];
}

static PRINTF_LIKE(4, 5) void set_layer(
	struct sandbox *box, enum sandbox_layer layer, enum layer_state state, const char *fmt, ...)
{
	va_list args;

	box->layers[layer].state = state;
	va_start(args, fmt);
	vsnprintf(box->layers[layer].why, sizeof(box->layers[layer].why), fmt, args);
	va_end(args);
}

enum layer_state sandbox_layer(
	const struct sandbox *box, enum sandbox_layer layer, const char **why)
{
	*why = box->layers[layer].why;
	return box->layers[layer].state;
}

const struct namespaces *sandbox_namespaces(const struct sandbox *box)
{
	return box->ns.mount >= 0 ? &box->ns : NULL;
}

const struct confinement *sandbox_confinement(const struct sandbox *box)
{
	return &box->confinement;
}

int sandbox_tree(const struct sandbox *box)
{
	return box->tree;
}

bool sandbox_identity(const struct sandbox *box, unsigned *uid, unsigned *gid)
{
	*uid = box->uid;
	*gid = box->gid;
	return box->confinement.drop;
}

void sandbox_protect_self(void)
{
#ifndef __SANITIZE_ADDRESS__
	/* LeakSanitizer traces its own process, which this forbids. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* What the builder process sends back, with descriptors beside it. */
struct build_reply {
	bool ok, user, network, ipc;
	struct namespaces_probe probed;
	struct mounts_result mounts;
	struct err err; /* err.file points to a literal of the same program */
};

static int send_reply(int sock, const struct build_reply *reply, const int *fds, size_t n)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FD_MAX * sizeof(int))] = {0};
	struct build_reply copy = *reply;
	struct iovec iov = {&copy, sizeof(copy)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *head = (struct cmsghdr *)(void *)control;

	if (n) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(head), fds, n * sizeof(int));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static int receive_reply(int sock, struct build_reply *reply, int fds[FD_MAX], size_t *n)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FD_MAX * sizeof(int))] = {0};
	struct iovec iov = {reply, sizeof(*reply)};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	ssize_t got;

	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	struct cmsghdr *head = got == sizeof(*reply) ? CMSG_FIRSTHDR(&msg) : NULL;
	*n = head ? (head->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
	if (*n)
		memcpy(fds, CMSG_DATA(head), *n * sizeof(int));
	return got == sizeof(*reply) ? 0 : -1;
}

/* The builder: makes or re-enters the namespaces, mounts, sends all back and is gone. */
static _Noreturn void build(struct sandbox *box, const struct sandbox_options *options, int sock)
{
	struct build_reply reply = {.ok = false};
	struct namespaces ns = box->ns;
	struct mounts_plan plan = {.options = options, .uid = box->uid, .gid = box->gid};
	/* Without real root a user namespace is made in which root is somebody else. */
	uid_t uid = geteuid() ? geteuid() : NOBODY;
	gid_t gid = geteuid() ? getegid() : NOBODY;
	int fds[FD_MAX];
	size_t n = 0;

	setsid(); /* an interrupt from the terminal is not for it */
	ns.mount = -1;
	reply.ok = !namespaces_make(&ns, options->network, uid, gid, &reply.err);
	plan.privileged = reply.ok && ns.user < 0;
	reply.ok = reply.ok && !mounts_build(&plan, &reply.mounts, &reply.err);
	if (reply.ok) {
		fds[n++] = ns.mount;
		fds[n++] = reply.mounts.tree;
		reply.user = ns.user >= 0;
		reply.network = ns.network >= 0;
		reply.ipc = ns.ipc >= 0;
		if (reply.user)
			fds[n++] = ns.user;
		if (reply.network)
			fds[n++] = ns.network;
		if (reply.ipc)
			fds[n++] = ns.ipc;
		if (!box->probed.pid)
			box->probed = namespaces_probe(plan.privileged, box->uid, box->gid);
		reply.probed = box->probed;
	}
	_exit(send_reply(sock, &reply, fds, n) ? 1 : 0);
}

static int run_builder(struct sandbox *box, const struct sandbox_options *options,
	struct build_reply *reply, int fds[FD_MAX], struct err *err)
{
	int pair[2];
	size_t n = 0;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_sys(err, errno, "cannot make a socket pair");
	pid = fork();
	if (pid == 0)
		build(box, options, pair[1]);
	close_fd(pair[1]);
	if (pid < 0 || receive_reply(pair[0], reply, fds, &n)) {
		close_fd(pair[0]);
		return err_sys(err, errno, "cannot start the builder of the sandbox");
	}
	close_fd(pair[0]);
	waitpid(pid, NULL, 0);
	if (!reply->ok) {
		*err = reply->err;
		return SANDBOX_UNAVAILABLE;
	}
	assert(n == 2U + reply->user + reply->network + reply->ipc);
	return 0;
}

static void replace_fd(int *old, int fd)
{
	if (*old >= 0 && *old != fd)
		close_fd(*old);
	*old = fd;
}

static int rebuild(struct sandbox *box, const struct sandbox_options *options,
	struct build_reply *reply, struct err *err)
{
	int fds[FD_MAX], r, n = 0;

	r = run_builder(box, options, reply, fds, err);
	if (r)
		return r;
	replace_fd(&box->ns.mount, fds[n++]);
	replace_fd(&box->tree, fds[n++]);
	replace_fd(&box->ns.user, reply->user ? fds[n++] : -1);
	replace_fd(&box->ns.network, reply->network ? fds[n++] : -1);
	replace_fd(&box->ns.ipc, reply->ipc ? fds[n++] : -1);
	box->ns.pid = reply->probed.pid;
	box->probed = reply->probed;
	return 0;
}

static void note_namespaces(
	struct sandbox *box, const struct sandbox_options *options, const struct build_reply *reply)
{
	const char *ro = reply->mounts.read_only ? "" : "; the rest is not mounted read-only";

	if (reply->mounts.copied)
		set_layer(box, LAYER_MOUNT, LAYER_ON, "copy in memory, because: %s%s",
			reply->mounts.why_copied, ro);
	else
		set_layer(box, LAYER_MOUNT, LAYER_ON, "overlay%s", ro);
	set_layer(box, LAYER_PID, reply->probed.pid ? LAYER_ON : LAYER_MISSING, "%s",
		reply->probed.pid ? "" : "no /proc of its own can be mounted");
	if (options->network)
		set_layer(box, LAYER_NETWORK, LAYER_WAIVED, "network was asked for");
	else
		set_layer(box, LAYER_NETWORK, reply->network ? LAYER_ON : LAYER_MISSING, "%s",
			reply->network ? "loopback only" : "cannot be made");
	set_layer(box, LAYER_IPC, reply->ipc ? LAYER_ON : LAYER_MISSING, "%s",
		reply->ipc ? "" : "cannot be made");
}

static void add_writable(struct sandbox *box, const char *path)
{
	vec_push(&box->writable, path ? xstrdup(path) : NULL);
}

static void confine(struct sandbox *box, struct err *err)
{
	bool alone = box->ns.mount >= 0;
	bool trace;

	add_writable(box, NULL);
	box->confinement.writable = (const char *const *)box->writable.v;
	box->confinement.landlock_abi = landlock_abi();
	set_layer(box, LAYER_LANDLOCK, box->confinement.landlock_abi ? LAYER_ON : LAYER_MISSING,
		"%s", box->confinement.landlock_abi ? "" : "the kernel has none");
	trace = box->ns.pid || box->confinement.landlock_abi;
	if (filter_build(&box->confinement.filter, trace, err))
		set_layer(box, LAYER_SECCOMP, LAYER_MISSING, "%s", err->msg);
	else
		set_layer(box, LAYER_SECCOMP, LAYER_ON, "%d instructions",
			box->confinement.filter.len);
	err_reset(err);
	box->confinement.processes = alone ? PROCESSES_MAX : PROCESSES_MAX_BARE;
	set_layer(box, LAYER_LIMITS,
		geteuid() || box->confinement.drop || box->ns.user >= 0 ? LAYER_ON : LAYER_MISSING,
		"%d processes", (int)box->confinement.processes);
	if (geteuid() == 0 && !box->confinement.drop && box->ns.user < 0)
		set_layer(box, LAYER_IDENTITY, LAYER_MISSING, "commands run as root");
	else
		set_layer(box, LAYER_IDENTITY, LAYER_ON, "uid %u%s", box->uid,
			box->ns.user >= 0 || box->confinement.enclose ? " in a user namespace"
								      : "");
}

static struct sandbox *new_sandbox(void)
{
	struct sandbox *box = xcalloc(1, sizeof(*box));

	box->ns = NAMESPACES_NONE;
	box->tree = -1;
	box->uid = geteuid();
	box->gid = getegid();
	return box;
}

/* Root's commands run as the project's owner, or as nobody where that is root. */
static int choose_identity(struct sandbox *box, const char *root, struct err *err)
{
	struct stat st;

	if (stat(root, &st))
		return err_sys(err, errno, "cannot look at '%s'", root);
	if (geteuid() == 0) {
		box->uid = st.st_uid ? st.st_uid : NOBODY;
		box->gid = st.st_gid ? st.st_gid : NOBODY;
	}
	return 0;
}

static void list_writable(
	struct sandbox *box, const struct sandbox_options *options, bool terminals)
{
	static const char *const always[] = {
		"/tmp", "/var/tmp", "/dev/shm", "/dev/null", "/dev/zero", "/dev/full", "/dev/tty"};

	for (size_t i = 0; i < options->n_trees; i++)
		add_writable(box, options->trees[i].path);
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		add_writable(box, always[i]);
	if (terminals) {
		add_writable(box, "/dev/ptmx");
		add_writable(box, "/dev/pts");
	}
	if (box->ns.pid)
		add_writable(box, "/proc");
}

int sandbox_open(struct sandbox **out, const struct sandbox_options *options, struct err *err)
{
	CLEANUP(sandbox_freep) struct sandbox *box = new_sandbox();
	int64_t begin = trace_begin();
	struct build_reply reply;
	int r;

	if (choose_identity(box, options->trees[0].path, err))
		return -1;
	r = rebuild(box, options, &reply, err);
	if (r)
		return r;
	box->confinement.drop = geteuid() == 0 && box->ns.user < 0;
	box->confinement.uid = box->uid;
	box->confinement.gid = box->gid;
	box->confinement.enclose = reply.probed.enclose;
	note_namespaces(box, options, &reply);
	list_writable(box, options, reply.mounts.terminals);
	confine(box, err);
	trace_end(begin, "sandbox", "%s", reply.mounts.copied ? "copy" : "overlay");
	*out = TAKE(box);
	return 0;
}

/* Whether others than root may enter every folder of a search path: if not, programs would be
 * missing for an unprivileged uid. */
static bool is_open_to_others(const char *search_path)
{
	struct str rest = str_of(search_path), piece;
	char part[PATH_MAX];
	struct stat st;

	while (str_next(&rest, ':', &piece)) {
		if (piece.n < 2 || piece.n >= sizeof(part))
			continue;
		memcpy(part, piece.p, piece.n);
		part[piece.n] = '\0';
		for (char *slash = part; slash; slash = strrchr(part, '/')) {
			if (!stat(part, &st) && !(st.st_mode & S_IXOTH))
				return false;
			slash = strrchr(part, '/');
			if (!slash || slash == part)
				break;
			*slash = '\0';
		}
	}
	return true;
}

int sandbox_open_bare(struct sandbox **out, const struct sandbox_bare *bare, struct err *err)
{
	static const char *const always[] = {
		"/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/ptmx"};
	CLEANUP(sandbox_freep) struct sandbox *box = new_sandbox();

	if (choose_identity(box, bare->owned_like, err))
		return -1;
	box->confinement.drop = geteuid() == 0 && is_open_to_others(bare->search_path);
	box->confinement.uid = box->uid;
	box->confinement.gid = box->gid;
	for (enum sandbox_layer l = LAYER_MOUNT; l <= LAYER_IPC; l++)
		set_layer(box, l, LAYER_MISSING, "%s", bare->why);
	for (const char *const *path = bare->writable; *path; path++)
		add_writable(box, *path);
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		add_writable(box, always[i]);
	confine(box, err);
	*out = TAKE(box);
	return 0;
}

int sandbox_reset(struct sandbox *box, const struct sandbox_options *options, struct err *err)
{
	struct build_reply reply;

	return rebuild(box, options, &reply, err) ? -1 : 0;
}

void sandbox_free(struct sandbox *box)
{
	if (!box)
		return;
	namespaces_close(&box->ns);
	if (box->tree >= 0)
		close_fd(box->tree);
	vec_each (path, &box->writable)
		free(*path);
	vec_free(&box->writable);
	free(box->confinement.filter.filter);
	free(box);
}
