#include "kit/project/runner.h"

#include <unistd.h>

#include "json/json.h"
#include "kit/project/command.h"

static bool found(struct runner_match *out, struct str command, struct str why)
{
	*out = (struct runner_match){.command = command, .why = why};
	return true;
}

static bool found_c(struct runner_match *out, const char *command, const char *why)
{
	return found(out, str_of(command), str_of(why));
}

/* The first of the names that is a file at the top, or NULL. */
static const char *first_of(const struct detection *d, const char *const *names)
{
	for (; *names; names++)
		if (scan_has(d->scan, *names))
			return *names;
	return NULL;
}

/* A line that starts with the text, perhaps indented. */
static bool has_line(const struct detection *d, const char *path, const char *start)
{
	BUF_AUTO text = BUF_INIT(SCAN_TEXT_MAX);
	struct str rest, line;

	if (!scan_has(d->scan, path) || !scan_text(d->scan, path, &text))
		return false;
	for (rest = buf_view(&text); str_next_line(&rest, &line);)
		if (str_starts(str_ltrim(line), start))
			return true;
	return false;
}

/* --- Python --- */

const char *runner_python(const struct detection *d, const char *module)
{
	static const char *const pythons[] = {".venv/bin/python", "venv/bin/python",
		"env/bin/python", "python3", "python", "/usr/bin/python3"};
	const struct project_probe *p = d->probe;

	for (size_t i = 0; i < ARRAY_LEN(pythons); i++)
		if (p->has_module(p->user, d->scan->root, pythons[i], module))
			return pythons[i];
	return NULL;
}

static bool use_pytest(const struct detection *d, struct runner_match *out, struct str why)
{
	const char *python = runner_python(d, "pytest");

	return found(
		out, arena_printf(d->mem, "%s -m pytest -q", python ? python : "python3"), why);
}

/* A file that configures pytest and nothing else would read. */
static bool match_pytest(const struct detection *d, struct runner_match *out)
{
	static const struct {
		const char *file, *line;
	} signs[] = {
		{"pytest.ini", ""},
		{".pytest.ini", ""},
		{"pyproject.toml", "[tool.pytest"},
		{"setup.cfg", "[tool:pytest]"},
		{"tox.ini", "[pytest]"},
		{"conftest.py", ""},
		{"tests/conftest.py", ""},
		{"test/conftest.py", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
		const char *line = signs[i].line;
		if (*line ? has_line(d, signs[i].file, line) : scan_has(d->scan, signs[i].file))
			return use_pytest(d, out,
				arena_printf(
					d->mem, "%s%s%s", signs[i].file, *line ? ": " : "", line));
	}
	return false;
}

/* The first test file that has the text, or whose name alone tells (text NULL). */
static const struct str *python_test(const struct detection *d, const char *text)
{
	static const char *const globs[] = {"test_*.py", "*_test.py", "tests.py", "test.py"};

	for (size_t i = 0; i < ARRAY_LEN(globs); i++) {
		const struct str *file = scan_find(d->scan, globs[i]);
		for (int seen = 0; file && seen < 50; seen++) {
			if (!text || scan_contains(d->scan, file->p, text))
				return file;
			file = scan_find_next(d->scan, globs[i], file);
		}
	}
	return NULL;
}

static bool match_python_tests(const struct detection *d, struct runner_match *out)
{
	const struct str *file = python_test(d, "import pytest");
	bool needs_pytest = file != NULL;

	if (!file)
		file = python_test(d, "def test");
	if (!file)
		return false;
	/* pytest runs unittest's cases as well and says more about a failure. */
	if (!needs_pytest && !runner_python(d, "pytest") && python_test(d, "unittest"))
		return false;
	return use_pytest(d, out, *file);
}

static bool match_unittest(const struct detection *d, struct runner_match *out)
{
	const struct str *file = python_test(d, "unittest");
	const char *python = runner_python(d, "unittest");
	struct str folder, start = STR("");
	const char *pattern = "";

	if (!file)
		return false;
	folder = str_dirname(*file);
	/* Below a folder that is no package, discovery must start inside it. */
	if (folder.n &&
		!scan_has(d->scan, arena_printf(d->mem, "%.*s/__init__.py", STR_ARGS(folder)).p))
		start = arena_printf(d->mem, " -s %.*s", STR_ARGS(command_quote(d->mem, folder)));
	if (!str_starts(str_basename(*file), "test"))
		pattern = " -p '*_test.py'";
	return found(out,
		arena_printf(d->mem, "%s -m unittest discover -v%.*s%s",
			python ? python : "python3", STR_ARGS(start), pattern),
		*file);
}

static bool match_tox(const struct detection *d, struct runner_match *out)
{
	return scan_has(d->scan, "tox.ini") && found_c(out, "tox", "tox.ini");
}

/* --- C, C++ and whatever make builds --- */

static bool match_ctest(const struct detection *d, struct runner_match *out)
{
	if (!has_line(d, "CMakeLists.txt", "enable_testing") &&
		!has_line(d, "CMakeLists.txt", "include(CTest") &&
		!has_line(d, "CMakeLists.txt", "add_test"))
		return false;
	return found_c(out,
		"cmake -S . -B build && cmake --build build && "
		"ctest --test-dir build --output-on-failure",
		"CMakeLists.txt: enable_testing");
}

static bool match_meson(const struct detection *d, struct runner_match *out)
{
	return scan_has(d->scan, "meson.build") &&
	       found_c(out,
		       "{ test -f build/build.ninja || meson setup build; } && "
		       "meson test -C build --print-errorlogs",
		       "meson.build");
}

/* "check: all" but not "check := x". */
static bool is_target(struct str line, const char *name)
{
	if (!str_skip(&line, name))
		return false;
	line = str_ltrim(line);
	return str_starts(line, ":") && !str_starts(line, ":=") && !str_starts(line, "::=");
}

static const char *make_target(const struct detection *d, const char *makefile)
{
	static const char *const names[] = {"test", "check", "tests", "unittest"};
	BUF_AUTO text = BUF_INIT(SCAN_TEXT_MAX);

	if (!scan_text(d->scan, makefile, &text))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str rest = buf_view(&text), line;
		while (str_next_line(&rest, &line))
			if (is_target(line, names[i]))
				return names[i];
	}
	return NULL;
}

