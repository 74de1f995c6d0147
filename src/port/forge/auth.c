#include "port/forge/forge_private.h"

#include <ctype.h>

#include "base/alloc.h"
#include "port/crypto/base64.h"
#include "port/crypto/hmac.h"

enum {
	JWT_BACK_S = 60,  /* for clocks that are behind ours */
	JWT_LIFE_S = 540, /* GitHub allows ten minutes */
	RENEW_S = 300,    /* an installation's token is made anew so long before its end */
	SKEW_S = 30,      /* another clock than the one we signed by */
	PEM_BYTES = 64 << 10,
};

bool is_app(const struct forge *f)
{
	return f->app_key != NULL;
}

static void wipe_string(char **s)
{
	if (*s)
		crypto_wipe(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

static int check_token(const char *token, struct err *err)
{
	for (const char *p = token; *p; p++)
		if (!isgraph((unsigned char)*p))
			return err_set(err, ERR_CONFIG,
				"the token for GitHub holds a space or another character that no "
				"token has");
	return 0;
}

/* A key comes from a file or an environment variable: there with "\n" instead of line breaks, or
 * as base64 of the whole. */
static void unfold_pem(struct str pem, struct buf *out)
{
	pem = str_trim(pem);
	if (!str_starts(pem, "-----BEGIN") && base64_decode(out, pem))
		return;
	buf_reset(out);
	while (pem.n) {
		if (str_skip(&pem, "\\n")) {
			buf_char(out, '\n');
			continue;
		}
		buf_char(out, pem.p[0]);
		pem = str_from(pem, 1);
	}
}

static int open_app(struct forge *f, const struct forge_options *o, struct err *err)
{
	BUF_AUTO pem = BUF_INIT(PEM_BYTES);
	int rc;

	if (!o->app_id[0] || check_token(o->app_id, err) < 0)
		return err_set(err, ERR_CONFIG, "the id of the app for GitHub is none");
	if (o->app_repo && !is_repo_name(str_of(o->app_repo)))
		return err_set(err, ERR_CONFIG, "'%s' is no repository: owner/name is wanted",
			o->app_repo);
	unfold_pem(o->app_key_pem, &pem);
	rc = rsa_key_load(&f->app_key, buf_view(&pem), err);
	if (pem.p)
		crypto_wipe(pem.p, pem.room);
	if (rc < 0)
		return err_wrap(err, "app %s", o->app_id);
	f->app_id = xstrdup(o->app_id);
	f->app_repo = o->app_repo ? xstrdup(o->app_repo) : NULL;
	f->app_workflows = o->app_workflows;
	return 0;
}

int auth_open(struct forge *f, const struct forge_options *o, struct err *err)
{
	struct str token = str_trim(str_of(o->token));

	if (o->app_id)
		return open_app(f, o, err);
	if (!token.n)
		return 0;
	f->token = xstrndup(token.p, token.n);
	return check_token(f->token, err);
}

void auth_release(struct forge *f)
{
	wipe_string(&f->token);
	rsa_key_free(f->app_key);
	free(f->app_id);
	free(f->app_repo);
	free(f->permissions);
}

static void add_part(struct buf *out, struct json_t *part)
{
	BUF_AUTO text = BUF_INIT(4 << 10);

	json_write(&text, part, 0);
	base64url_encode(out, buf_view(&text));
	json_free(part);
}

/* A token by which the app itself asks (RFC 7519): good for minutes, made anew each time. */
static int app_token(struct forge *f, struct str *out, struct arena *mem, struct err *err)
{
	BUF_AUTO jwt = BUF_INIT(16 << 10);
	BUF_AUTO signature = BUF_INIT(4 << 10);
	struct json_t *header = json_obj(), *claims = json_obj();

	json_put_c(header, "alg", "RS256");
	json_put_c(header, "typ", "JWT");
	json_put_int(claims, "iat", forge_now(f) - JWT_BACK_S);
	json_put_int(claims, "exp", forge_now(f) + JWT_LIFE_S);
	json_put_c(claims, "iss", f->app_id);
	f->jwt_skew_s = f->skew_s;
	add_part(&jwt, header);
	buf_char(&jwt, '.');
	add_part(&jwt, claims);
	if (rsa_sign(f->app_key, buf_view(&jwt), &signature, err) < 0)
		return -1;
	buf_char(&jwt, '.');
	base64url_encode(&jwt, buf_view(&signature));
	*out = arena_str(mem, buf_view(&jwt));
	return 0;
}

/* What the bot does, and how much of it it needs. */
static const struct {
	const char *name, *level;
} wanted[] = {{"actions", "write"}, {"administration", "read"}, {"checks", "write"},
	{"contents", "write"}, {"issues", "write"}, {"pull_requests", "write"},
	{"statuses", "read"}, {"workflows", "write"}};

/* The permissions to ask for: no more than wanted, no more than granted (or GitHub refuses). NULL
 * when it did not say what is granted. */
static struct json_t *narrowed(const struct forge *f, const struct json_t *granted)
{
	struct json_t *out;

	if (!granted)
		return NULL;
	out = json_obj();
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		struct str level = json_get_str(granted, wanted[i].name);

		if (!level.n || (strcmp(wanted[i].name, "workflows") == 0 && !f->app_workflows))
			continue;
		json_put_c(out, wanted[i].name, str_eq_c(level, "read") ? "read" : wanted[i].level);
	}
	return out;
}

static struct json_t *token_request(const struct forge *f, const struct json_t *installation)
{
	struct json_t *body = json_obj(), *repositories = json_arr();
	struct json_t *permissions = narrowed(f, json_get_obj(installation, "permissions"));

	json_push(repositories, json_str(str_basename(str_of(f->app_repo))));
	json_put(body, "repositories", repositories);
	if (permissions)
		json_put(body, "permissions", permissions);
	return body;
}

static void keep_permissions(struct forge *f, const struct json_t *permissions)
{
	BUF_AUTO lines = BUF_INIT(64 << 10);
	struct json_each each = {0};

	while (json_next(permissions, &each))
		buf_printf(&lines, "%s:%.*s\n", each.key, STR_ARGS(json_to_str(each.value)));
	free(f->permissions);
	f->permissions = buf_steal(&lines);
}

static int keep_token(struct forge *f, const struct json_t *answer, struct err *err)
{
	struct str token = json_get_str(answer, "token");
	int64_t expires_at = read_time(answer, "expires_at");

	if (!token.n)
		return err_set(err, ERR_PARSE, "GitHub gave no token to app %s", f->app_id);
	wipe_string(&f->token);
	f->token = xstrndup(token.p, token.n);
	f->token_expires_at = expires_at ? expires_at : forge_now(f) + 3600;
	keep_permissions(f, json_get_obj(answer, "permissions"));
	return check_token(f->token, err);
}

static int find_installation(
	struct forge *f, struct reply *reply, struct arena *mem, struct err *err)
{
	struct ask ask = {.as = AS_APP};
	int rc;

	if (!f->app_repo)
		return err_set(err, ERR_CONFIG, "app %s needs to know its repository", f->app_id);
	if (ask_in_repo(&ask, str_of(f->app_repo), mem, err, "/installation") < 0)
		return -1;
	rc = forge_exchange(f, &ask, reply, mem, err);
	if (rc == FORGE_NONE)
		return err_set(
			err, ERR_AUTH, "app %s is not installed on '%s'", f->app_id, f->app_repo);
	return rc;
}

/* Asks for a token of the installation and keeps it; *status is GitHub's answer. */
static int ask_token(struct forge *f, int64_t installation, const struct json_t *body, int *status,
	struct arena *mem, struct err *err)
{
	REPLY_AUTO made = {0};
	/* A second token does no harm, it ends within the hour. */
	struct ask ask = {.method = "POST", .as = AS_APP, .repeatable = true, .body = body};
	int rc;

	ask.path =
		arena_printf(mem, "/app/installations/%lld/access_tokens", (long long)installation);
	rc = forge_exchange(f, &ask, &made, mem, err);
	*status = made.status;
	if (rc == FORGE_NONE)
		return forge_not_there(&ask, &made, err);
	if (rc == 0)
		rc = keep_token(f, made.json, err);
	/* The arena outlives this call; what it holds of the token must not. */
	if (made.body.p)
		crypto_wipe((void *)(uintptr_t)made.body.p, made.body.n);
	return rc;
}

/* The installation goes by the new name of a renamed repository alone: learns it with a token that
 * may do nothing but that. */
static int follow_rename(struct forge *f, int64_t installation, struct arena *mem, struct err *err)
{
	CLEANUP(json_freep) struct json_t *body = json_obj();
	struct json_t *permissions = json_obj();
	struct forge_repository repository = {0};
	int status, rc;

	json_put_c(permissions, "metadata", "read");
	json_put(body, "permissions", permissions);
	if (ask_token(f, installation, body, &status, mem, err) < 0)
		return -1;
	rc = forge_repository(f, str_of(f->app_repo), &repository, mem, err);
	wipe_string(&f->token);
	if (rc < 0)
		return -1;
	if (rc == FORGE_NONE || !is_repo_name(repository.full_name))
		return err_set(err, ERR_AUTH, "app %s may not see '%s'", f->app_id, f->app_repo);
	free(f->app_repo);
	f->app_repo = xstrndup(repository.full_name.p, repository.full_name.n);
	return 0;
}

static int make_token(struct forge *f, struct arena *mem, struct err *err)
{
	REPLY_AUTO installation = {0};
	CLEANUP(json_freep) struct json_t *body = NULL;
	int status = 0;
	int64_t id;

	if (find_installation(f, &installation, mem, err) < 0)
		return -1;
	id = json_get_int(installation.json, "id", 0);
	body = token_request(f, installation.json);
	if (ask_token(f, id, body, &status, mem, err) == 0)
		return 0;
	if (status != 422 || follow_rename(f, id, mem, err) < 0)
		return -1;
	json_free(TAKE(body));
	body = token_request(f, installation.json);
	return ask_token(f, id, body, &status, mem, err);
}

static int installation_token(struct forge *f, struct arena *mem, struct err *err)
{
	int64_t left = f->token ? f->token_expires_at - forge_now(f) : 0;

	if (left > RENEW_S || make_token(f, mem, err) == 0)
		return 0;
	/* Old and good is better than none: GitHub may be well again when it ends. */
	return left > 0 && err_is_retryable(err) ? 0 : -1;
}

int auth_token(struct forge *f, enum ask_as as, struct str *out, struct arena *mem, struct err *err)
{
	if (as == AS_APP && !is_app(f))
		return err_set(err, ERR_CONFIG, "only an app may ask this of GitHub");
	if (as == AS_APP)
		return app_token(f, out, mem, err);
	if (is_app(f) && installation_token(f, mem, err) < 0)
		return -1;
	*out = str_of(f->token);
	return 0;
}

bool auth_refused(struct forge *f, enum ask_as as)
{
	int64_t off = f->skew_s - f->jwt_skew_s;

	if (!is_app(f))
		return false;
	if (as == AS_APP)
		return off >= SKEW_S || off <= -SKEW_S;
	wipe_string(&f->token);
	return true;
}

int forge_token_peek(struct forge *f, const char **token, struct err *err)
{
	ARENA_AUTO mem = {0};
	struct str ignored;

	if (auth_token(f, AS_TOKEN, &ignored, &mem, err) < 0)
		return -1;
	*token = f->token;
	return 0;
}
