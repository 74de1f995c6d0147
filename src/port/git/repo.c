#include "port/git/repo.h"

#include "base/alloc.h"
#include "base/strmap.h"
#include "base/vec.h"
#include "port/git/repo_private.h"

enum { WALKED_MAX = 5000 };

static int fail_open(const char *path, int rc, struct err *err)
{
	const git_error *e = git_error_last();

	/* 1.5 gives ENOTFOUND for what it looked for in vain: a safe.directory. */
	if (rc == GIT_EOWNER || (e && strstr(e->message, "safe.directory")))
		return err_set(err, ERR_CONFIG,
			"cannot open repository '%s': another user owns it, so git refuses it; if "
			"you trust it: git config --global --add safe.directory '%s'",
			path, path);
	return err_set(err, ERR_CONFIG, "cannot open repository '%s': %s", path,
		e ? e->message : "libgit2 gives no reason");
}

int repo_open(struct repo **out, const char *path, struct err *err)
{
	CLEANUP(repo_freep) struct repo *repo = xcalloc(1, sizeof(*repo));
	const char *workdir;
	int rc;

	git_place_init(&repo->place);
	if ((rc = git_locate(&repo->place, path, err)) != 0)
		return rc < 0 ? -1 : REPO_NONE;
	git_lib_start();
	workdir = buf_text(&repo->place.workdir);
	rc = git_leaky(
		git_repository_open_ext(&repo->git, workdir, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL));
	if (rc < 0)
		return fail_open(workdir, rc, err);
	*out = TAKE(repo);
	return 0;
}

void repo_free(struct repo *repo)
{
	if (!repo)
		return;
	git_repository_free(repo->git);
	git_place_release(&repo->place);
	free(repo);
}

const char *repo_workdir(const struct repo *repo)
{
	return buf_text(&repo->place.workdir);
}

const char *repo_git_dir(const struct repo *repo)
{
	return buf_text(&repo->place.git_dir);
}

const char *repo_common_dir(const struct repo *repo)
{
	return buf_text(&repo->place.common_dir);
}

bool repo_is_shallow(const struct repo *repo)
{
	return git_repository_is_shallow(repo->git) == 1;
}

/* "https://user:secret@host/x" without what is before the host. */
static struct str without_user(struct str url, struct arena *mem)
{
	struct str rest = url, scheme, user;
	ptrdiff_t slash;

	if (!str_cut(&rest, "://", &scheme))
		return arena_str(mem, url);
	slash = str_find_char(rest, '/');
	user = slash < 0 ? rest : str_slice(rest, 0, (size_t)slash);
	if (str_rfind_char(user, '@') >= 0)
		rest = str_from(rest, (size_t)str_rfind_char(user, '@') + 1);
	return arena_printf(mem, "%.*s://%.*s", STR_ARGS(scheme), STR_ARGS(rest));
}

int repo_remote_url(const struct repo *repo, const char *remote, struct str *out, struct arena *mem,
	struct err *err)
{
	git_remote *found;
	int rc = git_leaky(git_remote_lookup(&found, repo->git, remote));

	*out = STR("");
	if (rc == GIT_ENOTFOUND)
		return 0;
	if (rc < 0)
		return git_fail(err, "read the remote", remote);
	*out = without_user(str_of(git_remote_url(found)), mem);
	git_remote_free(found);
	return 0;
}

/* HEAD names a branch that has no commit. */
static int unborn_head(
	const struct repo *repo, struct repo_head *out, struct arena *mem, struct err *err)
{
	CLEANUP(git_reference_freep) git_reference *head = NULL;
	struct str name;

	if (git_reference_lookup(&head, repo->git, "HEAD") < 0)
		return git_fail(err, "read HEAD of", repo_workdir(repo));
	name = str_of(git_reference_symbolic_target(head));
	str_skip(&name, "refs/heads/");
	*out = (struct repo_head){.branch = arena_str(mem, name), .unborn = true};
	return 0;
}

int repo_head(const struct repo *repo, struct repo_head *out, struct arena *mem, struct err *err)
{
	CLEANUP(git_reference_freep) git_reference *head = NULL;
	int rc = git_repository_head(&head, repo->git);

	if (rc == GIT_EUNBORNBRANCH)
		return unborn_head(repo, out, mem, err);
	if (rc < 0)
		return git_fail(err, "read HEAD of", repo_workdir(repo));
	*out = (struct repo_head){.detached = git_repository_head_detached(repo->git) == 1};
	if (!out->detached)
		out->branch = arena_str(mem, str_of(git_reference_shorthand(head)));
	git_oid_tostr(out->commit, sizeof(out->commit), git_reference_target(head));
	return 0;
}

