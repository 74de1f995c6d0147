/* The client of GitHub below its calls: headers, pages, ETags, moves, limits, refusals. */
#include "base/buf.h"
#include "support/forge_fixture.h"

typedef struct forge_fixture fixture;

static int get_repository(fixture *f, struct forge_repository *out)
{
	return forge_repository(f->forge, FIXTURE_REPO, out, &f->mem, &f->err);
}

#define REPOSITORY "{\"full_name\":\"o/r\",\"default_branch\":\"main\"}"

static void test_headers(void **state)
{
	static const struct peer_step steps[] = {
		{"GET", "/repos/o/r",
			"Authorization: Bearer tok\nAccept: application/vnd.github+json\n"
			"X-GitHub-Api-Version: 2022-11-28\nUser-Agent: selfheal/\n!Content-Type",
			.body = REPOSITORY},
		{"POST", "/repos/o/r/issues/5/comments",
			"Content-Type: application/json\n{\"body\":\"hi\"}", .status = 201,
			.body = "{\"id\":7}"}};
	struct forge_repository r;
	struct forge_comment c;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	assert_int_equal(get_repository(f, &r), 0);
	assert_str(r.default_branch, "main");
	assert_int_equal(
		forge_comment_create(f->forge, FIXTURE_REPO, 5, STR("hi"), &c, &f->mem, &f->err),
		0);
	assert_int_equal(c.id, 7);
	fixture_done(f);
}

static void test_no_token_no_authorization(void **state)
{
	static const struct peer_step steps[] = {
		{"GET", "/repos/o/r", "!Authorization", .body = REPOSITORY}};
	static const struct forge_options none = {.write_gap_ms = -1};
	struct forge_repository r;
	const char *token = "?";
	fixture *f = *state;

	fixture_play(f, steps, 1, &none);
	assert_int_equal(get_repository(f, &r), 0);
	assert_int_equal(forge_token_peek(f->forge, &token, &f->err), 0);
	assert_null(token);
	fixture_done(f);
}

static void test_options_that_cannot_be(void **state)
{
	static const struct forge_options cases[] = {{.token = "with space"},
		{.token = "two\nlines"}, {.app_id = "", .app_key_pem = STR("x")},
		{.app_id = "1", .app_key_pem = STR("no key")},
		{.app_id = "1", .app_key_pem = STR_NULL},
		{.app_id = "1", .app_key_pem = STR("x"), .app_repo = "no repo"}};
	struct forge *forge = NULL;
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(forge_open(&forge, &cases[i], &f->err), -1);
		assert_int_equal(f->err.code, ERR_CONFIG);
		assert_null(strstr(f->err.msg, "with space"));
	}
	forge_free(NULL);
}

/* Names from outside never become another path. */
static void test_repositories_that_are_none(void **state)
{
	static const char *const names[] = {"", "o", "o/", "/r", "o/r/x", "../..", "o/..", "./r",
		"o/r?x", "o r/x", "o/r%2e", "o/r#", "o\n/r", "\xc3\xb6/r"};
	struct forge_repository r;
	fixture *f = *state;

	fixture_play(f, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(
			forge_repository(f->forge, str_of(names[i]), &r, &f->mem, &f->err), -1);
		assert_int_equal(f->err.code, ERR_CONFIG);
	}
	fixture_done(f);
}

/* ---- pages ---- */

