#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/arena.h"
#include "heal/intake.h"
#include "json/json.h"

#define SHA "1234567890123456789012345678901234567890"
#define REPO "\"repository\":{\"full_name\":\"acme/app\",\"default_branch\":\"main\"}"
#define SENDER "\"sender\":{\"login\":\"ann\",\"type\":\"User\"}"
#define RUN(conclusion, branch, from, more)                                                        \
	"{\"action\":\"completed\"," REPO "," SENDER                                               \
	",\"workflow_run\":{\"id\":7,\"run_attempt\":2,\"name\":\"CI\",\"conclusion\":"            \
	"\"" conclusion "\",\"head_branch\":\"" branch "\",\"head_sha\":\"" SHA                    \
	"\",\"head_repository\":{\"full_name\":\"" from                                            \
	"\"},\"created_at\":\"2026-01-02T03:04:05Z\"" more "}}"
#define SUITE(slug, conclusion, branch)                                                            \
	"\"check_suite\":{\"id\":9,\"head_branch\":\"" branch "\",\"head_sha\":\"" SHA             \
	"\",\"conclusion\":\"" conclusion "\",\"app\":{\"slug\":\"" slug "\"}"
#define PULL(branch, from, more)                                                                   \
	"\"pull_request\":{\"number\":5,\"head\":{\"ref\":\"" branch "\",\"sha\":\"" SHA           \
	"\",\"repo\":{\"full_name\":\"" from "\"}},\"base\":{\"ref\":\"main\"}" more "}"
#define COMMENT(text, user, type)                                                                  \
	"\"comment\":{\"id\":11,\"body\":\"" text "\",\"author_association\":\"MEMBER\","          \
	"\"created_at\":\"2026-01-02T03:04:05Z\",\"user\":{\"login\":\"" user                      \
	"\",\"type\":\"" type "\"}}"

struct row {
	const char *name;
	enum event event;
	const char *payload;
	enum intake result;
	const char *says; /* the job as JSON holds it, or the reason */
};

