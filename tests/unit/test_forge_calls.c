/* Each call of the forge: what it asks, what it makes of the answer. */
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/trace.h"
#include "support/forge_fixture.h"
#include "support/scratch.h"

typedef struct forge_fixture fixture;

#define PLAY(...)                                                                                  \
	const struct peer_step steps[] = {__VA_ARGS__};                                            \
	fixture *f = *state;                                                                       \
	fixture_play(f, steps, ARRAY_LEN(steps), NULL)
#define OK(call) assert_int_equal((call), 0)
#define FAILS(call, with)                                                                          \
	do {                                                                                       \
		assert_int_equal((call), -1);                                                      \
		assert_int_equal(f->err.code, (with));                                             \
	} while (0)

#define R FIXTURE_REPO

/* ---- who ---- */

#define NAMED "{\"login\":\"eve\",\"id\":5,\"type\":\"User\"}"
#define VIEWER "{\"data\":{\"viewer\":{\"login\":\"heal[bot]\",\"databaseId\":9}}}"

static void test_me(void **state)
{
	static const struct {
		struct peer_step steps[2];
		const char *login, *type;
		int64_t id;
	} cases[] = {
		{{{"GET", "/user", .body = NAMED}}, "eve", "User", 5},
		{{{"GET", "/user", .status = 403}, {"POST", "/graphql", "viewer", .body = VIEWER}},
			"heal[bot]", "Bot", 9},
		{{{"GET", "/user", .status = 403}, {"POST", "/graphql", .status = 403}},
			"github-actions[bot]", "Bot", 41898282},
		{{{"GET", "/user", .status = 403}, {"POST", "/graphql", .body = "{\"data\":null}"}},
			"github-actions[bot]", "Bot", 41898282},
	};
	struct forge_user u;
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fixture_play(f, cases[i].steps, i ? 2 : 1, NULL);
		/* Twice: asked once. */
		OK(forge_me(f->forge, &u, &f->mem, &f->err));
		OK(forge_me(f->forge, &u, &f->mem, &f->err));
		assert_str(u.login, cases[i].login);
		assert_str(u.type, cases[i].type);
		assert_int_equal(u.id, cases[i].id);
		fixture_done(f);
	}
}

static void test_nobody(void **state)
{
	struct forge_user u;
	PLAY({"GET", "/user", .status = 401}, {"GET", "/user", .body = "{}"},
		{"GET", "/user", .status = 404}, {"GET", "/user", .status = 403},
		{"POST", "/graphql", .status = 502}, {"POST", "/graphql", .status = 502},
		{"POST", "/graphql", .status = 502}, {"POST", "/graphql", .status = 502},
		{"GET", "/user", .body = NAMED});

	FAILS(forge_me(f->forge, &u, &f->mem, &f->err), ERR_AUTH);
	FAILS(forge_me(f->forge, &u, &f->mem, &f->err), ERR_PARSE);
	FAILS(forge_me(f->forge, &u, &f->mem, &f->err), ERR_AUTH);
	FAILS(forge_me(f->forge, &u, &f->mem, &f->err), ERR_NET);
	OK(forge_me(f->forge, &u, &f->mem, &f->err));
	fixture_done(f);
}

static void test_repository(void **state)
{
	struct forge_repository r;
	PLAY({"GET", "/repos/o/r",
		     .body = "{\"full_name\":\"o/r\",\"default_branch\":\"main\",\"private\":true,"
			     "\"fork\":true,\"archived\":true,\"allow_auto_merge\":true,"
			     "\"clone_url\":\"https://h/o/"
			     "r.git\",\"permissions\":{\"push\":true}}"},
		{"GET", "/repos/o/r",
			.body = "{\"full_name\":\"o/r\",\"permissions\":null,"
				"\"default_branch\":null}"},
		{"GET", "/repos/o/r", .status = 404});

	OK(forge_repository(f->forge, R, &r, &f->mem, &f->err));
	assert_true(r.private && r.fork && r.archived && r.can_push && r.allow_auto_merge);
	assert_str(r.clone_url, "https://h/o/r.git");
	OK(forge_repository(f->forge, R, &r, &f->mem, &f->err));
	assert_false(r.private || r.can_push || r.default_branch.n);
	assert_int_equal(forge_repository(f->forge, R, &r, &f->mem, &f->err), FORGE_NONE);
	fixture_done(f);
}

static void test_permissions(void **state)
{
	static const struct {
		struct peer_step answer;
		enum forge_permission expected;
	} cases[] = {
		{{.body = "{\"permission\":\"admin\",\"role_name\":\"admin\"}"}, FORGE_CAN_ADMIN},
		{{.body = "{\"permission\":\"write\",\"role_name\":\"maintain\"}"},
			FORGE_CAN_MAINTAIN},
		{{.body = "{\"permission\":\"read\",\"role_name\":\"triage\"}"}, FORGE_CAN_TRIAGE},
		{{.body = "{\"permission\":\"write\",\"role_name\":\"our own\"}"}, FORGE_CAN_WRITE},
		{{.body = "{\"permission\":\"read\"}"}, FORGE_CAN_READ},
		{{.body = "{\"permission\":\"none\",\"role_name\":\"\"}"}, FORGE_CAN_NOTHING},
		{{.body = "{}"}, FORGE_CAN_NOTHING},
		{{.status = 404}, FORGE_CAN_NOTHING},
	};
	enum forge_permission may;
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct peer_step step = cases[i].answer;

		step.target = "/repos/o/r/collaborators/a%2F..%3Fb/permission";
		fixture_play(f, &step, 1, NULL);
		may = FORGE_CAN_ADMIN;
		OK(forge_permission_of(f->forge, R, STR("a/..?b"), &may, &f->err));
		assert_int_equal(may, cases[i].expected);
		fixture_done(f);
	}
}

/* ---- pull requests ---- */

#define PULL                                                                                       \
	"{\"number\":7,\"node_id\":\"PR_7\",\"state\":\"closed\",\"title\":\"T\",\"body\":null,"   \
	"\"draft\":true,\"user\":{\"login\":\"heal[bot]\",\"type\":\"Bot\"},"                      \
	"\"labels\":[{\"name\":\"auto-fix\"},{\"name\":null},{\"name\":\"x\"}],"                   \
	"\"created_at\":\"2023-11-14T22:13:20Z\",\"merged_at\":\"2023-11-14T22:13:21Z\","          \
	"\"closed_at\":\"rubbish\",\"merge_commit_sha\":\"abc\","                                  \
	"\"head\":{\"ref\":\"fix\",\"sha\":\"h\",\"repo\":null},"                                  \
	"\"base\":{\"ref\":\"main\",\"sha\":\"b\",\"repo\":{\"full_name\":\"o/r\"}}}"

