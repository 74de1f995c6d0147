#include "port/child/mounts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/alloc.h"
#include "port/child/copy.h"
#include "port/child/namespaces.h"
#include "port/child/upper.h"

enum { MAX_TREES = 4, MAX_SHOWN = 32 };

/* What holds credentials in a home folder. Commands see it empty. */
static const char *const home_secrets[] = {".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker",
	".config/gcloud", ".config/gh", ".config/hub", ".config/git/credentials", ".netrc",
	".git-credentials", ".npmrc", ".pypirc", ".pgpass", ".my.cnf", ".vault-token",
	".terraform.d", ".cargo/credentials", ".cargo/credentials.toml", ".gem/credentials",
	".password-store", ".local/share/keyrings", ".mozilla", ".config/google-chrome",
	".config/chromium", ".bash_history", ".zsh_history", ".python_history"};

struct build {
	const struct mounts_plan *plan;
	struct mounts_result *out;
	int staging; /* the root of the tmpfs that holds all that is private */
	int sources[MAX_TREES];
	int swaps[MAX_TREES]; /* user namespaces that show root's files as the uid's; -1: not needed
			       */
	int shown[MAX_SHOWN], shown_n;
	int exchange, runtime, spare;
	bool upper_on_disk;
	struct err *err;
};

static int fail(struct build *b, const char *what, const char *path)
{
	return err_sys(b->err, errno, "cannot %s '%s'", what, path);
}

/* Made before /proc is read-only. Without one (an old kernel, a container), the tree is copied. */
static int make_swap(struct build *b, size_t i)
{
	struct stat st;

	b->swaps[i] = -1;
	if (fstat(b->sources[i], &st))
		return fail(b, "look at", b->plan->options->trees[i].path);
	if (!b->plan->privileged || (st.st_uid && st.st_gid))
		return 0;
	b->swaps[i] = namespaces_swap_root(
		st.st_uid ? 0 : b->plan->uid, st.st_gid ? 0 : b->plan->gid, b->err);
	return 0;
}

/* Sources are opened before anything is hidden: a path below /tmp is another thing afterwards. */
static int open_sources(struct build *b)
{
	const struct sandbox_options *o = b->plan->options;
	const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

	assert(o->n_trees > 0 && o->n_trees <= MAX_TREES);
	for (size_t i = 0; i < o->n_trees; i++) {
		b->sources[i] = open(o->trees[i].path, flags);
		if (b->sources[i] < 0)
			return fail(b, "open the folder", o->trees[i].path);
		if (make_swap(b, i))
			return -1;
	}
	for (const char *const *path = o->show; path && *path && b->shown_n < MAX_SHOWN; path++)
		b->shown[b->shown_n++] = open(*path, flags);
	/* Mounts of their own: what follows makes all others read-only. */
	b->exchange = open_tree(AT_FDCWD, o->exchange, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	b->spare = open_tree(AT_FDCWD, o->spare, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	b->runtime = o->runtime ? open(o->runtime, flags) : -1;
	if (b->exchange < 0 || b->spare < 0)
		return fail(b, "open the folder", o->exchange);
	return o->runtime && b->runtime < 0 ? fail(b, "open the folder", o->runtime) : 0;
}

static void freeze(struct build *b)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};

	b->out->read_only = !mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr));
}

static int make_private_folder(struct build *b, const char *name, mode_t mode)
{
	if (mkdirat(b->staging, name, 0700) || fchmodat(b->staging, name, mode, 0))
		return fail(b, "make the private folder", name);
	return 0;
}

/* Until kernel 6.6 tmpfs has no user attributes, and without them an overlay in a user namespace
 * cannot make a folder where one was removed. */
static bool has_attributes(int folder)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", folder);
	return !setxattr(path, "user.overlay.probe", "y", 1, 0);
}

