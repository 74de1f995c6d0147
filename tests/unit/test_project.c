#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "kit/project/command.h"
#include "kit/project/project.h"
#include "kit/project/runner.h"

enum { FILES_MAX = 6 };

/* A project as its files, a machine as what it has, and what must come of them. */
struct row {
	const char *files[FILES_MAX * 2]; /* path, text, path, text... */
	const char *programs;             /* " pytest make " */
	const char *modules;              /* " python3:pytest " */
	const char *command, *runner, *why;
};

static const struct row *current;

static bool has_program(void *user, const char *name)
{
	char word[64];

	(void)user;
	snprintf(word, sizeof(word), " %s ", name);
	return current->programs && strstr(current->programs, word);
}

static bool has_module(void *user, const char *root, const char *python, const char *module)
{
	char word[96];

	(void)user;
	(void)root;
	snprintf(word, sizeof(word), " %s:%s ", python, module);
	return current->modules && strstr(current->modules, word);
}

static const struct project_probe probe = {.has_program = has_program, .has_module = has_module};

static void make_folders(const char *path)
{
	char part[256];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdir(part, 0700);
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path);
}

static void make_project(char *root, const char *const *files)
{
	strncpy(root, "/tmp/test_project.XXXXXX", 64);
	assert_non_null(mkdtemp(root));
	for (int i = 0; i < FILES_MAX * 2 && files[i]; i += 2) {
		struct err err = ERR_INIT;
		char path[256];
		snprintf(path, sizeof(path), "%s/%s", root, files[i]);
		make_folders(path);
		assert_int_equal(file_replace(path, str_of(files[i + 1]), &err), 0);
	}
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct project project;
		struct err err = ERR_INIT;
		struct arena mem;
		char root[64];
		int r;
		current = &rows[i];
		arena_init(&mem);
		make_project(root, rows[i].files);
		r = project_detect(&project, root, &probe, &mem, &err);
		assert_int_equal(r, rows[i].command ? 0 : PROJECT_UNKNOWN);
		if (rows[i].command) {
			assert_string_equal(project.command.p, rows[i].command);
			assert_string_equal(project.runner.p, rows[i].runner);
			assert_string_equal(project.why.p, rows[i].why);
		} else {
			assert_true(str_starts(project.notes.v[0], "looked for"));
		}
		nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
		arena_release(&mem);
	}
}

#define PYTEST_HERE .modules = " python3:pytest python3:unittest "

