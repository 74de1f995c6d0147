#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/cli/github_checks.h"

enum { NOW = 1800000000 };

/* A repository and an App as they should be; each row of the tests spoils one thing. */
static struct github_facts good_facts(void)
{
	static const struct str permissions[] = {{"contents:write", 14},
		{"pull_requests:write", 19}, {"issues:write", 12}, {"checks:write", 12},
		{"actions:read", 12}, {"metadata:read", 13}};
	struct github_answer yes = {.asked = true, .known = true};

	return (struct github_facts){.repo = STR("octo/project"),
		.access_ = yes,
		.me_ = yes,
		.repository_ = yes,
		.policy_ = yes,
		.rules_ = yes,
		.deliveries_ = yes,
		.access = {.kind = STR("app"),
			.permissions = permissions,
			.n_permissions = ARRAY_LEN(permissions),
			.rate_limit = 5000,
			.rate_left = 4900,
			.rate_reset_at = NOW + 1200,
			.server_time = NOW},
		.me = {.login = STR("selfheal[bot]"), .type = STR("Bot")},
		.repository = {.full_name = STR("octo/project"), .default_branch = STR("trunk")},
		.policy = {.enabled = true,
			.may_create_pulls = true,
			.default_permissions = STR("read")},
		.rules = {.protected = true,
			.needs_pull = true,
			.needs_reviews = true,
			.needs_checks = true,
			.known = true},
		.our_time = NOW};
}

static const struct finding *find(const struct findings *f, const char *check, const char *text)
{
	vec_each (one, &f->v) {
		if (str_eq_c(str_of(one->check), check) && str_has(one->text, text))
			return one;
	}
	return NULL;
}

static void all_is_good(void **state)
{
	struct github_facts facts = good_facts();
	struct findings found = {0};
	struct arena mem;

	(void)state;
	arena_init(&mem);
	github_checks_run(&found, &facts, &mem);
	assert_true(found.v.n >= 9);
	vec_each (one, &found.v) {
		if (one->state != CHECK_GOOD)
			fail_msg("%s: %s", one->check, arena_cstr(&mem, one->text));
	}
	assert_non_null(find(&found, "merge", "the bot cannot merge"));
	findings_release(&found);
	arena_release(&mem);
}

struct spoil {
	void (*spoil)(struct github_facts *facts);
	const char *check;
	enum check_state state;
	const char *text;
};

static const struct str no_pulls[] = {{"contents:write", 14}, {"administration:write", 20}};
static const struct str scope_gist[] = {{"gist", 4}};
static const struct str scope_public[] = {{"public_repo", 11}};

#define SPOIL(name, ...)                                                                           \
	static void name(struct github_facts *f)                                                   \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
	}

SPOIL(no_answer, f->access_.known = false; f->access_.why = STR("401: Bad credentials"))
SPOIL(unreadable_certificates, f->ca_file = "/nowhere")
SPOIL(behind_proxy, f->proxy_variable = "HTTPS_PROXY"; f->proxy_host = STR("proxy:3128"))
SPOIL(clock_ahead, f->our_time = NOW + 90)
SPOIL(clock_behind, f->our_time = NOW - 90; f->access.kind = STR("actions"))
SPOIL(little_left, f->access.rate_left = 3)
SPOIL(classic, f->access.kind = STR("classic"); f->access.scopes = scope_gist;
	f->access.n_scopes = 1)
SPOIL(classic_public, f->access.kind = STR("classic"); f->access.scopes = scope_public;
	f->access.n_scopes = 1)
SPOIL(nobody, f->access.kind = STR("none"))
SPOIL(few_permissions, f->access.permissions = no_pulls; f->access.n_permissions = 2)
SPOIL(fine_grained, f->access.kind = STR("fine-grained"))
SPOIL(fine_grained_may, f->access.kind = STR("fine-grained"); f->repository.can_push = true)
SPOIL(not_found, f->repository_.known = false; f->repository_.why = STR("not found"))
SPOIL(archived, f->repository.archived = true)
SPOIL(policy_hidden, f->policy_.known = false; f->policy_.why = STR("403"))
SPOIL(policy_forbids, f->policy.may_create_pulls = false; f->access.kind = STR("actions"))
SPOIL(policy_forbids_app, f->policy.may_create_pulls = false)
SPOIL(actions_off, f->policy.enabled = false)
SPOIL(writes_by_default, f->policy.default_permissions = STR("write"))
SPOIL(actions_token, f->access.kind = STR("actions"))
SPOIL(unprotected, f->rules = (struct forge_rules){.known = true})
SPOIL(no_review, f->rules.needs_reviews = false)
SPOIL(restricted, f->rules.needs_reviews = f->rules.needs_pull = false;
	f->rules.restricts_push = true)
SPOIL(rules_hidden, f->rules = (struct forge_rules){0})
SPOIL(protection_hidden, f->rules = (struct forge_rules){.known = true, .protected = true})
SPOIL(administers, f->role_.known = true; f->role = FORGE_CAN_ADMIN)
SPOIL(writes, f->role_.known = true; f->role = FORGE_CAN_WRITE)
SPOIL(no_checks, f->rules.needs_checks = false)
SPOIL(failed_deliveries, f->failed_deliveries = 3)
SPOIL(hook_down,
	f->webhook = (struct webhook_probe){.tried = true, .url = STR("u"), .why = STR("refused")})