static void test_pull(void **state)
{
	struct forge_pull p;
	PLAY({"GET", "/repos/o/r/pulls/7", .body = PULL}, {.status = 404},
		{.body = "{\"number\":8,\"merged\":false,\"user\":null,\"head\":null}"});

	OK(forge_pull(f->forge, R, 7, &p, &f->mem, &f->err));
	assert_int_equal(p.number, 7);
	assert_str(p.node_id, "PR_7");
	assert_str(p.author, "heal[bot]");
	assert_true(p.author_is_bot && p.draft && p.merged && !p.open);
	assert_int_equal(p.body.n, 0);
	assert_int_equal(p.n_labels, 2);
	assert_str(p.labels[1], "x");
	assert_int_equal(p.created_at, FIXTURE_START);
	assert_int_equal(p.merged_at, FIXTURE_START + 1);
	assert_int_equal(p.closed_at, 0);
	assert_str(p.head_ref, "fix");
	assert_int_equal(p.head_repo.n, 0);
	assert_str(p.base_sha, "b");
	assert_int_equal(forge_pull(f->forge, R, 7, &p, &f->mem, &f->err), FORGE_NONE);
	OK(forge_pull(f->forge, R, 8, &p, &f->mem, &f->err));
	assert_false(p.merged || p.author_is_bot);
	fixture_done(f);
}

static void test_pulls(void **state)
{
	struct forge_pull_filter all = {0},
				 some = {"all", STR("o:selfheal/test&x"), STR("main"), 1};
	struct forge_pulls v;
	PLAY({"GET", "/repos/o/r/pulls?state=open&sort=created&direction=desc&per_page=100",
		     .body = "[" PULL "," PULL "]"},
		{"GET",
			"/repos/o/r/pulls?state=all&sort=created&direction=desc&per_page=100&head="
			"o%3Aselfheal%2Ftest%26x&base=main",
			.body = "[" PULL "," PULL "]"},
		{"GET", "/repos/o/r/commits/abc/pulls?per_page=100", .body = "[" PULL "]"});

	OK(forge_pulls(f->forge, R, &all, &v, &f->mem, &f->err));
	assert_int_equal(v.n, 2);
	assert_false(v.cut);
	OK(forge_pulls(f->forge, R, &some, &v, &f->mem, &f->err));
	assert_int_equal(v.n, 1);
	assert_true(v.cut);
	OK(forge_pulls_of_commit(f->forge, R, STR("abc"), &v, &f->mem, &f->err));
	assert_int_equal(v.v[0].number, 7);
	fixture_done(f);
}

static void test_pull_create(void **state)
{
	static const struct forge_pull_draft draft = {
		STR("T"), STR("B \"q\""), STR("fix"), STR("main"), true};
	struct forge_pull p;
	PLAY({"POST", "/repos/o/r/pulls",
		     "{\"base\":\"main\",\"body\":\"B \\\"q\\\"\",\"draft\":true,\"head\":\"fix\","
		     "\"title\":\"T\"}",
		     .status = 201, .body = PULL},
		{.status = 422,
			.body = "{\"message\":\"Validation Failed\",\"errors\":[{\"message\":"
				"\"A pull request already exists for o:fix.\"}]}"},
		{.status = 422,
			.body = "{\"message\":\"Validation Failed\",\"errors\":[{\"message\":"
				"\"No commits between main and fix\"}]}"},
		{.status = 404, .body = "{\"message\":\"Not Found\"}"}, {.body = "{}"});

	OK(forge_pull_create(f->forge, R, &draft, &p, &f->mem, &f->err));
	assert_int_equal(p.number, 7);
	FAILS(forge_pull_create(f->forge, R, &draft, &p, &f->mem, &f->err), ERR_CONFLICT);
	assert_said(f, "already exists for o:fix");
	FAILS(forge_pull_create(f->forge, R, &draft, &p, &f->mem, &f->err), ERR_CONFLICT);
	FAILS(forge_pull_create(f->forge, R, &draft, &p, &f->mem, &f->err), ERR_AUTH);
	FAILS(forge_pull_create(f->forge, R, &draft, &p, &f->mem, &f->err), ERR_PARSE);
	fixture_done(f);
}

static void test_pull_and_issue_update(void **state)
{
	static const struct forge_pull_change all = {STR("T"), STR(""), STR("main"), "open"},
					      closing = {.state = "closed"};
	PLAY({"PATCH", "/repos/o/r/pulls/7",
		     "{\"base\":\"main\",\"body\":\"\",\"state\":\"open\",\"title\":\"T\"}"},
		{"PATCH", "/repos/o/r/pulls/7", "{\"state\":\"closed\"}"},
		{"PATCH", "/repos/o/r/issues/7",
			"{\"body\":\"\",\"state\":\"open\",\"title\":\"T\"}"},
		{"PATCH", "/repos/o/r/issues/7", .status = 404});

	OK(forge_pull_update(f->forge, R, 7, &all, &f->err));
	OK(forge_pull_update(f->forge, R, 7, &closing, &f->err));
	OK(forge_issue_update(f->forge, R, 7, &all, &f->err));
	FAILS(forge_issue_update(f->forge, R, 7, &closing, &f->err), ERR_AUTH);
	fixture_done(f);
}

