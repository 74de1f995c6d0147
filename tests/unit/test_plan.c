#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "publish/codeowners.h"
#include "publish/plan.h"

enum { NOW = 1000000 };

static const struct str fp_a[] = {STR("aaaa"), STR("bbbb")}, fp_b[] = {STR("bbbb")},
			fp_c[] = {STR("cccc")};

static struct marker marker(const struct str *fps, size_t n, const char *patch)
{
	return (struct marker){.what = STR("pull"),
		.instance = STR("default"),
		.fingerprints = fps,
		.n = n,
		.patch = str_of(patch),
		.base = STR("b1")};
}

/* A pull request made long ago. */
static struct own_pull pull(int64_t number, const struct str *fps, const char *patch)
{
	return (struct own_pull){.number = number,
		.base_ref = STR("main"),
		.marker = marker(fps, 1, patch),
		.created_at = NOW - 30 * 86400};
}

static struct own_pull opened(int64_t number, const struct str *fps, const char *patch)
{
	struct own_pull p = pull(number, fps, patch);

	p.open = true;
	return p;
}

static struct own_pull refused(int64_t number, const struct str *fps, const char *patch)
{
	struct own_pull p = pull(number, fps, patch);

	p.closed_by_person = true;
	return p;
}

static const struct plan_rules rules = {.max_open = 2, .per_hour = 2, .per_day = 3, .now = NOW};

static void expect(const struct own_pull *pulls, size_t n, enum plan_action action,
	const char *reason, int64_t number)
{
	struct marker m = marker(fp_a, 2, "p1");
	struct plan plan;

	plan_pull(&plan, &m, STR("main"), pulls, n, &rules);
	assert_int_equal(plan.action, action);
	if (reason)
		assert_string_equal(plan.reason, reason);
	else
		assert_null(plan.reason);
	assert_int_equal(plan.pull ? plan.pull->number : 0, number);
}

static void one_pull_request_a_cause(void **state)
{
	struct own_pull same = opened(7, fp_b, "p1"), other_change = opened(7, fp_b, "p2"),
			other_cause = opened(7, fp_c, "p2"), elsewhere = opened(7, fp_b, "p1"),
			peace = opened(7, fp_b, "p2");

	(void)state;
	elsewhere.base_ref = STR("release");
	peace.hands_off = true;
	expect(NULL, 0, PLAN_CREATE, NULL, 0);
	expect(&same, 1, PLAN_KEEP, NULL, 7);
	expect(&other_change, 1, PLAN_UPDATE, NULL, 7);
	expect(&other_cause, 1, PLAN_CREATE, NULL, 0);
	expect(&elsewhere, 1, PLAN_CREATE, NULL, 0);
	expect(&peace, 1, PLAN_SKIP, "hands_off", 7);
}

static void the_base_moving_on_is_an_update(void **state)
{
	struct own_pull same = opened(7, fp_b, "p1");

	(void)state;
	same.marker.base = STR("b0");
	expect(&same, 1, PLAN_UPDATE, NULL, 7);
}

static void what_people_refused_stays_refused(void **state)
{
	struct own_pull once = refused(3, fp_b, "p1"), other_change = refused(3, fp_b, "p2");
	struct own_pull unrelated_change = refused(3, fp_c, "p1");
	struct own_pull twice[] = {refused(3, fp_b, "p2"), refused(4, fp_b, "p3")};
	struct own_pull lifted = once, by_bot = once, merged = once;

	(void)state;
	lifted.marker.retry = true;
	by_bot.closed_by_person = false;
	merged.merged = true;
	expect(&once, 1, PLAN_SKIP, "closed_by_person", 3);
	expect(&other_change, 1, PLAN_CREATE, NULL, 0);
	expect(&unrelated_change, 1, PLAN_SKIP, "closed_by_person", 3);
	expect(twice, 2, PLAN_SKIP, "closed_twice", 4);
	expect(&lifted, 1, PLAN_CREATE, NULL, 0);
	expect(&by_bot, 1, PLAN_CREATE, NULL, 0);
	expect(&merged, 1, PLAN_CREATE, NULL, 0);
}