static const char *operation_of(git_repository *git)
{
	switch (git_repository_state(git)) {
	case GIT_REPOSITORY_STATE_NONE:
		return NULL;
	case GIT_REPOSITORY_STATE_MERGE:
		return "merge";
	case GIT_REPOSITORY_STATE_REVERT:
	case GIT_REPOSITORY_STATE_REVERT_SEQUENCE:
		return "revert";
	case GIT_REPOSITORY_STATE_CHERRYPICK:
	case GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE:
		return "cherry-pick";
	case GIT_REPOSITORY_STATE_BISECT:
		return "bisect";
	case GIT_REPOSITORY_STATE_APPLY_MAILBOX:
	case GIT_REPOSITORY_STATE_APPLY_MAILBOX_OR_REBASE:
		return "am";
	default:
		return "rebase";
	}
}

int repo_status(
	const struct repo *repo, bool with_untracked, struct repo_status *out, struct err *err)
{
	CLEANUP(git_status_list_freep) git_status_list *list = NULL;
	git_status_options options = GIT_STATUS_OPTIONS_INIT;

	options.flags = GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
	if (with_untracked)
		options.flags |= GIT_STATUS_OPT_INCLUDE_UNTRACKED;
	if (git_status_list_new(&list, repo->git, &options) < 0)
		return git_fail(err, "compare with HEAD the files of", repo_workdir(repo));
	*out = (struct repo_status){.operation = operation_of(repo->git)};
	for (size_t i = 0; i < git_status_list_entrycount(list); i++) {
		unsigned status = git_status_byindex(list, i)->status;

		out->conflicted += (status & GIT_STATUS_CONFLICTED) != 0;
		out->untracked += status == GIT_STATUS_WT_NEW;
		out->changed += status != GIT_STATUS_WT_NEW && status != GIT_STATUS_IGNORED;
	}
	return 0;
}

int repo_is_ignored(const struct repo *repo, const char *path, bool *ignored, struct err *err)
{
	int yes = 0;

	if (git_ignore_path_is_ignored(&yes, repo->git, path) < 0)
		return git_fail(err, "look up the ignore rules for", path);
	*ignored = yes == 1;
	return 0;
}

int repo_blob_to_worktree(struct buf *out, git_blob *blob, const char *path, struct err *err)
{
	git_blob_filter_options options = GIT_BLOB_FILTER_OPTIONS_INIT;
	git_buf text = {0};
	int rc = git_blob_filter(&text, blob, path, &options);

	if (rc == 0)
		buf_add(out, text.ptr, text.size);
	git_buf_dispose(&text);
	if (rc < 0)
		return git_fail(err, "read from HEAD", path);
	if (out->over)
		return err_set(err, ERR_LIMIT, "cannot read '%s' from HEAD: over %zu bytes", path,
			out->cap);
	return 0;
}

int repo_head_commit(const struct repo *repo, git_commit **out, struct err *err)
{
	git_oid id;
	int rc = git_reference_name_to_id(&id, repo->git, "HEAD");

	if (rc == GIT_ENOTFOUND)
		return REPO_NONE;
	if (rc < 0 || git_commit_lookup(out, repo->git, &id) < 0)
		return git_fail(err, "read the HEAD commit of", repo_workdir(repo));
	return 0;
}

static int read_commit_file(const struct repo *repo, git_commit *commit, const char *path,
	struct buf *out, struct err *err)
{
	CLEANUP(git_tree_freep) git_tree *tree = NULL;
	CLEANUP(git_tree_entry_freep) git_tree_entry *entry = NULL;
	CLEANUP(git_blob_freep) git_blob *blob = NULL;
	int rc;

	if (git_commit_tree(&tree, commit) < 0)
		return git_fail(err, "read the tree of a commit in", repo_workdir(repo));
	rc = git_tree_entry_bypath(&entry, tree, path);
	if (rc == GIT_ENOTFOUND)
		return REPO_NONE;
	if (rc < 0)
		return git_fail(err, "look up in a commit", path);
	if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB)
		return REPO_NONE;
	if (git_blob_lookup(&blob, repo->git, git_tree_entry_id(entry)) < 0)
		return git_fail(err, "read from a commit", path);
	return repo_blob_to_worktree(out, blob, path, err);
}

int repo_read_head_file(const struct repo *repo, const char *path, struct buf *out, struct err *err)
{
	CLEANUP(git_commit_freep) git_commit *commit = NULL;
	int rc = repo_head_commit(repo, &commit, err);

	return rc ? rc : read_commit_file(repo, commit, path, out, err);
}

int repo_read_ref_file(const struct repo *repo, const char *ref, const char *path, bool *known,
	struct buf *out, struct err *err)
{
	CLEANUP(git_commit_freep) git_commit *commit = NULL;
	git_oid id;
	int rc = git_reference_name_to_id(&id, repo->git, ref);

