#include "verify/mutants.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/vec.h"

static int setup(void **state)
{
	struct arena *mem = xcalloc(1, sizeof(*mem));

	arena_init(mem);
	*state = mem;
	return 0;
}

static int teardown(void **state)
{
	arena_release(*state);
	free(*state);
	return 0;
}

static const char PY_BEFORE[] = "def f(xs, k):\n    total = 0\n    for x in xs:\n"
				"        if x >= k:\n            total += x\n    return total\n";
static const char C_BEFORE[] = "int f(int *a, int n)\n{\n\tint s = 0;\n\n\tfor (int i = 0; i <= n; "
			       "i++)\n\t\ts += a[i];\n\treturn s;\n}\n";

static struct edit replace(struct str path, const char *text, const char *old, const char *new_)
{
	size_t start = (size_t)str_find_c(str_of(text), old);

	return (struct edit){path, start, start + strlen(old), str_of(new_)};
}

static struct str applied(
	const struct patch *patch, struct str path, const char *before, struct arena *mem)
{
	struct err err = ERR_INIT;
	struct str text;
	struct buf out;

	buf_init(&out, LIMIT_SOURCE_BYTES);
	assert_int_equal(patch_apply_to(&out, patch, path, str_of(before), &err), 0);
	text = arena_str(mem, buf_view(&out));
	buf_release(&out);
	return text;
}

static struct mutants make(const struct patch *patch, const char *path, const char *before,
	size_t max, struct arena *mem)
{
	struct mutant_file file = {str_of(path), str_of(before)};
	struct mutants out;
	struct err err = ERR_INIT;

	if (mutants_make(&out, patch, &file, 1, max, mem, &err) < 0)
		fail_msg("%s", err.msg);
	return out;
}

/* Each differs from the patched text only on lines that the patch changed, and is not what was
 * there before. */
static void check_mutants(
	const char *path, const char *before, const char *old, const char *new_, struct arena *mem)
{
	struct edit edit = replace(str_of(path), before, old, new_);
	struct patch patch = {.edits = &edit, .n = 1};
	struct str fixed = applied(&patch, str_of(path), before, mem);
	struct mutants mutants = make(&patch, path, before, 0, mem);

	assert_true(mutants.n >= 3);
	for (size_t i = 0; i < mutants.n; i++) {
		struct str text = applied(&mutants.v[i], str_of(path), before, mem);
		struct str a = fixed, b = text, x, y;

		assert_false(str_eq(text, fixed));
		assert_false(str_eq_c(text, before));
		while (str_next_line(&a, &x) && str_next_line(&b, &y))
			if (!str_eq(x, y) && !str_has(x, new_))
				fail_msg("touches another line: %.*s", STR_ARGS(y));
	}
}

static void mutants_stay_on_changed_lines(void **state)
{
	check_mutants("a.py", PY_BEFORE, "x >= k", "x > k", *state);
	check_mutants("a.c", C_BEFORE, "i <= n", "i < n", *state);
}

/* An edit may hold far more than it changes: a whole function for one operator. */
static void mutants_find_the_change_in_a_large_edit(void **state)
{
	static const char after[] = "def f(xs, k):\n    total = 0\n    for x in xs:\n"
				    "        if x > k:\n            total += x\n    return total\n";
	struct arena *mem = *state;
	struct edit edit = {STR("a.py"), 0, sizeof(PY_BEFORE) - 1, str_of(after)};
	struct patch patch = {.edits = &edit, .n = 1};
	struct mutants mutants = make(&patch, "a.py", PY_BEFORE, 0, mem);

	assert_true(mutants.n > 0);
	for (size_t i = 0; i < mutants.n; i++) {
		struct str text = applied(&mutants.v[i], STR("a.py"), PY_BEFORE, mem);

		assert_true(str_has(text, "total += x\n    return total"));
		assert_int_equal(mutants.v[i].line, 4);
	}
}

/* Two edits of the patch, one mutated: the other still stands. */
static void mutants_keep_the_rest_of_the_patch(void **state)
{
	struct arena *mem = *state;
	struct edit edits[] = {replace(STR("a.py"), PY_BEFORE, "total = 0", "total = 1"),
		replace(STR("a.py"), PY_BEFORE, "return total", "return total + 1")};
	struct patch patch = {.edits = edits, .n = 2};
	struct mutants mutants = make(&patch, "a.py", PY_BEFORE, 0, mem);

	assert_true(mutants.n > 1);
	for (size_t i = 0; i < mutants.n; i++) {
		struct str text = applied(&mutants.v[i], STR("a.py"), PY_BEFORE, mem);

		assert_true(str_has(text, "total = 1\n") || str_has(text, "return total + 1\n"));
	}
}

static void mutants_are_capped_and_repeatable(void **state)
{
	struct arena *mem = *state;
	struct edit edit = replace(STR("a.py"), PY_BEFORE, "x >= k", "x > k + 10");
	struct patch patch = {.edits = &edit, .n = 1};
	struct mutants a = make(&patch, "a.py", PY_BEFORE, 4, mem);
	struct mutants b = make(&patch, "a.py", PY_BEFORE, 4, mem);

	assert_true(a.n > 0 && a.n <= 4);
	assert_int_equal(a.n, b.n);
	for (size_t i = 0; i < a.n; i++)
		assert_true(str_eq(applied(&a.v[i], STR("a.py"), PY_BEFORE, mem),
			applied(&b.v[i], STR("a.py"), PY_BEFORE, mem)));
}

static void other_languages_have_none(void **state)
{
	struct edit edit = {STR("a.txt"), 0, 1, STR("b")};
	struct patch patch = {.edits = &edit, .n = 1};

	assert_int_equal(make(&patch, "a.txt", "a\n", 0, *state).n, 0);
}

static void record_counts_what_was_tried(void **state)
{
	static const struct {
		enum observed_status seen[6];
		size_t n;
		int killed, total;
		bool passed;
	} rows[] = {
		{{OBSERVED_FAIL, OBSERVED_CRASH, OBSERVED_TIMEOUT, OBSERVED_FAIL, OBSERVED_PASS}, 5,
			4, 5, true},
		{{OBSERVED_FAIL, OBSERVED_PASS}, 2, 1, 2, false},
		{{OBSERVED_FAIL, OBSERVED_INVALID, OBSERVED_UNSUPPORTED}, 3, 1, 1, true},
		{{OBSERVED_INVALID}, 1, 0, 0, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct observed seen[6] = {0};
		struct verdict v = {.holds = true};

		for (size_t k = 0; k < rows[i].n; k++)
			seen[k].status = rows[i].seen[k];
		mutants_record(&v, seen, rows[i].n, 0.5, *state);
		assert_int_equal(v.mutants_killed, rows[i].killed);
		assert_int_equal(v.mutants_total, rows[i].total);
		assert_true(v.holds);
		assert_int_equal(v.rungs.n, rows[i].total ? 1 : 0);
		if (v.rungs.n)
			assert_int_equal(v.rungs.v[0].passed, rows[i].passed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mutants_stay_on_changed_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(
			mutants_find_the_change_in_a_large_edit, setup, teardown),
		cmocka_unit_test_setup_teardown(
			mutants_keep_the_rest_of_the_patch, setup, teardown),
		cmocka_unit_test_setup_teardown(mutants_are_capped_and_repeatable, setup, teardown),
		cmocka_unit_test_setup_teardown(other_languages_have_none, setup, teardown),
		cmocka_unit_test_setup_teardown(record_counts_what_was_tried, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
