/* selfheal-test forge OWNER/NAME: every call of the forge once, as one story, against the GitHub
 * that GITHUB_API_URL names. With GITHUB_TOKEN, or as an app: APP_ID, PRIVATE_KEY. The repository
 * is to have a red run, with an artifact, and a person's comment on a line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "port/forge/forge.h"
#include "port/http/http.h"
#include "tools/selfheal_test.h"

struct story {
	struct forge *forge;
	struct str repo, base, base_sha, fix_sha;
	struct arena *mem;
	struct err *err;
	struct forge_pull pull;
	struct forge_issue issue;
	int64_t comment;
	int failed;
};

enum { FILE_BYTES = 1 << 20 };

/* Says how a call went; whether it went well. */
static bool went(struct story *s, const char *name, int rc)
{
	if (rc == 0)
		return true;
	s->failed++;
	printf("%s: %s\n", name, rc > 0 ? "none" : s->err->msg);
	return false;
}

#define DO(call, ...) went(s, #call, call(s->forge, __VA_ARGS__, s->err))
#define ASK(call, ...) went(s, #call, call(s->forge, s->repo, __VA_ARGS__, s->err))

static void accounts(struct story *s)
{
	struct forge_user me = {0};
	struct forge_repository r = {0};
	struct forge_access access = {0};
	struct forge_actions_policy policy;
	struct forge_rules rules;
	enum forge_permission may;

	DO(forge_me, &me, s->mem);
	printf("me %.*s %" PRId64 "\n", STR_ARGS(me.login), me.id);
	ASK(forge_repository, &r, s->mem);
	s->base = r.default_branch;
	DO(forge_access, &access, s->mem);
	printf("access %.*s %" PRId64 "\n", STR_ARGS(access.kind), access.rate_limit);
	ASK(forge_permission_of, STR("bob"), &may);
	ASK(forge_actions_policy, &policy, s->mem);
	ASK(forge_branch_rules, s->base, &rules, s->mem);
	printf("rules known=%d protected=%d pull=%d reviews=%d\n", rules.known, rules.protected,
		rules.needs_pull, rules.needs_reviews);
}

static void commits(struct story *s)
{
	static const struct forge_change changes[] = {{STR("a.py"), STR("x = 2\ny = 2\n"), false},
		{STR("bin"), STR("\xff\x00\x01"), true}, {STR("doc/b.txt"), STR_NULL, false}};
	struct forge_commit_draft draft = {.branch = STR("selfheal/test-1"),
		.message = STR("Self-healing fix: x"),
		.changes = changes,
		.n = ARRAY_LEN(changes)};
	struct forge_commit commit;
	struct forge_compare compare = {0};
	struct str text = STR_NULL;

	ASK(forge_branch, s->base, &s->base_sha, s->mem);
	draft.parent = s->base_sha;
	ASK(forge_commit_create, &draft, &s->fix_sha, s->mem);
	ASK(forge_commit, s->fix_sha, &commit, s->mem);
	ASK(forge_compare, s->base, draft.branch, &compare, s->mem);
	printf("compare %zu commits %zu files\n", compare.n_commits, compare.n_files);
	ASK(forge_contents, STR("a.py"), draft.branch, &text, s->mem);
	printf("content %zu bytes\n", text.n);
	draft.force = true;
	ASK(forge_commit_create, &draft, &s->fix_sha, s->mem);
}

static void pulls(struct story *s)
{
	static const struct str reviewers[] = {STR("bob"), STR("acme/core")};
	struct forge_pull_draft draft = {
		STR("[Auto-Fix] x"), STR("body"), STR("selfheal/test-1"), s->base, true};
	struct forge_pull_change change = {.title = STR("[Auto-Fix] y"), .body = STR("more")};
	struct forge_pull_filter filter = {.state = "all", .head = STR("acme:selfheal/test-1")};
	struct forge_pulls found = {0};
	struct forge_file *files;
	size_t n = 0;

	if (!ASK(forge_pull_create, &draft, &s->pull, s->mem))
		return;
	ASK(forge_pull, s->pull.number, &s->pull, s->mem);
	ASK(forge_pulls, &filter, &found, s->mem);
	printf("pulls %zu\n", found.n);
	ASK(forge_pull_update, s->pull.number, &change);
	ASK(forge_pull_files, s->pull.number, &files, &n, s->mem);
	ASK(forge_pulls_of_commit, s->fix_sha, &found, s->mem);
	ASK(forge_request_reviewers, s->pull.number, reviewers, ARRAY_LEN(reviewers));
	DO(forge_pull_set_draft, s->pull.node_id, false);
	DO(forge_pull_auto_merge, s->pull.node_id, "squash");
	DO(forge_pull_stop_auto_merge, s->pull.node_id);
	DO(forge_pull_set_draft, s->pull.node_id, true);
}

static void reviews(struct story *s)
{
	static const struct forge_line_note notes[] = {
		{STR("a.py"), STR("```suggestion\nx = 3\n```"), 1, 2},
		{STR("a.py"), STR("one"), 0, 1}};
	struct forge_review_draft draft = {STR("A review"), s->fix_sha, notes, ARRAY_LEN(notes)};
	struct forge_review *v;
	struct forge_comment *comments;
	size_t n = 0;

	ASK(forge_review_create, s->pull.number, &draft);
	ASK(forge_reviews, s->pull.number, &v, &n, s->mem);
	printf("reviews %zu\n", n);
	if (!ASK(forge_line_comments, s->pull.number, &comments, &n, s->mem) || !n)
		return;
	ASK(forge_line_comment_reply, s->pull.number, comments[0].id, STR("thanks"));
	ASK(forge_react, comments[0].id, true, "eyes");
}

