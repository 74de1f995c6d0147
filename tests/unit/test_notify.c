/* Sending notices to scripted peers: what is sent, what counts as taken, what is repeated, and that
 * no address is ever told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/trace.h"
#include "port/http/http.h"
#include "port/notify/notify.h"
#include "port/store/notice_log.h"
#include "port/store/store.h"

#include "support/peer.h"
#include "support/scratch.h"

#define SECRET "/services/T000/B000/s3cr3tp4th"

struct fixture {
	struct http *http;
	struct peer *peer;
	struct arena mem;
	struct err err;
	int64_t waited_ms;
};

static bool note_wait(void *data, int64_t ms)
{
	struct fixture *f = data;

	f->waited_ms += ms;
	return true;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct http_options options = {
		.wait_ms = note_wait, .data = f, .timeout_ms = 2000, .stall_ms = 250, .tries = 3};

	*state = f;
	return http_open(&f->http, &options, &f->err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	http_free(f->http);
	if (f->peer)
		(void)peer_stop(f->peer);
	arena_release(&f->mem);
	free(f);
	return 0;
}

enum service { SLACK, PAGERDUTY, WEBHOOK };

static int tell(struct fixture *f, enum service to)
{
	struct str url = arena_printf(&f->mem, "%s%s", peer_url(f->peer), SECRET);
	struct str body = STR("{\"a\":1}");
	struct notify_webhook webhook = {url, STR("key"), STR("id-1")};

	err_reset(&f->err);
	f->waited_ms = 0;
	if (to == SLACK)
		return notify_slack(f->http, url, body, &f->err);
	if (to == PAGERDUTY)
		return notify_pagerduty(f->http, url, body, &f->err);
	return notify_webhook(f->http, &webhook, body, &f->err);
}

static void test_answers(void **state)
{
	static const char pd_ok[] = "{\"status\":\"success\",\"message\":\"Event processed\"}";
	static const struct {
		enum service to;
		struct peer_step steps[3];
		size_t n;
		enum err_code code; /* ERR_NONE: taken */
		int64_t least_ms;
	} cases[] = {
		{SLACK, {{.method = "POST", .target = SECRET, .body = "ok"}}, 1, ERR_NONE, 0},
		{SLACK, {{.body = "<html>sign in</html>"}}, 1, ERR_CONFIG, 0},
		{SLACK, {{.body = ""}}, 1, ERR_CONFIG, 0},
		{SLACK, {{.status = 404, .body = "no_service"}}, 1, ERR_AUTH, 0},
		{SLACK, {{.status = 410, .body = "channel_is_archived"}}, 1, ERR_AUTH, 0},
		{SLACK, {{.status = 400, .body = "invalid_blocks"}}, 1, ERR_CONFIG, 0},
		{SLACK,
			{{.status = 429, .headers = "Retry-After: 3\n", .body = "rate_limited"},
				{.body = "ok"}},
			2, ERR_NONE, 3000},
		{SLACK, {{.status = 429, .headers = "Retry-After: 4000\n"}}, 1, ERR_RATE, 0},
		{SLACK, {{.status = 500}, {.status = 503}, {.body = "ok"}}, 3, ERR_NONE, 1},
		{SLACK, {{.status = 500}, {.status = 500}, {.status = 500, .body = "no"}}, 3,
			ERR_NET, 1},
		{SLACK, {{.fault = PEER_RESET}, {.body = "ok"}}, 2, ERR_NONE, 1},
		{SLACK, {{.fault = PEER_HANG}, {.fault = PEER_HANG}, {.fault = PEER_HANG}}, 3,
			ERR_TIMEOUT, 1},
		{SLACK, {{.status = 302, .headers = "Location: {peer}/other\n"}}, 1, ERR_CONFIG, 0},
		{PAGERDUTY, {{.status = 202, .body = pd_ok}}, 1, ERR_NONE, 0},
		{PAGERDUTY, {{.status = 202, .body = "{\"status\":\"throttled\"}"}}, 1, ERR_CONFIG,
			0},
		{PAGERDUTY, {{.status = 200, .body = "ok"}}, 1, ERR_CONFIG, 0},
		{PAGERDUTY, {{.status = 400, .body = "{\"status\":\"invalid event\"}"}}, 1,
			ERR_CONFIG, 0},
		{WEBHOOK, {{.status = 204}}, 1, ERR_NONE, 0},
		{WEBHOOK, {{.status = 201, .body = "whatever"}}, 1, ERR_NONE, 0},
		{WEBHOOK, {{.status = 401, .body = "who?\r\n\x1b[31m"}}, 1, ERR_AUTH, 0},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int rc;

		f->peer = peer_start(cases[i].steps, cases[i].n, NULL);
		rc = tell(f, cases[i].to);
		if (rc == 0) /* of a try before the last */
			err_reset(&f->err);
		if (f->err.code != cases[i].code)
			print_error("case %zu: %d, %s: %s\n", i, rc,
				err_code_to_string(f->err.code), f->err.msg);
		assert_int_equal(rc, cases[i].code == ERR_NONE ? 0 : -1);
		assert_int_equal(f->err.code, cases[i].code);
		assert_true(f->waited_ms >= cases[i].least_ms);
		assert_false(str_has(str_of(f->err.msg), "s3cr3t"));
		assert_false(str_has(str_of(f->err.msg), "\x1b"));
		assert_true(peer_stop(f->peer));
		f->peer = NULL;
	}
}

