#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/cli/heal_report.h"
#include "app/render/progress.h"
#include "app/render/render.h"
#include "json/json.h"
#include "json/json.h"

#include "support/golden.h"

static struct arena mem;

static int set_up(void **state)
{
	(void)state;
	arena_init(&mem);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&mem);
	return 0;
}

/* A failure whose every text tries to act where it is shown. */
static void add_failure(struct failure_list *list)
{
	struct failure *f = failure_list_add(list);

	f->id = STR("tests/test_mean.py::test_empty");
	f->name = STR("test_empty");
	f->file = STR("tests/test_mean.py");
	f->line = 9;
	f->language = STR("python");
	f->type = STR("ZeroDivisionError");
	f->message = STR("division by zero\n::error::injected \033[2J `x` <b>");
	f->expected = STR("0");
	f->actual = STR("ZeroDivisionError");
	failure_add_frame(f, &mem,
		(struct frame){.path = STR("mean.py"),
			.function = STR("mean"),
			.line = 4,
			.in_project = true});
	failure_add_frame(f, &mem, (struct frame){.path = STR("/usr/lib/python3/x.py"), .line = 7});
	snprintf(f->fingerprint, sizeof(f->fingerprint), "0123456789abcdef");
}

static void add_rung(struct heal_result *r, enum rung rung, double seconds, const char *detail)
{
	struct rung_result *result = verdict_add(&r->verdict, &mem, rung);

	result->passed = true;
	result->seconds = seconds;
	result->detail = str_of(detail);
	if (rung == RUNG_SUITE)
		result->command = STR("python3 -m pytest -q");
}

static void diagnose(struct heal_result *r)
{
	struct str *evidence = arena_array(&mem, 1, sizeof(*evidence));

	evidence[0] = STR("innermost frame of the failing test");
	r->diagnosis.root_cause = STR("mean.py:4: 'total / n' divides by zero for an empty list");
	r->diagnosis.evidence.v = evidence;
	r->diagnosis.evidence.n = 1;
	r->diagnosis.confidence = 0.8;
	r->has_diagnosis = true;
}

static void make_healed(struct heal_result *r)
{
	heal_result_init(r);
	r->outcome = OUTCOME_HEALED;
	r->session = STR("s-1");
	r->command = STR("python3 -m pytest -q");
	add_failure(&r->failures);
	diagnose(r);
	r->patch = (struct patch){.source = STR("template"),
		.origin = STR("python.guard.empty"),
		.note = STR("return 0 for an empty list")};
	r->diff = STR("--- a/mean.py\n+++ b/mean.py\n@@ -3,2 +3,4 @@\n def mean(v):\n"
		      "+    if not v:\n+        return 0\n     return sum(v) / len(v)\n");
	add_rung(r, RUNG_POLICY, 0, "allowed");
	add_rung(r, RUNG_TARGET, 0.01, "1/1 tests");
	add_rung(r, RUNG_SUITE, 0.51, "12/12 tests");
	add_rung(r, RUNG_RERUN, 0.5, "12/12 tests");
	add_rung(r, RUNG_REVERT, 1.02, "red without, green with");
	r->verdict.holds = true;
	r->verdict.confidence = 0.86;
	r->verdict.confidence_why = STR("12 tests, 2 reruns, no rival");
	r->candidates = 1;
	r->seconds = 2.25;
	r->search_seconds = 0.125;
	r->rivals = 2;
	r->notices[r->n_notices++] = STR("sandbox: landlock: missing (kernel has none)");
}

static void make_not_healed(struct heal_result *r)
{
	heal_result_init(r);
	r->outcome = OUTCOME_NOT_HEALED;
	r->why = STR("1,204 candidates were tried and none held");
	r->session = STR("s-2");
	add_failure(&r->failures);
	diagnose(r);
	r->candidates = 1204;
	r->search_seconds = 60;
	r->seconds = 63.5;
	r->skips[r->n_skips++] = (struct heal_skip){"candidate_failed", 1200};
	r->skips[r->n_skips++] = (struct heal_skip){"some_new_reason", 4};
}

static void make_nothing(struct heal_result *r)
{
	heal_result_init(r);
	r->outcome = OUTCOME_NOTHING_TO_DO;
	r->why = STR("12 tests pass with 'python3 -m pytest -q'");
	r->skips[r->n_skips++] = (struct heal_skip){"no_failure", 1};
}

