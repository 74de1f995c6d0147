#include "app/cli/scan_clone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "port/child/copy.h"
#include "port/git/transport.h"

enum { NAME_MAX_BYTES = 100 };

static bool is_name(struct str s)
{
	if (!s.n || s.n > NAME_MAX_BYTES || s.p[0] == '.' || s.p[0] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-",
			    s.p[i]))
			return false;
	return true;
}

static const char *first_set(const char *a, const char *b)
{
	const char *value = getenv(a);

	return value && *value ? value : getenv(b);
}

int scan_clone_make(struct scan_clone *c, const char *repository, struct err *err)
{
	CLEANUP(repo_freep) struct repo *repo = NULL;
	struct str owner, name = str_of(repository);
	const char *server = first_set("GITHUB_SERVER_URL", ""), *temp = getenv("TMPDIR");
	struct transport_options how = {.token = first_set("GITHUB_TOKEN", "GH_TOKEN")};
	BUF_AUTO url = BUF_INIT(1024);

	if (!str_cut(&name, "/", &owner) || !is_name(owner) || !is_name(name))
		return err_set(err, ERR_CONFIG, "option '--repo' takes OWNER/NAME, not '%.100s'",
			repository);
	buf_printf(
		&url, "%s/%s.git", server && *server ? server : "https://github.com", repository);
	how.url = buf_text(&url);
	snprintf(c->dir, sizeof(c->dir), "%s/selfheal-scan-XXXXXX", temp && *temp ? temp : "/tmp");
	if (!mkdtemp(c->dir)) {
		int no = errno;

		c->dir[0] = '\0';
		return err_sys(err, no, "cannot make a folder for the clone");
	}
	snprintf(c->root, sizeof(c->root), "%s/clone", c->dir);
	return repo_clone(&repo, c->root, false, &how, err);
}

void scan_clone_remove(struct scan_clone *c)
{
	if (c->dir[0])
		remove_entry(AT_FDCWD, c->dir);
}
