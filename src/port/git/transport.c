#include "port/git/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "port/child/copy.h"
#include "port/git/repo_private.h"
#include "port/git/transfer.h"

DEFINE_CLEANUP(git_remote *, git_remote_free)
DEFINE_CLEANUP(git_odb *, git_odb_free)

enum { FILES_MAX = 500 * 1000, PUSHES_MAX = 64, REFSPECS_MAX = 64 };
static const int64_t checked_bytes_max = INT64_C(4) << 30;

/* A remote that the user's url.insteadOf cannot lead elsewhere. */
static int make_remote(git_remote **out, git_repository *git, const char *name, const char *spec,
	const char *url, struct err *err)
{
	git_remote_create_options how = GIT_REMOTE_CREATE_OPTIONS_INIT;

	how.repository = git;
	how.name = name;
	how.fetchspec = spec;
	how.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF;
	if (!name)
		how.flags |= GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
	if (git_leaky(git_remote_create_with_opts(out, url, &how)) < 0)
		return git_fail(err, "use the remote", url);
	return 0;
}

static int fetch(struct transfer *t, git_remote *remote, const char *const *refspecs, size_t n,
	bool prune, struct err *err)
{
	git_fetch_options how = GIT_FETCH_OPTIONS_INIT;
	char *specs[REFSPECS_MAX];
	git_strarray wanted = {specs, n};
	int rc;

	for (size_t i = 0; i < n; i++)
		specs[i] = (char *)(uintptr_t)refspecs[i];
	how.callbacks = transfer_callbacks(t);
	how.proxy_opts = transfer_proxy(t);
	how.prune = prune ? GIT_FETCH_PRUNE : GIT_FETCH_NO_PRUNE;
	how.follow_redirects = GIT_REMOTE_REDIRECT_NONE; /* within the host they are */
	how.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_ALL;
	rc = git_leaky(git_remote_fetch(remote, n ? &wanted : NULL, &how, "selfheal: fetch"));
	return rc < 0 ? transfer_fail(t, "fetch", rc, err) : 0;
}

/* --- a clone --- */

struct weight {
	git_odb *odb;
	size_t files, max_files;
	int64_t bytes, max_bytes;
};

static int weigh(const char *root, const git_tree_entry *entry, void *data)
{
	struct weight *w = data;
	git_object_t type;
	size_t size;

	(void)root;
	if (++w->files > w->max_files)
		return GIT_EUSER;
	if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB)
		return 0;
	if (git_odb_read_header(&size, &type, w->odb, git_tree_entry_id(entry)) == 0)
		w->bytes += (int64_t)size;
	return w->bytes > w->max_bytes ? GIT_EUSER : 0;
}

/* A few kilobytes of objects can name the same folder a billion times over: a tree is looked at
 * before it is written. */
static int check_weight(
	git_repository *git, const struct transport_options *options, struct err *err)
{
	CLEANUP(git_object_freep) git_object *tree = NULL;
	CLEANUP(git_odb_freep) git_odb *odb = NULL;
	struct weight w = {.max_files = options->max_files ? options->max_files : FILES_MAX,
		.max_bytes = options->max_checked_bytes ? options->max_checked_bytes
							: checked_bytes_max};
	int rc;

	if (git_revparse_single(&tree, git, "HEAD^{tree}") < 0 || git_repository_odb(&odb, git) < 0)
		return git_fail(err, "read the tree of", options->url);
	w.odb = odb;
	rc = git_tree_walk((git_tree *)tree, GIT_TREEWALK_PRE, weigh, &w);
	if (rc == GIT_EUSER)
		return err_set(err, ERR_LIMIT,
			"cannot check out '%.200s': its files are more than may be written",
			options->url);
	return rc < 0 ? git_fail(err, "read the tree of", options->url) : 0;
}

