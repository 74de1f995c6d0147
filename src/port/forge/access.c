#include "port/forge/forge_private.h"

#include "base/alloc.h"

static bool read_user(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_user *u = out;

	u->login = read_str(j, "login", mem);
	u->type = read_str(j, "type", mem);
	u->id = json_get_int(j, "id", 0);
	return u->login.n > 0;
}

const struct reader user_reader = {"user", sizeof(struct forge_user), read_user};

static bool read_repository(void *out, const struct json_t *j, struct arena *mem)
{
	struct forge_repository *r = out;
	const struct json_t *may = json_get_obj(j, "permissions");

	r->full_name = read_str(j, "full_name", mem);
	r->default_branch = read_str(j, "default_branch", mem);
	r->clone_url = read_str(j, "clone_url", mem);
	r->html_url = read_str(j, "html_url", mem);
	r->private = json_get_bool(j, "private", false);
	r->fork = json_get_bool(j, "fork", false);
	r->archived = json_get_bool(j, "archived", false);
	r->can_push = json_get_bool(may, "push", false);
	r->allow_auto_merge = json_get_bool(j, "allow_auto_merge", false);
	return r->full_name.n > 0;
}

const struct reader repository_reader = {
	"repository", sizeof(struct forge_repository), read_repository};

/* ---- who we are ---- */

/* The app's account is "SLUG[bot]". */
static int app_user(struct forge *f, struct forge_user *out, struct arena *mem, struct err *err)
{
	REPLY_AUTO app = {0};
	struct ask ask = {.path = STR("/app"), .as = AS_APP};
	struct ask user = {0};
	struct str login;
	int rc = forge_exchange(f, &ask, &app, mem, err);

	if (rc == FORGE_NONE)
		return forge_not_there(&ask, &app, err);
	if (rc < 0)
		return -1;
	login = arena_printf(mem, "%.*s[bot]", STR_ARGS(json_get_str(app.json, "slug")));
	user.path = arena_printf(mem, "/users/%s", url_encoded(mem, login));
	rc = forge_one(f, &user, &user_reader, out, mem, err);
	if (rc == FORGE_NONE)
		*out = (struct forge_user){login, STR("Bot"), 0};
	return rc < 0 ? -1 : 0;
}

/* A token of Actions, or of an installation somebody else made, may not ask /user. GraphQL tells
 * those their name; what it does not know is the Actions bot. */
static int bot_user(struct forge *f, struct forge_user *out, struct arena *mem, struct err *err)
{
	CLEANUP(json_freep) struct json_t *data = NULL;
	const struct json_t *viewer;

	*out = (struct forge_user){STR("github-actions[bot]"), STR("Bot"), 41898282};
	/* Taken for another, we would not know what is ours: what may pass is no answer. */
	if (forge_graphql(f, "query { viewer { login databaseId } }", json_obj(), &data, err) < 0)
		return err_is_retryable(err) ? -1 : 0;
	viewer = json_get_obj(data, "viewer");
	if (!json_get_str(viewer, "login").n || !json_get_int(viewer, "databaseId", 0))
		return 0;
	out->login = read_str(viewer, "login", mem);
	out->id = json_get_int(viewer, "databaseId", 0);
	return 0;
}

static int ask_me(struct forge *f, struct forge_user *out, struct arena *mem, struct err *err)
{
	REPLY_AUTO reply = {0};
	struct ask ask = {.path = STR("/user")};
	int rc;

	if (is_app(f))
		return app_user(f, out, mem, err);
	rc = forge_exchange(f, &ask, &reply, mem, err);
	if (reply.status == 403)
		return bot_user(f, out, mem, err);
	if (rc == FORGE_NONE)
		return forge_not_there(&ask, &reply, err);
	if (rc == 0 && !user_reader.read(out, reply.json, mem))
		return err_set(err, ERR_PARSE, "GET /user: the answer is no user");
	return rc;
}

static struct str dup_str(struct str s)
{
	return str_make(xstrndup(s.p ? s.p : "", s.n), s.n);
}