/* The sum by another program: printf '{"a":1}' | openssl dgst -sha256 -hmac key */
static void test_signature(void **state)
{
	static const struct peer_step steps[] = {{.method = "POST",
		.has = "X-Selfheal-Delivery: id-1\nContent-Type: application/json\n"
		       "X-Selfheal-Signature: "
		       "sha256="
		       "88a67f24bbcdaed0e6c997404bb79a743baf44c6bab2f4c27328e3009d22e342\n"
		       "{\"a\":1}"}};
	struct fixture *f = *state;

	f->peer = peer_start(steps, 1, NULL);
	assert_int_equal(tell(f, WEBHOOK), 0);
	assert_true(peer_stop(f->peer));
	f->peer = NULL;
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} cases[] = {
		{"https://hooks.slack.com/services/x", true},
		{"http://127.0.0.1:8080/x", true},
		{"http://localhost/x", true},
		{"http://localhost.evil.example/x", false},
		{"http://hooks.slack.com/services/x", false},
		{"ftp://x/y", false},
		{"https://", false},
		{"https:///x", false},
		{"https://a b/", false},
		{"", false},
		{"ghp_secret", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(notify_is_address(str_of(cases[i].text)), cases[i].is);
}

static void test_mail_addresses(void **state)
{
	static const struct {
		const char *text;
		bool good;
		const char *url, *user, *password;
	} cases[] = {
		{"smtps://me:p%40ss%3a@mail.example:465/?from=a@x.org&to=b@x.org,c@x.org", true,
			"smtps://mail.example:465", "me", "p@ss:"},
		{"smtp://127.0.0.1:25?from=a@x.org&to=b@x.org", true, "smtp://127.0.0.1:25", NULL,
			NULL},
		{"sendmail:/usr/sbin/sendmail?from=a@x.org&to=b@x.org", true, NULL, NULL, NULL},
		{"sendmail:sendmail?from=a@x.org&to=b@x.org", false, NULL, NULL, NULL},
		{"smtp://s3cr3t:s3cr3t@h/?to=b@x.org", false, NULL, NULL, NULL},
		{"smtp://h/?from=a@x.org", false, NULL, NULL, NULL},
		{"smtp://h/?from=a@x.org&to=b@x.org&cc=d@x.org", false, NULL, NULL, NULL},
		{"smtp://h/s3cr3t?from=a@x.org&to=b@x.org", false, NULL, NULL, NULL},
		{"smtp://h/?from=a@x.org&to=b@x.org>%0d%0aDATA", false, NULL, NULL, NULL},
		{"smtp://h/?from=-oQ/tmp@x.org&to=b@x.org", false, NULL, NULL, NULL},
		{"https://h/?from=a@x.org&to=b@x.org", false, NULL, NULL, NULL},
		{"s3cr3t", false, NULL, NULL, NULL},
		{"", false, NULL, NULL, NULL},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct notify_mail mail;
		int rc = notify_mail_read(&mail, str_of(cases[i].text), &f->mem, &f->err);

		assert_int_equal(rc, cases[i].good ? 0 : -1);
		if (!cases[i].good) {
			assert_int_equal(f->err.code, ERR_CONFIG);
			assert_false(str_has(str_of(f->err.msg), "s3cr3t"));
			continue;
		}
		assert_int_equal(!mail.url, !cases[i].url);
		if (mail.url)
			assert_string_equal(mail.url, cases[i].url);
		if (cases[i].user)
			assert_string_equal(mail.user, cases[i].user);
		if (cases[i].password)
			assert_string_equal(mail.password, cases[i].password);
	}
}

static void test_log(void **state)
{
	struct fixture *f = *state;
	struct scratch box;
	struct store *store;
	struct store_options options;

	scratch_make(&box);
	options = (struct store_options){.path = scratch_path(&box, "s.db")};
	assert_int_equal(store_open(&store, &options, &f->err), 0);
	setenv("SELFHEAL_NOW", "1000", 1);
	assert_int_equal(notice_log_has(store, STR("slack"), STR("k"), 0, &f->err), NOTICE_UNSENT);
	assert_int_equal(notice_log_add(store, STR("slack"), STR("k"), 0, &f->err), 0);
	assert_int_equal(notice_log_has(store, STR("slack"), STR("k"), 1000, &f->err), 0);
	assert_int_equal(
		notice_log_has(store, STR("slack"), STR("k"), 1001, &f->err), NOTICE_UNSENT);
	assert_int_equal(notice_log_has(store, STR("mail"), STR("k"), 0, &f->err), NOTICE_UNSENT);
	setenv("SELFHEAL_NOW", "5000", 1);
	assert_int_equal(notice_log_add(store, STR("slack"), STR("other"), 2000, &f->err), 0);
	assert_int_equal(notice_log_has(store, STR("slack"), STR("k"), 0, &f->err), NOTICE_UNSENT);
	assert_int_equal(notice_log_has(store, STR("slack"), STR("other"), 5000, &f->err), 0);
	unsetenv("SELFHEAL_NOW");
	store_free(store);
	scratch_remove(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signature, setup, teardown),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test_setup_teardown(test_mail_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_log, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