static int make_staging(struct build *b)
{
	static const struct {
		const char *name;
		mode_t mode;
	} folders[] = {{"tmp", 01777}, {"tmp/.selfheal", 0755}, {"tmp/.selfheal/home", 0700},
		{"vartmp", 01777}, {"shm", 01777}, {"run", 0755}, {"empty", 0555}, {"open", 0755}};

	if (mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=50%"))
		return fail(b, "mount a file system in memory at", "/tmp");
	b->staging = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->staging < 0)
		return fail(b, "open the folder", "/tmp");
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (make_private_folder(b, folders[i].name, folders[i].mode))
			return -1;
	if (b->plan->privileged &&
		fchownat(b->staging, "tmp/.selfheal/home", b->plan->uid, b->plan->gid, 0))
		return fail(b, "give away the folder", SANDBOX_HOME);
	close_fd(openat(b->staging, "nothing", O_WRONLY | O_CREAT | O_CLOEXEC, 0444));
	b->upper_on_disk = !b->plan->privileged && !has_attributes(b->staging);
	if (b->upper_on_disk &&
		(make_private_folder(b, "spare", 0700) ||
			move_mount(b->spare, "", b->staging, "spare", MOVE_MOUNT_F_EMPTY_PATH)))
		return b->err->code ? -1 : fail(b, "attach", b->plan->options->spare);
	return 0;
}

/* Attaches the tree at `from` (a descriptor, or a name in it) to the path `to`. */
static int bind_at(int from, const char *name, const char *to, bool read_only)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH;

	CLEANUP(fd_closep) int tree = open_tree(from, name, flags);
	if (tree < 0)
		return -1;
	if (read_only && mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)))
		return -1;
	return move_mount(tree, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISDIR(st.st_mode);
}

/* Ptys of our own: the user's terminals are writable for his uid. */
static void private_terminals(struct build *b)
{
	const char *options = "newinstance,ptmxmode=0666,mode=0620";

	if (!is_folder("/dev/pts") ||
		mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, options))
		return;
	b->out->terminals = !mount("/dev/pts/ptmx", "/dev/ptmx", NULL, MS_BIND, NULL);
}

static int hide_folders(struct build *b)
{
	static const struct {
		const char *path, *by;
	} hidden[] = {
		{"/var/tmp", "vartmp"}, {"/dev/shm", "shm"}, {"/run", "run"}, {"/tmp", "tmp"}};

	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		if (is_folder(hidden[i].path) &&
			bind_at(b->staging, hidden[i].by, hidden[i].path, false))
			return fail(b, "cover the folder", hidden[i].path);
	private_terminals(b);
	return 0;
}

static int cover(struct build *b, const char *path)
{
	struct stat st;

	if (lstat(path, &st) || S_ISLNK(st.st_mode))
		return 0;
	if (bind_at(b->staging, S_ISDIR(st.st_mode) ? "empty" : "nothing", path, true))
		return fail(b, "cover", path);
	return 0;
}

static int hide_secrets(struct build *b)
{
	const char *home = b->plan->options->home;
	const char *const *hidden = b->plan->options->hide;

	for (size_t i = 0; home && i < ARRAY_LEN(home_secrets); i++) {
		CLEANUP(freep) char *path = xasprintf("%s/%s", home, home_secrets[i]);

		if (cover(b, path))
			return -1;
	}
	for (; hidden && *hidden; hidden++)
		if (cover(b, *hidden))
			return -1;
	return 0;
}

/* Makes the folder and those above it, where it can: outside of the private folders they are there
 * already. */
static void make_path(const char *path)
{
	CLEANUP(freep) char *part = xstrdup(path);

	for (char *slash = part + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(part, 0755);
	}
	mkdir(part, 0755);
}

/* A folder as seen with root's entries as the uid's: an id-mapped copy of its mount, attached
 * nowhere. */
static int map_ids(struct build *b, size_t i)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)b->swaps[i]};
	int fd;

	if (b->swaps[i] < 0)
		return err_set(b->err, ERR_SYS, "no id-mapped mount can be had");
	fd = open_tree(b->sources[i], "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (fd >= 0 && !mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return fd;
	err_sys(b->err, errno, "cannot make an id-mapped mount");
	if (fd >= 0)
		close_fd(fd);
	return -1;
}

/* The lower layer of a tree: itself, or id-mapped where root owns it and commands are not root. It
 * must be attached for overlayfs to take it. */
