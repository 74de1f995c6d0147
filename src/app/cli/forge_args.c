#include "app/cli/forge_args.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "port/git/repo.h"

/* The first variable that is set and not empty, copied; secrets leave the environment. */
static const char *first_of(const char *const *names, bool secret, struct arena *mem)
{
	const char *found = NULL;

	for (; *names; names++) {
		const char *value = getenv(*names);
		if (value && *value && !found)
			found = arena_cstr(mem, str_of(value));
		if (secret)
			unsetenv(*names);
	}
	return found;
}

static const char *const token_names[] = {"GITHUB_TOKEN", "GH_TOKEN", NULL};
static const char *const app_names[] = {"SELFHEAL_APP_ID", "APP_ID", NULL};
static const char *const key_names[] = {"SELFHEAL_APP_PRIVATE_KEY", "PRIVATE_KEY", NULL};
static const char *const key_path_names[] = {"PRIVATE_KEY_PATH", NULL};

struct str forge_args_repo_of(struct str url)
{
	struct str rest = str_trim(url), before, owner;
	ptrdiff_t slash;

	while (str_ends(rest, "/"))
		rest.n--;
	if (str_ends(rest, ".git"))
		rest.n -= 4;
	if (!str_cut(&rest, "://", &before)) {
		/* git@host:owner/name */
		if (!str_cut(&rest, ":", &before))
			return STR_NULL;
	} else if (!str_cut(&rest, "/", &before)) {
		return STR_NULL;
	}
	slash = str_rfind_char(rest, '/');
	if (slash < 1)
		return STR_NULL;
	owner = str_slice(rest, 0, (size_t)slash);
	return str_find_char(owner, '/') < 0 ? rest : STR_NULL;
}

static const char *option(const struct cli *cli, const char *name)
{
	return opts_knows(&cli->opts, name) ? opts_str(&cli->opts, name, NULL) : NULL;
}

static int find_repo(
	struct forge_args *a, const struct cli *cli, const struct forge_want *want, struct err *err)
{
	static const char *const names[] = {"GITHUB_REPOSITORY", NULL};
	const char *given = want->repo ? want->repo : option(cli, "repo");
	CLEANUP(repo_freep) struct repo *repo = NULL;
	struct str url = STR_NULL;
	int rc;

	if (!given)
		given = first_of(names, false, &a->mem);
	a->repo = str_of(given);
	if (given || !want->root)
		return 0;
	rc = repo_open(&repo, want->root, err);
	if (rc)
		return rc == REPO_NONE ? 0 : -1;
	if (repo_remote_url(repo, "origin", &url, &a->mem, err) < 0)
		return -1;
	a->repo = forge_args_repo_of(url);
	return 0;
}

static int check_repo(struct str repo, struct err *err)
{
	struct str owner, name = repo;

	if (!repo.n)
		return err_set(err, ERR_CONFIG,
			"which repository on GitHub is not known: give --repo OWNER/NAME");
	if (!str_cut(&name, "/", &owner) || !owner.n || !name.n || str_find_char(name, '/') >= 0)
		return err_set(err, ERR_CONFIG, "'%.*s' is no OWNER/NAME", STR_ARGS(repo));
	return 0;
}

static int read_key(struct str *out, struct forge_args *a, struct err *err)
{
	const char *text = first_of(key_names, true, &a->mem);
	const char *path = first_of(key_path_names, false, &a->mem);
	BUF_AUTO file = BUF_INIT(LIMIT_CONFIG_BYTES);

	*out = str_of(text);
	if (text || !path)
		return 0;
	if (file_read(&file, path, err) < 0) {
		err->code = ERR_CONFIG;
		return err_wrap(err, "read the App's key that PRIVATE_KEY_PATH names");
	}
	*out = arena_str(&a->mem, buf_view(&file));
	return 0;
}

static int choose_identity(
	struct forge_options *o, struct forge_args *a, bool need_token, struct err *err)
{
	o->token = first_of(token_names, true, &a->mem);
	o->app_id = first_of(app_names, false, &a->mem);
	if (read_key(&o->app_key_pem, a, err) < 0)
		return -1;
	if (o->app_id && o->app_key_pem.n) {
		o->token = NULL;
		o->app_repo = a->repo.n ? arena_cstr(&a->mem, a->repo) : NULL;
		return 0;
	}
	o->app_id = NULL;
	if (!o->token && need_token)
		return err_set(err, ERR_CONFIG,
			"no token: set GITHUB_TOKEN (or GH_TOKEN), or APP_ID and PRIVATE_KEY");
	return 0;
}

