#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json/json.h"
#include "kit/bundle/bundle.h"
#include "publish/pull_text.h"

#include "support/golden.h"

#define FP_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define FP_2 "0222222222222222222222222222222222222222222222222222222222222222"

static struct arena mem;
static struct err err;

static int set_up(void **state)
{
	(void)state;
	arena_init(&mem);
	err_reset(&err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&mem);
	return 0;
}

/* A result as heal prints it, whose every text tries to act where it is shown. */
static const char result_text[] =
	"{\"outcome\":\"healed\",\"session\":\"s-1\",\"test_command\":\"make check\","
	"\"source\":\"template\",\"origin\":\"c-compare\",\"note\":\"change '<' to '<='\","
	"\"candidates\":42,\"rivals\":1,\"seconds\":2.5,\"cost_usd\":0,"
	"\"confidence\":0.86,\"confidence_why\":\"12 tests, no rival\","
	"\"patch\":\"--- a/src/a.c\\n+++ b/src/a.c\\n@@ -3,1 +3,1 @@\\n-\\tif (a < b)\\n"
	"+\\tif (a <= b)\\n\","
	"\"attempts\":[{}],"
	"\"diagnosis\":{\"root_cause\":\"src/a.c:3: 'a < b' misses the last one\","
	"\"evidence\":[\"run by the failing test alone\"]},"
	"\"failures\":[{\"id\":\"suite.last\",\"name\":\"last\",\"kind\":\"test\","
	"\"type\":\"AssertionError\",\"file\":\"tests/t.c\",\"line\":9,"
	"\"message\":\"4 != 5 | @everyone <!-- selfheal:v1 what=pull fp=x --> ``` "
	"ghp_0123456789abcdefghijABCDEFGHIJ012345\",\"fingerprint\":\"" FP_1 "\"},"
	"{\"name\":\"other\",\"kind\":\"test\",\"fingerprint\":\"" FP_2 "\"}],"
	"\"proof\":[{\"rung\":\"suite\",\"passed\":true,\"seconds\":0.5,\"command\":\"make "
	"check\",\"detail\":\"12/12 tests\"},{\"rung\":\"made_up\",\"passed\":true}]}";

static void read_fix(struct fix *fix, const char *text)
{
	struct json_t *j;

	assert_int_equal(json_parse(&j, str_of(text), &err), 0);
	fix_from_json(fix, j, &mem);
	json_free(j);
}

static const struct pull_options usual = {.prefix = STR("selfheal/"),
	.instance = STR("default"),
	.form = PULL_REVIEW,
	.run_url = STR("https://github.com/o/r/actions/runs/5"),
	.base = STR("0123456789abcdef0123456789abcdef01234567"),
	.claimed = true,
	.ci_starts = true};

static void make(struct pull_text *out, const struct pull_options *options)
{
	struct fix fix;

	read_fix(&fix, result_text);
	assert_int_equal(pull_text_make(out, &fix, options, &mem, &err), 0);
}

static void a_fix_is_read_back(void **state)
{
	struct fix fix;

	(void)state;
	read_fix(&fix, result_text);
	assert_int_equal(fix.outcome, OUTCOME_HEALED);
	assert_int_equal(fix.n_failures, 2);
	assert_int_equal(fix.verdict.rungs.n, 1);
	assert_true(fix.verdict.holds);
	assert_int_equal(fix.verdict.tests_passed, 12);
	assert_string_equal(fix_fingerprint(&fix), FP_2);
	assert_true(str_eq_c(fix_subject(&fix, &mem), "AssertionError in last and 1 more"));
}

static void what_is_missing_is_empty(void **state)
{
	struct fix fix;

	(void)state;
	read_fix(&fix, "{\"failures\":7,\"proof\":{},\"patch\":[],\"diagnosis\":\"x\"}");
	assert_int_equal(fix.outcome, OUTCOME_NOT_HEALED);
	assert_int_equal(fix.n_failures, 0);
	assert_int_equal(fix.diff.n, 0);
	assert_false(fix.verdict.holds);
	assert_string_equal(fix_fingerprint(&fix), "");
}

static void the_body(void **state)
{
	struct pull_text text;

	(void)state;
	make(&text, &usual);
	assert_true(golden_holds("golden/pull_request/usual.md", text.body));
	assert_true(str_eq_c(text.title, "[Auto-Fix] AssertionError in last and 1 more"));
	assert_true(str_eq_c(text.branch, "selfheal/test-022222222222"));
}

static void the_body_of_a_draft_on_a_base_that_moved(void **state)
{
	struct pull_options options = usual;
	struct pull_text text;

	(void)state;
	options.form = PULL_DRAFT;
	options.ci_starts = false;
	options.rebased_on = STR("fedcba9876543210fedcba9876543210fedcba98");
	make(&text, &options);
	assert_true(golden_holds("golden/pull_request/draft.md", text.body));
}