static const struct {
	const char *name;
	void (*make)(struct heal_result *r);
} stories[] = {{"healed", make_healed}, {"not_healed", make_not_healed}, {"nothing", make_nothing}};

static void text(struct buf *out, const struct heal_result *r)
{
	struct render_context context = {0};

	render_heal_text(out, r, &context);
}

static void colored(struct buf *out, const struct heal_result *r)
{
	struct render_context context = {.color = true, .patch_file = "fix.patch"};

	render_heal_text(out, r, &context);
}

static void outputs(struct buf *out, const struct heal_result *r)
{
	render_outputs(out, r, "EOF_1");
}

static void every_form_of_every_story(void **state)
{
	static const struct {
		const char *suffix;
		void (*render)(struct buf *out, const struct heal_result *r);
	} forms[] = {
		{"txt", text},
		{"color.txt", colored},
		{"md", render_heal_markdown},
		{"json", render_heal_json},
		{"annotations", render_annotations},
		{"outputs", outputs},
	};

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(stories); s++)
		for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
			struct heal_result r;
			char path[128];
			struct buf out;
			bool holds;
			stories[s].make(&r);
			buf_init(&out, 1 << 20);
			forms[f].render(&out, &r);
			snprintf(path, sizeof(path), "golden/render/%s.%s", stories[s].name,
				forms[f].suffix);
			holds = golden_holds(path, buf_view(&out));
			buf_release(&out);
			heal_result_release(&r);
			assert_true(holds);
		}
}

static void json(struct buf *out, const struct failure_list *list)
{
	render_failures_json(&(struct render_sink){.out = out}, list);
}

static void sarif(struct buf *out, const struct failure_list *list)
{
	render_failures_sarif(&(struct render_sink){.out = out}, list);
}

static void every_form_of_a_list_of_failures(void **state)
{
	static const struct {
		const char *suffix;
		void (*render)(struct buf *out, const struct failure_list *list);
	} forms[] = {{"json", json}, {"sarif", sarif}, {"junit.xml", render_failures_junit}};
	const struct render_lines lines = {
		STR("8\tdef test_empty():\n9\t>   mean([])\n12\tE   \033[2J ``` error\n"),
		STR("ci.log")};
	struct failure_list list;
	struct buf out;

	(void)state;
	failure_list_init(&list);
	list.counts = (struct test_counts){12, 11, 1, 0, -1};
	add_failure(&list);
	buf_init(&out, 1 << 20);
	render_failures_text(&out, &list, &lines, false);
	assert_true(golden_holds("golden/render/failures.txt", buf_view(&out)));
	buf_reset(&out);
	render_failures_markdown(&out, &list, &lines);
	assert_true(golden_holds("golden/render/failures.md", buf_view(&out)));
	for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
		char path[128];
		buf_reset(&out);
		forms[f].render(&out, &list);
		snprintf(path, sizeof(path), "golden/render/failures.%s", forms[f].suffix);
		assert_true(golden_holds(path, buf_view(&out)));
	}
	buf_release(&out);
	failure_list_release(&list);
}

struct pieces {
	struct buf out, all;
	size_t n, largest;
};

static void take_piece(void *data)
{
	struct pieces *p = data;

	p->n++;
	p->largest = p->largest < p->out.n ? p->out.n : p->largest;
	assert_int_equal(p->out.p[p->out.n - 1], '\n');
	buf_str(&p->all, buf_view(&p->out));
	buf_reset(&p->out);
}

/* What is written failure by failure is what a whole tree would give, and never much at a time. */
static void long_lists_are_written_in_pieces(void **state)
{
	static void (*const forms[])(const struct render_sink *sink,
		const struct failure_list *list) = {render_failures_json, render_failures_sarif};
	struct failure_list list;
	struct buf whole;

	(void)state;
	failure_list_init(&list);
	buf_init(&whole, 1 << 24);
	for (int i = 0; i < 3000; i++)
		add_failure(&list);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct pieces p = {.out = BUF_INIT(1 << 24), .all = BUF_INIT(1 << 24)};
		const struct render_sink sink = {&p.out, take_piece, &p};

		forms[i](&sink, &list);
		buf_str(&p.all, buf_view(&p.out));
		buf_reset(&whole);
		forms[i](&(struct render_sink){.out = &whole}, &list);
		assert_true(str_eq(buf_view(&p.all), buf_view(&whole)));
		assert_true(p.n > 3 && p.largest < 2 * RENDER_SINK_BYTES);
		buf_release(&p.out);
		buf_release(&p.all);
	}
	buf_reset(&whole);
	json(&whole, &list);
	{
		CLEANUP(json_freep) struct json_t *tree = failure_list_to_json(&list);
		BUF_AUTO written = BUF_INIT(1 << 24);

		json_write(&written, tree, 2);
		buf_char(&written, '\n');
		assert_true(str_eq(buf_view(&written), buf_view(&whole)));
	}
	list.items.n = 0;
	buf_reset(&whole);
	json(&whole, &list);
	assert_true(str_has(buf_view(&whole), "\n  \"failures\": []\n}\n"));
	buf_release(&whole);
	failure_list_release(&list);
}

