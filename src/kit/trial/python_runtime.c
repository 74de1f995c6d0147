#include "kit/trial/python_runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/embed.h"
#include "kit/trial/trial.h"

#define EMBEDDED "templates/languages/python/"
#define FOLDER "python"

static int write_file(
	int folder, const char *name, struct str content, mode_t mode, struct err *err)
{
	CLEANUP(fd_closep)
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return err_sys(err, errno, "cannot write '%s'", name);
	for (size_t at = 0; at < content.n;) {
		ssize_t n = write(fd, content.p + at, content.n - at);
		if (n < 0 && errno != EINTR)
			return err_sys(err, errno, "cannot write '%s'", name);
		at += n > 0 ? (size_t)n : 0;
	}
	/* The umask is not ours to rely on. */
	return fchmod(fd, mode) ? err_sys(err, errno, "cannot write '%s'", name) : 0;
}

static int make_folder(const char *path, struct err *err)
{
	int fd;

	if ((mkdir(path, 0755) && errno != EEXIST) || chmod(path, 0755))
		return err_sys(err, errno, "cannot make the folder '%s'", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "cannot open the folder '%s'", path) : fd;
}

static bool is_on_path(const char *name)
{
	const char *path = getenv("PATH");
	struct str rest = str_of(path), folder;

	while (str_next(&rest, ':', &folder)) {
		CLEANUP(freep) char *file = xasprintf("%.*s/%s", STR_ARGS(folder), name);
		if (folder.n && access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* Only for the names that there are: what asks whether a command exists gets the same answer. */
static int write_shims(const char *folder, struct err *err)
{
	static const char *const names[] = {"python", "python3", "pytest", "py.test"};
	CLEANUP(freep) char *path = xasprintf("%s/bin", folder);
	CLEANUP(fd_closep) int bin = make_folder(path, err);

	for (size_t i = 0; bin >= 0 && i < ARRAY_LEN(names); i++)
		if (is_on_path(names[i]) &&
			write_file(bin, names[i], embed_get(EMBEDDED "shim.sh"), 0755, err))
			return -1;
	return bin < 0 ? -1 : 0;
}

int python_runtime_install(struct trial *trial, struct err *err)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", trial_exchange(trial), FOLDER);
	CLEANUP(fd_closep) int folder = make_folder(path, err);

	if (folder < 0)
		return -1;
	for (long i = embed_next(EMBEDDED, 0); i >= 0; i = embed_next(EMBEDDED, i + 1)) {
		const char *name = embed_table[i].path + sizeof(EMBEDDED) - 1;
		if (str_ends(str_of(name), ".py") &&
			write_file(folder, name, embed_get(embed_table[i].path), 0644, err))
			return -1;
	}
	return write_shims(path, err);
}

/* Whether a variable's name may begin behind this byte. */
static bool is_boundary(char c)
{
	return strchr(" \t\n;&|('\"`", c) != NULL;
}

void python_runtime_command(struct buf *out, struct str command)
{
	static const char *const assign = "PYTHONPATH=";
	struct str rest = command;
	ptrdiff_t at;

	buf_c(out, "export PYTHONPATH=\"$" PYTHON_RUNTIME_ENV "${PYTHONPATH:+:$PYTHONPATH}\"\n"
		   "export PATH=\"$" PYTHON_RUNTIME_ENV "/bin:$PATH\"\n");
	while ((at = str_find_c(rest, assign)) >= 0) {
		size_t end = (size_t)at + strlen(assign);
		bool whole = at == 0 ? rest.p == command.p : is_boundary(rest.p[at - 1]);
		buf_str(out, str_slice(rest, 0, end));
		if (whole)
			buf_printf(out, "$%s:", PYTHON_RUNTIME_ENV);
		rest = str_from(rest, end);
	}
	buf_str(out, rest);
}

char *python_runtime_hook_env(const struct trial *trial)
{
	return xasprintf("%s=%s/%s", PYTHON_RUNTIME_ENV, trial_exchange_inside(trial), FOLDER);
}

char *python_runtime_root_env(const struct trial *trial)
{
	return xasprintf("SELFHEAL_ROOT=%s", trial_root(trial));
}