/* The default branch: HEAD, and the branch that it names. 0, or REPO_NONE when there is none. */
static int set_head(git_repository *git, git_remote *remote, bool mirror, struct err *err)
{
	git_buf name = GIT_BUF_INIT;
	CLEANUP(git_reference_freep) git_reference *there = NULL, *here = NULL;
	CLEANUP(freep) char *head = NULL, *from = NULL;
	int rc = git_leaky(git_remote_default_branch(&name, remote));

	if (rc == 0)
		head = xstrndup(name.ptr, name.size);
	git_buf_dispose(&name);
	if (rc == GIT_ENOTFOUND)
		return REPO_NONE;
	if (rc < 0 || !str_starts(str_of(head), "refs/heads/"))
		return git_fail(err, "find the default branch of", git_remote_url(remote));
	if (!mirror) {
		from = xasprintf("refs/remotes/origin/%s", head + strlen("refs/heads/"));
		if (git_reference_lookup(&there, git, from) < 0 ||
			git_reference_create(&here, git, head, git_reference_target(there), 1,
				"selfheal: clone") < 0 ||
			git_leaky(git_branch_set_upstream(here, from + strlen("refs/remotes/"))) <
				0)
			return git_fail(err, "make the branch", head);
	}
	if (git_leaky(git_repository_set_head(git, head)) < 0)
		return git_fail(err, "set HEAD to", head);
	return 0;
}

static int check_out(git_repository *git, const struct transport_options *options, struct err *err)
{
	git_checkout_options how = GIT_CHECKOUT_OPTIONS_INIT;

	if (check_weight(git, options, err) < 0)
		return -1;
	how.checkout_strategy = GIT_CHECKOUT_FORCE;
	if (git_leaky(git_checkout_head(git, &how)) < 0)
		return git_fail(err, "check out", options->url);
	return 0;
}

static int clone_into(
	const char *path, bool mirror, const struct transport_options *options, struct err *err)
{
	CLEANUP(git_repository_freep) git_repository *git = NULL;
	CLEANUP(git_remote_freep) git_remote *remote = NULL;
	git_repository_init_options how = GIT_REPOSITORY_INIT_OPTIONS_INIT;
	TRANSFER_AUTO t;
	int rc;

	if (transfer_begin(&t, options, err) < 0)
		return -1;
	how.flags = GIT_REPOSITORY_INIT_MKPATH | GIT_REPOSITORY_INIT_NO_REINIT |
		    (mirror ? GIT_REPOSITORY_INIT_BARE : 0);
	if (git_leaky(git_repository_init_ext(&git, path, &how)) < 0)
		return git_fail(err, "make the repository", path);
	if (make_remote(&remote, git, "origin",
		    mirror ? "+refs/heads/*:refs/heads/*" : "+refs/heads/*:refs/remotes/origin/*",
		    options->url, err) < 0 ||
		fetch(&t, remote, NULL, 0, false, err) < 0)
		return -1;
	if ((rc = set_head(git, remote, mirror, err)) != 0 || mirror)
		return rc < 0 ? -1 : 0;
	return check_out(git, options, err);
}

int repo_clone(struct repo **out, const char *path, bool mirror,
	const struct transport_options *options, struct err *err)
{
	CLEANUP(freep) char *part = xasprintf("%s.part", path);

	if (access(path, F_OK) == 0)
		return err_set(
			err, ERR_CONFIG, "cannot clone into '%s': it is there already", path);
	remove_entry(AT_FDCWD, part);
	if (clone_into(part, mirror, options, err) < 0) {
		remove_entry(AT_FDCWD, part);
		return -1;
	}
	if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) < 0) {
		err_sys(err, errno, "cannot move the clone to '%s'", path);
		remove_entry(AT_FDCWD, part);
		return -1;
	}
	if (mirror)
		return repo_open_mirror(out, path, err);
	return repo_open(out, path, err) == 0 ? 0 : -1;
}

int repo_open_mirror(struct repo **out, const char *path, struct err *err)
{
	CLEANUP(repo_freep) struct repo *repo = xcalloc(1, sizeof(*repo));
	int rc;

	git_place_init(&repo->place);
	git_lib_start();
	rc = git_leaky(git_repository_open_bare(&repo->git, path));
	if (rc < 0)
		return git_fail(err, "open the mirror", path);
	buf_c(&repo->place.git_dir, path);
	buf_c(&repo->place.common_dir, path);
	*out = TAKE(repo);
	return 0;
}

/* --- fetch and push --- */

