#include "kit/project/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* A folder still to be read. */
struct folder {
	struct str path; /* "" is the root */
	int depth;
};

struct walk {
	struct scan *scan;
	vec(struct folder) queue;
};

static const char *const skipped[] = {"node_modules", "venv", "env", "virtualenv", "target",
	"build", "_build", "dist", "out", "vendor", "third_party", "__pycache__", "site-packages",
	"bower_components"};

static bool is_skipped(const char *name)
{
	if (name[0] == '.')
		return true;
	for (size_t i = 0; i < ARRAY_LEN(skipped); i++)
		if (!strcmp(name, skipped[i]))
			return true;
	return str_starts(str_of(name), "cmake-build-");
}

static bool is_folder(int dir, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int compare(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void take_entry(struct walk *w, int dir, struct folder in, const struct dirent *entry)
{
	struct scan *s = w->scan;
	struct str path = arena_printf(
		s->mem, "%.*s%s%s", STR_ARGS(in.path), in.path.n ? "/" : "", entry->d_name);

	if (!is_folder(dir, entry))
		vec_push(&s->files, path);
	else if (!is_skipped(entry->d_name) && in.depth < SCAN_DEPTH_MAX)
		vec_push(&w->queue, (struct folder){.path = path, .depth = in.depth + 1});
}

/* Folders and files come in the order of the directory: sort what this one added. */
static int read_folder(struct walk *w, struct folder in, struct err *err)
{
	struct str path = arena_printf(w->scan->mem, "%s/%.*s", w->scan->root, STR_ARGS(in.path));
	int fd = open(path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (in.depth ? O_NOFOLLOW : 0));
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t files = w->scan->files.n;

	if (!dir) {
		int no = errno;
		if (fd >= 0)
			close(fd);
		/* A folder that we may not read is no reason to know nothing. */
		return in.depth ? 0 : err_sys(err, no, "cannot read folder '%s'", w->scan->root);
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (w->scan->files.n + w->queue.n >= SCAN_FILES_MAX) {
			w->scan->truncated = true;
			break;
		}
		take_entry(w, fd, in, entry);
	}
	closedir(dir);
	if (w->scan->files.n > files)
		qsort(w->scan->files.v + files, w->scan->files.n - files, sizeof(struct str),
			compare);
	return 0;
}

int scan_load(struct scan *s, const char *root, struct arena *mem, struct err *err)
{
	struct walk w = {.scan = s};
	int r = 0;

	*s = (struct scan){.root = root, .mem = mem};
	vec_push(&w.queue, (struct folder){.path = STR("")});
	for (size_t i = 0; r == 0 && i < w.queue.n && !s->truncated; i++)
		r = read_folder(&w, w.queue.v[i], err);
	vec_free(&w.queue);
	return r;
}

void scan_release(struct scan *s)
{
	vec_free(&s->files);
}

bool scan_has(const struct scan *s, const char *path)
{
	vec_each (file, &s->files) {
		if (str_eq_c(*file, path))
			return true;
	}
	return false;
}

const struct str *scan_find_next(const struct scan *s, const char *glob, const struct str *from)
{
	const struct str *file = from ? from + 1 : s->files.v;

	for (; file && file < s->files.v + s->files.n; file++)
		if (str_glob(str_of(glob), str_basename(*file)))
			return file;
	return NULL;
}

const struct str *scan_find(const struct scan *s, const char *glob)
{
	return scan_find_next(s, glob, NULL);
}

bool scan_text(const struct scan *s, const char *path, struct buf *out)
{
	struct str full = arena_printf(s->mem, "%s/%s", s->root, path);
	struct err err = ERR_INIT;

	/* The first part of a file over the cap tells enough. */
	return file_read(out, full.p, &err) == 0 || err.code == ERR_LIMIT;
}

bool scan_contains(const struct scan *s, const char *path, const char *needle)
{
	BUF_AUTO text = BUF_INIT(SCAN_TEXT_MAX);

	return scan_has(s, path) && scan_text(s, path, &text) && str_has(buf_view(&text), needle);
}