static void test_graphql(void **state)
{
	PLAY({"POST", "/graphql",
		     "convertPullRequestToDraft\n\"variables\":{\"id\":\"PR_7\"}\nBearer tok",
		     .body = "{\"data\":{}}"},
		{"POST", "/graphql", "markPullRequestReadyForReview", .body = "{\"data\":{}}"},
		{"POST", "/graphql", "enablePullRequestAutoMerge\n\"method\":\"SQUASH\"",
			.body = "{\"data\":{}}"},
		{"POST", "/graphql", "disablePullRequestAutoMerge", .body = "{\"data\":{}}"},
		{.headers = "X-GitHub-Request-Id: AB:1\n",
			.body = "{\"data\":null,\"errors\":[{\"type\":\"UNPROCESSABLE\","
				"\"message\":"
				"\"Auto merge is not allowed for this repository\"}]}"},
		{.body = "{\"errors\":[{\"type\":\"UNPROCESSABLE\",\"message\":\"Pull request is "
			 "in "
			 "clean status\"}]}"},
		{.body = "{\"errors\":[{\"type\":\"FORBIDDEN\",\"message\":\"no\"}]}"},
		{.body = "{\"errors\":[{}]}"}, {.body = "{\"errors\":[7]}"}, {.status = 401});
	struct str id = STR("PR_7");

	OK(forge_pull_set_draft(f->forge, id, true, &f->err));
	OK(forge_pull_set_draft(f->forge, id, false, &f->err));
	OK(forge_pull_auto_merge(f->forge, id, "squash", &f->err));
	OK(forge_pull_stop_auto_merge(f->forge, id, &f->err));
	FAILS(forge_pull_auto_merge(f->forge, id, "merge", &f->err), ERR_CONFIG);
	assert_said(f, "not allowed for this repository, request AB:1");
	FAILS(forge_pull_auto_merge(f->forge, id, "rebase", &f->err), ERR_CONFLICT);
	FAILS(forge_pull_set_draft(f->forge, id, true, &f->err), ERR_AUTH);
	FAILS(forge_pull_set_draft(f->forge, id, true, &f->err), ERR_CONFIG);
	FAILS(forge_pull_set_draft(f->forge, id, true, &f->err), ERR_CONFIG);
	FAILS(forge_pull_set_draft(f->forge, id, true, &f->err), ERR_AUTH);
	FAILS(forge_pull_auto_merge(f->forge, id, "fast", &f->err), ERR_CONFIG);
	fixture_done(f);
}

/* GitHub Enterprise Server: REST under /api/v3, GraphQL beside it. */
static void test_enterprise_server(void **state)
{
	static const struct peer_step steps[] = {
		{"GET", "/api/v3/repos/o/r/issues/5/comments?per_page=100",
			.headers = "Link: <{peer}/api/v3/repositories/1/c?page=2>; rel=\"next\"\n",
			.body = "[{\"id\":1}]"},
		{"GET", "/api/v3/repositories/1/c?page=2",
			.headers = "Link: <https://other.name/api/v3/repositories/1/c?page=3>; "
				   "rel=\"next\"\n",
			.body = "[{\"id\":2}]"},
		{"GET", "/api/v3/repositories/1/c?page=3", .body = "[]"},
		{"POST", "/api/graphql", .body = "{\"data\":{}}"}};
	struct forge_options options = {
		.api_url = "/api/v3/", .token = " tok\n", .write_gap_ms = -1};
	struct forge_comment *v;
	fixture *f = *state;
	size_t n;

	fixture_play(f, steps, ARRAY_LEN(steps), &options);
	OK(forge_comments(f->forge, R, 5, &v, &n, &f->mem, &f->err));
	assert_int_equal(n, 2);
	OK(forge_pull_set_draft(f->forge, STR("PR"), true, &f->err));
	fixture_done(f);
}

static void test_reviewers(void **state)
{
	static const struct str both[] = {STR("eve"), STR("o/team")};
	PLAY({"POST", "/repos/o/r/pulls/7/requested_reviewers",
		     "{\"reviewers\":[\"eve\"],\"team_reviewers\":[\"team\"]}", .status = 201},
		/* One is refused: each alone. */
		{.status = 422},
		{.has = "{\"reviewers\":[\"eve\"],\"team_reviewers\":[]}", .status = 422},
		{.has = "{\"reviewers\":[],\"team_reviewers\":[\"team\"]}", .status = 201},
		{.status = 422}, {.status = 403});

	OK(forge_request_reviewers(f->forge, R, 7, both, 0, &f->err));
	OK(forge_request_reviewers(f->forge, R, 7, both, 2, &f->err));
	FAILS(forge_request_reviewers(f->forge, R, 7, both, 2, &f->err), ERR_CONFIG);
	assert_said(f, "no review can be asked of eve:");
	FAILS(forge_request_reviewers(f->forge, R, 7, both, 1, &f->err), ERR_CONFIG);
	FAILS(forge_request_reviewers(f->forge, R, 7, both, 2, &f->err), ERR_AUTH);
	fixture_done(f);
}

static void test_files(void **state)
{
	struct forge_file *v;
	size_t n;
	PLAY({"GET", "/repos/o/r/pulls/7/files?per_page=100",
		.body = "[{\"filename\":\"a.c\",\"status\":\"renamed\",\"previous_filename\":"
			"\"b.c\",\"additions\":2,\"deletions\":1,\"patch\":\"@@ -1 +1 @@\"},"
			"{\"filename\":\"x.png\",\"status\":\"added\"},{}]"});

	OK(forge_pull_files(f->forge, R, 7, &v, &n, &f->mem, &f->err));
	assert_int_equal(n, 2);
	assert_str(v[0].previous_path, "b.c");
	assert_int_equal(v[0].additions, 2);
	assert_str(v[0].patch, "@@ -1 +1 @@");
	assert_int_equal(v[1].patch.n, 0);
	fixture_done(f);
}

/* ---- comments and reviews ---- */

static void test_comments(void **state)
{
	struct forge_comment c, *v;
	size_t n;
	PLAY({"POST", "/repos/o/r/issues/7/comments", "{\"body\":\"hi\"}", .status = 201,
		     .body = "{\"id\":70,\"user\":{\"login\":\"me\",\"type\":\"User\"},"
			     "\"author_association\":\"OWNER\"}"},
		{"PATCH", "/repos/o/r/issues/comments/70", "{\"body\":\"ho\"}"},
		{"PATCH", "/repos/o/r/issues/comments/70", .status = 404},
		{"DELETE", "/repos/o/r/issues/comments/70", .status = 204},
		{"DELETE", "/repos/o/r/issues/comments/70", .status = 404},
		{"GET", "/repos/o/r/pulls/7/comments?per_page=100",
			.body = "[{\"id\":71,\"path\":\"a.c\",\"line\":null,\"commit_id\":\"c\","
				"\"pull_request_review_id\":5,\"in_reply_to_id\":70}]"},
		{"POST", "/repos/o/r/pulls/7/comments/71/replies", "{\"body\":\"re\"}",
			.status = 201});

	OK(forge_comment_create(f->forge, R, 7, STR("hi"), &c, &f->mem, &f->err));
	assert_int_equal(c.id, 70);
	assert_str(c.association, "OWNER");
	OK(forge_comment_update(f->forge, R, 70, STR("ho"), &f->err));
	assert_int_equal(forge_comment_update(f->forge, R, 70, STR("ho"), &f->err), FORGE_NONE);
	OK(forge_comment_delete(f->forge, R, 70, &f->err));
	OK(forge_comment_delete(f->forge, R, 70, &f->err));
	OK(forge_line_comments(f->forge, R, 7, &v, &n, &f->mem, &f->err));
	assert_str(v[0].path, "a.c");
	assert_int_equal(v[0].line, 0);
	assert_int_equal(v[0].review_id, 5);
	assert_int_equal(v[0].in_reply_to, 70);
	OK(forge_line_comment_reply(f->forge, R, 7, 71, STR("re"), &f->err));
	fixture_done(f);
}

