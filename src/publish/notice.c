#include "publish/notice.h"

#include <inttypes.h>

#include "base/clock.h"
#include "json/json.h"
#include "kit/clean/clean.h"
#include "kit/redact/redact.h"
#include "port/crypto/base64.h"
#include "port/crypto/sha256.h"

/* What the services take: Slack's Block Kit reference (header 150, section 3000, field 2000
 * characters) and PagerDuty's Events API v2 (summary 1024, dedup_key 255). We stay well below:
 * nobody reads more on a phone, and escaping makes text longer. */
enum {
	HEADER_BYTES = 150,
	FIELD_BYTES = 400,
	SUMMARY_BYTES = 900,
	TEXT_BYTES = 16 << 10,
	MAIL_LINE = 76,
};

const char *notice_channel_to_string(enum notice_channel channel)
{
	static const char *const names[] = {"slack", "pagerduty", "webhook", "mail"};

	return names[channel];
}

bool notice_event_from_string(struct str word, uint32_t *bit)
{
	enum outcome outcome;

	if (str_eq_c(word, "pull_request")) {
		*bit = NOTICE_ON_PULL;
		return true;
	}
	if (!outcome_from_string(word, &outcome))
		return false;
	*bit = 1u << outcome;
	return true;
}

uint32_t notice_default_events(enum notice_channel channel)
{
	if (channel == NOTICE_PAGERDUTY)
		return 1u << OUTCOME_NOT_HEALED | 1u << OUTCOME_ROLLED_BACK |
		       1u << OUTCOME_ESCALATED | 1u << OUTCOME_REFUSED |
		       1u << OUTCOME_AWAITING_APPROVAL;
	return 1u << OUTCOME_HEALED | NOTICE_ON_PULL;
}

void notice_of_fix(struct notice *out, const struct fix *fix, struct arena *mem)
{
	const struct failure *f = fix->failures;

	*out = (struct notice){.outcome = fix->outcome,
		.fingerprint = str_of(fix_fingerprint(fix)),
		.session = fix->session,
		.root_cause = fix->diagnosis.root_cause,
		.solution = fix->note,
		.why = fix->why,
		.attempts = fix->attempts,
		.tests_passed = fix->verdict.rungs.n ? fix->verdict.tests_passed : -1,
		.tests_total = fix->verdict.rungs.n ? fix->verdict.tests_total : -1,
		.confidence = fix->verdict.confidence};
	if (!fix->n_failures)
		return;
	out->error = fix_subject(fix, mem);
	if (f->message.n)
		out->error = arena_printf(mem, "%.*s: %.*s", STR_ARGS(out->error),
			STR_ARGS(str_slice(f->message, 0, FIELD_BYTES * 4)));
}

bool notice_wanted(const struct notice *n, enum notice_channel channel, uint32_t events)
{
	if (channel == NOTICE_PAGERDUTY && n->outcome == OUTCOME_HEALED)
		return n->fingerprint.n > 0;
	if (n->pull.operation && events & NOTICE_ON_PULL)
		return true;
	return (events & 1u << n->outcome) != 0;
}

struct str notice_key(const struct notice *n, struct arena *mem)
{
	char hex[SHA256_HEX_SIZE];
	struct str text = arena_printf(mem, "%.*s|%s|%.*s|%s|%" PRId64, STR_ARGS(n->repository),
		outcome_to_string(n->outcome), STR_ARGS(n->fingerprint),
		n->pull.operation ? n->pull.operation : "", n->pull.number);

	sha256_hex(hex, text);
	return arena_str(mem, str_of(hex));
}

/* Redacted first: of a secret that is cut nobody sees that it is one. */
static void shown(struct buf *out, struct str text, size_t max)
{
	BUF_AUTO safe = BUF_INIT(TEXT_BYTES);

	redact_text(&safe, str_slice(text, 0, TEXT_BYTES / 2));
	clean_line(out, buf_view(&safe), max);
}

/* Slack's three control characters (api.slack.com "Formatting text": a mention is "<!here>"), and
 * marks of bold and code, for which it has no escape: they become what looks like them. */
