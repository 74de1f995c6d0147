#include "kit/report/resolve.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"

enum {
	KNOWN_PATHS = 100000,
	MODULES_MAX = 200, /* folders of the root that are looked into */
	SOURCES_MAX = 64,
};

void resolver_init(struct resolver *r, const char *root, struct str printed, struct arena *mem)
{
	*r = (struct resolver){.root = root, .printed = printed, .mem = mem};
	while (r->printed.n > 1 && r->printed.p[r->printed.n - 1] == '/')
		r->printed.n--;
	strmap_init(&r->known);
}

void resolver_release(struct resolver *r)
{
	strmap_release(&r->known);
	vec_free(&r->sources);
}

static bool has_any(struct str path, const char *const *parts)
{
	for (; *parts; parts++)
		if (str_has(path, *parts))
			return true;
	return false;
}

/* Installed into the project's own folder, and yet not its code. */
static bool is_installed(struct str path)
{
	static const char *const parts[] = {
		"site-packages/", "dist-packages/", "node_modules/", ".cargo/registry/", NULL};

	return has_any(path, parts);
}

/* A place of the system or of a tool's build, judged by the path alone. */
static bool is_foreign(struct str path)
{
	static const char *const starts[] = {"/usr/", "/lib/", "/lib64/", "/opt/", "<",
		"node:", "/build/glibc", "../sysdeps/", "./nptl/", "../csu/", "./csu/",
		"./googletest/", "../nptl/", "./stdlib/", "./signal/", "./assert/"};
	static const char *const parts[] = {"/lib/python", "/_pytest/", "/pluggy/", "/usr/lib/",
		"/rustc/", "/go/pkg/mod/", "/hostedtoolcache/", "/googletest/",
		"/sanitizer_common/", "/libsanitizer/", "/sysdeps/", NULL};

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (str_starts(path, starts[i]))
			return true;
	return has_any(path, parts);
}

/* Without ".", "..", "//" where that can be told from the text alone; backslashes are slashes. */
static struct str normal_path(struct str path, struct arena *mem)
{
	vec(struct str) parts = {0};
	char *text = arena_strndup(mem, path.p, path.n);
	struct str rest = {text, path.n}, part;
	bool absolute = path.n && path.p[0] == '/';
	size_t n = 0;

	for (size_t i = 0; i < path.n; i++)
		if (text[i] == '\\')
			text[i] = '/';
	while (str_next(&rest, '/', &part)) {
		bool up = str_eq_c(part, "..");

		if (part.n == 0 || str_eq_c(part, "."))
			continue;
		if (up && parts.n && !str_eq_c(parts.v[parts.n - 1], ".."))
			parts.n--;
		else
			vec_push(&parts, part);
	}
	/* Parts only move towards the front, so that one buffer is enough. */
	if (absolute)
		text[n++] = '/';
	vec_each (p, &parts) {
		if (p != parts.v)
			text[n++] = '/';
		memmove(text + n, p->p, p->n);
		n += p->n;
	}
	vec_free(&parts);
	return str_make(text, n);
}

