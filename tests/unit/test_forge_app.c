/* The forge as a GitHub App: signed tokens, installation tokens narrowed, kept and renewed. */
#include "base/alloc.h"
#include "base/buf.h"
#include "json/json.h"
#include "port/crypto/base64.h"
#include "support/forge_fixture.h"
#include "support/rsa_pem.h"

typedef struct forge_fixture fixture;

static char *pem; /* one key for all: making one takes a while */

static int make_key(void **state)
{
	(void)state;
	pem = test_private_key("RSA");
	return 0;
}

static int free_key(void **state)
{
	(void)state;
	free(pem);
	return 0;
}

static struct forge_options app(void)
{
	return (struct forge_options){.app_id = "Iv1.abc",
		.app_key_pem = str_of(pem),
		.app_repo = "o/r",
		.write_gap_ms = -1};
}

#define INSTALLATION                                                                               \
	"{\"id\":42,\"permissions\":{\"contents\":\"write\",\"issues\":\"read\",\"actions\":"      \
	"\"admin\",\"workflows\":\"write\",\"secrets\":\"write\",\"administration\":\"write\"}}"
/* The fixture's clock begins at 2023-11-14T22:13:20Z. */
#define TOKEN(name, end)                                                                           \
	"{\"token\":\"" name "\",\"expires_at\":\"" end                                            \
	"\",\"permissions\":{\"contents\":\"write\",\"issues\":\"read\"}}"
#define HOUR "2023-11-14T23:13:20Z"
#define REPOSITORY "{\"full_name\":\"o/r\"}"

static int get_repository(fixture *f)
{
	struct forge_repository r;

	return forge_repository(f->forge, FIXTURE_REPO, &r, &f->mem, &f->err);
}

/* One part of the JSON web token that a request was signed with. */
static struct json_t *jwt_part(struct str request, int part)
{
	BUF_AUTO text = BUF_INIT(4096);
	struct str rest, piece = STR_NULL;
	struct json_t *j = NULL;
	struct err err;

	assert_true(str_cut(&request, "Bearer ", &rest) && str_next_line(&request, &rest));
	for (int i = 0; i <= part; i++)
		assert_true(str_next(&rest, '.', &piece));
	char padded[1024];
	int n = snprintf(padded, sizeof(padded), "%.*s%.*s", STR_ARGS(piece),
		(int)((4 - piece.n % 4) % 4), "===");

	for (int i = 0; i < n; i++)
		padded[i] = padded[i] == '-' ? '+' : padded[i] == '_' ? '/' : padded[i];
	assert_true(base64_decode(&text, str_of(padded)));
	assert_int_equal(json_parse(&j, buf_view(&text), &err), 0);
	return j;
}

static void test_token_of_an_installation(void **state)
{
	static const struct peer_step steps[] = {
		{"GET", "/repos/o/r/installation", "Authorization: Bearer ey",
			.body = INSTALLATION},
		{"POST", "/app/installations/42/access_tokens",
			"Authorization: Bearer ey\n"
			"{\"permissions\":{\"actions\":\"write\",\"administration\":\"read\","
			"\"contents\":\"write\",\"issues\":\"read\"},\"repositories\":[\"r\"]}",
			.status = 201, .body = TOKEN("ghs_1", HOUR)},
		{"GET", "/repos/o/r", "Authorization: Bearer ghs_1", .body = REPOSITORY},
		{"GET", "/repos/o/r", "Authorization: Bearer ghs_1", .body = REPOSITORY}};
	struct forge_options options = app();
	const char *token = NULL;
	fixture *f = *state;
	struct json_t *j;

	fixture_play(f, steps, ARRAY_LEN(steps), &options);
	assert_int_equal(get_repository(f), 0);
	assert_int_equal(get_repository(f), 0);
	assert_int_equal(forge_token_peek(f->forge, &token, &f->err), 0);
	assert_string_equal(token, "ghs_1");
	j = jwt_part(peer_request(f->peer, 0), 0);
	assert_str(json_get_str(j, "alg"), "RS256");
	json_free(j);
	j = jwt_part(peer_request(f->peer, 0), 1);
	assert_str(json_get_str(j, "iss"), "Iv1.abc");
	assert_int_equal(json_get_int(j, "iat", 0), FIXTURE_START - 60);
	assert_in_range(json_get_int(j, "exp", 0), FIXTURE_START, FIXTURE_START + 600);
	json_free(j);
	fixture_done(f);
}

