#include "port/git/locate.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"

void git_place_init(struct git_place *place)
{
	buf_init(&place->workdir, LIMIT_PATH_BYTES);
	buf_init(&place->git_dir, LIMIT_PATH_BYTES);
	buf_init(&place->common_dir, LIMIT_PATH_BYTES);
}

void git_place_release(struct git_place *place)
{
	buf_release(&place->workdir);
	buf_release(&place->git_dir);
	buf_release(&place->common_dir);
}

static bool is_there(const char *folder, const char *name, bool want_dir)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", folder, name);
	struct stat st;

	return stat(path, &st) == 0 && (!want_dir || S_ISDIR(st.st_mode));
}

/* What git itself takes for a git folder: HEAD, objects and refs (linked: commondir). */
static bool is_git_dir(const char *path)
{
	struct stat st;
	CLEANUP(freep) char *head = xasprintf("%s/HEAD", path);

	if (lstat(head, &st) < 0)
		return false;
	return is_there(path, "commondir", false) ||
	       (is_there(path, "objects", true) && is_there(path, "refs", true));
}

/* The file's one line, or false. */
static bool read_line(const char *path, struct buf *out)
{
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[LIMIT_PATH_BYTES];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n <= 0)
		return false;
	buf_reset(out);
	buf_str(out, str_trim(str_make(text, (size_t)n)));
	return true;
}

/* target as seen from folder, resolved, into out. */
static bool resolve(struct buf *out, const char *folder, const char *target)
{
	CLEANUP(freep)
	char *joined = target[0] == '/' ? xstrdup(target) : xasprintf("%s/%s", folder, target);
	CLEANUP(freep) char *real = realpath(joined, NULL);

	if (!real)
		return false;
	buf_reset(out);
	buf_c(out, real);
	return true;
}

/* dir/.git is a file "gitdir: PATH" in linked working trees and submodules. */
static int follow_git_file(
	struct git_place *out, const char *dir, const char *file, struct err *err)
{
	BUF_AUTO line;
	struct str target;

	buf_init(&line, LIMIT_PATH_BYTES);
	if (!read_line(file, &line))
		return err_set(err, ERR_PARSE, "cannot read '%s'", file);
	target = buf_view(&line);
	if (!str_skip(&target, "gitdir:"))
		return err_set(err, ERR_PARSE, "cannot read '%s': no 'gitdir:' in it", file);
	target = str_trim(target); /* the end of the view is the end of the text */
	if (!resolve(&out->git_dir, dir, target.p) || !is_git_dir(buf_text(&out->git_dir)))
		return err_set(err, ERR_PARSE,
			"cannot use '%s': it leads to '%.*s', which is no git folder (a linked "
			"working tree that was moved? try 'git worktree repair')",
			file, STR_ARGS(target));
	return 0;
}

static void find_common(struct git_place *out)
{
	CLEANUP(freep) char *file = xasprintf("%s/commondir", buf_text(&out->git_dir));
	BUF_AUTO line;

	buf_init(&line, LIMIT_PATH_BYTES);
	if (read_line(file, &line) &&
		resolve(&out->common_dir, buf_text(&out->git_dir), buf_text(&line)))
		return;
	buf_reset(&out->common_dir);
	buf_str(&out->common_dir, buf_view(&out->git_dir));
}

/* 0 found, GIT_PLACE_NONE not in this folder. */
static int look_in(struct git_place *out, const char *dir, struct err *err)
{
	CLEANUP(freep) char *dot_git = xasprintf("%s/.git", dir[1] ? dir : "");
	struct stat st;

	if (stat(dot_git, &st) < 0)
		return is_git_dir(dir)
			       ? err_set(err, ERR_CONFIG,
					 "cannot heal '%s': it is a bare repository or a git "
					 "folder, without files to test; give a checkout of it",
					 dir)
			       : GIT_PLACE_NONE;
	if (S_ISREG(st.st_mode)) {
		if (follow_git_file(out, dir, dot_git, err) < 0)
			return -1;
	} else if (!is_git_dir(dot_git)) {
		return GIT_PLACE_NONE; /* an empty or foreign .git folder: git looks further too */
	} else if (!resolve(&out->git_dir, dir, dot_git)) {
		return err_sys(err, errno, "cannot open '%s'", dot_git);
	}
	buf_reset(&out->workdir);
	buf_c(&out->workdir, dir);
	find_common(out);
	return 0;
}

/* Whether GIT_CEILING_DIRECTORIES (colon separated) holds dir. */
static bool is_ceiling(struct str dir)
{
	const char *list = getenv("GIT_CEILING_DIRECTORIES");
	struct str rest = str_of(list), one;

	while (str_next(&rest, ':', &one))
		if (str_eq(one, dir))
			return true;
	return false;
}

int git_locate(struct git_place *out, const char *path, struct err *err)
{
	CLEANUP(freep) char *dir = realpath(path, NULL);
	struct stat st;
	dev_t device;

	if (!dir || stat(dir, &st) < 0)
		return err_sys(err, errno, "cannot find '%s'", path);
	for (device = st.st_dev; st.st_dev == device;) {
		int rc = look_in(out, dir, err);
		char *slash = strrchr(dir, '/');

		if (rc != GIT_PLACE_NONE || !dir[1])
			return rc;
		slash[slash == dir] = '\0';
		if (is_ceiling(str_of(dir)) || stat(dir, &st) < 0)
			break;
	}
	return GIT_PLACE_NONE;
}