int forge_me(struct forge *f, struct forge_user *out, struct arena *mem, struct err *err)
{
	struct forge_user me = {0};

	if (!f->me.login.p) {
		if (ask_me(f, &me, mem, err) < 0)
			return -1;
		f->me = (struct forge_user){dup_str(me.login), dup_str(me.type), me.id};
	}
	*out = (struct forge_user){
		arena_str(mem, f->me.login), arena_str(mem, f->me.type), f->me.id};
	return 0;
}

int forge_repository(struct forge *f, struct str repo, struct forge_repository *out,
	struct arena *mem, struct err *err)
{
	struct ask ask = {0};

	if (ask_in_repo(&ask, repo, mem, err, "%s", "") < 0)
		return -1;
	return forge_one(f, &ask, &repository_reader, out, mem, err);
}

/* ---- what others may ---- */

static enum forge_permission permission_from(struct str name)
{
	static const struct {
		const char *name;
		enum forge_permission permission;
	} names[] = {{"admin", FORGE_CAN_ADMIN}, {"maintain", FORGE_CAN_MAINTAIN},
		{"write", FORGE_CAN_WRITE}, {"triage", FORGE_CAN_TRIAGE}, {"read", FORGE_CAN_READ}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq_c(name, names[i].name))
			return names[i].permission;
	return FORGE_CAN_NOTHING;
}

int forge_permission_of(struct forge *f, struct str repo, struct str login,
	enum forge_permission *out, struct err *err)
{
	ARENA_AUTO mem = {0};
	REPLY_AUTO reply = {0};
	struct ask ask = {0};
	enum forge_permission role;
	int rc;

	if (ask_in_repo(&ask, repo, &mem, err, "/collaborators/%s/permission",
		    url_encoded(&mem, login)) < 0)
		return -1;
	rc = forge_exchange(f, &ask, &reply, &mem, err);
	if (rc < 0)
		return -1;
	/* An organisation's own role has a name of its own; permission is what it comes to. */
	role = permission_from(json_get_str(reply.json, "role_name"));
	*out = rc == FORGE_NONE ? FORGE_CAN_NOTHING
	       : role           ? role
				: permission_from(json_get_str(reply.json, "permission"));
	return 0;
}

/* ---- what doctor asks ---- */

int forge_actions_policy(struct forge *f, struct str repo, struct forge_actions_policy *out,
	struct arena *mem, struct err *err)
{
	REPLY_AUTO policy = {0};
	REPLY_AUTO workflow = {0};
	struct ask ask = {0};
	int rc;

	if (ask_in_repo(&ask, repo, mem, err, "/actions/permissions") < 0)
		return -1;
	rc = forge_exchange(f, &ask, &policy, mem, err);
	if (rc == FORGE_NONE)
		return forge_not_there(&ask, &policy, err);
	if (rc < 0 || ask_in_repo(&ask, repo, mem, err, "/actions/permissions/workflow") < 0)
		return -1;
	rc = forge_exchange(f, &ask, &workflow, mem, err);
	if (rc == FORGE_NONE)
		return forge_not_there(&ask, &workflow, err);
	if (rc < 0)
		return -1;
	out->enabled = json_get_bool(policy.json, "enabled", false);
	out->may_create_pulls =
		json_get_bool(workflow.json, "can_approve_pull_request_reviews", false);
	out->default_permissions = read_str(workflow.json, "default_workflow_permissions", mem);
	return 0;
}

static void read_rule(struct forge_rules *out, const struct json_t *rule)
{
	struct str type = json_get_str(rule, "type");
	const struct json_t *parameters = json_get_obj(rule, "parameters");

	out->protected = true;
	out->needs_checks = out->needs_checks || str_eq_c(type, "required_status_checks");
	out->restricts_push = out->restricts_push || str_eq_c(type, "update");
	if (!str_eq_c(type, "pull_request"))
		return;
	out->needs_pull = true;
	out->needs_reviews = out->needs_reviews ||
			     json_get_int(parameters, "required_approving_review_count", 0) > 0;
}

static void read_protection(struct forge_rules *out, const struct json_t *j)
{
	const struct json_t *reviews = json_get_obj(j, "required_pull_request_reviews");

	out->protected = true;
	out->needs_pull = out->needs_pull || reviews;
	out->needs_reviews = out->needs_reviews ||
			     json_get_int(reviews, "required_approving_review_count", 0) > 0;
	out->needs_checks = out->needs_checks || json_get_obj(j, "required_status_checks");
	out->restricts_push = out->restricts_push || json_get_obj(j, "restrictions");
}

