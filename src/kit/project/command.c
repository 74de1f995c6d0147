#include "kit/project/command.h"

#include "kit/project/runner.h"

/* Words that begin a command; '*' stands for options in between ("npm run test", "make -j test").
 */
static const struct {
	const char *words;
	enum command_role role;
	const char *runner;
	bool needs_build;
} known[] = {
	{"pytest", COMMAND_TEST, "pytest", false},
	{"py.test", COMMAND_TEST, "pytest", false},
	{"python -m pytest", COMMAND_TEST, "pytest", false},
	{"python -m unittest", COMMAND_TEST, "unittest", false},
	{"coverage run -m pytest", COMMAND_TEST, "pytest", false},
	{"coverage run -m unittest", COMMAND_TEST, "unittest", false},
	{"tox", COMMAND_TEST, "tox", false},
	{"nox", COMMAND_TEST, "nox", false},
	{"ctest", COMMAND_TEST, "ctest", true},
	{"make * test", COMMAND_TEST, "make", true},
	{"make * check", COMMAND_TEST, "make", true},
	{"make * tests", COMMAND_TEST, "make", true},
	{"ninja * test", COMMAND_TEST, "ninja", true},
	{"meson test", COMMAND_TEST, "meson", true},
	{"cargo test", COMMAND_TEST, "cargo", false},
	{"cargo nextest", COMMAND_TEST, "cargo", false},
	{"go test", COMMAND_TEST, "go", false},
	{"npm test", COMMAND_TEST, "npm", false},
	{"npm t", COMMAND_TEST, "npm", false},
	{"npm run test", COMMAND_TEST, "npm", false},
	{"yarn test", COMMAND_TEST, "npm", false},
	{"pnpm test", COMMAND_TEST, "npm", false},
	{"npx jest", COMMAND_TEST, "jest", false},
	{"npx vitest", COMMAND_TEST, "vitest", false},
	{"npx mocha", COMMAND_TEST, "mocha", false},
	{"node --test", COMMAND_TEST, "node", false},
	{"mvn * test", COMMAND_TEST, "maven", false},
	{"mvn * verify", COMMAND_TEST, "maven", false},
	{"./mvnw * test", COMMAND_TEST, "maven", false},
	{"./mvnw * verify", COMMAND_TEST, "maven", false},
	{"gradle * test", COMMAND_TEST, "gradle", false},
	{"./gradlew * test", COMMAND_TEST, "gradle", false},
	{"./gradlew * check", COMMAND_TEST, "gradle", false},
	{"rspec", COMMAND_TEST, "rspec", false},
	{"bundle exec rspec", COMMAND_TEST, "rspec", false},
	{"bundle exec rake", COMMAND_TEST, "rake", false},
	{"phpunit", COMMAND_TEST, "phpunit", false},
	{"vendor/bin/phpunit", COMMAND_TEST, "phpunit", false},
	{"./vendor/bin/phpunit", COMMAND_TEST, "phpunit", false},
	{"dotnet test", COMMAND_TEST, "dotnet", false},
	{"cmake", COMMAND_BUILD, "", false},
	{"make", COMMAND_BUILD, "", false},
	{"ninja", COMMAND_BUILD, "", false},
	{"meson", COMMAND_BUILD, "", false},
	{"./configure", COMMAND_BUILD, "", false},
	{"./autogen.sh", COMMAND_BUILD, "", false},
	{"./bootstrap", COMMAND_BUILD, "", false},
	{"autoreconf", COMMAND_BUILD, "", false},
	{"mkdir", COMMAND_BUILD, "", false},
	{"sudo", COMMAND_INSTALL, "", false},
	{"apt", COMMAND_INSTALL, "", false},
	{"apt-get", COMMAND_INSTALL, "", false},
	{"apk", COMMAND_INSTALL, "", false},
	{"yum", COMMAND_INSTALL, "", false},
	{"dnf", COMMAND_INSTALL, "", false},
	{"brew", COMMAND_INSTALL, "", false},
	{"pip", COMMAND_INSTALL, "", false},
	{"pip3", COMMAND_INSTALL, "", false},
	{"python -m pip", COMMAND_INSTALL, "", false},
	{"python -m venv", COMMAND_INSTALL, "", false},
	{"poetry install", COMMAND_INSTALL, "", false},
	{"pipenv install", COMMAND_INSTALL, "", false},
	{"uv sync", COMMAND_INSTALL, "", false},
	{"uv pip", COMMAND_INSTALL, "", false},
	{"conda", COMMAND_INSTALL, "", false},
	{"npm ci", COMMAND_INSTALL, "", false},
	{"npm install", COMMAND_INSTALL, "", false},
	{"npm i", COMMAND_INSTALL, "", false},
	{"yarn install", COMMAND_INSTALL, "", false},
	{"pnpm install", COMMAND_INSTALL, "", false},
	{"bundle install", COMMAND_INSTALL, "", false},
	{"composer install", COMMAND_INSTALL, "", false},
	{"gem install", COMMAND_INSTALL, "", false},
	{"cargo install", COMMAND_INSTALL, "", false},
	{"rustup", COMMAND_INSTALL, "", false},
	{"go install", COMMAND_INSTALL, "", false},
	{"curl", COMMAND_INSTALL, "", false},
	{"wget", COMMAND_INSTALL, "", false},
	{"docker", COMMAND_INSTALL, "", false},
	{"git", COMMAND_INSTALL, "", false},
	{"codecov", COMMAND_INSTALL, "", false},
	{"coveralls", COMMAND_INSTALL, "", false},
};

