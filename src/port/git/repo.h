/* repo: what we ask of a user's repository. Nothing here writes to it but repo_commit_on_branch,
 * and that neither touches the working tree nor the index.
 * Layer: port; src/port/git is the only folder that includes libgit2. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

struct repo;

enum { COMMIT_ID_SIZE = 41 };

/* Opens the repository that path is in (its root or anything below). 0, or REPO_NONE: a plain
 * folder. ERR_CONFIG: bare, another user's (the message has the safe.directory command), or of a
 * form that libgit2 does not know. Costs 7 ms the first time; git_locate() is free. */
enum { REPO_NONE = 1 };
int repo_open(struct repo **out, const char *path, struct err *err) MUST_CHECK;
void repo_free(struct repo *repo);
DEFINE_CLEANUP(struct repo *, repo_free)

/* Absolute, without a slash at the end. git_dir is this working tree's own, common_dir is shared by
 * linked working trees. */
const char *repo_workdir(const struct repo *repo);
const char *repo_git_dir(const struct repo *repo);
const char *repo_common_dir(const struct repo *repo);
/* Whether history was cut off (fetch --depth). */
bool repo_is_shallow(const struct repo *repo);

struct repo_head {
	char commit[COMMIT_ID_SIZE]; /* "" when unborn: no commit yet */
	struct str branch;           /* "main"; empty when detached */
	bool detached, unborn;
};
int repo_head(const struct repo *repo, struct repo_head *out, struct arena *mem,
	struct err *err) MUST_CHECK;

/* How the working tree differs from HEAD. untracked is 0 unless asked for (it walks the tree). */
struct repo_status {
	size_t changed, untracked, conflicted;
	const char *operation; /* static: "merge", "rebase"... under way; NULL: none */
};
int repo_status(const struct repo *repo, bool with_untracked, struct repo_status *out,
	struct err *err) MUST_CHECK;
/* path is relative to the working tree. */
int repo_is_ignored(
	const struct repo *repo, const char *path, bool *ignored, struct err *err) MUST_CHECK;
/* A file's bytes as HEAD has it, as they would be checked out (line ends by the attributes):
 * appended to out. REPO_NONE when HEAD does not have it. */
int repo_read_head_file(
	const struct repo *repo, const char *path, struct buf *out, struct err *err) MUST_CHECK;

/* A remote's URL, without user and password; empty when there is no such remote. */
int repo_remote_url(const struct repo *repo, const char *remote, struct str *out, struct arena *mem,
	struct err *err) MUST_CHECK;

/* The same of any ref: "refs/remotes/origin/main". REPO_NONE when there is no such ref, or it does
 * not have the file; *known tells which. */
int repo_read_ref_file(const struct repo *repo, const char *ref, const char *path, bool *known,
	struct buf *out, struct err *err) MUST_CHECK;

struct repo_commit {
	char id[COMMIT_ID_SIZE];
	struct str author, summary;
	int64_t time;
};
/* The latest commits reachable from HEAD that changed one of the paths (n == 0: any), newest
 * first, at most max, looking at no more than 5000. Merges are passed over. */
int repo_recent_commits(const struct repo *repo, const struct str *paths, size_t n, size_t max,
	struct repo_commit **commits, size_t *found, struct arena *mem, struct err *err) MUST_CHECK;

struct repo_branch_commit {
	const char *branch; /* "selfheal/test-0123abcd" */
	const char *base;   /* commit id; NULL: HEAD */
	struct str diff;    /* unified; applied to base's files, strictly, else bound to them */
	struct str message;
	const char *folder; /* absolute, in the working tree: what the diff's paths are relative
			       to; NULL: the top */
};
/* Writes blobs, trees and one commit on base as objects and points the branch at it. Author and
 * committer from the configuration, else "selfheal". A branch that is there already is replaced
 * only when every commit of it that base lacks is ours (message with a Selfheal-Fingerprint
 * trailer) and no working tree has it checked out. Modes are kept. ERR_CONFLICT says which of these
 * fails, or that the diff does not fit base (it builds on changes that are not committed);
 * ERR_POLICY for links and submodules. */
int repo_commit_on_branch(struct repo *repo, const struct repo_branch_commit *commit,
	char id[COMMIT_ID_SIZE], struct err *err) MUST_CHECK;
/* Whether a branch of that name could be made or replaced on HEAD: what would fail later fails
 * now. */
int repo_check_branch(struct repo *repo, const char *branch, struct err *err) MUST_CHECK;