static void test_reactions(void **state)
{
	PLAY({"POST", "/repos/o/r/issues/comments/70/reactions", "{\"content\":\"eyes\"}"},
		{"POST", "/repos/o/r/pulls/comments/71/reactions", "{\"content\":\"+1\"}",
			.status = 201});

	OK(forge_react(f->forge, R, 70, false, "eyes", &f->err));
	OK(forge_react(f->forge, R, 71, true, "+1", &f->err));
	fixture_done(f);
}

static void test_reviews(void **state)
{
	static const struct forge_line_note notes[] = {{STR("a.c"), STR("one"), 0, 9},
		{STR("b.c"), STR("two"), 3, 5}, {STR("b.c"), STR("same"), 5, 5}};
	static const struct forge_review_draft draft = {STR("B"), STR("abc"), notes, 3};
	struct forge_review *v;
	size_t n;
	PLAY({"GET", "/repos/o/r/pulls/7/reviews?per_page=100",
		     .body = "[{\"id\":1,\"state\":\"CHANGES_REQUESTED\",\"body\":\"no\",\"user\":"
			     "{\"login\":\"eve\",\"type\":\"User\"},\"submitted_at\":"
			     "\"2023-11-14T22:13:20Z\",\"commit_id\":\"abc\"}]"},
		{"POST", "/repos/o/r/pulls/7/reviews",
			"\"event\":\"COMMENT\"\n\"commit_id\":\"abc\"\n!APPROVE\n"
			"{\"body\":\"one\",\"line\":9,\"path\":\"a.c\",\"side\":\"RIGHT\"}\n"
			"{\"body\":\"two\",\"line\":5,\"path\":\"b.c\",\"side\":\"RIGHT\",\"start_"
			"line\":3,"
			"\"start_side\":\"RIGHT\"}\n"
			"{\"body\":\"same\",\"line\":5,\"path\":\"b.c\",\"side\":\"RIGHT\"}"});

	OK(forge_reviews(f->forge, R, 7, &v, &n, &f->mem, &f->err));
	assert_str(v[0].state, "CHANGES_REQUESTED");
	assert_int_equal(v[0].submitted_at, FIXTURE_START);
	OK(forge_review_create(f->forge, R, 7, &draft, &f->err));
	fixture_done(f);
}

/* ---- issues and labels ---- */

static void test_issues(void **state)
{
	static const struct str labels[] = {STR("a"), STR("b c")};
	static const struct forge_issue_draft draft = {STR("T"), STR("B"), labels, 2};
	struct forge_issue i, *v;
	size_t n;
	PLAY({"GET", "/repos/o/r/issues/5",
		     .body = "{\"number\":5,\"state\":\"closed\",\"closed_by\":{\"login\":\"eve\"},"
			     "\"labels\":[\"plain\"],\"pull_request\":{}}"},
		{"GET", "/repos/o/r/issues/5", .status = 410},
		{"GET", "/repos/o/r/issues?state=open&labels=self%20heal&per_page=100",
			.body = "[{\"number\":1,\"state\":\"open\"},{\"number\":2,\"pull_request\":"
				"{\"url\":\"x\"}},{\"number\":3}]"},
		{"POST", "/repos/o/r/issues",
			"{\"body\":\"B\",\"labels\":[\"a\",\"b c\"],\"title\":\"T\"}",
			.status = 201,
			.body = "{\"number\":9,\"state\":\"open\",\"title\":\"T\"}"});

	OK(forge_issue(f->forge, R, 5, &i, &f->mem, &f->err));
	assert_str(i.closed_by, "eve");
	assert_true(i.is_pull && !i.open);
	assert_str(i.labels[0], "plain");
	assert_int_equal(forge_issue(f->forge, R, 5, &i, &f->mem, &f->err), FORGE_NONE);
	OK(forge_issues(f->forge, R, STR("self heal"), NULL, &v, &n, &f->mem, &f->err));
	assert_int_equal(n, 2);
	assert_int_equal(v[1].number, 3);
	OK(forge_issue_create(f->forge, R, &draft, &i, &f->mem, &f->err));
	assert_true(i.open);
	fixture_done(f);
}

static void test_labels(void **state)
{
	static const struct forge_label label = {STR("auto-fix"), STR("d93f0b"), STR("by a bot")};
	static const struct str names[] = {STR("a"), STR("b")};
	PLAY({"POST", "/repos/o/r/labels",
		     "{\"color\":\"d93f0b\",\"description\":\"by a bot\",\"name\":\"auto-fix\"}",
		     .status = 201},
		{"POST", "/repos/o/r/labels", .status = 422,
			.body = "{\"errors\":[{\"code\":\"already_exists\"}]}"},
		{"POST", "/repos/o/r/labels", .status = 422, .body = "{}"},
		{"POST", "/repos/o/r/labels", .status = 403},
		{"POST", "/repos/o/r/issues/7/labels", "{\"labels\":[\"a\",\"b\"]}"},
		{"DELETE", "/repos/o/r/issues/7/labels/help%20%2F%20wanted"},
		{"DELETE", "/repos/o/r/issues/7/labels/x", .status = 404});

	OK(forge_label_ensure(f->forge, R, &label, &f->err));
	OK(forge_label_ensure(f->forge, R, &label, &f->err));
	FAILS(forge_label_ensure(f->forge, R, &label, &f->err), ERR_CONFIG);
	FAILS(forge_label_ensure(f->forge, R, &label, &f->err), ERR_AUTH);
	OK(forge_labels_add(f->forge, R, 7, names, 0, &f->err));
	OK(forge_labels_add(f->forge, R, 7, names, 2, &f->err));
	OK(forge_label_remove(f->forge, R, 7, STR("help / wanted"), &f->err));
	OK(forge_label_remove(f->forge, R, 7, STR("x"), &f->err));
	fixture_done(f);
}

/* ---- refs, commits, contents ---- */

