#include "app/cli/github_checks.h"

#include <inttypes.h>
#include <stdlib.h>

enum { CLOCK_SKEW_MAX_S = 30, RATE_LOW = 200 };

const char *check_state_to_string(enum check_state state)
{
	static const char *const words[] = {"good", "warn", "BAD", "NOT KNOWN"};

	return words[state];
}

void findings_release(struct findings *f)
{
	free(f->v.v);
	f->v.v = NULL;
	f->v.n = 0;
}

struct checks {
	struct findings *out;
	const struct github_facts *facts;
	struct arena *mem;
};

static void add(struct checks *c, const char *check, enum check_state state, struct str text,
	const char *advice)
{
	struct finding finding = {.check = check, .state = state, .text = text, .advice = advice};

	vec_push(&c->out->v, finding);
}

/* An answer that is missing; false when it is there. */
static bool is_missing(struct checks *c, const char *check, const struct github_answer *answer,
	enum check_state state, const char *what, const char *advice)
{
	if (answer->known)
		return false;
	if (answer->asked)
		add(c, check, state, arena_printf(c->mem, "%s: %.*s", what, STR_ARGS(answer->why)),
			advice);
	return true;
}

static bool kind_is(const struct checks *c, const char *kind)
{
	return str_eq_c(c->facts->access.kind, kind);
}

/* --- the way to GitHub --- */

static void check_way(struct checks *c)
{
	const struct github_facts *f = c->facts;
	const char *api = f->api_url ? f->api_url : "https://api.github.com";

	if (f->proxy_variable)
		add(c, "proxy", CHECK_GOOD,
			arena_printf(c->mem, "through %.*s, as %s says", STR_ARGS(f->proxy_host),
				f->proxy_variable),
			NULL);
	if (f->ca_file && !f->ca_file_readable)
		add(c, "certificates", CHECK_BAD,
			arena_printf(c->mem, "SSL_CERT_FILE names '%s', which cannot be read",
				f->ca_file),
			"unset SSL_CERT_FILE, or let it name a file of PEM certificates");
	if (!is_missing(c, "connection", &f->access_, CHECK_BAD, "GitHub does not answer",
		    "is the token right, and its host reachable from here? On GHES set "
		    "GITHUB_API_URL to https://HOST/api/v3; behind a proxy set HTTPS_PROXY"))
		add(c, "connection", CHECK_GOOD, arena_printf(c->mem, "%s answers", api), NULL);
}

static void check_clock(struct checks *c)
{
	const struct forge_access *a = &c->facts->access;
	int64_t skew = c->facts->our_time - a->server_time;
	int64_t size = skew < 0 ? -skew : skew;

	if (!a->server_time)
		return;
	if (size <= CLOCK_SKEW_MAX_S)
		add(c, "clock", CHECK_GOOD,
			arena_printf(c->mem, "within %" PRId64 " s of GitHub's", size), NULL);
	else
		add(c, "clock", kind_is(c, "app") ? CHECK_BAD : CHECK_WARN,
			arena_printf(c->mem, "%" PRId64 " s %s GitHub's", size,
				skew < 0 ? "behind" : "ahead of"),
			"set the clock (NTP): GitHub refuses an App's key when it is a minute off");
}

static void check_rate(struct checks *c)
{
	const struct forge_access *a = &c->facts->access;
	int64_t minutes = (a->rate_reset_at - c->facts->our_time + 59) / 60;

	if (a->rate_limit <= 0)
		return;
	add(c, "rate limit", a->rate_left < RATE_LOW ? CHECK_WARN : CHECK_GOOD,
		arena_printf(c->mem,
			"%" PRId64 " of %" PRId64 " requests left, all again in %" PRId64
			" minutes",
			a->rate_left, a->rate_limit, minutes < 0 ? 0 : minutes),
		a->rate_left < RATE_LOW ? "wait, or use an App: it has 5,000 an hour of its own"
					: NULL);
}

/* --- what the token is and may --- */

