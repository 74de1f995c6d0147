#include "kit/trial/masks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"

/* Looking at more would cost more than the rest of a trial; what is near the top comes first. */
enum { ENTRIES_MAX = 20000, SAMPLE_MAX = 200, GIT_DEPTH_MAX = 6 };

struct walk {
	struct masks *m;
	int root;
	const char *const *ignore;
	vec(const char *) folders; /* breadth first */
	int entries, sampled;
};

void masks_init(struct masks *m)
{
	*m = (struct masks){0};
	arena_init(&m->mem);
}

void masks_release(struct masks *m)
{
	vec_free(&m->project);
	vec_free(&m->git);
	arena_release(&m->mem);
}

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static bool is_any(struct str name, const char *const *names)
{
	for (; *names; names++)
		if (str_eq_c(name, *names))
			return true;
	return false;
}

/* .env, .env.local, .envrc...; not the examples that projects keep beside them. */
static bool is_env_file(struct str name)
{
	static const char *const harmless[] = {
		".example", ".sample", ".template", ".dist", ".defaults", NULL};

	return str_starts(name, ".env") && !is_any(str_extension(name), harmless);
}

static bool is_ignored(const struct walk *w, struct str path)
{
	for (const char *const *glob = w->ignore; glob && *glob; glob++)
		if (str_glob(str_of(*glob), path))
			return true;
	return false;
}

/* An entry of a group that is not ours cannot be written through an overlay of a plain user. */
static void sample_owner(struct walk *w, const char *path)
{
	struct stat st;

	if (w->sampled >= SAMPLE_MAX || geteuid() == 0)
		return;
	w->sampled++;
	if (!fstatat(w->root, path, &st, AT_SYMLINK_NOFOLLOW) && st.st_uid == geteuid() &&
		st.st_gid != getegid())
		w->m->obstacle = "files belong to another group";
}

static void look_at(struct walk *w, const char *folder, const struct dirent *entry)
{
	static const char *const skipped[] = {
		".git", "node_modules", "venv", ".venv", ".tox", "__pycache__", NULL};
	struct str name = str_of(entry->d_name);
	const char *path = *folder ? arena_printf(&w->m->mem, "%s/%s", folder, entry->d_name).p
				   : arena_cstr(&w->m->mem, name);

	sample_owner(w, path);
	if (is_ignored(w, str_of(path)))
		vec_push(&w->m->project, (struct sandbox_mask){.path = path});
	else if (entry->d_type == DT_DIR && !is_any(name, skipped))
		vec_push(&w->folders, path);
	else if (entry->d_type == DT_REG && is_env_file(name))
		vec_push(&w->m->project, (struct sandbox_mask){path, STR("")});
}

static void walk_folder(struct walk *w, const char *path)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(w->root, *path ? path : ".", flags);
	struct dirent *entry;

	CLEANUP(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (w->entries++ >= ENTRIES_MAX) {
			w->m->cut = true;
			return;
		}
		look_at(w, path, entry);
	}
}

static void walk_project(struct masks *m, int root, const char *const *ignore)
{
	struct walk w = {.m = m, .root = root, .ignore = ignore};

	vec_push(&w.folders, "");
	for (size_t i = 0; i < w.folders.n && !m->cut; i++)
		walk_folder(&w, w.folders.v[i]);
	vec_free(&w.folders);
}

static int slurp(int folder, const char *path, struct buf *out)
{
	CLEANUP(fd_closep) int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return -1;
	while (!out->over) {
		char *at = buf_reserve(out, 4096);

		if (!at || (n = read(fd, at, 4096)) <= 0)
			break;
		out->n += (size_t)n;
	}
	return out->over ? -1 : 0;
}

/* `[section "sub"]` -> section. */
static bool keeps_section(struct str line)
{
	static const char *const kept[] = {"core", "extensions", "user", "branch", "remote",
		"submodule", "init", "diff", "merge", "i18n", NULL};
	struct str name = str_slice(line, 1, line.n);

	for (size_t i = 0; i < name.n; i++)
		if (strchr(" ]\"\t.", name.p[i]))
			name.n = i;
	return is_any(name, kept);
}

/* Keys that name a program, or hold a secret. */
static bool drops_key(struct str line)
{
	static const char *const dropped[] = {"sshcommand", "askpass", "fsmonitor", "hookspath",
		"gitproxy", "editor", "pager", "proxy", "uploadpack", "receivepack", "vcs",
		"command", "textconv", "driver", "update", NULL};
	char lower[32];
	struct str key = {lower, 0};

	while (key.n < line.n && key.n < sizeof(lower) && line.p[key.n] != ' ' &&
		line.p[key.n] != '=' && line.p[key.n] != '\t') {
		lower[key.n] = (char)(line.p[key.n] | 0x20);
		key.n++;
	}
	return is_any(key, dropped);
}

/* The line with what stands between "://" and "@" of a url taken out. */
static void add_without_userinfo(struct buf *out, struct str line)
{
	ptrdiff_t scheme = str_find_c(line, "://"), at = str_rfind_char(line, '@');

	if (scheme >= 0 && at > scheme) {
		buf_str(out, str_slice(line, 0, (size_t)scheme + 3));
		line = str_from(line, (size_t)at + 1);
	}
	buf_str(out, line);
	buf_char(out, '\n');
}

struct str masks_clean_git_config(struct str config, struct arena *mem)
{
	bool kept = false, continued = false, dropped = false;
	struct str line, trimmed;
	BUF_AUTO out;

	buf_init(&out, LIMIT_CONFIG_BYTES);
	while (str_next_line(&config, &line)) {
		trimmed = str_trim(line);
		if (!continued) {
			if (str_starts(trimmed, "["))
				kept = keeps_section(trimmed);
			dropped = drops_key(trimmed);
		}
		continued = str_ends(trimmed, "\\");
		if (kept && !dropped)
			add_without_userinfo(&out, line);
	}
	return arena_str(mem, buf_view(&out));
}