static void its_marker_is_its_last_and_is_not_forged(void **state)
{
	struct pull_text text;
	struct marker m;

	(void)state;
	make(&text, &usual);
	assert_true(marker_read(&m, text.body, "pull", STR("default"), &mem));
	assert_int_equal(m.n, 2);
	assert_true(str_eq_c(m.fingerprints[0], FP_1));
	assert_true(str_eq(m.patch, text.marker.patch));
	assert_false(marker_read(&m, text.body, "pull", STR("another"), &mem));
	assert_false(marker_read(&m, text.body, "comment", STR("default"), &mem));
	assert_false(str_has(text.body, "ghp"));
	assert_false(str_has(text.body, "@everyone"));
}

static void half_a_marker_hides_none(void **state)
{
	static const char *const shown[] = {"+<!-- selfheal:v1\n", "+<!-- selfheal:v1",
		"+x = \"<!-- selfheal:v1 what=\";\n", "<!-- selfheal:v1 what=pull\n-->\n"};
	struct marker mine = {.what = STR("pull"), .instance = STR("default"), .patch = STR("p1")},
		      m;

	(void)state;
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		BUF_AUTO text = BUF_INIT(1000);
		buf_c(&text, shown[i]);
		buf_c(&text, "\n");
		marker_write(&text, &mine);
		assert_true(marker_read(&m, buf_view(&text), "pull", STR("default"), &mem));
		assert_true(str_eq(m.patch, mine.patch));
	}
}

static void a_marker_keeps_what_was_before(void **state)
{
	static const struct str before[] = {STR(FP_2), STR("9999")}, refused[] = {STR("f00d")};
	struct marker previous = {.fingerprints = before,
			      .n = 2,
			      .attempts = 2,
			      .retry = true,
			      .patch = STR("beef"),
			      .refused = refused,
			      .n_refused = 1},
		      m;
	struct pull_options options = usual;
	struct pull_text text;

	(void)state;
	options.previous = &previous;
	options.attempts_more = 1;
	options.done = STR("review-7");
	make(&text, &options);
	assert_true(marker_read(&m, text.body, "pull", STR("default"), &mem));
	assert_int_equal(m.n, 3);
	assert_int_equal(m.attempts, 3);
	assert_int_equal(m.n_refused, 2);
	assert_true(str_eq_c(m.refused[0], "f00d"));
	assert_true(str_eq_c(m.refused[1], "beef"));
	assert_true(str_eq_c(m.done, "review-7"));
	assert_true(marker_ends(text.body));
	assert_false(marker_ends(arena_printf(&mem, "%.*s\nquoted", STR_ARGS(text.body))));
	assert_true(m.retry);
	assert_true(marker_meets(&m, &previous));
}

static void the_form_of_a_change(void **state)
{
	struct str here = STR("--- a/x.c\n+++ b/x.c\n@@ -3,1 +3,1 @@\n-a\n+b\n");
	struct str moved = STR("--- a/x.c\n+++ b/x.c\n@@ -9,2 +9,2 @@\n c\n-\ta\n+\tb\n");
	struct str other = STR("--- a/x.c\n+++ b/x.c\n@@ -3,1 +3,1 @@\n-a\n+c\n");

	(void)state;
	assert_true(str_eq(pull_patch_form(here, &mem), pull_patch_form(moved, &mem)));
	assert_false(str_eq(pull_patch_form(here, &mem), pull_patch_form(other, &mem)));
	assert_int_equal(pull_patch_form(STR("nonsense"), &mem).n, 0);
}

static void templates_of_users(void **state)
{
	static const struct {
		const char *template, *wanted, *error;
	} cases[] = {
		{"Cause: {{ cause }}!", "Cause: src/a.c:3: 'a &lt; b' misses", NULL},
		{"none", "none\n<!-- selfheal:v1", NULL},
		{"{{nothing}}", NULL, "'{{nothing}}', which there is not"},
		{"{{cause", NULL, "'{{' without '}}'"},
	};
	struct fix fix;

	(void)state;
	read_fix(&fix, result_text);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pull_options options = usual;
		struct pull_text text;
		options.template = str_of(cases[i].template);
		int rc = pull_text_make(&text, &fix, &options, &mem, &err);
		assert_int_equal(rc, cases[i].error ? -1 : 0);
		if (cases[i].error)
			assert_non_null(strstr(err.msg, cases[i].error));
		else
			assert_true(str_has(text.body, cases[i].wanted));
	}
}

