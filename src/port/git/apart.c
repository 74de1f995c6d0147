#include "port/git/apart.h"

#include "base/file.h"
#include "base/limits.h"
#include "port/git/repo_private.h"

/* gitrepository-layout(5): objects/info/alternates names where else objects are. */
static int borrow_objects(const struct repo *repo, const char *path, struct err *err)
{
	BUF_AUTO file = BUF_INIT(LIMIT_PATH_BYTES);
	BUF_AUTO line = BUF_INIT(LIMIT_PATH_BYTES);

	buf_printf(&file, "%s/.git/objects/info/alternates", path);
	buf_printf(&line, "%s/objects\n", buf_text(&repo->place.common_dir));
	if (file.over || line.over)
		return err_set(err, ERR_LIMIT, "the path of '%s' is too long", path);
	return file_replace(buf_text(&file), buf_view(&line), err);
}

/* Objects are looked up by a repository that was opened with its alternates in place. */
static int make(git_repository **out, const struct repo *repo, const char *path, struct err *err)
{
	CLEANUP(git_repository_freep) git_repository *made = NULL;
	git_repository_init_options how = GIT_REPOSITORY_INIT_OPTIONS_INIT;

	how.flags = GIT_REPOSITORY_INIT_MKPATH | GIT_REPOSITORY_INIT_MKDIR |
		    GIT_REPOSITORY_INIT_NO_REINIT;
	if (git_leaky(git_repository_init_ext(&made, path, &how)) < 0)
		return git_fail(err, "make the repository", path);
	if (borrow_objects(repo, path, err) < 0)
		return -1;
	if (git_leaky(git_repository_open_ext(out, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL)) < 0)
		return git_fail(err, "open the repository", path);
	return 0;
}

int repo_check_out_apart(struct repo *repo, const char *commit, const char *path, struct err *err)
{
	CLEANUP(git_repository_freep) git_repository *apart = NULL;
	CLEANUP(git_commit_freep) git_commit *there = NULL;
	git_checkout_options how = GIT_CHECKOUT_OPTIONS_INIT;
	git_oid id;

	if (git_oid_fromstr(&id, commit) < 0 || git_commit_lookup(&there, repo->git, &id) < 0)
		return REPO_NONE;
	if (make(&apart, repo, path, err) < 0)
		return -1;
	how.checkout_strategy = GIT_CHECKOUT_FORCE;
	if (git_repository_set_head_detached(apart, &id) < 0 ||
		git_leaky(git_checkout_head(apart, &how)) < 0)
		return git_fail(err, "check out", commit);
	return 0;
}