static void issues(struct story *s)
{
	static const struct forge_label label = {
		STR("auto-fix"), STR("d93f0b"), STR("made by a bot")};
	static const struct str labels[] = {STR("auto-fix"), STR("needs/review")};
	struct forge_issue_draft draft = {STR("dashboard"), STR("[ ] one"), labels, 1};
	struct forge_pull_change change = {.body = STR("[x] one"), .state = "closed"};
	struct forge_comment comment, *comments;
	struct forge_issue *v;
	size_t n = 0;

	ASK(forge_label_ensure, &label);
	ASK(forge_label_ensure, &label);
	if (!ASK(forge_issue_create, &draft, &s->issue, s->mem))
		return;
	ASK(forge_labels_add, s->issue.number, labels, 2);
	ASK(forge_label_remove, s->issue.number, labels[1]);
	if (ASK(forge_comment_create, s->issue.number, STR("hi"), &comment, s->mem)) {
		ASK(forge_comment_update, comment.id, STR("ho"));
		ASK(forge_react, comment.id, false, "+1");
		ASK(forge_comments, s->issue.number, &comments, &n, s->mem);
		ASK(forge_comment_delete, comment.id);
	}
	ASK(forge_issues, labels[0], "all", &v, &n, s->mem);
	printf("issues %zu\n", n);
	ASK(forge_issue_update, s->issue.number, &change);
	ASK(forge_issue, s->issue.number, &s->issue, s->mem);
}

static void checks(struct story *s)
{
	struct forge_annotation notes[60];
	struct forge_check *v, check = {.name = STR("selfheal"),
				       .head_sha = s->fix_sha,
				       .external_id = STR("e"),
				       .status = STR("completed"),
				       .conclusion = STR("neutral"),
				       .title = STR("t"),
				       .summary = STR("s"),
				       .annotations = notes,
				       .n_annotations = ARRAY_LEN(notes)};
	struct forge_status *statuses;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(notes); i++)
		notes[i] =
			(struct forge_annotation){STR("a.py"), STR("t"), STR("m"), 1, 2, "warning"};
	ASK(forge_check_write, &check, s->mem);
	check.n_annotations = 0;
	ASK(forge_check_write, &check, s->mem);
	ASK(forge_checks, s->fix_sha, &v, &n, s->mem);
	printf("checks %zu\n", n);
	ASK(forge_statuses, s->fix_sha, &statuses, &n, s->mem);
}

static void read_files(struct story *s, int64_t run, int64_t job, int64_t artifact)
{
	char path[] = "/tmp/selfheal-forge-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	(void)unlink(path);
	ASK(forge_run_logs, run, fd, FILE_BYTES);
	ASK(forge_job_log, job, fd, FILE_BYTES);
	ASK(forge_artifact_download, artifact, fd, FILE_BYTES);
	printf("files %ld bytes\n", (long)lseek(fd, 0, SEEK_END));
	close(fd);
}

static void runs(struct story *s)
{
	struct forge_run_filter filter = {.status = STR("failure")},
				some = {.workflow = STR("ci.yml"), .branch = s->base, .max = 5};
	struct forge_run *v, run;
	struct forge_job *jobs = NULL;
	struct forge_artifact *artifacts = NULL;
	size_t n = 0, n_jobs = 0, n_artifacts = 0;

	ASK(forge_runs, &some, &v, &n, s->mem);
	if (!ASK(forge_runs, &filter, &v, &n, s->mem) || !n)
		return;
	ASK(forge_run, v[0].id, &run, s->mem);
	ASK(forge_jobs, v[0].id, &jobs, &n_jobs, s->mem);
	ASK(forge_artifacts, v[0].id, &artifacts, &n_artifacts, s->mem);
	printf("runs %zu jobs %zu artifacts %zu\n", n, n_jobs, n_artifacts);
	if (n_jobs && n_artifacts)
		read_files(s, v[0].id, jobs[0].id, artifacts[0].id);
	ASK(forge_rerun_failed, v[0].id);
}

static void end(struct story *s)
{
	struct forge_pull_change closing = {.state = "closed"};

	ASK(forge_pull_update, s->pull.number, &closing);
	ASK(forge_branch_delete, STR("selfheal/test-1"));
	ASK(forge_branch_delete, STR("selfheal/test-1"));
}

static void deliveries(struct story *s)
{
	struct forge_delivery *v;
	size_t n = 0;

	DO(forge_failed_deliveries, 0, &v, &n, s->mem);
	printf("deliveries %zu\n", n);
	if (n)
		DO(forge_redeliver, v[0].id);
}

int tool_forge(int argc, char **argv)
{
	static void (*const parts[])(struct story *) = {
		accounts, commits, pulls, reviews, issues, checks, runs, end};
	CLEANUP(http_freep) struct http *http = NULL;
	CLEANUP(forge_freep) struct forge *forge = NULL;
	ARENA_AUTO mem = {0};
	struct err err = ERR_INIT;
	struct forge_options options = {.api_url = getenv("GITHUB_API_URL"),
		.token = getenv("GITHUB_TOKEN"),
		.app_id = getenv("APP_ID"),
		.app_key_pem = str_of(getenv("PRIVATE_KEY")),
		.app_repo = argc > 1 ? argv[1] : NULL,
		.write_gap_ms = -1};
	struct story s = {.mem = &mem, .err = &err};

	if (argc != 2)
		return 64;
	if (http_open(&http, &(struct http_options){0}, &err) < 0)
		return 1;
	options.http = http;
	if (forge_open(&forge, &options, &err) < 0) {
		printf("forge_open: %s\n", err.msg);
		return 1;
	}
	s.forge = forge;
	s.repo = str_of(argv[1]);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		parts[i](&s);
	if (options.app_id)
		deliveries(&s);
	return s.failed > 0;
}
