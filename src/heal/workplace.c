#include "heal/workplace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "port/child/child.h"
#include "port/forge/forge.h"
#include "port/git/transport.h"

enum { CLONE_TIMEOUT_MS = 15 * 60 * 1000, OPEN_FILES = 32 };

static int make_folders(const char *path, struct err *err)
{
	BUF_AUTO part = BUF_INIT(LIMIT_PATH_BYTES);

	for (const char *at = path + 1; *path; at++) {
		if (*at && *at != '/')
			continue;
		buf_reset(&part);
		buf_add(&part, path, (size_t)(at - path));
		if (mkdir(buf_text(&part), 0700) < 0 && errno != EEXIST)
			return err_sys(err, errno, "cannot make the folder '%s'", buf_text(&part));
		if (!*at)
			break;
	}
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	remove(path);
	return 0;
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* Names are GitHub's own, checked by the forge; nothing else may become a path here. */
static int check_name(struct str repo, struct err *err)
{
	struct str name = repo, owner;

	if (!str_cut(&name, "/", &owner) || !owner.n || !name.n || str_has(repo, "..") ||
		owner.p[0] == '.' || name.p[0] == '.' || str_find_char(name, '/') >= 0)
		return err_set(err, ERR_CONFIG, "'%.*s' is no OWNER/NAME", STR_ARGS(repo));
	return 0;
}

static int update_mirror(const char *path, struct forge *forge, const struct workplace_options *o,
	struct arena *mem, struct err *err)
{
	CLEANUP(repo_freep) struct repo *mirror = NULL;
	struct forge_repository about;
	struct transport_options how = {0};
	const char *refs[2] = {"+refs/heads/*:refs/heads/*"};
	size_t n = 1;
	int rc = forge_repository(forge, o->repo, &about, mem, err);

	if (rc == FORGE_NONE)
		return err_set(err, ERR_CONFLICT, "there is no repository '%.*s' (any more)",
			STR_ARGS(o->repo));
	if (rc < 0 || forge_token_peek(forge, &how.token, err) < 0)
		return -1;
	how.url = arena_cstr(mem, about.clone_url);
	if (o->pull)
		refs[n++] = arena_printf(
			mem, "+refs/pull/%" PRId64 "/head:refs/pull/%" PRId64, o->pull, o->pull)
				    .p;
	if (!file_is_dir(path) && repo_clone(&mirror, path, true, &how, err) < 0)
		return -1;
	if (!mirror && repo_open_mirror(&mirror, path, err) < 0)
		return -1;
	return repo_fetch(mirror, &how, refs, n, !o->pull, err);
}

static int git(const char *const *argv, struct str *said, struct arena *mem, struct err *err)
{
	static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C",
		"HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_LFS_SKIP_SMUDGE=1", NULL};
	struct child_options how = {.argv = argv, .env = env, .timeout_ms = CLONE_TIMEOUT_MS};
	CHILD_RESULT_AUTO result;

	child_result_init(&result);
	if (child_run(&result, &how, err) < 0)
		return -1;
	*said = arena_str(mem, str_trim(buf_view(&result.output)));
	return result.exit_code;
}

/* Copied: what is linked could be damaged from a checkout whose tests no sandbox holds. */
static int check_out(
	const char *mirror, const char *dir, struct str commit, struct arena *mem, struct err *err)
{
	const char *id = arena_cstr(mem, commit);
	const char *clone[] = {"git", "-c", "core.hooksPath=/dev/null", "clone", "-q",
		"--no-hardlinks", "--no-checkout", mirror, dir, NULL};
	const char *checkout[] = {"git", "-C", dir, "-c", "core.hooksPath=/dev/null", "-c",
		"advice.detachedHead=false", "checkout", "-q", "--detach", id, "--", NULL};
	struct str said;
	int rc = git(clone, &said, mem, err);

	if (rc > 0)
		return err_set(err, ERR_SYS, "cannot clone from the mirror: %.*s",
			STR_ARGS(str_slice(said, 0, 300)));
	if (rc < 0)
		return -1;
	rc = git(checkout, &said, mem, err);
	if (rc > 0)
		return err_set(err, ERR_CONFLICT, "commit %.12s cannot be checked out: %.*s", id,
			STR_ARGS(str_slice(said, 0, 300)));
	return rc;
}

/* A head may have a link for a folder: nothing is written through one. */
static int real_folder(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISDIR(st.st_mode) && unlink(path) < 0)
		return err_sys(err, errno, "cannot remove '%s'", path);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(err, errno, "cannot make the folder '%s'", path);
	return 0;
}

