/* What each service is told, byte by byte, of a fix whose every text tries to act there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/json.h"
#include "port/crypto/base64.h"
#include "publish/notice.h"

#include "support/golden.h"

#define TOKEN "ghp_0123456789abcdefghijABCDEFGHIJ012345"

static const struct notice usual = {.outcome = OUTCOME_HEALED,
	.repository = STR("octo/shop"),
	.fingerprint = STR("1111111111111111111111111111111111111111111111111111111111111111"),
	.session = STR("s-1"),
	.error = STR("AssertionError in test_mean: 4 != 5"),
	.root_cause = STR("stats.py:3: 'a < b' misses the last one"),
	.solution = STR("change '<' to '<='"),
	.why = STR("healed"),
	.attempts = 2,
	.tests_passed = 12,
	.tests_total = 12,
	.confidence = 0.86,
	.pull = {"created", 7, STR("https://github.com/octo/shop/pull/7")},
	.at = 1767322984};

static const struct notice hostile = {.outcome = OUTCOME_NOT_HEALED,
	.repository = STR("octo/shop"),
	.fingerprint = STR("f1"),
	.error = STR("<!here> & <@U123> *bold* `code` " TOKEN "\r\nBcc: all@example.com\x1b[31m"),
	.root_cause = STR("<!channel|x> <https://evil.example|click> \xe2\x80\xae @everyone"),
	.why = STR("no candidate held\nX-Forged: 1"),
	.tests_passed = -1,
	.tests_total = -1,
	.pull = {"created", 1, STR("https://x/|<!here>")},
	.at = 0};

static void compose(struct buf *out, const struct notice *n, enum notice_channel c)
{
	const struct str to[] = {STR("dev@example.com"), STR("ops@example.com")};

	switch (c) {
	case NOTICE_SLACK:
		notice_slack(out, n);
		break;
	case NOTICE_PAGERDUTY:
		notice_pagerduty(out, n, STR("R0UT1NGKEY"));
		break;
	case NOTICE_WEBHOOK:
		notice_webhook(out, n);
		break;
	default:
		notice_mail(out, n, STR("bot@example.com"), to, 2);
	}
}

/* Goldens are indented, so that a change is read line by line; a mail shows its decoded text. */
static void readable(struct buf *out, struct str text)
{
	struct err err = ERR_INIT;
	struct json_t *j;
	struct str head;

	if (text.p[0] == '{') {
		assert_int_equal(json_parse(&j, text, &err), 0);
		json_write(out, j, 2);
		buf_char(out, '\n');
		json_free(j);
		return;
	}
	assert_true(str_cut(&text, "\r\n\r\n", &head));
	buf_printf(out, "%.*s\n\n", STR_ARGS(head));
	assert_true(base64_decode(out, text));
}

static void golden(const char *name, const struct notice *n)
{
	for (int c = 0; c < NOTICE_CHANNELS; c++) {
		BUF_AUTO text = BUF_INIT(1 << 20);
		BUF_AUTO shown = BUF_INIT(1 << 20);
		char path[200];

		compose(&text, n, (enum notice_channel)c);
		readable(&shown, buf_view(&text));
		snprintf(path, sizeof(path), "golden/notice/%s.%s", name,
			notice_channel_to_string((enum notice_channel)c));
		assert_true(golden_holds(path, buf_view(&shown)));
	}
}

static void test_usual(void **state)
{
	(void)state;
	golden("usual", &usual);
}

static void test_hostile(void **state)
{
	(void)state;
	golden("hostile", &hostile);
}

static void test_nothing_acts(void **state)
{
	static const char *const never[] = {TOKEN, "<!here", "<@U123", "<!channel", "<https://evil",
		"\nBcc:", "\nX-Forged", "\x1b", "\xe2\x80\xae"};

	(void)state;
	for (int c = 0; c < NOTICE_CHANNELS; c++) {
		BUF_AUTO text = BUF_INIT(1 << 20);
		BUF_AUTO shown = BUF_INIT(1 << 20);

		compose(&text, &hostile, (enum notice_channel)c);
		readable(&shown, buf_view(&text));
		for (size_t i = 0; i < ARRAY_LEN(never); i++) {
			/* JSON and mail know no mention: only Slack must not have one. */
			if (never[i][0] == '<' && c != NOTICE_SLACK)
				continue;
			assert_false(str_has(buf_view(&shown), never[i]));
		}
	}
}