static void test_signature_is_good(void **state)
{
	static const struct peer_step step = {.status = 404};
	struct forge_options options = app();
	struct str request, jwt, signature = STR_NULL;
	BUF_AUTO bytes = BUF_INIT(1000);
	char padded[1024];
	ptrdiff_t dot;
	fixture *f = *state;

	fixture_play(f, &step, 1, &options);
	assert_int_equal(get_repository(f), -1);
	assert_said(f, "not installed on 'o/r'");
	request = peer_request(f->peer, 0);
	assert_true(str_cut(&request, "Bearer ", &jwt) && str_next_line(&request, &jwt));
	dot = str_rfind_char(jwt, '.');
	signature = str_from(jwt, (size_t)dot + 1);
	(void)snprintf(padded, sizeof(padded), "%.*s==", STR_ARGS(signature));
	for (char *p = padded; *p; p++)
		*p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
	assert_true(base64_decode(&bytes, str_of(padded)));
	assert_true(test_is_signed(pem, str_slice(jwt, 0, (size_t)dot), buf_view(&bytes)));
	fixture_done(f);
}

/* Keys as environments hold them. */
static void test_forms_of_the_key(void **state)
{
	static const struct peer_step step = {.status = 404};
	BUF_AUTO escaped = BUF_INIT(10000);
	BUF_AUTO encoded = BUF_INIT(10000);
	struct str rest = str_of(pem), line;
	fixture *f = *state;

	while (str_next_line(&rest, &line)) {
		buf_str(&escaped, line);
		buf_c(&escaped, "\\n");
	}
	base64_encode(&encoded, str_of(pem));
	const struct str forms[] = {buf_view(&escaped), buf_view(&encoded)};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct forge_options options = app();

		options.app_key_pem = forms[i];
		fixture_play(f, &step, 1, &options);
		assert_int_equal(get_repository(f), -1);
		assert_said(f, "not installed");
		fixture_done(f);
	}
}

static void test_renewed_before_its_end(void **state)
{
	static const struct peer_step steps[] = {{.body = INSTALLATION},
		{.body = TOKEN("ghs_1", HOUR)}, {.has = "ghs_1", .body = REPOSITORY},
		{.has = "ghs_1", .body = REPOSITORY}, {.body = INSTALLATION},
		{.body = TOKEN("ghs_2", "2023-11-15T00:13:20Z")},
		{.has = "ghs_2", .body = REPOSITORY}};
	struct forge_options options = app();
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), &options);
	assert_int_equal(get_repository(f), 0);
	fixture_now_s += 3600 - 301;
	assert_int_equal(get_repository(f), 0);
	fixture_now_s += 2;
	assert_int_equal(get_repository(f), 0);
	fixture_done(f);
}

/* GitHub is ill just when the token should be renewed: it is good for five minutes yet. */
static void test_an_old_token_is_better_than_none(void **state)
{
	static const struct peer_step steps[] = {{.body = INSTALLATION},
		{.body = TOKEN("ghs_1", HOUR)}, {.has = "ghs_1", .body = REPOSITORY},
		{.status = 502}, {.status = 502}, {.status = 502}, {.status = 502},
		{.has = "ghs_1", .body = REPOSITORY}, {.status = 502}, {.status = 502},
		{.status = 502}, {.status = 502}};
	struct forge_options options = app();
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), &options);
	assert_int_equal(get_repository(f), 0);
	fixture_now_s = FIXTURE_START + 3600 - 200;
	assert_int_equal(get_repository(f), 0);
	fixture_now_s = FIXTURE_START + 3600;
	assert_int_equal(get_repository(f), -1);
	assert_int_equal(f->err.code, ERR_NET);
	fixture_done(f);
}