static int put_settings(const struct workplace *w, struct forge *forge,
	const struct workplace_options *o, struct arena *mem, struct err *err)
{
	static const char *const names[] = {
		".selfheal.yml", ".selfheal.yaml", ".github/selfheal.yml", ".github/selfheal.yaml"};

	if (real_folder(arena_printf(mem, "%.*s/.github", STR_ARGS(w->dir)).p, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str path = arena_printf(mem, "%.*s/%s", STR_ARGS(w->dir), names[i]);
		struct str text = STR_NULL;
		int rc = forge_contents(
			forge, o->repo, str_of(names[i]), o->settings, &text, mem, err);
		if (rc < 0)
			return -1;
		if (unlink(path.p) < 0 && errno != ENOENT)
			return err_sys(err, errno, "cannot remove '%s'", path.p);
		if (rc == 0 && file_replace(path.p, text, err) < 0)
			return -1;
	}
	return 0;
}

/* --- the cache's size --- */

struct mirror_use {
	struct str path;
	int64_t bytes, used_at;
};

static int64_t size_of(const char *path)
{
	char *paths[] = {(char *)(uintptr_t)path, NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	int64_t bytes = 0;
	FTSENT *entry;

	while (tree && (entry = fts_read(tree)))
		if (entry->fts_info == FTS_F || entry->fts_info == FTS_D)
			bytes += (int64_t)entry->fts_statp->st_blocks * 512;
	if (tree)
		fts_close(tree);
	return bytes;
}

struct mirrors {
	vec(struct mirror_use) all;
};

static void list_owner(struct mirrors *out, const char *owner, struct arena *mem)
{
	DIR *dir = opendir(owner);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct str path = arena_printf(mem, "%s/%s", owner, entry->d_name);
		struct stat st;
		if (entry->d_name[0] == '.' || stat(path.p, &st) < 0)
			continue;
		vec_push(&out->all, (struct mirror_use){path, size_of(path.p), st.st_mtime});
	}
	if (dir)
		closedir(dir);
}

static void list_mirrors(struct mirrors *out, const char *root, struct arena *mem)
{
	DIR *dir = opendir(root);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			list_owner(out, arena_printf(mem, "%s/%s", root, entry->d_name).p, mem);
	if (dir)
		closedir(dir);
}

/* Longest unused first; the one in use stays. */
static void evict(const char *root, const char *keep, int64_t most, struct arena *mem)
{
	struct mirrors list = {0};
	int64_t total = 0;

	if (most <= 0)
		return;
	list_mirrors(&list, root, mem);
	vec_each (m, &list.all)
		total += m->bytes;
	while (total > most) {
		struct mirror_use *oldest = NULL;
		vec_each (m, &list.all)
			if (m->bytes >= 0 && !str_eq_c(m->path, keep) &&
				(!oldest || m->used_at < oldest->used_at))
				oldest = m;
		if (!oldest)
			break;
		log_info("removing the mirror '%.*s', unused longest", STR_ARGS(oldest->path));
		remove_tree(oldest->path.p);
		total -= oldest->bytes;
		oldest->bytes = -1;
	}
	vec_free(&list.all);
}

int workplace_open(struct workplace *out, struct forge *forge,
	const struct workplace_options *options, struct arena *mem, struct err *err)
{
	struct str owner, name = options->repo, root, mirror;
	struct workplace w;

	if (check_name(options->repo, err) < 0)
		return -1;
	str_cut(&name, "/", &owner);
	root = arena_printf(mem, "%s/mirrors", options->cache_dir);
	mirror = arena_printf(
		mem, "%.*s/%.*s/%.*s.git", STR_ARGS(root), STR_ARGS(owner), STR_ARGS(name));
	w.folder = arena_printf(mem, "%s/%s/%" PRId64, options->cache_dir,
		options->kind ? options->kind : "jobs", options->job);
	w.dir = arena_printf(mem, "%.*s/%.*s", STR_ARGS(w.folder), STR_ARGS(name));
	remove_tree(w.folder.p);
	if (make_folders(w.folder.p, err) < 0 ||
		make_folders(arena_printf(mem, "%.*s/%.*s", STR_ARGS(root), STR_ARGS(owner)).p,
			err) < 0 ||
		update_mirror(mirror.p, forge, options, mem, err) < 0)
		return -1;
	utimensat(AT_FDCWD, mirror.p, NULL, 0);
	*out = w;
	evict(root.p, mirror.p, options->cache_bytes, mem);
	if (check_out(mirror.p, w.dir.p, options->commit, mem, err) != 0)
		return -1;
	return options->settings.n ? put_settings(&w, forge, options, mem, err) : 0;
}

void workplace_close(struct workplace *w)
{
	if (w->folder.n)
		remove_tree(w->folder.p);
	*w = (struct workplace){0};
}