static void slack_text(struct buf *out, struct str text, size_t max)
{
	static const struct {
		char c;
		const char *as;
	} marks[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'`', "\xca\xb9"},
		{'*', "\xe2\x88\x97"}, {'~', "\xe2\x88\xbc"}};
	BUF_AUTO line = BUF_INIT(TEXT_BYTES);

	shown(&line, text, max);
	for (size_t i = 0; i < line.n; i++) {
		const char *as = NULL;
		for (size_t k = 0; k < ARRAY_LEN(marks); k++)
			if (marks[k].c == line.p[i])
				as = marks[k].as;
		if (as)
			buf_c(out, as);
		else
			buf_char(out, line.p[i]);
	}
}

static const char *title_of(const struct notice *n)
{
	switch (n->outcome) {
	case OUTCOME_HEALED:
		return "Self-Healing Fix Deployed";
	case OUTCOME_NOTHING_TO_DO:
		return "Tests Are Green";
	case OUTCOME_FLAKY:
		return "Flaky Test Found";
	case OUTCOME_ESCALATED:
	case OUTCOME_AWAITING_APPROVAL:
		return "A Failure Needs a Person";
	case OUTCOME_INFRASTRUCTURE:
	case OUTCOME_CONFIGURATION:
		return "The Tests Could Not Run";
	default:
		return "A Failure Is Not Healed";
	}
}

/* "healed, 42/42 tests, confidence 0.86; pull request created". */
static void status(struct buf *out, const struct notice *n)
{
	buf_c(out, outcome_to_string(n->outcome));
	if (n->tests_total >= 0)
		buf_printf(out, ", %d/%d tests", n->tests_passed, n->tests_total);
	if (n->outcome == OUTCOME_HEALED)
		buf_printf(out, ", confidence %.2f", n->confidence);
	if (n->pull.operation)
		buf_printf(out, "; pull request %s", n->pull.operation);
}

/* Addresses come from GitHub's answers: nothing may stand in one that ends a link. */
static bool is_plain_url(struct str url)
{
	if (!str_starts(url, "https://") && !str_starts(url, "http://"))
		return false;
	for (size_t i = 0; i < url.n; i++)
		if ((unsigned char)url.p[i] <= ' ' || strchr("<>|\"`\\", url.p[i]))
			return false;
	return url.n <= 1000;
}

static struct json_t *slack_part(const char *type, struct str text)
{
	struct json_t *j = json_obj();

	json_put_c(j, "type", type);
	json_put_str(j, "text", text);
	if (!strcmp(type, "mrkdwn")) /* no channel, no user is looked for in it */
		json_put_bool(j, "verbatim", true);
	return j;
}

static void slack_field(struct json_t *fields, const char *label, struct str text)
{
	BUF_AUTO out = BUF_INIT(TEXT_BYTES);

	if (!text.n)
		return;
	buf_printf(&out, "*%s*\n", label);
	slack_text(&out, text, FIELD_BYTES);
	json_push(fields, slack_part("mrkdwn", buf_view(&out)));
}

static struct json_t *slack_header(const struct notice *n)
{
	struct json_t *j = json_obj();

	json_put_c(j, "type", "header");
	json_put(j, "text", slack_part("plain_text", str_of(title_of(n))));
	return j;
}

static struct json_t *slack_fields(const struct notice *n)
{
	struct json_t *j = json_obj(), *fields = json_arr();
	BUF_AUTO text = BUF_INIT(TEXT_BYTES);

	slack_field(fields, "Repository", n->repository);
	slack_field(fields, "Error", n->error);
	slack_field(fields, "Root cause", n->root_cause);
	slack_field(fields, "Solution", n->solution);
	buf_printf(&text, "%zu", n->attempts);
	slack_field(fields, "Attempts", buf_view(&text));
	buf_reset(&text);
	status(&text, n);
	slack_field(fields, "Status", buf_view(&text));
	json_put_c(j, "type", "section");
	json_put(j, "fields", fields);
	return j;
}

static struct json_t *slack_section(struct str text)
{
	struct json_t *j = json_obj();

	json_put_c(j, "type", "section");
	json_put(j, "text", slack_part("mrkdwn", text));
	return j;
}

void notice_slack(struct buf *out, const struct notice *n)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();
	struct json_t *blocks = json_arr();
	BUF_AUTO text = BUF_INIT(TEXT_BYTES);

	buf_printf(&text, "%s: ", title_of(n));
	slack_text(&text, n->error.n ? n->error : n->why, HEADER_BYTES);
	json_put_str(j, "text", buf_view(&text));
	json_push(blocks, slack_header(n));
	json_push(blocks, slack_fields(n));
	buf_reset(&text);
	if (n->outcome != OUTCOME_HEALED)
		slack_text(&text, n->why, FIELD_BYTES);
	if (is_plain_url(n->pull.url))
		buf_printf(&text, "%s<%.*s|Pull request #%" PRId64 ">", text.n ? "\n" : "",
			STR_ARGS(n->pull.url), n->pull.number);
	if (text.n)
		json_push(blocks, slack_section(buf_view(&text)));
	json_put(j, "blocks", blocks);
	json_write(out, j, 0);
}