static bool is_file(const char *root, struct str relative)
{
	char path[LIMIT_PATH_BYTES];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%.*s", root, STR_ARGS(relative));

	return n > 0 && (size_t)n < sizeof(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool strip_folder(struct str *path, struct str folder)
{
	if (folder.n == 0 || path->n <= folder.n || path->p[folder.n] != '/' ||
		memcmp(path->p, folder.p, folder.n) != 0)
		return false;
	*path = str_from(*path, folder.n + 1);
	return true;
}

/* CI systems' checkouts: that many components behind the prefix name the repository. */
static bool strip_workspace(struct str *path)
{
	static const struct {
		const char *prefix;
		int components;
	} table[] = {{"/home/runner/work/", 2}, {"/github/workspace/", 0}, {"/__w/", 2},
		{"/home/travis/build/", 2}, {"/builds/", 2}, {"/home/circleci/project/", 0},
		{"/Users/runner/work/", 2}, {"D:/a/", 2}, {"/home/vsts/work/1/s/", 0},
		{"/workspace/", 0}, {"/app/", 0}};
	struct str part;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct str rest = *path;

		if (!str_skip(&rest, table[i].prefix))
			continue;
		for (int c = 0; c < table[i].components; c++)
			if (!str_next(&rest, '/', &part))
				return false;
		*path = rest;
		return rest.n > 0;
	}
	return false;
}

/* A log of another machine names the project's files below a folder of its own: the longest end
 * of the path that exists here is the file. */
static bool find_suffix(const char *root, struct str *path)
{
	struct str rest = *path, part;

	while (str_next(&rest, '/', &part) && rest.n)
		if (is_file(root, rest)) {
			*path = rest;
			return true;
		}
	return false;
}

/* Frames of Java and its like name a package, importers a module: the file lies below one of the
 * folders that build tools give sources (Maven's standard layout, Gradle's source sets, Android,
 * Python's src layout), in the project or a module of it. */
static void find_sources_in(struct resolver *r, const char *module)
{
	static const char *const layout[] = {"src/main/java", "src/test/java", "src/main/kotlin",
		"src/test/kotlin", "src/main/scala", "src/test/scala", "src/main/groovy",
		"src/test/groovy", "src/androidTest/java", "src/integrationTest/java",
		"src/jvmMain/kotlin", "src/commonMain/kotlin", "src/commonTest/kotlin",
		"src/jvmTest/kotlin", "src/main/clojure", "src", "test", "lib"};

	for (size_t i = 0; i < ARRAY_LEN(layout) && r->sources.n < SOURCES_MAX; i++) {
		struct str folder =
			arena_printf(r->mem, "%s%s%s/", module, module[0] ? "/" : "", layout[i]);
		char path[LIMIT_PATH_BYTES];
		struct stat st;
		int n = snprintf(path, sizeof(path), "%s/%.*s", r->root, STR_ARGS(folder));

		if (n > 0 && (size_t)n < sizeof(path) && stat(path, &st) == 0 &&
			S_ISDIR(st.st_mode))
			vec_push(&r->sources, folder);
	}
}

static void find_sources(struct resolver *r)
{
	struct dirent **entries = NULL;
	int n;

	r->has_sources = true;
	find_sources_in(r, "");
	n = scandir(r->root, &entries, NULL, alphasort);
	for (int i = 0, modules = 0; i < n; i++) {
		bool folder = entries[i]->d_type == DT_DIR || entries[i]->d_type == DT_UNKNOWN;

		if (folder && entries[i]->d_name[0] != '.' && modules++ < MODULES_MAX)
			find_sources_in(r, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static bool find_in_sources(struct resolver *r, struct str *path)
{
	if (!r->has_sources)
		find_sources(r);
	vec_each (folder, &r->sources) {
		char whole[LIMIT_PATH_BYTES];
		int n = snprintf(
			whole, sizeof(whole), "%.*s%.*s", STR_ARGS(*folder), STR_ARGS(*path));

		if (n > 0 && (size_t)n < sizeof(whole) && is_file(r->root, str_of(whole))) {
			*path = arena_str(r->mem, str_of(whole));
			return true;
		}
	}
	return false;
}

static bool is_below_package(struct str path)
{
	return memchr(path.p, '/', path.n) && path.p[0] != '.';
}

static bool lookup(struct resolver *r, struct str path, struct str *out)
{
	struct str clean = normal_path(path, r->mem);
	bool absolute = clean.n && (clean.p[0] == '/' || (clean.n > 1 && clean.p[1] == ':'));
	bool below = absolute && ((r->root && strip_folder(&clean, str_of(r->root))) ||
					 strip_folder(&clean, r->printed));

	if (is_installed(clean) || (!below && is_foreign(path)))
		return false;
	if (absolute && !below)
		below = strip_workspace(&clean);
	*out = clean;
	if (!r->root)
		return true;
	return is_file(r->root, clean) ||
	       (!absolute && is_below_package(clean) && find_in_sources(r, out)) ||
	       find_suffix(r->root, out);
}

bool resolve_path(struct resolver *r, struct str path, struct str *out)
{
	struct str *known, found;

	if (path.n == 0 || path.n >= LIMIT_PATH_BYTES)
		return false;
	if (strmap_has(&r->known, path)) {
		known = strmap_get(&r->known, path);
		if (known)
			*out = *known;
		return known != NULL;
	}
	known = NULL;
	if (lookup(r, path, &found)) {
		known = arena_new(r->mem, struct str);
		*known = found;
		*out = found;
	}
	if (r->known.n < KNOWN_PATHS)
		strmap_put(&r->known, path, known);
	return known != NULL;
}

static void resolve_place(struct resolver *r, struct failure *f)
{
	struct str path;

	if (f->file.n && resolve_path(r, f->file, &path)) {
		f->file = path;
		return;
	}
	for (size_t i = 0; i < f->stack.n; i++)
		if (f->stack.v[i].in_project) {
			f->file = f->stack.v[i].path;
			f->line = f->stack.v[i].line;
			f->column = f->stack.v[i].column;
			return;
		}
}

/* "Cart.java" of "shop/org.shop.Cart.average" is org/shop/Cart.java; "" when that is not to be
 * had. */
static struct str package_path(struct resolver *r, const struct frame *frame)
{
	struct str package = frame->function;
	ptrdiff_t at = str_rfind_char(package, '/');
	char *text;

	if (frame->path.n == 0 || memchr(frame->path.p, '/', frame->path.n) ||
		memchr(frame->path.p, '\\', frame->path.n))
		return STR("");
	if (at >= 0)
		package = str_from(package, (size_t)at + 1);
	for (int i = 0; i < 2; i++) { /* the method, the class */
		at = str_rfind_char(package, '.');
		if (at <= 0)
			return STR("");
		package = str_slice(package, 0, (size_t)at);
	}
	text = arena_strndup(r->mem, package.p, package.n);
	for (size_t i = 0; i < package.n; i++)
		if (text[i] == '.')
			text[i] = '/';
	return arena_printf(r->mem, "%s/%.*s", text, STR_ARGS(frame->path));
}

static bool resolve_frame(struct resolver *r, struct frame *frame)
{
	struct str path;

	if (resolve_path(r, frame->path, &frame->path))
		return true;
	path = r->root ? package_path(r, frame) : STR("");
	return path.n && resolve_path(r, path, &frame->path);
}

void resolve_failure(struct resolver *r, struct failure *f)
{
	for (size_t i = 0; i < f->stack.n; i++) {
		struct frame *frame = &f->stack.v[i];

		frame->in_project = resolve_frame(r, frame);
	}
	resolve_place(r, f);
	if (str_starts(f->id, "/"))
		(void)resolve_path(r, f->id, &f->id);
}
