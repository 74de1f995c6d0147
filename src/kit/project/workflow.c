#include "kit/project/workflow.h"

#include <dirent.h>

#include "base/file.h"
#include "base/limits.h"
#include "kit/project/command.h"
#include "kit/project/detect.h"
#include "port/format/yaml.h"

enum { WORKFLOWS_MAX = 64, STEPS_MAX = 200 };

struct workflow {
	const struct detection *d;
	const char *path; /* ".github/workflows/ci.yml" */
	const struct yaml_node *root, *job;
};

/* --- expressions --- */

static const struct yaml_node *first_scalar(const struct yaml_node *node)
{
	if (node && node->kind == YAML_LIST && node->n)
		node = node->items[0];
	return node && node->kind == YAML_SCALAR ? node : NULL;
}

/* matrix.x is its first value: the combination that runs first. */
static bool matrix_value(const struct workflow *w, struct str name, struct str *out)
{
	const struct yaml_node *matrix = yaml_get(yaml_get(w->job, "strategy"), "matrix");
	const char *key = arena_cstr(w->d->mem, name);
	const struct yaml_node *include = yaml_get(matrix, "include");
	const struct yaml_node *value = first_scalar(yaml_get(matrix, key));

	if (!value && include && include->kind == YAML_LIST && include->n)
		value = first_scalar(yaml_get(include->items[0], key));
	if (value)
		*out = value->text;
	return value != NULL;
}

static bool env_value(const struct workflow *w, struct str name, struct str *out)
{
	const char *key = arena_cstr(w->d->mem, name);
	const struct yaml_node *value = first_scalar(yaml_get(yaml_get(w->job, "env"), key));

	if (!value)
		value = first_scalar(yaml_get(yaml_get(w->root, "env"), key));
	if (value)
		*out = value->text;
	return value && !str_has(value->text, "${{");
}

static bool expression_value(const struct workflow *w, struct str expression, struct str *out)
{
	struct str name = str_trim(expression);

	if (str_skip(&name, "matrix."))
		return matrix_value(w, name, out);
	if (str_skip(&name, "env."))
		return env_value(w, name, out);
	if (str_eq_c(name, "github.workspace"))
		return *out = STR("$PWD"), true;
	if (str_eq_c(name, "runner.os"))
		return *out = STR("Linux"), true;
	return false;
}

/* The text with each ${{ }} replaced; false when one has no value here. */
static bool expand(const struct workflow *w, struct str text, struct str *out)
{
	BUF_AUTO built = BUF_INIT(LIMIT_CONFIG_BYTES);
	struct str before, expression, value;

	while (str_cut(&text, "${{", &before)) {
		buf_str(&built, before);
		if (!str_cut(&text, "}}", &expression) || !expression_value(w, expression, &value))
			return false;
		buf_str(&built, value);
	}
	buf_str(&built, text);
	*out = arena_str(w->d->mem, buf_view(&built));
	return !built.over;
}

/* --- one step --- */

static struct str text_of(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *node = yaml_get(map, key);

	return node && node->kind == YAML_SCALAR ? node->text : STR("");
}

/* Steps that run when something else went wrong, or on another system, say nothing about tests. */
static bool is_for_us(const struct yaml_node *step)
{
	struct str shell = text_of(step, "shell"), condition = text_of(step, "if");

	if (str_has(condition, "failure()") || str_has(condition, "cancelled()") ||
		str_has(condition, "windows") || str_has(condition, "Windows") ||
		str_has(condition, "macos") || str_has(condition, "macOS"))
		return false;
	return !shell.n || str_starts(shell, "bash") || str_starts(shell, "sh");
}

/* Adds the step's own "export NAME='value'" lines. */
static bool add_env(const struct workflow *w, const struct yaml_node *map, struct buf *out)
{
	const struct yaml_node *env = yaml_get(map, "env");

	if (!env || env->kind != YAML_MAP)
		return true;
	for (size_t i = 0; i < env->n; i++) {
		struct str value = env->pairs[i].value->text;
		if (env->pairs[i].value->kind != YAML_SCALAR || !expand(w, value, &value))
			return false;
		buf_printf(out, "export %.*s=%.*s\n", STR_ARGS(env->pairs[i].key),
			STR_ARGS(command_quote(w->d->mem, value)));
	}
	return true;
}

static struct str folder_of(const struct workflow *w, const struct yaml_node *step)
{
	struct str folder = text_of(step, "working-directory");

	if (!folder.n)
		folder =
			text_of(yaml_get(yaml_get(w->job, "defaults"), "run"), "working-directory");
	if (!folder.n)
		folder = text_of(
			yaml_get(yaml_get(w->root, "defaults"), "run"), "working-directory");
	return folder;
}

/* The lines of a step as this machine can run them. An installation becomes ':', so that an if
 * around it stays whole. */