static void test_branches(void **state)
{
	struct str sha = STR_NULL;
	PLAY({"GET", "/repos/o/r/git/ref/heads/selfheal/test-a%23b",
		     .body = "{\"ref\":\"x\",\"object\":{\"sha\":\"abc\"}}"},
		{"GET", "/repos/o/r/git/ref/heads/x", .status = 404},
		{"GET", "/repos/o/r/git/ref/heads/x", .body = "[{\"ref\":\"refs/heads/xy\"}]"},
		{"DELETE", "/repos/o/r/git/refs/heads/x", .status = 204},
		{"DELETE", "/repos/o/r/git/refs/heads/x", .status = 422,
			.body = "{\"message\":\"Reference does not exist\"}"},
		{"DELETE", "/repos/o/r/git/refs/heads/x", .status = 422, .body = "{}"});

	OK(forge_branch(f->forge, R, STR("selfheal/test-a#b"), &sha, &f->mem, &f->err));
	assert_str(sha, "abc");
	assert_int_equal(forge_branch(f->forge, R, STR("x"), &sha, &f->mem, &f->err), FORGE_NONE);
	assert_int_equal(forge_branch(f->forge, R, STR("x"), &sha, &f->mem, &f->err), FORGE_NONE);
	OK(forge_branch_delete(f->forge, R, STR("x"), &f->err));
	OK(forge_branch_delete(f->forge, R, STR("x"), &f->err));
	FAILS(forge_branch_delete(f->forge, R, STR("x"), &f->err), ERR_CONFIG);
	fixture_done(f);
}

/* A name of a branch or of a file never leads out of its place. */
static void test_names_that_lead_elsewhere(void **state)
{
	static const char *const names[] = {"", "..", "../x", "a/../b", "a//b", "/a", "a/", "./a"};
	struct str out;
	fixture *f = *state;

	fixture_play(f, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str name = str_of(names[i]);
		struct forge_change change = {.path = name, .content = STR("x")};
		struct forge_commit_draft draft = {.branch = name, .changes = &change, .n = 1};

		FAILS(forge_branch(f->forge, R, name, &out, &f->mem, &f->err), ERR_CONFIG);
		FAILS(forge_branch_delete(f->forge, R, name, &f->err), ERR_CONFIG);
		FAILS(forge_contents(f->forge, R, name, STR_NULL, &out, &f->mem, &f->err),
			ERR_CONFIG);
		FAILS(forge_commit_create(f->forge, R, &draft, &out, &f->mem, &f->err), ERR_CONFIG);
	}
	fixture_done(f);
}

#define COMMIT(sha)                                                                                \
	"{\"sha\":\"" sha "\",\"commit\":{\"message\":\"M\",\"author\":{\"email\":\"e@x\"},"       \
	"\"committer\":{\"date\":\"2023-11-14T22:13:20Z\"}},\"author\":{\"login\":\"eve\"},"       \
	"\"parents\":[{\"sha\":\"p1\"},{\"sha\":\"p2\"}]}"

static void test_commits(void **state)
{
	struct forge_commit c;
	struct forge_compare all;
	PLAY({"GET", "/repos/o/r/commits/abc?per_page=1", .body = COMMIT("abc")},
		{"GET", "/repos/o/r/compare/main...feature/x",
			.body = "{\"ahead_by\":2,\"behind_by\":1,\"total_commits\":2,\"commits\":"
				"[" COMMIT("c1") "," COMMIT(
					"c2") "],\"files\":[{\"filename\":\"a.c\"}]}"},
		{.body = "{\"total_commits\":300,\"commits\":[],\"files\":null}"}, {.body = "{}"},
		{.status = 404});

	OK(forge_commit(f->forge, R, STR("abc"), &c, &f->mem, &f->err));
	assert_str(c.message, "M");
	assert_str(c.author_login, "eve");
	assert_str(c.author_email, "e@x");
	assert_int_equal(c.time, FIXTURE_START);
	assert_int_equal(c.n_parents, 2);
	assert_str(c.parents[1], "p2");
	OK(forge_compare(f->forge, R, STR("main"), STR("feature/x"), &all, &f->mem, &f->err));
	assert_int_equal(all.n_commits, 2);
	assert_str(all.commits[1].sha, "c2");
	assert_int_equal(all.n_files, 1);
	assert_int_equal(all.behind, 1);
	assert_false(all.cut);
	OK(forge_compare(f->forge, R, STR("a"), STR("b"), &all, &f->mem, &f->err));
	assert_true(all.cut);
	FAILS(forge_compare(f->forge, R, STR("a"), STR("b"), &all, &f->mem, &f->err), ERR_PARSE);
	assert_int_equal(
		forge_compare(f->forge, R, STR("a"), STR("b"), &all, &f->mem, &f->err), FORGE_NONE);
	fixture_done(f);
}

static void test_contents(void **state)
{
	struct str text = STR_NULL;
	PLAY({"GET", "/repos/o/r/contents/dir/a%20b.c?ref=main",
		     .body = "{\"type\":\"file\",\"encoding\":\"base64\",\"content\":\"aGVs\\nbG8="
			     "\\n\"}"},
		{"GET", "/repos/o/r/contents/dir", .body = "[{\"type\":\"file\"}]"},
		{"GET", "/repos/o/r/contents/dir", .body = "{\"type\":\"symlink\"}"},
		{"GET", "/repos/o/r/contents/big",
			.body = "{\"type\":\"file\",\"encoding\":\"none\"}"},
		{"GET", "/repos/o/r/contents/big", "Accept: application/vnd.github.raw+json",
			.body = "{\"raw\": 1}"},
		{.body = "{\"type\":\"file\",\"content\":\"!!\"}"}, {.status = 404});

	OK(forge_contents(f->forge, R, STR("dir/a b.c"), STR("main"), &text, &f->mem, &f->err));
	assert_str(text, "hello");
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			forge_contents(f->forge, R, STR("dir"), STR_NULL, &text, &f->mem, &f->err),
			FORGE_NONE);
	OK(forge_contents(f->forge, R, STR("big"), STR_NULL, &text, &f->mem, &f->err));
	assert_str(text, "{\"raw\": 1}");
	FAILS(forge_contents(f->forge, R, STR("x"), STR_NULL, &text, &f->mem, &f->err), ERR_PARSE);
	assert_int_equal(forge_contents(f->forge, R, STR("x"), STR_NULL, &text, &f->mem, &f->err),
		FORGE_NONE);
	fixture_done(f);
}

static const struct forge_change changes[] = {{STR("a.c"), STR("int x;\n"), false},
	{STR("run"), STR("\xff\x00z"), true}, {STR("old"), STR_NULL, false}};