static const struct row rows[] = {
	/* runs */
	{"red run", EVENT_WORKFLOW_RUN, RUN("failure", "topic", "acme/app", ""), INTAKE_JOB,
		"\"kind\":\"heal_run\""},
	{"its key is run and attempt", EVENT_WORKFLOW_RUN, RUN("failure", "topic", "acme/app", ""),
		INTAKE_JOB, "\"key\":\"red:acme/app:run:7:2\""},
	{"its time", EVENT_WORKFLOW_RUN, RUN("failure", "topic", "acme/app", ""), INTAKE_JOB,
		"\"at\":1767323045"},
	{"timed out", EVENT_WORKFLOW_RUN, RUN("timed_out", "topic", "acme/app", ""), INTAKE_JOB,
		"\"conclusion\":\"timed_out\""},
	{"of a fork", EVENT_WORKFLOW_RUN, RUN("failure", "topic", "eve/app", ""), INTAKE_JOB,
		"\"head_repo\":\"eve/app\""},
	{"a fork's branch named like ours", EVENT_WORKFLOW_RUN,
		RUN("failure", "selfheal/x", "eve/app", ""), INTAKE_JOB, "\"kind\":\"heal_run\""},
	{"ours is red", EVENT_WORKFLOW_RUN, RUN("failure", "selfheal/x", "acme/app", ""),
		INTAKE_JOB, "\"kind\":\"own_red\""},
	{"base is green", EVENT_WORKFLOW_RUN, RUN("success", "main", "acme/app", ""), INTAKE_JOB,
		"\"kind\":\"base_green\""},
	{"a fork's main is not the base", EVENT_WORKFLOW_RUN, RUN("success", "main", "eve/app", ""),
		INTAKE_SKIP, "green"},
	{"a pull request's run is not the base's", EVENT_WORKFLOW_RUN,
		RUN("success", "main", "acme/app", ",\"event\":\"pull_request\""), INTAKE_SKIP,
		"green"},
	{"green topic", EVENT_WORKFLOW_RUN, RUN("success", "topic", "acme/app", ""), INTAKE_SKIP,
		"green"},
	{"cancelled", EVENT_WORKFLOW_RUN, RUN("cancelled", "topic", "acme/app", ""), INTAKE_SKIP,
		"no_verdict"},
	{"requested", EVENT_WORKFLOW_RUN,
		"{\"action\":\"requested\"," REPO ",\"workflow_run\":{\"id\":7}}", INTAKE_SKIP,
		"not_completed"},
	{"hostile branch", EVENT_WORKFLOW_RUN, RUN("failure", "--upload-pack=x", "acme/app", ""),
		INTAKE_SKIP, "no_branch"},
	{"branch that climbs", EVENT_WORKFLOW_RUN, RUN("failure", "a/../../b", "acme/app", ""),
		INTAKE_SKIP, "no_branch"},
	{"repository that climbs", EVENT_WORKFLOW_RUN,
		"{\"action\":\"completed\",\"repository\":{\"full_name\":\"../..\"}}",
		INTAKE_MALFORMED, "repository"},
	{"repository with a space", EVENT_PUSH,
		"{\"ref\":\"refs/heads/a\",\"repository\":{\"full_name\":\"a/b c\"}}",
		INTAKE_MALFORMED, "repository"},
	{"no commit", EVENT_WORKFLOW_RUN,
		"{\"action\":\"completed\"," REPO ",\"workflow_run\":{\"id\":7,\"conclusion\":"
		"\"failure\",\"head_branch\":\"b\",\"head_sha\":\"HEAD\"}}",
		INTAKE_MALFORMED, "the head's commit"},
	{"types mixed up", EVENT_WORKFLOW_RUN,
		"{\"action\":[],\"repository\":7,\"workflow_run\":\"x\"}", INTAKE_MALFORMED,
		"repository"},
	{"no object", EVENT_WORKFLOW_RUN, "[1]", INTAKE_MALFORMED, "an object"},
	/* checks of other CI systems */
	{"red suite", EVENT_CHECK_SUITE,
		"{\"action\":\"completed\"," REPO "," SUITE("buildkite", "failure", "topic") "}}",
		INTAKE_JOB, "\"key\":\"red:acme/app:suite:9:1\""},
	{"red check of that suite is the same job", EVENT_CHECK_RUN,
		"{\"action\":\"completed\"," REPO ",\"check_run\":{\"conclusion\":\"failure\","
		"\"app\":{\"slug\":\"buildkite\"}," SUITE("buildkite", "", "topic") "}}}",
		INTAKE_JOB, "\"key\":\"red:acme/app:suite:9:1\""},
	{"a suite of Actions", EVENT_CHECK_SUITE,
		"{\"action\":\"completed\"," REPO "," SUITE("github-actions", "failure", "b") "}}",
		INTAKE_SKIP, "actions"},
	{"green suite", EVENT_CHECK_SUITE,
		"{\"action\":\"completed\"," REPO "," SUITE("buildkite", "success", "b") "}}",
		INTAKE_SKIP, "green"},
	/* commands */
	{"command", EVENT_ISSUE_COMMENT,
		"{\"action\":\"created\"," REPO "," SENDER ",\"issue\":{\"number\":3}," COMMENT(
			"Thanks.\\n  /SelfHeal  retry now \\n", "ann", "User") "}",
		INTAKE_JOB, "\"text\":\"retry now\""},
	{"its key is the comment", EVENT_ISSUE_COMMENT,
		"{\"action\":\"created\"," REPO "," SENDER
		",\"issue\":{\"number\":3}," COMMENT("/selfheal", "ann", "User") "}",
		INTAKE_JOB, "\"key\":\"command:acme/app:issue:11\""},
	{"in the middle of a line", EVENT_ISSUE_COMMENT,
		"{\"action\":\"created\"," REPO "," SENDER
		",\"issue\":{\"number\":3}," COMMENT("use /selfheal retry", "ann", "User") "}",
		INTAKE_SKIP, "no_command"},
	{"another word", EVENT_ISSUE_COMMENT,
		"{\"action\":\"created\"," REPO "," SENDER
		",\"issue\":{\"number\":3}," COMMENT("/selfhealer x", "ann", "User") "}",
		INTAKE_SKIP, "no_command"},
	{"in a fence", EVENT_ISSUE_COMMENT,
		"{\"action\":\"created\"," REPO "," SENDER ",\"issue\":{\"number\":3}," COMMENT(
			"```\\n/selfheal retry\\n```", "ann", "User") "}",
		INTAKE_SKIP, "no_command"},
	{"quoted", EVENT_ISSUE_COMMENT,
		"{\"action\":\"created\"," REPO "," SENDER
		",\"issue\":{\"number\":3}," COMMENT("> /selfheal retry", "ann", "User") "}",
		INTAKE_SKIP, "no_command"},
	{"edited", EVENT_ISSUE_COMMENT,
		"{\"action\":\"edited\"," REPO
		",\"issue\":{\"number\":3}," COMMENT("/selfheal retry", "ann", "User") "}",
		INTAKE_SKIP, "action"},
	{"by a bot", EVENT_ISSUE_COMMENT,
		"{\"action\":\"created\"," REPO "," SENDER
		",\"issue\":{\"number\":3}," COMMENT("/selfheal retry", "x[bot]", "Bot") "}",
		INTAKE_SKIP, "bot"},
	{"by ourselves", EVENT_ISSUE_COMMENT,
		"{\"action\":\"created\"," REPO "," SENDER
		",\"issue\":{\"number\":3}," COMMENT("/selfheal retry", "Healer", "User") "}",
		INTAKE_SKIP, "own"},
	{"on a line of a diff", EVENT_REVIEW_COMMENT,
		"{\"action\":\"created\"," REPO "," SENDER
		"," PULL("topic", "acme/app", "") "," COMMENT("/selfheal apply", "ann", "User") "}",
		INTAKE_JOB, "\"of_line\":true"},
	/* reviews */
	{"changes requested", EVENT_REVIEW,
		"{\"action\":\"submitted\"," REPO "," SENDER "," PULL("selfheal/x", "acme/app",
			"") ",\"review\":{\"id\":21,\"state\":\"changes_requested\",\"body\":"
			    "\"no\",\"user\":{\"login\":\"ann\"}}}",
		INTAKE_JOB, "\"key\":\"review:acme/app:21\""},
	{"a comment on a line belongs to its review", EVENT_REVIEW_COMMENT,
		"{\"action\":\"created\"," REPO "," SENDER "," PULL("selfheal/x", "acme/app",
			"") ",\"comment\":{\"id\":1,\"pull_request_review_id\":21,\"body\":"
			    "\"no\",\"user\":{\"login\":\"ann\"}}}",
		INTAKE_JOB, "\"key\":\"review:acme/app:21\""},
	{"approved", EVENT_REVIEW,
		"{\"action\":\"submitted\"," REPO "," SENDER "," PULL("selfheal/x", "acme/app",
			"") ",\"review\":{\"id\":21,\"state\":\"approved\"}}",
		INTAKE_SKIP, "no_request"},
	{"of someone's pull request", EVENT_REVIEW,
		"{\"action\":\"submitted\"," REPO "," SENDER "," PULL("topic", "acme/app",
			"") ",\"review\":{\"id\":21,\"state\":\"changes_requested\"}}",
		INTAKE_SKIP, "not_own"},
	/* closings */
	{"merged", EVENT_PULL_REQUEST,
		"{\"action\":\"closed\"," REPO "," SENDER
		"," PULL("selfheal/x", "acme/app", ",\"merged\":true") "}",
		INTAKE_JOB, "\"merged\":true"},
	{"closed by a person", EVENT_PULL_REQUEST,
		"{\"action\":\"closed\"," REPO "," SENDER
		"," PULL("selfheal/x", "acme/app", "") "}",
		INTAKE_JOB, "\"kind\":\"pull_closed\""},
	{"closed by ourselves", EVENT_PULL_REQUEST,
		"{\"action\":\"closed\"," REPO
		",\"sender\":{\"login\":\"healer\"}," PULL("selfheal/x", "acme/app", "") "}",
		INTAKE_SKIP, "own"},
	{"someone's", EVENT_PULL_REQUEST,
		"{\"action\":\"closed\"," REPO "," SENDER "," PULL("topic", "acme/app", "") "}",
		INTAKE_SKIP, "not_own"},
	{"labeled", EVENT_PULL_REQUEST,
		"{\"action\":\"labeled\"," REPO "," SENDER "," PULL("topic", "acme/app", "") "}",
		INTAKE_SKIP, "action"},
	/* pushes and the rest */
	{"push", EVENT_PUSH,
		"{\"ref\":\"refs/heads/feature/a\",\"after\":\"" SHA
		"\",\"repository\":{\"full_name\":\"acme/app\",\"pushed_at\":77}}",
		INTAKE_JOB, "\"line\":\"acme/app:acme/app:feature/a\""},
	{"a tag", EVENT_PUSH, "{\"ref\":\"refs/tags/v1\"," REPO "}", INTAKE_SKIP, "no_branch"},
	{"installed", EVENT_INSTALLATION, "{\"action\":\"created\",\"installation\":{\"id\":4}}",
		INTAKE_JOB, "\"key\":\"installation:4:created:d-1\""},
	{"ping", EVENT_PING, "{}", INTAKE_SKIP, "event"},
	{"a star", EVENT_OTHER, "{}", INTAKE_SKIP, "event"},
};

