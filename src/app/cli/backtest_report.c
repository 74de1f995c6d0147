#include "app/cli/backtest_report.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/limits.h"
#include "json/json.h"
#include "kit/clean/clean.h"
#include "kit/redact/redact.h"

enum { LINE_BYTES = 300, FILES_SHOWN = 50 };

static bool was_tried(const struct backtest_run *r)
{
	return r->kind == BACKTEST_REPAIR && !r->reason;
}

static void put_redacted(struct json_t *j, const char *key, struct str text)
{
	BUF_AUTO safe = BUF_INIT(LIMIT_PATCH_BYTES);

	redact_text(&safe, text);
	json_put_str(j, key, buf_view(&safe));
}

static void put_time(struct json_t *j, const char *key, int64_t at)
{
	char text[CLOCK_ISO_SIZE] = "";

	if (at)
		clock_iso(at, text);
	json_put_c(j, key, text);
}

static struct json_t *people_json(const struct backtest_run *r)
{
	struct json_t *j, *files;

	if (!r->people.sha.n)
		return json_nothing();
	j = json_obj();
	files = json_arr();
	for (size_t i = 0; i < r->people.n_files && i < FILES_SHOWN; i++)
		json_push(files, json_str(r->people.files[i]));
	json_put_str(j, "commit", r->people.sha);
	put_time(j, "green_at", r->people.at);
	json_put_int(j, "seconds", r->people.at - r->created_at);
	json_put(j, "files", files);
	json_put(j, "tests_pass", r->people.tried ? json_flag(r->people.green) : json_nothing());
	return j;
}

static struct json_t *bot_json(const struct backtest_run *r)
{
	struct json_t *j;

	if (!was_tried(r))
		return json_nothing();
	j = json_obj();
	json_put_c(j, "outcome", outcome_to_string(r->outcome));
	json_put_bool(j, "proposed", r->diff.n > 0);
	put_redacted(j, "patch", r->diff);
	put_redacted(j, "why", r->why);
	json_put_real(j, "confidence", r->confidence);
	json_put_real(j, "seconds", r->seconds);
	json_put_c(j, "place", backtest_place_to_string(r->place));
	return j;
}

static struct json_t *run_json(const struct backtest_run *r)
{
	struct json_t *j = json_obj();

	json_put_int(j, "id", r->id);
	json_put_str(j, "workflow", r->name);
	json_put_str(j, "url", r->url);
	json_put_str(j, "branch", r->branch);
	json_put_str(j, "commit", r->sha);
	put_time(j, "created_at", r->created_at);
	json_put_c(j, "kind", backtest_kind_to_string(r->kind));
	json_put_c(j, "reason", r->reason ? r->reason : "");
	put_redacted(j, "failure", r->subject);
	json_put_c(j, "fingerprint", r->failures.items.n ? r->failures.items.v[0].fingerprint : "");
	json_put_int(j, "failures", (int64_t)r->failures.items.n);
	json_put(j, "same_as", r->same_as ? json_int(r->same_as) : json_nothing());
	json_put(j, "bot", bot_json(r));
	json_put(j, "people", people_json(r));
	return j;
}

static struct json_t *summary_json(const struct backtest *b)
{
	const struct backtest_totals *t = &b->totals;
	struct json_t *j = json_obj(), *kinds = json_obj(), *places = json_obj();

	for (int k = 0; k < BACKTEST_KINDS; k++)
		json_put_int(kinds, backtest_kind_to_string((enum backtest_kind)k),
			(int64_t)t->kinds[k]);
	json_put_int(places, "same_lines", (int64_t)t->same_lines);
	json_put_int(places, "same_file", (int64_t)t->same_file);
	json_put_int(places, "elsewhere", (int64_t)t->elsewhere);
	json_put_int(j, "runs", (int64_t)b->n);
	json_put(j, "kinds", kinds);
	json_put_int(j, "tried", (int64_t)t->tried);
	json_put_int(j, "proposed", (int64_t)t->proposed);
	json_put(j, "places", places);
	json_put_int(j, "fixed_by_people", (int64_t)t->fixed_by_people);
	json_put(j, "median_seconds_to_people",
		t->median_to_people_s < 0 ? json_nothing() : json_int(t->median_to_people_s));
	return j;
}

static void count_skips(struct json_t *skips, const struct backtest *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].reason)
			json_put_int(
				skips, b->v[i].reason, json_get_int(skips, b->v[i].reason, 0) + 1);
}

static void write_json(struct buf *out, const struct backtest *b)
{
	CLEANUP(json_freep) struct json_t *j = json_obj();
	struct json_t *runs = json_arr(), *skips = json_obj();

	for (size_t i = 0; i < b->n; i++)
		json_push(runs, run_json(&b->v[i]));
	count_skips(skips, b);
	json_put_c(j, "version", SELFHEAL_VERSION);
	json_put(j, "summary", summary_json(b));
	json_put(j, "skips", skips);
	json_put(j, "runs", runs);
	json_write(out, j, 2);
	buf_char(out, '\n');
}