static void test_commit_create(void **state)
{
	static const struct forge_commit_draft draft = {
		STR("selfheal/x"), STR("abc1234"), STR("M"), changes, 3, false};
	struct str sha = STR_NULL;
	PLAY({"GET", "/repos/o/r/git/commits/abc1234", .body = "{\"tree\":{\"sha\":\"7ee7ee7\"}}"},
		{"POST", "/repos/o/r/git/blobs", "{\"content\":\"/wB6\",\"encoding\":\"base64\"}",
			.status = 201, .body = "{\"sha\":\"b10bb10b\"}"},
		{"POST", "/repos/o/r/git/trees",
			"\"base_tree\":\"7ee7ee7\"\n"
			"{\"content\":\"int "
			"x;\\n\",\"mode\":\"100644\",\"path\":\"a.c\",\"type\":\"blob\"}\n"
			"{\"mode\":\"100755\",\"path\":\"run\",\"sha\":\"b10bb10b\",\"type\":"
			"\"blob\"}\n"
			"{\"mode\":\"100644\",\"path\":\"old\",\"sha\":null,\"type\":\"blob\"}",
			.status = 201, .body = "{\"sha\":\"7ee27ee2\"}"},
		{"POST", "/repos/o/r/git/commits",
			"{\"message\":\"M\",\"parents\":[\"abc1234\"],\"tree\":\"7ee27ee2\"}",
			.status = 201, .body = "{\"sha\":\"c0ffee00\"}"},
		{"GET", "/repos/o/r/git/ref/heads/selfheal/x", .status = 404},
		{"POST", "/repos/o/r/git/refs",
			"{\"ref\":\"refs/heads/selfheal/x\",\"sha\":\"c0ffee00\"}", .status = 201});

	OK(forge_commit_create(f->forge, R, &draft, &sha, &f->mem, &f->err));
	assert_str(sha, "c0ffee00");
	fixture_done(f);
}

static void test_commit_create_moves_a_branch(void **state)
{
	static const struct forge_commit_draft draft = {
		STR("x"), STR("abc1234"), STR("M"), changes, 1, true};
	struct str sha = STR("untouched");
	PLAY({.body = "{\"tree\":{\"sha\":\"7ee7ee7\"}}"}, {.body = "{\"sha\":\"7ee27ee2\"}"},
		{.body = "{\"sha\":\"c0ffee00\"}"}, {.body = "{\"object\":{\"sha\":\"0ldc0de\"}}"},
		{"PATCH", "/repos/o/r/git/refs/heads/x", "{\"force\":true,\"sha\":\"c0ffee00\"}",
			.status = 422, .body = "{\"message\":\"Update is not a fast forward\"}"},
		{.status = 404}, {.body = "{\"tree\":null}"});

	FAILS(forge_commit_create(f->forge, R, &draft, &sha, &f->mem, &f->err), ERR_CONFLICT);
	assert_str(sha, "untouched");
	FAILS(forge_commit_create(f->forge, R, &draft, &sha, &f->mem, &f->err), ERR_AUTH);
	FAILS(forge_commit_create(f->forge, R, &draft, &sha, &f->mem, &f->err), ERR_PARSE);
	fixture_done(f);
}

/* ---- checks ---- */

static void test_checks(void **state)
{
	struct forge_check *v;
	struct forge_status *s;
	size_t n;
	PLAY({"GET", "/repos/o/r/commits/abc/check-runs?per_page=100",
		     .body = "{\"total_count\":2,\"check_runs\":[{\"id\":1,\"name\":\"ci\","
			     "\"status\":"
			     "\"completed\",\"conclusion\":null,\"app\":{\"slug\":\"github-"
			     "actions\"},"
			     "\"output\":{\"title\":null,\"summary\":\"S\"}},{}]}"},
		{"GET", "/repos/o/r/commits/heads%2Fmain/status?per_page=100",
			.body = "{\"state\":\"failure\",\"statuses\":[{\"context\":\"jenkins\","
				"\"state\":"
				"\"failure\",\"description\":null}]}"});

	OK(forge_checks(f->forge, R, STR("abc"), &v, &n, &f->mem, &f->err));
	assert_int_equal(n, 1);
	assert_str(v[0].app_slug, "github-actions");
	assert_str(v[0].summary, "S");
	assert_int_equal(v[0].conclusion.n, 0);
	OK(forge_statuses(f->forge, R, STR("heads/main"), &s, &n, &f->mem, &f->err));
	assert_str(s[0].context, "jenkins");
	fixture_done(f);
}

/* Fifty annotations a request, and a part that may have been taken is not sent again. */
static void test_check_write(void **state)
{
	struct forge_annotation many[51];
	struct forge_check c = {.name = STR("selfheal"),
		.head_sha = STR("abc"),
		.status = STR("completed"),
		.conclusion = STR("neutral"),
		.summary = STR("S"),
		.annotations = many,
		.n_annotations = ARRAY_LEN(many)};
	PLAY({"POST", "/repos/o/r/check-runs",
		     "\"head_sha\":\"abc\"\n\"conclusion\":\"neutral\"\n\"summary\":\"S\"\n"
		     "{\"annotation_level\":\"warning\",\"end_line\":3,\"message\":\"m\",\"path\":"
		     "\"f49\",\"start_line\":2,\"title\":\"t\"}\n!f50",
		     .status = 201, .body = "{\"id\":33}"},
		{"PATCH", "/repos/o/r/check-runs/33", "f50\n!f49\n!head_sha",
			.body = "{\"id\":33}"},
		{"PATCH", "/repos/o/r/check-runs/33", "\"annotations\":[]", .body = "{\"id\":33}"},
		{"PATCH", "/repos/o/r/check-runs/33", .status = 502});

	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct forge_annotation){
			arena_printf(&f->mem, "f%zu", i), STR("t"), STR("m"), 2, 3, "warning"};
	OK(forge_check_write(f->forge, R, &c, &f->mem, &f->err));
	assert_int_equal(c.id, 33);
	c.n_annotations = 0;
	OK(forge_check_write(f->forge, R, &c, &f->mem, &f->err));
	c.n_annotations = 1;
	FAILS(forge_check_write(f->forge, R, &c, &f->mem, &f->err), ERR_NET);
	fixture_done(f);
}

/* ---- workflow runs ---- */