static void test_pages(void **state)
{
	static const struct peer_step steps[] = {
		{"GET", "/repos/o/r/issues/5/comments?per_page=100",
			.headers = "Link: <{peer}/x?page=9>; rel=\"last\", "
				   "<{peer}/repositories/1/comments?page=2>; rel=\"next\"\n",
			.body = "[{\"id\":1},{\"id\":2},null,{\"id\":\"x\"},7]"},
		/* Only what is behind the host is taken from a link. */
		{"GET", "/repositories/1/comments?page=2", "Bearer tok",
			.headers =
				"Link: <http://elsewhere.invalid/repositories/1/comments?page=3>; "
				"rel=\"next\"\n",
			.body = "[{\"id\":3}]"},
		{"GET", "/repositories/1/comments?page=3",
			.headers = "Link: <{peer}/first>; rel=\"first\"\n", .body = "[]"}};
	struct forge_comment *v;
	size_t n;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	assert_int_equal(forge_comments(f->forge, FIXTURE_REPO, 5, &v, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(v[i].id, i + 1);
	fixture_done(f);
}

static void test_pages_up_to_a_number(void **state)
{
	static const struct {
		size_t max;
		bool cut;
		size_t n;
	} cases[] = {{1, true, 1}, {2, true, 2}, {3, false, 3}};
	static const struct peer_step step = {
		.body = "[{\"number\":1},{\"number\":2},{\"number\":3}]"};
	struct forge_pulls pulls;
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct forge_pull_filter filter = {.max = cases[i].max};

		fixture_play(f, &step, 1, NULL);
		assert_int_equal(
			forge_pulls(f->forge, FIXTURE_REPO, &filter, &pulls, &f->mem, &f->err), 0);
		assert_int_equal(pulls.n, cases[i].n);
		assert_int_equal(pulls.cut, cases[i].cut);
		fixture_done(f);
	}
}

/* A server that always names a next page. */
static void test_pages_end(void **state)
{
	struct peer_step steps[100];
	struct forge_comment *v;
	size_t n;
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		steps[i] = (struct peer_step){
			.headers = "Link: </more>; rel=\"next\"\n", .body = "[{\"id\":1}]"};
	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	assert_int_equal(forge_comments(f->forge, FIXTURE_REPO, 5, &v, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 100);
	fixture_done(f);
}

static void test_answers_of_the_wrong_shape(void **state)
{
	static const char *const bodies[] = {"{}", "null", "7", "\"x\"", ""};
	struct forge_repository r;
	struct forge_comment *v;
	size_t n;
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		const struct peer_step steps[] = {{.body = bodies[i]}, {.body = bodies[i]}};

		fixture_play(f, steps, ARRAY_LEN(steps), NULL);
		assert_int_equal(get_repository(f, &r), -1);
		assert_int_equal(f->err.code, ERR_PARSE);
		assert_int_equal(
			forge_comments(f->forge, FIXTURE_REPO, 5, &v, &n, &f->mem, &f->err), -1);
		assert_int_equal(f->err.code, ERR_PARSE);
		fixture_done(f);
	}
}

/* What is no JSON at all is asked for once more, and never kept. */
static void test_answers_that_are_no_json(void **state)
{
	static const char *const bodies[] = {"<html>", "[", "{\"a\":", "{\"a\":1}}"};
	struct forge_repository r;
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		const struct peer_step broken = {
			.has = "!If-None-Match", .headers = "ETag: \"1\"\n", .body = bodies[i]};
		const struct peer_step steps[] = {
			broken, {.has = "!If-None-Match", .body = REPOSITORY}, broken, broken};

		fixture_play(f, steps, ARRAY_LEN(steps), NULL);
		assert_int_equal(get_repository(f, &r), 0);
		assert_int_equal(get_repository(f, &r), -1);
		assert_int_equal(f->err.code, ERR_PARSE);
		assert_said(f, "GET /repos/o/r: cannot parse JSON");
		fixture_done(f);
	}
}