/* "40 s", "12 min", "5 h", "3 d". */
static void span(struct buf *out, int64_t seconds)
{
	if (seconds < 120)
		buf_printf(out, "%" PRId64 " s", seconds);
	else if (seconds < 7200)
		buf_printf(out, "%" PRId64 " min", seconds / 60);
	else if (seconds < 172800)
		buf_printf(out, "%" PRId64 " h", seconds / 3600);
	else
		buf_printf(out, "%" PRId64 " d", seconds / 86400);
}

static void say(struct buf *out, struct str text, bool markdown)
{
	BUF_AUTO safe = BUF_INIT(LIMIT_TEXT_BYTES);

	redact_text(&safe, str_slice(text, 0, 4 * LINE_BYTES));
	if (markdown)
		clean_md_text(out, buf_view(&safe));
	else
		clean_line(out, buf_view(&safe), LINE_BYTES);
}

static void bot_text(struct buf *out, const struct backtest_run *r, bool markdown)
{
	static const char *const places[] = {NULL, "in another file than people's change",
		"in a file that people changed, too", "on lines that people changed, too"};

	if (!was_tried(r)) {
		buf_printf(out, "%s", backtest_reason_text(r->reason ? r->reason : "flaky"));
		if (r->same_as)
			buf_printf(out, " (%" PRId64 ")", r->same_as);
		return;
	}
	buf_c(out, r->diff.n ? "would propose: " : "would propose nothing: ");
	say(out, r->why, markdown);
	if (r->diff.n)
		buf_printf(out, " (confidence %.2f, %.0f s)", r->confidence, r->seconds);
	if (places[r->place])
		buf_printf(out, ", %s", places[r->place]);
}

static void people_text(struct buf *out, const struct backtest_run *r)
{
	if (!r->people.sha.n) {
		buf_c(out, "no green run since");
		return;
	}
	buf_printf(out, "green again at %.*s after ", STR_ARGS(str_slice(r->people.sha, 0, 12)));
	span(out, r->people.at - r->created_at);
	buf_printf(
		out, ", %zu file%s changed", r->people.n_files, r->people.n_files == 1 ? "" : "s");
	if (r->people.tried)
		buf_c(out, r->people.green ? ", the tests pass on it here"
					   : ", the tests do not pass on it here");
}

static void one_run(struct buf *out, const struct backtest_run *r, bool markdown)
{
	buf_printf(out, "%s%" PRId64 " %s", markdown ? "- **" : "", r->id, markdown ? "** " : "");
	buf_printf(out, "%.*s ", STR_ARGS(str_slice(r->sha, 0, 12)));
	buf_printf(out, "%s", backtest_kind_to_string(r->kind));
	if (r->subject.n) {
		buf_c(out, ": ");
		say(out, r->subject, markdown);
	}
	buf_c(out, markdown ? "\n  - bot: " : "\n    bot: ");
	bot_text(out, r, markdown);
	buf_c(out, markdown ? "\n  - people: " : "\n    people: ");
	people_text(out, r);
	buf_char(out, '\n');
}

static void summary_text(struct buf *out, const struct backtest *b, bool markdown)
{
	const struct backtest_totals *t = &b->totals;
	const char *item = markdown ? "- " : "";

	buf_printf(out, "%s%zu red runs:", item, b->n);
	for (int k = 0; k < BACKTEST_KINDS; k++)
		buf_printf(out, "%s %zu %s", k ? "," : "", t->kinds[k],
			backtest_kind_to_string((enum backtest_kind)k));
	buf_printf(out, "\n%s%zu different failures tried, %zu would have been proposed", item,
		t->tried, t->proposed);
	buf_printf(out,
		" (%zu on the lines that people changed, %zu in the same file, %zu elsewhere)\n",
		t->same_lines, t->same_file, t->elsewhere);
	buf_printf(out, "%speople fixed %zu", item, t->fixed_by_people);
	if (t->median_to_people_s >= 0) {
		buf_c(out, ", half of them within ");
		span(out, t->median_to_people_s);
	}
	buf_char(out, '\n');
}

static void skips_text(struct buf *out, const struct backtest *b, bool markdown)
{
	CLEANUP(json_freep) struct json_t *skips = json_obj();
	struct json_each each = {0};

	count_skips(skips, b);
	while (json_next(skips, &each))
		buf_printf(out, "%snot tried, %s: %" PRId64 "\n", markdown ? "- " : "",
			backtest_reason_text(each.key), json_get_int(skips, each.key, 0));
}

static void write_text(struct buf *out, const struct backtest *b, bool markdown)
{
	if (markdown)
		buf_c(out, "## selfheal: backtest\n\n");
	if (!b->n) {
		buf_c(out, "there is no red run\n");
		return;
	}
	summary_text(out, b, markdown);
	skips_text(out, b, markdown);
	buf_char(out, '\n');
	for (size_t i = 0; i < b->n; i++)
		one_run(out, &b->v[i], markdown);
}

void backtest_report(struct cli *cli, const struct backtest *b)
{
	if (cli->format == FORMAT_JSON)
		write_json(&cli->out, b);
	else
		write_text(&cli->out, b, cli->format == FORMAT_MARKDOWN);
}
