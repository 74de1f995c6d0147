#include "kit/project/tree.h"

#include <sys/stat.h>

#include "kit/project/scan.h"
#include "kit/rewrite/rewrite.h"

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

int project_tree_read(
	struct project_tree *out, const char *root, struct arena *mem, struct err *err)
{
	SCAN_AUTO scan;

	if (scan_load(&scan, root, mem, err) < 0)
		return -1;
	out->v = arena_array(mem, scan.files.n, sizeof(*out->v));
	out->n = 0;
	out->truncated = scan.truncated;
	vec_each (path, &scan.files) {
		const char *language = rewrite_language_of(*path);
		struct stat st;

		if (!language ||
			lstat(arena_printf(mem, "%s/%.*s", root, STR_ARGS(*path)).p, &st) < 0)
			continue;
		out->v[out->n++] = (struct project_file){.path = *path,
			.language = language,
			.size = (size_t)st.st_size,
			.is_test = project_path_is_test(*path)};
	}
	return 0;
}