/* A NUL or bytes that are no text in one comment do not hide the others. */
static void test_hostile_text_is_mended(void **state)
{
	static const struct peer_step step = {
		.body = "[{\"id\":1,\"body\":\"a\\u0000b \\\\u0000 \xff \\\xff\"},{\"id\":2}]"};
	static const struct peer_step good = {
		.body = "[{\"id\":1,\"body\":\"a\\u0000b \\\\u0000 \xff\"},{\"id\":2}]"};
	struct forge_comment *v;
	size_t n;
	fixture *f = *state;

	fixture_play(f, &good, 1, NULL);
	assert_int_equal(forge_comments(f->forge, FIXTURE_REPO, 5, &v, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 2);
	assert_str(v[0].body, "a\xef\xbf\xbd"
			      "b \\u0000 \xef\xbf\xbd");
	fixture_done(f);
	const struct peer_step twice[] = {step, step};

	fixture_play(f, twice, 2, NULL);
	assert_int_equal(forge_comments(f->forge, FIXTURE_REPO, 5, &v, &n, &f->mem, &f->err), -1);
	assert_int_equal(f->err.code, ERR_PARSE);
	fixture_done(f);
}

/* ---- answers that did not change ---- */

static void test_etag(void **state)
{
	static const struct peer_step steps[] = {
		{"GET", "/repos/o/r", "!If-None-Match", .headers = "ETag: W/\"1\"\n",
			.body = REPOSITORY},
		{"GET", "/repos/o/r", "If-None-Match: W/\"1\"", .status = 304},
		{"GET", "/repos/o/r", "If-None-Match: W/\"1\"", .headers = "ETag: W/\"2\"\n",
			.body = "{\"full_name\":\"o/r\",\"default_branch\":\"trunk\"}"},
		{"GET", "/repos/o/r", "If-None-Match: W/\"2\"", .status = 304},
		{"GET", "/repos/o/r", "If-None-Match: W/\"2\"", .status = 404},
	};
	static const char *const branches[] = {"main", "main", "trunk", "trunk"};
	struct forge_repository r;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	for (size_t i = 0; i < ARRAY_LEN(branches); i++) {
		assert_int_equal(get_repository(f, &r), 0);
		assert_str(r.default_branch, branches[i]);
	}
	assert_int_equal(get_repository(f, &r), FORGE_NONE);
	fixture_done(f);
}

static void test_etag_keeps_the_next_page(void **state)
{
	static const struct peer_step steps[] = {
		{.headers = "ETag: \"1\"\nLink: </p2>; rel=\"next\"\n", .body = "[{\"id\":1}]"},
		{"GET", "/p2", .headers = "ETag: \"2\"\n", .body = "[{\"id\":2}]"},
		{.has = "If-None-Match: \"1\"", .status = 304},
		{"GET", "/p2", "If-None-Match: \"2\"", .status = 304}};
	struct forge_comment *v;
	size_t n;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			forge_comments(f->forge, FIXTURE_REPO, 5, &v, &n, &f->mem, &f->err), 0);
		assert_int_equal(n, 2);
	}
	fixture_done(f);
}

static int get_pull(fixture *f, int64_t number)
{
	struct forge_pull p;

	return forge_pull(f->forge, FIXTURE_REPO, number, &p, &f->mem, &f->err);
}

/* The oldest goes when there are too many, what is large is never kept. */
static void test_etags_are_bounded(void **state)
{
	enum { KEPT = 64 };
	struct peer_step steps[KEPT + 3];
	fixture *f = *state;

	for (size_t i = 0; i < KEPT + 1; i++)
		steps[i] = (struct peer_step){.has = "!If-None-Match",
			.headers = "ETag: \"x\"\n",
			.body = "{\"number\":1}"};
	steps[KEPT + 1] =
		(struct peer_step){"GET", "/repos/o/r/pulls/2", "If-None-Match", .status = 304};
	steps[KEPT + 2] = (struct peer_step){
		"GET", "/repos/o/r/pulls/1", "!If-None-Match", .body = "{\"number\":1}"};
	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	for (int i = 1; i <= KEPT + 1; i++)
		assert_int_equal(get_pull(f, i), 0);
	assert_int_equal(get_pull(f, 2), 0);
	assert_int_equal(get_pull(f, 1), 0);
	fixture_done(f);
}

static void test_large_answers_are_not_kept(void **state)
{
	BUF_AUTO body = BUF_INIT(4 << 20);
	fixture *f = *state;

	buf_c(&body, "{\"number\":1,\"body\":\"");
	buf_fill(&body, 'x', 2 << 20);
	buf_c(&body, "\"}");
	const struct peer_step steps[] = {{.headers = "ETag: \"x\"\n", .body = buf_text(&body)},
		{.has = "!If-None-Match", .body = "{\"number\":1}"}};

	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	assert_int_equal(get_pull(f, 1), 0);
	assert_int_equal(get_pull(f, 1), 0);
	fixture_done(f);
}