/* Behind a failure warnings are cut with a count; by themselves more of them are shown. */
static void many_warnings_are_cut(void **state)
{
	const struct render_lines lines = {STR(""), STR("")};
	struct failure_list list;
	struct buf out;

	(void)state;
	failure_list_init(&list);
	buf_init(&out, 1 << 20);
	for (int i = 0; i < 30; i++) {
		struct failure *f = failure_list_add(&list);

		f->kind = FAILURE_LINT;
		f->type = STR("warning");
		f->message = STR("unused");
	}
	render_failures_text(&out, &list, &lines, false);
	assert_true(str_starts(buf_view(&out), "30 warnings\n"));
	assert_false(str_has(buf_view(&out), " more "));
	failure_list_add(&list)->type = STR("error");
	buf_reset(&out);
	render_failures_text(&out, &list, &lines, false);
	assert_true(str_starts(buf_view(&out), "1 failure, 30 warnings\n"));
	assert_true(str_has(buf_view(&out), "and 20 more warnings: "));
	buf_release(&out);
	failure_list_release(&list);
}

static void an_output_cannot_end_itself(void **state)
{
	struct heal_result r;
	struct buf out;

	(void)state;
	heal_result_init(&r);
	r.diff = STR("+EOF_1\n+outcome=healed\n");
	buf_init(&out, 1 << 20);
	render_outputs(&out, &r, "EOF_1");
	assert_false(str_has(buf_view(&out), "+outcome=healed"));
	buf_release(&out);
	heal_result_release(&r);
}

static void the_line_of_progress(void **state)
{
	static const struct {
		struct heal_progress state;
		size_t width;
		const char *line;
	} rows[] = {
		{{.stage = "run tests"}, 80, "run tests"},
		{{.stage = "search",
			 .tried = 1204,
			 .rate = 812.4,
			 .best = STR("2/3\ntests\033"),
			 .seconds_left = 65.9},
			80, "search  1204 tried  812/s  1:05 left  best: 2/3 tests\xef\xbf\xbd"},
		{{.stage = "search", .best = STR("a\xe2\x82\xac")}, 18, "search  best: a"},
		{{.stage = "verify", .seconds_left = -1}, 4, "ver"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 4096);
		progress_line(&out, &rows[i].state, rows[i].width);
		assert_string_equal(buf_text(&out), rows[i].line);
		buf_release(&out);
	}
}

static void exit_codes(void **state)
{
	static const struct {
		enum outcome outcome;
		int never, flaky, unhealed;
	} rows[] = {
		{OUTCOME_HEALED, 0, 0, 0},
		{OUTCOME_NOTHING_TO_DO, 0, 0, 0},
		{OUTCOME_FLAKY, 0, 1, 0},
		{OUTCOME_NOT_HEALED, 0, 1, 1},
		{OUTCOME_ROLLED_BACK, 0, 1, 1},
		{OUTCOME_NOT_REPRODUCED, 0, 1, 1},
		{OUTCOME_CONFIGURATION, 2, 2, 2},
		{OUTCOME_INFRASTRUCTURE, 3, 3, 3},
		{OUTCOME_REFUSED, 4, 4, 4},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(heal_exit_code(rows[i].outcome, FAIL_ON_NEVER), rows[i].never);
		assert_int_equal(heal_exit_code(rows[i].outcome, FAIL_ON_FLAKY), rows[i].flaky);
		assert_int_equal(
			heal_exit_code(rows[i].outcome, FAIL_ON_UNHEALED), rows[i].unhealed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_every_story),
		cmocka_unit_test(every_form_of_a_list_of_failures),
		cmocka_unit_test(long_lists_are_written_in_pieces),
		cmocka_unit_test(many_warnings_are_cut),
		cmocka_unit_test(an_output_cannot_end_itself),
		cmocka_unit_test(the_line_of_progress),
		cmocka_unit_test(exit_codes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