static bool add_lines(
	const struct workflow *w, struct str run, bool build_only, struct buf *out, struct str *why)
{
	struct str line, adapted, missing = STR("");

	while (str_next_line(&run, &line)) {
		enum command_role role = command_role(line, NULL);
		if (!str_trim(line).n || str_starts(str_ltrim(line), "#"))
			continue;
		if (build_only && role == COMMAND_OTHER && !str_starts(str_ltrim(line), "cd "))
			return false;
		if (role == COMMAND_INSTALL) {
			buf_c(out, ":\n");
			continue;
		}
		if (!command_adapt(w->d, line, &adapted, &missing)) {
			*why = arena_printf(w->d->mem, "no '%.*s' here", STR_ARGS(missing));
			return false;
		}
		buf_str(out, adapted);
		buf_char(out, '\n');
	}
	return true;
}

static bool add_step(const struct workflow *w, const struct yaml_node *step, bool build_only,
	struct buf *out, struct str *why)
{
	struct str run, folder;

	*why = STR("uses values that only GitHub has");
	if (!expand(w, text_of(step, "run"), &run) || !expand(w, folder_of(w, step), &folder))
		return false;
	if (folder.n)
		buf_printf(out, "cd %.*s\n", STR_ARGS(command_quote(w->d->mem, folder)));
	return add_env(w, step, out) && add_lines(w, run, build_only, out, why);
}

/* --- the job's script --- */

/* Lines of which one or more do something. */
static size_t count_lines(struct str script, struct str *only)
{
	struct str line;
	size_t n = 0;

	while (str_next_line(&script, &line))
		if (!str_eq_c(line, ":")) {
			*only = line;
			n++;
		}
	return n;
}

/* The build steps before the test step, each in a shell of its own as GitHub does. */
static void add_builds(
	const struct workflow *w, const struct yaml_node *steps, size_t test, struct buf *out)
{
	for (size_t i = 0; i < test; i++) {
		const struct yaml_node *step = steps->items[i];
		struct str why, only;
		BUF_AUTO part = BUF_INIT(LIMIT_CONFIG_BYTES);
		if (command_role(text_of(step, "run"), NULL) == COMMAND_INSTALL ||
			!is_for_us(step) || !add_step(w, step, true, &part, &why))
			continue;
		if (count_lines(buf_view(&part), &only))
			buf_printf(out, "(\n%s)\n", buf_text(&part));
	}
}

static struct str script_of(const struct workflow *w, const struct yaml_node *steps, size_t test,
	struct str runner, struct str *why)
{
	BUF_AUTO script = BUF_INIT(LIMIT_CONFIG_BYTES);
	BUF_AUTO part = BUF_INIT(LIMIT_CONFIG_BYTES);
	struct str only = STR("");

	if (!add_env(w, w->root, &script) || !add_env(w, w->job, &script)) {
		*why = STR("uses values that only GitHub has");
		return STR("");
	}
	if (command_needs_build(runner))
		add_builds(w, steps, test, &script);
	if (!add_step(w, steps->items[test], false, &part, why))
		return STR("");
	buf_str(&script, buf_view(&part));
	if (count_lines(buf_view(&script), &only) == 1)
		return arena_str(w->d->mem, only);
	return arena_printf(w->d->mem, "set -e\n%s", buf_text(&script));
}

/* The role of a whole step: any line that tests makes it a test. */
static bool is_test_step(struct str run, struct str *runner)
{
	struct str line;

	while (str_next_line(&run, &line))
		if (command_role(line, runner) == COMMAND_TEST)
			return true;
	return false;
}

static bool try_step(const struct workflow *w, const struct yaml_node *steps, size_t i,
	struct runner_match *out, struct project *notes)
{
	const struct yaml_node *step = steps->items[i], *run = yaml_get(step, "run");
	struct str name = text_of(step, "name"), runner, command, why = STR("");

	if (!run || run->kind != YAML_SCALAR || !is_for_us(step) ||
		!is_test_step(run->text, &runner))
		return false;
	command = script_of(w, steps, i, runner, &why);
	if (!command.n) {
		project_note(notes, w->d->mem,
			arena_printf(w->d->mem, "%s line %d: passed over: %.*s", w->path, run->line,
				STR_ARGS(why)));
		return false;
	}
	*out = (struct runner_match){.command = command,
		.why = arena_printf(w->d->mem, "%s line %d%s%.*s%s", w->path, run->line,
			name.n ? " '" : "", STR_ARGS(name), name.n ? "'" : "")};
	return true;
}

static bool runs_on_linux(const struct workflow *w)
{
	const struct yaml_node *on = first_scalar(yaml_get(w->job, "runs-on"));
	struct str os;

	if (!on || !expand(w, on->text, &os))
		return true;
	return !str_starts(os, "windows") && !str_starts(os, "macos");
}

static bool try_jobs(struct workflow *w, struct runner_match *out, struct project *notes)
{
	const struct yaml_node *jobs = yaml_get(w->root, "jobs");

	for (size_t j = 0; jobs && jobs->kind == YAML_MAP && j < jobs->n; j++) {
		const struct yaml_node *steps = yaml_get(jobs->pairs[j].value, "steps");
		w->job = jobs->pairs[j].value;
		if (!steps || steps->kind != YAML_LIST || !runs_on_linux(w))
			continue;
		for (size_t i = 0; i < steps->n && i < STEPS_MAX; i++)
			if (try_step(w, steps, i, out, notes))
				return true;
	}
	return false;
}

