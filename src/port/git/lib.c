#include "port/git/lib.h"

#include <errno.h>
#include <pthread.h>

#include "port/git/socket.h"

static void start(void)
{
	/* What we do with a repository (read objects, write a commit) is safe with these too; a
	 * refusal would only turn a healable checkout away. */
	static const char *extensions[] = {"partialclone", "worktreeconfig", "preciousobjects"};

	git_libgit2_init();
	git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, ARRAY_LEN(extensions));
	git_libgit2_opts(GIT_OPT_SET_USER_AGENT, "selfheal " SELFHEAL_VERSION);
	git_sockets_install();
}

void git_lib_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start);
}

int git_fail(struct err *err, const char *action, const char *subject)
{
	int no = errno;
	const git_error *e = git_error_last();
	const char *why = e ? e->message : "libgit2 gives no reason";

	if (e && e->klass == GIT_ERROR_OS && no)
		return err_sys(err, no, "cannot %s '%s' (%s)", action, subject, why);
	return err_set(err, ERR_CONFLICT, "cannot %s '%s': %s", action, subject, why);
}
