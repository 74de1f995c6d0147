#include "kit/trial/stand_in.h"

#include "base/arena.h"
#include "kit/trial/c_scan.h"
#include "kit/trial/trial.h"

/* A header is C++ when it says what C does not know. */
const char *stand_in_language(struct str path, struct str content)
{
	static const char *const cpp[] = {".cc", ".cpp", ".cxx", ".c++", ".C", ".hh", ".hpp",
		".hxx", ".h++", ".ipp", ".tpp", ".inl", NULL};
	struct str extension = str_extension(path);

	if (str_eq(extension, STR(".c")))
		return "c";
	for (const char *const *e = cpp; *e; e++)
		if (str_eq_c(extension, *e))
			return "cpp";
	if (!str_eq(extension, STR(".h")))
		return NULL;
	bool is_cpp = c_scan_mentions(content, STR("class")) ||
		      c_scan_mentions(content, STR("template")) ||
		      c_scan_mentions(content, STR("namespace"));
	return is_cpp ? "cpp" : "c";
}

/* "dir/x.c" -> "dir/.selfheal-x.c". */
static struct str hidden_name(struct arena *mem, struct str path)
{
	struct str name = str_basename(path);

	return arena_printf(
		mem, "%.*s.selfheal-%.*s", (int)(path.n - name.n), path.p, STR_ARGS(name));
}

int stand_in_put(struct trial *trial, struct str path, struct str text, struct err *err)
{
	ARENA_AUTO mem;

	arena_init(&mem);
	struct str hidden = hidden_name(&mem, path);
	if (trial_write(trial, hidden, text, err) < 0)
		return -1;
	return trial_write(trial, path,
		arena_printf(&mem, "#include \"%.*s\"\n", STR_ARGS(str_basename(hidden))), err);
}

int stand_in_remove(struct trial *trial, struct str path, struct str content, struct err *err)
{
	return trial_write(trial, path, content, err);
}