static void test_caps(void **state)
{
	static char long_text[100000];
	struct notice n = usual;

	(void)state;
	memset(long_text, '&', sizeof(long_text));
	n.outcome = OUTCOME_NOT_HEALED;
	n.error = n.root_cause = n.solution = n.why = n.repository = n.session = n.fingerprint =
		str_make(long_text, sizeof(long_text));
	for (int c = 0; c < NOTICE_CHANNELS; c++) {
		BUF_AUTO text = BUF_INIT(1 << 20);

		compose(&text, &n, (enum notice_channel)c);
		assert_in_range(text.n, 200, 16000);
	}
	BUF_AUTO text = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;
	struct json_t *j, *fields;
	notice_slack(&text, &n);
	assert_int_equal(json_parse(&j, buf_view(&text), &err), 0);
	fields = json_get_arr(json_at(json_get_arr(j, "blocks"), 1), "fields");
	assert_in_range(json_len(fields), 6, 10);
	for (size_t i = 0; i < json_len(fields); i++)
		assert_in_range(json_get_str(json_at(fields, i), "text").n, 1, 2100);
	json_free(j);
	buf_reset(&text);
	notice_pagerduty(&text, &n, STR("K"));
	assert_int_equal(json_parse(&j, buf_view(&text), &err), 0);
	assert_in_range(json_get_str(j, "dedup_key").n, 1, 258);
	assert_in_range(json_get_str(json_get_obj(j, "payload"), "summary").n, 1, 1024);
	json_free(j);
}

static void test_resolve(void **state)
{
	BUF_AUTO text = BUF_INIT(1 << 16);
	struct notice n = usual;

	(void)state;
	notice_pagerduty(&text, &n, STR("K"));
	assert_true(str_has(buf_view(&text), "\"event_action\":\"resolve\""));
	buf_reset(&text);
	n.outcome = OUTCOME_ESCALATED;
	notice_pagerduty(&text, &n, STR("K"));
	assert_true(str_has(buf_view(&text), "\"event_action\":\"trigger\""));
	assert_true(str_has(buf_view(&text), "\"severity\":\"error\""));
}

static void test_wanted(void **state)
{
	static const struct {
		enum outcome outcome;
		const char *pull;
		bool slack, pagerduty;
	} cases[] = {
		{OUTCOME_HEALED, NULL, true, true},
		{OUTCOME_HEALED, "created", true, true},
		{OUTCOME_NOT_HEALED, NULL, false, true},
		{OUTCOME_ROLLED_BACK, NULL, false, true},
		{OUTCOME_FLAKY, NULL, false, false},
		{OUTCOME_NOTHING_TO_DO, NULL, false, false},
		{OUTCOME_NOTHING_TO_DO, "closed", true, false},
		{OUTCOME_ESCALATED, NULL, false, true},
		{OUTCOME_INFRASTRUCTURE, NULL, false, false},
	};
	uint32_t flaky = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct notice n = {.outcome = cases[i].outcome,
			.pull.operation = cases[i].pull,
			.fingerprint = STR("f")};
		for (int c = 0; c < 2; c++)
			assert_int_equal(notice_wanted(&n, (enum notice_channel)c,
						 notice_default_events((enum notice_channel)c)),
				c == NOTICE_SLACK ? cases[i].slack : cases[i].pagerduty);
	}
	assert_true(notice_event_from_string(STR("flaky"), &flaky));
	assert_true(notice_wanted(&(struct notice){.outcome = OUTCOME_FLAKY}, NOTICE_SLACK, flaky));
	assert_false(notice_wanted(&usual, NOTICE_SLACK, flaky));
	assert_false(notice_event_from_string(STR("flakey"), &flaky));
}

static void test_key(void **state)
{
	struct notice n = usual;
	struct str first;
	ARENA_AUTO mem;

	(void)state;
	arena_init(&mem);
	first = notice_key(&n, &mem);
	n.at += 100;
	n.session = STR("s-2");
	assert_true(str_eq(first, notice_key(&n, &mem)));
	n.fingerprint = STR("f2");
	assert_false(str_eq(first, notice_key(&n, &mem)));
	n = usual;
	n.pull.operation = "updated";
	assert_false(str_eq(first, notice_key(&n, &mem)));
	n = usual;
	n.outcome = OUTCOME_FLAKY;
	assert_false(str_eq(first, notice_key(&n, &mem)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_nothing_acts),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