static void check_kind(struct checks *c)
{
	static const struct {
		const char *kind;
		enum check_state state;
		const char *text, *advice;
	} rows[] = {
		{"app", CHECK_GOOD,
			"an App's: its own name, an hour's life, narrowed to the repository", NULL},
		{"actions", CHECK_GOOD, "GITHUB_TOKEN of a job", NULL},
		{"fine-grained", CHECK_GOOD, "a fine-grained personal token", NULL},
		{"classic", CHECK_WARN,
			"a classic personal token: it opens every repository of its owner",
			"use a fine-grained token for this repository alone, or an App"},
		{"none", CHECK_BAD, "no token", "set GITHUB_TOKEN, or APP_ID and PRIVATE_KEY"},
	};
	const struct github_facts *f = c->facts;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str text = str_of(rows[i].text);
		if (!kind_is(c, rows[i].kind))
			continue;
		if (f->me_.known)
			text = arena_printf(
				c->mem, "%s, of %.*s", rows[i].text, STR_ARGS(f->me.login));
		add(c, "token", rows[i].state, text, rows[i].advice);
	}
}

/* What the bot needs, and what is lost without it. */
static const struct {
	const char *name;
	bool write, needed;
	const char *lost;
} permissions[] = {
	{"contents", true, true, "no branch can be pushed"},
	{"pull_requests", true, true, "no pull request can be opened"},
	{"issues", true, false, "no labels, no comments on issues, no dashboard"},
	{"checks", true, false, "no check run with annotations"},
	{"actions", false, false, "no logs and artifacts of runs"},
};

static bool list_has(const struct str *list, size_t n, const char *item)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_c(list[i], item))
			return true;
	return false;
}

static bool has_permission(const struct checks *c, const char *name, bool write)
{
	const struct forge_access *a = &c->facts->access;
	const char *writes = arena_printf(c->mem, "%s:write", name).p;
	const char *reads = arena_printf(c->mem, "%s:read", name).p;

	return list_has(a->permissions, a->n_permissions, writes) ||
	       (!write && list_has(a->permissions, a->n_permissions, reads));
}

static void check_app_permissions(struct checks *c)
{
	bool all = true;

	for (size_t i = 0; i < ARRAY_LEN(permissions); i++) {
		if (has_permission(c, permissions[i].name, permissions[i].write))
			continue;
		all = false;
		add(c, "permissions", permissions[i].needed ? CHECK_BAD : CHECK_WARN,
			arena_printf(c->mem, "no '%s: %s': %s", permissions[i].name,
				permissions[i].write ? "write" : "read", permissions[i].lost),
			"add it to the App's permissions, and accept it where the App is "
			"installed");
	}
	if (has_permission(c, "administration", true))
		add(c, "permissions", CHECK_BAD,
			STR("'administration: write': the bot could change its own protection"),
			"take it from the App: nothing here needs it");
	else if (all)
		add(c, "permissions", CHECK_GOOD, STR("all that is needed"), NULL);
}

static void check_scopes(struct checks *c)
{
	const struct forge_access *a = &c->facts->access;
	bool enough = list_has(a->scopes, a->n_scopes, "repo") ||
		      (c->facts->repository_.known && !c->facts->repository.private &&
			      list_has(a->scopes, a->n_scopes, "public_repo"));

	if (enough)
		add(c, "permissions", CHECK_GOOD, STR("scope 'repo'"), NULL);
	else
		add(c, "permissions", CHECK_BAD, STR("the token has no scope 'repo'"),
			"make one with 'repo', or better a fine-grained one with contents and "
			"pull requests: write");
}

/* Neither tells what it may; that it may push is known from the repository. */
static void check_unlisted_permissions(struct checks *c)
{
	const struct github_facts *f = c->facts;
	const char *advice =
		kind_is(c, "actions")
			? "the publishing job wants 'permissions:' contents, pull-requests, "
			  "issues, checks: write and actions: read"
			: "the token wants contents, pull requests, issues, checks: read and "
			  "write, and actions: read";

	if (f->repository_.known && !f->repository.can_push && kind_is(c, "fine-grained"))
		add(c, "permissions", CHECK_BAD,
			STR("the token may not push: no 'contents: write'"), advice);
	else
		add(c, "permissions", CHECK_UNKNOWN,
			STR("GitHub does not say what a token of this kind may"), advice);
}

static void check_permissions(struct checks *c)
{
	if (kind_is(c, "app") && c->facts->access.n_permissions)
		check_app_permissions(c);
	else if (kind_is(c, "classic"))
		check_scopes(c);
	else if (!kind_is(c, "none"))
		check_unlisted_permissions(c);
}

/* --- the repository --- */