static bool match_make(const struct detection *d, struct runner_match *out)
{
	static const char *const names[] = {"GNUmakefile", "makefile", "Makefile", NULL};
	const char *makefile = first_of(d, names);
	const char *target = makefile ? make_target(d, makefile) : NULL;

	return target && found(out, arena_printf(d->mem, "make %s", target),
				 arena_printf(d->mem, "%s: target '%s'", makefile, target));
}

static bool match_autotools(const struct detection *d, struct runner_match *out)
{
	static const char *const names[] = {"configure.ac", "configure.in", NULL};
	const char *source = first_of(d, names);

	if (scan_has(d->scan, "configure"))
		return found_c(
			out, "{ test -f Makefile || ./configure; } && make check", "configure");
	return source && found_c(out, "autoreconf -fi && ./configure && make check", source);
}

/* --- JavaScript and TypeScript --- */

static bool depends_on(const struct json_t *package, const char *name)
{
	static const char *const groups[] = {"devDependencies", "dependencies"};

	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (json_get(json_get_obj(package, groups[i]), name))
			return true;
	return false;
}

static bool match_package(
	const struct detection *d, const struct json_t *package, struct runner_match *out)
{
	static const struct {
		const char *dependency, *command;
	} tools[] = {
		{"vitest", "npx vitest run"},
		{"jest", "npx jest"},
		{"mocha", "npx mocha"},
	};
	struct str script = json_get_str(json_get_obj(package, "scripts"), "test");

	if (script.n && !str_has(script, "no test specified"))
		return found(out, STR("npm test"),
			arena_printf(d->mem, "package.json: test script '%.*s'", STR_ARGS(script)));
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		if (depends_on(package, tools[i].dependency))
			return found(out, str_of(tools[i].command),
				arena_printf(d->mem, "package.json: depends on %s",
					tools[i].dependency));
	return false;
}

static bool match_npm(const struct detection *d, struct runner_match *out)
{
	CLEANUP(json_freep) struct json_t *package = NULL;
	struct err err = ERR_INIT;
	BUF_AUTO text = BUF_INIT(SCAN_TEXT_MAX);

	if (!scan_has(d->scan, "package.json") || !scan_text(d->scan, "package.json", &text) ||
		json_parse(&package, buf_view(&text), &err) < 0)
		return false;
	return match_package(d, package, out);
}