/* What only starts another command. */
static const char *const wrappers[] = {"poetry run", "pipenv run", "uv run", "hatch run",
	"xvfb-run", "time", "exec", "env", "nice"};

static bool next_word(struct str *rest, struct str *word)
{
	*rest = str_ltrim(*rest);
	return str_next(rest, ' ', word) && word->n;
}

/* "python3", "python3.11", "./venv/bin/python" are all "python". */
static struct str canonical(struct str word)
{
	struct str name = str_basename(word);

	if (!str_skip(&name, "python"))
		return word;
	for (size_t i = 0; i < name.n; i++)
		if (!strchr("0123456789.", name.p[i]))
			return word;
	return STR("python");
}

static bool is_assignment(struct str word)
{
	ptrdiff_t equals = str_find_char(word, '=');

	for (ptrdiff_t i = 0; i < equals; i++)
		if (!((word.p[i] | 32) >= 'a' && (word.p[i] | 32) <= 'z') && word.p[i] != '_' &&
			!(i && word.p[i] >= '0' && word.p[i] <= '9'))
			return false;
	return equals > 0;
}

static bool begins_with(struct str command, const char *words)
{
	struct str wanted = str_of(words), want, have;
	bool gap = false;

	while (next_word(&wanted, &want)) {
		if (str_eq_c(want, "*")) {
			gap = true;
			continue;
		}
		do {
			if (!next_word(&command, &have))
				return false;
		} while (gap && !str_eq(have, want));
		if (!str_eq(canonical(have), want))
			return false;
	}
	return true;
}

/* Without "FOO=1" and "poetry run" in front. */
static struct str bare(struct str command)
{
	struct str rest = str_trim(command), word;
	bool again = true;

	while (again) {
		struct str after = rest;
		again = next_word(&after, &word) && is_assignment(word);
		for (size_t i = 0; !again && i < ARRAY_LEN(wrappers); i++)
			if (begins_with(rest, wrappers[i])) {
				after = str_from(rest, strlen(wrappers[i]));
				again = true;
			}
		if (again)
			rest = str_ltrim(after);
	}
	return rest;
}

/* The next command of a line: up to "&&", "||", ";" or "|". *sep is what follows it. */
static bool next_command(struct str *rest, struct str *command, struct str *sep)
{
	static const char *const separators[] = {"&&", "||", ";", "|"};
	char quote = 0;
	size_t i;

	if (!rest->n)
		return false;
	for (i = 0; i < rest->n; i++) {
		char c = rest->p[i];
		if (quote ? c == quote : c == '\'' || c == '"') {
			quote = quote ? 0 : c;
			continue;
		}
		for (size_t s = 0; !quote && s < ARRAY_LEN(separators); s++) {
			struct str at = str_from(*rest, i);
			if (!str_starts(at, separators[s]))
				continue;
			*command = str_slice(*rest, 0, i);
			*sep = str_slice(at, 0, strlen(separators[s]));
			*rest = str_from(at, sep->n);
			return true;
		}
	}
	*command = *rest;
	*sep = STR("");
	*rest = STR("");
	return true;
}

enum command_role command_role(struct str line, struct str *runner)
{
	struct str command, sep;
	enum command_role role = COMMAND_OTHER;

	if (runner)
		*runner = STR("");
	while (next_command(&line, &command, &sep)) {
		command = bare(command);
		for (size_t i = 0; i < ARRAY_LEN(known); i++) {
			if (!begins_with(command, known[i].words))
				continue;
			if (known[i].role == COMMAND_TEST) {
				if (runner)
					*runner = str_of(known[i].runner);
				return COMMAND_TEST;
			}
			if (role != COMMAND_BUILD)
				role = known[i].role;
			break;
		}
	}
	return role;
}

bool command_needs_build(struct str runner)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].needs_build && str_eq_c(runner, known[i].runner))
			return true;
	return false;
}

struct str command_quote(struct arena *mem, struct str text)
{
	BUF_AUTO out = BUF_INIT(text.n * 4 + 2);

