#include "kit/trial/relocate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "port/child/copy.h"
#include "port/child/environment.h"

enum { DEPTH_MAX = 60 };

struct relocation {
	const char *from, *to;
	struct buf *notes;
	struct err *err;
};

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int slurp(int folder, const char *name, struct buf *out)
{
	CLEANUP(fd_closep) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = 1;

	buf_reset(out);
	while (fd >= 0 && n > 0) {
		char *at = buf_reserve(out, 8192);

		if (!at)
			return -1;
		n = read(fd, at, 8192);
		out->n += n > 0 ? (size_t)n : 0;
	}
	return fd < 0 || n < 0 ? -1 : 0;
}

/* Where `path` is named in text, not as the beginning of a longer name; or -1. */
static ptrdiff_t find_path(struct str text, size_t from, const char *path)
{
	size_t n = strlen(path);
	ptrdiff_t at;

	while ((at = str_find_c(str_from(text, from), path)) >= 0) {
		size_t end = from + (size_t)at + n;

		if (end == text.n || !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "0123456789_-.",
					     text.p[end]))
			return (ptrdiff_t)(end - n);
		from = end;
	}
	return -1;
}

static bool names_path(int folder, const char *name, const char *path)
{
	bool found;
	BUF_AUTO text;

	buf_init(&text, LIMIT_SOURCE_BYTES);
	found = !slurp(folder, name, &text) && find_path(buf_view(&text), 0, path) >= 0;
	return found;
}

/* Files that hold paths of source trees: Python's, and a submodule's pointer to its git directory.
 */
static bool is_path_file(struct str name)
{
	return str_eq_c(name, ".git") || str_ends(name, ".pth") || str_ends(name, ".egg-link") ||
	       str_eq_c(name, "direct_url.json") || str_starts(name, "__editable__");
}

/* Marks of a configured build folder, whose files hold the source's path. */
static bool is_build_mark(struct str name)
{
	return str_eq_c(name, "CMakeCache.txt") || str_eq_c(name, "build.ninja") ||
	       str_eq_c(name, "config.status");
}

static int rewrite(struct relocation *r, int folder, const char *name)
{
	size_t n = strlen(r->from), at = 0;
	ptrdiff_t found;
	BUF_AUTO text;

	buf_init(&text, LIMIT_SOURCE_BYTES);
	if (slurp(folder, name, &text) || find_path(buf_view(&text), 0, r->from) < 0)
		return 0;
	while ((found = find_path(buf_view(&text), at, r->from)) >= 0) {
		buf_splice(&text, (size_t)found, n, str_of(r->to));
		at = (size_t)found + strlen(r->to);
	}
	CLEANUP(fd_closep) int fd = openat(folder, name, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0 || write(fd, text.p, text.n) != (ssize_t)text.n)
		return err_sys(r->err, errno, "cannot rewrite the paths in '%s'", name);
	buf_printf(r->notes, "scratch tree: '%s' now names the copy\n", name);
	return 0;
}

/* Whether the folder was configured for the original tree. Autotools' status file at the top of a
 * project is of the project itself: only its own folder goes with it when that is not the top. */
static bool is_stale_build(struct relocation *r, int folder, bool top)
{
	struct dirent *entry;
	bool stale = false;
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CLEANUP(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && !top && !stale && (entry = readdir(dir)))
		stale = is_build_mark(str_of(entry->d_name)) &&
			names_path(folder, entry->d_name, r->from);
	return stale;
}

/* A build made inside the source folder: its state alone is dropped, so that it is configured
 * again. */
static void drop_state_on_top(struct relocation *r, int folder)
{
	static const char *const state[] = {
		"CMakeCache.txt", "CMakeFiles", "build.ninja", "config.status"};

	for (size_t i = 0; i < ARRAY_LEN(state); i++) {
		if (!is_build_mark(str_of(state[i])) || !names_path(folder, state[i], r->from))
			continue;
		remove_entry(folder, state[i]);
		remove_entry(folder, "CMakeFiles");
		buf_printf(
			r->notes, "scratch tree: dropped '%s', made for '%s'\n", state[i], r->from);
	}
}

static int relocate_folder(struct relocation *r, int folder, int depth);

static int relocate_inner(struct relocation *r, int folder, const char *name, int depth)
{
	CLEANUP(fd_closep)
	int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (inner < 0 || depth > DEPTH_MAX)
		return 0;
	if (!is_stale_build(r, inner, false))
		return relocate_folder(r, inner, depth);
	remove_entry(folder, name);
	buf_printf(r->notes, "scratch tree: dropped the build folder '%s', made for '%s'\n", name,
		r->from);
	return 0;
}

static int relocate_folder(struct relocation *r, int folder, int depth)
{
	struct dirent *entry;
	int result = 0, fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CLEANUP(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && !result && (entry = readdir(dir))) {
		struct str name = str_of(entry->d_name);

		if (str_eq_c(name, ".") || str_eq_c(name, ".."))
			continue;
		if (entry->d_type == DT_DIR && !str_eq_c(name, ".git"))
			result = relocate_inner(r, folder, entry->d_name, depth + 1);
		else if (entry->d_type == DT_REG && is_path_file(name))
			result = rewrite(r, folder, entry->d_name);
	}
	return result;
}

int relocate(int copy, const char *from, const char *to, struct buf *notes, struct err *err)
{
	struct relocation r = {from, to, notes, err};

	drop_state_on_top(&r, copy);
	return relocate_folder(&r, copy, 0);
}

static int check_glob(const char *pattern, const char *from, struct err *err)
{
	glob_t found = {0};
	int r = 0;

	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && !r; i++)
			if (strncmp(found.gl_pathv[i], from, strlen(from)) &&
				names_path(AT_FDCWD, found.gl_pathv[i], from))
				r = err_set(err, ERR_POLICY,
					"the project is installed in place by '%s': tests would "
					"not see the scratch copy, and none can be mounted here",
					found.gl_pathv[i]);
	globfree(&found);
	return r;
}

int relocate_check(const char *from, const struct environment *env, struct err *err)
{
	static const char *const folders[] = {
		"lib/python3*/site-packages", "lib/python3*/dist-packages"};
	static const char *const files[] = {"*.pth", "*.egg-link", "__editable__*.py"};
	const char *const prefixes[] = {environment_get(env, "VIRTUAL_ENV"),
		environment_get(env, "CONDA_PREFIX"), environment_get(env, "PYTHONUSERBASE"),
		"/usr/local", "/usr"};

	for (size_t i = 0; i < ARRAY_LEN(prefixes) * ARRAY_LEN(folders) * ARRAY_LEN(files); i++) {
		const char *prefix = prefixes[i / ARRAY_LEN(folders) / ARRAY_LEN(files)];

		if (!prefix)
			continue;
		CLEANUP(freep)
		char *pattern = xasprintf("%s/%s/%s", prefix,
			folders[i / ARRAY_LEN(files) % ARRAY_LEN(folders)],
			files[i % ARRAY_LEN(files)]);
		if (check_glob(pattern, from, err))
			return -1;
	}
	return 0;
}
