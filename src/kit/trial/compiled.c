#include "kit/trial/compiled.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/file.h"
#include "kit/trial/trial.h"

#define FOLDER "compilers"

static int make_folder(const char *path, mode_t mode, struct err *err)
{
	/* The command may run under another user. */
	if ((mkdir(path, mode) && errno != EEXIST) || chmod(path, mode))
		return err_sys(err, errno, "cannot make the folder '%s'", path);
	return 0;
}

static int install(const char *folder, struct err *err)
{
	static const char *const names[] = {"cc", "gcc", "clang", "c++", "g++", "clang++", "c99",
		"c89", "gcc-12", "g++-12", "clang-14", NULL};
	struct str script = embed_get("templates/languages/c/compiler.sh");

	for (const char *const *name = names; *name; name++) {
		CLEANUP(freep) char *path = xasprintf("%s/%s", folder, *name);

		if (file_replace(path, script, err) < 0)
			return -1;
		if (chmod(path, 0755))
			return err_sys(err, errno, "cannot make '%s' executable", path);
	}
	return 0;
}

int compiled_environment(
	struct trial *trial, const char *env[2], struct arena *mem, struct err *err)
{
	CLEANUP(freep) char *folder = xasprintf("%s/" FOLDER, trial_exchange(trial));
	unsigned long long mark = (unsigned long long)clock_mono_us();
	CLEANUP(freep) char *kept = xasprintf("%s/kept-%llx", folder, mark);
	const char *inside = trial_exchange_inside(trial), *path = getenv("PATH");

	if (make_folder(folder, 0755, err) < 0 || install(folder, err) < 0 ||
		make_folder(kept, 0777, err) < 0)
		return -1;
	env[0] = arena_printf(mem, "PATH=%s/" FOLDER ":%s", inside,
		path && *path ? path : "/usr/local/bin:/usr/bin:/bin")
			 .p;
	env[1] = arena_printf(mem, "SELFHEAL_COMPILED=%s/" FOLDER "/kept-%llx", inside, mark).p;
	return 0;
}