/* ---- moves ---- */

static void test_renamed_repository(void **state)
{
	static const struct peer_step steps[] = {
		{"GET", "/repos/o/r", .status = 301,
			.headers = "Location: {peer}/repositories/9\n"},
		{"GET", "/repositories/9", "Bearer tok", .body = REPOSITORY},
		{"POST", "/repos/o/r/issues/5/comments", .status = 307,
			.headers = "Location: {peer}/repositories/9/issues/5/comments\n"},
		{"POST", "/repositories/9/issues/5/comments", "Bearer tok\n{\"body\":\"hi\"}",
			.body = "{\"id\":7}"}};
	struct forge_repository r;
	struct forge_comment c;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	assert_int_equal(get_repository(f, &r), 0);
	assert_int_equal(
		forge_comment_create(f->forge, FIXTURE_REPO, 5, STR("hi"), &c, &f->mem, &f->err),
		0);
	fixture_done(f);
}

static void test_writes_go_nowhere_else(void **state)
{
	static const struct peer_step cases[] = {
		{"POST", .status = 307, .headers = "Location: http://127.0.0.1:1/x\n"},
		{"POST", .status = 307, .headers = "Location: {peer}evil/x\n"},
		{"POST", .status = 301, .headers = "Location: {peer}/x\n"},
		{"POST", .status = 302, .headers = "Location: {peer}/x\n"},
		{"POST", .status = 307}};
	struct forge_comment c;
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fixture_play(f, &cases[i], 1, NULL);
		assert_int_equal(forge_comment_create(f->forge, FIXTURE_REPO, 5, STR("hi"), &c,
					 &f->mem, &f->err),
			-1);
		fixture_done(f);
	}
}

static void test_moves_end(void **state)
{
	struct peer_step steps[4];
	struct forge_comment c;
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		steps[i] = (struct peer_step){
			"POST", .status = 308, .headers = "Location: {peer}/again\n"};
	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	assert_int_equal(
		forge_comment_create(f->forge, FIXTURE_REPO, 5, STR("hi"), &c, &f->mem, &f->err),
		-1);
	fixture_done(f);
}

/* ---- limits ---- */

/* Each refusal, and for how long to stay away. */
static void test_limits_are_waited_for(void **state)
{
	static const struct {
		struct peer_step refusal;
		int64_t wait_ms;
	} cases[] = {
		{{.status = 403, .headers = "Retry-After: 30\n"}, 30000},
		{{.status = 429, .headers = "Retry-After: 90\n"}, 90000},
		{{.status = 429,
			 .headers = "x-ratelimit-remaining: 0\nx-ratelimit-reset: "
				    "1700000120\n"},
			121000},
		{{.status = 403,
			 .headers = "x-ratelimit-remaining: 0\nx-ratelimit-reset: "
				    "1700000005\n"},
			6000},
		{{.status = 403,
			 .body = "{\"message\":\"You have exceeded a secondary rate limit\"}"},
			60000},
		{{.status = 403, .body = "{\"message\":\"abuse detection mechanism\"}"}, 60000},
		{{.status = 429}, 60000},
	};
	struct forge_repository r;
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct peer_step steps[] = {cases[i].refusal, {.body = REPOSITORY}};

		f->n_waits = 0;
		fixture_now_s = FIXTURE_START;
		fixture_play(f, steps, ARRAY_LEN(steps), NULL);
		assert_int_equal(get_repository(f, &r), 0);
		assert_int_equal(f->n_waits, 1);
		assert_int_equal(f->waits[0], cases[i].wait_ms);
		fixture_done(f);
	}
}

