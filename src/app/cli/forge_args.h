/* forge_args: GitHub as the command line, the settings and the environment name it.
 * Layer: app. GITHUB_TOKEN or GH_TOKEN, or an App by SELFHEAL_APP_ID (APP_ID) and its key in
 * SELFHEAL_APP_PRIVATE_KEY (PRIVATE_KEY) or a file named by PRIVATE_KEY_PATH; GITHUB_API_URL for
 * GHES. The variables with secrets are taken out of the environment once read, so that no child has
 * them. */
#pragma once

#include "app/cli/cmd.h"
#include "app/config/config.h"
#include "base/arena.h"
#include "port/forge/forge.h"
#include "port/http/http.h"
#include "publish/publish.h"

/* Options of every command that speaks to GitHub. */
#define FORGE_OPTS                                                                                 \
	{"repo", 0, OPT_STR, "OWNER/NAME", NULL,                                                   \
		"the repository on GitHub (default: GITHUB_REPOSITORY, else the remote "           \
		"'origin')"},                                                                      \
	{                                                                                          \
		"api-url", 0, OPT_STR, "URL", NULL,                                                \
			"GitHub's REST interface (default: GITHUB_API_URL, else "                  \
			"https://api.github.com)"                                                  \
	}

struct forge_args {
	struct arena mem;
	struct http *http;
	struct forge *forge;
	struct str repo; /* "owner/name"; empty: not known */
	const char *api_url;
};

/* Opens the client. root: where the remote 'origin' is looked up; NULL: nowhere. ERR_CONFIG without
 * a token when need_token, without a repository when need_repo. */
struct forge_want {
	const char *root;
	const char *repo; /* the repository, whatever the options say; NULL: as they say */
	bool need_token, need_repo;
};
int forge_args_open(struct forge_args *out, const struct cli *cli, const struct forge_want *want,
	struct err *err) MUST_CHECK;
void forge_args_release(struct forge_args *a);
#define FORGE_ARGS_AUTO CLEANUP(forge_args_release) struct forge_args

/* What the settings say of publishing; template and lists live in a's arena. root: where the
 * template's path begins; NULL: in the default branch on GitHub. */
int forge_args_publish(struct publish_options *out, struct forge_args *a, struct config *config,
	const char *root, struct err *err) MUST_CHECK;
/* "owner/name" of a remote's URL, or empty. */
struct str forge_args_repo_of(struct str url);