/* --- the files --- */

/* Names that promise tests go first, then the alphabet. */
static int rank(struct str name)
{
	return str_has(name, "test") ? 0 : str_has(name, "ci") ? 1 : str_has(name, "build") ? 2 : 3;
}

static int compare(const void *a, const void *b)
{
	struct str x = *(const struct str *)a, y = *(const struct str *)b;
	int by_rank = rank(x) - rank(y);

	return by_rank ? by_rank : str_cmp(x, y);
}

static size_t list_files(const struct detection *d, struct str *names)
{
	struct str path = arena_printf(d->mem, "%s/.github/workflows", d->scan->root);
	DIR *dir = opendir(path.p);
	size_t n = 0;

	for (struct dirent *entry; dir && n < WORKFLOWS_MAX && (entry = readdir(dir));) {
		struct str name = str_of(entry->d_name);
		if (str_ends(name, ".yml") || str_ends(name, ".yaml"))
			names[n++] = arena_str(d->mem, name);
	}
	if (dir)
		closedir(dir);
	if (n)
		qsort(names, n, sizeof(*names), compare);
	return n;
}

/* A workflow that only releases or runs by the clock is not where changes are tested. */
static bool is_triggered_by_changes(const struct yaml_node *root)
{
	const struct yaml_node *on = yaml_get(root, "on");

	if (!on)
		return true;
	if (on->kind == YAML_SCALAR)
		return str_eq_c(on->text, "push") || str_eq_c(on->text, "pull_request");
	for (size_t i = 0; on->kind == YAML_LIST && i < on->n; i++)
		if (str_eq_c(on->items[i]->text, "push") ||
			str_eq_c(on->items[i]->text, "pull_request"))
			return true;
	return yaml_get(on, "push") || yaml_get(on, "pull_request") ||
	       yaml_get(on, "workflow_call");
}

bool workflow_match_text(const struct detection *d, const char *path, struct str text,
	struct runner_match *out, struct project *notes)
{
	struct workflow w = {.d = d, .path = path};
	struct err err = ERR_INIT;

	if (yaml_parse(&w.root, text, path, LIMIT_CONFIG_BYTES, d->mem, &err) < 0) {
		project_note(notes, d->mem, arena_str(d->mem, str_of(err.msg)));
		return false;
	}
	return is_triggered_by_changes(w.root) && try_jobs(&w, out, notes);
}

bool workflow_match(const struct detection *d, struct runner_match *out, struct project *notes)
{
	struct str names[WORKFLOWS_MAX];
	size_t n = list_files(d, names);

	for (size_t i = 0; i < n; i++) {
		struct str path =
			arena_printf(d->mem, ".github/workflows/%.*s", STR_ARGS(names[i]));
		BUF_AUTO text = BUF_INIT(LIMIT_CONFIG_BYTES);
		if (scan_text(d->scan, path.p, &text) &&
			workflow_match_text(d, path.p, buf_view(&text), out, notes))
			return true;
	}
	return false;
}

/* --- which workflow is the CI --- */

/* Whether a job has a step that tests, on whatever system. */
static bool has_test_step(const struct yaml_node *root)
{
	const struct yaml_node *jobs = yaml_get(root, "jobs");
	struct str runner;

	for (size_t j = 0; jobs && jobs->kind == YAML_MAP && j < jobs->n; j++) {
		const struct yaml_node *steps = yaml_get(jobs->pairs[j].value, "steps");
		for (size_t i = 0; steps && steps->kind == YAML_LIST && i < steps->n; i++)
			if (is_test_step(text_of(steps->items[i], "run"), &runner))
				return true;
	}
	return false;
}

struct str workflow_ci_name(const char *root, struct arena *mem)
{
	struct scan scan = {.root = root, .mem = mem};
	struct detection d = {.scan = &scan, .mem = mem};
	struct str names[WORKFLOWS_MAX], first = STR("");
	size_t n = list_files(&d, names);

	for (size_t i = 0; i < n; i++) {
		struct str path = arena_printf(mem, ".github/workflows/%.*s", STR_ARGS(names[i]));
		const struct yaml_node *tree;
		struct err err = ERR_INIT;
		BUF_AUTO text = BUF_INIT(LIMIT_CONFIG_BYTES);
		struct str name;
		if (!scan_text(&scan, path.p, &text) ||
			yaml_parse(&tree, buf_view(&text), path.p, LIMIT_CONFIG_BYTES, mem, &err) <
				0 ||
			!is_triggered_by_changes(tree))
			continue;
		name = str_trim(text_of(tree, "name"));
		name = name.n ? name : path;
		if (has_test_step(tree))
			return name;
		first = first.n ? first : name;
	}
	return first;
}