/* A write that was refused for a limit was not done: it is asked for again. */
static void test_limits_of_writes(void **state)
{
	static const struct peer_step steps[] = {
		{"POST", .status = 403, .headers = "Retry-After: 5\n"},
		{"POST", .status = 422, .body = "{\"message\":\"was submitted too quickly\"}"},
		{"POST", .status = 201, .body = "{\"id\":7}"}};
	struct forge_comment c;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	assert_int_equal(
		forge_comment_create(f->forge, FIXTURE_REPO, 5, STR("hi"), &c, &f->mem, &f->err),
		0);
	assert_int_equal(f->n_waits, 2);
	assert_int_equal(f->waits[0], 5000);
	assert_int_equal(f->waits[1], 120000);
	fixture_done(f);
}

static void test_longer_each_time_then_gives_up(void **state)
{
	static const struct peer_step steps[] = {
		{.status = 429}, {.status = 429}, {.status = 429}, {.status = 429}};
	struct forge_repository r;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	assert_int_equal(get_repository(f, &r), -1);
	assert_int_equal(f->err.code, ERR_RATE);
	assert_int_equal(f->n_waits, 3);
	assert_int_equal(f->waits[0], 60000);
	assert_int_equal(f->waits[1], 120000);
	assert_int_equal(f->waits[2], 240000);
	assert_said(f, "open again at 2023-11-14T22:");
	fixture_done(f);
}

static void test_a_limit_that_is_too_far(void **state)
{
	static const struct peer_step step = {.status = 403,
		.headers = "x-ratelimit-limit: 1000\nx-ratelimit-remaining: 0\nx-ratelimit-reset: "
			   "1700003600\n"};
	struct forge_repository r;
	fixture *f = *state;

	fixture_play(f, &step, 1, NULL);
	assert_int_equal(get_repository(f, &r), -1);
	assert_int_equal(f->err.code, ERR_RATE);
	assert_int_equal(f->n_waits, 0);
	assert_said(f, "(1000 requests an hour), open again at 2023-11-14T23:13:21Z");
	/* Until then nobody is asked in vain. */
	assert_int_equal(get_repository(f, &r), -1);
	assert_int_equal(f->err.code, ERR_RATE);
	fixture_done(f);
}

/* The last request of the hour is told by its answer: the next one waits unasked. */
static void test_used_up_by_a_success(void **state)
{
	static const struct peer_step steps[] = {
		{.headers = "x-ratelimit-remaining: 0\nx-ratelimit-reset: 1700000009\n",
			.body = REPOSITORY},
		{.body = REPOSITORY}};
	struct forge_repository r;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	assert_int_equal(get_repository(f, &r), 0);
	assert_int_equal(f->n_waits, 0);
	assert_int_equal(get_repository(f, &r), 0);
	assert_int_equal(f->waits[0], 10000);
	fixture_done(f);
}

static void test_limits_go_by_githubs_clock(void **state)
{
	/* Its clock is 100 s ahead of ours: 1700000105 is five seconds from now. */
	static const struct peer_step steps[] = {
		{.status = 403,
			.headers = "Date: Tue, 14 Nov 2023 22:15:00 GMT\n"
				   "x-ratelimit-remaining: 0\nx-ratelimit-reset: "
				   "1700000105\n"},
		{.body = REPOSITORY}};
	struct forge_repository r;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	assert_int_equal(get_repository(f, &r), 0);
	assert_int_equal(f->waits[0], 6000);
	fixture_done(f);
}

static void test_graphql_has_a_limit_of_its_own(void **state)
{
	static const struct peer_step steps[] = {
		{"POST", "/graphql",
			.headers = "x-ratelimit-remaining: 0\nx-ratelimit-reset: "
				   "1700000030\n",
			.body = "{\"errors\":[{\"type\":\"RATE_LIMITED\",\"message\":\"later\"}]}"},
		{"POST", "/graphql", .body = "{\"data\":{}}"}, {"GET", .body = REPOSITORY}};
	struct forge_repository r;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	assert_int_equal(forge_pull_set_draft(f->forge, STR("PR_x"), true, &f->err), 0);
	assert_int_equal(f->waits[0], 31000);
	assert_int_equal(get_repository(f, &r), 0);
	assert_int_equal(f->n_waits, 1);
	fixture_done(f);
}

