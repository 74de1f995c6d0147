/* The HTTP client against a scripted peer: what is sent, what is repeated, what ends an exchange.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "port/child/child.h"
#include "port/http/http.h"
#include "support/peer.h"

enum { MAX_WAITS = 16 };

struct fixture {
	struct http *http;
	struct peer *peer, *other;
	struct arena mem;
	struct http_response answer;
	struct err err;
	int64_t waits[MAX_WAITS];
	size_t n_waits;
	bool stopped; /* wait_ms says interrupted */
	struct buf taken;
	int forgotten;
};

static bool note_wait(void *data, int64_t ms)
{
	struct fixture *f = data;

	if (f->n_waits < MAX_WAITS)
		f->waits[f->n_waits++] = ms;
	return !f->stopped;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct http_options options = {
		.wait_ms = note_wait, .data = f, .timeout_ms = 2000, .stall_ms = 250};

	buf_init(&f->taken, 32 << 20);
	*state = f;
	return http_open(&f->http, &options, &f->err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	http_free(f->http);
	if (f->peer)
		(void)peer_stop(f->peer);
	if (f->other)
		(void)peer_stop(f->other);
	arena_release(&f->mem);
	buf_release(&f->taken);
	free(f);
	return 0;
}

static void play(struct fixture *f, const struct peer_step *steps, size_t n)
{
	f->peer = peer_start(steps, n, f->other);
}

static void assert_played(struct fixture *f)
{
	assert_true(peer_stop(f->peer));
	f->peer = NULL;
}

static int ask_with(struct fixture *f, const char *method, const char *path, struct http_request r)
{
	r.method = method;
	r.url = arena_printf(&f->mem, "%s%s", peer_url(f->peer), path);
	f->answer = (struct http_response){0};
	return http_send(f->http, &r, &f->answer, &f->mem, &f->err);
}

static int ask(struct fixture *f, const char *method, const char *path)
{
	return ask_with(f, method, path, (struct http_request){.repeatable = true});
}

static void test_plain_exchange(void **state)
{
	static const struct peer_step steps[] = {{"GET", "/a?b=c",
		"User-Agent: selfheal/\nX-Mine: yes\nAccept-Encoding: gzip\n!Expect", .status = 201,
		.headers = "X-Of-Peer:  some thing \n", .body = "{\"a\":1}"}};
	static const struct http_header mine[] = {{STR("X-Mine"), STR("yes")}};
	struct fixture *f = *state;

	play(f, steps, 1);
	assert_int_equal(ask_with(f, "GET", "/a?b=c",
				 (struct http_request){.headers = mine, .n_headers = 1}),
		0);
	assert_int_equal(f->answer.status, 201);
	assert_int_equal(f->answer.tries, 1);
	assert_true(str_eq_c(f->answer.body, "{\"a\":1}"));
	assert_true(str_eq_c(http_header_get(&f->answer, "x-of-peer"), "some thing"));
	assert_int_equal(http_header_get(&f->answer, "x-none").n, 0);
	assert_played(f);
}

static void test_methods_and_bodies(void **state)
{
	static const struct peer_step steps[] = {
		{"POST", "/p", "Content-Length: 5\nhello"},
		{"PATCH", "/p", "Content-Length: 2\nhi"},
		{"PUT", "/p", "Content-Length: 0"},
		{"DELETE", "/p", "!hello", .status = 204},
		{"HEAD", "/p", "!Content-Length", .body = "not sent"},
		{"GET", "/p", "!Content-Length"},
	};
	static const char *const methods[] = {"POST", "PATCH", "PUT", "DELETE", "HEAD", "GET"};
	static const char *const bodies[] = {"hello", "hi", "", "", "", ""};
	struct fixture *f = *state;

	play(f, steps, ARRAY_LEN(steps));
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		assert_int_equal(ask_with(f, methods[i], "/p",
					 (struct http_request){.body = str_of(bodies[i])}),
			0);
	assert_played(f);
}

/* Statuses that a server in trouble gives: repeated when that does no harm, given as they are at
 * the end. */
static void test_repeats_what_may_be_repeated(void **state)
{
	static const int statuses[] = {500, 502, 503, 504, 408};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		const struct peer_step steps[] = {
			{.status = statuses[i]}, {.status = statuses[i]}, {.body = "well"}};

		f->n_waits = 0;
		play(f, steps, ARRAY_LEN(steps));
		assert_int_equal(ask(f, "GET", "/"), 0);
		assert_int_equal(f->answer.status, 200);
		assert_int_equal(f->answer.tries, 3);
		assert_int_equal(f->n_waits, 2);
		assert_in_range(f->waits[0], 250, 500);
		assert_in_range(f->waits[1], 500, 1000);
		assert_played(f);
	}
}