/* False when there is no such file. */
static bool mask_config(struct masks *m, int folder, const char *path, bool common)
{
	struct sandbox_mask mask = {.path = arena_cstr(&m->mem, str_of(path))};
	BUF_AUTO text;

	buf_init(&text, LIMIT_CONFIG_BYTES);
	if (faccessat(folder, path, F_OK, AT_SYMLINK_NOFOLLOW))
		return false;
	/* One that cannot be read is not shown. */
	mask.content = slurp(folder, path, &text)
			       ? STR("")
			       : masks_clean_git_config(buf_view(&text), &m->mem);
	if (common)
		vec_push(&m->git, mask);
	else
		vec_push(&m->project, mask);
	return true;
}

/* config files below a git directory: its own, and those of submodules in modules/NAME, where a
 * name may have slashes: what is no git directory is looked into. */
static void mask_configs(struct masks *m, int folder, const char *path, bool common, int depth)
{
	const char *slash = *path ? "/" : "";
	CLEANUP(freep) char *config = xasprintf("%s%sconfig", path, slash);
	bool is_git = mask_config(m, folder, config, common);
	CLEANUP(freep) char *inner = xasprintf("%s%s%s", path, slash, is_git ? "modules" : ".");
	struct dirent *entry;
	int fd = openat(folder, inner, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	CLEANUP(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && depth < GIT_DEPTH_MAX && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		CLEANUP(freep) char *next = xasprintf("%s/%s", inner, entry->d_name);
		mask_configs(m, folder, next, common, depth + 1);
	}
}

/* Reads a one-line file that names a folder, after `prefix`, relative to `base`. NULL if it does
 * not. */
static const char *read_pointer(
	struct masks *m, const char *base, const char *name, const char *prefix)
{
	char resolved[PATH_MAX];
	struct str text;
	BUF_AUTO content;

	buf_init(&content, (size_t)PATH_MAX * 4);
	CLEANUP(freep) char *file = xasprintf("%s/%s", base, name);
	if (slurp(AT_FDCWD, file, &content))
		return NULL;
	text = buf_view(&content);
	if (!str_skip(&text, prefix))
		return NULL;
	text = str_trim(text);
	CLEANUP(freep)
	char *path = str_starts(text, "/") ? xstrndup(text.p, text.n)
					   : xasprintf("%s/%.*s", base, STR_ARGS(text));
	return realpath(path, resolved) ? arena_cstr(&m->mem, str_of(resolved)) : NULL;
}

/* The nearest folder at or above root with a .git in it, or NULL. */
static const char *find_git(struct masks *m, const char *root)
{
	CLEANUP(freep) char *at = xstrdup(root);

	for (char *slash = at; slash; slash = strrchr(at, '/')) {
		if (slash != at)
			*slash = '\0';
		CLEANUP(freep) char *git = xasprintf("%s/.git", at);
		if (!access(git, F_OK))
			return arena_cstr(&m->mem, str_of(at));
		if (strrchr(at, '/') == at)
			break;
	}
	return NULL;
}

static bool is_inside(const char *path, const char *root)
{
	size_t n = strlen(root);

	return !strncmp(path, root, n) && (path[n] == '/' || path[n] == '\0');
}

static void find_repository(struct masks *m, const char *root)
{
	const char *top = find_git(m, root), *common, *git;

	if (!top)
		return;
	git = read_pointer(m, top, ".git", "gitdir:");
	if (!git)
		git = arena_printf(&m->mem, "%s/.git", top).p;
	common = read_pointer(m, git, "commondir", "");
	if (!common)
		common = git;
	m->git_dir = git;
	CLEANUP(fd_closep)
	int fd = open(is_inside(common, root) ? root : common, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (is_inside(common, root)) {
		mask_configs(m, fd, common + strlen(root) + 1, false, 0);
		return;
	}
	m->git_common = common;
	mask_configs(m, fd, "", true, 0);
}

/* The mount points of mountinfo(5), its fifth field, have white space and backslashes as octal
 * numbers. */
static void unescape(struct buf *out, struct str field)
{
	buf_reset(out);
	for (size_t i = 0; i < field.n; i++) {
		const char *p = field.p + i;

		if (*p != '\\' || i + 3 >= field.n) {
			buf_char(out, *p);
			continue;
		}
		buf_char(out, (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0')));
		i += 3;
	}
}

/* An overlay shows one file system: what others are mounted inside would be missing. */
static void find_submounts(struct masks *m, const char *root)
{
	struct str rest, line, field = STR_NULL;
	BUF_AUTO text;
	BUF_AUTO point;

	buf_init(&text, LIMIT_TEXT_BYTES * 4);
	buf_init(&point, (size_t)PATH_MAX * 4);
	if (slurp(AT_FDCWD, "/proc/self/mountinfo", &text))
		return;
	rest = buf_view(&text);
	while (!m->obstacle && str_next_line(&rest, &line)) {
		for (int i = 0; i < 5; i++)
			if (!str_next(&line, ' ', &field))
				break;
		unescape(&point, field);
		if (strcmp(buf_text(&point), root) && is_inside(buf_text(&point), root))
			m->obstacle = arena_printf(
				&m->mem, "'%s' is another file system", buf_text(&point))
					      .p;
	}
}

int masks_find(struct masks *m, const char *root, const char *const *ignore, struct err *err)
{
	CLEANUP(fd_closep) int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno, "cannot open the folder '%s'", root);
	walk_project(m, fd, ignore);
	find_repository(m, root);
	find_submounts(m, root);
	return 0;
}