static void put_shown(struct json_t *j, const char *key, struct str text, size_t max)
{
	BUF_AUTO out = BUF_INIT(TEXT_BYTES);

	shown(&out, text, max);
	json_put_str(j, key, buf_view(&out));
}

static void put_status(struct json_t *j, const struct notice *n)
{
	BUF_AUTO out = BUF_INIT(TEXT_BYTES);

	status(&out, n);
	json_put_str(j, "status", buf_view(&out));
}

static struct json_t *pagerduty_payload(const struct notice *n)
{
	struct json_t *j = json_obj(), *details = json_obj();
	BUF_AUTO summary = BUF_INIT(TEXT_BYTES);
	bool hard = n->outcome == OUTCOME_NOT_HEALED || n->outcome == OUTCOME_ROLLED_BACK ||
		    n->outcome == OUTCOME_ESCALATED;
	char at[CLOCK_ISO_SIZE];

	buf_printf(&summary, "%s: ", title_of(n));
	shown(&summary, n->error.n ? n->error : n->why, SUMMARY_BYTES);
	json_put_str(j, "summary", buf_view(&summary));
	put_shown(j, "source", n->repository.n ? n->repository : STR("selfheal"), FIELD_BYTES);
	json_put_c(j, "severity", hard ? "error" : "warning");
	clock_iso(n->at, at);
	json_put_c(j, "timestamp", at);
	json_put_c(j, "component", "tests");
	json_put_c(j, "class", outcome_to_string(n->outcome));
	put_shown(details, "root_cause", n->root_cause, SUMMARY_BYTES);
	put_shown(details, "why", n->why, SUMMARY_BYTES);
	json_put_int(details, "attempts", (int64_t)n->attempts);
	put_status(details, n);
	json_put(j, "custom_details", details);
	return j;
}

void notice_pagerduty(struct buf *out, const struct notice *n, struct str routing_key)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();
	bool healed = n->outcome == OUTCOME_HEALED || n->outcome == OUTCOME_NOTHING_TO_DO;

	json_put_str(j, "routing_key", routing_key);
	json_put_c(j, "event_action", healed ? "resolve" : "trigger");
	if (n->fingerprint.n)
		put_shown(j, "dedup_key", n->fingerprint, 255);
	if (!healed) {
		json_put(j, "payload", pagerduty_payload(n));
		json_put_c(j, "client", "selfheal");
	}
	if (!healed && is_plain_url(n->pull.url)) {
		struct json_t *links = json_arr(), *link = json_obj();
		json_put_str(link, "href", n->pull.url);
		json_put_c(link, "text", "Pull request");
		json_push(links, link);
		json_put(j, "links", links);
	}
	json_write(out, j, 0);
}

static struct json_t *pull_json(const struct notice *n)
{
	struct json_t *j;

	if (!n->pull.operation)
		return json_nothing();
	j = json_obj();
	json_put_c(j, "operation", n->pull.operation);
	json_put_int(j, "number", n->pull.number);
	json_put_str(j, "url", is_plain_url(n->pull.url) ? n->pull.url : STR(""));
	return j;
}

void notice_webhook(struct buf *out, const struct notice *n)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();
	struct json_t *tests = json_obj();
	char at[CLOCK_ISO_SIZE];

	clock_iso(n->at, at);
	json_put_c(j, "version", SELFHEAL_VERSION);
	json_put_c(j, "outcome", outcome_to_string(n->outcome));
	json_put_c(j, "title", title_of(n));
	put_shown(j, "repository", n->repository, FIELD_BYTES);
	put_shown(j, "fingerprint", n->fingerprint, 255);
	put_shown(j, "session", n->session, 255);
	put_shown(j, "error", n->error, SUMMARY_BYTES);
	put_shown(j, "root_cause", n->root_cause, SUMMARY_BYTES);
	put_shown(j, "solution", n->solution, SUMMARY_BYTES);
	put_shown(j, "why", n->why, SUMMARY_BYTES);
	json_put_int(j, "attempts", (int64_t)n->attempts);
	json_put_int(tests, "passed", n->tests_passed);
	json_put_int(tests, "total", n->tests_total);
	json_put(j, "tests", tests);
	json_put_real(j, "confidence", n->confidence);
	put_status(j, n);
	json_put(j, "pull_request", pull_json(n));
	json_put_c(j, "sent_at", at);
	json_write(out, j, 0);
}

