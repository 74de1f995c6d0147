/* What this machine has: programs of PATH, modules of its Pythons. */
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "kit/project/project.h"
#include "port/child/child.h"

/* The program's path, as a shell finds it. */
static bool find_program(const char *name, char out[PATH_MAX])
{
	struct str path = str_of(getenv("PATH")), folder;

	while (str_next(&path, ':', &folder)) {
		int n = snprintf(out, PATH_MAX, "%.*s/%s", STR_ARGS(folder), name);
		if (n < PATH_MAX && access(out, X_OK) == 0)
			return true;
	}
	return false;
}

static bool has_program(void *user, const char *name)
{
	char path[PATH_MAX];

	(void)user;
	return find_program(name, path);
}

static bool is_there(const char *folder, const char *packages, const char *module)
{
	static const char *const endings[] = {"", ".py"};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		int n = snprintf(
			path, sizeof(path), "%s/%s/%s%s", folder, packages, module, endings[i]);
		if (n < (int)sizeof(path) && access(path, R_OK) == 0)
			return true;
	}
	return false;
}

/* Whether prefix/lib/<version> holds the module; version "python3*" is any. */
static bool prefix_has(const char *prefix, const char *version, const char *module)
{
	char lib[PATH_MAX], folder[PATH_MAX * 2];
	bool found = false;
	DIR *dir;

	snprintf(lib, sizeof(lib), "%s/lib", prefix);
	dir = opendir(lib);
	for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
		if (!str_glob(str_of(version), str_of(entry->d_name)))
			continue;
		snprintf(folder, sizeof(folder), "%s/%s", lib, entry->d_name);
		found = is_there(folder, "site-packages", module) ||
			is_there(folder, "dist-packages", module) ||
			is_there(lib, entry->d_name, module);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Cuts the last n components off. */
static void go_up(char *path, int n)
{
	while (n-- > 0 && strrchr(path, '/'))
		*strrchr(path, '/') = '\0';
}

/* Where distributions and virtual environments install: a look costs 0.1 ms, asking the
 * interpreter 20. Only a yes counts. */
static bool is_installed(const char *program, const char *module)
{
	char prefix[PATH_MAX], marker[PATH_MAX], real[PATH_MAX];
	const char *version;

	snprintf(prefix, sizeof(prefix), "%s", program);
	go_up(prefix, 2);
	snprintf(marker, sizeof(marker), "%.4000s/pyvenv.cfg", prefix);
	if (access(marker, R_OK) == 0)
		return prefix_has(prefix, "python3*", module);
	if (!realpath(program, real))
		return false;
	version = strrchr(real, '/') + 1;
	if (!str_glob(STR("python3.[0-9]*"), str_of(version)))
		return false;
	snprintf(prefix, sizeof(prefix), "%s", real);
	go_up(prefix, 2);
	return prefix_has(prefix, version, module) || prefix_has("/usr/local", version, module) ||
	       (!strcmp(prefix, "/usr") && is_there("/usr/lib/python3", "dist-packages", module));
}

/* Runs elsewhere than in the project: nothing of the repository is imported. */
static bool ask(const char *program, const char *module)
{
	char path[8192], home[PATH_MAX], code[256];
	const char *argv[] = {program, "-c", code, NULL};
	const char *env[] = {path, home, NULL};
	struct child_options options = {
		.argv = argv, .env = env, .cwd = "/", .timeout_ms = 5000, .output_cap = 4096};
	CHILD_RESULT_AUTO result;
	struct err err = ERR_INIT;

	child_result_init(&result);
	snprintf(path, sizeof(path), "PATH=%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	snprintf(home, sizeof(home), "HOME=%s", getenv("HOME") ? getenv("HOME") : "/");
	snprintf(code, sizeof(code),
		"import sys, importlib.util as u; sys.exit(not u.find_spec('%s'))", module);
	return child_run(&result, &options, &err) == 0 && result.exit_code == 0;
}

/* A virtual environment in the project is the repository's own code, which runs in the sandbox
 * alone: its folders are looked at, it is not asked. */
static bool has_module(void *user, const char *root, const char *python, const char *module)
{
	char program[PATH_MAX];

	(void)user;
	if (strchr(python, '/') && *python != '/') {
		snprintf(program, sizeof(program), "%s/%s", root, python);
		go_up(program, 2);
		return prefix_has(program, "python3*", module);
	}
	if (*python == '/')
		snprintf(program, sizeof(program), "%s", python);
	if (*python == '/' ? access(program, X_OK) != 0 : !find_program(python, program))
		return false;
	return is_installed(program, module) || ask(program, module);
}

const struct project_probe project_probe_machine = {
	.has_program = has_program, .has_module = has_module};