SPOIL(hook_open,
	f->webhook = (struct webhook_probe){
		.tried = true, .has_secret = true, .right = 202, .wrong = 401, .unsigned_ = 202})
SPOIL(hook_other,
	f->webhook = (struct webhook_probe){
		.tried = true, .has_secret = true, .right = 401, .wrong = 401, .unsigned_ = 401})
SPOIL(hook_good,
	f->webhook = (struct webhook_probe){
		.tried = true, .has_secret = true, .right = 202, .wrong = 401, .unsigned_ = 401})
SPOIL(hook_blind,
	f->webhook = (struct webhook_probe){.tried = true, .wrong = 401, .unsigned_ = 401})

static const struct spoil spoils[] = {
	{no_answer, "connection", CHECK_BAD, "401: Bad credentials"},
	{unreadable_certificates, "certificates", CHECK_BAD, "/nowhere"},
	{behind_proxy, "proxy", CHECK_GOOD, "through proxy:3128"},
	{clock_ahead, "clock", CHECK_BAD, "90 s ahead of"},
	{clock_behind, "clock", CHECK_WARN, "90 s behind"},
	{little_left, "rate limit", CHECK_WARN, "3 of 5000 requests left, all again in 20 minutes"},
	{classic, "token", CHECK_WARN, "every repository of its owner"},
	{classic, "permissions", CHECK_BAD, "no scope 'repo'"},
	{classic_public, "permissions", CHECK_GOOD, "scope"},
	{nobody, "token", CHECK_BAD, "no token"},
	{few_permissions, "permissions", CHECK_BAD, "no 'pull_requests: write'"},
	{few_permissions, "permissions", CHECK_WARN, "no 'checks: write'"},
	{few_permissions, "permissions", CHECK_BAD, "administration"},
	{fine_grained, "permissions", CHECK_BAD, "may not push"},
	{fine_grained, "merge", CHECK_GOOD, "cannot push"},
	{fine_grained_may, "permissions", CHECK_UNKNOWN, "does not say"},
	{fine_grained_may, "merge", CHECK_GOOD, "nobody reviews his own"},
	{not_found, "repository", CHECK_BAD, "not found"},
	{archived, "repository", CHECK_BAD, "archived"},
	{policy_hidden, "actions may open pull requests", CHECK_UNKNOWN, "only an administrator"},
	{policy_forbids, "actions may open pull requests", CHECK_BAD, "may not open"},
	{policy_forbids_app, "actions may open pull requests", CHECK_WARN, "may not open"},
	{actions_off, "actions", CHECK_BAD, "switched off"},
	{writes_by_default, "default permissions", CHECK_WARN, "may write"},
	{actions_token, "CI starts on its pull requests", CHECK_WARN, "starts no workflow"},
	{actions_token, "permissions", CHECK_UNKNOWN, "does not say"},
	{unprotected, "merge", CHECK_BAD, "trunk is not protected"},
	{no_review, "merge", CHECK_BAD, "could merge its own"},
	{restricted, "merge", CHECK_WARN, "among the few"},
	{rules_hidden, "merge", CHECK_UNKNOWN, "could not be read"},
	{protection_hidden, "merge", CHECK_UNKNOWN, "only an administrator"},
	{administers, "role", CHECK_BAD, "administers"},
	{no_checks, "required checks", CHECK_WARN, "no check is required"},
	{failed_deliveries, "deliveries", CHECK_WARN, "3 failed"},
	{hook_down, "webhook", CHECK_BAD, "does not answer: refused"},
	{hook_open, "webhook", CHECK_BAD, "missing signature (202)"},
	{hook_other, "webhook", CHECK_BAD, "is refused (401)"},
	{hook_good, "webhook", CHECK_GOOD, "a forged one is not (401)"},
	{hook_blind, "webhook", CHECK_UNKNOWN, "WEBHOOK_SECRET is not set"},
};

static void each_fault_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spoils); i++) {
		struct github_facts facts = good_facts();
		struct findings found = {0};
		const struct finding *one;
		struct arena mem;
		arena_init(&mem);
		spoils[i].spoil(&facts);
		github_checks_run(&found, &facts, &mem);
		one = find(&found, spoils[i].check, spoils[i].text);
		if (!one)
			fail_msg("row %zu: no '%s' about %s", i, spoils[i].text, spoils[i].check);
		if (one->state != spoils[i].state)
			fail_msg("row %zu: %s", i, check_state_to_string(one->state));
		if (one->state != CHECK_GOOD && !one->advice)
			fail_msg("row %zu: no advice", i);
		findings_release(&found);
		arena_release(&mem);
	}
}

static void a_bot_that_only_writes_is_no_finding(void **state)
{
	struct github_facts facts = good_facts();
	struct findings found = {0};
	struct arena mem;

	(void)state;
	arena_init(&mem);
	writes(&facts);
	github_checks_run(&found, &facts, &mem);
	assert_null(find(&found, "role", ""));
	findings_release(&found);
	arena_release(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_good),
		cmocka_unit_test(each_fault_is_found),
		cmocka_unit_test(a_bot_that_only_writes_is_no_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