	*known = rc == 0;
	if (rc == GIT_ENOTFOUND || rc == GIT_EINVALIDSPEC)
		return REPO_NONE;
	if (rc < 0 || git_commit_lookup(&commit, repo->git, &id) < 0)
		return git_fail(err, "read the ref", ref);
	return read_commit_file(repo, commit, path, out, err);
}

/* The entry's id, zero when it is not there. */
static git_oid entry_at(git_tree *tree, const char *path)
{
	CLEANUP(git_tree_entry_freep) git_tree_entry *entry = NULL;
	git_oid none = {{0}};

	if (!tree || git_tree_entry_bypath(&entry, tree, path) < 0)
		return none;
	return *git_tree_entry_id(entry);
}

static bool touches(git_commit *commit, const char *const *paths, size_t n)
{
	CLEANUP(git_tree_freep) git_tree *now = NULL;
	CLEANUP(git_tree_freep) git_tree *before = NULL;
	CLEANUP(git_commit_freep) git_commit *parent = NULL;

	if (git_commit_parentcount(commit) > 1 || git_commit_tree(&now, commit) < 0)
		return false;
	/* A root commit, or one whose parent a shallow clone does not have, added everything. */
	if (git_commit_parentcount(commit) && git_commit_parent(&parent, commit, 0) == 0 &&
		git_commit_tree(&before, parent) < 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		git_oid a = entry_at(now, paths[i]), b = entry_at(before, paths[i]);

		if (!git_oid_equal(&a, &b))
			return true;
	}
	return n == 0;
}

static void describe(struct repo_commit *out, git_commit *commit, struct arena *mem)
{
	const git_signature *author = git_commit_author(commit);
	const char *summary = git_commit_summary(commit);

	*out = (struct repo_commit){.author = arena_str(mem, str_of(author ? author->name : "")),
		.summary = arena_str(mem, str_of(summary ? summary : "")),
		.time = git_commit_time(commit)};
	git_oid_tostr(out->id, sizeof(out->id), git_commit_id(commit));
}

/* Commits still to be looked at. libgit2's own walk ends in an error where a shallow clone's
 * history does; this one just stops there. */
struct walk {
	git_repository *git;
	vec(git_commit *) pending;
	struct strmap seen;
};

static void walk_init(struct walk *w, git_repository *git)
{
	*w = (struct walk){.git = git};
	strmap_init(&w->seen);
}

static void walk_release(struct walk *w)
{
	vec_each (commit, &w->pending)
		git_commit_free(*commit);
	vec_free(&w->pending);
	strmap_release(&w->seen);
}

static void walk_push(struct walk *w, const git_oid *id)
{
	git_commit *commit;

	if (strmap_put(&w->seen, str_make((const char *)id->id, sizeof(id->id)), NULL) &&
		git_commit_lookup(&commit, w->git, id) == 0)
		vec_push(&w->pending, commit);
}

/* The latest pending commit, its parents pending now; the caller frees. NULL at the end. */
static git_commit *walk_next(struct walk *w)
{
	git_commit *commit;
	size_t latest = 0;

	if (!w->pending.n)
		return NULL;
	for (size_t i = 1; i < w->pending.n; i++)
		if (git_commit_time(w->pending.v[i]) > git_commit_time(w->pending.v[latest]))
			latest = i;
	commit = w->pending.v[latest];
	memmove(&w->pending.v[latest], &w->pending.v[latest + 1],
		(--w->pending.n - latest) * sizeof(commit));
	for (unsigned i = 0; i < git_commit_parentcount(commit); i++)
		walk_push(w, git_commit_parent_id(commit, i));
	return commit;
}

int repo_recent_commits(const struct repo *repo, const struct str *paths, size_t n, size_t max,
	struct repo_commit **commits, size_t *found, struct arena *mem, struct err *err)
{
	CLEANUP(walk_release) struct walk walk;
	const char **names = arena_array(mem, n, sizeof(*names));
	struct repo_head head;
	git_oid id;

	*commits = arena_array(mem, max, sizeof(**commits));
	*found = 0;
	for (size_t i = 0; i < n; i++)
		names[i] = arena_cstr(mem, paths[i]);
	walk_init(&walk, repo->git);
	if (repo_head(repo, &head, mem, err) < 0)
		return -1;
	if (!head.unborn && git_oid_fromstr(&id, head.commit) == 0)
		walk_push(&walk, &id);
	for (int walked = 0; *found < max && walked < WALKED_MAX; walked++) {
		CLEANUP(git_commit_freep) git_commit *commit = walk_next(&walk);

		if (!commit)
			break;
		if (touches(commit, names, n))
			describe(&(*commits)[(*found)++], commit, mem);
	}
	return 0;
}