static void the_files_of_a_project_tell(void **state)
{
	static const struct row rows[] = {
		{{"README.md", "hello"}},
		{{0}},
		{{"pytest.ini", ""}, PYTEST_HERE, .command = "python3 -m pytest -q",
			.runner = "pytest", .why = "pytest.ini"},
		{{"pyproject.toml", "[project]\n[tool.pytest.ini_options]\n"}, PYTEST_HERE,
			.command = "python3 -m pytest -q", .runner = "pytest",
			.why = "pyproject.toml: [tool.pytest"},
		{{"pyproject.toml", "[project]\n"}},
		{{"conftest.py", ""}, .modules = " .venv/bin/python:pytest python3:pytest ",
			.command = ".venv/bin/python -m pytest -q", .runner = "pytest",
			.why = "conftest.py"},
		{{"conftest.py", ""}, .modules = " /usr/bin/python3:pytest ",
			.command = "/usr/bin/python3 -m pytest -q", .runner = "pytest",
			.why = "conftest.py"},
		{{"tests/test_a.py", "import pytest\ndef test_a(): pass\n"},
			.command = "python3 -m pytest -q", .runner = "pytest",
			.why = "tests/test_a.py"},
		{{"tests/test_a.py", "import unittest\nclass A(unittest.TestCase):\n def test(s): "
				     "pass\n"},
			PYTEST_HERE, .command = "python3 -m pytest -q", .runner = "pytest",
			.why = "tests/test_a.py"},
		{{"tests/test_a.py", "import unittest\n"}, .modules = " python3:unittest ",
			.command = "python3 -m unittest discover -v -s 'tests'",
			.runner = "unittest", .why = "tests/test_a.py"},
		{{"it's/a_test.py", "import unittest\n"}, .modules = " python3:unittest ",
			.command = "python3 -m unittest discover -v -s 'it'\\''s' -p '*_test.py'",
			.runner = "unittest", .why = "it's/a_test.py"},
		{{"tests/test_a.py", "import unittest\n", "tests/__init__.py", ""},
			.modules = " python3:unittest ",
			.command = "python3 -m unittest discover -v", .runner = "unittest",
			.why = "tests/test_a.py"},
		{{"node_modules/x/test_a.py", "import pytest\n"}},
		{{"CMakeLists.txt", "project(a C)\n  enable_testing()\n"},
			.command = "cmake -S . -B build && cmake --build build && "
				   "ctest --test-dir build --output-on-failure",
			.runner = "ctest", .why = "CMakeLists.txt: enable_testing"},
		{{"CMakeLists.txt", "project(a C)\n", "Makefile", "check : all\n"},
			.command = "make check", .runner = "make",
			.why = "Makefile: target 'check'"},
		{{"Makefile", "test := 1\ntest.o: test.c\n"}},
		{{"Makefile", "all:\n\techo\ntest: all\n\t./t\n"}, .command = "make test",
			.runner = "make", .why = "Makefile: target 'test'"},
		{{"configure.ac", "AC_INIT\n"},
			.command = "autoreconf -fi && ./configure && make check", .runner = "make",
			.why = "configure.ac"},
		{{"meson.build", "project('a')\n"},
			.command = "{ test -f build/build.ninja || meson setup build; } && "
				   "meson test -C build --print-errorlogs",
			.runner = "meson", .why = "meson.build"},
		{{"Cargo.toml", ""}, .command = "cargo test", .runner = "cargo",
			.why = "Cargo.toml"},
		{{"go.mod", ""}, .command = "go test ./...", .runner = "go", .why = "go.mod"},
		{{"package.json", "{\"scripts\": {\"test\": \"jest\"}}"}, .command = "npm test",
			.runner = "npm", .why = "package.json: test script 'jest'"},
		{{"package.json",
			 "{\"scripts\": {\"test\": \"echo \\\"Error: no test specified\\\" "
			 "&& exit 1\"}, \"devDependencies\": {\"vitest\": \"1\"}}"},
			.command = "npx vitest run", .runner = "vitest",
			.why = "package.json: depends on vitest"},
		{{"package.json", "{broken", "a.test.js", ""}, .command = "node --test",
			.runner = "node", .why = "a.test.js"},
		{{"pom.xml", "", "mvnw", ""}, .command = "./mvnw -B test", .runner = "maven",
			.why = "pom.xml"},
		{{"build.gradle.kts", ""}, .command = "gradle test", .runner = "gradle",
			.why = "build.gradle.kts"},
		{{"tox.ini", "[tox]\n"}, .command = "tox", .runner = "tox", .why = "tox.ini"},
		{{"spec/a_spec.rb", "", "Gemfile", ""}, .command = "bundle exec rspec",
			.runner = "rspec", .why = "spec/a_spec.rb"},
		{{"phpunit.xml", ""}, .command = "phpunit", .runner = "phpunit",
			.why = "phpunit.xml"},
		{{"src/a.csproj", ""}, .command = "dotnet test", .runner = "dotnet",
			.why = "src/a.csproj"},
		{{"run_tests.sh", "exit 0\n"}, .command = "sh run_tests.sh", .runner = "script",
			.why = "run_tests.sh"},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

#define WORKFLOW(text)                                                                             \
	{                                                                                          \
		".github/workflows/ci.yml", text                                                   \
	}

static void a_workflow_tells_first(void **state)
{
	static const struct row rows[] = {
		{WORKFLOW("on: [push]\njobs:\n  a:\n    steps:\n      - run: pip install x\n"
			  "      - name: Test\n        run: python -m pytest -x tests\n"),
			PYTEST_HERE, .command = "python3 -m pytest -x tests", .runner = "pytest",
			.why = ".github/workflows/ci.yml line 7 'Test'"},
		/* Options of plugins that are not here would end the run before it starts. */
		{WORKFLOW("on: push\njobs:\n  a:\n    steps:\n"
			  "      - run: pytest --cov=pkg -n auto -q --timeout 3\n"),
			PYTEST_HERE, .command = "python3 -m pytest -q", .runner = "pytest",
			.why = ".github/workflows/ci.yml line 5"},
		{WORKFLOW("on: push\njobs:\n  a:\n    steps:\n      - run: |\n"
			  "          pip install .\n          # all\n          poetry run pytest "
			  "a\n"),
			PYTEST_HERE, .command = "python3 -m pytest a", .runner = "pytest",
			.why = ".github/workflows/ci.yml line 5"},
		/* What must be built first is. */
		{WORKFLOW("on: push\njobs:\n  a:\n    steps:\n      - run: sudo apt-get install x\n"
			  "      - run: cmake -B out\n      - run: cmake --build out\n"
			  "      - run: ctest\n        working-directory: out\n"),
			.programs = " cmake ctest ",
			.command = "set -e\n(\ncmake -B out\n)\n(\ncmake --build out\n)\n"
				   "cd 'out'\nctest\n",
			.runner = "ctest", .why = ".github/workflows/ci.yml line 8"},
		{WORKFLOW(
			 "on: push\nenv: {A: \"it's\"}\njobs:\n  a:\n    strategy:\n      matrix:\n"
			 "        v: [one, two]\n    steps:\n"
			 "      - run: make test V=${{ matrix.v }}\n"),
			.programs = " make ",
			.command = "set -e\nexport A='it'\\''s'\nmake test V=one\n",
			.runner = "make", .why = ".github/workflows/ci.yml line 9"},
		/* Passed over: a secret, another system, a failure step, a missing program, a
		 * release; then the files tell. */
		{{".github/workflows/ci.yml",
			 "on: push\njobs:\n  w:\n    runs-on: windows-latest\n    steps:\n"
			 "      - run: go test\n  a:\n    steps:\n"
			 "      - run: TOKEN=${{ secrets.T }} pytest\n"
			 "      - if: failure()\n        run: pytest --lf\n"
			 "      - shell: pwsh\n        run: pytest\n      - run: tox -e py\n",
			 ".github/workflows/release.yml",
			 "on:\n  release:\njobs:\n  a:\n    steps:\n      - run: pytest rel\n",
			 "Makefile", "test:\n"},
			PYTEST_HERE, .command = "make test", .runner = "make",
			.why = "Makefile: target 'test'"},
		{{".github/workflows/ci.yml", "jobs: [\n", "go.mod", ""},
			.command = "go test ./...", .runner = "go", .why = "go.mod"},
		{{".github/workflows/ci.yml", "jobs: {a: {steps: {run: pytest}}, b: 1, c: [x]}\n",
			 "go.mod", ""},
			.command = "go test ./...", .runner = "go", .why = "go.mod"},
		{{".github/workflows/a.yml", "on: push\njobs: {a: {steps: [{run: go test}]}}\n",
			 ".github/workflows/test.yml",
			 "on: {pull_request: }\njobs: {a: {steps: [{run: npm test}]}}\n"},
			.programs = " npm go ", .command = "npm test", .runner = "npm",
			.why = ".github/workflows/test.yml line 2"},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void what_was_passed_over_is_said(void **state)
{
	static const struct row row = {WORKFLOW(
		"on: push\njobs: {a: {steps: [{run: tox}, {run: 'pytest ${{ secrets.A }}'}]}}\n")};
	struct project project;
	struct err err = ERR_INIT;
	struct arena mem;
	char root[64];

	(void)state;
	current = &row;
	arena_init(&mem);
	make_project(root, row.files);
	assert_int_equal(project_detect(&project, root, &probe, &mem, &err), PROJECT_UNKNOWN);
	assert_int_equal(project.notes.n, 4);
	assert_string_equal(project.notes.v[1].p,
		".github/workflows/ci.yml line 2: passed over: no 'tox' here");
	assert_string_equal(project.notes.v[2].p, ".github/workflows/ci.yml line 2: passed over: "
						  "uses values that only GitHub has");
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_release(&mem);
}

static void languages_are_counted(void **state)
{
	static const char *const files[FILES_MAX * 2] = {
		"a.py", "", "b/c.py", "", "x.c", "", ".hidden/y.c", "", "build/z.c", "", "h.h", ""};
	struct project project;
	struct err err = ERR_INIT;
	struct arena mem;
	char root[64];

	(void)state;
	arena_init(&mem);
	make_project(root, files);
	assert_int_equal(project_languages(&project, root, &mem, &err), 0);
	assert_int_equal(project.languages.n, 2);
	assert_string_equal(project.languages.v[0].p, "python");
	assert_string_equal(project.languages.v[1].p, "c");
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(project_languages(&project, root, &mem, &err), -1);
	arena_release(&mem);
}

static void roles_of_lines(void **state)
{
	static const struct {
		const char *line, *runner;
		enum command_role role;
	} rows[] = {
		{"pytest", "pytest", COMMAND_TEST},
		{"python3.11 -m pytest -q", "pytest", COMMAND_TEST},
		{"/opt/py/bin/python -m unittest", "unittest", COMMAND_TEST},
		{"PYTHONPATH=. poetry run pytest", "pytest", COMMAND_TEST},
		{"cd a && make -j4 V=1 check", "make", COMMAND_TEST},
		{"make -C build all", "", COMMAND_BUILD},
		{"pip install pytest", "", COMMAND_INSTALL},
		{"sudo apt-get install -y cmake", "", COMMAND_INSTALL},
		{"pip install x && pytest", "pytest", COMMAND_TEST},
		{"echo 'x && pytest'", "", COMMAND_OTHER},
		{"pytester", "", COMMAND_OTHER},
		{"", "", COMMAND_OTHER},
		{"   ", "", COMMAND_OTHER},
		{"=", "", COMMAND_OTHER},
		{"&&||;|", "", COMMAND_OTHER},
		{"poetry run", "", COMMAND_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str runner;
		assert_int_equal(command_role(str_of(rows[i].line), &runner), rows[i].role);
		assert_true(str_eq_c(runner, rows[i].runner));
	}
	assert_true(command_needs_build(STR("ctest")));
	assert_false(command_needs_build(STR("pytest")));
}

/* Runs before anything else is known of the machine: this one has a shell, at least. */
static void the_machine_is_asked(void **state)
{
	const struct project_probe *p = &project_probe_machine;

	(void)state;
	assert_true(p->has_program(NULL, "sh"));
	assert_false(p->has_program(NULL, "no-such-program-here"));
	if (p->has_program(NULL, "python3"))
		assert_true(p->has_module(NULL, "/", "python3", "unittest"));
	assert_false(p->has_module(NULL, "/", "python3", "no_such_module_here"));
	assert_false(p->has_module(NULL, "/nowhere", ".venv/bin/python", "pytest"));
	assert_false(p->has_module(NULL, "/", "/nowhere/python3", "unittest"));
}

/* The environment of a project is looked at and never run: the name may hold a pattern, too. */
static void an_environment_in_the_project(void **state)
{
	static const char *const files[FILES_MAX * 2] = {"a[b]/.venv/pyvenv.cfg", "",
		"a[b]/.venv/bin/python", "#!/bin/sh\ntouch /tmp/ran-by-test-project\n",
		"a[b]/.venv/lib/python3.99/site-packages/pytest/__init__.py", "",
		"a[b]/.venv/lib/python3.99/site-packages/xdist.py", ""};
	const struct project_probe *p = &project_probe_machine;
	char root[64], inner[96];

	(void)state;
	make_project(root, files);
	snprintf(inner, sizeof(inner), "%s/a[b]", root);
	assert_true(p->has_module(NULL, inner, ".venv/bin/python", "pytest"));
	assert_true(p->has_module(NULL, inner, ".venv/bin/python", "xdist"));
	assert_false(p->has_module(NULL, inner, ".venv/bin/python", "pytest_cov"));
	assert_int_equal(access("/tmp/ran-by-test-project", F_OK), -1);
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_files_of_a_project_tell),
		cmocka_unit_test(a_workflow_tells_first),
		cmocka_unit_test(what_was_passed_over_is_said),
		cmocka_unit_test(languages_are_counted),
		cmocka_unit_test(roles_of_lines),
		cmocka_unit_test(the_machine_is_asked),
		cmocka_unit_test(an_environment_in_the_project),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