static void test_gives_up_with_the_last_answer(void **state)
{
	static const struct peer_step steps[] = {
		{.status = 502}, {.status = 502}, {.status = 502}, {.status = 503, .body = "no"}};
	struct fixture *f = *state;

	play(f, steps, ARRAY_LEN(steps));
	assert_int_equal(ask(f, "GET", "/"), 0);
	assert_int_equal(f->answer.status, 503);
	assert_true(str_eq_c(f->answer.body, "no"));
	assert_played(f);
}

static void test_never_repeats_what_must_not_be(void **state)
{
	static const struct peer_step steps[] = {
		{"POST", .status = 502}, {"POST", .fault = PEER_CLOSE}, {"POST", .status = 429}};
	static const struct http_request once = {.repeatable = false};
	struct fixture *f = *state;

	play(f, steps, ARRAY_LEN(steps));
	assert_int_equal(ask_with(f, "POST", "/", once), 0);
	assert_int_equal(f->answer.status, 502);
	assert_int_equal(ask_with(f, "POST", "/", once), -1);
	assert_int_equal(f->err.code, ERR_NET);
	assert_int_equal(ask_with(f, "POST", "/", once), 0);
	assert_int_equal(f->answer.status, 429);
	assert_int_equal(f->n_waits, 0);
	assert_played(f);
}

/* Refusals stand: asking again would be rude and useless. */
static void test_other_statuses_are_answers(void **state)
{
	static const int statuses[] = {400, 401, 403, 404, 409, 410, 422, 451, 501, 204, 304, 300};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		const struct peer_step step = {.status = statuses[i]};

		play(f, &step, 1);
		assert_int_equal(ask(f, "GET", "/"), 0);
		assert_int_equal(f->answer.status, statuses[i]);
		assert_played(f);
	}
	assert_int_equal(f->n_waits, 0);
}

static void test_broken_lines_are_repeated(void **state)
{
	static const enum peer_fault faults[] = {
		PEER_RESET, PEER_CLOSE, PEER_CUT, PEER_STALL, PEER_HANG, PEER_GARBAGE};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		const struct peer_step steps[] = {
			{.fault = faults[i], .body = "half of this"}, {.body = "whole"}};

		play(f, steps, ARRAY_LEN(steps));
		assert_int_equal(ask(f, "GET", "/"), 0);
		assert_true(str_eq_c(f->answer.body, "whole"));
		assert_int_equal(f->answer.tries, 2);
		assert_played(f);
	}
}

static void test_broken_lines_as_errors(void **state)
{
	static const struct {
		enum peer_fault fault;
		enum err_code code;
	} cases[] = {{PEER_RESET, ERR_NET}, {PEER_CLOSE, ERR_NET}, {PEER_CUT, ERR_NET},
		{PEER_STALL, ERR_TIMEOUT}, {PEER_HANG, ERR_TIMEOUT}, {PEER_GARBAGE, ERR_NET}};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct peer_step step = {.fault = cases[i].fault, .body = "half of this"};

		play(f, &step, 1);
		assert_int_equal(ask_with(f, "GET", "/x?secret=1", (struct http_request){0}), -1);
		assert_int_equal(f->err.code, cases[i].code);
		assert_non_null(strstr(f->err.msg, "GET 'http://127.0.0.1"));
		assert_null(strstr(f->err.msg, "secret"));
		assert_played(f);
	}
}

static void test_time_out_of_the_whole(void **state)
{
	static const struct peer_step step = {.delay_ms = 400};
	struct fixture *f = *state;
	int64_t begin = clock_mono_ms();

	play(f, &step, 1);
	assert_int_equal(ask_with(f, "GET", "/", (struct http_request){.timeout_ms = 100}), -1);
	assert_int_equal(f->err.code, ERR_TIMEOUT);
	assert_in_range(clock_mono_ms() - begin, 90, 350);
	assert_played(f);
}

