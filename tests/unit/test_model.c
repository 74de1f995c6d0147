#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/json.h"
#include "model/failure.h"
#include "model/patch.h"
#include "model/verdict.h"

#include "base/limits.h"

static struct patch patch_of(const struct edit *edits, size_t n)
{
	return (struct patch){.edits = edits, .n = n, .source = STR("template")};
}

static void patch_applies_in_any_order(void **state)
{
	const struct edit edits[] = {
		{STR("b.c"), 0, 1, STR("X")},
		{STR("a.c"), 4, 5, STR("<=")},
		{STR("a.c"), 0, 1, STR("")},
	};
	struct patch p = patch_of(edits, ARRAY_LEN(edits));
	struct err err = ERR_INIT;
	BUF_AUTO out;

	(void)state;
	buf_init(&out, 100);
	assert_int_equal(patch_apply_to(&out, &p, STR("a.c"), STR("0123456"), &err), 0);
	assert_string_equal(buf_text(&out), "123<=56");
	assert_int_equal(patch_apply_to(&out, &p, STR("c.c"), STR("same"), &err), 0);
	assert_string_equal(buf_text(&out), "same");
}

static void patch_refuses_what_does_not_fit(void **state)
{
	const struct edit overlap[] = {{STR("a"), 0, 3, STR("")}, {STR("a"), 2, 4, STR("")}};
	const struct edit beyond[] = {{STR("a"), 3, 9, STR("")}};
	const struct edit reversed[] = {{STR("a"), 3, 2, STR("")}};
	const struct patch patches[] = {
		patch_of(overlap, 2), patch_of(beyond, 1), patch_of(reversed, 1)};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patches); i++) {
		struct err err = ERR_INIT;
		BUF_AUTO out;

		buf_init(&out, 100);
		assert_true(patch_apply_to(&out, &patches[i], STR("a"), STR("01234"), &err) < 0);
		assert_int_equal(err.code, ERR_CONFLICT);
	}
}

static void patch_lists_paths_once(void **state)
{
	const struct edit edits[] = {
		{STR("b"), 0, 0, STR("")}, {STR("a"), 0, 0, STR("")}, {STR("b"), 1, 1, STR("")}};
	struct patch p = patch_of(edits, 3);
	ARENA_AUTO mem;
	struct str *paths;
	size_t n;

	(void)state;
	arena_init(&mem);
	paths = patch_paths(&p, &n, &mem);
	assert_int_equal(n, 2);
	assert_true(str_eq_c(paths[0], "b") && str_eq_c(paths[1], "a"));
	assert_true(patch_touches(&p, STR("a")));
	assert_false(patch_touches(&p, STR("c")));
}

static void patch_survives_json(void **state)
{
	const struct edit edits[] = {{STR("a.py"), 3, 7, STR("x\n\"y\"")}};
	struct patch p = patch_of(edits, 1), back;
	struct json_t *j;
	ARENA_AUTO mem;

	(void)state;
	arena_init(&mem);
	p.note = STR("change '<' to '<='");
	p.prior = 0.25;
	j = patch_to_json(&p);
	patch_from_json(&back, j, &mem);
	json_free(j);
	assert_int_equal(back.n, 1);
	assert_int_equal(back.edits[0].start, 3);
	assert_int_equal(back.edits[0].end, 7);
	assert_true(str_eq(back.edits[0].text, edits[0].text));
	assert_true(str_eq(back.note, p.note));
	assert_true(back.prior == 0.25);
}

static void patch_json_with_nonsense_cannot_apply(void **state)
{
	struct err err = ERR_INIT;
	struct json_t *j;
	struct patch p;
	ARENA_AUTO mem;
	BUF_AUTO out;

	(void)state;
	arena_init(&mem);
	buf_init(&out, 100);
	assert_int_equal(
		json_parse(&j, STR("{\"edits\":[{\"path\":\"a\",\"start\":-5,\"end\":2}]}"), &err),
		0);
	patch_from_json(&p, j, &mem);
	json_free(j);
	assert_true(patch_apply_to(&out, &p, STR("a"), STR("abc"), &err) < 0);
}