	buf_char(&out, '\'');
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\'')
			buf_c(&out, "'\\''");
		else
			buf_char(&out, text.p[i]);
	buf_char(&out, '\'');
	return arena_str(mem, buf_view(&out));
}

/* Options that only a plugin of pytest understands. */
static const struct {
	const char *option, *module;
	bool takes_word;
} plugins[] = {
	{"--cov", "pytest_cov", false},
	{"--no-cov", "pytest_cov", false},
	{"--dist", "xdist", true},
	{"-n", "xdist", true},
	{"--numprocesses", "xdist", true},
	{"--timeout", "pytest_timeout", true},
	{"--html", "pytest_html", true},
	{"--json-report", "pytest_jsonreport", false},
	{"--reruns", "pytest_rerunfailures", true},
	{"--benchmark", "pytest_benchmark", false},
	{"--asyncio-mode", "pytest_asyncio", false},
	{"--mypy", "pytest_mypy", false},
	{"--flake8", "pytest_flake8", false},
};

static bool has_plugin(const struct detection *d, const char *python, size_t i)
{
	return python &&
	       d->probe->has_module(d->probe->user, d->scan->root, python, plugins[i].module);
}

static void copy_pytest_options(const struct detection *d, struct buf *out, struct str rest)
{
	const char *python = runner_python(d, "pytest");
	bool skip_word = false;
	struct str word;

	while (next_word(&rest, &word)) {
		bool drop = skip_word;
		skip_word = false;
		for (size_t i = 0; !drop && i < ARRAY_LEN(plugins); i++)
			if (str_starts(word, plugins[i].option) && !has_plugin(d, python, i)) {
				drop = true;
				skip_word = plugins[i].takes_word &&
					    word.n == strlen(plugins[i].option);
			}
		if (!drop)
			buf_printf(out, " %.*s", STR_ARGS(word));
	}
}

/* "pytest a", "python -m pytest a", "coverage run -m pytest a" with a Python that has it. */
static bool adapt_pytest(const struct detection *d, struct str command, struct buf *out)
{
	static const char *const spellings[] = {
		"coverage run -m pytest", "python -m pytest", "pytest", "py.test"};
	const char *python = runner_python(d, "pytest");
	struct str word;

	for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
		struct str words = str_of(spellings[i]), rest = command;
		if (!begins_with(command, spellings[i]))
			continue;
		while (next_word(&words, &word))
			next_word(&rest, &word);
		buf_printf(out, "%s -m pytest", python ? python : "python3");
		copy_pytest_options(d, out, rest);
		return true;
	}
	return false;
}

static bool is_builtin(struct str word)
{
	static const char *const names[] = {"cd", "export", "set", "echo", "true", ":", "test", "[",
		"if", "then", "else", "fi", "for", "do", "done", "while", "case", "esac", "exit",
		".", "source", "ulimit", "{", "}", "!", "pwd", "printf", "read", "unset", "wait"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq_c(word, names[i]))
			return true;
	return false;
}

static bool has_program(const struct detection *d, struct str word)
{
	const struct project_probe *p = d->probe;

	/* Paths are the project's business, variables the shell's. */
	if (is_builtin(word) || str_find_char(word, '/') >= 0 || word.p[0] == '$' ||
		word.p[0] == '#' || word.p[0] == '(' || word.p[0] == '"')
		return true;
	return p->has_program(p->user, arena_cstr(d->mem, word));
}

static bool adapt_one(
	const struct detection *d, struct str command, struct buf *out, struct str *missing)
{
	struct str inner = bare(command), rest = inner, word;
	struct str front = str_slice(command, 0, (size_t)(inner.p - command.p));

	if (!next_word(&rest, &word)) {
		buf_str(out, command);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(wrappers); i++)
		if (str_has(front, wrappers[i]))
			front = str_slice(front, 0, (size_t)str_find_c(front, wrappers[i]));
	buf_str(out, front);
	if (adapt_pytest(d, inner, out))
		return true;
	if (str_eq_c(word, "python") && !has_program(d, word)) {
		buf_printf(out, "python3 %.*s", STR_ARGS(rest));
		return true;
	}
	*missing = word;
	buf_str(out, inner);
	return has_program(d, word);
}

bool command_adapt(const struct detection *d, struct str line, struct str *out, struct str *missing)
{
	struct str command, sep;
	BUF_AUTO text = BUF_INIT(SCAN_TEXT_MAX);

	while (next_command(&line, &command, &sep)) {
		if (!adapt_one(d, command, &text, missing))
			return false;
		if (sep.n)
			buf_printf(&text, "%s%.*s", text.n && text.p[text.n - 1] != ' ' ? " " : "",
				STR_ARGS(sep));
	}
	*out = arena_str(d->mem, str_trim(buf_view(&text)));
	return !text.over;
}
