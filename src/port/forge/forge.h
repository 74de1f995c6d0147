/* forge: what the bot asks of GitHub, as plain calls over its REST interface (GraphQL where REST
 * has none: drafts, auto-merge). Layer: port. A forge is used by one thread at a time. Reads are
 * repeated and cached by ETag; writes come one after the other, write_gap_ms apart, and are
 * repeated only where that does no harm: a write whose answer got lost fails with ERR_NET or
 * ERR_TIMEOUT, and the caller looks before it posts again (publish/ does all its writes that way).
 * Limits of GitHub are waited for up to max_wait_ms, then ERR_RATE. Every error names the request,
 * the status, what GitHub said and its request id, and, where it is known, what to do; no token is
 * ever in one. repo is "owner/name". Strings received live in mem. All text received is hostile. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

struct forge;
struct http;

/* Either token, or an app: id (or client id) and private key in PEM. */
struct forge_options {
	const char *api_url;     /* NULL: https://api.github.com; GHES: https://HOST/api/v3 */
	const char *graphql_url; /* NULL: beside it (GHES: https://HOST/api/graphql) */
	const char *token;       /* NULL: none (public reads alone) */
	const char *app_id;      /* NULL: no app */
	struct str app_key_pem;  /* borrowed; also with "\\n" for line breaks, or as base64 */
	const char *app_repo;    /* the installation's repository; tokens are narrowed to it */
	bool app_workflows;   /* may change files of .github/workflows, when it is granted that */
	int64_t write_gap_ms; /* < 0: none (tests); 0: 1000 */
	int64_t max_wait_ms;  /* for rate limits; 0: 10 minutes */
	struct http *http;    /* borrowed */
	int64_t (*now)(void); /* seconds since the epoch; NULL: the clock */
};

int forge_open(struct forge **out, const struct forge_options *options, struct err *err) MUST_CHECK;
void forge_free(struct forge *f);
DEFINE_CLEANUP(struct forge *, forge_free)
/* The token that is in force now (an installation's is made or renewed), for git over HTTPS.
 * Borrowed until the next call; never to be logged. */
int forge_token_peek(struct forge *f, const char **token, struct err *err) MUST_CHECK;

/* Calls that ask for one thing give FORGE_NONE when there is none (404). */
enum { FORGE_NONE = 1 };

struct forge_user {
	struct str login, type; /* "User", "Bot", "Organization" */
	int64_t id;
};
/* Who we are, asked for once. GITHUB_TOKEN may not ask /user: GraphQL tells it, else it is taken
 * for "github-actions[bot]", 41898282. */
int forge_me(
	struct forge *f, struct forge_user *out, struct arena *mem, struct err *err) MUST_CHECK;

struct forge_repository {
	struct str full_name, default_branch, clone_url, html_url;
	bool private, fork, archived, can_push, allow_auto_merge;
};
int forge_repository(struct forge *f, struct str repo, struct forge_repository *out,
	struct arena *mem, struct err *err) MUST_CHECK;

enum forge_permission {
	FORGE_CAN_NOTHING,
	FORGE_CAN_READ,
	FORGE_CAN_TRIAGE,
	FORGE_CAN_WRITE,
	FORGE_CAN_MAINTAIN,
	FORGE_CAN_ADMIN
};
/* What a person may do there; no collaborator: FORGE_CAN_NOTHING. */
int forge_permission_of(struct forge *f, struct str repo, struct str login,
	enum forge_permission *out, struct err *err) MUST_CHECK;

/* Pull requests. */
struct forge_pull {
	int64_t number;
	struct str node_id, html_url, title, body, author;
	bool author_is_bot, open, merged, draft;
	struct str head_ref, head_sha, head_repo; /* head_repo empty: the fork is gone */
	struct str base_ref, base_sha, merge_sha;
	int64_t created_at, updated_at, closed_at, merged_at; /* 0: not */
	const struct str *labels;
	size_t n_labels;
};
struct forge_pulls {
	struct forge_pull *v;
	size_t n;
	bool cut; /* there were more than max */
};
struct forge_pull_filter {
	const char *state;     /* "open" (NULL), "closed", "all" */
	struct str head, base; /* head "owner:branch"; empty: any */
	size_t max;            /* 0: 300, newest first */
};
int forge_pulls(struct forge *f, struct str repo, const struct forge_pull_filter *filter,
	struct forge_pulls *out, struct arena *mem, struct err *err) MUST_CHECK;
int forge_pull(struct forge *f, struct str repo, int64_t number, struct forge_pull *out,
	struct arena *mem, struct err *err) MUST_CHECK;
