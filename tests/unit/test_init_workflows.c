#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/cli/init_workflows.h"
#include "base/arena.h"
#include "base/limits.h"
#include "kit/project/workflow.h"
#include "support/scratch.h"

static struct init_values good_values(void)
{
	static const struct str languages[] = {
		{"c", 1}, {"shell", 5}, {"cpp", 3}, {"typescript", 10}};

	return (struct init_values){.ci_workflow = STR("CI"),
		.default_branch = STR("main"),
		.actions = STR("owner/name"),
		.ref = STR("v1.2.3"),
		.languages = languages,
		.n_languages = ARRAY_LEN(languages)};
}

static void render(struct buf *out, const char *kind, const struct init_values *values)
{
	struct err err = ERR_INIT;

	buf_init(out, LIMIT_CONFIG_BYTES);
	if (init_workflow_render(out, init_workflow_find(kind), values, &err) < 0)
		fail_msg("%s", err.msg);
}

static void values_stand_in_their_places(void **state)
{
	static const struct {
		const char *kind, *wanted;
	} rows[] = {
		{"after-ci", "workflows: [\"CI\"]\n"},
		{"after-ci", "uses: owner/name/actions/setup@v1.2.3\n"},
		{"after-ci", "uses: owner/name/actions/publish@v1.2.3\n"},
		{"scheduled", "|| 'main' }}"},
		{"on-comment", "uses: owner/name/actions/command@v1.2.3\n"},
		{"codeql", "language: [c-cpp, javascript-typescript]\n"},
		{"codeql", "actions/checkout@de0fac2e"},
	};
	struct init_values values = good_values();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text;
		render(&text, rows[i].kind, &values);
		if (!str_has(buf_view(&text), rows[i].wanted))
			fail_msg("%s has no '%s'", rows[i].kind, rows[i].wanted);
		buf_release(&text);
	}
}

static void no_token_is_left(void **state)
{
	struct init_values values = good_values();

	(void)state;
	for (const struct init_workflow *w = init_workflows; w->kind; w++) {
		static const char *const tokens[] = {"@CI_WORKFLOW@", "@DEFAULT_BRANCH@",
			"@ACTIONS@", "@REF@", "@CODEQL_LANGUAGES@"};
		struct buf text;
		render(&text, w->kind, &values);
		for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
			assert_false(str_has(buf_view(&text), tokens[i]));
		buf_release(&text);
	}
}

static void a_commit_says_its_version_behind_it(void **state)
{
	struct init_values values = good_values();
	struct buf text;

	(void)state;
	values.ref = STR("0123456789abcdef0123456789abcdef01234567");
	render(&text, "after-ci", &values);
	assert_true(str_has(buf_view(&text),
		"setup@0123456789abcdef0123456789abcdef01234567 # v" SELFHEAL_VERSION "\n"));
	buf_release(&text);
}

static void a_name_cannot_leave_its_quotes(void **state)
{
	struct init_values values = good_values();
	struct buf text;

	(void)state;
	values.ci_workflow = STR("a\"]\n\\on: @REF@");
	render(&text, "after-ci", &values);
	assert_true(str_has(buf_view(&text), "workflows: [\"a\\\"]\\x0a\\\\on: @REF@\"]\n"));
	buf_release(&text);
}

static void what_does_not_fit_is_refused(void **state)
{
	static const struct {
		const char *branch, *actions, *ref;
	} rows[] = {
		{"ma'in", "o/n", "v1"},
		{"", "o/n", "v1"},
		{"main", "on", "v1"},
		{"main", "o/n\n", "v1"},
		{"main", "o/n", "v1 # x"},
		{"${{ x }}", "o/n", "v1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct init_values values = good_values();
		struct err err = ERR_INIT;
		struct buf text;
		values.default_branch = str_of(rows[i].branch);
		values.actions = str_of(rows[i].actions);
		values.ref = str_of(rows[i].ref);
		buf_init(&text, LIMIT_CONFIG_BYTES);
		assert_int_equal(
			init_workflow_render(&text, &init_workflows[0], &values, &err), -1);
		assert_int_equal(err.code, ERR_CONFIG);
		buf_release(&text);
	}
}

static void codeql_wants_a_language_it_knows(void **state)
{
	static const struct str shell = {"shell", 5};
	struct init_values values = good_values();

	(void)state;
	assert_true(init_codeql_knows(&values));
	values.languages = &shell;
	values.n_languages = 1;
	assert_false(init_codeql_knows(&values));
}

/* --- which workflow is the CI --- */

#define TESTS "jobs:\n  t:\n    steps:\n      - run: python3 -m pytest\n"
#define LINT "jobs:\n  t:\n    steps:\n      - run: flake8 .\n"

static void the_ci_is_the_one_that_tests_changes(void **state)
{
	static const struct {
		const char *a, *b, *wanted;
	} rows[] = {
		{"name: Lint\non: push\n" LINT, "name: My tests\non: [push]\n" TESTS, "My tests"},
		{"name: Nightly\non:\n  schedule:\n    - cron: '0 0 * * *'\n" TESTS,
			"on:\n  pull_request:\n" TESTS, ".github/workflows/b.yml"},
		{"name: Lint\non: push\n" LINT, "name: Docs\non: push\n" LINT, "Lint"},
		{"name: Release\non: workflow_dispatch\n" TESTS, "not: [a workflow", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scratch s;
		struct arena mem;
		struct str name;
		arena_init(&mem);
		scratch_make(&s);
		mkdir(scratch_path(&s, ".github"), 0700);
		mkdir(scratch_path(&s, ".github/workflows"), 0700);
		scratch_write_n(&s, ".github/workflows/a.yml", rows[i].a, strlen(rows[i].a));
		scratch_write_n(&s, ".github/workflows/b.yml", rows[i].b, strlen(rows[i].b));
		name = workflow_ci_name(s.dir, &mem);
		assert_string_equal(arena_cstr(&mem, name), rows[i].wanted);
		scratch_remove(&s);
		arena_release(&mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_stand_in_their_places),
		cmocka_unit_test(no_token_is_left),
		cmocka_unit_test(a_commit_says_its_version_behind_it),
		cmocka_unit_test(a_name_cannot_leave_its_quotes),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(codeql_wants_a_language_it_knows),
		cmocka_unit_test(the_ci_is_the_one_that_tests_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