static void failure_survives_json(void **state)
{
	struct failure f = {.kind = FAILURE_CRASH,
		.line = 7,
		.duration_s = 1.5,
		.attempts = 2,
		.id = STR("t::x"),
		.message = STR("bad \xff byte"),
		.expected = STR("1")};
	struct failure back;
	struct json_t *j;
	ARENA_AUTO mem;

	(void)state;
	arena_init(&mem);
	failure_add_frame(&f, &mem,
		(struct frame){.path = STR("a.c"),
			.function = STR("main"),
			.line = 3,
			.in_project = true});
	memcpy(f.fingerprint, "abc", 4);
	j = failure_to_json(&f);
	failure_from_json(&back, j, &mem);
	json_free(j);
	assert_int_equal(back.kind, FAILURE_CRASH);
	assert_int_equal(back.line, 7);
	assert_true(str_eq_c(back.message, "bad \xef\xbf\xbd byte"));
	assert_null(back.actual.p);
	assert_int_equal(back.stack.n, 1);
	assert_true(str_eq_c(back.stack.v[0].function, "main"));
	assert_string_equal(back.fingerprint, "abc");
}

static void failure_list_is_capped(void **state)
{
	struct failure_list list;

	(void)state;
	failure_list_init(&list);
	for (int i = 0; i < LIMIT_FAILURES; i++)
		assert_non_null(failure_list_add(&list));
	assert_null(failure_list_add(&list));
	assert_true(list.truncated);
	failure_list_release(&list);
}

static void names_go_both_ways(void **state)
{
	enum failure_kind kind;
	enum outcome outcome;

	(void)state;
	for (int i = FAILURE_TEST; i <= FAILURE_INFRASTRUCTURE; i++) {
		assert_true(failure_kind_from_string(
			str_of(failure_kind_to_string((enum failure_kind)i)), &kind));
		assert_int_equal(kind, i);
	}
	assert_false(failure_kind_from_string(STR("nonsense"), &kind));
	for (int i = OUTCOME_HEALED; i <= OUTCOME_ROLLED_BACK; i++) {
		assert_true(
			outcome_from_string(str_of(outcome_to_string((enum outcome)i)), &outcome));
		assert_int_equal(outcome, i);
	}
	assert_int_equal(outcome_exit_code(OUTCOME_HEALED), 0);
	assert_int_equal(outcome_exit_code(OUTCOME_NOT_HEALED), 1);
	assert_int_equal(outcome_exit_code(OUTCOME_CONFIGURATION), 2);
	assert_int_equal(outcome_exit_code(OUTCOME_INFRASTRUCTURE), 3);
	assert_int_equal(outcome_exit_code(OUTCOME_REFUSED), 4);
}

static void json_refuses_and_walks(void **state)
{
	static const char *const bad[] = {"", "{", "{\"a\":1,\"a\":2}", "[1,]", "nul"};
	struct json_each each = {0};
	struct json_t *j;
	struct err err = ERR_INIT;
	BUF_AUTO keys;

	(void)state;
	buf_init(&keys, 100);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_true(json_parse(&j, str_of(bad[i]), &err) < 0);
	assert_int_equal(json_parse(&j, STR("{\"b\":1,\"a\":\"x\",\"c\":[true]}"), &err), 0);
	while (json_next(j, &each))
		buf_c(&keys, each.key);
	assert_string_equal(buf_text(&keys), "abc");
	assert_int_equal(json_get_int(j, "b", 0), 1);
	assert_int_equal(json_get_int(j, "a", 9), 9);
	assert_true(str_eq_c(json_get_str(j, "a"), "x"));
	assert_int_equal(json_len(json_get_arr(j, "c")), 1);
	assert_null(json_get_arr(j, "a"));
	json_free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patch_applies_in_any_order),
		cmocka_unit_test(patch_refuses_what_does_not_fit),
		cmocka_unit_test(patch_lists_paths_once),
		cmocka_unit_test(patch_survives_json),
		cmocka_unit_test(patch_json_with_nonsense_cannot_apply),
		cmocka_unit_test(failure_survives_json),
		cmocka_unit_test(failure_list_is_capped),
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(json_refuses_and_walks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