struct forge_pull_draft {
	struct str title, body, head, base;
	bool draft;
};
/* ERR_CONFLICT: one of that head and base is open already (422). ERR_AUTH says so when the setting
 * "Allow GitHub Actions to create and approve pull requests" is off. */
int forge_pull_create(struct forge *f, struct str repo, const struct forge_pull_draft *draft,
	struct forge_pull *out, struct arena *mem, struct err *err) MUST_CHECK;
struct forge_pull_change {
	struct str title, body, base; /* p NULL: left as it is */
	const char *state;            /* "open", "closed", NULL */
};
int forge_pull_update(struct forge *f, struct str repo, int64_t number,
	const struct forge_pull_change *change, struct err *err) MUST_CHECK;
int forge_pull_set_draft(
	struct forge *f, struct str node_id, bool draft, struct err *err) MUST_CHECK;
/* GitHub's own auto-merge, under its branch protection; method "squash", "merge", "rebase". */
int forge_pull_auto_merge(
	struct forge *f, struct str node_id, const char *method, struct err *err) MUST_CHECK;
int forge_pull_stop_auto_merge(struct forge *f, struct str node_id, struct err *err) MUST_CHECK;
/* Logins, and "org/team" for teams. Those GitHub refuses (no collaborator) are told in *err as
 * ERR_CONFIG and are no reason to stop. */
int forge_request_reviewers(struct forge *f, struct str repo, int64_t number,
	const struct str *reviewers, size_t n, struct err *err) MUST_CHECK;
struct forge_file {
	struct str path, previous_path, status; /* added modified removed renamed */
	struct str patch;                       /* hunks; empty when binary or too large */
	int additions, deletions;
};
int forge_pull_files(struct forge *f, struct str repo, int64_t number, struct forge_file **out,
	size_t *n, struct arena *mem, struct err *err) MUST_CHECK;
/* The pull requests that hold a commit (a fork's too, which events do not name). */
int forge_pulls_of_commit(struct forge *f, struct str repo, struct str sha, struct forge_pulls *out,
	struct arena *mem, struct err *err) MUST_CHECK;

/* Comments of an issue or pull request, and of a diff's lines. */
struct forge_comment {
	int64_t id, created_at, updated_at;
	struct str author, association, body, html_url;
	bool author_is_bot;
	/* Of a diff's line: */
	struct str path, commit_id;
	int64_t line, review_id, in_reply_to; /* 0: none */
};
int forge_comments(struct forge *f, struct str repo, int64_t issue, struct forge_comment **out,
	size_t *n, struct arena *mem, struct err *err) MUST_CHECK;
int forge_comment_create(struct forge *f, struct str repo, int64_t issue, struct str body,
	struct forge_comment *out, struct arena *mem, struct err *err) MUST_CHECK;
/* FORGE_NONE: it is gone. */
int forge_comment_update(struct forge *f, struct str repo, int64_t comment, struct str body,
	struct err *err) MUST_CHECK;
/* Gone already is success, here and wherever something is deleted or taken away. */
int forge_comment_delete(
	struct forge *f, struct str repo, int64_t comment, struct err *err) MUST_CHECK;
int forge_line_comments(struct forge *f, struct str repo, int64_t pull, struct forge_comment **out,
	size_t *n, struct arena *mem, struct err *err) MUST_CHECK;
int forge_line_comment_reply(struct forge *f, struct str repo, int64_t pull, int64_t comment,
	struct str body, struct err *err) MUST_CHECK;
/* content "+1" "-1" "eyes" "rocket" "confused"; the same one twice is one. */
int forge_react(struct forge *f, struct str repo, int64_t comment, bool of_line,
	const char *content, struct err *err) MUST_CHECK;

/* Reviews. Never an approval: there is no way to ask for one. */
struct forge_review {
	int64_t id, submitted_at;
	struct str author, association, state, body, commit_id; /* state CHANGES_REQUESTED ... */
	bool author_is_bot;
};
int forge_reviews(struct forge *f, struct str repo, int64_t pull, struct forge_review **out,
	size_t *n, struct arena *mem, struct err *err) MUST_CHECK;
struct forge_line_note {
	struct str path, body;    /* a ```suggestion block replaces first_line..line */
	int64_t first_line, line; /* of the new file; first_line 0: one line */
};
struct forge_review_draft {
	struct str body, commit_id;
	const struct forge_line_note *notes;
	size_t n;
};
int forge_review_create(struct forge *f, struct str repo, int64_t pull,
	const struct forge_review_draft *draft, struct err *err) MUST_CHECK;

