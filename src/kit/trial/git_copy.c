#include "kit/trial/git_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "port/child/copy.h"
#include "port/child/upper.h"

/* The file of alternates has a path a line. */
static bool can_borrow(const char *source)
{
	return !strpbrk(source, "\n\"");
}

const char *const *git_copy_ignored(const char *source)
{
	static const char *const ignored[] = {".git/objects", NULL};

	return can_borrow(source) ? ignored : NULL;
}

/* <git>/objects with nothing in it but a pointer to the real ones. */
static int borrow_objects(int git, const char *objects, struct err *err)
{
	CLEANUP(freep) char *line = xasprintf("%s\n", objects);
	size_t n = strlen(line);

	if ((mkdirat(git, "objects", 0755) || mkdirat(git, "objects/info", 0755)) &&
		errno != EEXIST)
		return err_sys(err, errno, "cannot make a folder for git's objects");
	CLEANUP(fd_closep)
	int fd = openat(git, "objects/info/alternates", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, line, n) != (ssize_t)n)
		return err_sys(err, errno, "cannot point to git's objects");
	return 0;
}

/* What is a worktree's own: HEAD, index and the like, over those of the common directory. */
static int copy_own(int git, const char *own_path, struct err *err)
{
	static const char *const kept[] = {"commondir", "gitdir", NULL};
	static const char *const replaced[] = {"HEAD", "index", "ORIG_HEAD", "logs", "refs/bisect"};

	CLEANUP(fd_closep) int own = open(own_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own < 0)
		return err_sys(err, errno, "cannot open '%s'", own_path);
	for (size_t i = 0; i < ARRAY_LEN(replaced); i++)
		remove_entry(git, replaced[i]);
	remove_entry(git, "refs/bisect");
	return copy_merge(own, git, kept, err);
}

static int copy_linked(int copy, const struct masks *masks, struct err *err)
{
	static const char *const left_out[] = {"worktrees", "objects", NULL};
	static const char *const left_out_alone[] = {"worktrees", NULL};
	bool borrow = can_borrow(masks->git_common);
	struct sandbox_tree tree = {masks->git_common, masks->git.v, masks->git.n};

	remove_entry(copy, ".git");
	if (mkdirat(copy, ".git", 0755))
		return err_sys(err, errno, "cannot make a git directory in the copy");
	CLEANUP(fd_closep) int git = openat(copy, ".git", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(fd_closep)
	int common = open(masks->git_common, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (git < 0 || common < 0)
		return err_sys(err, errno, "cannot open '%s'", masks->git_common);
	if (copy_tree(common, git, borrow ? left_out : left_out_alone, err) ||
		upper_apply_to_copy(git, &tree, err) || copy_own(git, masks->git_dir, err))
		return -1;
	CLEANUP(freep) char *objects = xasprintf("%s/objects", masks->git_common);
	return !borrow ? 0 : borrow_objects(git, objects, err);
}

int git_copy(int copy, const char *source, const struct masks *masks, struct err *err)
{
	struct stat st;

	if (!masks->git_dir || fstatat(copy, ".git", &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (S_ISREG(st.st_mode))
		return masks->git_common ? copy_linked(copy, masks, err) : 0;
	if (!can_borrow(source))
		return 0;
	CLEANUP(fd_closep) int git = openat(copy, ".git", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (git < 0)
		return err_sys(err, errno, "cannot open the copy of '.git'");
	CLEANUP(freep) char *objects = xasprintf("%s/.git/objects", source);
	return borrow_objects(git, objects, err);
}