static void check_repository(struct checks *c)
{
	const struct forge_repository *r = &c->facts->repository;

	if (is_missing(c, "repository", &c->facts->repository_, CHECK_BAD,
		    "the repository cannot be read",
		    "is the name right, and does the token cover it? GitHub says 'not found' of "
		    "what "
		    "a token may not see"))
		return;
	if (r->archived)
		add(c, "repository", CHECK_BAD,
			arena_printf(c->mem, "%.*s is archived: nobody can push",
				STR_ARGS(r->full_name)),
			"unarchive it, or leave it out");
	else
		add(c, "repository", CHECK_GOOD,
			arena_printf(c->mem, "%.*s, default branch %.*s%s", STR_ARGS(r->full_name),
				STR_ARGS(r->default_branch), r->fork ? ", a fork" : ""),
			NULL);
}

static void check_actions_policy(struct checks *c)
{
	const struct forge_actions_policy *p = &c->facts->policy;
	const char *where =
		"Settings > Actions > General > Workflow permissions: tick 'Allow GitHub "
		"Actions to create and approve pull requests' (an organization can "
		"forbid it above)";

	/* GitHub's own advice would be to let the bot administrate: not repeated. */
	if (!c->facts->policy_.known) {
		add(c, "actions may open pull requests", CHECK_UNKNOWN,
			STR("only an administrator may read it"),
			kind_is(c, "actions") ? where : "matters for GITHUB_TOKEN alone");
		return;
	}
	if (!p->enabled)
		add(c, "actions", CHECK_BAD, STR("GitHub Actions is switched off here"),
			"Settings > Actions > General, or run the webhook server instead");
	if (p->may_create_pulls)
		add(c, "actions may open pull requests", CHECK_GOOD, STR("allowed"), NULL);
	else
		add(c, "actions may open pull requests",
			kind_is(c, "actions") ? CHECK_BAD : CHECK_WARN,
			STR("GITHUB_TOKEN may not open pull requests here"), where);
	if (str_eq_c(p->default_permissions, "write"))
		add(c, "default permissions", CHECK_WARN,
			STR("workflows that say nothing get a token that may write"),
			"Settings > Actions > General > Workflow permissions: read");
}

static void check_ci_starts(struct checks *c)
{
	if (kind_is(c, "none"))
		return;
	if (kind_is(c, "actions"))
		add(c, "CI starts on its pull requests", CHECK_WARN,
			STR("no: what GITHUB_TOKEN pushes and opens starts no workflow"),
			"give actions/publish an App's or a person's token, or close and reopen "
			"the "
			"pull request by hand");
	else
		add(c, "CI starts on its pull requests", CHECK_GOOD,
			STR("yes: GitHub starts workflows for this kind of token"), NULL);
}

/* --- that it cannot merge --- */

/* Of tokens of Apps GitHub tells the permissions, or nothing; of a person's what he may here. */
static bool may_push(const struct checks *c)
{
	if (kind_is(c, "app") && c->facts->access.n_permissions)
		return has_permission(c, "contents", true);
	return kind_is(c, "app") || kind_is(c, "actions") || c->facts->repository.can_push;
}

static void check_merge(struct checks *c)
{
	const struct forge_rules *rules = &c->facts->rules;
	struct str branch = c->facts->repository.default_branch;
	const char *protect =
		"Settings > Rules > Rulesets: require a pull request with one approval for "
		"the default branch, and put the bot on no bypass list";

	if (!c->facts->repository_.known)
		return;
	if (!may_push(c)) {
		add(c, "merge", CHECK_GOOD, STR("this token cannot push, so it cannot merge"),
			NULL);
		return;
	}
	if (is_missing(c, "merge", &c->facts->rules_, CHECK_UNKNOWN, "rules could not be read",
		    protect))
		return;
	if (rules->needs_reviews)
		add(c, "merge", CHECK_GOOD,
			arena_printf(c->mem,
				"%.*s takes pull requests with a review alone, and nobody reviews "
				"his own: the bot cannot merge",
				STR_ARGS(branch)),
			NULL);
	else if (rules->needs_pull)
		add(c, "merge", CHECK_BAD,
			arena_printf(c->mem,
				"%.*s wants pull requests but no review: this token could merge "
				"its own",
				STR_ARGS(branch)),
			protect);
	else if (rules->restricts_push)
		add(c, "merge", CHECK_WARN,
			arena_printf(c->mem,
				"pushing to %.*s is restricted; whether the bot is "
				"among the few is not known",
				STR_ARGS(branch)),
			protect);
	else if (!rules->known)
		add(c, "merge", CHECK_UNKNOWN,
			arena_printf(c->mem, "whether %.*s is protected could not be read",
				STR_ARGS(branch)),
			protect);
	else if (rules->protected)
		add(c, "merge", CHECK_UNKNOWN,
			arena_printf(c->mem,
				"%.*s is protected, how only an administrator may read",
				STR_ARGS(branch)),
			protect);
	else
		add(c, "merge", CHECK_BAD,
			arena_printf(c->mem, "%.*s is not protected: this token could push to it",
				STR_ARGS(branch)),
			protect);
}

