#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/vec.h"
#include "model/patch.h"
#include "model/udiff.h"
#include "port/git/repo_private.h"

/* One commit being made. */
struct making {
	struct repo *repo;
	git_commit *base;
	git_tree *base_tree;
	struct str folder; /* of the diff's paths, relative to the top: "services/api"; or empty */
	vec(git_tree_update) updates;
	vec(char *) paths; /* what updates point to */
};

DEFINE_CLEANUP(git_filter_list *, git_filter_list_free)

static void making_release(struct making *m)
{
	git_tree_free(m->base_tree);
	git_commit_free(m->base);
	vec_free(&m->updates);
	vec_each (path, &m->paths)
		free(*path);
	vec_free(&m->paths);
}

static int find_folder(struct making *m, const char *folder, struct err *err)
{
	struct str rest = str_of(folder ? folder : repo_workdir(m->repo));

	if (!str_skip(&rest, repo_workdir(m->repo)) || (rest.n && !str_skip(&rest, "/")))
		return err_set(err, ERR_INTERNAL, "'%s' is not in the working tree '%s'", folder,
			repo_workdir(m->repo));
	m->folder = rest;
	return 0;
}

static int find_base(struct making *m, const char *base, struct err *err)
{
	git_oid id;
	int rc;

	if (base && (git_oid_fromstr(&id, base) < 0 ||
			    git_commit_lookup(&m->base, m->repo->git, &id) < 0))
		return git_fail(err, "find commit", base);
	if (!base && (rc = repo_head_commit(m->repo, &m->base, err)) != 0)
		return rc < 0 ? -1
			      : err_set(err, ERR_CONFLICT,
					"cannot make a branch in '%s': there is no commit yet",
					repo_workdir(m->repo));
	if (git_commit_tree(&m->base_tree, m->base) < 0)
		return git_fail(err, "read the base commit's tree in", repo_workdir(m->repo));
	return 0;
}

/* What base has at path: appended to text, its mode given. A path that is not there is empty. */
static int read_base(struct making *m, const struct udiff_file *file, const char *path,
	struct buf *text, git_filemode_t *mode, struct err *err)
{
	CLEANUP(git_tree_entry_freep) git_tree_entry *entry = NULL;
	CLEANUP(git_blob_freep) git_blob *blob = NULL;
	int rc = git_tree_entry_bypath(&entry, m->base_tree, path);

	*mode = GIT_FILEMODE_BLOB;
	if (rc == GIT_ENOTFOUND && file->created)
		return 0;
	if (rc == GIT_ENOTFOUND)
		return err_set(err, ERR_CONFLICT,
			"cannot commit the change of '%s': the file is not committed yet", path);
	if (rc < 0)
		return git_fail(err, "look up", path);
	if (file->created)
		return err_set(err, ERR_CONFLICT, "cannot add '%s': it is there already", path);
	*mode = git_tree_entry_filemode(entry);
	if (*mode != GIT_FILEMODE_BLOB && *mode != GIT_FILEMODE_BLOB_EXECUTABLE)
		return err_set(err, ERR_POLICY,
			"cannot change '%s': it is a symbolic link, a submodule or a folder", path);
	if (git_blob_lookup(&blob, m->repo->git, git_tree_entry_id(entry)) < 0)
		return git_fail(err, "read", path);
	return repo_blob_to_worktree(text, blob, path, err);
}

/* The content after the change: exactly where the diff says, else where its hunks fit. */
static int change(
	struct buf *after, const struct udiff_file *file, struct str before, struct err *err)
{
	struct patch patch = {0};
	struct edit *edits = NULL;
	ARENA_AUTO mem;
	int rc;

	arena_init(&mem);
	if (udiff_apply(after, file, before, err) == 0)
		return 0;
	if (err->code != ERR_CONFLICT)
		return -1;
	if ((rc = udiff_bind(&edits, &patch.n, file, before, &mem, err)) < 0)
		return -1;
	if (rc == UDIFF_UNBOUND)
		return err_set(err, ERR_CONFLICT,
			"cannot commit the change of '%.*s': it builds on changes that are not "
			"committed; commit them first, or use --apply",
			STR_ARGS(file->path));
	patch.edits = edits;
	return patch_apply_to(after, &patch, file->path, before, err);
}