static int lower_layer(struct build *b, size_t i)
{
	struct stat st;
	char name[32], path[64];
	int fd;

	if (fstat(b->sources[i], &st))
		return fail(b, "look at", b->plan->options->trees[i].path);
	if (!b->plan->privileged || (st.st_uid && st.st_gid))
		return fcntl(b->sources[i], F_DUPFD_CLOEXEC, 0);
	snprintf(name, sizeof(name), "lower%zu", i);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", b->staging, name);
	fd = map_ids(b, i);
	if (fd < 0 || make_private_folder(b, name, 0700) ||
		move_mount(fd, "", b->staging, name, MOVE_MOUNT_F_EMPTY_PATH)) {
		if (fd >= 0)
			close_fd(fd);
		return b->err->code ? -1 : fail(b, "attach", path);
	}
	return fd;
}

/* The folder for an upper layer's parts, made to look like the project's own folder on top. */
static int make_upper(struct build *b, size_t i, int lower, int *parent, char name[32])
{
	uid_t uid = b->plan->privileged ? b->plan->uid : (uid_t)-1;
	gid_t gid = b->plan->privileged ? b->plan->gid : (gid_t)-1;
	char path[48];
	struct stat st;

	*parent = b->upper_on_disk ? b->spare : b->staging;
	snprintf(name, 32, "layer%zu.%d", i, b->upper_on_disk ? getpid() : 0);
	snprintf(path, sizeof(path), "%s/upper", name);
	if (fstat(lower, &st) || mkdirat(*parent, name, 0700) || mkdirat(*parent, path, 0700) ||
		fchmodat(*parent, path, st.st_mode & 07777, 0))
		return fail(b, "make a layer over", b->plan->options->trees[i].path);
	if (uid != (uid_t)-1 && fchownat(*parent, path, uid, gid, 0))
		return fail(b, "give away the layer over", b->plan->options->trees[i].path);
	CLEANUP(fd_closep) int upper = openat(*parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (upper < 0 || upper_fill(upper, lower, &b->plan->options->trees[i], uid, gid, b->err))
		return b->err->code ? -1 : fail(b, "open the layer over", path);
	snprintf(path, sizeof(path), "%s/work", name);
	return mkdirat(*parent, path, 0700) ? fail(b, "make a folder for", path) : 0;
}

static int mount_overlay(struct build *b, size_t i)
{
	const char *path = b->plan->options->trees[i].path;
	char options[300], name[32];
	int parent;

	CLEANUP(fd_closep) int lower = lower_layer(b, i);
	if (lower < 0 || make_upper(b, i, lower, &parent, name))
		return -1;
	/* By descriptor: a path may hold the commas and colons that separate options. */
	snprintf(options, sizeof(options),
		"lowerdir=/proc/self/fd/%d,upperdir=/proc/self/fd/%d/%s/upper,"
		"workdir=/proc/self/fd/%d/%s/work,%s",
		lower, parent, name, parent, name,
		b->plan->privileged ? "redirect_dir=on" : "userxattr");
	if (mount("overlay", path, "overlay", MS_NOSUID | MS_NODEV, options))
		return fail(b, "mount an overlay at", path);
	return 0;
}

static int give_away(struct build *b, int folder)
{
	struct copy_owner owner = {b->plan->uid, b->plan->gid};

	return b->plan->privileged ? copy_chown(folder, &owner, b->err) : 0;
}

static int mount_copy(struct build *b, size_t i)
{
	const struct sandbox_tree *tree = &b->plan->options->trees[i];
	char name[32];
	struct stat st;

	snprintf(name, sizeof(name), "copy%zu", i);
	if (fstat(b->sources[i], &st) || make_private_folder(b, name, st.st_mode & 07777))
		return b->err->code ? -1 : fail(b, "look at", tree->path);
	CLEANUP(fd_closep) int to = openat(b->staging, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(fd_closep)
	int from = openat(b->sources[i], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0 || to < 0)
		return fail(b, "open", tree->path);
	if (copy_tree(from, to, NULL, b->err) || upper_apply_to_copy(to, tree, b->err) ||
		give_away(b, to))
		return -1;
	return bind_at(b->staging, name, tree->path, false) ? fail(b, "mount a copy at", tree->path)
							    : 0;
}

static int mount_tree(struct build *b, size_t i)
{
	const char *because = b->plan->options->copy_because;

	make_path(b->plan->options->trees[i].path);
	if (!because && !mount_overlay(b, i))
		return 0;
	b->out->copied = true;
	snprintf(b->out->why_copied, sizeof(b->out->why_copied), "%.190s",
		because ? because : b->err->msg);
	err_reset(b->err);
	return mount_copy(b, i);
}

/* Root's home is closed to others, and so is all below it: interpreters, toolchains, the project.
 * An overlay of two read-only layers whose upper one is an open, empty folder opens just the door.
 */
static int open_door(struct build *b, const char *path)
{
	char options[100];

	CLEANUP(fd_closep) int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(b, "open the folder", path);
	snprintf(options, sizeof(options), "lowerdir=/proc/self/fd/%d/open:/proc/self/fd/%d",
		b->staging, fd);
	return mount("overlay", path, "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, options)
		       ? fail(b, "open to commands", path)
		       : 0;
}

static bool is_closed(const struct build *b, const char *path)
{
	struct stat st;

	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return false;
	if (st.st_uid == b->plan->uid)
		return !(st.st_mode & S_IXUSR);
	return !(st.st_mode & (st.st_gid == b->plan->gid ? S_IXGRP : S_IXOTH));
}

/* Opens every closed folder above path, and with `itself` path too. */
static int open_way(struct build *b, const char *path, bool itself)
{
	CLEANUP(freep) char *part = xstrdup(path);

	for (char *slash = part + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		if (is_closed(b, part) && open_door(b, part))
			return -1;
	}
	return itself && is_closed(b, part) ? open_door(b, part) : 0;
}

static int open_ways(struct build *b)
{
	const struct sandbox_options *o = b->plan->options;

	if (!b->plan->privileged)
		return 0;
	if (o->home && strlen(o->home) > 1 && open_way(b, o->home, true))
		return -1;
	for (size_t i = 0; i < o->n_trees; i++)
		if (open_way(b, o->trees[i].path, false))
			return -1;
	return 0;
}

static int show_folders(struct build *b)
{
	const struct sandbox_options *o = b->plan->options;

	for (int i = 0; i < b->shown_n; i++) {
		if (b->shown[i] < 0)
			continue;
		make_path(o->show[i]);
		if (bind_at(b->shown[i], "", o->show[i], true))
			return fail(b, "show the folder", o->show[i]);
	}
	make_path(SANDBOX_EXCHANGE);
	if (move_mount(b->exchange, "", AT_FDCWD, SANDBOX_EXCHANGE, MOVE_MOUNT_F_EMPTY_PATH))
		return fail(b, "show the folder", o->exchange);
	if (b->runtime < 0)
		return 0;
	make_path(SANDBOX_RUNTIME);
	return bind_at(b->runtime, "", SANDBOX_RUNTIME, true)
		       ? fail(b, "show the folder", o->runtime)
		       : 0;
}

static int mount_all(struct build *b)
{
	const struct sandbox_options *o = b->plan->options;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return fail(b, "make private the mount", "/");
	if (open_sources(b))
		return -1;
	freeze(b);
	if (make_staging(b) || open_ways(b) || hide_folders(b) || hide_secrets(b) ||
		show_folders(b))
		return -1;
	for (size_t i = 0; i < o->n_trees; i++)
		if (mount_tree(b, i))
			return -1;
	b->out->tree = open(o->trees[0].path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return b->out->tree < 0 ? fail(b, "open the folder", o->trees[0].path) : 0;
}

/* The process ends behind this, and its descriptors with it. */
int mounts_build(const struct mounts_plan *plan, struct mounts_result *out, struct err *err)
{
	struct build b = {.plan = plan, .out = out, .err = err};
	mode_t mask = umask(0);
	int r;

	*out = (struct mounts_result){.tree = -1};
	r = mount_all(&b);
	umask(mask);
	return r;
}