static void test_revoked_token(void **state)
{
	static const struct peer_step steps[] = {{.body = INSTALLATION},
		{.body = TOKEN("ghs_1", HOUR)}, {"POST", .has = "ghs_1", .status = 401},
		{.body = INSTALLATION}, {.body = TOKEN("ghs_2", HOUR)},
		{"POST", .has = "ghs_2", .status = 201, .body = "{\"id\":1}"},
		{.has = "ghs_2", .status = 401}, {.body = INSTALLATION},
		{.body = TOKEN("ghs_3", HOUR)}, {.has = "ghs_3", .status = 401}};
	struct forge_options options = app();
	struct forge_comment c;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), &options);
	assert_int_equal(
		forge_comment_create(f->forge, FIXTURE_REPO, 5, STR("x"), &c, &f->mem, &f->err), 0);
	/* Once, not for ever. */
	assert_int_equal(get_repository(f), -1);
	assert_int_equal(f->err.code, ERR_AUTH);
	fixture_done(f);
}

/* Our clock is an hour behind: the first token is refused, the second is signed by GitHub's. */
static void test_clock_that_is_wrong(void **state)
{
	static const struct peer_step steps[] = {
		{.status = 401,
			.headers = "Date: Tue, 14 Nov 2023 23:13:20 GMT\n",
			.body = "{\"message\":\"'Issued at' claim ('iat') must be in the past\"}"},
		{.body = INSTALLATION}, {.body = TOKEN("ghs_1", "2023-11-15T00:13:20Z")},
		{.has = "ghs_1", .body = REPOSITORY}};
	struct forge_options options = app();
	fixture *f = *state;
	struct json_t *j;

	fixture_play(f, steps, ARRAY_LEN(steps), &options);
	assert_int_equal(get_repository(f), 0);
	j = jwt_part(peer_request(f->peer, 1), 1);
	assert_int_equal(json_get_int(j, "iat", 0), FIXTURE_START + 3600 - 60);
	json_free(j);
	fixture_done(f);
}

/* What the app itself may ask is counted apart from what its installations may. */
static void test_limit_of_the_app_itself(void **state)
{
	static const struct peer_step steps[] = {{.body = INSTALLATION,
							 .headers = "x-ratelimit-remaining: 0\n"
								    "x-ratelimit-reset: "
								    "1700000020\n"},
		{.body = TOKEN("ghs_1", HOUR)}, {.body = REPOSITORY}, {.body = REPOSITORY}};
	struct forge_options options = app();
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), &options);
	assert_int_equal(get_repository(f), 0);
	assert_int_equal(f->n_waits, 1);
	assert_int_equal(f->waits[0], 21000);
	assert_int_equal(get_repository(f), 0);
	assert_int_equal(f->n_waits, 1);
	fixture_done(f);
}

static void test_key_that_is_refused(void **state)
{
	static const struct peer_step step = {
		.status = 401, .body = "{\"message\":\"A JSON web token could not be decoded\"}"};
	struct forge_options options = app();
	fixture *f = *state;

	fixture_play(f, &step, 1, &options);
	assert_int_equal(get_repository(f), -1);
	assert_int_equal(f->err.code, ERR_AUTH);
	assert_said(f, "do not belong together");
	fixture_done(f);
}

static void test_workflows_only_when_chosen(void **state)
{
	static const struct peer_step steps[] = {{.body = INSTALLATION},
		{.has = "\"workflows\":\"write\"\n!secrets", .body = TOKEN("ghs_1", HOUR)},
		{.body = REPOSITORY}};
	struct forge_options options = app();
	fixture *f = *state;

	options.app_workflows = true;
	fixture_play(f, steps, ARRAY_LEN(steps), &options);
	assert_int_equal(get_repository(f), 0);
	fixture_done(f);
}

static void test_answers_without_a_token(void **state)
{
	static const char *const answers[] = {"{}", "{\"token\":null}", "{\"token\":7}", "[]",
		"{\"token\":\"a b\",\"expires_at\":\"" HOUR "\"}"};
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		const struct peer_step steps[] = {{.body = "{}"}, {.body = answers[i]}};
		struct forge_options options = app();

		fixture_play(f, steps, ARRAY_LEN(steps), &options);
		assert_int_equal(get_repository(f), -1);
		fixture_done(f);
	}
}

