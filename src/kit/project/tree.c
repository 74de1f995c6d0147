#include "kit/project/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/rewrite/rewrite.h"

enum { DEPTH_MAX = 24 };

static const char *const skipped_folders[] = {"node_modules", "build", "dist", "target", "vendor",
	"third_party", "venv", "env", "site-packages", "__pycache__", "bin", "obj", "out"};

static const char *const test_folders[] = {"test", "tests", "testing", "spec", "specs", "__tests__",
	"testdata", "fixtures", "unittest", "unittests", "t"};

static const char *const test_names[] = {"test_*", "*_test.*", "*_tests.*", "*.test.*", "*.spec.*",
	"*_spec.*", "conftest.py", "*Test.java", "*Tests.java", "*Test.cs", "*Tests.cs", "tests.py",
	"test.*", "tests.*", "Test*.java", "test-*", "*-test.*"};

static bool is_one_of(struct str name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_c(name, names[i]))
			return true;
	return false;
}

bool project_path_is_test(struct str path)
{
	struct str rest = str_dirname(path), part, base = str_basename(path);

	while (str_next(&rest, '/', &part))
		if (is_one_of(part, test_folders, ARRAY_LEN(test_folders)))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(test_names); i++)
		if (str_glob(str_of(test_names[i]), base))
			return true;
	return false;
}

struct walk {
	vec(struct project_file) found;
	struct arena *mem;
	bool truncated;
};

static void walk_folder(struct walk *w, int parent, const char *name, struct str prefix, int depth);

static void walk_entry(struct walk *w, int dir, const char *name, struct str path, int depth)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISDIR(st.st_mode)) {
		if (depth < DEPTH_MAX &&
			!is_one_of(str_of(name), skipped_folders, ARRAY_LEN(skipped_folders)))
			walk_folder(w, dir, name, path, depth + 1);
	} else if (S_ISREG(st.st_mode) && rewrite_language_of(path)) {
		if (w->found.n >= PROJECT_FILES_MAX) {
			w->truncated = true;
			return;
		}
		vec_push(&w->found, (struct project_file){.path = path,
					    .language = rewrite_language_of(path),
					    .size = (size_t)st.st_size,
					    .is_test = project_path_is_test(path)});
	}
}

static void walk_folder(struct walk *w, int parent, const char *name, struct str prefix, int depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) && !w->truncated) {
		struct str path;

		if (entry->d_name[0] == '.')
			continue;
		path = arena_printf(
			w->mem, "%.*s%s%s", STR_ARGS(prefix), prefix.n ? "/" : "", entry->d_name);
		walk_entry(w, dirfd(dir), entry->d_name, path, depth);
	}
	closedir(dir);
}

static int by_path(const void *a, const void *b)
{
	const struct project_file *x = a, *y = b;

	return str_cmp(x->path, y->path);
}

void project_tree_read(struct project_tree *out, const char *root, struct arena *mem)
{
	struct walk w = {.mem = mem};

	walk_folder(&w, AT_FDCWD, root, STR(""), 0);
	if (w.found.n)
		qsort(w.found.v, w.found.n, sizeof(*w.found.v), by_path);
	out->v = arena_array(mem, w.found.n, sizeof(*out->v));
	if (w.found.n)
		memcpy(out->v, w.found.v, w.found.n * sizeof(*out->v));
	out->n = w.found.n;
	out->truncated = w.truncated;
	vec_free(&w.found);
}
