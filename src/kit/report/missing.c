#include "kit/report/missing.h"

#include <dirent.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "kit/report/scan.h"

enum { ENTRIES_LOOKED_AT = 5000, LONGEST_NAME = 64 };

/* "No module named 'a.b'" -> a;  "x/y.h: No such file or directory", "'y.h' file not found" -> the
 * path. */
static struct str wanted(const struct failure *f)
{
	struct str s = f->message, before;

	if (str_eq_c(f->type, "ModuleNotFoundError"))
		return str_cut(&s, "'", &before) ? scan_until(scan_until(s, "'"), ".") : STR("");
	if (!str_eq_c(f->type, "fatal error"))
		return STR("");
	if (str_skip(&s, "'"))
		return scan_until(s, "'");
	return scan_until(s, ": No such file");
}

static bool has_file(struct resolver *r, const char *folder, struct str name, const char *end)
{
	struct str path = arena_printf(r->mem, "%s%.*s%s", folder, STR_ARGS(name), end), found;

	return resolve_path(r, path, &found);
}

static bool is_there(struct resolver *r, struct str name)
{
	static const char *const folders[] = {"", "src/", "lib/", "include/", "inc/", "tests/"};
	static const char *const ends[] = {"", ".py", "/__init__.py"};

	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		for (size_t k = 0; k < ARRAY_LEN(ends); k++)
			if (has_file(r, folders[i], name, ends[k]))
				return true;
	return false;
}

/* The same kind of thing with nearly the same name; short names need to be nearer. */
static bool is_alike(struct str entry, struct str name)
{
	struct str extension = str_extension(name);
	int cap = name.n < 5 ? 1 : 2;

	if (extension.n && !str_eq(extension, str_extension(entry)))
		return false;
	if (extension.n == 0 && str_ends(entry, ".py"))
		entry.n -= strlen(".py");
	return entry.n <= LONGEST_NAME && name.n <= LONGEST_NAME &&
	       str_distance(entry, name, cap) <= cap;
}

static bool has_alike(struct resolver *r, struct str folder, struct str name)
{
	char path[LIMIT_PATH_BYTES];
	struct dirent *entry;
	bool found = false;
	DIR *dir;
	int n = snprintf(path, sizeof(path), "%s/%.*s", r->root, STR_ARGS(folder));

	if (n < 0 || (size_t)n >= sizeof(path) || !(dir = opendir(path)))
		return false;
	for (int i = 0; !found && i < ENTRIES_LOOKED_AT && (entry = readdir(dir)); i++)
		found = entry->d_name[0] != '.' && is_alike(str_of(entry->d_name), name);
	closedir(dir);
	return found;
}

void missing_judge(struct resolver *r, struct failure *f)
{
	struct str name = wanted(f);

	if (!r->root || f->kind != FAILURE_DEPENDENCY || name.n == 0)
		return;
	if (is_there(r, name) || has_alike(r, STR(""), str_basename(name)) ||
		has_alike(r, str_dirname(f->file), str_basename(name)))
		f->kind = str_eq_c(f->language, "python") ? FAILURE_TEST : FAILURE_COMPILE;
}