/* An installation's tokens go by the repository's new name alone. */
static void test_renamed_repository(void **state)
{
	static const struct peer_step steps[] = {
		{"GET", "/repos/o/r/installation", .body = INSTALLATION},
		{"POST", .has = "\"repositories\":[\"r\"]", .status = 422},
		{"POST", .has = "{\"permissions\":{\"metadata\":\"read\"}}\nBearer ey",
			.body = TOKEN("ghs_0", HOUR)},
		{"GET", "/repos/o/r", "Bearer ghs_0", .status = 301,
			.headers = "Location: /repositories/1\n"},
		{"GET", "/repositories/1", "Bearer ghs_0", .body = "{\"full_name\":\"o/new\"}"},
		{"POST", .has = "\"contents\":\"write\"\n\"repositories\":[\"new\"]",
			.body = TOKEN("ghs_1", HOUR)},
		{"GET", "/repos/o/r", "Bearer ghs_1", .body = REPOSITORY}};
	static const struct peer_step refused[] = {{.body = INSTALLATION}, {.status = 422},
		{.body = TOKEN("ghs_0", HOUR)}, {.status = 404}};
	struct forge_options options = app();
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), &options);
	assert_int_equal(get_repository(f), 0);
	fixture_done(f);
	fixture_play(f, refused, ARRAY_LEN(refused), &options);
	assert_int_equal(get_repository(f), -1);
	assert_int_equal(f->err.code, ERR_AUTH);
	fixture_done(f);
}

static void test_app_that_knows_no_repository(void **state)
{
	struct forge_options options = app();
	fixture *f = *state;

	options.app_repo = NULL;
	fixture_play(f, NULL, 0, &options);
	assert_int_equal(get_repository(f), -1);
	assert_int_equal(f->err.code, ERR_CONFIG);
	fixture_done(f);
}

static void test_who_the_app_is(void **state)
{
	static const struct peer_step steps[] = {
		{"GET", "/app", "Bearer ey", .body = "{\"id\":7,\"slug\":\"heal-it\"}"},
		{.body = INSTALLATION}, {.body = TOKEN("ghs_1", HOUR)},
		{"GET", "/users/heal-it%5Bbot%5D", "ghs_1",
			.body = "{\"login\":\"heal-it[bot]\",\"type\":\"Bot\",\"id\":123}"}};
	struct forge_options options = app();
	struct forge_user me;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), &options);
	assert_int_equal(forge_me(f->forge, &me, &f->mem, &f->err), 0);
	assert_str(me.login, "heal-it[bot]");
	assert_int_equal(me.id, 123);
	fixture_done(f);
}

static void test_access_of_an_app(void **state)
{
	static const struct peer_step steps[] = {{.body = INSTALLATION},
		{.body = TOKEN("ghs_1", HOUR)},
		{"GET", "/rate_limit",
			.body = "{\"resources\":{\"core\":{\"limit\":5000,\"remaining\":4999,"
				"\"reset\":1700000600}}}"}};
	struct forge_options options = app();
	struct forge_access a;
	fixture *f = *state;

	fixture_play(f, steps, ARRAY_LEN(steps), &options);
	assert_int_equal(forge_access(f->forge, &a, &f->mem, &f->err), 0);
	assert_str(a.kind, "app");
	assert_int_equal(a.n_permissions, 2);
	assert_str(a.permissions[0], "contents:write");
	assert_str(a.permissions[1], "issues:read");
	assert_int_equal(a.rate_left, 4999);
	fixture_done(f);
}