int forge_args_open(struct forge_args *out, const struct cli *cli, const struct forge_want *want,
	struct err *err)
{
	static const char *const api_names[] = {"GITHUB_API_URL", NULL};
	struct http_options http = {0};
	struct forge_options o = {0};
	int64_t gap, timeout;

	*out = (struct forge_args){0};
	arena_init(&out->mem);
	out->api_url = option(cli, "api-url");
	if (!out->api_url)
		out->api_url = first_of(api_names, false, &out->mem);
	if (find_repo(out, cli, want, err) < 0)
		return -1;
	if (want->need_repo && check_repo(out->repo, err) < 0)
		return -1;
	if (choose_identity(&o, out, want->need_token, err) < 0)
		return -1;
	o.api_url = out->api_url;
	if (str_to_i64(str_of(getenv("SELFHEAL_WRITE_GAP_MS")), 0, 60000, &gap))
		o.write_gap_ms = gap ? gap : -1;
	if (str_to_i64(str_of(getenv("SELFHEAL_HTTP_TIMEOUT_MS")), 1, 3600000, &timeout))
		http.timeout_ms = (int)timeout;
	if (http_open(&out->http, &http, err) < 0)
		return -1;
	o.http = out->http;
	return forge_open(&out->forge, &o, err);
}

void forge_args_release(struct forge_args *a)
{
	forge_free(a->forge);
	http_free(a->http);
	arena_release(&a->mem);
}

static const struct str *list_of(struct config *c, enum setting_id id, size_t *n)
{
	const struct setting_value *v = &c->values[id];

	*n = v->set ? v->n : 0;
	return v->items;
}

/* Without a checkout: from the default branch. */
static int fetch_template(
	struct publish_options *out, struct forge_args *a, const char *path, struct err *err)
{
	struct forge_repository about;
	int rc = forge_repository(a->forge, a->repo, &about, &a->mem, err);

	if (rc == 0)
		rc = forge_contents(a->forge, a->repo, str_of(path), about.default_branch,
			&out->template, &a->mem, err);
	if (rc == FORGE_NONE)
		return err_set(err, ERR_CONFIG,
			"setting 'publish.template': the repository has no '%s'", path);
	return rc;
}

static int read_template(struct publish_options *out, struct forge_args *a, struct config *config,
	const char *root, struct err *err)
{
	const char *path = config_str(config, SETTING_PUBLISH_TEMPLATE);
	BUF_AUTO text = BUF_INIT(PULL_BODY_BYTES);
	struct str full;

	if (!path)
		return 0;
	if (!root)
		return fetch_template(out, a, path, err);
	full = *path == '/' ? str_of(path) : arena_printf(&a->mem, "%s/%s", root, path);
	if (file_read(&text, full.p, err) < 0) {
		err->code = ERR_CONFIG;
		return err_wrap(err, "read setting 'publish.template'");
	}
	out->template = arena_str(&a->mem, buf_view(&text));
	return 0;
}

int forge_args_publish(struct publish_options *out, struct forge_args *a, struct config *config,
	const char *root, struct err *err)
{
	out->repo = a->repo;
	out->prefix = str_of(config_str(config, SETTING_PUBLISH_PREFIX));
	out->instance = str_of(config_str(config, SETTING_PUBLISH_INSTANCE));
	out->labels = list_of(config, SETTING_PUBLISH_LABELS, &out->n_labels);
	out->reviewers = list_of(config, SETTING_PUBLISH_REVIEWERS, &out->n_reviewers);
	out->rules =
		(struct plan_rules){.max_open = (int)config_int(config, SETTING_PUBLISH_MAX_OPEN),
			.per_hour = (int)config_int(config, SETTING_PUBLISH_PER_HOUR),
			.per_day = (int)config_int(config, SETTING_PUBLISH_PER_DAY),
			.now = clock_wall_s()};
	out->draft = (enum pull_draft_mode)config_int(config, SETTING_PUBLISH_DRAFT);
	out->on_pull = (enum on_pull)config_int(config, SETTING_PUBLISH_ON_PULL_REQUEST);
	out->expire_days = (int)config_int(config, SETTING_PUBLISH_EXPIRE_DAYS);
	out->checks = config_bool(config, SETTING_PUBLISH_CHECKS);
	out->auto_merge = config_int(config, SETTING_MERGE) == 1;
	return read_template(out, a, config, root, err);
}
