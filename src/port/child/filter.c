#include "port/child/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"

static const char *const denied[] = {
	/* keys of the session */
	"keyctl", "add_key", "request_key",
	/* the kernel itself */
	"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
	"io_uring_register", "kexec_load", "kexec_file_load", "init_module", "finit_module",
	"delete_module", "reboot", "syslog", "acct", "swapon", "swapoff", "quotactl", "quotactl_fd",
	"iopl", "ioperm", "lookup_dcookie", "nfsservctl", "vhangup",
	/* clocks */
	"settimeofday", "clock_settime", "clock_settime64", "stime",
	/* mounts and namespaces: the way out */
	"mount", "umount", "umount2", "pivot_root", "chroot", "setns", "unshare", "move_mount",
	"open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
	"open_by_handle_at", "fanotify_init", "setdomainname", "sethostname"};

static const char *const tracing[] = {
	"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"};

static const unsigned long long namespace_flags[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID,
	CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};

static int deny(scmp_filter_ctx ctx, const char *name, int error)
{
	int nr = seccomp_syscall_resolve_name(name);

	/* A call that this library or machine does not know cannot be denied, nor made. */
	return nr == __NR_SCMP_ERROR
		       ? 0
		       : seccomp_rule_add(ctx, SCMP_ACT_ERRNO((unsigned)error), nr, 0);
}

static int deny_all(scmp_filter_ctx ctx, const char *const *names, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && !r; i++)
		r = deny(ctx, names[i], EPERM);
	return r;
}

static int deny_argument(scmp_filter_ctx ctx, const char *name, struct scmp_arg_cmp argument)
{
	return seccomp_rule_add(
		ctx, SCMP_ACT_ERRNO(EPERM), seccomp_syscall_resolve_name(name), 1, argument);
}

/* clone3 hides its flags behind a pointer: "not there" makes the libraries use clone. */
static int deny_namespaces(scmp_filter_ctx ctx)
{
	int r = deny(ctx, "clone3", ENOSYS);

	for (size_t i = 0; i < ARRAY_LEN(namespace_flags) && !r; i++)
		r = deny_argument(ctx, "clone",
			SCMP_A0(SCMP_CMP_MASKED_EQ, namespace_flags[i], namespace_flags[i]));
	return r;
}

/* Families other than these reach past the network namespace (AF_VSOCK to the host) or into rarely
 * used kernel code. */
static int deny_sockets(scmp_filter_ctx ctx)
{
	int r = deny_argument(ctx, "socket", SCMP_A0_32(SCMP_CMP_GT, AF_NETLINK));

	for (int family = 0; family < AF_NETLINK && !r; family++)
		if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
			r = deny_argument(ctx, "socket", SCMP_A0_32(SCMP_CMP_EQ, (unsigned)family));
	return r;
}

/* Typing into somebody's terminal. */
static int deny_typing(scmp_filter_ctx ctx)
{
	int r = deny_argument(ctx, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, TIOCSTI));

	return r ? r : deny_argument(ctx, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, TIOCLINUX));
}

/* libseccomp writes to a descriptor only: through memory, into *out. */
static int export_program(scmp_filter_ctx ctx, struct sock_fprog *out, struct err *err)
{
	struct stat st;

	CLEANUP(fd_closep) int fd = memfd_create("filter", MFD_CLOEXEC);
	if (fd < 0 || seccomp_export_bpf(ctx, fd) || fstat(fd, &st))
		return err_sys(err, errno, "cannot compile the system call filter");
	out->len = (unsigned short)((size_t)st.st_size / sizeof(struct sock_filter));
	out->filter = xmalloc((size_t)st.st_size);
	if (pread(fd, out->filter, (size_t)st.st_size, 0) != st.st_size) {
		free(out->filter);
		return err_sys(err, errno, "cannot read the system call filter");
	}
	return 0;
}

int filter_build(struct sock_fprog *out, bool trace, struct err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r = ctx ? 0 : -ENOMEM;

#ifdef __x86_64__
	if (!r)
		r = seccomp_arch_add(ctx, SCMP_ARCH_X86); /* programs built with -m32 */
#endif
	if (!r)
		r = deny_all(ctx, denied, ARRAY_LEN(denied));
	if (!r && !trace)
		r = deny_all(ctx, tracing, ARRAY_LEN(tracing));
	if (!r)
		r = deny_namespaces(ctx);
	if (!r)
		r = deny_sockets(ctx);
	if (!r)
		r = deny_typing(ctx);
	r = r ? err_sys(err, -r, "cannot make the system call filter")
	      : export_program(ctx, out, err);
	seccomp_release(ctx);
	return r;
}

int filter_install(const struct sock_fprog *filter)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, filter) ? errno : 0;
}