static const struct intake_context context = {{"healer", 6}, {"selfheal/", 9}};

static void check_row(const struct row *row)
{
	CLEANUP(json_freep) struct json_t *payload = NULL, *j = NULL;
	BUF_AUTO text = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;
	struct job job = {.delivery = STR("d-1")};
	const char *why = NULL;
	enum intake result;
	ARENA_AUTO mem;

	arena_init(&mem);
	if (json_parse(&payload, str_of(row->payload), &err) < 0)
		fail_msg("%s: %s", row->name, err.msg);
	result = intake_read(&job, &why, row->event, payload, &context, &mem);
	if (result != row->result)
		fail_msg("%s: result %d, %s", row->name, result, why);
	if (result != INTAKE_JOB) {
		if (strcmp(why, row->says) != 0)
			fail_msg("%s: %s, not %s", row->name, why, row->says);
		return;
	}
	j = job_to_json(&job);
	json_write(&text, j, 0);
	if (!str_has(buf_view(&text), row->says))
		fail_msg("%s: no %s in %s", row->name, row->says, buf_text(&text));
}

static void events_become_jobs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_row(&rows[i]);
}

static void names_and_back(void **state)
{
	(void)state;
	for (int i = 1; i < EVENT_COUNT; i++)
		assert_int_equal(event_from_name(str_of(event_to_name((enum event)i))), i);
	assert_int_equal(event_from_name(STR("star")), EVENT_OTHER);
	assert_int_equal(event_from_name(STR("other")), EVENT_OTHER);
	assert_int_equal(event_from_name(STR("")), EVENT_OTHER);
}