static void test_nobody_there(void **state)
{
	struct fixture *f = *state;
	struct http_request r = {
		.method = "GET", .url = STR("http://127.0.0.1:1/"), .repeatable = true};

	assert_int_equal(http_send(f->http, &r, &f->answer, &f->mem, &f->err), -1);
	assert_int_equal(f->err.code, ERR_NET);
	assert_int_equal(f->n_waits, 3);
}

static void test_addresses_that_are_none(void **state)
{
	static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "http://",
		"gopher://x/", "http://user:pw@127.0.0.1:1/"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct http_request r = {
			.method = "GET", .url = str_of(urls[i]), .repeatable = true};

		assert_int_equal(http_send(f->http, &r, &f->answer, &f->mem, &f->err), -1);
		assert_int_equal(f->n_waits, 0);
		assert_null(strstr(f->err.msg, "pw"));
	}
}

static void test_retry_after(void **state)
{
	static const struct peer_step steps[] = {{.status = 429, .headers = "Retry-After: 7\n"},
		{.body = "well"}, {.status = 429, .headers = "Retry-After: 60\n"}, {.status = 429},
		{.status = 503, .headers = "Retry-After: 0\n"}, {.body = "well"}};
	struct fixture *f = *state;

	play(f, steps, ARRAY_LEN(steps));
	assert_int_equal(ask(f, "GET", "/"), 0);
	assert_int_equal(f->answer.status, 200);
	assert_int_equal(f->waits[0], 7000);
	assert_int_equal(ask(f, "GET", "/"), 0);
	assert_int_equal(f->answer.status, 429);
	assert_int_equal(ask(f, "GET", "/"), 0);
	assert_int_equal(f->answer.status, 429);
	assert_int_equal(ask(f, "GET", "/"), 0);
	assert_int_equal(f->answer.status, 200);
	assert_int_equal(f->n_waits, 2);
	assert_played(f);
}

static void test_interrupted_wait(void **state)
{
	static const struct peer_step step = {.status = 500};
	struct fixture *f = *state;

	f->stopped = true;
	play(f, &step, 1);
	assert_int_equal(ask(f, "GET", "/"), -1);
	assert_int_equal(f->err.code, ERR_INTERRUPT);
	assert_played(f);
}

static void test_caps(void **state)
{
	static const struct peer_step steps[] = {{.filler = 1001}, {.filler = 1000},
		{.filler = (16 << 20) + 1}, {.status = 500, .filler = 2000}};
	struct http_request r = {.max_bytes = 1000, .repeatable = true};
	struct fixture *f = *state;

	play(f, steps, ARRAY_LEN(steps));
	assert_int_equal(ask_with(f, "GET", "/", r), -1);
	assert_int_equal(f->err.code, ERR_LIMIT);
	assert_int_equal(ask_with(f, "GET", "/", r), 0);
	assert_int_equal(f->answer.body.n, 1000);
	assert_int_equal(ask(f, "GET", "/"), -1);
	assert_int_equal(f->err.code, ERR_LIMIT);
	assert_int_equal(ask_with(f, "GET", "/", r), -1);
	assert_int_equal(f->err.code, ERR_LIMIT);
	assert_int_equal(f->n_waits, 0);
	assert_played(f);
}