/* Bytes as of a checked out file into the object database, line ends by the attributes. */
static int write_blob(
	struct making *m, git_oid *id, const char *path, struct str text, struct err *err)
{
	CLEANUP(git_filter_list_freep) git_filter_list *filters = NULL;
	git_buf clean = {0};
	int rc = git_filter_list_load(
		&filters, m->repo->git, NULL, path, GIT_FILTER_TO_ODB, GIT_FILTER_DEFAULT);

	if (rc == 0)
		rc = git_filter_list_apply_to_buffer(&clean, filters, text.n ? text.p : "", text.n);
	if (rc == 0)
		rc = git_blob_create_from_buffer(id, m->repo->git, clean.ptr, clean.size);
	git_buf_dispose(&clean);
	return rc < 0 ? git_fail(err, "write the new content of", path) : 0;
}

static int add_file(struct making *m, const struct udiff_file *file, struct err *err)
{
	git_tree_update update = {.action = GIT_TREE_UPDATE_UPSERT};
	char *path = xasprintf(
		"%.*s%s%.*s", STR_ARGS(m->folder), m->folder.n ? "/" : "", STR_ARGS(file->path));
	BUF_AUTO before, after;

	vec_push(&m->paths, path);
	buf_init(&before, LIMIT_SOURCE_BYTES);
	buf_init(&after, LIMIT_SOURCE_BYTES);
	update.path = path;
	if (file->renamed || file->copied || file->binary)
		return err_set(err, ERR_POLICY,
			"cannot commit the change of '%s': it is a rename or binary", path);
	if (read_base(m, file, path, &before, &update.filemode, err) < 0 ||
		change(&after, file, buf_view(&before), err) < 0)
		return -1;
	if (file->deleted)
		update.action = GIT_TREE_UPDATE_REMOVE;
	else if (write_blob(m, &update.id, path, buf_view(&after), err) < 0)
		return -1;
	vec_push(&m->updates, update);
	return 0;
}

static int make_tree(struct making *m, struct str diff, git_tree **tree, struct err *err)
{
	struct udiff d;
	ARENA_AUTO mem;
	git_oid id;

	arena_init(&mem);
	if (udiff_parse(&d, diff, &mem, err) < 0)
		return -1;
	for (size_t i = 0; i < d.n; i++)
		if (add_file(m, &d.files[i], err) < 0)
			return -1;
	if (git_tree_create_updated(&id, m->repo->git, m->base_tree, m->updates.n, m->updates.v) <
			0 ||
		git_tree_lookup(tree, m->repo->git, &id) < 0)
		return git_fail(err, "write a tree in", repo_git_dir(m->repo));
	return 0;
}

/* The user's name from the configuration, ours without one; the time is the injectable clock's. */
static int make_signature(struct making *m, git_signature **out, struct err *err)
{
	CLEANUP(git_signature_freep) git_signature *user = NULL;
	int rc = git_signature_default(&user, m->repo->git);

	rc = git_signature_new(out, rc == 0 ? user->name : "selfheal",
		rc == 0 ? user->email : "selfheal@localhost", clock_wall_s(), 0);
	return rc < 0 ? git_fail(err, "sign a commit in", repo_workdir(m->repo)) : 0;
}

static int make_commit(
	struct making *m, const struct repo_branch_commit *c, git_oid *id, struct err *err)
{
	CLEANUP(git_signature_freep) git_signature *who = NULL;
	CLEANUP(git_tree_freep) git_tree *tree = NULL;
	CLEANUP(freep) char *message = xstrndup(c->message.p ? c->message.p : "", c->message.n);
	const git_commit *parents[] = {m->base};

	if (make_tree(m, c->diff, &tree, err) < 0 || make_signature(m, &who, err) < 0)
		return -1;
	if (git_commit_create(
		    id, m->repo->git, NULL, who, who, "UTF-8", message, tree, 1, parents) < 0)
		return git_fail(err, "write a commit in", repo_git_dir(m->repo));
	return 0;
}

static bool is_ours(git_commit *commit)
{
	return strstr(git_commit_message(commit), "\nSelfheal-Fingerprint: ") != NULL;
}

static int check_commit_ours(
	struct making *m, const git_oid *id, const char *branch, struct err *err)
{
	CLEANUP(git_commit_freep) git_commit *commit = NULL;

	if (git_commit_lookup(&commit, m->repo->git, id) < 0)
		return git_fail(err, "look at branch", branch);
	if (is_ours(commit))
		return 0;
	return err_set(err, ERR_CONFLICT,
		"cannot replace branch '%s': its commit %.12s is not from selfheal; give another "
		"name",
		branch, git_oid_tostr_s(id));
}