/* Newest first; what came through at a later attempt is no failure. */
static void test_failed_deliveries(void **state)
{
	static const struct peer_step steps[] = {
		{"GET", "/app/hook/deliveries?per_page=100", "Bearer ey",
			.headers = "Link: <{peer}/app/hook/deliveries?per_page=100&cursor=v1>; "
				   "rel=\"next\"\n",
			.body = "[{\"id\":9,\"guid\":\"a\",\"status_code\":200,\"delivered_at\":"
				"\"2023-11-14T22:13:00Z\"},"
				"{\"id\":8,\"guid\":\"b\",\"status_code\":502,\"event\":\"push\","
				"\"action\":null,\"delivered_at\":\"2023-11-14T22:12:00Z\"}]"},
		{"GET", "/app/hook/deliveries?per_page=100&cursor=v1", "Bearer ey",
			.body = "[{\"id\":7,\"guid\":\"a\",\"status_code\":500,\"delivered_at\":"
				"\"2023-11-14T22:11:00Z\"},"
				"{\"id\":6,\"guid\":\"c\",\"status_code\":0,\"delivered_at\":"
				"\"2023-11-14T22:10:00Z\"},"
				"{\"id\":5,\"guid\":\"d\",\"status_code\":0,\"delivered_at\":"
				"\"2023-11-14T01:00:00Z\"}]"},
		{"POST", "/app/hook/deliveries/8/attempts", "Bearer ey", .status = 202,
			.body = "{}"}};
	struct forge_options options = app();
	struct forge_delivery *v;
	fixture *f = *state;
	size_t n;

	fixture_play(f, steps, ARRAY_LEN(steps), &options);
	assert_int_equal(
		forge_failed_deliveries(f->forge, FIXTURE_START - 3600, &v, &n, &f->mem, &f->err),
		0);
	assert_int_equal(n, 2);
	assert_int_equal(v[0].id, 8);
	assert_str(v[0].event, "push");
	assert_int_equal(v[1].id, 6);
	assert_int_equal(forge_redeliver(f->forge, 8, &f->err), 0);
	fixture_done(f);
}

static void test_what_only_apps_may_ask(void **state)
{
	struct forge_delivery *v;
	fixture *f = *state;
	size_t n;

	fixture_play(f, NULL, 0, NULL);
	assert_int_equal(forge_failed_deliveries(f->forge, 0, &v, &n, &f->mem, &f->err), -1);
	assert_int_equal(f->err.code, ERR_CONFIG);
	fixture_done(f);
}

static void test_no_secret_in_any_error(void **state)
{
	static const int statuses[] = {401, 403, 404, 422, 500};
	fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		const struct peer_step steps[] = {{.body = INSTALLATION},
			{.body = TOKEN("ghs_secret", HOUR)},
			{"POST", .status = statuses[i], .body = "{\"message\":\"no\"}"},
			{.body = INSTALLATION}, {.body = TOKEN("ghs_secret", HOUR)},
			{"POST", .status = statuses[i], .body = "{\"message\":\"no\"}"}};
		struct forge_options options = app();
		struct forge_comment c;

		fixture_play(f, steps, statuses[i] == 401 ? 6 : 3, &options);
		assert_int_equal(forge_comment_create(
					 f->forge, FIXTURE_REPO, 5, STR("x"), &c, &f->mem, &f->err),
			-1);
		assert_null(strstr(f->err.msg, "ghs_"));
		assert_null(strstr(f->err.msg, "ey"));
		fixture_done(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FORGE_TEST(test_token_of_an_installation),
		FORGE_TEST(test_signature_is_good),
		FORGE_TEST(test_forms_of_the_key),
		FORGE_TEST(test_renewed_before_its_end),
		FORGE_TEST(test_an_old_token_is_better_than_none),
		FORGE_TEST(test_revoked_token),
		FORGE_TEST(test_clock_that_is_wrong),
		FORGE_TEST(test_limit_of_the_app_itself),
		FORGE_TEST(test_key_that_is_refused),
		FORGE_TEST(test_workflows_only_when_chosen),
		FORGE_TEST(test_answers_without_a_token),
		FORGE_TEST(test_renamed_repository),
		FORGE_TEST(test_app_that_knows_no_repository),
		FORGE_TEST(test_who_the_app_is),
		FORGE_TEST(test_access_of_an_app),
		FORGE_TEST(test_failed_deliveries),
		FORGE_TEST(test_what_only_apps_may_ask),
		FORGE_TEST(test_no_secret_in_any_error),
	};

	return cmocka_run_group_tests(tests, make_key, free_key);
}