/* 100000 times x, by gzip. */
static const char packed[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x31\x01\x00\x00"
			     "\x00\xc2\xa0\xda\x8b\x6f\x0d\x0f\xa0\x00\x00\x00\x00\x00\x00\x00"
			     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			     "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x57\x03\x71\x11\x07\xfe"
			     "\xa0\x86\x01\x00";

/* What counts is what comes out: a small answer can be a large one. */
static void test_packed_answers(void **state)
{
	const struct peer_step step = {.headers = "Content-Encoding: gzip\n",
		.bytes = str_make(packed, sizeof(packed) - 1)};
	const struct peer_step steps[] = {step, step};
	struct fixture *f = *state;

	play(f, steps, ARRAY_LEN(steps));
	assert_int_equal(ask_with(f, "GET", "/", (struct http_request){.max_bytes = 100000}), 0);
	assert_int_equal(f->answer.body.n, 100000);
	assert_int_equal(f->answer.body.p[99999], 'x');
	assert_int_equal(ask_with(f, "GET", "/", (struct http_request){.max_bytes = 99999}), -1);
	assert_int_equal(f->err.code, ERR_LIMIT);
	assert_played(f);
}

static void test_too_many_headers(void **state)
{
	BUF_AUTO lines = BUF_INIT(1 << 20);
	struct fixture *f = *state;

	for (int i = 0; i < 300; i++)
		buf_printf(&lines, "X-%d: y\n", i);
	const struct peer_step few = {.headers = buf_text(&lines)};

	play(f, &few, 1);
	assert_int_equal(ask(f, "GET", "/"), 0);
	assert_int_equal(f->answer.n_headers, 200);
	assert_played(f);
	for (int i = 0; i < 40000; i++)
		buf_printf(&lines, "X-%d: yyyy\n", i);
	const struct peer_step many = {.headers = buf_text(&lines)};

	play(f, &many, 1);
	assert_int_equal(ask_with(f, "GET", "/", (struct http_request){0}), -1);
	assert_played(f);
}

static const struct http_header private_header[] = {
	{STR("X-Api-Key"), STR("hunter2")}, {STR("Accept"), STR("application/x")}};
static const struct http_request with_secrets = {
	.bearer = STR("s3cret"), .headers = private_header, .n_headers = 2, .repeatable = true};

static void test_bearer_goes_to_its_host(void **state)
{
	static const struct peer_step steps[] = {
		{"GET", "/a", "Authorization: Bearer s3cret\nX-Api-Key: hunter2", .status = 301,
			.headers = "Location: /b\n"},
		{"GET", "/b", "Authorization: Bearer s3cret\nX-Api-Key: hunter2", .status = 302,
			.headers = "Location: {peer}/c?d\n"},
		{"GET", "/c?d", "Authorization: Bearer s3cret", .body = "here"}};
	struct fixture *f = *state;

	play(f, steps, ARRAY_LEN(steps));
	assert_int_equal(ask_with(f, "GET", "/a", with_secrets), 0);
	assert_true(str_eq_c(f->answer.body, "here"));
	assert_played(f);
}

static void test_bearer_never_to_another_host(void **state)
{
	static const struct peer_step ours[] = {{"GET", "/a", "Bearer s3cret", .status = 302,
							.headers = "Location: {other}/x?sig=1\n"},
		/* Sent back to us, it is still the other host that says so. */
		{"GET", "/back", "!s3cret\n!hunter2", .body = "here"}};
	static const char *const nothing =
		"Accept: application/x\n!Authorization\n!s3cret\n!hunter2";
	struct peer_step theirs[] = {
		{"GET", "/x?sig=1", nothing, .status = 302, .headers = "Location: /y\n"},
		/* Nor when it stays there. */
		{"GET", "/y", nothing, .status = 302}};
	char back[128];
	struct fixture *f = *state;

	f->other = peer_start(theirs, ARRAY_LEN(theirs), NULL);
	play(f, ours, ARRAY_LEN(ours));
	(void)snprintf(back, sizeof(back), "Location: %s/back\n", peer_url(f->peer));
	theirs[1].headers = back;
	assert_int_equal(ask_with(f, "GET", "/a", with_secrets), 0);
	assert_true(str_eq_c(f->answer.body, "here"));
	assert_played(f);
	assert_true(peer_stop(TAKE(f->other)));
}

static void test_redirects_of_writes_are_the_callers(void **state)
{
	static const int statuses[] = {301, 302, 303, 307, 308};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		const struct peer_step step = {
			"POST", .status = statuses[i], .headers = "Location: /b\n"};

		play(f, &step, 1);
		assert_int_equal(ask(f, "POST", "/a"), 0);
		assert_int_equal(f->answer.status, statuses[i]);
		assert_true(str_eq_c(http_header_get(&f->answer, "location"), "/b"));
		assert_played(f);
	}
}