static void mail_line(struct buf *out, const char *label, struct str text)
{
	if (!text.n)
		return;
	buf_printf(out, "%-11s ", label);
	shown(out, text, SUMMARY_BYTES);
	buf_char(out, '\n');
}

static void mail_text(struct buf *out, const struct notice *n)
{
	BUF_AUTO text = BUF_INIT(TEXT_BYTES);

	status(&text, n);
	buf_printf(out, "%s\n\n", title_of(n));
	mail_line(out, "Repository", n->repository);
	mail_line(out, "Error", n->error);
	mail_line(out, "Root cause", n->root_cause);
	mail_line(out, "Solution", n->solution);
	mail_line(out, "Status", buf_view(&text));
	buf_printf(out, "%-11s %zu\n", "Attempts", n->attempts);
	mail_line(out, "Why", n->outcome == OUTCOME_HEALED ? STR_NULL : n->why);
	if (is_plain_url(n->pull.url))
		mail_line(out, "Pull request", n->pull.url);
	mail_line(out, "Session", n->session);
}

/* RFC 2047: whatever is in it, the header stays one line of ASCII. Encoded words have 75 bytes at
 * most, so each takes 36 of the text, cut between characters. */
static void mail_subject(struct buf *out, struct str text)
{
	BUF_AUTO line = BUF_INIT(TEXT_BYTES);
	struct str rest;

	shown(&line, text, 2 * HEADER_BYTES);
	rest = buf_view(&line);
	buf_c(out, "Subject:");
	while (rest.n) {
		size_t n = rest.n < 36 ? rest.n : 36;
		while (n > 33 && n < rest.n && ((unsigned char)rest.p[n] & 0xc0) == 0x80)
			n--;
		buf_c(out, " =?UTF-8?B?");
		base64_encode(out, str_slice(rest, 0, n));
		buf_c(out, "?=\r\n");
		rest = str_from(rest, n);
	}
}

static void mail_date(struct buf *out, int64_t at)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char iso[CLOCK_ISO_SIZE];
	int month, day_of_week = (int)((at / 86400 + 4) % 7);

	clock_iso(at, iso);
	month = (iso[5] - '0') * 10 + iso[6] - '0' - 1;
	buf_printf(out, "Date: %.3s, %.2s %.3s %.4s %.8s +0000\r\n", days + 3 * day_of_week,
		iso + 8, months + 3 * month, iso, iso + 11);
}

static void mail_body(struct buf *out, struct str text)
{
	BUF_AUTO coded = BUF_INIT(TEXT_BYTES * 2);
	struct str rest;

	base64_encode(&coded, text);
	rest = buf_view(&coded);
	for (; rest.n; rest = str_from(rest, MAIL_LINE))
		buf_printf(out, "%.*s\r\n", STR_ARGS(str_slice(rest, 0, MAIL_LINE)));
}

void notice_mail(
	struct buf *out, const struct notice *n, struct str from, const struct str *to, size_t n_to)
{
	BUF_AUTO text = BUF_INIT(TEXT_BYTES);
	ARENA_AUTO mem;

	arena_init(&mem);
	buf_printf(out, "From: selfheal <%.*s>\r\nTo: ", STR_ARGS(from));
	for (size_t i = 0; i < n_to; i++)
		buf_printf(out, "%s<%.*s>", i ? ",\r\n " : "", STR_ARGS(to[i]));
	buf_c(out, "\r\n");
	mail_subject(out, arena_printf(&mem, "[selfheal] %s: %.*s", title_of(n),
				  STR_ARGS(n->error.n ? n->error : n->why)));
	mail_date(out, n->at);
	buf_printf(out, "Message-ID: <%.32s.%" PRId64 "@selfheal.invalid>\r\n",
		notice_key(n, &mem).p, n->at);
	buf_c(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
		   "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n");
	mail_text(&text, n);
	mail_body(out, buf_view(&text));
}