static void test_runs(void **state)
{
	struct forge_run_filter some = {.branch = STR("a b"),
		.event = STR("push"),
		.status = STR("failure"),
		.head_sha = STR("abc"),
		.workflow = STR("ci.yml"),
		.max = 2};
	struct forge_run_filter all = {0};
	struct forge_run r, *v;
	size_t n;
	PLAY({"GET",
		     "/repos/o/r/actions/workflows/ci.yml/runs?per_page=2&branch=a%20b&event=push&"
		     "status=failure&head_sha=abc",
		     .headers = "Link: </next>; rel=\"next\"\n",
		     .body = "{\"workflow_runs\":[{\"id\":30433642,\"name\":\"CI\",\"run_attempt\":"
			     "2,"
			     "\"head_branch\":null,\"head_repository\":{\"full_name\":\"f/r\"},"
			     "\"actor\":{\"login\":\"eve\"},\"triggering_actor\":{\"login\":"
			     "\"mal\"}},"
			     "{\"id\":2},{\"id\":3}]}"},
		{"GET", "/repos/o/r/actions/runs?per_page=100", .body = "{\"workflow_runs\":[]}"},
		{"GET", "/repos/o/r/actions/runs/5",
			.body = "{\"id\":5,\"conclusion\":\"failure\"}"},
		{"GET", "/repos/o/r/actions/runs/6", .status = 404});

	OK(forge_runs(f->forge, R, &some, &v, &n, &f->mem, &f->err));
	assert_int_equal(n, 2);
	assert_int_equal(v[0].attempt, 2);
	assert_int_equal(v[1].attempt, 1);
	assert_str(v[0].head_repo, "f/r");
	assert_str(v[0].actor, "eve");
	assert_str(v[0].triggering_actor, "mal");
	OK(forge_runs(f->forge, R, &all, &v, &n, &f->mem, &f->err));
	assert_int_equal(n, 0);
	OK(forge_run(f->forge, R, 5, &r, &f->mem, &f->err));
	assert_str(r.conclusion, "failure");
	assert_int_equal(forge_run(f->forge, R, 6, &r, &f->mem, &f->err), FORGE_NONE);
	fixture_done(f);
}

static void test_jobs_and_artifacts(void **state)
{
	struct forge_job *jobs;
	struct forge_artifact *artifacts;
	size_t n;
	PLAY({"GET", "/repos/o/r/actions/runs/5/jobs?filter=latest&per_page=100",
		     .body = "{\"jobs\":[{\"id\":50,\"name\":\"test "
			     "(3.11)\",\"conclusion\":\"failure\","
			     "\"steps\":[{\"name\":\"Run "
			     "tests\",\"conclusion\":\"failure\",\"number\":4},"
			     "null]}]}"},
		{"GET", "/repos/o/r/actions/runs/5/artifacts?per_page=100",
			.body = "{\"artifacts\":[{\"id\":9,\"name\":\"bundle\",\"size_in_bytes\":"
				"12,"
				"\"expired\":true,\"digest\":\"sha256:aa\",\"workflow_run\":{"
				"\"id\":5,"
				"\"head_sha\":\"abc\"}}]}"},
		{"POST", "/repos/o/r/actions/runs/5/rerun-failed-jobs", .status = 201,
			.body = "{}"});

	OK(forge_jobs(f->forge, R, 5, &jobs, &n, &f->mem, &f->err));
	assert_int_equal(jobs[0].n_steps, 2);
	assert_str(jobs[0].steps[0].name, "Run tests");
	assert_int_equal(jobs[0].steps[0].number, 4);
	OK(forge_artifacts(f->forge, R, 5, &artifacts, &n, &f->mem, &f->err));
	assert_int_equal(artifacts[0].run_id, 5);
	assert_str(artifacts[0].digest, "sha256:aa");
	assert_true(artifacts[0].expired);
	OK(forge_rerun_failed(f->forge, R, 5, &f->err));
	fixture_done(f);
}

static int open_scratch(void)
{
	char path[] = "/tmp/selfheal-test-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	(void)unlink(path);
	return fd;
}

static void assert_file(int fd, const char *expected)
{
	char text[100] = "";

	assert_int_equal(pread(fd, text, sizeof(text) - 1, 0), strlen(expected));
	assert_string_equal(text, expected);
	close(fd);
}

/* Logs lie on a storage host, which must not get the token; a broken try leaves nothing behind. */
static void test_downloads(void **state)
{
	static const struct peer_step theirs[] = {
		{"GET", "/logs.zip?sig=1", "!Bearer\n!tok", .fault = PEER_CUT, .body = "PK broken"},
		{"GET", "/logs.zip?sig=1", "!Bearer\n!tok",
			.headers = "Content-Type: application/zip\n", .body = "PK logs"}};
	static const struct peer_step ours[] = {
		{"GET", "/repos/o/r/actions/runs/5/logs", "Bearer tok", .status = 302,
			.headers = "Location: {other}/logs.zip?sig=1\n"},
		{"GET", "/repos/o/r/actions/runs/5/logs", "Bearer tok", .status = 302,
			.headers = "Location: {other}/logs.zip?sig=1\n"},
		{"GET", "/repos/o/r/actions/jobs/50/logs", .body = "plain"},
		{"GET", "/repos/o/r/actions/artifacts/9/zip", .body = "PK artifact"},
		{"GET", "/repos/o/r/actions/runs/5/logs", .status = 410},
		{"GET", "/repos/o/r/actions/runs/5/logs", .status = 403,
			.body = "{\"message\":\"no\"}"},
		{"GET", "/repos/o/r/actions/runs/5/logs", .filler = 101}};
	fixture *f = *state;
	int fd = open_scratch();

	f->other = peer_start(theirs, ARRAY_LEN(theirs), NULL);
	fixture_play(f, ours, ARRAY_LEN(ours), NULL);
	OK(forge_run_logs(f->forge, R, 5, fd, 100, &f->err));
	assert_file(fd, "PK logs");
	fd = open_scratch();
	OK(forge_job_log(f->forge, R, 50, fd, 100, &f->err));
	assert_file(fd, "plain");
	fd = open_scratch();
	OK(forge_artifact_download(f->forge, R, 9, fd, 100, &f->err));
	assert_file(fd, "PK artifact");
	fd = open_scratch();
	assert_int_equal(forge_run_logs(f->forge, R, 5, fd, 100, &f->err), FORGE_NONE);
	FAILS(forge_run_logs(f->forge, R, 5, fd, 100, &f->err), ERR_AUTH);
	FAILS(forge_run_logs(f->forge, R, 5, fd, 100, &f->err), ERR_LIMIT);
	close(fd);
	fixture_done(f);
	assert_true(peer_stop(TAKE(f->other)));
}

/* ---- what doctor asks ---- */

static void test_actions_policy(void **state)
{
	struct forge_actions_policy p;
	PLAY({"GET", "/repos/o/r/actions/permissions", .body = "{\"enabled\":true}"},
		{"GET", "/repos/o/r/actions/permissions/workflow",
			.body = "{\"default_workflow_permissions\":\"read\","
				"\"can_approve_pull_request_reviews\":true}"},
		{.status = 403}, {.status = 404});

	OK(forge_actions_policy(f->forge, R, &p, &f->mem, &f->err));
	assert_true(p.enabled && p.may_create_pulls);
	assert_str(p.default_permissions, "read");
	FAILS(forge_actions_policy(f->forge, R, &p, &f->mem, &f->err), ERR_AUTH);
	FAILS(forge_actions_policy(f->forge, R, &p, &f->mem, &f->err), ERR_AUTH);
	fixture_done(f);
}