static void jobs_through_json(void **state)
{
	struct job job = {.kind = JOB_REVIEW,
			   .repo = STR("a/b"),
			   .text = STR("line\n\"quoted\""),
			   .number = 5,
			   .review_id = INT64_C(1) << 60,
			   .merged = true,
			   .key = STR("k")},
		   again;
	CLEANUP(json_freep) struct json_t *j = job_to_json(&job);
	CLEANUP(json_freep) struct json_t *wrong = json_obj();
	ARENA_AUTO mem;

	(void)state;
	arena_init(&mem);
	assert_true(job_from_json(&again, j, &mem));
	assert_int_equal(again.kind, JOB_REVIEW);
	assert_true(str_eq(again.text, job.text));
	assert_int_equal(again.review_id, job.review_id);
	assert_true(again.merged);
	assert_false(again.of_line);
	json_put_c(wrong, "kind", "dance");
	assert_false(job_from_json(&again, wrong, &mem));
}

/* What a payload may be cut down to gives the same job. */
static void cut_down_payloads_give_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(json_freep) struct json_t *whole = NULL, *cut = json_obj();
		struct err err = ERR_INIT;
		struct job a = {0}, b = {0};
		const char *why_a, *why_b;
		ARENA_AUTO mem;

		arena_init(&mem);
		assert_int_equal(json_parse(&whole, str_of(rows[i].payload), &err), 0);
		if (!json_is_obj(whole))
			continue;
		for (const char *const *name = intake_members; *name; name++)
			if (json_get(whole, *name))
				json_put(cut, *name, json_ref(json_get(whole, *name)));
		assert_int_equal(intake_read(&a, &why_a, rows[i].event, whole, &context, &mem),
			intake_read(&b, &why_b, rows[i].event, cut, &context, &mem));
		assert_string_equal(why_a, why_b);
		assert_true(str_eq(a.key, b.key));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_become_jobs),
		cmocka_unit_test(names_and_back),
		cmocka_unit_test(jobs_through_json),
		cmocka_unit_test(cut_down_payloads_give_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