/* Rules may let administrators pass. */
static void check_role(struct checks *c)
{
	if (!c->facts->role_.known || c->facts->role < FORGE_CAN_MAINTAIN)
		return;
	add(c, "role", c->facts->role == FORGE_CAN_ADMIN ? CHECK_BAD : CHECK_WARN,
		arena_printf(c->mem, "%.*s %s the repository: rules may let it pass",
			STR_ARGS(c->facts->me.login),
			c->facts->role == FORGE_CAN_ADMIN ? "administers" : "maintains"),
		"let an account with write access, or an App, be the bot");
}

static void check_checks(struct checks *c)
{
	if (!c->facts->rules_.known || !c->facts->rules.known)
		return;
	if (c->facts->rules.needs_checks)
		add(c, "required checks", CHECK_GOOD, STR("a red pull request cannot be merged"),
			NULL);
	else
		add(c, "required checks", CHECK_WARN,
			STR("no check is required: a red pull request can be merged"),
			"require the CI's checks for the default branch");
}

/* --- webhooks --- */

static void check_webhook(struct checks *c)
{
	const struct webhook_probe *w = &c->facts->webhook;

	if (!w->tried)
		return;
	if (w->why.n) {
		add(c, "webhook", CHECK_BAD,
			arena_printf(c->mem, "%.*s does not answer: %.*s", STR_ARGS(w->url),
				STR_ARGS(w->why)),
			"is 'selfheal serve' running there, and the path /webhooks/github?");
		return;
	}
	if (w->wrong / 100 == 2 || w->unsigned_ / 100 == 2)
		add(c, "webhook", CHECK_BAD,
			arena_printf(c->mem, "takes deliveries with a %s signature (%d)",
				w->wrong / 100 == 2 ? "wrong" : "missing",
				w->wrong / 100 == 2 ? w->wrong : w->unsigned_),
			"start the server with WEBHOOK_SECRET");
	if (!w->has_secret)
		add(c, "webhook", CHECK_UNKNOWN,
			STR("WEBHOOK_SECRET is not set here, so that nothing could be signed"),
			"run doctor with the same WEBHOOK_SECRET as the server");
	else if (w->right / 100 == 2)
		add(c, "webhook", CHECK_GOOD,
			arena_printf(c->mem,
				"a signed delivery is taken (%d), a forged one is not (%d)",
				w->right, w->wrong),
			NULL);
	else
		add(c, "webhook", CHECK_BAD,
			arena_printf(c->mem,
				"a delivery signed with WEBHOOK_SECRET is refused (%d)", w->right),
			"the server has another secret: give both, and GitHub, the same");
}

static void check_deliveries(struct checks *c)
{
	if (!c->facts->deliveries_.known)
		return;
	if (!c->facts->failed_deliveries)
		add(c, "deliveries", CHECK_GOOD, STR("none failed in the last day"), NULL);
	else
		add(c, "deliveries", CHECK_WARN,
			arena_printf(
				c->mem, "%zu failed in the last day", c->facts->failed_deliveries),
			"the App's settings, Advanced, show the answers; the server asks for "
			"failed "
			"ones again when it starts");
}

void github_checks_run(struct findings *out, const struct github_facts *facts, struct arena *mem)
{
	struct checks c = {.out = out, .facts = facts, .mem = mem};

	check_way(&c);
	if (facts->access_.known) {
		check_clock(&c);
		check_rate(&c);
		check_kind(&c);
		check_repository(&c);
		check_permissions(&c);
		check_actions_policy(&c);
		check_ci_starts(&c);
		check_merge(&c);
		check_role(&c);
		check_checks(&c);
		check_deliveries(&c);
	}
	check_webhook(&c);
}
