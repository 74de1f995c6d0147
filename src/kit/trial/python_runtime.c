#include "kit/trial/python_runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/embed.h"
#include "kit/trial/trial.h"

#define EMBEDDED "templates/languages/python/"
#define FOLDER "python"

static int write_file(int folder, const char *name, struct str content, struct err *err)
{
	CLEANUP(fd_closep)
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_sys(err, errno, "cannot write '%s'", name);
	for (size_t at = 0; at < content.n;) {
		ssize_t n = write(fd, content.p + at, content.n - at);
		if (n < 0 && errno != EINTR)
			return err_sys(err, errno, "cannot write '%s'", name);
		at += n > 0 ? (size_t)n : 0;
	}
	return fchmod(fd, 0644) ? err_sys(err, errno, "cannot write '%s'", name) : 0;
}

int python_runtime_install(struct trial *trial, struct err *err)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", trial_exchange(trial), FOLDER);
	CLEANUP(fd_closep) int folder = -1;

	if ((mkdir(path, 0755) && errno != EEXIST) || chmod(path, 0755))
		return err_sys(err, errno, "cannot make the folder '%s'", path);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return err_sys(err, errno, "cannot open the folder '%s'", path);
	for (long i = embed_next(EMBEDDED, 0); i >= 0; i = embed_next(EMBEDDED, i + 1)) {
		const char *name = embed_table[i].path + sizeof(EMBEDDED) - 1;
		if (str_ends(str_of(name), ".py") &&
			write_file(folder, name, embed_get(embed_table[i].path), err))
			return -1;
	}
	return 0;
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

	buf_printf(
		out, "export PYTHONPATH=\"$%s${PYTHONPATH:+:$PYTHONPATH}\"\n", PYTHON_RUNTIME_ENV);
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