static bool match_node(const struct detection *d, struct runner_match *out)
{
	static const char *const globs[] = {"*.test.js", "*.test.mjs", "*.test.cjs", "test_*.js",
		"*_test.js", "*-test.js", "test.js"};

	for (size_t i = 0; i < ARRAY_LEN(globs); i++) {
		const struct str *file = scan_find(d->scan, globs[i]);
		if (file)
			return found(out, STR("node --test"), *file);
	}
	return false;
}

/* --- Java, Ruby, PHP, .NET --- */

static bool match_maven(const struct detection *d, struct runner_match *out)
{
	return scan_has(d->scan, "pom.xml") &&
	       found_c(out, scan_has(d->scan, "mvnw") ? "./mvnw -B test" : "mvn -B test",
		       "pom.xml");
}

static bool match_gradle(const struct detection *d, struct runner_match *out)
{
	static const char *const names[] = {
		"build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", NULL};
	const char *name = first_of(d, names);

	return name &&
	       found_c(out, scan_has(d->scan, "gradlew") ? "./gradlew test" : "gradle test", name);
}

static bool match_rspec(const struct detection *d, struct runner_match *out)
{
	const struct str *spec = scan_find(d->scan, "*_spec.rb");

	return spec &&
	       found(out, scan_has(d->scan, "Gemfile") ? STR("bundle exec rspec") : STR("rspec"),
		       *spec);
}

static bool match_phpunit(const struct detection *d, struct runner_match *out)
{
	static const char *const names[] = {
		"phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml", NULL};
	const char *name = first_of(d, names);

	return name && found_c(out,
			       scan_contains(d->scan, "composer.json", "phpunit/phpunit")
				       ? "vendor/bin/phpunit"
				       : "phpunit",
			       name);
}

static bool match_dotnet(const struct detection *d, struct runner_match *out)
{
	const struct str *file = scan_find(d->scan, "*.sln");

	if (!file)
		file = scan_find(d->scan, "*.csproj");
	return file && found(out, STR("dotnet test"), *file);
}

static bool match_cargo(const struct detection *d, struct runner_match *out)
{
	return scan_has(d->scan, "Cargo.toml") && found_c(out, "cargo test", "Cargo.toml");
}

static bool match_go(const struct detection *d, struct runner_match *out)
{
	return scan_has(d->scan, "go.mod") && found_c(out, "go test ./...", "go.mod");
}

/* --- a script that is called like a test --- */

static bool is_executable(const struct detection *d, const char *name)
{
	return access(arena_printf(d->mem, "%s/%s", d->scan->root, name).p, X_OK) == 0;
}

static bool match_script(const struct detection *d, struct runner_match *out)
{
	static const char *const names[] = {"run_tests.sh", "run-tests.sh", "runtests.sh",
		"test.sh", "tests/run.sh", "test/run.sh", "scripts/test", "script/test", "bin/test",
		NULL};
	const char *name = first_of(d, names);

	return name &&
	       found(out, arena_printf(d->mem, "%s%s", is_executable(d, name) ? "./" : "sh ", name),
		       str_of(name));
}

const struct runner runners[] = {
	{"pytest", "pytest.ini, [tool.pytest] in pyproject.toml, conftest.py", match_pytest},
	{"ctest", "enable_testing() in CMakeLists.txt", match_ctest},
	{"meson", "meson.build", match_meson},
	{"cargo", "Cargo.toml", match_cargo},
	{"go", "go.mod", match_go},
	{"npm", "a test script in package.json", match_npm},
	{"maven", "pom.xml", match_maven},
	{"gradle", "build.gradle", match_gradle},
	{"make", "a target test or check in Makefile", match_make},
	{"make", "configure, configure.ac", match_autotools},
	{"tox", "tox.ini", match_tox},
	{"pytest", "test_*.py", match_python_tests},
	{"unittest", "test_*.py with unittest", match_unittest},
	{"rspec", "*_spec.rb", match_rspec},
	{"phpunit", "phpunit.xml", match_phpunit},
	{"dotnet", "*.sln, *.csproj", match_dotnet},
	{"node", "*.test.js", match_node},
	{"script", "run_tests.sh, test.sh, scripts/test", match_script},
};
const unsigned runner_count = ARRAY_LEN(runners);