/* What may not be asked is no failure here, only not known; *answered tells them apart. */
static int ask_quietly(struct forge *f, const struct ask *ask, struct reply *reply, bool *answered,
	struct arena *mem, struct err *err)
{
	int rc = forge_exchange(f, ask, reply, mem, err);

	*answered = rc == 0;
	return rc < 0 && err->code != ERR_AUTH ? -1 : 0;
}

int forge_branch_rules(struct forge *f, struct str repo, struct str branch, struct forge_rules *out,
	struct arena *mem, struct err *err)
{
	REPLY_AUTO rules = {0};
	REPLY_AUTO protection = {0};
	const char *name = url_encoded(mem, branch);
	struct forge_rules found = {0};
	struct ask ask = {0};
	bool answered;

	if (ask_in_repo(&ask, repo, mem, err, "/rules/branches/%s?per_page=%d", name, PAGE_SIZE) <
			0 ||
		ask_quietly(f, &ask, &rules, &answered, mem, err) < 0)
		return -1;
	found.known = answered;
	for (size_t i = 0; answered && i < json_len(rules.json); i++)
		read_rule(&found, json_at(rules.json, i));
	/* The older protection: administrators may read it, all may know that there is one. */
	if (ask_in_repo(&ask, repo, mem, err, "/branches/%s", name) < 0 ||
		ask_quietly(f, &ask, &protection, &answered, mem, err) < 0)
		return -1;
	found.protected = found.protected || json_get_bool(protection.json, "protected", false);
	found.known = found.known || answered;
	reply_release(&protection);
	if (found.protected) {
		if (ask_in_repo(&ask, repo, mem, err, "/branches/%s/protection", name) < 0 ||
			ask_quietly(f, &ask, &protection, &answered, mem, err) < 0)
			return -1;
		if (answered)
			read_protection(&found, protection.json);
	}
	*out = found;
	return 0;
}

/* Items of a text with separators, trimmed. */
static const struct str *split(struct str text, char sep, size_t *n, struct arena *mem)
{
	struct str *v = arena_array(mem, text.n / 2 + 1, sizeof(*v)), part;

	*n = 0;
	while (str_next(&text, sep, &part)) {
		part = str_trim(part);
		if (part.n)
			v[(*n)++] = arena_str(mem, part);
	}
	return v;
}

/* By the form that GitHub gives its tokens. That of Actions has a limit of its own. */
static const char *kind_of(const struct forge *f, int64_t limit)
{
	struct str token = str_of(f->token);

	if (is_app(f))
		return "app";
	if (!token.n)
		return "none";
	if (str_starts(token, "github_pat_"))
		return "fine-grained";
	if (str_starts(token, "ghs_"))
		return limit == 1000 || limit == 15000 ? "actions" : "app";
	return "classic";
}

int forge_access(struct forge *f, struct forge_access *out, struct arena *mem, struct err *err)
{
	REPLY_AUTO reply = {0};
	struct ask ask = {.path = STR("/rate_limit")};
	struct forge_access a = {0};
	const struct json_t *core;
	int rc = forge_exchange(f, &ask, &reply, mem, err);

	/* A server of one's own may have limits turned off: it then answers 404. */
	if (rc < 0)
		return -1;
	core = json_get_obj(json_get_obj(reply.json, "resources"), "core");
	a.rate_limit = json_get_int(core, "limit", f->quotas[QUOTA_REST].limit);
	a.rate_left = json_get_int(core, "remaining", f->quotas[QUOTA_REST].left);
	a.rate_reset_at = json_get_int(core, "reset", f->quotas[QUOTA_REST].reset_at);
	if (!http_date(http_header_get(&reply.http, "date"), &a.server_time))
		a.server_time = 0;
	a.scopes = split(http_header_get(&reply.http, "x-oauth-scopes"), ',', &a.n_scopes, mem);
	a.permissions = split(str_of(f->permissions), '\n', &a.n_permissions, mem);
	a.kind = str_of(kind_of(f, a.rate_limit));
	*out = a;
	return 0;
}
