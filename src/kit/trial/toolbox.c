#include "kit/trial/toolbox.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/file.h"
#include "kit/trial/trial.h"

#define FOLDER "toolbox"

static int make_folder(const char *path, mode_t mode, struct err *err)
{
	/* The command may run under another user. */
	if ((mkdir(path, mode) && errno != EEXIST) || chmod(path, mode))
		return err_sys(err, errno, "cannot make the folder '%s'", path);
	return 0;
}

static int install(const char *folder, const char *name, struct str script, struct err *err)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", folder, name);

	if (file_replace(path, script, err) < 0)
		return -1;
	if (chmod(path, 0755))
		return err_sys(err, errno, "cannot make '%s' executable", path);
	return 0;
}

static int install_all(const char *folder, struct err *err)
{
	static const char *const compilers[] = {"cc", "gcc", "clang", "c++", "g++", "clang++",
		"c99", "c89", "gcc-12", "g++-12", "clang-14", NULL};
	static const char *const comparers[] = {"diff", "cmp", NULL};
	struct str compiler = embed_get("templates/languages/c/compiler.sh");
	struct str comparer = embed_get("templates/languages/c/comparer.sh");

	for (const char *const *name = compilers; *name; name++)
		if (install(folder, *name, compiler, err) < 0)
			return -1;
	for (const char *const *name = comparers; *name; name++)
		if (install(folder, *name, comparer, err) < 0)
			return -1;
	return 0;
}

int toolbox_make(struct toolbox *out, struct trial *trial, struct arena *mem, struct err *err)
{
	const char *outside = trial_exchange(trial), *inside = trial_exchange_inside(trial);
	CLEANUP(freep) char *folder = xasprintf("%s/" FOLDER, outside);
	unsigned long long mark = (unsigned long long)clock_mono_us();
	CLEANUP(freep) char *kept = xasprintf("%s/kept-%llx", folder, mark);
	const char *path = getenv("PATH");

	if (make_folder(folder, 0755, err) < 0 || install_all(folder, err) < 0 ||
		make_folder(kept, 0777, err) < 0)
		return -1;
	out->env[0] = arena_printf(mem, "PATH=%s/" FOLDER ":%s", inside,
		path && *path ? path : "/usr/local/bin:/usr/bin:/bin")
			      .p;
	out->env[1] =
		arena_printf(mem, "SELFHEAL_COMPILED=%s/" FOLDER "/kept-%llx", inside, mark).p;
	out->env[2] =
		arena_printf(mem, "SELFHEAL_JUDGED=%s/" FOLDER "/kept-%llx/judged", inside, mark).p;
	out->judged = arena_printf(mem, "%s/judged", kept).p;
	return 0;
}