/* Issues and labels. */
struct forge_issue {
	int64_t number, updated_at;
	struct str title, body, author, html_url, closed_by;
	bool author_is_bot, open, is_pull;
	const struct str *labels;
	size_t n_labels;
};
int forge_issue(struct forge *f, struct str repo, int64_t number, struct forge_issue *out,
	struct arena *mem, struct err *err) MUST_CHECK;
/* Those with the label; state as in forge_pull_filter. Pull requests are left out. */
int forge_issues(struct forge *f, struct str repo, struct str label, const char *state,
	struct forge_issue **out, size_t *n, struct arena *mem, struct err *err) MUST_CHECK;
struct forge_issue_draft {
	struct str title, body;
	const struct str *labels;
	size_t n_labels;
};
int forge_issue_create(struct forge *f, struct str repo, const struct forge_issue_draft *draft,
	struct forge_issue *out, struct arena *mem, struct err *err) MUST_CHECK;
int forge_issue_update(struct forge *f, struct str repo, int64_t number,
	const struct forge_pull_change *change, struct err *err) MUST_CHECK;
struct forge_label {
	struct str name, color, description; /* color "d93f0b" */
};
/* Made when missing; there already is success. */
int forge_label_ensure(struct forge *f, struct str repo, const struct forge_label *label,
	struct err *err) MUST_CHECK;
int forge_labels_add(struct forge *f, struct str repo, int64_t issue, const struct str *labels,
	size_t n, struct err *err) MUST_CHECK;
int forge_label_remove(struct forge *f, struct str repo, int64_t issue, struct str label,
	struct err *err) MUST_CHECK;

/* Refs, commits, contents. */
/* sha of a branch; FORGE_NONE when it is not there. */
int forge_branch(struct forge *f, struct str repo, struct str branch, struct str *sha,
	struct arena *mem, struct err *err) MUST_CHECK;
int forge_branch_delete(
	struct forge *f, struct str repo, struct str branch, struct err *err) MUST_CHECK;
struct forge_commit {
	struct str sha, message, author_login, author_email, committer_login, committer_email;
	int64_t time;
	const struct str *parents;
	size_t n_parents;
};
int forge_commit(struct forge *f, struct str repo, struct str sha, struct forge_commit *out,
	struct arena *mem, struct err *err) MUST_CHECK;
/* base..head, oldest first, and the files that changed. cut: GitHub listed 250 commits or 300 files
 * and there are more. */
struct forge_compare {
	struct forge_commit *commits;
	struct forge_file *files;
	size_t n_commits, n_files;
	int64_t ahead, behind;
	bool cut;
};
int forge_compare(struct forge *f, struct str repo, struct str base, struct str head,
	struct forge_compare *out, struct arena *mem, struct err *err) MUST_CHECK;
/* A file's bytes, at most 32 MiB; FORGE_NONE for a folder, a link or a submodule as well. */
int forge_contents(struct forge *f, struct str repo, struct str path, struct str ref,
	struct str *content, struct arena *mem, struct err *err) MUST_CHECK;
/* A file's mode as git has it in a commit: 0100644, 0100755, 0120000 (a link), 0160000 (a
 * submodule). One question for each folder above it. */
int forge_file_mode(struct forge *f, struct str repo, struct str commit, struct str path, int *mode,
	struct arena *mem, struct err *err) MUST_CHECK;
/* A commit made by GitHub, which signs it when an app or the Actions token asks: blobs, tree and
 * commit on parent; then the branch is made, or moved when it is ours (force). */
struct forge_change {
	struct str path, content; /* content.p NULL: the file goes */
	bool executable;
};
struct forge_commit_draft {
	struct str branch, parent, message;
	const struct forge_change *changes;
	size_t n;
	bool force;
};
int forge_commit_create(struct forge *f, struct str repo, const struct forge_commit_draft *draft,
	struct str *sha, struct arena *mem, struct err *err) MUST_CHECK;

/* Checks. */
enum { FORGE_ANNOTATIONS_A_REQUEST = 50 };
struct forge_annotation {
	struct str path, title, message;
	int64_t first_line, last_line;
	const char *level; /* "notice", "warning", "failure" */
};
struct forge_check {
	int64_t id;
	struct str name, head_sha, external_id, status, conclusion, title, summary, app_slug;
	const struct forge_annotation *annotations; /* written only */
	size_t n_annotations;
	size_t annotations_there; /* read; of those to write as many are passed over */
};
int forge_checks(struct forge *f, struct str repo, struct str ref, struct forge_check **out,
	size_t *n, struct arena *mem, struct err *err) MUST_CHECK;