static void test_writes_are_a_second_apart(void **state)
{
	static const struct peer_step steps[] = {{"POST", .body = "{}"},
		{"GET", .body = REPOSITORY}, {"POST", .body = "{}"}, {"DELETE", .status = 204}};
	static const struct forge_options usual = {.token = "tok"};
	struct forge_repository r;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), &usual);
	assert_int_equal(forge_react(f->forge, FIXTURE_REPO, 1, false, "eyes", &f->err), 0);
	assert_int_equal(get_repository(f, &r), 0);
	assert_int_equal(f->n_waits, 0);
	assert_int_equal(forge_react(f->forge, FIXTURE_REPO, 1, true, "+1", &f->err), 0);
	assert_int_equal(f->n_waits, 1);
	assert_in_range(f->waits[0], 700, 1000);
	assert_int_equal(forge_comment_delete(f->forge, FIXTURE_REPO, 1, &f->err), 0);
	assert_int_equal(f->n_waits, 2);
	fixture_done(f);
}

/* ---- refusals ---- */

static void test_refusals_are_explained(void **state)
{
	static const struct {
		struct peer_step answer;
		enum err_code code;
		const char *said; /* in the message */
	} cases[] = {
		{{.status = 401, .body = "{\"message\":\"Bad credentials\"}"}, ERR_AUTH,
			"wrong, has expired or was revoked"},
		{{.status = 401, .body = "{\"message\":\"Requires authentication\"}"}, ERR_AUTH,
			"a token is needed"},
		{{.status = 403,
			 .body = "{\"message\":\"GitHub Actions is not permitted to create or "
				 "approve pull requests.\"}"},
			ERR_AUTH, "Allow GitHub Actions to create and approve pull requests"},
		{{.status = 403,
			 .headers = "X-Accepted-GitHub-Permissions: contents=write\n",
			 .body = "{\"message\":\"Resource not accessible by integration\"}"},
			ERR_AUTH, "needs contents=write"},
		{{.status = 403,
			 .body = "{\"message\":\"Resource not accessible by personal access "
				 "token\"}"},
			ERR_AUTH, "give the token this permission"},
		{{.status = 403,
			 .body = "{\"message\":\"refusing to allow a GitHub App to create or "
				 "update workflow `.github/workflows/x.yml` without `workflows` "
				 "permission\"}"},
			ERR_AUTH, "the workflows permission"},
		{{.status = 403,
			 .headers = "X-GitHub-SSO: required; url=https://github.com/orgs/o/sso\n",
			 .body = "{\"message\":\"Resource protected by organization SAML "
				 "enforcement.\"}"},
			ERR_AUTH, "https://github.com/orgs/o/sso"},
		{{.status = 403,
			 .body = "{\"message\":\"Repository was archived so is read-only.\"}"},
			ERR_POLICY, "archived"},
		{{.status = 403, .body = "{\"message\":\"Must have admin rights to Repository.\"}"},
			ERR_AUTH, "only an administrator may"},
		{{.status = 404, .body = "{\"message\":\"Not Found\"}"}, ERR_AUTH,
			"may not see it"},
		{{.status = 409, .body = "{\"message\":\"Git Repository is empty.\"}"},
			ERR_CONFLICT, "empty"},
		{{.status = 410, .body = "{\"message\":\"Issues are disabled for this repo\"}"},
			ERR_CONFIG, "disabled"},
		{{.status = 413}, ERR_LIMIT, "413"},
		{{.status = 422,
			 .body = "{\"message\":\"Validation Failed\",\"errors\":[{\"code\":"
				 "\"invalid\",\"field\":\"base\"}]}"},
			ERR_CONFIG, "Validation Failed: base invalid"},
		{{.status = 422,
			 .body = "{\"message\":\"Validation Failed\",\"errors\":[\"body is too "
				 "long (maximum is 65536 characters)\"]}"},
			ERR_LIMIT, "too long"},
		{{.status = 422, .body = "{\"message\":\"No\",\"errors\":\"one sentence\"}"},
			ERR_CONFIG, "No: one sentence"},
		{{.status = 451, .body = "{\"message\":\"Repository access blocked\"}"}, ERR_POLICY,
			"blocked"},
		{{.status = 500}, ERR_NET, "500"},
		{{.status = 502, .headers = "Content-Type: text/html\n", .body = "<html>Unicorn!"},
			ERR_NET, "502"},
		{{.status = 418, .body = "[]"}, ERR_CONFIG, "418"},
	};
	struct forge_comment c;
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fixture_play(f, &cases[i].answer, 1, NULL);
		f->err = ERR_INIT;
		assert_int_equal(forge_comment_create(f->forge, FIXTURE_REPO, 5, STR("hi"), &c,
					 &f->mem, &f->err),
			-1);
		assert_int_equal(f->err.code, cases[i].code);
		assert_said(f, cases[i].said);
		assert_said(f, "POST /repos/o/r/issues/5/comments: ");
		assert_null(strstr(f->err.msg, "tok "));
		fixture_done(f);
	}
}