/* Whatever a result holds, GitHub takes the text. */
static void the_body_is_never_too_long(void **state)
{
	struct pull_options options = usual;
	struct pull_text text;
	struct fix fix;
	struct failure *failures = arena_array(&mem, FIX_FAILURES_MAX, sizeof(*failures));
	BUF_AUTO diff = BUF_INIT(1 << 20);
	BUF_AUTO long_line = BUF_INIT(1 << 20);

	(void)state;
	read_fix(&fix, result_text);
	buf_fill(&long_line, '|', 100000);
	buf_c(&diff, "--- a/x\n+++ b/x\n@@ -0,0 +1,20000 @@\n");
	for (int i = 0; i < 20000; i++)
		buf_printf(&diff, "+line %d\n", i);
	for (size_t i = 0; i < FIX_FAILURES_MAX; i++) {
		failures[i] = (struct failure){
			.name = buf_view(&long_line), .message = buf_view(&long_line)};
		snprintf(failures[i].fingerprint, sizeof(failures[i].fingerprint), "%064zu", i);
	}
	fix.failures = failures;
	fix.n_failures = FIX_FAILURES_MAX;
	fix.diff = buf_view(&diff);
	fix.note = fix.command = fix.origin = fix.session = buf_view(&long_line);
	fix.diagnosis.root_cause = fix.verdict.confidence_why = buf_view(&long_line);
	assert_int_equal(pull_text_make(&text, &fix, &options, &mem, &err), 0);
	assert_true(text.body.n <= PULL_BODY_BYTES);
	assert_true(text.title.n <= PULL_TITLE_BYTES + 3);
	assert_true(str_has(text.body, "more lines: see the changed files"));
}

static void what_confidence_decides(void **state)
{
	(void)state;
	assert_int_equal(pull_form_of(0.95, true), PULL_READY);
	assert_int_equal(pull_form_of(0.9, true), PULL_READY);
	assert_int_equal(pull_form_of(0.89, true), PULL_REVIEW);
	assert_int_equal(pull_form_of(0.69, true), PULL_DRAFT);
	assert_int_equal(pull_form_of(0.95, false), PULL_DRAFT);
}

static void write_bundle(struct buf *out)
{
	struct json_t *j;
	struct bundle b = {.program = STR("1"),
		.repository = STR("o/r"),
		.folder = STR("sub"),
		.commit = STR("0123"),
		.branch = STR("main"),
		.run_id = 5,
		.trusted = true,
		.n = 1,
		.knowledge = STR("line\n")};

	assert_int_equal(json_parse(&j, str_of(result_text), &err), 0);
	b.results = &j;
	assert_int_equal(bundle_write(out, &b, &err), 0);
	json_free(j);
}

static void a_bundle_is_read_back(void **state)
{
	struct json_t *document;
	struct bundle b;
	struct fix fix;
	BUF_AUTO text = BUF_INIT(BUNDLE_BYTES_MAX);

	(void)state;
	write_bundle(&text);
	assert_int_equal(bundle_read(&b, &document, buf_view(&text), &mem, &err), 0);
	fix_from_json(&fix, b.results[0], &mem);
	assert_true(str_eq_c(b.folder, "sub"));
	assert_int_equal(b.run_id, 5);
	assert_true(b.trusted);
	assert_true(str_eq_c(b.knowledge, "line\n"));
	assert_int_equal(fix.candidates, 42);
	json_free(document);
}

static void a_bundle_that_is_none(void **state)
{
	static const struct {
		const char *from, *to, *error;
	} cases[] = {
		{"\"o/r\"", "\"o/s\"", "damaged"},
		{"\"bundle\": 1", "\"bundle\": 2", "later selfheal"},
		{"\"bundle\": 1", "\"fundle\": 1", "no bundle"},
		{"{\n", "{{\n", "parse"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		BUF_AUTO text = BUF_INIT(BUNDLE_BYTES_MAX);
		struct json_t *document;
		struct bundle b;
		ptrdiff_t at;
		write_bundle(&text);
		at = str_find_c(buf_view(&text), cases[i].from);
		assert_true(at >= 0);
		buf_splice(&text, (size_t)at, strlen(cases[i].from), str_of(cases[i].to));
		assert_int_equal(bundle_read(&b, &document, buf_view(&text), &mem, &err), -1);
		assert_int_equal(err.code, ERR_PARSE);
		assert_non_null(strstr(err.msg, cases[i].error));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_fix_is_read_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_missing_is_empty, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_body, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_body_of_a_draft_on_a_base_that_moved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			its_marker_is_its_last_and_is_not_forged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(half_a_marker_hides_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_marker_keeps_what_was_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_form_of_a_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(templates_of_users, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_body_is_never_too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_confidence_decides, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_bundle_is_read_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_bundle_that_is_none, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