static void limits_hold_new_ones_back_and_updates_not(void **state)
{
	struct own_pull open[] = {opened(1, fp_c, "x"), opened(2, fp_c, "y")};
	struct own_pull hour[] = {pull(1, fp_c, "x"), pull(2, fp_c, "y")};
	struct own_pull day[] = {pull(1, fp_c, "x"), pull(2, fp_c, "y"), pull(3, fp_c, "z")};
	struct own_pull mine[] = {opened(1, fp_b, "p2"), opened(2, fp_c, "y")};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		hour[i].created_at = NOW - 3599;
	for (size_t i = 0; i < 3; i++)
		day[i].created_at = NOW - 3600 - 100 * (int64_t)i;
	expect(open, 2, PLAN_SKIP, "open_limit", 0);
	expect(hour, 2, PLAN_SKIP, "hourly_limit", 0);
	expect(day, 3, PLAN_SKIP, "daily_limit", 0);
	expect(mine, 2, PLAN_UPDATE, NULL, 1);
}

static void every_reason_has_words(void **state)
{
	static const char *const reasons[] = {"hands_off", "closed_by_person", "closed_twice",
		"open_limit", "hourly_limit", "daily_limit", "already_fixed", "base_moved",
		"branch_has_other_commits", "refused_by_policy", "nothing_proved"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		assert_string_not_equal(plan_reason_text(reasons[i]), reasons[i]);
	assert_string_equal(plan_reason_text("new_one"), "new_one");
}

static void owners(void **state)
{
	static const struct {
		const char *path, *wanted;
	} cases[] = {
		{"README.md", "all,org/team"},
		{"src/a.c", "c-person"},
		{"docs/x/y.md", "writer"},
		{"sub/docs/y.md", "all,org/team"},
		{"sub/build/log.txt", "builder"},
		{"lib/deep/x.py", "libber"},
		{"nobody/x", ""},
	};
	struct str text =
		STR("# a comment\n*  @all  @org/team mail@example.org\n\n*.c\t@c-person # "
		    "why\n/docs/ @writer\nbuild/ @builder\nlib/**/x.py @libber\n"
		    "nobody/\n");
	struct arena mem;

	(void)state;
	arena_init(&mem);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str found[CODEOWNERS_MAX];
		size_t n = 0;
		BUF_AUTO list = BUF_INIT(1000);
		codeowners_of(found, &n, text, str_of(cases[i].path), &mem);
		for (size_t k = 0; k < n; k++)
			buf_printf(&list, "%s%.*s", k ? "," : "", STR_ARGS(found[k]));
		assert_string_equal(buf_text(&list), cases[i].wanted);
	}
	arena_release(&mem);
}

static void owners_are_named_once_and_are_few(void **state)
{
	struct str found[CODEOWNERS_MAX];
	struct arena mem;
	size_t n = 0;
	BUF_AUTO text = BUF_INIT(4000);

	(void)state;
	arena_init(&mem);
	buf_c(&text, "* @one @ONE");
	for (int i = 0; i < 40; i++)
		buf_printf(&text, " @p%d", i);
	codeowners_of(found, &n, buf_view(&text), STR("a"), &mem);
	codeowners_of(found, &n, buf_view(&text), STR("b"), &mem);
	assert_int_equal(n, CODEOWNERS_MAX);
	assert_true(str_eq_c(found[1], "p0"));
	arena_release(&mem);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_pull_request_a_cause),
		cmocka_unit_test(the_base_moving_on_is_an_update),
		cmocka_unit_test(what_people_refused_stays_refused),
		cmocka_unit_test(limits_hold_new_ones_back_and_updates_not),
		cmocka_unit_test(every_reason_has_words),
		cmocka_unit_test(owners),
		cmocka_unit_test(owners_are_named_once_and_are_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