static void test_redirects_end(void **state)
{
	struct peer_step steps[6];
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		steps[i] = (struct peer_step){.status = 302, .headers = "Location: /a\n"};
	play(f, steps, ARRAY_LEN(steps));
	assert_int_equal(ask(f, "GET", "/a"), -1);
	assert_int_equal(f->err.code, ERR_NET);
	assert_int_equal(f->n_waits, 0);
	assert_played(f);
}

static void test_redirects_to_what_is_no_http(void **state)
{
	static const char *const places[] = {"Location: file:///etc/passwd\n",
		"Location: http://me:pw@127.0.0.1/\n", "Location: gopher://127.0.0.1:1/\n"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const struct peer_step step = {.status = 302, .headers = places[i]};

		play(f, &step, 1);
		assert_int_equal(ask_with(f, "GET", "/a", (struct http_request){0}), -1);
		assert_played(f);
	}
}

static int take(void *data, struct str piece, struct err *err)
{
	struct fixture *f = data;

	buf_str(&f->taken, piece);
	return f->stopped ? err_set(err, ERR_SYS, "disk full") : 0;
}

static int forget(void *data, struct err *err)
{
	struct fixture *f = data;

	(void)err;
	f->forgotten++;
	buf_reset(&f->taken);
	return 0;
}

static void test_sink_takes_the_body_alone(void **state)
{
	static const struct peer_step steps[] = {{.status = 500, .body = "sorry"},
		{.status = 302, .headers = "Location: /b\n", .body = "over there"},
		{.filler = 3 << 20}, {.status = 404, .body = "gone"}};
	struct fixture *f = *state;
	struct http_request r = {
		.sink = take, .sink_data = f, .repeatable = true, .max_bytes = 4 << 20};

	play(f, steps, ARRAY_LEN(steps));
	assert_int_equal(ask_with(f, "GET", "/a", r), 0);
	assert_int_equal(f->taken.n, 3 << 20);
	assert_int_equal(f->answer.body.n, 0);
	assert_int_equal(ask_with(f, "GET", "/a", r), 0);
	assert_int_equal(f->answer.status, 404);
	assert_true(str_eq_c(f->answer.body, "gone"));
	assert_int_equal(f->taken.n, 3 << 20);
	assert_played(f);
}

static void test_sink_begins_again(void **state)
{
	static const struct peer_step steps[] = {
		{.fault = PEER_CUT, .body = "halfhalf"}, {.body = "whole"}};
	struct fixture *f = *state;
	struct http_request r = {
		.sink = take, .sink_again = forget, .sink_data = f, .repeatable = true};

	play(f, steps, ARRAY_LEN(steps));
	assert_int_equal(ask_with(f, "GET", "/", r), 0);
	assert_true(str_eq_c(buf_view(&f->taken), "whole"));
	assert_int_equal(f->forgotten, 1);
	assert_played(f);
	/* One that cannot forget is not shown a second beginning. */
	r.sink_again = NULL;
	play(f, steps, 1);
	assert_int_equal(ask_with(f, "GET", "/", r), -1);
	assert_int_equal(f->err.code, ERR_NET);
	assert_played(f);
}

static void test_sink_that_gives_up_and_caps(void **state)
{
	static const struct peer_step steps[] = {{.body = "some"}, {.filler = 11}};
	struct fixture *f = *state;
	struct http_request r = {.sink = take, .sink_data = f, .repeatable = true, .max_bytes = 10};

	play(f, steps, ARRAY_LEN(steps));
	f->stopped = true;
	assert_int_equal(ask_with(f, "GET", "/", r), -1);
	assert_int_equal(f->err.code, ERR_SYS);
	f->stopped = false;
	assert_int_equal(ask_with(f, "GET", "/", r), -1);
	assert_int_equal(f->err.code, ERR_LIMIT);
	assert_played(f);
}

static void test_dates_and_delays(void **state)
{
	static const struct {
		struct str text;
		int64_t expected;
	} delays[] = {{STR("0"), 0}, {STR("120"), 120}, {STR("Thu, 01 Jan 1970 00:02:00 GMT"), 20},
		{STR("Thu, 01 Jan 1970 00:00:01 GMT"), 0}, {STR(""), -1}, {STR("soon"), -1},
		{STR("-5"), -1}, {STR("99999999999999"), -1}};
	int64_t at = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(delays); i++)
		assert_int_equal(http_retry_after(delays[i].text, 100), delays[i].expected);
	assert_true(http_date(STR("Sun, 06 Nov 1994 08:49:37 GMT"), &at));
	assert_int_equal(at, 784111777);
	assert_false(http_date(STR("1994-11-06"), &at));
	assert_false(http_date(STR_NULL, &at));
}