/* Made, or with an id changed; annotations in as many requests as they need. */
int forge_check_write(struct forge *f, struct str repo, struct forge_check *check,
	struct arena *mem, struct err *err) MUST_CHECK;
struct forge_status {
	struct str context, state, description; /* success failure error pending */
};
int forge_statuses(struct forge *f, struct str repo, struct str ref, struct forge_status **out,
	size_t *n, struct arena *mem, struct err *err) MUST_CHECK;

/* Workflow runs. */
struct forge_run {
	int64_t id, workflow_id, attempt, created_at, updated_at;
	struct str name, path, event, status, conclusion, head_branch, head_sha, head_repo,
		html_url;
	struct str actor, triggering_actor;
};
struct forge_run_filter {
	struct str branch, event, status, head_sha; /* empty: any; status "failure", "success"... */
	struct str workflow;                        /* file name or id; empty: all */
	size_t max;                                 /* 0: 100 */
};
int forge_runs(struct forge *f, struct str repo, const struct forge_run_filter *filter,
	struct forge_run **out, size_t *n, struct arena *mem, struct err *err) MUST_CHECK;
int forge_run(struct forge *f, struct str repo, int64_t id, struct forge_run *out,
	struct arena *mem, struct err *err) MUST_CHECK;
struct forge_step {
	struct str name, conclusion;
	int number;
};
struct forge_job {
	int64_t id;
	struct str name, conclusion, runner_name, html_url;
	const struct forge_step *steps;
	size_t n_steps;
};
int forge_jobs(struct forge *f, struct str repo, int64_t run, struct forge_job **out, size_t *n,
	struct arena *mem, struct err *err) MUST_CHECK;
/* The zip of a run's logs, or one job's plain log, into the open file fd, at most max_bytes.
 * FORGE_NONE: gone (they are kept for a time only). */
int forge_run_logs(struct forge *f, struct str repo, int64_t run, int fd, size_t max_bytes,
	struct err *err) MUST_CHECK;
int forge_job_log(struct forge *f, struct str repo, int64_t job, int fd, size_t max_bytes,
	struct err *err) MUST_CHECK;
struct forge_artifact {
	int64_t id, size_bytes, run_id;
	struct str name, digest, head_sha; /* digest "sha256:..." or empty */
	bool expired;
};
int forge_artifacts(struct forge *f, struct str repo, int64_t run, struct forge_artifact **out,
	size_t *n, struct arena *mem, struct err *err) MUST_CHECK;
int forge_artifact_download(struct forge *f, struct str repo, int64_t artifact, int fd,
	size_t max_bytes, struct err *err) MUST_CHECK;
int forge_rerun_failed(struct forge *f, struct str repo, int64_t run, struct err *err) MUST_CHECK;

/* What doctor asks. */
struct forge_actions_policy {
	bool enabled, may_create_pulls;
	struct str default_permissions; /* "read", "write" */
};
/* ERR_AUTH when only an administrator may know. */
int forge_actions_policy(struct forge *f, struct str repo, struct forge_actions_policy *out,
	struct arena *mem, struct err *err) MUST_CHECK;
struct forge_rules {
	bool protected, needs_pull, needs_checks, needs_reviews, restricts_push;
	bool known; /* false: neither rulesets nor protection could be read */
};
int forge_branch_rules(struct forge *f, struct str repo, struct str branch, struct forge_rules *out,
	struct arena *mem, struct err *err) MUST_CHECK;
/* Of the token in force: OAuth scopes (classic tokens), the permissions of an installation as
 * "contents:write" items, the rate limit, and the server's clock. */
struct forge_access {
	const struct str *scopes, *permissions;
	size_t n_scopes, n_permissions;
	int64_t rate_limit, rate_left, rate_reset_at, server_time;
	struct str kind; /* "app", "actions", "fine-grained", "classic", "none" */
};
int forge_access(
	struct forge *f, struct forge_access *out, struct arena *mem, struct err *err) MUST_CHECK;
/* Deliveries of the app's webhook that the receiver did not answer with 2xx since a time, newest
 * first; and asking for one again. */
struct forge_delivery {
	int64_t id, delivered_at;
	struct str guid, event, action;
	int status_code;
};
int forge_failed_deliveries(struct forge *f, int64_t since, struct forge_delivery **out, size_t *n,
	struct arena *mem, struct err *err) MUST_CHECK;
int forge_redeliver(struct forge *f, int64_t delivery, struct err *err) MUST_CHECK;