static void test_branch_rules(void **state)
{
	struct forge_rules r;
	PLAY({"GET", "/repos/o/r/rules/branches/release%2F1?per_page=100",
		     .body = "[{\"type\":\"pull_request\",\"parameters\":{"
			     "\"required_approving_review_count\":1}},"
			     "{\"type\":\"required_status_checks\"},{\"type\":null}]"},
		{"GET", "/repos/o/r/branches/release%2F1", .body = "{\"protected\":false}"},
		{"GET", "/repos/o/r/branches/release%2F1/protection", .status = 403},
		/* The older protection alone. */
		{.body = "[]"}, {.body = "{\"protected\":true}"},
		{.body = "{\"required_pull_request_reviews\":{\"required_approving_review_count\":"
			 "2},"
			 "\"required_status_checks\":{},\"restrictions\":{}}"},
		/* None, and none that may be seen. */
		{.body = "[]"}, {.body = "{\"protected\":false}"}, {.status = 404}, {.status = 404},
		{.status = 451});

	OK(forge_branch_rules(f->forge, R, STR("release/1"), &r, &f->mem, &f->err));
	assert_true(r.known && r.protected && r.needs_pull && r.needs_reviews && r.needs_checks);
	assert_false(r.restricts_push);
	OK(forge_branch_rules(f->forge, R, STR("m"), &r, &f->mem, &f->err));
	assert_true(r.known && r.protected && r.needs_pull && r.needs_reviews && r.needs_checks &&
		    r.restricts_push);
	OK(forge_branch_rules(f->forge, R, STR("m"), &r, &f->mem, &f->err));
	assert_true(r.known && !r.protected);
	OK(forge_branch_rules(f->forge, R, STR("m"), &r, &f->mem, &f->err));
	assert_false(r.known || r.protected);
	FAILS(forge_branch_rules(f->forge, R, STR("m"), &r, &f->mem, &f->err), ERR_POLICY);
	fixture_done(f);
}

static void test_access(void **state)
{
	static const struct {
		const char *token, *limit, *kind;
	} cases[] = {{"ghp_x", "5000", "classic"}, {"github_pat_x", "5000", "fine-grained"},
		{"ghs_x", "1000", "actions"}, {"ghs_x", "5000", "app"}, {NULL, "60", "none"}};
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct forge_options options = {.token = cases[i].token, .write_gap_ms = -1};
		struct str body = arena_printf(&f->mem,
			"{\"resources\":{\"core\":{\"limit\":%s,\"remaining\":7,\"reset\":9}}}",
			cases[i].limit);
		const struct peer_step step = {"GET", "/rate_limit",
			.headers = "Date: Tue, 14 Nov 2023 22:13:20 GMT\nX-OAuth-Scopes: repo, "
				   "workflow\n",
			.body = body.p};
		struct forge_access a;

		fixture_play(f, &step, 1, &options);
		OK(forge_access(f->forge, &a, &f->mem, &f->err));
		assert_str(a.kind, cases[i].kind);
		assert_int_equal(a.rate_left, 7);
		assert_int_equal(a.rate_reset_at, 9);
		assert_int_equal(a.server_time, FIXTURE_START);
		assert_int_equal(a.n_scopes, 2);
		assert_str(a.scopes[1], "workflow");
		fixture_done(f);
	}
}

/* ---- the trace ---- */

static void test_trace_tells_no_secret(void **state)
{
	static const struct peer_step steps[] = {
		{.headers = "X-GitHub-Request-Id: AB:12\n", .body = "{\"number\":7}"},
		{"POST", .status = 201, .body = "{\"id\":1}"}};
	static const struct forge_options options = {.token = "ghp_secret", .write_gap_ms = -1};
	struct scratch scratch;
	struct forge_comment c;
	struct forge_pull p;
	char path[100], text[4096] = "";
	fixture *f = *state;
	int fd;

	scratch_make(&scratch);
	(void)snprintf(path, sizeof(path), "%s/trace", scratch.dir);
	setenv("SELFHEAL_TRACE", path, 1);
	trace_open();
	fixture_play(f, steps, ARRAY_LEN(steps), &options);
	OK(forge_pull(f->forge, R, 7, &p, &f->mem, &f->err));
	OK(forge_comment_create(f->forge, R, 7, STR("a body"), &c, &f->mem, &f->err));
	fixture_done(f);
	trace_close();
	unsetenv("SELFHEAL_TRACE");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	scratch_remove(&scratch);
	assert_non_null(strstr(text, "\"event\":\"http\""));
	assert_non_null(strstr(text, "/repos/o/r/pulls/7 status=200 id=AB:12"));
	assert_non_null(strstr(text, "POST http"));
	assert_null(strstr(text, "secret"));
	assert_null(strstr(text, "a body"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FORGE_TEST(test_me),
		FORGE_TEST(test_nobody),
		FORGE_TEST(test_repository),
		FORGE_TEST(test_permissions),
		FORGE_TEST(test_pull),
		FORGE_TEST(test_pulls),
		FORGE_TEST(test_pull_create),
		FORGE_TEST(test_pull_and_issue_update),
		FORGE_TEST(test_graphql),
		FORGE_TEST(test_enterprise_server),
		FORGE_TEST(test_reviewers),
		FORGE_TEST(test_files),
		FORGE_TEST(test_comments),
		FORGE_TEST(test_reactions),
		FORGE_TEST(test_reviews),
		FORGE_TEST(test_issues),
		FORGE_TEST(test_labels),
		FORGE_TEST(test_branches),
		FORGE_TEST(test_names_that_lead_elsewhere),
		FORGE_TEST(test_commits),
		FORGE_TEST(test_contents),
		FORGE_TEST(test_commit_create),
		FORGE_TEST(test_commit_create_moves_a_branch),
		FORGE_TEST(test_checks),
		FORGE_TEST(test_check_write),
		FORGE_TEST(test_runs),
		FORGE_TEST(test_jobs_and_artifacts),
		FORGE_TEST(test_downloads),
		FORGE_TEST(test_actions_policy),
		FORGE_TEST(test_branch_rules),
		FORGE_TEST(test_access),
		FORGE_TEST(test_trace_tells_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