static int ask_through(struct fixture *f, const char *proxy, const char *url)
{
	struct http_options options = {.proxy = proxy, .tries = 1, .timeout_ms = 2000};
	struct http_request r = {.method = "GET", .url = str_of(url)};
	struct http *http = NULL;
	int rc = http_open(&http, &options, &f->err);

	if (rc == 0)
		rc = http_send(http, &r, &f->answer, &f->mem, &f->err);
	http_free(http);
	return rc;
}

static void test_proxies(void **state)
{
	static const struct peer_step steps[] = {
		{"GET", "http://far.invalid/x", .body = "by proxy"},
		{"GET", "http://far.invalid/y", .body = "by name"}};
	struct fixture *f = *state;

	play(f, steps, ARRAY_LEN(steps));
	assert_int_equal(ask_through(f, peer_url(f->peer), "http://far.invalid/x"), 0);
	assert_true(str_eq_c(f->answer.body, "by proxy"));
	setenv("http_proxy", peer_url(f->peer), 1);
	assert_int_equal(ask_through(f, NULL, "http://far.invalid/y"), 0);
	/* Not for those that NO_PROXY names. */
	setenv("NO_PROXY", "far.invalid", 1);
	assert_int_equal(ask_through(f, NULL, "http://far.invalid/z"), -1);
	unsetenv("http_proxy");
	unsetenv("NO_PROXY");
	assert_played(f);
}

static void test_certificates_are_asked_for(void **state)
{
	struct http_options options = {.ca_file = "/nowhere/ca.pem"};
	struct http_request r = {.method = "GET", .url = STR("https://127.0.0.1:1/")};
	struct fixture *f = *state;
	struct http *http = NULL;

	assert_int_equal(http_open(&http, &options, &f->err), 0);
	assert_int_equal(http_send(http, &r, &f->answer, &f->mem, &f->err), -1);
	http_free(http);
	http_free(NULL);
}

static void stop(int number)
{
	(void)number;
	child_interrupt();
}

/* Ctrl-C while a server is silent. The last test: nothing takes an interrupt back. */
static void test_interrupted_exchange(void **state)
{
	static const struct peer_step step = {.fault = PEER_HANG};
	struct http_options options = {.stall_ms = 10000};
	struct itimerval soon = {.it_value.tv_usec = 50000};
	struct fixture *f = *state;
	int64_t begin = clock_mono_ms();

	http_free(TAKE(f->http));
	assert_int_equal(http_open(&f->http, &options, &f->err), 0);
	play(f, &step, 1);
	(void)signal(SIGALRM, stop);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(ask(f, "GET", "/"), -1);
	assert_int_equal(f->err.code, ERR_INTERRUPT);
	assert_in_range(clock_mono_ms() - begin, 40, 1000);
	assert_false(http_wait(f->http, 5000));
	assert_played(f);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_plain_exchange),
		T(test_methods_and_bodies),
		T(test_repeats_what_may_be_repeated),
		T(test_gives_up_with_the_last_answer),
		T(test_never_repeats_what_must_not_be),
		T(test_other_statuses_are_answers),
		T(test_broken_lines_are_repeated),
		T(test_broken_lines_as_errors),
		T(test_time_out_of_the_whole),
		T(test_nobody_there),
		T(test_addresses_that_are_none),
		T(test_retry_after),
		T(test_interrupted_wait),
		T(test_caps),
		T(test_packed_answers),
		T(test_too_many_headers),
		T(test_bearer_goes_to_its_host),
		T(test_bearer_never_to_another_host),
		T(test_redirects_of_writes_are_the_callers),
		T(test_redirects_end),
		T(test_redirects_to_what_is_no_http),
		T(test_sink_takes_the_body_alone),
		T(test_sink_begins_again),
		T(test_sink_that_gives_up_and_caps),
		T(test_dates_and_delays),
		T(test_proxies),
		T(test_certificates_are_asked_for),
		T(test_interrupted_exchange),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
