#include "kit/trial/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"

static struct watched look(const struct watch *w, const char *path)
{
	struct watched seen = {0};
	struct stat st;

	if (fstatat(w->root, path, &st, AT_SYMLINK_NOFOLLOW))
		return seen;
	seen.exists = true;
	seen.inode = st.st_ino;
	seen.size = st.st_size;
	seen.mtime_s = st.st_mtim.tv_sec;
	seen.mtime_ns = st.st_mtim.tv_nsec;
	return seen;
}

static bool is_same(const struct watched *a, const struct watched *b)
{
	return a->exists == b->exists && a->inode == b->inode && a->size == b->size &&
	       a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns;
}

void watch_note(struct watch *w, struct str path)
{
	struct watched seen;

	vec_each (known, &w->files)
		if (str_eq_c(path, known->path))
			return;
	CLEANUP(freep) char *text = xstrndup(path.p, path.n);
	seen = look(w, text);
	seen.path = TAKE(text);
	vec_push(&w->files, seen);
}

int watch_open(struct watch *w, const char *root, const char *git_dir, struct err *err)
{
	*w = (struct watch){.root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC)};
	if (w->root < 0)
		return err_sys(err, errno, "cannot open the folder '%s'", root);
	if (git_dir) {
		CLEANUP(freep) char *head = xasprintf("%s/HEAD", git_dir);
		CLEANUP(freep) char *index = xasprintf("%s/index", git_dir);

		watch_note(w, str_of(head));
		watch_note(w, str_of(index));
	}
	return 0;
}

void watch_release(struct watch *w)
{
	vec_each (file, &w->files)
		free(file->path);
	vec_free(&w->files);
	if (w->root >= 0)
		close_fd(w->root);
	w->root = -1;
}

int watch_check(const struct watch *w, struct err *err)
{
	vec_each (file, &w->files) {
		struct watched now = look(w, file->path);

		if (!is_same(file, &now))
			return err_set(err, ERR_CONFLICT,
				"the project changed meanwhile: '%s' is not as it was", file->path);
	}
	return 0;
}
