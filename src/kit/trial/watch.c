#include "kit/trial/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/limits.h"

/* 0 for what cannot be read. */
static uint64_t hash_file(const struct watch *w, const char *path)
{
	uint64_t hash = 0;
	ssize_t n = 1;
	BUF_AUTO content;

	buf_init(&content, LIMIT_SOURCE_BYTES + 1);
	CLEANUP(fd_closep)
	int fd = openat(w->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	while (fd >= 0 && n > 0) {
		char *at = buf_reserve(&content, 16 << 10);

		n = at ? read(fd, at, 16 << 10) : 0;
		content.n += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0 && n == 0)
		hash = str_hash(buf_view(&content));
	return hash;
}

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

	vec_each (known, &w->files) {
		if (str_eq_c(path, known->path))
			return;
	}
	CLEANUP(freep) char *text = xstrndup(path.p, path.n);
	seen = look(w, text);
	seen.hash = seen.exists ? hash_file(w, text) : 0;
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

		watch_note(w, str_of(head));
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

		if (is_same(file, &now))
			continue;
		/* Touched, or written anew as it was (git and editors do): that is no change. */
		if (!file->exists || !now.exists || hash_file(w, file->path) != file->hash)
			return err_set(err, ERR_CONFLICT,
				"the project changed meanwhile: '%s' is not as it was", file->path);
	}
	return 0;
}
