#include "port/forge/forge_private.h"

#include <ctype.h>

/* What GitHub says and what to do about it. The first row that fits counts; status 0: any. */
static const struct refusal {
	int status;
	const char *says; /* NULL: whatever */
	enum err_code code;
	const char *advice; /* NULL: none */
} refusals[] = {
	{0, "is not permitted to create or approve pull requests", ERR_AUTH,
		"turn on 'Allow GitHub Actions to create and approve pull requests' (Settings, "
		"Actions, General), or use an app's or a personal token"},
	{0, "without `workflow", ERR_AUTH,
		"files in .github/workflows need the workflows permission, which the Actions token "
		"never has: use an app's or a personal token that does"},
	{0, "SAML enforcement", ERR_AUTH, "authorise the token for the organisation's SSO"},
	{0, "archived so is read-only", ERR_POLICY, "the repository is archived"},
	{403, "by integration", ERR_AUTH,
		"add the permission to the job's 'permissions:' or to the app; a run for a fork's "
		"pull request may only read"},
	{403, "by personal access token", ERR_AUTH, "give the token this permission"},
	{403, "authenticate via a GitHub App", ERR_AUTH,
		"checks are for apps and the Actions token alone"},
	{403, "admin rights", ERR_AUTH, "only an administrator may"},
	{403, "IP allow list", ERR_AUTH,
		"this machine's address is not on the organisation's list"},
	{403, "lifetime", ERR_AUTH, "the organisation wants a token of shorter life"},
	{401, "'Expiration time' claim", ERR_AUTH, "set this machine's clock"},
	{401, "'Issued at' claim", ERR_AUTH, "set this machine's clock"},
	{401, "JSON web token could not be decoded", ERR_AUTH,
		"the app's id and its private key do not belong together"},
	{401, "A JSON web token", ERR_AUTH,
		"the app's id and its private key do not belong together"},
	{401, "Integration not found", ERR_AUTH, "there is no app of that id"},
	{401, "Bad credentials", ERR_AUTH, "the token is wrong, has expired or was revoked"},
	{401, NULL, ERR_AUTH, "a token is needed"},
	{403, NULL, ERR_AUTH, NULL},
	{404, NULL, ERR_AUTH, "it does not exist, or this token may not see it"},
	{410, "disabled", ERR_CONFIG, NULL},
	{451, NULL, ERR_POLICY, NULL},
	{409, NULL, ERR_CONFLICT, NULL},
	{412, NULL, ERR_CONFLICT, NULL},
	{405, NULL, ERR_CONFLICT, NULL},
	{413, NULL, ERR_LIMIT, NULL},
	{422, "already exists", ERR_CONFLICT, NULL},
	{422, "already_exists", ERR_CONFLICT, NULL},
	{422, "No commits between", ERR_CONFLICT, NULL},
	{422, "fast forward", ERR_CONFLICT, NULL},
	{422, "does not exist", ERR_CONFLICT, NULL},
	{422, "too long", ERR_LIMIT, NULL},
	{422, "too large", ERR_LIMIT, NULL},
	{301, NULL, ERR_CONFIG, "the repository was renamed: use its new name"},
	{302, NULL, ERR_CONFIG, "the repository was renamed: use its new name"},
};

enum { SAID_BYTES = 180 };

bool refusal_says(struct str body, const char *what)
{
	return str_has(body, what);
}

/* What is told of each of errors[]: a message, or a code and the field it is about. */
static void add_details(struct buf *out, const struct json_t *errors)
{
	for (size_t i = 0; i < json_len(errors) && i < 5; i++) {
		const struct json_t *e = json_at(errors, i);
		struct str text = json_is_str(e) ? json_to_str(e) : json_get_str(e, "message");

		if (text.n)
			buf_printf(out, ": %.*s", STR_ARGS(str_slice(text, 0, SAID_BYTES)));
		else if (json_get_str(e, "code").n)
			buf_printf(out, ": %.*s %.*s", STR_ARGS(json_get_str(e, "field")),
				STR_ARGS(json_get_str(e, "code")));
	}
}

/* GitHub's own words, on one line and without what could dress up a terminal. */
static void add_said(struct buf *out, struct str body)
{
	CLEANUP(json_freep) struct json_t *j = NULL;
	struct err ignored = ERR_INIT;
	struct json_t *errors;

	if (json_parse(&j, body, &ignored) < 0)
		return;
	buf_str(out, str_slice(json_get_str(j, "message"), 0, SAID_BYTES));
	errors = json_get(j, "errors");
	if (json_is_str(errors))
		buf_printf(out, ": %.*s", STR_ARGS(str_slice(json_to_str(errors), 0, SAID_BYTES)));
	add_details(out, errors);
	for (size_t i = 0; i < out->n; i++)
		if ((unsigned char)out->p[i] < 0x20 || out->p[i] == 0x7f)
			out->p[i] = ' ';
}

static const struct refusal *find(int status, struct str body)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		const struct refusal *r = &refusals[i];

		if ((!r->status || r->status == status) &&
			(!r->says || refusal_says(body, r->says)))
			return r;
	}
	return NULL;
}

/* What would have been enough, as GitHub tells it ("contents=write"), or where SSO is turned on. */
static void add_hints(struct buf *out, const struct http_response *r)
{
	struct str needs = http_header_get(r, "x-accepted-github-permissions");
	struct str sso = http_header_get(r, "x-github-sso");

	if (r->status == 403 && needs.n)
		buf_printf(out, "; needs %.*s", STR_ARGS(str_slice(needs, 0, 80)));
	if (r->status == 403 && str_starts(sso, "required; url=https://"))
		buf_printf(out, "; %.*s", STR_ARGS(str_slice(str_from(sso, 14), 0, 120)));
}

int refusal_explain(const struct ask *ask, const struct http_response *r, struct err *err)
{
	const struct refusal *known = find(r->status, r->body);
	enum err_code code = r->status >= 500 ? ERR_NET : known ? known->code : ERR_CONFIG;
	struct str id = str_slice(http_header_get(r, "x-github-request-id"), 0, 60);
	BUF_AUTO said = BUF_INIT(8 << 10);
	BUF_AUTO text = BUF_INIT(16 << 10);

	add_said(&said, r->body);
	add_hints(&said, r);
	buf_printf(&text, "%s %.*s: %d", ask->method ? ask->method : "GET",
		STR_ARGS(str_slice(ask->path, 0, 100)), r->status);
	if (said.n)
		buf_printf(&text, " %.*s", STR_ARGS(str_slice(buf_view(&said), 0, SAID_BYTES)));
	if (known && known->advice)
		buf_printf(&text, " (%s)", known->advice);
	if (id.n)
		buf_printf(&text, ", request %.*s", STR_ARGS(id));
	return err_set(err, code, "%s", buf_text(&text));
}
