#include "kit/report/resolve.h"

#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"

enum { KNOWN_PATHS = 100000 };

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
	return is_file(r->root, clean) || find_suffix(r->root, out);
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

void resolve_failure(struct resolver *r, struct failure *f)
{
	for (size_t i = 0; i < f->stack.n; i++) {
		struct frame *frame = &f->stack.v[i];

		frame->in_project = resolve_path(r, frame->path, &frame->path);
	}
	resolve_place(r, f);
	if (str_starts(f->id, "/"))
		(void)resolve_path(r, f->id, &f->id);
}