/* The branch's tip is ours, and so is every other commit of it that base lacks. */
static int check_ours(struct making *m, const git_oid *tip, const char *branch, struct err *err)
{
	CLEANUP(git_revwalk_freep) git_revwalk *walk = NULL;
	git_oid id = *tip;
	int rc;

	if (git_revwalk_new(&walk, m->repo->git) < 0 || git_revwalk_push(walk, tip) < 0 ||
		git_revwalk_hide(walk, git_commit_id(m->base)) < 0)
		return git_fail(err, "look at branch", branch);
	do {
		if (check_commit_ours(m, &id, branch, err) < 0)
			return -1;
	} while ((rc = git_revwalk_next(&id, walk)) == 0);
	/* A shallow clone's history ends in an error; then the tip speaks for the rest. */
	if (rc != GIT_ITEROVER && !repo_is_shallow(m->repo))
		return git_fail(err, "look at branch", branch);
	return 0;
}

static int check_replaceable(
	struct making *m, git_reference *old, const char *branch, struct err *err)
{
	const git_oid *tip = git_reference_target(old);

	if (!tip)
		return err_set(err, ERR_CONFLICT,
			"cannot replace branch '%s': it is a symbolic ref", branch);
	if (git_branch_is_checked_out(old))
		return err_set(err, ERR_CONFLICT,
			"cannot replace branch '%s': it is checked out in a working tree", branch);
	return check_ours(m, tip, branch, err);
}

/* Moves the branch only from where it was when it was checked. */
static int replace_branch(struct making *m, git_reference *old, const git_oid *id,
	const char *branch, struct err *err)
{
	CLEANUP(git_reference_freep) git_reference *moved = NULL;
	const git_oid *tip = git_reference_target(old);

	if (check_replaceable(m, old, branch, err) < 0)
		return -1;
	if (git_reference_create_matching(&moved, m->repo->git, git_reference_name(old), id, 1, tip,
		    "selfheal: fix again") < 0)
		return git_fail(err, "move branch", branch);
	return 0;
}

static int point_branch(struct making *m, const git_oid *id, const char *branch, struct err *err)
{
	CLEANUP(git_reference_freep) git_reference *old = NULL;
	CLEANUP(git_reference_freep) git_reference *made = NULL;
	CLEANUP(freep) char *name = xasprintf("refs/heads/%s", branch);
	int rc = git_reference_lookup(&old, m->repo->git, name);

	if (rc == 0)
		return replace_branch(m, old, id, branch, err);
	if (rc != GIT_ENOTFOUND)
		return git_fail(err, "look up branch", branch);
	if (git_reference_create(&made, m->repo->git, name, id, 0, "selfheal: fix") < 0)
		return git_fail(err, "make branch", branch);
	return 0;
}

static int check_name(const char *branch, struct err *err)
{
	int valid = 0;

	if (git_branch_name_is_valid(&valid, branch) == 0 && valid)
		return 0;
	return err_set(err, ERR_CONFIG, "cannot make branch '%s': git allows no such name", branch);
}

int repo_check_branch(struct repo *repo, const char *branch, struct err *err)
{
	CLEANUP(making_release) struct making m = {.repo = repo};
	CLEANUP(git_reference_freep) git_reference *old = NULL;
	CLEANUP(freep) char *name = xasprintf("refs/heads/%s", branch);
	int rc;

	if (check_name(branch, err) < 0)
		return -1;
	rc = git_reference_lookup(&old, repo->git, name);
	if (rc == GIT_ENOTFOUND)
		return 0;
	if (rc < 0)
		return git_fail(err, "look up branch", branch);
	if (find_base(&m, NULL, err) < 0)
		return -1;
	return check_replaceable(&m, old, branch, err);
}

int repo_commit_on_branch(struct repo *repo, const struct repo_branch_commit *commit,
	char id[COMMIT_ID_SIZE], struct err *err)
{
	CLEANUP(making_release) struct making m = {.repo = repo};
	git_oid oid;

	if (check_name(commit->branch, err) < 0)
		return -1;
	if (find_folder(&m, commit->folder, err) < 0 || find_base(&m, commit->base, err) < 0 ||
		make_commit(&m, commit, &oid, err) < 0 ||
		point_branch(&m, &oid, commit->branch, err) < 0)
		return -1;
	git_oid_tostr(id, COMMIT_ID_SIZE, &oid);
	return 0;
}