static void test_request_ids_and_hostile_words(void **state)
{
	static const struct peer_step step = {.status = 422,
		.headers = "X-GitHub-Request-Id: AB:12\n",
		.body = "{\"message\":\"a\\u001b[31m\\nb\"}"};
	fixture *f = *state;

	fixture_play(f, &step, 1, NULL);
	assert_int_equal(get_pull(f, 1), -1);
	assert_string_equal(f->err.msg, "GET /repos/o/r/pulls/1: 422 a [31m b, request AB:12");
	fixture_done(f);
}

/* Reads are repeated, writes with a lost answer are the caller's to look after. */
static void test_lost_answers(void **state)
{
	static const struct peer_step steps[] = {{"GET", .status = 502},
		{"GET", .fault = PEER_RESET}, {"GET", .body = REPOSITORY},
		{"POST", .fault = PEER_CLOSE}, {"POST", .status = 502}, {"PATCH", .status = 502},
		{"PATCH", .body = "{}"}};
	struct forge_repository r;
	struct forge_comment c;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), NULL);
	assert_int_equal(get_repository(f, &r), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(forge_comment_create(f->forge, FIXTURE_REPO, 5, STR("hi"), &c,
					 &f->mem, &f->err),
			-1);
		assert_int_equal(f->err.code, ERR_NET);
		assert_true(err_is_retryable(&f->err));
	}
	assert_int_equal(forge_comment_update(f->forge, FIXTURE_REPO, 7, STR("hi"), &f->err), 0);
	fixture_done(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FORGE_TEST(test_headers),
		FORGE_TEST(test_no_token_no_authorization),
		FORGE_TEST(test_options_that_cannot_be),
		FORGE_TEST(test_repositories_that_are_none),
		FORGE_TEST(test_pages),
		FORGE_TEST(test_pages_up_to_a_number),
		FORGE_TEST(test_pages_end),
		FORGE_TEST(test_answers_of_the_wrong_shape),
		FORGE_TEST(test_answers_that_are_no_json),
		FORGE_TEST(test_hostile_text_is_mended),
		FORGE_TEST(test_etag),
		FORGE_TEST(test_etag_keeps_the_next_page),
		FORGE_TEST(test_etags_are_bounded),
		FORGE_TEST(test_large_answers_are_not_kept),
		FORGE_TEST(test_renamed_repository),
		FORGE_TEST(test_writes_go_nowhere_else),
		FORGE_TEST(test_moves_end),
		FORGE_TEST(test_limits_are_waited_for),
		FORGE_TEST(test_limits_of_writes),
		FORGE_TEST(test_longer_each_time_then_gives_up),
		FORGE_TEST(test_a_limit_that_is_too_far),
		FORGE_TEST(test_used_up_by_a_success),
		FORGE_TEST(test_limits_go_by_githubs_clock),
		FORGE_TEST(test_graphql_has_a_limit_of_its_own),
		FORGE_TEST(test_writes_are_a_second_apart),
		FORGE_TEST(test_refusals_are_explained),
		FORGE_TEST(test_request_ids_and_hostile_words),
		FORGE_TEST(test_lost_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