int repo_fetch(struct repo *repo, const struct transport_options *options,
	const char *const *refspecs, size_t n, bool prune, struct err *err)
{
	CLEANUP(git_remote_freep) git_remote *remote = NULL, *origin = NULL;
	char *wanted[REFSPECS_MAX];
	git_strarray set = {0};
	TRANSFER_AUTO t;
	int rc = 0;

	if (n > REFSPECS_MAX)
		return err_set(err, ERR_INTERNAL, "more than %d refs to fetch", REFSPECS_MAX);
	if (transfer_begin(&t, options, err) < 0 ||
		make_remote(&remote, repo->git, NULL, NULL, options->url, err) < 0)
		return -1;
	if (n)
		return fetch(&t, remote, refspecs, n, prune, err);
	if (git_leaky(git_remote_lookup(&origin, repo->git, "origin")) < 0 ||
		git_leaky(git_remote_get_fetch_refspecs(&set, origin)) < 0)
		return git_fail(err, "read the remote 'origin' of", options->url);
	for (n = 0; n < set.count && n < REFSPECS_MAX; n++)
		wanted[n] = set.strings[n];
	rc = fetch(&t, remote, (const char *const *)wanted, n, prune, err);
	git_strarray_dispose(&set);
	return rc;
}

static int check_pushes(const struct repo_push *pushes, size_t n, struct err *err)
{
	if (n > PUSHES_MAX)
		return err_set(err, ERR_INTERNAL, "more than %d branches to push", PUSHES_MAX);
	for (size_t i = 0; i < n; i++) {
		BUF_AUTO ref = BUF_INIT(LIMIT_PATH_BYTES);
		int valid = 0;

		buf_printf(&ref, "refs/heads/%s", pushes[i].branch);
		if (git_reference_name_is_valid(&valid, buf_text(&ref)) < 0 || !valid || ref.over)
			return err_set(err, ERR_CONFIG, "'%.200s' cannot be a branch's name",
				pushes[i].branch);
		if (pushes[i].commit && strlen(pushes[i].commit) != COMMIT_ID_SIZE - 1)
			return err_set(
				err, ERR_INTERNAL, "'%.60s' is no commit's id", pushes[i].commit);
	}
	return 0;
}

static int push(struct transfer *t, git_remote *remote, char **specs, size_t n, struct err *err)
{
	git_push_options how = GIT_PUSH_OPTIONS_INIT;
	git_strarray wanted = {specs, n};
	int rc;

	how.callbacks = transfer_callbacks(t);
	how.proxy_opts = transfer_proxy(t);
	how.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
	rc = git_leaky(git_remote_push(remote, &wanted, &how));
	/* A ref that the server refused is told by the callback alone. */
	return rc < 0 || t->watch.why.code ? transfer_fail(t, "push to", rc, err) : 0;
}

/* libgit2 pushes what a ref of ours names: one for each commit while it lasts. */
static int name_commit(git_repository *git, const char *ref, const char *commit, struct err *err)
{
	CLEANUP(git_reference_freep) git_reference *made = NULL;
	git_oid id;

	if (git_oid_fromstr(&id, commit) < 0 ||
		git_reference_create(&made, git, ref, &id, 1, "selfheal: push") < 0)
		return git_fail(err, "push the commit", commit);
	return 0;
}

static char *source_ref(size_t i)
{
	return xasprintf("refs/selfheal/push-%d-%zu", (int)getpid(), i);
}

static int push_all(struct transfer *t, git_repository *git, git_remote *remote, struct err *err)
{
	char *specs[PUSHES_MAX] = {0};
	int rc = 0;

	for (size_t i = 0; i < t->n_pushes; i++) {
		const struct repo_push *p = &t->pushes[i];
		CLEANUP(freep) char *from = source_ref(i);
		bool force = p->expected && *p->expected && p->commit;

		if (!rc && p->commit)
			rc = name_commit(git, from, p->commit, err);
		specs[i] = xasprintf(
			"%s%s:refs/heads/%s", force ? "+" : "", p->commit ? from : "", p->branch);
	}
	if (!rc)
		rc = push(t, remote, specs, t->n_pushes, err);
	for (size_t i = 0; i < t->n_pushes; i++) {
		CLEANUP(freep) char *from = source_ref(i);

		(void)git_reference_remove(git, from);
		free(specs[i]);
	}
	return rc;
}

int repo_push(struct repo *repo, const struct transport_options *options,
	const struct repo_push *pushes, size_t n, struct err *err)
{
	CLEANUP(git_remote_freep) git_remote *remote = NULL;
	TRANSFER_AUTO t;

	if (transfer_begin(&t, options, err) < 0 || check_pushes(pushes, n, err) < 0 ||
		make_remote(&remote, repo->git, NULL, NULL, options->url, err) < 0)
		return -1;
	t.pushes = pushes;
	t.n_pushes = n;
	return push_all(&t, repo->git, remote, err);
}
